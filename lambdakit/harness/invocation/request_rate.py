"""How many requests a second may bring: a token bucket that is refilled all the time.

Source: AWS Lambda Developer Guide, "Understanding Lambda function scaling", section "Understanding concurrency and
requests per second": ten times the concurrency for synchronous requests. How many come at once after a pause is not
said there; here it is what one second brings.
"""

from __future__ import annotations


class RequestRate:
    """The requests that may still come now. Whoever calls it holds a lock."""

    __slots__ = ("_at", "_left")

    def __init__(self) -> None:
        self._at = 0.0
        self._left = float("inf")

    def take(self, per_second: float, at: float) -> bool:
        """Whether one more may come. at: seconds that only grow."""
        left = self._left + (at - self._at) * per_second if at > self._at else self._left
        if left > per_second:
            left = per_second
        self._at = at
        if left < 1:
            self._left = left
            return False
        self._left = left - 1
        return True
