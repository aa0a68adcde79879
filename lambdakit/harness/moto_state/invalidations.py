"""Invalidations of CloudFront end with the status that clients wait for, and distributions are told of them.

moto writes the status in capital letters.

Private surface used: `moto.cloudfront.models.Invalidation` with `status` and `paths`, and
`CloudFrontBackend.create_invalidation`.
Canary: tests/behaviour/test_behaviour_invalidations.py.

Source: Amazon CloudFront API Reference, "Invalidation" (`Status`: "When the invalidation batch is finished, the status
is Completed").
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
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


def watch_invalidations(told: Callable[[str, Sequence[str]], None]) -> None:
    """From now on `told` gets the id of a distribution and the paths of each invalidation that is asked for."""

    def change(module: ModuleType) -> None:
        if module.__name__ != _MODELS:
            return
        backend: Any = vars(module)["CloudFrontBackend"]
        own = getattr(backend.create_invalidation, "__wrapped__", backend.create_invalidation)

        @functools.wraps(own)
        def create_invalidation(self: Any, dist_id: str, paths: list[str], caller_ref: str) -> Any:
            made = own(self, dist_id, paths, caller_ref)
            told(dist_id, [str(path) for path in made.paths])
            return made

        backend.create_invalidation = create_invalidation

    change_when_loaded(change)
