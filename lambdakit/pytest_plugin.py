"""pytest plugin: the fixtures `harness` and `deploy`, the trace of failed tests, and the report of what roles did.

Every worker (of pytest-xdist too) has one harness, started by the first test that asks for it. A test finds an empty
trace and every deployment in the state right after deploy.
pytest loads this file at every start, in projects that never use it as well: nothing is imported before it is needed.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from lambdakit.session.deployment import Deployment
    from lambdakit.session.harness import Harness
    from lambdakit.session.permissions import Permissions

_PERMISSIONS: Final = pytest.StashKey["Permissions"]()
# What a test deployed to, for the report of its failure.
_HARNESS: Final = pytest.StashKey["Harness"]()
_TRACE_LINES: Final = 40
_PACKAGE: Final = Path(__file__).parent
# What a worker of pytest-xdist hands to the process that it works for.
_WORKER_OUTPUT: Final = "lambdakit_permissions"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--lambdakit-target`, `--lambdakit-permissions` and `--lambdakit-trace`."""
    group = parser.getgroup("lambdakit")
    group.addoption(
        "--lambdakit-permissions",
        metavar="FILE",
        help="write what the roles used, were granted in vain and were refused, in all tests with the fixtures "
        "`harness` and `deploy`: for `lambdakit report permissions FILE`",
    )
    group.addoption(
        "--lambdakit-target",
        choices=("local", "aws"),
        default="local",
        help="where the fixtures `harness` and `deploy` run: on this machine (default), or in an AWS account",
    )
    group.addoption(
        "--lambdakit-trace",
        metavar="LINES",
        type=int,
        default=_TRACE_LINES,
        help="how many lines of the trace a failed test with one of the fixtures shows: %(default)s, or 0 for none",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a target that is not built, and a file that cannot be written, before anything is collected."""
    if config.getoption("lambdakit_target") == "aws":
        from lambdakit.errors import not_yet

        raise pytest.UsageError(str(not_yet("--lambdakit-target=aws", hint="leave the option out to run locally")))
    file = _permissions_file(config)
    if file is None:
        return
    if not file.parent.is_dir():
        raise pytest.UsageError(f"--lambdakit-permissions={file}: there is no directory {file.parent}")
    is_new = not file.exists()
    try:
        with file.open("a"):
            pass
    except OSError as error:
        raise pytest.UsageError(f"--lambdakit-permissions={file}: {error.strerror}") from None
    if is_new:  # only a run that comes to its end leaves a report
        file.unlink(missing_ok=True)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Adds what happened in the harness to the report of a test that failed, and leaves our own frames out of it."""
    if call.excinfo is not None:
        _hide_own_frames(call.excinfo, item)
    outcome = yield
    report = outcome.get_result()
    lines = item.config.getoption("lambdakit_trace")
    harness = item.stash.get(_HARNESS, None)
    if report.failed and call.when != "teardown" and harness is not None and lines > 0:
        from lambdakit.cli.failed_test import trace_text

        text = trace_text(harness, lines=lines)
        if text:
            report.sections.append(("lambdakit trace", text))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Takes over what a worker of pytest-xdist collected."""
    report = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT)
    if report is not None:
        from lambdakit.session.permission_report import from_file

        _collect(node.config, from_file(report))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the report, or hands it to the process that this one works for."""
    file = _permissions_file(session.config)
    if file is None:
        return
    from lambdakit.session.permission_report import to_file
    from lambdakit.session.permissions import Permissions

    collected = session.config.stash.get(_PERMISSIONS, Permissions(roles={}))
    worker_output = getattr(session.config, "workeroutput", None)
    if worker_output is not None:
        worker_output[_WORKER_OUTPUT] = to_file(collected)
        return
    import json

    file.write_text(json.dumps(to_file(collected), indent=1) + "\n", encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says what the report holds."""
    file = _permissions_file(config)
    if file is None:
        return
    terminalreporter.section("permissions")
    found = config.stash.get(_PERMISSIONS, None)
    if found is None:
        terminalreporter.write_line("nothing was deployed with the fixtures harness or deploy")
        return
    counts = f"used: {len(found.used)}, grants never used: {len(found.unused)}, denied: {len(found.denied)}"
    terminalreporter.write_line(f"{counts}; for the details: lambdakit report permissions {file}")


@pytest.fixture(scope="session")
def lambdakit_options() -> dict[str, Any]:
    """The arguments of the worker's `Harness`; override it in conftest.py to change region, sandbox …"""
    return {}


@pytest.fixture(scope="session")
def _lambdakit_worker(lambdakit_options: dict[str, Any]) -> Iterator[Harness]:
    from lambdakit.session.harness import Harness

    with Harness(**lambdakit_options) as harness:
        yield harness


@pytest.fixture
def harness(_lambdakit_worker: Harness, request: pytest.FixtureRequest) -> Iterator[Harness]:
    """The worker's harness with an empty trace. What a test deploys with it is destroyed after the test."""
    _lambdakit_worker.trace.clear()
    request.node.stash[_HARNESS] = _lambdakit_worker
    yield _lambdakit_worker
    _collect_from(_lambdakit_worker, request.config)
    for deployment in reversed(_lambdakit_worker.deployments):
        if deployment not in _lambdakit_worker.reused:
            deployment.destroy()


@pytest.fixture
def deploy(harness: Harness, request: pytest.FixtureRequest) -> Iterator[Callable[..., Deployment]]:
    """`deploy(source, *, stacks=None, parameters=None)`: as `harness.deploy`, but deployed once per worker.

    The deployment is reset after each test that used it. A relative path is looked for beside the test's file first,
    then in the working directory, then in pytest's root directory. A project's own fixture `harness` is where it
    deploys to.
    """
    from lambdakit.session.harness import Harness

    if not isinstance(harness, Harness):
        message = f"the fixture deploy deploys into the fixture harness, which is a {type(harness).__name__} here"
        raise pytest.UsageError(f"{message}; give the one that is no lambdakit.Harness another name")
    request.node.stash[_HARNESS] = harness
    bases = (request.path.parent, Path(), request.config.rootpath)

    def deploy_once(source: object, **arguments: Any) -> Deployment:
        return harness.reused.deploy(harness, source, bases=bases, **arguments)

    yield deploy_once
    _collect_from(harness, request.config)
    harness.reused.restore()


def _hide_own_frames(error: pytest.ExceptionInfo[BaseException], item: pytest.Item) -> None:
    """Leaves the test's own frames of an error that the user can mend: its message says all, our code nothing."""
    from lambdakit.errors import LambdakitError

    if not isinstance(error.value, LambdakitError) or item.config.getoption("fulltrace"):
        return
    kept = _without_own_frames(error.tb)
    if kept is not None and any(Path(entry.path) == item.path for entry in error.traceback):
        # The frames themselves: pytest goes back to them when it leaves out its own.
        error.traceback = type(error.traceback)(kept)


def _without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    frames = []
    while traceback is not None:
        if not Path(traceback.tb_frame.f_code.co_filename).is_relative_to(_PACKAGE):
            frames.append(traceback)
        traceback = traceback.tb_next
    kept = None
    for frame in reversed(frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept


def _permissions_file(config: pytest.Config) -> Path | None:
    name = config.getoption("lambdakit_permissions")
    return None if name is None else config.invocation_params.dir / name


def _collect_from(harness: Harness, config: pytest.Config) -> None:
    if _permissions_file(config) is not None:
        for deployment in harness.deployments:
            _collect(config, deployment.permissions)


def _collect(config: pytest.Config, permissions: Permissions) -> None:
    from lambdakit.session.permissions import merged

    known = config.stash.get(_PERMISSIONS, None)
    config.stash[_PERMISSIONS] = permissions if known is None else merged([known, permissions])
