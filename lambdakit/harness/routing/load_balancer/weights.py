"""Which target group of a forward action a request goes to.

By weight, in turn, so that any run of requests is spread as the weights say; or to the group that the client was sent
to before, where the action keeps clients there.
Source: Application Load Balancers guide, "Action types for listener rules" (forward actions), "Edit target group
attributes" (target group stickiness: the cookies `AWSALBTG` and `AWSALBTGCORS`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from lambdakit.harness.moto_state.load_balancers import Action, WeightedGroup
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused
from lambdakit.harness.wire import Request

_COOKIES: Final[Mapping[str, str]] = {"AWSALBTG": "", "AWSALBTGCORS": "; SameSite=None; Secure"}
_DIGEST_BYTES: Final = 16


class WeightedChoice:
    """Whose turn it is, for every rule of a listener."""

    def __init__(self) -> None:
        self._credits: dict[tuple[WeightedGroup, ...], dict[str, int]] = {}
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Begins anew."""
        with self._lock:
            self._credits.clear()

    def choose(self, groups: Sequence[WeightedGroup]) -> str:
        """The ARN of the next one. BalancerRefused when none has a weight."""
        total = sum(group.weight for group in groups)
        if not total:
            raise BalancerRefused(503, "the rule leads to no target group that has a weight")
        if len(groups) == 1:
            return groups[0].arn
        with self._lock:
            turns = self._credits.setdefault(tuple(groups), {})
            for group in groups:
                turns[group.arn] = turns.get(group.arn, 0) + group.weight
            chosen = max(groups, key=lambda group: turns[group.arn])
            turns[chosen.arn] -= total
        return chosen.arn


def kept_group(action: Action, request: Request, now: datetime) -> str | None:
    """The ARN of the group that the client's cookie names; None without one, or when it is over."""
    if not action.sticky_seconds or len(action.groups) < 2:
        return None
    for value in request.headers.all("cookie"):
        for cookie in value.split(";"):
            name, _, content = cookie.strip().partition("=")
            arn = _named(action, content, now) if name in _COOKIES else None
            if arn is not None:
                return arn
    return None


def keeping_cookies(action: Action, arn: str, now: datetime) -> list[tuple[str, str]]:
    """The header fields that keep a client with its group; none where the action does not."""
    if not action.sticky_seconds or len(action.groups) < 2:
        return []
    value = base64.urlsafe_b64encode(_digest(arn) + int(now.timestamp()).to_bytes(8, "big")).decode()
    until = (now + timedelta(seconds=action.sticky_seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return [("Set-Cookie", f"{name}={value}; Expires={until}; Path=/{more}") for name, more in _COOKIES.items()]


def _named(action: Action, content: str, now: datetime) -> str | None:
    try:
        known = base64.urlsafe_b64decode(content.encode())
    except (binascii.Error, ValueError):
        return None
    made = int.from_bytes(known[_DIGEST_BYTES:], "big")
    if len(known) != _DIGEST_BYTES + 8 or now.timestamp() > made + action.sticky_seconds:
        return None
    return next((group.arn for group in action.groups if _digest(group.arn) == known[:_DIGEST_BYTES]), None)


def _digest(arn: str) -> bytes:
    return hashlib.sha256(arn.encode()).digest()[:_DIGEST_BYTES]
