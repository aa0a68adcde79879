"""What buckets, log groups and delivery streams may do: by the target's own policy, or by the role they act as."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.lambda_api import create_function, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-push-permissions")

ENCODED = base64.b64encode(b"x").decode()


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    make_role(harness, "fn", "lambda.amazonaws.com", ("logs:*", "*"))
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def bucket(harness: WiredHarness) -> Iterator[str]:
    s3 = harness.aws("s3")
    s3.create_bucket(Bucket="guarded")
    yield "guarded"
    s3.put_bucket_notification_configuration(Bucket="guarded", NotificationConfiguration={})
    for found in s3.list_objects_v2(Bucket="guarded").get("Contents", []):
        s3.delete_object(Bucket="guarded", Key=found["Key"])
    s3.delete_bucket(Bucket="guarded")


def make_role(harness: WiredHarness, name: str, service: str, *allowed: tuple[str, str]) -> str:
    """The ARN of a role that may do actions on resources; one of that name is changed."""
    iam = harness.aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    except ClientError:
        iam.delete_role_policy(RoleName=name, PolicyName="own")
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def permit(fed: FedFunction, service: str, **conditions: str) -> None:
    fed.lambda_.add_permission(
        FunctionName="fed", StatementId="push", Action="lambda:InvokeFunction", Principal=service, **conditions
    )


def notify(fed: FedFunction, bucket: str) -> None:
    wanted = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": fed.arn, "Events": ["s3:ObjectCreated:*"]}]}
    fed.harness.aws("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)


@pytest.mark.parametrize(
    "conditions",
    [
        {"SourceArn": "arn:aws:s3:::another"},
        {"SourceArn": "arn:aws:s3:::guarded", "SourceAccount": "999999999999"},
        None,
    ],
)
def test_a_bucket_without_permission_is_not_configured(
    fed: FedFunction, bucket: str, conditions: dict[str, str] | None
) -> None:
    if conditions is not None:
        permit(fed, "s3.amazonaws.com", **conditions)

    with pytest.raises(ClientError) as refused:
        notify(fed, bucket)

    error = refused.value.response["Error"]
    assert error["Message"] == "Unable to validate the following destination configurations"
    assert error["ArgumentValue1"] == f"Not authorized to invoke function [{fed.arn}]"


def test_a_queue_that_does_not_let_the_bucket_in_is_refused(harness: WiredHarness, bucket: str) -> None:
    sqs = harness.aws("sqs")
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:closed"

    with pytest.raises(ClientError) as refused:
        harness.aws("s3").put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
        )

    sqs.delete_queue(QueueUrl=url)
    said = refused.value.response["Error"]["ArgumentValue1"]
    assert said == "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"


def test_a_bucket_with_permission_is_heard_until_it_is_taken_away(fed: FedFunction, bucket: str) -> None:
    permit(fed, "s3.amazonaws.com", SourceArn="arn:aws:s3:::guarded", SourceAccount=ACCOUNT)
    notify(fed, bucket)
    s3 = fed.harness.aws("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    fed.harness.drain()
    fed.lambda_.remove_permission(FunctionName="fed", StatementId="push")

    s3.put_object(Bucket=bucket, Key="b", Body=b"x")
    fed.harness.drain()

    assert [batch[0]["s3"]["object"]["key"] for batch in fed.batches()] == ["a"]
    [told] = fed.harness.events("EventNotDelivered", after=fed.before)
    assert told["reason"].startswith("NO_PERMISSIONS")
    assert told["settled"] == "dropped"


def test_a_record_says_which_role_did_it(fed: FedFunction, bucket: str) -> None:
    harness = fed.harness
    permit(fed, "s3.amazonaws.com", SourceArn="arn:aws:s3:::guarded")
    notify(fed, bucket)
    role = make_role(harness, "writer", "lambda.amazonaws.com", ("*", "*"))
    source = (
        "import boto3\ndef handler(event, context):\n    boto3.client('s3').put_object(Bucket='guarded', Key='w')\n"
    )
    create_function(harness.aws("lambda"), "writer", source, Role=role, Timeout=20)

    harness.aws("lambda").invoke(FunctionName="writer")
    harness.drain()

    role_id = harness.aws("iam").get_role(RoleName="writer")["Role"]["RoleId"]
    harness.aws("lambda").delete_function(FunctionName="writer")
    [[record]] = fed.batches()
    assert record["userIdentity"] == {"principalId": f"AWS:{role_id}:writer"}


def test_a_log_group_needs_permission_for_itself(fed: FedFunction) -> None:
    logs = fed.harness.aws("logs")
    logs.create_log_group(logGroupName="guarded")
    logs.create_log_stream(logGroupName="guarded", logStreamName="s")
    arguments = {"filterName": "f", "filterPattern": "", "destinationArn": fed.arn}
    permit(fed, "logs.amazonaws.com", SourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:other:*")
    refused = refusal(logs.put_subscription_filter, logGroupName="guarded", **arguments)
    fed.lambda_.remove_permission(FunctionName="fed", StatementId="push")
    permit(
        fed,
        "logs.amazonaws.com",
        SourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:guarded:*",
        SourceAccount=ACCOUNT,
    )
    logs.put_subscription_filter(logGroupName="guarded", **arguments)

    entry = {"timestamp": int(time.time() * 1000), "message": "x"}
    logs.put_log_events(logGroupName="guarded", logStreamName="s", logEvents=[entry])
    fed.harness.drain()

    logs.delete_log_group(logGroupName="guarded")
    assert refused[1:] == (
        "InvalidParameterException",
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
        "function.",
    )
    assert len(fed.events()) == 1


def delivery_stream(harness: WiredHarness, role: str, bucket: str, **more: Any) -> None:
    harness.aws("firehose").create_delivery_stream(
        DeliveryStreamName="guarded",
        ExtendedS3DestinationConfiguration={
            "RoleARN": role,
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
            **more,
        },
    )


def keys(harness: WiredHarness, bucket: str) -> list[str]:
    return [found["Key"] for found in harness.aws("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_a_delivery_stream_writes_with_its_role(harness: WiredHarness, bucket: str) -> None:
    role = make_role(harness, "firehose", "firehose.amazonaws.com", ("s3:PutObject", "arn:aws:s3:::other/*"))
    delivery_stream(harness, role, bucket)
    before = harness.position()
    harness.aws("firehose").put_record(DeliveryStreamName="guarded", Record={"Data": b"x"})
    harness.drain()
    assert keys(harness, bucket) == []
    assert "s3:PutObject" in harness.events("EventNotDelivered", after=before)[0]["reason"]

    make_role(harness, "firehose", "firehose.amazonaws.com", ("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    assert harness.call("POST", "clock", {"advance_seconds": 10}).status == 200
    harness.drain()

    assert len(keys(harness, bucket)) == 1
    harness.aws("firehose").delete_delivery_stream(DeliveryStreamName="guarded")


def test_a_delivery_stream_calls_its_function_with_its_role(fed: FedFunction, bucket: str) -> None:
    harness = fed.harness
    role = make_role(harness, "firehose", "firehose.amazonaws.com", ("s3:PutObject", "*"))
    parameters = [
        {"ParameterName": "LambdaArn", "ParameterValue": fed.arn},
        {"ParameterName": "BufferIntervalInSeconds", "ParameterValue": "0"},
    ]
    processing = {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}
    delivery_stream(harness, role, bucket, ProcessingConfiguration=processing)

    harness.aws("firehose").put_record(DeliveryStreamName="guarded", Record={"Data": b"x"})
    harness.drain()

    [key] = keys(harness, bucket)
    failed = json.loads(harness.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert (failed["errorCode"], failed["rawData"]) == ("Lambda.InvokeAccessDenied", ENCODED)
    assert fed.events() == []
    harness.aws("firehose").delete_delivery_stream(DeliveryStreamName="guarded")


def test_a_rule_of_config_needs_a_function_that_it_may_call(fed: FedFunction, bucket: str) -> None:
    """Source: AWS Config API Reference, "PutConfigRule" (InsufficientPermissionsException)."""
    config = fed.harness.aws("config")
    details = [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]
    source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": fed.arn, "SourceDetails": details}
    scope = {"ComplianceResourceTypes": ["AWS::S3::Bucket"]}
    rule = {"ConfigRuleName": "rule", "Source": source, "Scope": scope}

    _, code, _ = refusal(config.put_config_rule, ConfigRule=rule)
    permit(fed, "config.amazonaws.com", SourceAccount=ACCOUNT)
    config.put_config_rule(ConfigRule=rule)
    fed.harness.drain()

    assert code == "InsufficientPermissionsException"
    (event,) = fed.events()
    assert json.loads(event["invokingEvent"])["configurationItem"]["resourceId"] == bucket
    config.delete_config_rule(ConfigRuleName="rule")
