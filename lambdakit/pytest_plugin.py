"""pytest plugin: the fixtures `harness` and `deploy`, and the report of what the functions' roles did in a run.

Every worker (of pytest-xdist too) has one harness, started by the first test that asks for it. A test finds an empty
trace and every deployment in the state right after deploy.
pytest loads this file at every start, in projects that never use it as well: nothing is imported before it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lambdakit.session.deployment import Deployment
    from lambdakit.session.harness import Harness
    from lambdakit.session.permissions import Permissions

_PERMISSIONS: Final = pytest.StashKey["Permissions"]()
# What a worker of pytest-xdist hands to the process that it works for.
_WORKER_OUTPUT: Final = "lambdakit_permissions"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--lambdakit-target` and `--lambdakit-permissions`."""
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


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a target that is not built, and a file that cannot be written, before anything is collected."""
    if config.getoption("lambdakit_target") == "aws":
        from lambdakit.errors import not_yet

        raise pytest.UsageError(str(not_yet("--lambdakit-target=aws", hint="leave the option out to run locally")))
    file = _permissions_file(config)
    if file is not None and not file.parent.is_dir():
        raise pytest.UsageError(f"--lambdakit-permissions={file}: there is no directory {file.parent}")


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
    yield _lambdakit_worker
    _collect_from(_lambdakit_worker, request.config)
    for deployment in reversed(_lambdakit_worker.deployments):
        if deployment not in _lambdakit_worker.reused:
            deployment.destroy()


@pytest.fixture
def deploy(harness: Harness, request: pytest.FixtureRequest) -> Iterator[Callable[..., Deployment]]:
    """`deploy(source, *, stacks=None, parameters=None)`: as `harness.deploy`, but deployed once per worker.

    The deployment is reset after each test that used it. A relative path is looked for beside the test's file first,
    then in the working directory. A project's own fixture `harness` is where it deploys to.
    """
    from lambdakit.session.harness import Harness

    if not isinstance(harness, Harness):
        message = f"the fixture deploy deploys into the fixture harness, which is a {type(harness).__name__} here"
        raise pytest.UsageError(f"{message}; give the one that is no lambdakit.Harness another name")
    base = request.path.parent

    def deploy_once(source: object, **arguments: Any) -> Deployment:
        return harness.reused.deploy(harness, source, base=base, **arguments)

    yield deploy_once
    _collect_from(harness, request.config)
    harness.reused.restore()


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
