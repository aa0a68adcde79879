"""What a pattern shows of itself: its alarms and its dashboard."""
