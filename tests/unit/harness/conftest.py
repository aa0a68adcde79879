"""Functions as real processes, on the host and in a sandbox, for the tests of the runtime."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lambdakit.harness.inner_listeners import InnerListeners
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.fork_launcher import ForkLauncher
from lambdakit.harness.runtime.launcher import Launcher, SandboxUnavailable, SpawnLauncher
from lambdakit.harness.runtime.runtime_image import cache_directory
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from tests.fakes.function_host import FunctionHost, Gates

# Of these, what a launcher could change is seen by a few tests, in the sandbox and out of it; all others run outside of
# it in the daily run only.
_THE_SAME_OUTSIDE = (
    "test_harness_node_faults",
    "test_harness_node_sdk",
    "test_harness_node_streaming",
    "test_harness_python_versions",
    "test_harness_streaming",
    "test_harness_streaming_ends",
    "test_harness_streaming_pace",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the second run of what is the same in a sandbox and out of it."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and item.path.stem in _THE_SAME_OUTSIDE and callspec.params.get("host") == "spawning":
            item.add_marker(pytest.mark.exhaustive)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A launcher that is started, and what stands behind the functions' AWS endpoint."""

    launcher: Launcher
    gates: Gates
    shares_pids: bool


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> CodeStore:
    return CodeStore(tmp_path_factory.mktemp("code"))


@pytest.fixture(scope="session")
def runtimes(code: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Runtimes:
    return Runtimes(cache_directory(), fallback=tmp_path_factory.mktemp("cache"), code=code)


@pytest.fixture(scope="session")
def gates() -> Iterator[Gates]:
    gates = Gates()
    yield gates
    gates.close()


@pytest.fixture(scope="session")
def spawning(runtimes: Runtimes, gates: Gates) -> Iterator[Runtime]:
    with contextlib.closing(SpawnLauncher(runtimes, note="")) as launcher:
        yield Runtime(launcher=launcher, gates=gates, shares_pids=True)


@pytest.fixture(scope="session")
def forking(runtimes: Runtimes, code: CodeStore, gates: Gates) -> Iterator[Runtime | str]:
    """The launcher, or why this machine allows no sandbox."""
    listeners = InnerListeners()
    launcher = ForkLauncher(
        runtimes,
        code=code,
        listeners=listeners,
        reachable=lambda environment: {gates.port: gates.hold},
    )
    try:
        launcher.start()
        yield Runtime(launcher=launcher, gates=gates, shares_pids=False)
    except SandboxUnavailable as unavailable:
        yield str(unavailable)
    finally:
        launcher.close()
        listeners.close()


@pytest.fixture(params=["spawning", "forking"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FunctionHost]:
    """Every test of the runtime runs with both launchers."""
    yield from _host_of(request.getfixturevalue(request.param), tmp_path)


@pytest.fixture
def sandboxed(forking: Runtime | str, tmp_path: Path) -> Iterator[FunctionHost]:
    """For what there is in the sandbox only."""
    yield from _host_of(forking, tmp_path)


def _host_of(runtime: Runtime | str, directory: Path) -> Iterator[FunctionHost]:
    if isinstance(runtime, str):
        pytest.skip(runtime)
    host = FunctionHost(directory, runtime.launcher, runtime.gates, shares_pids=runtime.shares_pids)
    yield host
    runtime.gates.reset()
    host.close()
