"""A document of three stacks that share a table, a queue, a network and a layer: deployed, used, changed, destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lambdakit import Harness
from lambdakit.cli.application import application
from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

FILES = {
    "lambdakit.yaml": """\
application: shop
parameters: {Stage: {default: dev}}
defaults: {runtime: python3.13, timeout: 5s, environment: {STAGE: "${Stage}"}}
layers: {shared: {code: layers/shared}}
network: {vpc: {max_azs: 2}}
environments: {staging: {parameters: {Stage: {default: test}}}}
resources:
  jobs: {kind: queue}
  orders: {kind: table, partition_key: id}
functions:
  price: {code: functions, handler: app.price, stack: web}
patterns:
  shop:
    kind: api_backend
    stack: web
    table: orders
    routes:
      POST /orders:
        {name: create, code: functions, handler: app.create, layers: [shared], table_access: write,
         grants: {jobs: publish, price: invoke}}
      GET /orders/{id}: {name: read, code: functions, handler: app.read, table_access: read}
  work:
    kind: event_processing
    stack: work
    source: {kind: sqs, queue: jobs}
    function: {code: functions, handler: app.work, layers: [shared]}
    targets: {orders: {kind: dynamodb, table: orders}}
""",
    "layers/shared/python/shared.py": "VERSION = 'first'\n",
    "functions/app.py": """\
import json
import os
import boto3

def price(event, context):
    return {"price": 5}

def create(event, context):
    import shared
    order = json.loads(event["body"])["id"]
    payload = boto3.client("lambda").invoke(FunctionName=os.environ["PRICE_FUNCTION_ARN"], Payload=b"{}")["Payload"]
    item = {"id": order, "price": json.load(payload)["price"], "by": shared.VERSION, "stage": os.environ["STAGE"]}
    boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"]).put_item(Item=item)
    boto3.client("sqs").send_message(QueueUrl=os.environ["JOBS_QUEUE_URL"], MessageBody=order)
    return {"statusCode": 201, "body": "{}"}

def work(event, context):
    import shared
    table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE_NAME"])
    for record in event["Records"]:
        table.update_item(Key={"id": record["body"]}, UpdateExpression="SET worked = :by",
                          ExpressionAttributeValues={":by": shared.VERSION})

def read(event, context):
    item = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"]).get_item(Key=event["pathParameters"])["Item"]
    return {**item, "price": int(item["price"])}
""",
}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "lambdakit.yaml"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


def _ordered(harness: Harness, deployment: Deployment, order: str) -> object:
    """What is kept of an order once it went through all three stacks."""
    with deployment.http() as http:
        assert http.post("/orders", json={"id": order}).status_code == 201
        harness.drain()
        return http.get(f"/orders/{order}").json()


def test_stacks_share_what_they_use_and_change_a_layer_each(harness: Harness, document: Path) -> None:
    deployment = harness.deploy(document)

    assert set(deployment.stacks) == {"shop", "shop-web", "shop-work"}
    assert "ShopUrl" in deployment.outputs["shop-web"]
    assert _ordered(harness, deployment, "1") == {
        "id": "1",
        "price": 5,
        "by": "first",
        "stage": "dev",
        "worked": "first",
    }

    (document.parent / "layers/shared/python/shared.py").write_text("VERSION = 'second'\n")
    deployment.update(document, parameters={"Stage": "prod"})

    assert _ordered(harness, deployment, "2") == {
        "id": "2",
        "price": 5,
        "by": "second",
        "stage": "prod",
        "worked": "second",
    }
    assert deployment.permissions.denied == frozenset()

    deployment.destroy()

    assert harness.client("sqs").list_queues().get("QueueUrls", []) == []
    assert harness.client("lambda").list_functions()["Functions"] == []
    assert harness.client("cloudformation").list_exports()["Exports"] == []


def test_an_environment_has_every_stack_of_its_own(harness: Harness, document: Path) -> None:
    names = ["shop-staging", "shop-web-staging", "shop-work-staging"]
    deployment = harness.deploy(document, stacks=names)

    kept = _ordered(harness, deployment, "1")

    assert sorted(deployment.stacks) == names
    assert kept == {"id": "1", "price": 5, "by": "first", "stage": "test", "worked": "first"}
    deployment.destroy()


def test_a_stack_comes_with_what_it_uses_of_others(harness: Harness, document: Path) -> None:
    deployment = harness.deploy(document, stacks=["shop-work"])

    assert set(deployment.stacks) == {"shop", "shop-work"}
    deployment.destroy()


def test_references_may_be_weak(harness: Harness, document: Path) -> None:
    """Source: aws-cdk-lib's README, "Reference strength": by Fn::GetStackOutput, which keeps no export in use."""
    strength = 'context: {"@aws-cdk/core:defaultCrossStackReferences": weak}\n'
    document.write_text(document.read_text() + strength)
    deployment = harness.deploy(document)

    kept = _ordered(harness, deployment, "1")

    assert kept == {"id": "1", "price": 5, "by": "first", "stage": "dev", "worked": "first"}
    assert harness.client("cloudformation").list_exports()["Exports"] == []
    deployment.destroy()


def test_the_command_line_takes_every_stack_of_an_environment(document: Path) -> None:
    drawn = CliRunner().invoke(application(["graph"]), ["graph", str(document), "--environment", "staging"])

    assert drawn.exit_code == 0
    assert "n_shop_web_staging_" in drawn.output and "n_shop_work_staging_" in drawn.output
    assert "n_shop_web_shop" not in drawn.output
