"""Durable executions: functions that go on where they were, over many invocations."""
