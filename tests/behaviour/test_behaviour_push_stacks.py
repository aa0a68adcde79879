"""Buckets, log groups and delivery streams of stacks: what a template says is what happens."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-push-stacks")

# What the CDK's own function for `Custom::S3BucketNotifications` does: it makes the call that the template cannot.
NOTIFICATIONS_HANDLER = """
import boto3, json, urllib.request

def handler(event, context):
    status, reason = "SUCCESS", ""
    try:
        properties = event["ResourceProperties"]
        wanted = properties["NotificationConfiguration"] if event["RequestType"] != "Delete" else {}
        s3 = boto3.client("s3")
        skip = properties.get("SkipDestinationValidation", "false").lower() == "true"
        s3.put_bucket_notification_configuration(
            Bucket=properties["BucketName"], NotificationConfiguration=wanted, SkipDestinationValidation=skip
        )
    except Exception as error:
        status, reason = "FAILED", f"Error: {error}"
    body = json.dumps({
        "Status": status, "Reason": reason, "StackId": event["StackId"], "RequestId": event["RequestId"],
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        "LogicalResourceId": event["LogicalResourceId"],
    }).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
"""
UPPER = """
import base64
def handler(event, context):
    def upper(data):
        return base64.b64encode(base64.b64decode(data).upper()).decode()
    return {"records": [
        {"recordId": one["recordId"], "result": "Ok", "data": upper(one["data"])} for one in event["records"]
    ]}
"""


def att(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def permission(name: str, service: str, source: Any) -> Resources:
    """A permission, `name`Permission, for a service to call the function `name`."""
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": att(name),
        "Principal": service,
        "SourceArn": source,
    }
    return {f"{name}Permission": {"Type": "AWS::Lambda::Permission", "Properties": properties}}


def events(harness: WiredHarness, name: str, after: int) -> list[Any]:
    started = harness.events("InvocationStarted", after=after)
    return [json.loads(event["payload"]) for event in started if event["function"] == name]


def test_notifications_of_the_cdk_are_put_by_its_function(harness: WiredHarness, stacks: Stacks) -> None:
    configuration = {
        "LambdaFunctionConfigurations": [
            {
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
                "LambdaFunctionArn": att("Fn"),
            }
        ]
    }
    deployment = stacks.deploy(
        function("Fn")
        | function("Handler", NOTIFICATIONS_HANDLER)
        | permission("Fn", "s3.amazonaws.com", att("Bucket"))
        | {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
            "BucketNotifications": {
                "Type": "Custom::S3BucketNotifications",
                "Properties": {
                    "ServiceToken": att("Handler"),
                    "BucketName": {"Ref": "Bucket"},
                    "NotificationConfiguration": configuration,
                    "Managed": True,
                    "SkipDestinationValidation": False,
                },
                "DependsOn": ["FnPermission"],
            },
        }
    )
    bucket, before = physical_id(deployment, "Bucket"), harness.position()
    s3 = harness.aws("s3")

    s3.put_object(Bucket=bucket, Key="in/a", Body=b"x")
    s3.put_object(Bucket=bucket, Key="out/a", Body=b"x")
    harness.drain()
    told = events(harness, physical_id(deployment, "Fn"), before)
    assert [event["Records"][0]["s3"]["object"]["key"] for event in told] == ["in/a"]

    harness.reset(deployment)
    before = harness.position()
    s3.put_object(Bucket=bucket, Key="in/b", Body=b"x")
    harness.drain()

    assert len(events(harness, physical_id(deployment, "Fn"), before)) == 1
    s3.delete_object(Bucket=bucket, Key="in/b")
    harness.drain()


def test_notifications_of_a_bucket_itself(harness: WiredHarness, stacks: Stacks) -> None:
    bucket_name = "push-stacks-native"
    arn = f"arn:aws:s3:::{bucket_name}"
    notifications = {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True},
        "LambdaConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Function": att("Native"),
                "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".txt"}]}},
            }
        ],
    }
    rule = {
        "EventPattern": {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket_name]}}},
        "Targets": [{"Id": "fn", "Arn": att("Bridged")}],
    }
    deployment = stacks.deploy(
        function("Native")
        | function("Bridged")
        | permission("Native", "s3.amazonaws.com", arn)
        | permission("Bridged", "events.amazonaws.com", att("Rule"))
        | {
            "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"BucketName": bucket_name, "NotificationConfiguration": notifications},
                "DependsOn": ["NativePermission"],
            },
        }
    )
    before = harness.position()

    for key in ("a b.txt", "c.bin"):
        harness.aws("s3").put_object(Bucket=bucket_name, Key=key, Body=b"x")
    harness.drain()

    native = events(harness, physical_id(deployment, "Native"), before)
    assert [event["Records"][0]["s3"]["object"]["key"] for event in native] == ["a+b.txt"]
    bridged = events(harness, physical_id(deployment, "Bridged"), before)
    assert sorted(event["detail"]["object"]["key"] for event in bridged) == ["a b.txt", "c.bin"]
    assert {event["detail-type"] for event in bridged} == {"Object Created"}
    for key in ("a b.txt", "c.bin"):
        harness.aws("s3").delete_object(Bucket=bucket_name, Key=key)
    harness.drain()


def test_filters_of_a_log_group(harness: WiredHarness, stacks: Stacks) -> None:
    transformation = {
        "MetricName": "kinds",
        "MetricNamespace": "push-stacks",
        "MetricValue": "$.n",
        "Dimensions": [{"Key": "Kind", "Value": "$.kind"}],
    }
    deployment = stacks.deploy(
        function("Fn")
        | permission("Fn", "logs.amazonaws.com", att("Group"))
        | {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
            "Filter": {
                "Type": "AWS::Logs::SubscriptionFilter",
                "Properties": {
                    "LogGroupName": {"Ref": "Group"},
                    "FilterPattern": '{ $.kind = "a" }',
                    "DestinationArn": att("Fn"),
                },
                "DependsOn": ["FnPermission"],
            },
            "Metric": {
                "Type": "AWS::Logs::MetricFilter",
                "Properties": {
                    "LogGroupName": {"Ref": "Group"},
                    "FilterPattern": "{ $.kind = * }",
                    "MetricTransformations": [transformation],
                },
            },
        }
    )
    logs, group, before = harness.aws("logs"), physical_id(deployment, "Group"), harness.position()
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    lines = ['{"kind": "a", "n": 2}', '{"kind": "b", "n": 3}', "plain"]

    entries = [{"timestamp": now, "message": line} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=entries)
    harness.drain()

    assert len(events(harness, physical_id(deployment, "Fn"), before)) == 1
    listed = harness.aws("cloudwatch").list_metrics(Namespace="push-stacks")["Metrics"]
    kinds = sorted(metric["Dimensions"][0]["Value"] for metric in listed)
    assert kinds == ["a", "b"]


def test_a_delivery_stream_with_a_function(harness: WiredHarness, stacks: Stacks) -> None:
    processors = [
        {"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": att("Fn")}]},
        {"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]},
    ]
    deployment = stacks.deploy(
        function("Fn", UPPER)
        | {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
            "Stream": {
                "Type": "AWS::KinesisFirehose::DeliveryStream",
                "Properties": {
                    "DeliveryStreamType": "DirectPut",
                    "ExtendedS3DestinationConfiguration": {
                        "BucketARN": att("Bucket"),
                        "RoleARN": att("FnRole"),
                        "Prefix": "out/",
                        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
                        "ProcessingConfiguration": {"Enabled": True, "Processors": processors},
                    },
                },
            },
        }
    )
    bucket, stream = physical_id(deployment, "Bucket"), physical_id(deployment, "Stream")

    for data in (b"one", b"two"):
        harness.aws("firehose").put_record(DeliveryStreamName=stream, Record={"Data": data})
    assert harness.call("POST", "drain", {"timeout_seconds": 120, "advance": True}).status == 200

    [found] = harness.aws("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Key"].startswith("out/20")
    assert harness.aws("s3").get_object(Bucket=bucket, Key=found["Key"])["Body"].read() == b"ONE\nTWO\n"
    harness.aws("s3").delete_object(Bucket=bucket, Key=found["Key"])
    harness.drain()
