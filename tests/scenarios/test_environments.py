"""A document of several files with environments and parameters, deployed and run: its own stack, and another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lambdakit import Harness
from lambdakit.cli.application import application
from lambdakit.errors import AssemblyError, DeploymentError
from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

FILES = {
    "lambdakit.yaml": """\
application: shop
include: [parts/orders.yaml]
parameters:
  Stage: {default: dev, allowed_values: [dev, test]}
defaults: {runtime: python3.13, environment: {STAGE: "${Stage}", COLOUR: blue}, tags: {stage: "${Stage}"}}
environments:
  staging:
    region: eu-west-1
    defaults: {environment: {COLOUR: "green of ${Stage}"}}
    patterns:
      orders: {routes: {"GET /orders/{order_id}": none}}
""",
    "parts/orders.yaml": """\
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      POST /orders: {name: create_order, code: functions/orders, handler: app.create, table_access: write}
      GET /orders/{order_id}: {name: read_order, code: functions/orders, handler: app.read, table_access: read}
""",
    "functions/orders/app.py": """\
import os, boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])

def create(event, context):
    table.put_item(Item={"order_id": "1", "stage": os.environ["STAGE"]})
    return {name: os.environ[name] for name in ("STAGE", "COLOUR", "AWS_REGION")}

def read(event, context):
    return table.get_item(Key=event["pathParameters"])["Item"]
""",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory / "lambdakit.yaml"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


def _created(deployment: Deployment) -> object:
    return deployment.function("create_order").invoke({}).raise_for_error().payload


def test_the_document_alone_is_deployed_when_no_stack_is_named(harness: Harness, document: Path) -> None:
    deployment = harness.deploy(document)

    assert list(deployment.stacks) == ["shop"]
    assert _created(deployment) == {"STAGE": "dev", "COLOUR": "blue", "AWS_REGION": "us-east-1"}
    with deployment.http() as http:
        assert http.get("/orders/1").json() == {"order_id": "1", "stage": "dev"}
    deployment.destroy()


def test_an_environments_stack_is_deployed_by_its_name(harness: Harness, document: Path) -> None:
    deployment = harness.deploy(document, stacks=["shop-staging"], parameters={"Stage": "test"})

    assert list(deployment.stacks) == ["shop-staging"]
    assert _created(deployment) == {"STAGE": "test", "COLOUR": "green of test", "AWS_REGION": "eu-west-1"}
    with deployment.http() as http:
        assert http.get("/orders/1").status_code == 404
    function = deployment.function("create_order")
    tags = harness.client("lambda", region="eu-west-1").list_tags(
        Resource=function.arn.rpartition(":live")[0] or function.arn
    )
    assert tags["Tags"]["stage"] == "test"
    deployment.destroy()


def test_both_live_side_by_side(harness: Harness, document: Path) -> None:
    deployment = harness.deploy(document, stacks=["shop", "shop-staging"])

    colours = [
        deployment.function(f"{stack}/orders/create_order").invoke({}).raise_for_error().payload["COLOUR"]
        for stack in ("shop", "shop-staging")
    ]

    assert colours == ["blue", "green of dev"]
    deployment.destroy()


def test_a_parameter_that_is_not_allowed_is_refused(harness: Harness, document: Path) -> None:
    with pytest.raises((AssemblyError, DeploymentError), match="Stage"):
        harness.deploy(document, parameters={"Stage": "prod"})


def test_a_stack_that_is_not_there_is_refused(harness: Harness, document: Path) -> None:
    with pytest.raises(AssemblyError, match="shop-staging"):
        harness.deploy(document, stacks=["shop-stagin"])


def test_the_fixture_deploys_the_documents_own_stack_and_others_by_name(
    deploy: Callable[..., Deployment], document: Path
) -> None:
    assert list(deploy(document).stacks) == ["shop"]
    assert list(deploy(document, stacks=["shop-staging"]).stacks) == ["shop-staging"]


def test_what_was_denied_is_told_with_the_line_of_its_file(harness: Harness, document: Path) -> None:
    part = document.parent / "parts" / "orders.yaml"
    part.write_text(FILES["parts/orders.yaml"].replace("table_access: write", "table_access: read"))
    try:
        deployment = harness.deploy(document)
        deployment.function("create_order").invoke({})
    finally:
        part.write_text(FILES["parts/orders.yaml"])

    (denial,) = deployment.permissions.denied
    assert f"{part}:6" in denial.place
    deployment.destroy()


def test_the_command_invokes_a_function_of_an_environment(document: Path) -> None:
    arguments = ["invoke", str(document), "create_order", "--environment", "staging"]

    invoked = CliRunner().invoke(application(arguments), arguments, prog_name="lambdakit")

    assert (invoked.exit_code, json.loads(invoked.stdout)["COLOUR"]) == (0, "green of dev")
