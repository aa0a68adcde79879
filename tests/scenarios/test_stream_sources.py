"""Every stream of the document reaches its function and every delivery gets what the function makes of it, guarded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """\
application: streams
patterns:
  handed_on:
    kind: stream_processing
    source: {kind: kinesis, enhanced_fan_out: true, retry_attempts: 1}
    function: &function {code: code, handler: app.handler}
    delivery: {kind: kinesis, shard_count: 1}
    on_failure: {kind: s3}
  kept:
    kind: stream_processing
    source: {kind: dynamo_stream, table: {partition_key: id}, retry_attempts: 1}
    function: *function
    delivery: {kind: dynamodb, partition_key: id}
    on_failure: {kind: sns}
  gathered:
    kind: stream_processing
    source:
      kind: msk
      cluster_arn: arn:aws:kafka:us-east-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1
      topic: clicks
      provisioned_pollers: {maximum_pollers: 2}
      retry_attempts: 1
    function: *function
    delivery: {kind: firehose, buffering_interval: 1m, compression: uncompressed}
  found:
    kind: stream_processing
    source: {kind: kinesis, filters: [{data: {text: [{prefix: wanted}]}}], retry_attempts: 0}
    function: *function
    delivery:
      kind: open_search
      domain_arn: arn:aws:es:us-east-1:123456789012:domain/clicks
      domain_endpoint: search-clicks-abc.us-east-1.es.amazonaws.com
"""
CODE = """\
import base64
import json
import os

import boto3


def handler(event, context):
    found = list(texts(event))
    if "poison" in found:
        raise ValueError("poison")
    for text in found:
        deliver(text)
    return {"batchItemFailures": []}


def texts(event):
    records = event["records"] if "records" in event else {"all": event["Records"]}
    for record in (record for several in records.values() for record in several):
        if "dynamodb" in record:
            yield record["dynamodb"]["NewImage"]["text"]["S"]
        else:
            data = record["kinesis"]["data"] if "kinesis" in record else record["value"]
            yield json.loads(base64.b64decode(data))["text"]


def deliver(text):
    match os.environ:
        case {"TARGET_STREAM_NAME": name}:
            boto3.client("kinesis").put_record(StreamName=name, Data=text.encode(), PartitionKey=text)
        case {"TABLE_NAME": name}:
            boto3.resource("dynamodb").Table(name).put_item(Item={"id": text})
        case {"DELIVERY_STREAM_NAME": name}:
            boto3.client("firehose").put_record(DeliveryStreamName=name, Record={"Data": text.encode()})
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture(scope="module")
def deployed(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    project = tmp_path_factory.mktemp("project")
    (project / "code").mkdir()
    (project / "code" / "app.py").write_text(CODE)
    (project / "lambdakit.yaml").write_text(DOCUMENT)
    return harness.deploy(project / "lambdakit.yaml")


@pytest.fixture
def outputs(deployed: Deployment) -> Iterator[dict[str, str]]:
    yield dict(deployed.outputs["streams"])
    deployed.reset()


def put(harness: Harness, stream: str, *texts: str) -> None:
    harness.client("kinesis").put_records(
        StreamName=stream,
        Records=[{"Data": json.dumps({"text": text}).encode(), "PartitionKey": text} for text in texts],
    )


def records(harness: Harness, stream: str) -> list[str]:
    kinesis = harness.client("kinesis")
    [shard] = kinesis.describe_stream(StreamName=stream)["StreamDescription"]["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return sorted(each["Data"].decode() for each in kinesis.get_records(ShardIterator=iterator)["Records"])


def objects(harness: Harness, bucket: str) -> list[bytes]:
    s3 = harness.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]


def test_a_consumer_of_its_own_hands_records_on_and_what_fails_lies_whole_in_a_bucket(
    harness: Harness, outputs: dict[str, str]
) -> None:
    put(harness, outputs["HandedOnStreamName"], "one", "poison", "two")
    harness.drain(advance=True)

    assert records(harness, outputs["HandedOnTargetStreamName"]) == ["one", "two"]
    [failed] = objects(harness, outputs["HandedOnFailureBucketName"])
    failure = json.loads(failed)
    assert failure["KinesisBatchInfo"]["batchSize"] == 1
    assert json.loads(failure["payload"])["Records"][0]["kinesis"]["partitionKey"] == "poison"


def test_changes_of_a_table_become_items_of_another_and_what_fails_is_told_to_a_topic(
    harness: Harness, outputs: dict[str, str]
) -> None:
    sqs, sns = harness.client("sqs"), harness.client("sns")
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=outputs["KeptFailureTopicArn"], Protocol="sqs", Endpoint=arn)
    dynamodb = harness.client("dynamodb")

    for text in ("one", "poison", "two"):
        item = {"id": {"S": text}, "text": {"S": text}}
        dynamodb.put_item(TableName=outputs["KeptTableName"], Item=item)
    harness.drain(advance=True)

    kept = dynamodb.scan(TableName=outputs["KeptDeliveryTableName"])["Items"]
    assert sorted(item["id"]["S"] for item in kept) == ["one", "two"]
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(json.loads(message["Body"])["Message"])["DDBStreamBatchInfo"]["batchSize"] == 1


def test_records_of_a_topic_are_gathered_into_objects_and_what_fails_is_told_to_a_queue(
    harness: Harness, outputs: dict[str, str]
) -> None:
    sent: list[dict[str, Any]] = [{"value": json.dumps({"text": text}).encode()} for text in ("one", "poison", "two")]

    harness.send_records("gathered", sent)
    harness.drain(advance=True)

    assert b"".join(objects(harness, outputs["GatheredDeliveryBucketName"])) == b"onetwo"
    messages = harness.client("sqs").receive_message(QueueUrl=outputs["GatheredFailureQueueUrl"])["Messages"]
    assert [json.loads(each["Body"])["requestContext"]["condition"] for each in messages] == ["RetryAttemptsExhausted"]


def test_records_that_no_filter_lets_through_start_nothing(
    harness: Harness, deployed: Deployment, outputs: dict[str, str]
) -> None:
    put(harness, outputs["FoundStreamName"], "wanted", "other")
    harness.drain()

    [invocation] = deployed.function("found").invocations
    assert [each["kinesis"]["partitionKey"] for each in invocation.event["Records"]] == ["wanted"]


def test_nothing_was_denied(deployed: Deployment) -> None:
    assert deployed.permissions.denied == set()
