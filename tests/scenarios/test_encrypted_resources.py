"""Everything of one application under a key of its own: whoever may use a resource may use its key, and nobody else.

One deployment, with permissions enforced on both sides: the roles' and the key's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT: Final = """\
application: sealed
resources:
  jobs: {kind: queue, encryption_master_key: master}
  failed: {kind: queue, encryption_master_key: master}
  notices: {kind: topic, master_key: master}
  archive: {kind: bucket, encryption_key: master, removal_policy: destroy}
  orders:
    {kind: table, partition_key: id, encryption_key: master, stream: new_image, removal_policy: destroy}
  clicks: {kind: stream, shard_count: 1, encryption_key: master, removal_policy: destroy}
  signing: {kind: secret, encryption_key: master, removal_policy: destroy}
  master: {kind: key, removal_policy: destroy}
functions:
  writer:
    code: code
    handler: app.write
    grants:
      {jobs: publish, notices: publish, archive: read_write, orders: read_write, clicks: write, signing: read}
  # What the grant says of the queue, and not of its key.
  unkeyed:
    code: code
    handler: app.send
    environment: {JOBS_QUEUE_URL: "unknown"}
    initial_policy: [{actions: ["sqs:SendMessage", "sqs:GetQueueUrl"], resources: [jobs]}]
patterns:
  worked:
    kind: event_processing
    source: {kind: sqs, queue: jobs}
    function: &function {code: code, handler: app.record}
    targets: {seen: {kind: dynamodb, partition_key: id, encryption_key: master, removal_policy: destroy}}
  heard:
    kind: event_processing
    source: {kind: sns, topic: notices}
    function: {<<: *function, handler: app.hear}
    targets:
      told: {kind: dynamodb, partition_key: id, encryption_key: master, removal_policy: destroy}
      next: {kind: sqs, queue: jobs}
    on_failure: {kind: sqs, queue: failed}
  stored:
    kind: event_processing
    source: {kind: s3, bucket: archive}
    function: {<<: *function, handler: app.fetch}
    on_failure: {kind: s3, bucket: archive}
  failing:
    kind: event_processing
    source: {kind: event_rule, event_pattern: {source: [shop]}}
    function: {<<: *function, handler: app.fail, retry_attempts: 0}
    on_failure: {kind: sqs, queue: failed}
    alarms: {topics: [notices]}
  changed:
    kind: stream_processing
    source: {kind: dynamo_stream, table: orders}
    function: *function
    delivery: {kind: kinesis, shard_count: 1, encryption_key: master, removal_policy: destroy}
    on_failure: {kind: sns, topic: notices}
  clicked:
    kind: stream_processing
    source: {kind: kinesis, stream: clicks}
    function: *function
    on_failure: {kind: sqs, queue: failed}
"""
CODE: Final = """\
import json
import os

import boto3


def write(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["JOBS_QUEUE_URL"], MessageBody="a")
    boto3.client("sns").publish(TopicArn=os.environ["NOTICES_TOPIC_ARN"], Message="a")
    objects, bucket = boto3.client("s3"), os.environ["ARCHIVE_BUCKET_NAME"]
    objects.put_object(Bucket=bucket, Key="a", Body="a")
    table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE_NAME"])
    table.put_item(Item={"id": "a"})
    boto3.client("kinesis").put_record(StreamName=os.environ["CLICKS_STREAM_NAME"], Data="a", PartitionKey="a")
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SIGNING_SECRET_ARN"])
    return [objects.get_object(Bucket=bucket, Key="a")["Body"].read().decode(), table.get_item(Key={"id": "a"})["Item"],
            len(secret["SecretString"])]


def send(event, context):
    boto3.client("sqs").send_message(QueueUrl=event, MessageBody="a")


def record(event, context):
    if "SEEN_TABLE_NAME" in os.environ:
        boto3.resource("dynamodb").Table(os.environ["SEEN_TABLE_NAME"]).put_item(Item={"id": "seen"})
    if "TARGET_STREAM_NAME" in os.environ:
        boto3.client("kinesis").put_record(StreamName=os.environ["TARGET_STREAM_NAME"], Data="a", PartitionKey="a")


def hear(event, context):
    message = event["Records"][0]["Sns"]["Message"]
    heard = json.loads(message)["AlarmName"] if message.startswith("{") else message
    boto3.resource("dynamodb").Table(os.environ["TOLD_TABLE_NAME"]).put_item(Item={"id": heard})
    boto3.client("sqs").send_message(QueueUrl=os.environ["NEXT_QUEUE_URL"], MessageBody="heard")


def fetch(event, context):
    detail = event["detail"]
    boto3.client("s3").get_object(Bucket=detail["bucket"]["name"], Key=detail["object"]["key"])


def fail(event, context):
    raise ValueError("no")
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


@pytest.fixture(scope="module")
def deployed(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    project = tmp_path_factory.mktemp("sealed")
    (project / "lambdakit.yaml").write_text(DOCUMENT)
    (project / "code").mkdir()
    (project / "code" / "app.py").write_text(CODE)
    return harness.deploy(project / "lambdakit.yaml")


def test_a_function_writes_to_everything_that_it_is_granted(harness: Harness, deployed: Deployment) -> None:
    answer = deployed.function("writer").invoke({})
    harness.drain()

    assert answer.function_error is None
    assert answer.payload == ["a", {"id": "a"}, 32]


def test_events_reach_functions_and_failure_paths_through_the_key(harness: Harness, deployed: Deployment) -> None:
    deployed.function("writer").invoke({})
    harness.client("events").put_events(
        Entries=[{"Source": "shop", "DetailType": "placed", "Detail": json.dumps({"id": "1"})}]
    )
    harness.drain()

    outputs = deployed.outputs["sealed"]
    (failed,) = harness.client("sqs").receive_message(QueueUrl=outputs["FailedQueueUrl"])["Messages"]
    assert json.loads(failed["Body"])["requestPayload"]["detail"] == {"id": "1"}


def test_alarms_tell_an_encrypted_topic(harness: Harness, deployed: Deployment) -> None:
    cloudwatch: Any = harness.client("cloudwatch")
    alarm = next(
        each["AlarmName"]
        for each in cloudwatch.describe_alarms()["MetricAlarms"]
        if each["AlarmDescription"] == "Invocations failed"
    )

    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a drill")
    harness.drain()

    told = harness.client("dynamodb").scan(TableName=deployed.outputs["sealed"]["HeardToldTableName"])["Items"]
    assert alarm in {each["id"]["S"] for each in told}


def test_nothing_was_denied(deployed: Deployment) -> None:
    assert [str(each) for each in deployed.permissions.denied] == []


def test_without_the_grant_the_key_refuses(harness: Harness, deployed: Deployment) -> None:
    url = deployed.outputs["sealed"]["JobsQueueUrl"]

    answer = deployed.function("unkeyed").invoke(url)

    assert answer.function_error is not None
    (denied,) = deployed.permissions.denied
    assert (denied.holder, denied.action) == ("unkeyed", "kms:GenerateDataKey")
