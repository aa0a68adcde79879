"""Functions as real processes, for the tests of the runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lambdakit.harness.runtime.launcher import Launcher
from tests.fakes.function_host import FunctionHost, spawn_launcher

# Every launcher runs every test of the runtime.
LAUNCHERS: Mapping[str, Callable[[Path], Launcher]] = {"spawn": spawn_launcher}


@pytest.fixture(params=LAUNCHERS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FunctionHost]:
    host = FunctionHost(tmp_path, LAUNCHERS[request.param])
    yield host
    host.close()
