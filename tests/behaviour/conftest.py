"""One harness for all behaviour tests of a module; each test brings its own stacks and takes them away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness


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
