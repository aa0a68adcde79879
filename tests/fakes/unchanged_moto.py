"""moto's classes as they were before a test had them changed, for whoever shares the process."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def restored(*owners: Any) -> Iterator[None]:
    """Puts back what the block changed of classes and modules, and of what is done to modules as they are loaded."""
    finders = list(sys.meta_path)
    kept = [(owner, dict(vars(owner))) for owner in owners]
    try:
        yield
    finally:
        sys.meta_path[:] = finders
        for owner, members in kept:
            for name, value in members.items():
                if vars(owner).get(name) is not value:
                    setattr(owner, name, value)
