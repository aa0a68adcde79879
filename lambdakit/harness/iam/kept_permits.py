"""What was allowed a moment ago is allowed still, as long as nothing was changed that could have been asked.

Lambda asks whether a function may write its log with every invocation, and a decision costs a tenth of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Refusal = Callable[[str, str, str], str | None]

_KEPT_MAX: Final = 4_096


class KeptPermits:
    """`refusal`, not asked again for what it allowed while `version` is the same; a refusal is asked for each time.

    refusal: why a role may not do an action to a resource; None when it may.
    version: another one as soon as anything was changed that decides, and while it is being changed.
    """

    def __init__(self, refusal: Refusal, version: Callable[[], object]) -> None:
        self._refusal = refusal
        self._version = version
        self._allowed: dict[tuple[str, str, str], object] = {}

    def __call__(self, role_arn: str, action: str, resource: str) -> str | None:
        """As `refusal`."""
        key, version = (role_arn, action, resource), self._version()
        if self._allowed.get(key) == version:
            return None
        refused = self._refusal(role_arn, action, resource)
        if refused is None:
            if len(self._allowed) >= _KEPT_MAX:
                self._allowed = {}
            self._allowed[key] = version  # of before it was asked: what changed meanwhile is seen the next time
        return refused
