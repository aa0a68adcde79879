"""Log groups as event sources, from the line that is put to what becomes of it.

Source, unless a test says another: Amazon CloudWatch Logs User Guide, "Real-time processing of log data with
subscriptions" and its subpages; AWS Lambda Developer Guide, "Process CloudWatch logs with Lambda".
"""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.lambda_api import create_function, refusal
from tests.fakes.log_group import LogGroup
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-logs")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def group(harness: WiredHarness) -> Iterator[LogGroup]:
    made = LogGroup(harness, "/app/group")
    yield made
    made.logs.delete_log_group(logGroupName="/app/group")


def messages(fed: FedFunction) -> list[dict[str, Any]]:
    """What the function was sent, unpacked."""
    fed.harness.drain()
    for event in fed.events():
        assert list(event) == ["awslogs"]
        assert list(event["awslogs"]) == ["data"]
    return [unpacked(base64.b64decode(event["awslogs"]["data"])) for event in fed.events()]


def unpacked(data: bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(gzip.decompress(data))
    return message


def lines(fed: FedFunction) -> list[str]:
    return [event["message"] for message in messages(fed) for event in message["logEvents"]]


def test_lines_reach_the_function_packed(fed: FedFunction, group: LogGroup) -> None:
    group.subscribe(fed.arn)

    now = group.put("one ü", "two")

    [message] = messages(fed)
    ids = [event.pop("id") for event in message["logEvents"]]
    assert message == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/app/group",
        "logStream": "s",
        "subscriptionFilters": ["f"],
        "logEvents": [{"timestamp": now, "message": "one ü"}, {"timestamp": now, "message": "two"}],
    }
    assert all(len(one) == 56 and one.isdigit() for one in ids)
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("pattern", "sent"),
    [
        ("ERROR", ["ERROR a", '{"level": "ERROR"}']),
        ("?ERROR ?WARN", ["ERROR a", "WARN b", '{"level": "ERROR"}']),
        ("-ERROR", ["WARN b"]),
        ('{ $.level = "ERROR" }', ['{"level": "ERROR"}']),
        ("[level=WARN, rest]", ["WARN b"]),
        ("%^(.)%", None),
        ("%^E%", ["ERROR a"]),
        ("NOTHING", []),
    ],
)
def test_only_what_the_pattern_means_is_sent(
    fed: FedFunction, group: LogGroup, pattern: str, sent: list[str] | None
) -> None:
    if sent is None:
        arguments = {"logGroupName": group.name, "filterName": "f", "filterPattern": pattern, "destinationArn": fed.arn}
        assert refusal(group.logs.put_subscription_filter, **arguments)[1] == "InvalidParameterException"
        return
    group.subscribe(fed.arn, pattern)

    group.put("ERROR a", "WARN b", '{"level": "ERROR"}')

    assert lines(fed) == sent


def test_fields_of_a_pattern_are_sent_along(fed: FedFunction, group: LogGroup) -> None:
    group.subscribe(fed.arn, "[level, code = 4*, ...]")

    group.put("WARN 404 x")

    [message] = messages(fed)
    assert message["logEvents"][0]["extractedFields"] == {"level": "WARN", "code": "404", "3": "x"}


def test_what_a_function_writes_reaches_another(fed: FedFunction) -> None:
    harness = fed.harness
    create_function(harness.aws("lambda"), "talker", "def handler(event, context):\n    print('ERROR', event['n'])\n")
    logs = harness.aws("logs")
    logs.create_log_group(logGroupName="/aws/lambda/talker")
    arguments = {"filterName": "f", "filterPattern": "ERROR", "destinationArn": fed.arn}
    logs.put_subscription_filter(logGroupName="/aws/lambda/talker", **arguments)

    for number in range(3):
        payload = json.dumps({"n": number}).encode()
        harness.aws("lambda").invoke(FunctionName="talker", Payload=payload)

    assert sorted(line.strip() for line in lines(fed)) == ["ERROR 0", "ERROR 1", "ERROR 2"]
    harness.aws("lambda").delete_function(FunctionName="talker")
    logs.delete_log_group(logGroupName="/aws/lambda/talker")


def test_a_function_that_is_fed_with_its_own_lines_is_told_and_goes_on(harness: WiredHarness) -> None:
    """Source: "Log recursion prevention"; Lambda's own detection of loops knows SQS, SNS and S3 only."""
    arn = create_function(harness.aws("lambda"), "self", "def handler(event, context):\n    print('x')\n")[
        "FunctionArn"
    ]
    logs = harness.aws("logs")
    logs.create_log_group(logGroupName="/aws/lambda/self")
    arguments = {"filterName": "f", "filterPattern": "", "destinationArn": arn}
    logs.put_subscription_filter(logGroupName="/aws/lambda/self", **arguments)
    harness.aws("lambda").invoke(FunctionName="self", Payload=b"{}")

    answer = harness.call("POST", "drain", {"timeout_seconds": 1})

    logs.delete_subscription_filter(logGroupName="/aws/lambda/self", filterName="f")
    harness.drain()
    harness.aws("lambda").delete_function(FunctionName="self")
    logs.delete_log_group(logGroupName="/aws/lambda/self")
    assert answer.status == 400
    assert answer.json()["error"] == "DrainTimeout"


def test_streams_and_delivery_streams_get_the_packed_message(fed: FedFunction, group: LogGroup) -> None:
    harness = fed.harness
    kinesis, s3, firehose = harness.aws("kinesis"), harness.aws("s3"), harness.aws("firehose")
    kinesis.create_stream(StreamName="lines", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/lines"
    fed.map(stream, StartingPosition="LATEST")
    s3.create_bucket(Bucket="log-lake")
    delivery = firehose.create_delivery_stream(
        DeliveryStreamName="lines",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::log-lake",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        },
    )["DeliveryStreamARN"]
    group.subscribe(stream, "one", name="a", roleArn=ROLE)
    group.subscribe(delivery, "two", name="b", roleArn=ROLE)

    group.put("one", "two")

    [[record]] = fed.batches()
    assert record["kinesis"]["partitionKey"] == "s"
    message = unpacked(base64.b64decode(record["kinesis"]["data"]))
    assert (message["subscriptionFilters"], [event["message"] for event in message["logEvents"]]) == (["a"], ["one"])
    [found] = s3.list_objects_v2(Bucket="log-lake")["Contents"]
    body = s3.get_object(Bucket="log-lake", Key=found["Key"])["Body"].read()
    assert [event["message"] for event in unpacked(body)["logEvents"]] == ["two"]
    kinesis.delete_stream(StreamName="lines")
    firehose.delete_delivery_stream(DeliveryStreamName="lines")


def test_a_logical_destination_leads_on(fed: FedFunction, group: LogGroup) -> None:
    harness = fed.harness
    harness.aws("kinesis").create_stream(StreamName="shared", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/shared"
    fed.map(stream, StartingPosition="LATEST")
    made = group.logs.put_destination(destinationName="d", targetArn=stream, roleArn=ROLE)["destination"]
    group.subscribe(made["arn"])

    group.put("hello")

    assert len(fed.batches()) == 1
    harness.aws("kinesis").delete_stream(StreamName="shared")
    group.logs.delete_destination(destinationName="d")


def test_a_policy_of_the_account_means_every_group_but_those_it_names(fed: FedFunction, group: LogGroup) -> None:
    """Source: Amazon CloudWatch Logs API Reference, "PutAccountPolicy"."""
    logs, kind = group.logs, "SUBSCRIPTION_FILTER_POLICY"
    other = LogGroup(fed.harness, "/app/other")
    document = json.dumps({"DestinationArn": fed.arn, "FilterPattern": "x", "Distribution": "Random"})
    criteria = 'LogGroupName NOT IN ["/app/other", "/aws/lambda/fed"]'
    made = logs.put_account_policy(
        policyName="p", policyType=kind, policyDocument=document, scope="ALL", selectionCriteria=criteria
    )["accountPolicy"]
    assert (made["accountId"], made["selectionCriteria"]) == (ACCOUNT, criteria)
    again = {"policyName": "q", "policyType": kind, "policyDocument": document}
    assert refusal(logs.put_account_policy, **again)[1] == "LimitExceededException"

    group.put("x", "y")
    other.put("x")

    [message] = messages(fed)
    assert (message["logGroup"], message["subscriptionFilters"]) == ("/app/group", ["p"])
    assert message["policyLevel"] == "ACCOUNT_LEVEL_POLICY"
    assert [event["message"] for event in message["logEvents"]] == ["x"]
    assert logs.describe_account_policies(policyType=kind)["accountPolicies"] == [made]
    logs.delete_account_policy(policyName="p", policyType=kind)
    assert logs.describe_account_policies(policyType=kind)["accountPolicies"] == []
    assert refusal(logs.delete_account_policy, policyName="p", policyType=kind)[1] == "ResourceNotFoundException"
    logs.delete_log_group(logGroupName="/app/other")


def test_two_filters_are_the_most_and_one_may_be_put_anew(fed: FedFunction, group: LogGroup) -> None:
    group.subscribe(fed.arn, "one", name="a")
    group.subscribe(fed.arn, "two", name="b")
    third = {"filterName": "c", "filterPattern": "", "destinationArn": fed.arn}
    assert refusal(group.logs.put_subscription_filter, logGroupName=group.name, **third)[1] == "LimitExceededException"
    group.subscribe(fed.arn, "three", name="a")

    group.put("one", "two", "three")

    assert sorted(lines(fed)) == ["three", "two"]


@pytest.mark.parametrize(
    ("destination", "text"),
    [
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none", "Could not execute the lambda function."),
        (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/none", "Could not deliver test message to specified Kinesis"),
        (
            f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/none",
            "Could not deliver test message to specified Fire",
        ),
        (f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:none", "The specified destination does not exist."),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "PutSubscriptionFilter operation cannot work with"),
    ],
)
def test_destinations_must_exist(group: LogGroup, destination: str, text: str) -> None:
    arguments = {"filterName": "f", "filterPattern": "", "destinationArn": destination, "roleArn": ROLE}

    status, code, message = refusal(group.logs.put_subscription_filter, logGroupName=group.name, **arguments)

    assert (status, code) == (400, "InvalidParameterException")
    assert message.startswith(text)


def test_a_function_that_was_deleted_gets_nothing(fed: FedFunction, group: LogGroup) -> None:
    gone = FedFunction(fed.harness, "gone")
    group.subscribe(gone.arn)
    gone.remove()
    before = fed.harness.position()

    group.put("x")

    [told] = fed.harness.events("EventNotDelivered", after=before)
    assert (told["target"], told["settled"]) == (gone.arn, "dropped")


def test_many_lines_are_sent_in_as_many_events_as_it_takes(fed: FedFunction, group: LogGroup) -> None:
    """A function is invoked asynchronously with at most 1 MB; the lines here do not compress well."""
    group.subscribe(fed.arn)
    dice = random.Random(7)
    noise = [base64.b64encode(dice.randbytes(120_000)).decode() for _ in range(10)]

    group.put(*noise)

    assert len(fed.events()) > 1
    assert sorted(lines(fed)) == sorted(noise)
