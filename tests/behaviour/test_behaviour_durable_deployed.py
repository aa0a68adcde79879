"""A document's durable function: synthesized, deployed with the guards on, rested on the clock, changed."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """
application: flows
patterns:
  orders:
    kind: event_processing
    source: {kind: sqs, batch_size: 1, visibility_timeout: 15m}
    function:
      code: functions/orders
      handler: app.handler
      timeout: 30s
      durable_config: {execution_timeout: %s, retention_period: 3d}
    on_failure: {kind: sqs}
  notices:
    kind: event_processing
    source: {kind: event_rule, event_pattern: {source: [shop]}}
    function: {code: functions/orders, handler: app.broken, durable_config: {execution_timeout: 1h}}
"""

HANDLER = """
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration


@durable_execution
def handler(event, context):
    body = context.step(lambda step: event["Records"][0]["body"] if "Records" in event else event["body"], name="read")
    context.wait(Duration.from_minutes(10), name="cool-off")
    return {"body": body}


@durable_execution
def broken(event, context):
    raise ValueError("not today")
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("flows")
    code = directory / "functions" / "orders"
    for file in importlib.metadata.distribution("aws-durable-execution-sdk-python").files or ():
        if file.suffix == ".py":
            (code / str(file)).parent.mkdir(parents=True, exist_ok=True)
            (code / str(file)).write_text(file.read_text())
    (code / "app.py").write_text(HANDLER)
    (directory / "lambdakit.yaml").write_text(DOCUMENT % "15m")
    return directory / "lambdakit.yaml"


@pytest.fixture(scope="module")
def deployment(harness: Harness, document: Path) -> Deployment:
    return harness.deploy(document)


def test_a_message_is_settled_when_its_execution_has_ended(harness: Harness, deployment: Deployment) -> None:
    url = deployment.outputs["flows"]["OrdersQueueUrl"]
    sqs = harness.client("sqs")

    sqs.send_message(QueueUrl=url, MessageBody="one")
    harness.drain()
    function = deployment.function("orders")
    (rests,) = function.executions
    harness.clock.advance(minutes=10)
    (ended,) = function.executions

    assert (rests.status, rests.waits_for) == ("RUNNING", ("WAIT cool-off",))
    assert (ended.status, ended.result, ended.invocations) == ("SUCCEEDED", '{"body": "one"}', 2)
    assert [(one.name, one.type, one.status) for one in ended.operations] == [
        ("read", "STEP", "SUCCEEDED"),
        ("cool-off", "WAIT", "SUCCEEDED"),
    ]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_function_is_invoked_by_name_and_alias(harness: Harness, deployment: Deployment) -> None:
    function = deployment.function("orders")

    accepted = function.invoke(
        {"body": "two"}, qualifier="live", invocation_type="Event", durable_execution_name="order-2"
    )
    harness.drain(advance=True)

    assert accepted.durable_execution_arn is not None
    assert accepted.durable_execution_arn.split("/")[2] == "order-2"
    (ended,) = (one for one in function.executions if one.name == "order-2")
    assert ended.result == '{"body": "two"}'


def test_an_event_whose_execution_failed_is_in_the_failure_queue(harness: Harness, deployment: Deployment) -> None:
    harness.client("events").put_events(Entries=[{"Source": "shop", "DetailType": "Note", "Detail": "{}"}])
    harness.drain(advance=True)

    (ended,) = deployment.function("notices").executions
    assert ended.status == "FAILED"
    url = deployment.outputs["flows"]["NoticesFailureQueueUrl"]
    (message,) = harness.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"])["source"] == "shop"
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "not today"
    assert deployment.permissions.denied == set()


def test_its_settings_change_in_place(harness: Harness, deployment: Deployment, document: Path) -> None:
    name = deployment.function("orders").name
    document.write_text(DOCUMENT % "10m")

    deployment.update(document)

    config = harness.client("lambda").get_function_configuration(FunctionName=name)["DurableConfig"]
    assert config == {"ExecutionTimeout": 600, "RetentionPeriodInDays": 3}
    assert deployment.function("orders").name == name


def test_a_reset_forgets_what_rests(harness: Harness, deployment: Deployment) -> None:
    function = deployment.function("orders")
    rests = function.invoke({"body": "three"}, qualifier="live", invocation_type="Event").durable_execution_arn
    harness.drain()

    deployment.reset()
    harness.clock.advance(minutes=10)

    client = harness.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_durable_execution(DurableExecutionArn=rests)
    assert [one.status for one in function.executions if one.arn == rests] == ["FORGOTTEN"]
