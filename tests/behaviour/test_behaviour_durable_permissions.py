"""Durable executions under the guards: what the role of the function, and whoever answers a callback, need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.trace import AccessDenied, FunctionLogged
from tests.fakes.durable_functions import durable_package

pytestmark = pytest.mark.xdist_group("behaviour-durable-permissions")

_ACCOUNT = "arn:aws:iam::123456789012"
_BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
_DURABLE = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy"
_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function"

SOURCE = """
    from aws_durable_execution_sdk_python import durable_execution


    @durable_execution
    def handler(event, context):
        if "call" in event:
            return context.invoke(event["call"], {})
        callback = context.create_callback(name="approval")
        context.step(lambda step: print("callback", callback.callback_id, flush=True), name="send")
        return callback.result()
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


@pytest.fixture(scope="module")
def client(harness: Harness) -> Any:
    """With a function `approve` whose role has the managed policy, and `bare`, whose role only logs."""
    iam, client = harness.client("iam"), harness.client("lambda")
    package = durable_package(SOURCE)
    for name, policy in (("approve", _DURABLE), ("bare", _BASIC)):
        _role(iam, name, "lambda.amazonaws.com")
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=f"{_ACCOUNT}:role/{name}",
            Handler="app.handler",
            Code={"ZipFile": package},
            Timeout=60,
            Publish=True,
            DurableConfig={"ExecutionTimeout": 3600},
        )
    return client


def _role(iam: Any, name: str, service: str = "") -> None:
    principal = {"Service": service} if service else {"AWS": f"{_ACCOUNT}:root"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))


def _started(harness: Harness, client: Any, function: str, **event: str) -> str:
    answer = client.invoke(FunctionName=f"{function}:1", InvocationType="Event", Payload=json.dumps(event))
    harness.drain()
    return str(answer["DurableExecutionArn"])


def test_the_managed_policy_is_enough_and_less_is_told(harness: Harness, client: Any) -> None:
    allowed, denied = _started(harness, client, "approve"), _started(harness, client, "bare")

    assert client.get_durable_execution(DurableExecutionArn=allowed)["Status"] == "RUNNING"
    told = client.get_durable_execution(DurableExecutionArn=denied)
    assert told["Status"] == "FAILED"
    assert "lambda:CheckpointDurableExecution" in told["Error"]["ErrorMessage"]
    (refused,) = {(event.action, event.resource) for event in harness.trace.events if isinstance(event, AccessDenied)}
    assert refused == ("lambda:CheckpointDurableExecution", denied)


def test_a_callback_is_answered_by_who_may_answer_for_its_function(harness: Harness, client: Any) -> None:
    iam = harness.client("iam")
    action = "lambda:SendDurableExecutionCallbackSuccess"
    for name, resource in (("answers", f"{_FUNCTION}:approve:*"), ("answers-others", f"{_FUNCTION}:bare:*")):
        _role(iam, name)
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        iam.put_role_policy(
            RoleName=name,
            PolicyName="answer",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
    execution = _started(harness, client, "approve")
    lines = [event.line for event in harness.trace.events if isinstance(event, FunctionLogged)]
    callback = [line for line in lines if line.startswith("callback ")][-1].split()[1]
    other = harness.client("lambda", role_arn=f"{_ACCOUNT}:role/answers-others")

    with pytest.raises(other.exceptions.ClientError, match="AccessDenied"):
        other.send_durable_execution_callback_success(CallbackId=callback, Result=b"1")
    harness.client("lambda", role_arn=f"{_ACCOUNT}:role/answers").send_durable_execution_callback_success(
        CallbackId=callback, Result=b"1"
    )
    harness.drain()

    assert client.get_durable_execution(DurableExecutionArn=execution)["Status"] == "SUCCEEDED"


def test_a_function_is_called_with_the_execution_role(harness: Harness, client: Any) -> None:
    execution = _started(harness, client, "approve", call="bare:1")

    told = client.get_durable_execution(DurableExecutionArn=execution)

    assert told["Status"] == "FAILED"
    assert "lambda:InvokeFunction" in told["Error"]["ErrorMessage"]
