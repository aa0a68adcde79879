"""Invalidations of CloudFront end with the status that clients wait for: moto writes it in capital letters.

Private surface used: `moto.cloudfront.models.Invalidation` with `status`.
Canary: tests/behaviour/test_behaviour_invalidations.py.

Source: Amazon CloudFront API Reference, "Invalidation" (`Status`: "When the invalidation batch is finished, the status
is Completed").
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.cloudfront.models"


def end_invalidations() -> None:
    """From now on they do. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _MODELS:
        return
    invalidation: Any = vars(module)["Invalidation"]
    own = invalidation.__init__

    @functools.wraps(own)
    def begin(self: Any, *given: Any, **named: Any) -> None:
        own(self, *given, **named)
        self.status = "Completed"

    invalidation.__init__ = begin
