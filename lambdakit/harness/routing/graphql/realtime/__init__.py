"""Subscriptions: clients that are told of mutations, over WebSocket."""
