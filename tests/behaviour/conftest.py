"""One harness for all behaviour tests of a module; each test brings its own stacks and takes them away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.harness_forks import HarnessForks
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

# What is loaded for all harnesses costs as much as a few of them load for themselves.
_HARNESSES_WORTH_IT: Final = 4


@pytest.fixture(scope="session", autouse=True)
def _forks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Has the harnesses of many modules loaded once, in a run that has many."""
    modules = {item.path for item in request.session.items if item.path.is_relative_to(Path(__file__).parent)}
    if len(modules) < _HARNESSES_WORTH_IT:
        yield
        return
    with HarnessForks():
        yield


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


@pytest.fixture
def stacks(harness: WiredHarness, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stacks]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-60:].strip("-")
    stacks = Stacks(harness, tmp_path, f"t-{name}")
    yield stacks
    stacks.destroy()
