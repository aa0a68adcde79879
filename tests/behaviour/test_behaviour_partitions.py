"""Regions of other partitions: every ARN names theirs, and what goes by ARNs finds its way.

Source: AWS General Reference, "Amazon Resource Names (ARNs)": the partition is a group of regions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.arn import partition_of
from lambdakit.session.deployment import Deployment
from lambdakit.trace import AccessDenied, InvocationEnded
from tests.fakes.plain_assembly import Resources, function, role, write_stack

SOURCE = """
    def handler(event, context):
        return {"arn": context.invoked_function_arn, "event": event}
"""
ARN = "arn:${AWS::Partition}"
REGIONS = ["us-gov-west-1", "cn-north-1"]


def allowed(*actions: str, on: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": {"Fn::Sub": on}}


def attribute(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def source(arn: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"EventSourceArn": arn, "FunctionName": {"Ref": "Seen"}, "BatchSize": 1, **settings},
    }


def permission(service: str, arn: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"Action": "lambda:InvokeFunction", "FunctionName": attribute("Seen"), "Principal": service}
    return {"Type": "AWS::Lambda::Permission", "Properties": {**properties, "SourceArn": arn}}


def system(region: str) -> Resources:
    """A function behind a stream, a queue behind a topic, a bucket, a rule and a state machine, each of ARNs alone."""
    bucket = f"pictures-{region}"
    resources = function("Seen", SOURCE)
    resources["SeenRole"] = role(
        allowed("logs:CreateLogStream", "logs:PutLogEvents", on=f"{ARN}:logs:*:*:log-group:*"),
        allowed("kinesis:*", on=f"{ARN}:kinesis:${{AWS::Region}}:${{AWS::AccountId}}:stream/*"),
        allowed("sqs:*", on=f"{ARN}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:*"),
    )
    resources |= {
        "Clicks": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
        "FromClicks": source(attribute("Clicks"), StartingPosition="TRIM_HORIZON"),
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 120}},
        "FromJobs": source(attribute("Jobs")),
        "News": {"Type": "AWS::SNS::Topic", "Properties": {}},
        "NewsToJobs": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "News"}, "Protocol": "sqs", "Endpoint": attribute("Jobs")},
        },
        "JobsFromNews": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Jobs"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "sns.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": attribute("Jobs"),
                            "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": "News"}}},
                        }
                    ],
                },
            },
        },
        "ByPictures": permission("s3.amazonaws.com", {"Fn::Sub": f"{ARN}:s3:::{bucket}"}),
        "Pictures": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": ["ByPictures"],
            "Properties": {
                "BucketName": bucket,
                "NotificationConfiguration": {
                    "LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": attribute("Seen")}]
                },
            },
        },
        "Orders": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["shop"]},
                "Targets": [{"Id": "seen", "Arn": attribute("Seen")}],
            },
        },
        "ByOrders": permission("events.amazonaws.com", attribute("Orders")),
        "FlowRole": role(allowed("lambda:InvokeFunction", on="${Seen.Arn}"), service="states.amazonaws.com"),
        "Flow": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": attribute("FlowRole"),
                "DefinitionString": {
                    "Fn::Sub": json.dumps(
                        {
                            "StartAt": "Call",
                            "States": {
                                "Call": {
                                    "Type": "Task",
                                    "Resource": f"{ARN}:states:::lambda:invoke",
                                    "Parameters": {"FunctionName": "${Seen.Arn}", "Payload": {"from": "flow"}},
                                    "End": True,
                                }
                            },
                        }
                    )
                },
            },
        },
    }
    return resources


@pytest.fixture(scope="module", params=REGIONS)
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with Harness(region=request.param) as started:
        yield started


@pytest.fixture
def deployment(harness: Harness, tmp_path: Path) -> Iterator[Deployment]:
    named = {
        **{name: attribute(name) for name in ("Seen", "SeenLogs", "SeenRole", "Clicks", "Jobs", "Pictures", "Orders")},
        **{name: {"Ref": name} for name in ("News", "Flow")},
    }
    deployed = harness.deploy(write_stack(tmp_path / "app", "system", system(harness.region), **named))
    yield deployed
    deployed.destroy()


def runs(harness: Harness, after: int) -> list[Any]:
    """What the function was given, with what it was called, of each run behind an event."""
    harness.drain()
    events = harness.trace.events
    assert [event for event in events if isinstance(event, AccessDenied)] == []
    return [json.loads(event.payload) for event in events[after:] if isinstance(event, InvocationEnded)]


def test_every_arn_names_the_region_s_partition(harness: Harness, deployment: Deployment) -> None:
    (stack,) = deployment.stacks.values()
    called = deployment.function("Seen").invoke({}).payload["arn"]

    arns = [called, stack.stack_id, *stack.outputs.values()]
    assert {arn.split(":")[1] for arn in arns} == {partition_of(harness.region)}


def test_a_stream_s_records_arrive(harness: Harness, deployment: Deployment) -> None:
    (stack,) = deployment.stacks.values()
    before = len(harness.trace.events)

    harness.client("kinesis").put_record(StreamARN=stack.outputs["Clicks"], Data=b"click", PartitionKey="a")

    [run] = runs(harness, before)
    assert run["event"]["Records"][0]["eventSourceARN"] == stack.outputs["Clicks"]


def test_a_topic_s_message_arrives_through_its_queue(harness: Harness, deployment: Deployment) -> None:
    (stack,) = deployment.stacks.values()
    before = len(harness.trace.events)

    harness.client("sns").publish(TopicArn=stack.outputs["News"], Message="news")

    [run] = runs(harness, before)
    [record] = run["event"]["Records"]
    assert record["eventSourceARN"] == stack.outputs["Jobs"]
    assert json.loads(record["body"])["TopicArn"] == stack.outputs["News"]


def test_an_object_is_told_of_and_gone_after_a_reset(harness: Harness, deployment: Deployment) -> None:
    (stack,) = deployment.stacks.values()
    s3, bucket = harness.client("s3"), str(stack.resources["Pictures"].physical_id)
    before = len(harness.trace.events)

    s3.put_object(Bucket=bucket, Key="cat.png", Body=b"cat")

    [run] = runs(harness, before)
    assert run["event"]["Records"][0]["s3"]["bucket"]["arn"] == stack.outputs["Pictures"]
    deployment.reset()
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_rule_s_event_arrives(harness: Harness, deployment: Deployment) -> None:
    before = len(harness.trace.events)

    harness.client("events").put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])

    [run] = runs(harness, before)
    assert run["event"]["region"] == harness.region


def test_a_state_machine_calls_the_function(harness: Harness, deployment: Deployment) -> None:
    (stack,) = deployment.stacks.values()
    before = len(harness.trace.events)

    harness.client("stepfunctions").start_execution(stateMachineArn=stack.outputs["Flow"], input="{}")

    [run] = runs(harness, before)
    assert run == {"arn": stack.outputs["Seen"], "event": {"from": "flow"}}
