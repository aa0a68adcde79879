"""One document, every kind of resource shared by several patterns: an order's way through all of them, guarded."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from tests.fakes.every_resource import EVERY_RESOURCE

pytestmark = pytest.mark.xdist_group("cdk")

DEFINITION = {
    "StartAt": "Reserve",
    "States": {
        "Reserve": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${reserve}", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "Next": "Keep",
        },
        "Keep": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "${orders}", "Item": {"id": {"S.$": "$.reserved"}}},
            "ResultPath": None,
            "Next": "Hand over",
        },
        "Hand over": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "${jobs}", "MessageBody.$": "$.id"},
            "ResultPath": None,
            "Next": "Announce",
        },
        "Announce": {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents",
            "Parameters": {
                "Entries": [
                    {"EventBusName": "${events}", "Source": "shop", "DetailType": "Order Placed", "Detail.$": "$"}
                ]
            },
            "ResultPath": None,
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": "${notices}", "Message.$": "$.id"},
            "End": True,
        },
    },
}
CODE = """\
import base64
import json
import os

import boto3


def create(event, context):
    order = json.loads(event["body"])["id"]
    signed = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SIGNING"])["SecretString"]
    login = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["LOGIN"])["SecretString"])
    flags = boto3.client("ssm").get_parameter(Name=os.environ["FLAGS"])["Parameter"]["Value"]
    kms, key = boto3.client("kms"), os.environ["MASTER_KEY_ARN"]
    hidden = kms.encrypt(KeyId=key, Plaintext=order.encode())["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=hidden, KeyId=key)["Plaintext"] == order.encode()
    boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"]).put_item(Item={"id": order})
    started = boto3.client("stepfunctions").start_execution(
        stateMachineArn=os.environ["FULFIL_STATE_MACHINE_ARN"], input=json.dumps({"id": order})
    )
    told = {"signed": len(signed), "login": sorted(login), "flags": flags, "execution": started["executionArn"]}
    return {"statusCode": 201, "body": json.dumps(told)}


def reserve(event, context):
    record(os.environ["SEEN_TABLE_NAME"], "reserve", event["id"])
    return {**event, "reserved": f"{event['id']}-reserved"}


def handler(event, context):
    for where, text in seen(event):
        if "poison" in text:
            raise ValueError(text)
        if name := os.environ.get("RECORDED_TABLE_NAME"):
            record(name, where, text)
        if name := os.environ.get("TABLE_NAME"):
            record(name, "counted", text)
        if name := os.environ.get("KEPT_BUCKET_NAME"):
            boto3.client("s3").put_object(Bucket=name, Key=f"in/{text}", Body=text.encode())
        if url := os.environ.get("NEXT_QUEUE_URL"):
            boto3.client("sqs").send_message(QueueUrl=url, MessageBody=text, MessageGroupId="all")
        if name := os.environ.get("TARGET_STREAM_NAME"):
            boto3.client("kinesis").put_record(StreamName=name, Data=text.encode(), PartitionKey=text)
        if name := os.environ.get("DELIVERY_STREAM_NAME"):
            boto3.client("firehose").put_record(DeliveryStreamName=name, Record={"Data": text.encode()})
    return {"batchItemFailures": []}


def seen(event):
    if event.get("source") == "aws.s3":
        yield "bucket", event["detail"]["object"]["key"]
    elif "detail" in event:
        yield "event_bus", event["detail"]["id"]
    for each in event.get("Records", []):
        if "Sns" in each:
            yield "topic", each["Sns"]["Message"]
        elif "dynamodb" in each:
            yield "table", each["dynamodb"]["NewImage"]["id"]["S"]
        elif "kinesis" in each:
            yield "stream", base64.b64decode(each["kinesis"]["data"]).decode()
        else:
            yield "ordered" if each["eventSourceARN"].endswith(".fifo") else "queue", each["body"]


def record(table, where, text):
    boto3.resource("dynamodb").Table(table).put_item(Item={"id": f"{where}: {text}"})
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
    (project / "flow.asl.json").write_text(json.dumps(DEFINITION))
    (project / "lambdakit.yaml").write_text(EVERY_RESOURCE)
    return harness.deploy(project / "lambdakit.yaml")


@pytest.fixture
def outputs(deployed: Deployment) -> Iterator[dict[str, str]]:
    yield dict(deployed.outputs["every"])
    deployed.reset()


def seen(harness: Harness, outputs: dict[str, str]) -> set[str]:
    items = harness.client("dynamodb").scan(TableName=outputs["SeenTableName"])["Items"]
    return {item["id"]["S"] for item in items}


def messages(harness: Harness, url: str) -> list[str]:
    found = harness.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [each["Body"] for each in found]


def test_an_order_goes_through_everything_that_is_shared(
    harness: Harness, deployed: Deployment, outputs: dict[str, str]
) -> None:
    with deployed.http() as http:
        answer = http.post("/orders", json={"id": "a1"})
    harness.drain(advance=True)

    assert answer.status_code == 201
    told = answer.json()
    assert (told["signed"], told["login"], told["flags"]) == (32, ["password", "username"], "on")
    execution = harness.client("stepfunctions").describe_execution(executionArn=told["execution"])
    assert execution["status"] == "SUCCEEDED"
    assert seen(harness, outputs) == {
        "reserve: a1",
        "queue: a1",
        "bucket: in/a1",
        "ordered: in/a1",
        "event_bus: a1",
        "topic: a1",
        *("counted: a1", "counted: a1-reserved"),
    }
    s3 = harness.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=outputs["ArchiveBucketName"])["Contents"]]
    [gathered] = [key for key in keys if key.startswith("clicks/")]
    content = s3.get_object(Bucket=outputs["ArchiveBucketName"], Key=gathered)["Body"].read()
    assert content in (b"a1a1-reserved", b"a1-reserveda1")
    assert messages(harness, outputs["FailedQueueUrl"]) == []


def test_what_nobody_could_handle_ends_in_the_one_queue_for_it(harness: Harness, outputs: dict[str, str]) -> None:
    harness.client("sqs").send_message(QueueUrl=outputs["JobsQueueUrl"], MessageBody="poison of a queue")
    harness.client("sns").publish(TopicArn=outputs["NoticesTopicArn"], Message="poison of a topic")
    harness.client("s3").put_object(Bucket=outputs["ArchiveBucketName"], Key="in/poison", Body=b"x")
    harness.drain(advance=True)

    failed = messages(harness, outputs["FailedQueueUrl"])
    assert len(failed) == 3
    assert "poison of a queue" in failed
    assert sum('"condition":"RetriesExhausted"' in each.replace(" ", "") for each in failed) == 2
    assert seen(harness, outputs) == set()


def test_discarded_records_of_one_stream_are_told_where_the_document_says(
    harness: Harness, outputs: dict[str, str]
) -> None:
    harness.client("kinesis").put_record(StreamName=outputs["ClicksStreamName"], Data=b"poison", PartitionKey="x")
    harness.drain(advance=True)

    listed = harness.client("s3").list_objects_v2(Bucket=outputs["ArchiveBucketName"])
    assert [each["Key"].startswith("aws/lambda/") for each in listed["Contents"]] == [True]
    assert len(messages(harness, outputs["CountedFailureQueueUrl"])) == 1


def test_nothing_was_denied(deployed: Deployment) -> None:
    assert deployed.permissions.denied == set()
