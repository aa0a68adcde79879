"""What the system refuses while an environment is made: descriptors, processes, room. Nothing has run by then."""

from __future__ import annotations

import selectors
from collections.abc import Iterator
from contextlib import contextmanager

from lambdakit.harness.runtime.package_files import InvalidPackage
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Raises RuntimeUnavailable for what the system refuses. Decorates what makes a part of an environment, too."""
    try:
        yield
    except (OSError, InvalidPackage) as error:
        raise RuntimeUnavailable(f"no execution environment could be made: {error}") from None


@told_as_unavailable()
def new_selector() -> selectors.BaseSelector:
    """A selector of its own. RuntimeUnavailable when no descriptor is left for one."""
    return selectors.DefaultSelector()
