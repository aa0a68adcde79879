"""`Harness.deploy` of everything that can be deployed, in the real harness."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError, SynthesisError
from lambdakit.trace import InvocationEnded

if TYPE_CHECKING:
    import aws_cdk

pytestmark = pytest.mark.xdist_group("cdk")

PATTERN = Path(__file__).parents[2] / "patterns" / "api_backend"

APP = """\
import sys
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

def stack(app, name):
    made = cdk.Stack(app, name)
    lambda_.Function(
        made,
        "Greeter",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context):\\n    return {'hello': event['name']}\\n"),
    )
    return made

if __name__ == "__main__":
    app = cdk.App()
    stack(app, "one")
    stack(app, "two")
    app.synth()
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text(json.dumps({"app": "python app.py"}))
    return tmp_path


@pytest.fixture
def stacks(tmp_path: Path) -> tuple[aws_cdk.App, aws_cdk.Stack]:
    """An app of two stacks, and the second of them."""
    import aws_cdk

    scope: dict[str, object] = {"__name__": "app"}
    exec(APP, scope)
    app = aws_cdk.App(outdir=str(tmp_path / "cdk.out"))
    make = scope["stack"]
    assert callable(make)
    make(app, "one")
    return app, make(app, "two")


def _greeting(harness: Harness, source: object, path: str) -> object:
    deployment = harness.deploy(source)
    try:
        return deployment.function(path).invoke({"name": "world"}).raise_for_error().payload
    finally:
        deployment.destroy()


def test_cdk_project(harness: Harness, project: Path) -> None:
    assert _greeting(harness, project, "two/Greeter") == {"hello": "world"}


def test_cdk_project_whose_command_fails(harness: Harness, project: Path) -> None:
    (project / "app.py").write_text("import no_such_package\n")

    with pytest.raises(SynthesisError, match="No module named 'no_such_package'"):
        harness.deploy(project)


def test_assembly_that_the_project_wrote(harness: Harness, project: Path) -> None:
    subprocess.run(
        [sys.executable, "app.py"], cwd=project, env={"CDK_OUTDIR": "out", "PATH": "/usr/bin:/bin"}, check=True
    )

    assert _greeting(harness, project / "out", "one/Greeter") == {"hello": "world"}


def test_app_object(harness: Harness, stacks: tuple[aws_cdk.App, aws_cdk.Stack]) -> None:
    assert _greeting(harness, stacks[0], "one/Greeter") == {"hello": "world"}


def test_stack_object_is_deployed_without_its_siblings(
    harness: Harness, stacks: tuple[aws_cdk.App, aws_cdk.Stack]
) -> None:
    deployment = harness.deploy(stacks[1])

    assert list(deployment.stacks) == ["two"]
    deployment.destroy()


def test_document_beside_a_second_harness_of_the_same_account(harness: Harness) -> None:
    with Harness() as other:
        here, there = (each.deploy(PATTERN / "lambdakit.yaml") for each in (harness, other))
        with here.http() as http, there.http() as other_http:
            assert http.post("/orders", json={"sku": "a"}).status_code == 201
            assert len(http.get("/orders").json()["orders"]) == 1
            assert other_http.get("/orders").json() == {"orders": []}
        assert harness.client("sts").get_caller_identity()["Account"] == other.account_id
        assert other.trace.count(InvocationEnded) == 1
    here.destroy()


def test_reset_brings_back_the_state_right_after_deploy(harness: Harness) -> None:
    deployment = harness.deploy(PATTERN / "lambdakit.yaml")
    with deployment.http() as http:
        http.post("/orders", json={"sku": "a"})

        deployment.reset()

        assert http.get("/orders").json() == {"orders": []}
    deployment.destroy()


def test_destroyed_deployment_leaves_room_for_the_same_stack(harness: Harness) -> None:
    deployment = harness.deploy(PATTERN / "lambdakit.yaml")
    with pytest.raises(DeploymentError, match="a stack called shop is deployed already"):
        harness.deploy(PATTERN / "lambdakit.yaml")

    deployment.destroy()

    harness.deploy(PATTERN / "lambdakit.yaml").destroy()
    assert harness.drain() == ()


def test_handler_that_does_not_import_is_the_functions_own_error(harness: Harness, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PATTERN, project)
    (project / "functions" / "orders" / "app.py").write_text("import requests_that_nobody_packaged\n")
    deployment = harness.deploy(project / "lambdakit.yaml")

    result = deployment.function("list_orders").invoke({})
    deployment.destroy()

    assert result.function_error is not None
    assert result.payload["errorType"] == "Runtime.ImportModuleError"
    assert "requests_that_nobody_packaged" in result.log
