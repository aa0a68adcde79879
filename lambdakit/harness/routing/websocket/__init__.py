"""WebSocket APIs: connections, the messages on them, and what they are answered."""
