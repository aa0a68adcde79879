"""Members that are laid over an event."""

from __future__ import annotations

from typing import Any


def overlaid(event: Any, members: Any) -> Any:
    """`event` with `members` laid over it, both JSON values; neither is changed.

    Objects are laid over each other member by member, and lists of objects item by item, where items beyond the event's
    own are added. Every other value takes the place of what was there, `null` included.
    """
    if isinstance(event, dict) and isinstance(members, dict):
        result = dict(event)
        for name, value in members.items():
            result[name] = overlaid(event[name], value) if name in event else value
        return result
    if _is_objects(event) and _is_objects(members):
        laid = [overlaid(item, member) for item, member in zip(event, members, strict=False)]
        return [*laid, *event[len(laid) :], *members[len(laid) :]]
    return members


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
