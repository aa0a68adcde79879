"""What EventBridge is told of executions that begin and end.

Source: AWS Step Functions Developer Guide, "Automating Step Functions event delivery with EventBridge".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"
FAIL = {"Type": "Fail", "Error": "Declined", "Cause": "no credit"}


class Told:
    """Machines, and what a rule for every change of their executions told a queue."""

    def __init__(self, harness: WiredHarness) -> None:
        self._harness, self._states, self._sqs = harness, harness.aws("stepfunctions"), harness.aws("sqs")
        policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": QUEUE}]}
        self._queue = self._sqs.create_queue(QueueName="told", Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
        events = harness.aws("events")
        pattern = {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]}
        events.put_rule(Name="told", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="told", Targets=[{"Id": "1", "Arn": QUEUE}])

    def begin(self, state: dict[str, Any], *, name: str, given: object, kind: str = "STANDARD") -> str:
        """The ARN of an execution called `one` of a machine with one state."""
        definition = json.dumps({"StartAt": "Only", "States": {"Only": state}})
        machine = self._states.create_state_machine(name=name, definition=definition, roleArn=ROLE, type=kind)
        arn = machine["stateMachineArn"]
        return str(
            self._states.start_execution(stateMachineArn=arn, name="one", input=json.dumps(given))["executionArn"]
        )

    def stop(self, execution: str) -> None:
        self._states.stop_execution(executionArn=execution, error="Enough", cause="of this")

    def events(self) -> list[dict[str, Any]]:
        """By time and status."""
        self._harness.drain()
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return sorted(found, key=lambda event: event["detail"]["status"] != "RUNNING")


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with WiredHarness() as harness:
        yield Told(harness)


def test_an_execution_is_told_of_when_it_begins_and_when_it_succeeds(told: Told) -> None:
    arn = told.begin({"Type": "Pass", "Result": {"b": 2}, "End": True}, name="good", given={"a": 1})

    begun, ended = told.events()

    assert (begun["source"], begun["resources"], begun["account"], begun["region"]) == (
        "aws.states",
        [arn],
        ACCOUNT,
        REGION,
    )
    assert begun["detail"]["status"] == "RUNNING"
    assert (begun["detail"]["stopDate"], begun["detail"]["output"], begun["detail"]["outputDetails"]) == (None,) * 3
    detail = ended["detail"]
    assert detail["startDate"] == begun["detail"]["startDate"] <= detail["stopDate"]
    del detail["startDate"], detail["stopDate"]
    assert detail == {
        "executionArn": arn,
        "stateMachineArn": arn.replace(":execution:", ":stateMachine:").removesuffix(":one"),
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": "one",
        "status": "SUCCEEDED",
        "input": '{"a":1}',
        "output": '{"b":2}',
        "inputDetails": {"included": True},
        "outputDetails": {"included": True},
        "error": None,
        "cause": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_a_failure_is_told_with_its_error(told: Told) -> None:
    told.begin(FAIL, name="bad", given={})

    detail = told.events()[-1]["detail"]

    assert (detail["status"], detail["error"], detail["cause"]) == ("FAILED", "Declined", "no credit")
    assert (detail["output"], detail["redriveStatus"], detail["redriveStatusReason"]) == (None, "REDRIVABLE", None)


def test_a_stopped_execution_is_aborted(told: Told) -> None:
    execution = told.begin({"Type": "Wait", "Seconds": 3600, "End": True}, name="slow", given={})
    told.stop(execution)

    assert [event["detail"]["status"] for event in told.events()] == ["RUNNING", "ABORTED"]


def test_input_that_is_too_long_is_left_out(told: Told) -> None:
    told.begin({"Type": "Pass", "Result": "short", "End": True}, name="long", given="x" * (248 * 1024))

    detail = told.events()[-1]["detail"]

    assert (detail["input"], detail["inputDetails"], detail["output"]) == (None, {"included": False}, '"short"')


def test_express_executions_are_not_told_of(told: Told) -> None:
    told.begin(FAIL, name="express", given={}, kind="EXPRESS")

    assert told.events() == []
