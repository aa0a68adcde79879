"""Alarms, rotations, state machines, pools, pipes and IoT rules from a template, and after a reset.

Source, unless a test says another: CloudFormation Template Reference, the page of each type.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.plain_assembly import Resources, role
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-services")

CODE = """
def handler(event, context):
    return event
"""


def resources() -> Resources:
    """A function, let in by everybody who calls it here."""
    services = ("secretsmanager.amazonaws.com", "cognito-idp.amazonaws.com", "iot.amazonaws.com")
    permissions: Resources = {
        f"Permission{number}": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Fn"},
                "Principal": service,
            },
        }
        for number, service in enumerate(services)
    }
    return {
        "Role": role(),
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": CODE},
            },
        },
        **permissions,
    }


def started(harness: WiredHarness, after: int) -> list[Any]:
    return [json.loads(event["payload"]) for event in harness.events("InvocationStarted", after=after)]


def advance(harness: WiredHarness, seconds: int) -> None:
    assert harness.call("POST", "clock", {"advance_seconds": seconds}).status == 200
    harness.drain()


def test_a_rotation_schedule_rotates_at_once_and_after_a_reset(harness: WiredHarness, stacks: Stacks) -> None:
    before = harness.position()
    deployment = stacks.deploy(
        resources()
        | {
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "first"}},
            "Schedule": {
                "Type": "AWS::SecretsManager::RotationSchedule",
                "DependsOn": ["Permission0"],
                "Properties": {
                    "SecretId": {"Ref": "Secret"},
                    "RotationLambdaARN": {"Fn::GetAtt": ["Fn", "Arn"]},
                    "RotationRules": {"AutomaticallyAfterDays": 2},
                },
            },
        }
    )
    harness.drain()
    at_first = [event["Step"] for event in started(harness, before)]

    harness.reset(deployment)
    after_reset = harness.position()
    advance(harness, 2 * 86400)

    assert at_first == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert [event["Step"] for event in started(harness, after_reset)] == at_first


def test_a_permission_that_was_taken_away_is_there_again_after_a_reset(harness: WiredHarness, stacks: Stacks) -> None:
    deployment = stacks.deploy(resources())
    function = physical_id(deployment, "Fn")

    def statements() -> list[str]:
        policy = harness.aws("lambda").get_policy(FunctionName=function)["Policy"]
        return sorted(statement["Sid"] for statement in json.loads(policy)["Statement"])

    as_deployed = statements()
    harness.aws("lambda").remove_permission(FunctionName=function, StatementId=as_deployed[0])
    without = statements()

    harness.reset(deployment)

    assert without == as_deployed[1:]
    assert statements() == as_deployed


def test_an_alarm_begins_again_after_a_reset(harness: WiredHarness, stacks: Stacks) -> None:
    deployment = stacks.deploy(
        {
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "Namespace": "Shop",
                    "MetricName": "Late",
                    "Statistic": "Sum",
                    "Period": 60,
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "ComparisonOperator": "GreaterThanThreshold",
                },
            },
            "Both": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "Properties": {"AlarmRule": {"Fn::Sub": "ALARM(${Alarm})"}},
            },
        }
    )
    cloudwatch = harness.aws("cloudwatch")
    names = [physical_id(deployment, "Alarm"), physical_id(deployment, "Both")]

    def states() -> list[str]:
        found = cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return [alarm["StateValue"] for alarm in found["MetricAlarms"] + found["CompositeAlarms"]]

    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Late", "Value": 5}])
    advance(harness, 60)
    during = states()
    harness.reset(deployment)
    right_after = states()
    advance(harness, 300)

    assert during == ["ALARM", "ALARM"]
    assert right_after == ["INSUFFICIENT_DATA", "OK"]
    assert states() == ["INSUFFICIENT_DATA", "OK"]


def test_an_execution_ends_with_a_reset(harness: WiredHarness, stacks: Stacks) -> None:
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    deployment = stacks.deploy(
        {
            "Role": role(service="states.amazonaws.com"),
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Definition": definition},
            },
        }
    )
    states = harness.aws("stepfunctions")
    machine = physical_id(deployment, "Machine")
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    harness.drain()

    harness.reset(deployment)
    harness.drain()

    assert states.describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_a_pool_a_pipe_and_a_rule_from_a_template(harness: WiredHarness, stacks: Stacks) -> None:
    function = {"Fn::GetAtt": ["Fn", "Arn"]}
    deployment = stacks.deploy(
        resources()
        | {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"LambdaConfig": {"PreSignUp": function}}},
            "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": {"Ref": "Pool"}}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "PipeRole": role(service="pipes.amazonaws.com"),
            "Pipe": {
                "Type": "AWS::Pipes::Pipe",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["PipeRole", "Arn"]},
                    "Source": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "Target": function,
                },
            },
            "Rule": {
                "Type": "AWS::IoT::TopicRule",
                "Properties": {
                    "TopicRulePayload": {
                        "Sql": "SELECT n FROM 'a/+'",
                        "Actions": [{"Lambda": {"FunctionArn": function}}],
                    }
                },
            },
        }
    )
    before = harness.position()

    client = physical_id(deployment, "Client")
    harness.aws("cognito-idp").sign_up(ClientId=client, Username="ann", Password="Secret-1234")
    harness.aws("sqs").send_message(QueueUrl=physical_id(deployment, "Queue"), MessageBody="hello")
    harness.drain()
    harness.aws("iot-data").publish(topic="a/b", payload=b'{"n": 1}')
    harness.drain()

    signed_up, piped, ruled = started(harness, before)
    assert signed_up["triggerSource"] == "PreSignUp_SignUp"
    assert piped[0]["body"] == "hello"
    assert ruled == {"n": 1}
