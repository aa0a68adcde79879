"""An account whose identities are known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.known_identities import KnownAccount


@pytest.fixture
def known() -> Iterator[KnownAccount]:
    """Tests that use it run in one process each after the other: moto is shared."""
    known = KnownAccount()
    yield known
    known.clear()
