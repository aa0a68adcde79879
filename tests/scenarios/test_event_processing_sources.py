"""Every source starts its function, every target is written, with both guards on and every grant used."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

PATTERN = Path(__file__).parents[2] / "patterns" / "event_processing"

# As the architecture has it, word for word.
THUMBNAILS = """\
application: shop
defaults: {runtime: python3.13, architecture: arm_64, memory_size: 512, timeout: 10s, tracing: active}

layers:
  shared: {code: layers/shared}

patterns:
  thumbnails:                              # S3 / SNS / SQS / EventBridge / schedule -> Lambda -> S3 / DynamoDB …
    kind: event_processing
    source: {kind: s3, events: [object_created], prefix: incoming/}
    function: {code: functions/thumbnails, handler: app.handler, layers: [shared], reserved_concurrent_executions: 5}
    targets: {processed: {kind: s3}}
    on_failure: {kind: sqs}
"""

SOURCES = """\
application: every
defaults: {timeout: 5s, environment: {LEVEL: INFO}}
patterns:
  queued:
    kind: event_processing
    source: {kind: sqs, batch_size: 20, max_batching_window: 1s, filters: [{body: {text: [{exists: true}]}}]}
    function: &function {code: code, handler: app.handler}
    targets:
      files: {kind: s3, prefix: out/}
      items: {kind: dynamodb, partition_key: id}
      jobs: {kind: sqs}
      news: {kind: sns}
      bus: {kind: event_bridge}
      flow: {kind: step_functions, definition: flow.asl.json}
  told: {kind: event_processing, source: {kind: sns, filter_policy: {store: [berlin]}}, function: *function}
  placed:
    kind: event_processing
    source: {kind: event_rule, event_pattern: {source: [shop.orders], detail: {total: [{numeric: [">", 100]}]}}}
    function: *function
    on_failure: {kind: s3}
  timed:
    kind: event_processing
    source: {kind: schedule, schedule: rate(5 minutes), input: {a: b}}
    function: *function
  notified:
    kind: event_processing
    source: {kind: s3, via: notification, events: [object_created, object_removed], prefix: in/, suffix: .txt}
    function: *function
  removed:
    kind: event_processing
    source: {kind: s3, events: [object_created_copy, object_removed_delete_marker_created], prefix: in/, suffix: .txt}
    function: *function
  sensed:
    kind: event_processing
    source: {kind: iot_rule, sql: "SELECT *, topic(2) AS device FROM 'sensors/+/temperature' WHERE degrees > 5"}
    function: *function
  logged: {kind: event_processing, source: {kind: logs, filter_pattern: ERROR}, function: *function}
  watched:
    kind: event_processing
    source: {kind: alarm, namespace: Shop, metric_name: Lost, threshold: 3, period: 1m, statistic: Sum}
    function: *function
  signed:
    kind: event_processing
    source: {kind: cognito, triggers: [pre_sign_up]}
    function: {code: code, handler: app.sign_up}
"""

CODE = """\
import json, os
import boto3

def handler(event, context):
    if "refused" in json.dumps(event):
        raise ValueError("refused")
    write = {
        "FILES_BUCKET_NAME": lambda name: boto3.client("s3").put_object(Bucket=name, Key="out/a", Body=b"a"),
        "ITEMS_TABLE_NAME": lambda name: boto3.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}}),
        "JOBS_QUEUE_URL": lambda url: boto3.client("sqs").send_message(QueueUrl=url, MessageBody="a"),
        "NEWS_TOPIC_ARN": lambda arn: boto3.client("sns").publish(TopicArn=arn, Message="a"),
        "BUS_EVENT_BUS_NAME": lambda name: boto3.client("events").put_events(
            Entries=[{"EventBusName": name, "Source": "a", "DetailType": "b", "Detail": "{}"}]
        ),
        "FLOW_STATE_MACHINE_ARN": lambda arn: boto3.client("stepfunctions").start_execution(stateMachineArn=arn),
    }
    for variable, call in write.items():
        if variable in os.environ:
            call(os.environ[variable])

def sign_up(event, context):
    event["response"]["autoConfirmUser"] = True
    return event
"""


def _part(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


# One red pixel.
PICTURE = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        _part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        _part(b"IDAT", zlib.compress(b"\0\xff\0\0")),
        _part(b"IEND", b""),
    )
)


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


@pytest.fixture(scope="module")
def deployed(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    project = tmp_path_factory.mktemp("project")
    (project / "code").mkdir()
    (project / "code" / "app.py").write_text(CODE)
    (project / "flow.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}')
    (project / "lambdakit.yaml").write_text(SOURCES)
    return harness.deploy(project / "lambdakit.yaml")


@pytest.fixture
def deployment(deployed: Deployment) -> Deployment:
    deployed.reset()
    return deployed


def output(deployment: Deployment, name: str) -> str:
    return deployment.outputs["every"][name]


def events_of(deployment: Deployment, pattern: str) -> list[Any]:
    calls = deployment.function(f"every/{pattern}/Function/Function").invocations
    assert {call.qualifier for call in calls} <= {"live"}
    return [call.event for call in calls]


def test_the_thumbnails_of_the_architecture_run_as_they_are_written(tmp_path: Path) -> None:
    for name in ("functions", "layers"):
        shutil.copytree(PATTERN / name, tmp_path / name)
    (tmp_path / "lambdakit.yaml").write_text(THUMBNAILS)

    with Harness() as harness:
        deployment = harness.deploy(tmp_path / "lambdakit.yaml")
        names = deployment.outputs["shop"]
        s3 = harness.client("s3")
        s3.put_object(Bucket=names["ThumbnailsBucketName"], Key="incoming/cat.png", Body=PICTURE)
        s3.put_object(Bucket=names["ThumbnailsBucketName"], Key="incoming/dog.png", Body=b"no picture")
        harness.drain(advance=True)

        [made] = s3.list_objects_v2(Bucket=names["ThumbnailsProcessedBucketName"])["Contents"]
        received = harness.client("sqs").receive_message(QueueUrl=names["ThumbnailsFailureQueueUrl"])
        [failure] = [json.loads(message["Body"]) for message in received["Messages"]]
        assert made["Key"] == "thumbnails/cat.png"
        assert failure["requestPayload"]["detail"]["object"]["key"] == "incoming/dog.png"
        assert deployment.permissions.unused == set()
        assert deployment.permissions.denied == set()


def test_messages_that_match_write_to_every_target(harness: Harness, deployment: Deployment) -> None:
    sqs = harness.client("sqs")
    for body in ({"text": "a"}, {"other": "b"}):
        sqs.send_message(QueueUrl=output(deployment, "QueuedQueueUrl"), MessageBody=json.dumps(body))
    harness.drain(advance=True)

    [event] = events_of(deployment, "queued")
    assert [json.loads(record["body"]) for record in event["Records"]] == [{"text": "a"}]
    s3, table = harness.client("s3"), output(deployment, "QueuedItemsTableName")
    [written] = s3.list_objects_v2(Bucket=output(deployment, "QueuedFilesBucketName"))["Contents"]
    assert written["Key"] == "out/a"
    assert harness.client("dynamodb").scan(TableName=table)["Count"] == 1
    assert len(sqs.receive_message(QueueUrl=output(deployment, "QueuedJobsQueueUrl"))["Messages"]) == 1
    executions = harness.client("stepfunctions").list_executions(
        stateMachineArn=output(deployment, "QueuedFlowStateMachineArn")
    )
    assert len(executions["executions"]) == 1
    assert {grant for grant in deployment.permissions.unused if "queued" in str(grant)} == set()
    assert deployment.permissions.denied == set()


def test_a_message_that_fails_five_times_moves_to_the_failure_queue(harness: Harness, deployment: Deployment) -> None:
    sqs = harness.client("sqs")
    sqs.send_message(QueueUrl=output(deployment, "QueuedQueueUrl"), MessageBody='{"text": "refused"}')
    harness.drain(advance=True)

    [message] = sqs.receive_message(QueueUrl=output(deployment, "QueuedFailureQueueUrl"))["Messages"]
    assert message["Body"] == '{"text": "refused"}'
    assert len([event for event in events_of(deployment, "queued") if "refused" in json.dumps(event)]) == 5


def test_messages_of_a_topic_that_match(harness: Harness, deployment: Deployment) -> None:
    for store, text in (("berlin", "a"), ("paris", "b"), ("berlin", "refused")):
        harness.client("sns").publish(
            TopicArn=output(deployment, "ToldTopicArn"),
            Message=text,
            MessageAttributes={"store": {"DataType": "String", "StringValue": store}},
        )
    harness.drain(advance=True)

    got = [event["Records"][0]["Sns"]["Message"] for event in events_of(deployment, "told")]
    assert sorted(got) == ["a", "refused", "refused", "refused"]
    queue = output(deployment, "ToldFailureQueueUrl")
    assert len(harness.client("sqs").receive_message(QueueUrl=queue)["Messages"]) == 1


def test_events_of_a_bus_that_match(harness: Harness, deployment: Deployment) -> None:
    for detail in ({"total": 100}, {"total": 101}, {"total": 102, "why": "refused"}):
        harness.client("events").put_events(
            Entries=[{"Source": "shop.orders", "DetailType": "Order Placed", "Detail": json.dumps(detail)}]
        )
    harness.drain(advance=True)

    assert sorted(event["detail"]["total"] for event in events_of(deployment, "placed")) == [101, 102, 102, 102]
    bucket = output(deployment, "PlacedFailureBucketName")
    [failed] = harness.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert failed["Key"].startswith("aws/lambda/async/")
    assert {grant for grant in deployment.permissions.unused if "placed" in str(grant)} == set()
    assert deployment.permissions.denied == set()


def test_a_schedule(harness: Harness, deployment: Deployment) -> None:
    before = events_of(deployment, "timed")
    harness.clock.advance(minutes=10)
    harness.drain()

    assert events_of(deployment, "timed") == [*before, {"a": "b"}, {"a": "b"}]


def test_objects_by_a_notification(harness: Harness, deployment: Deployment) -> None:
    s3, bucket = harness.client("s3"), output(deployment, "NotifiedBucketName")
    for key in ("in/a.txt", "in/a.jpg", "other/a.txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"a")
    s3.delete_object(Bucket=bucket, Key="in/a.txt")
    harness.drain()

    names = [event["Records"][0]["eventName"] for event in events_of(deployment, "notified")]
    # Two events at once run in two environments: nothing says which one ends first.
    assert sorted(names) == ["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"]


def test_objects_that_are_removed(harness: Harness, deployment: Deployment) -> None:
    s3, bucket = harness.client("s3"), output(deployment, "RemovedBucketName")
    s3.put_object(Bucket=bucket, Key="in/a.txt", Body=b"a")
    s3.copy_object(Bucket=bucket, Key="in/b.txt", CopySource={"Bucket": bucket, "Key": "in/a.txt"})
    for key in ("in/a.txt", "in/a.jpg"):
        s3.delete_object(Bucket=bucket, Key=key)
    harness.drain()

    got = [(event["detail-type"], event["detail"]["object"]["key"]) for event in events_of(deployment, "removed")]
    # Nothing says in which order a bus hands its events over.
    assert sorted(got) == [("Object Created", "in/b.txt"), ("Object Deleted", "in/a.txt")]


def test_messages_of_devices(harness: Harness, deployment: Deployment) -> None:
    for degrees in (5, 6):
        harness.client("iot-data").publish(topic="sensors/a/temperature", payload=json.dumps({"degrees": degrees}))
    harness.drain()

    assert events_of(deployment, "sensed") == [{"degrees": 6, "device": "a"}]


def test_events_of_a_log_group(harness: Harness, deployment: Deployment) -> None:
    logs, group = harness.client("logs"), output(deployment, "LoggedLogGroupName")
    logs.create_log_stream(logGroupName=group, logStreamName="a")
    now = int(harness.clock.now().timestamp() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="a",
        logEvents=[{"timestamp": now, "message": text} for text in ("ERROR a", "fine")],
    )
    harness.drain()

    assert len(events_of(deployment, "logged")) == 1


def test_a_metric_that_crosses_its_threshold(harness: Harness, deployment: Deployment) -> None:
    harness.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Lost", "Value": 3}])
    harness.clock.advance(minutes=2)
    harness.drain()

    assert [event["alarmData"]["state"]["value"] for event in events_of(deployment, "watched")] == ["ALARM"]


def test_a_step_of_a_sign_up(harness: Harness, deployment: Deployment) -> None:
    cognito = harness.client("cognito-idp")

    cognito.admin_create_user(UserPoolId=output(deployment, "SignedUserPoolId"), Username="a@example.com")
    harness.drain()

    assert [event["triggerSource"] for event in events_of(deployment, "signed")] == ["PreSignUp_AdminCreateUser"]


def test_a_config_rule_asks_the_alias(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text(CODE)
    (tmp_path / "lambdakit.yaml").write_text(
        "application: audit\npatterns:\n  recorded:\n    kind: event_processing\n"
        "    source: {kind: config_rule, resource_types: ['AWS::S3::Bucket'], input_parameters: {most_days: 30}}\n"
        "    function: {code: code, handler: app.handler}\n"
    )

    deployment = harness.deploy(tmp_path / "lambdakit.yaml")

    [rule] = harness.client("config").describe_config_rules()["ConfigRules"]
    assert rule["Source"]["SourceIdentifier"] == f"{deployment.function('recorded').arn}:live"
    assert rule["Scope"] == {"ComplianceResourceTypes": ["AWS::S3::Bucket"]}
    assert json.loads(rule["InputParameters"]) == {"most_days": 30}
