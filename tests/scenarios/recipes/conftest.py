"""The recipes, of which each is a document of `patterns/` and a stack of `stacks/`: a scenario runs on both.

`tests/golden/test_document_equals_stack.py` has it that they are the same template, of all but one of them: what is run
on the other one's behalf only repeats that, and is left out unless asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest

from lambdakit.session.cdk_project import CdkProject

if TYPE_CHECKING:
    from lambdakit import Harness
    from lambdakit.session.deployment import Deployment

ROOT = Path(__file__).parents[3]
# By the recipe's folder, the stack that both make.
STACKS = {
    "crud_with_cognito": "notes",
    "iot_telemetry": "field",
    "order_workflow": "fulfilment",
    "scheduled_backup": "archive",
    "security_automation": "guardrails",
    "webhook_to_queue": "webhooks",
}
Written: TypeAlias = Literal["document", "stack"]


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of `cdk.json`'s command, as `cdk synth` makes it."""
    project = CdkProject.read(ROOT)
    return project.synthesize(tmp_path_factory.mktemp("recipes"), account_id="123456789012", region="us-east-1")


@pytest.fixture(params=["document", pytest.param("stack", marks=pytest.mark.exhaustive)])
def written(request: pytest.FixtureRequest) -> Written:
    """As what the recipe is deployed. A test of one whose templates differ has a fixture of its own."""
    form: Written = request.param
    return form


@pytest.fixture
def source(request: pytest.FixtureRequest, written: Written) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """`source(recipe)`: what `harness.deploy` takes for the recipe."""

    def of(recipe: str) -> tuple[Path, dict[str, Any]]:
        if written == "document":
            return ROOT / "patterns" / recipe / "lambdakit.yaml", {}
        assembly: Path = request.getfixturevalue("application")
        return assembly, {"stacks": [STACKS[recipe]]}

    return of


@pytest.fixture
def deploy_recipe(
    deploy: Callable[..., Deployment], source: Callable[[str], tuple[Path, dict[str, Any]]]
) -> Callable[[str], Deployment]:
    """`deploy_recipe(name)`: the recipe, in the state right after its deployment."""

    def deploy_one(recipe: str) -> Deployment:
        what, settings = source(recipe)
        return deploy(what, **settings)

    return deploy_one


@pytest.fixture
def deploy_anew(harness: Harness, source: Callable[[str], tuple[Path, dict[str, Any]]]) -> Callable[[str], Deployment]:
    """The same for one test alone."""

    def deploy_one(recipe: str) -> Deployment:
        what, settings = source(recipe)
        return harness.deploy(what, **settings)

    return deploy_one
