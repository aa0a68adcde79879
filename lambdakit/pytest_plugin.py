"""pytest plugin: the fixtures `harness` and `deploy`.

Every worker (of pytest-xdist too) has one harness, started by the first test that asks for it. A test finds an empty
trace and every deployment in the state right after deploy.
pytest loads this file at every start, in projects that never use it as well: nothing is imported before it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambdakit.session.deployment import Deployment
    from lambdakit.session.harness import Harness
    from lambdakit.session.reuse import ReusedDeployments


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--lambdakit-target`."""
    parser.getgroup("lambdakit").addoption(
        "--lambdakit-target",
        choices=("local", "aws"),
        default="local",
        help="where the fixtures `harness` and `deploy` run: on this machine (default), or in an AWS account",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a target that is not built, before anything is collected."""
    if config.getoption("lambdakit_target") == "aws":
        from lambdakit.errors import not_yet

        raise pytest.UsageError(str(not_yet("--lambdakit-target=aws", hint="leave the option out to run locally")))


@pytest.fixture(scope="session")
def lambdakit_options() -> dict[str, Any]:
    """The arguments of the worker's `Harness`; override it in conftest.py to change region, sandbox …"""
    return {}


@pytest.fixture(scope="session")
def _lambdakit_worker(lambdakit_options: dict[str, Any]) -> Iterator[tuple[Harness, ReusedDeployments]]:
    from lambdakit.session.harness import Harness
    from lambdakit.session.reuse import ReusedDeployments

    with Harness(**lambdakit_options) as harness:
        yield harness, ReusedDeployments(harness)


@pytest.fixture
def harness(_lambdakit_worker: tuple[Harness, ReusedDeployments]) -> Iterator[Harness]:
    """The worker's harness with an empty trace. What a test deploys with it is destroyed after the test."""
    worker_harness, deployments = _lambdakit_worker
    worker_harness.trace.clear()
    yield worker_harness
    deployments.restore()


@pytest.fixture
def deploy(
    harness: Harness, _lambdakit_worker: tuple[Harness, ReusedDeployments], request: pytest.FixtureRequest
) -> Callable[..., Deployment]:
    """`deploy(source, *, stacks=None, parameters=None)`: as `harness.deploy`, but deployed once per worker.

    The deployment is reset after each test that used it. A relative path is looked for beside the test's file first,
    then in the working directory.
    """
    _, deployments = _lambdakit_worker
    base = request.path.parent

    def deploy_once(source: object, **arguments: Any) -> Deployment:
        return deployments.deploy(source, base=base, **arguments)

    return deploy_once
