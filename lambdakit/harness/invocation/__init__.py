"""Invocations: which environment takes an event, and what is told of it."""
