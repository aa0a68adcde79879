"""State machines whose tasks are functions and calls of services, from the start of an execution to its end.

Source, unless a test says another: AWS Step Functions Developer Guide, "Invoke an AWS Lambda function with Step
Functions", "Handling errors in Step Functions workflows"; Amazon States Language specification.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:worker"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
SOURCE = """
import os, time
import boto3

class Declined(Exception):
    pass

def handler(event, context):
    if event.get("do") == "raise":
        raise Declined("no credit")
    if event.get("do") == "exit":
        os._exit(3)
    if event.get("do") == "sleep":
        time.sleep(5)
    if event.get("do") == "answer":
        states = boto3.client("stepfunctions")
        states.send_task_success(taskToken=event["token"], output='{"by": "callback"}')
    return {"sum": event.get("a", 0) + event.get("b", 0), "version": context.function_version}
"""


class Machines:
    """A function, and machines that call it."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.states, self.lambda_ = harness, harness.aws("stepfunctions"), harness.aws("lambda")
        create_function(self.lambda_, "worker", SOURCE, Timeout=3)
        self.before = harness.position()
        self._machines: list[str] = []

    def make(self, states: Mapping[str, Any], start: str = "", **settings: Any) -> str:
        """A machine's ARN. states: its states, begun with the first."""
        definition = {"StartAt": start or next(iter(states)), "States": states}
        name = f"machine-{len(self._machines)}"
        arn = self.states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **settings)[
            "stateMachineArn"
        ]
        self._machines.append(arn)
        return str(arn)

    def start(self, arn: str, given: object = None) -> str:
        """An execution's ARN."""
        started = self.states.start_execution(stateMachineArn=arn, input=json.dumps({} if given is None else given))
        return str(started["executionArn"])

    def described(self, execution: str) -> dict[str, Any]:
        return dict(self.states.describe_execution(executionArn=execution))

    def run(self, states: Mapping[str, Any], given: object = None) -> dict[str, Any]:
        """What came of a new machine's execution."""
        execution = self.start(self.make(states), given)
        self.harness.drain()
        return self.described(execution)

    def events(self) -> list[dict[str, Any]]:
        started = self.harness.events("InvocationStarted", after=self.before)
        return [json.loads(event["payload"]) for event in started]

    def advance(self, seconds: float) -> None:
        assert self.harness.call("POST", "clock", {"advance_seconds": seconds}).status == 200
        self.harness.drain()

    def remove(self) -> None:
        for arn in self._machines:
            self.states.delete_state_machine(stateMachineArn=arn)
        self.lambda_.delete_function(FunctionName="worker")


@pytest.fixture
def machines(harness: WiredHarness) -> Iterator[Machines]:
    made = Machines(harness)
    yield made
    made.remove()


def invoke(**more: Any) -> dict[str, Any]:
    """The task that the console and the CDK make."""
    parameters = {"FunctionName": ARN, "Payload.$": "$"}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": parameters,
        "OutputPath": "$.Payload",
        **more,
    }


def output(described: Mapping[str, Any]) -> Any:
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


def test_a_function_is_run_in_a_task(machines: Machines) -> None:
    described = machines.run({"Add": invoke(End=True)}, {"a": 1, "b": 2})

    assert output(described) == {"sum": 3, "version": "$LATEST"}
    assert machines.events() == [{"a": 1, "b": 2}]
    [ended] = machines.harness.events("StateMachineEnded", after=machines.before)
    assert (ended["execution"], ended["status"]) == (described["executionArn"], "SUCCEEDED")


def test_a_function_is_named_as_the_resource(machines: Machines) -> None:
    described = machines.run({"Add": {"Type": "Task", "Resource": ARN, "End": True}}, {"a": 4})

    assert output(described)["sum"] == 4


def test_a_version_is_run_by_its_qualifier(machines: Machines) -> None:
    version = machines.lambda_.publish_version(FunctionName="worker")["Version"]
    task = invoke(End=True)
    task["Parameters"] = {**task["Parameters"], "Qualifier": version}

    assert output(machines.run({"Add": task}))["version"] == version


@pytest.mark.parametrize(
    ("wish", "error", "cause"),
    [
        ("raise", "Declined", {"errorMessage": "no credit", "errorType": "Declined"}),
        ("exit", "Runtime.ExitError", {"errorType": "Runtime.ExitError"}),
        ("sleep", "Sandbox.Timedout", {"errorType": "Sandbox.Timedout"}),
    ],
)
@pytest.mark.parametrize("way", ["invoke", "resource"])
def test_the_functions_error_is_the_executions(
    machines: Machines, wish: str, error: str, cause: Mapping[str, str], way: str
) -> None:
    task = invoke(End=True) if way == "invoke" else {"Type": "Task", "Resource": ARN, "End": True}

    described = machines.run({"Add": task}, {"do": wish})

    assert (described["status"], described["error"]) == ("FAILED", error)
    assert cause.items() <= json.loads(described["cause"]).items()


@pytest.mark.parametrize("way", ["invoke", "resource"])
def test_the_services_error_has_its_name(machines: Machines, way: str) -> None:
    machines.lambda_.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=0)
    task = invoke(End=True) if way == "invoke" else {"Type": "Task", "Resource": ARN, "End": True}

    described = machines.run({"Add": task})

    assert (described["status"], described["error"]) == ("FAILED", "Lambda.TooManyRequestsException")
    assert "Rate Exceeded" in described["cause"]


def test_an_error_is_caught(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["Declined"], "ResultPath": "$.failed", "Next": "Sorry"}]

    described = machines.run(
        {"Add": invoke(Catch=catch, End=True), "Sorry": {"Type": "Pass", "End": True}}, {"do": "raise"}
    )

    told = output(described)
    assert told["failed"]["Error"] == "Declined"
    assert json.loads(told["failed"]["Cause"])["errorMessage"] == "no credit"


def test_retries_wait_for_the_clock(machines: Machines) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2.0}]
    execution = machines.start(machines.make({"Add": invoke(Retry=retry, End=True)}), {"do": "raise"})
    machines.harness.drain()

    tries = [len(machines.events())]
    for seconds in (50, 15, 100, 30):
        machines.advance(seconds)
        tries.append(len(machines.events()))

    assert tries == [1, 1, 2, 2, 3]
    assert machines.described(execution)["status"] == "FAILED"


def test_a_wait_is_over_when_the_clock_says_so(machines: Machines) -> None:
    arn = machines.make({"Wait": {"Type": "Wait", "Seconds": 86400, "Next": "Add"}, "Add": invoke(End=True)})
    execution = machines.start(arn, {"a": 1})
    machines.harness.drain()
    before = machines.described(execution)["status"]

    answer = machines.harness.call("POST", "drain", {"timeout_seconds": 120, "advance": True})

    assert answer.status == 200
    assert before == "RUNNING"
    assert output(machines.described(execution))["sum"] == 1


def test_branches_and_items_run_and_wait_side_by_side(machines: Machines) -> None:
    branch = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "Next": "A"}, "A": invoke(End=True)}}
    items = {"StartAt": "A", "States": {"A": invoke(End=True)}}
    arn = machines.make(
        {
            "Both": {"Type": "Parallel", "Branches": [branch, branch], "ResultPath": "$.both", "Next": "Each"},
            "Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": items, "End": True},
        }
    )
    execution = machines.start(arn, {"items": [{"a": 1}, {"a": 2}, {"a": 3}]})
    machines.harness.drain()
    waiting = machines.described(execution)["status"], len(machines.events())

    machines.advance(61)

    assert waiting == ("RUNNING", 0)
    assert [one["sum"] for one in output(machines.described(execution))] == [1, 2, 3]
    assert len(machines.events()) == 5


def test_a_task_waits_for_its_token(machines: Machines) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": ARN, "Payload": {"do.$": "$.do", "token.$": "$$.Task.Token"}},
        "TimeoutSeconds": 600,
        "End": True,
    }
    arn = machines.make({"Ask": task})
    answered = machines.start(arn, {"do": "answer"})
    silent = machines.start(arn, {"do": "nothing"})
    machines.harness.drain()
    before = machines.described(answered), machines.described(silent)["status"]

    machines.advance(601)

    assert output(before[0]) == {"by": "callback"}
    assert before[1] == "RUNNING"
    late = machines.described(silent)
    assert (late["status"], late["error"]) == ("FAILED", "States.Timeout")


def test_a_token_can_be_refused(machines: Machines) -> None:
    url = machines.harness.aws("sqs").create_queue(QueueName="asked")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    execution = machines.start(machines.make({"Ask": task}))
    machines.harness.drain()
    [message] = machines.harness.aws("sqs").receive_message(QueueUrl=url)["Messages"]

    token = json.loads(message["Body"])["token"]
    machines.states.send_task_failure(taskToken=token, error="Refused", cause="too dear")
    machines.harness.drain()

    described = machines.described(execution)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "Refused", "too dear")
    machines.harness.aws("sqs").delete_queue(QueueUrl=url)


def test_services_are_asked(machines: Machines) -> None:
    sqs, dynamodb = machines.harness.aws("sqs"), machines.harness.aws("dynamodb")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    dynamodb.create_table(
        TableName="seen",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put = {"TableName": "seen", "Item": {"id": {"S.$": "$.id"}}}
    described = machines.run(
        {
            "Put": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:putItem",
                "Parameters": put,
                "ResultPath": None,
                "Next": "Tell",
            },
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {"QueueUrl": url, "MessageBody.$": "$.id"},
                "ResultPath": None,
                "Next": "Count",
            },
            "Count": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:scan",
                "Parameters": {"TableName": "seen"},
                "End": True,
            },
        },
        {"id": "a"},
    )

    assert output(described)["Count"] == 1
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "a"
    sqs.delete_queue(QueueUrl=url)
    dynamodb.delete_table(TableName="seen")


def test_a_machine_waits_for_another(machines: Machines) -> None:
    inner = machines.make({"W": {"Type": "Wait", "Seconds": 30, "Next": "A"}, "A": invoke(End=True)})
    outer = machines.make(
        {
            "Start": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn": inner, "Input": {"a": 7}},
                "OutputPath": "$.Output",
                "End": True,
            }
        }
    )
    execution = machines.start(outer)
    machines.harness.drain()
    before = machines.described(execution)["status"]

    machines.advance(31)

    assert before == "RUNNING"
    assert output(machines.described(execution))["sum"] == 7


def test_an_execution_can_be_stopped(machines: Machines) -> None:
    arn = machines.make({"W": {"Type": "Wait", "Seconds": 3600, "End": True}})
    execution = machines.start(arn)
    machines.harness.drain()

    machines.states.stop_execution(executionArn=execution)
    machines.harness.drain()

    assert machines.described(execution)["status"] == "ABORTED"


def test_the_history_tells_what_happened(machines: Machines) -> None:
    described = machines.run({"Add": invoke(End=True)}, {"a": 1})

    history = machines.states.get_execution_history(executionArn=described["executionArn"])["events"]

    kinds = [event["type"] for event in history]
    assert kinds[0] == "ExecutionStarted"
    assert kinds[-1] == "ExecutionSucceeded"
    assert "TaskSucceeded" in kinds


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.mark.parametrize("allowed", [False, True])
def test_the_machines_role_is_asked(allowed: bool) -> None:
    with WiredHarness(enforce_iam="on") as harness:
        iam = harness.aws("iam")
        for role in ("fn", "machine"):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
        if allowed:
            statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ARN}
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            iam.put_role_policy(RoleName="machine", PolicyName="p", PolicyDocument=json.dumps(policy))
        machines = Machines(harness)

        described = machines.run({"Add": invoke(End=True)}, {"a": 2})

    if allowed:
        assert output(described)["sum"] == 2
    else:
        assert (described["status"], described["error"]) == ("FAILED", "Lambda.AccessDeniedException")
        assert "lambda:InvokeFunction" in described["cause"]
