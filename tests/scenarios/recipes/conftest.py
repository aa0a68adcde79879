"""The recipes of `stacks/`: the application is synthesized once, and each of its stacks deployed once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdakit.session.cdk_project import CdkProject

if TYPE_CHECKING:
    from lambdakit.session.deployment import Deployment

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of `cdk.json`'s command, as `cdk synth` makes it."""
    project = CdkProject.read(ROOT)
    return project.synthesize(tmp_path_factory.mktemp("recipes"), account_id="123456789012", region="us-east-1")


@pytest.fixture
def deploy_stack(deploy: Callable[..., Deployment], application: Path) -> Callable[[str], Deployment]:
    """`deploy_stack(name)`: one stack of the application, in the state right after its deployment."""

    def deploy_one(name: str) -> Deployment:
        found: Any = deploy(application, stacks=[name])
        deployment: Deployment = found
        return deployment

    return deploy_one
