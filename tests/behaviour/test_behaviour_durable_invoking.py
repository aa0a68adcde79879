"""How durable functions are invoked, and what the API tells of their executions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.durable_functions import DurableRuns, create_durable
from tests.fakes.durable_sources import RESTING
from tests.fakes.lambda_api import delete_functions, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-durable-invoking")


@pytest.fixture(scope="module")
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    create_durable(client, "durable", RESTING)
    yield client
    delete_functions(client)


@pytest.fixture
def runs(harness: WiredHarness, client: Any) -> DurableRuns:
    return DurableRuns(harness, "durable")


class TestInvoking:
    def test_a_synchronous_caller_gets_the_result(self, client: Any) -> None:
        answer = client.invoke(FunctionName="durable:1", Payload=json.dumps({"case": "waits", "n": 2, "seconds": 1}))

        assert json.loads(answer["Payload"].read()) == {"value": 30}
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "1")
        assert ":function:durable:1/durable-execution/" in answer["DurableExecutionArn"]

    def test_a_synchronous_caller_gets_the_error(self, client: Any) -> None:
        answer = client.invoke(FunctionName="durable:1", Payload=json.dumps({"case": "fails"}))

        assert answer["FunctionError"] == "Unhandled"
        error = json.loads(answer["Payload"].read())
        assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such order")

    def test_an_unqualified_name_is_refused(self, client: Any) -> None:
        for kind in ("RequestResponse", "Event", "DryRun"):
            told = refusal(client.invoke, FunctionName="durable", InvocationType=kind, Payload="{}")

            assert told == (
                400,
                "InvalidParameterValueException",
                "You cannot invoke a durable function using an unqualified ARN.",
            )

    def test_latest_is_a_qualifier(self, client: Any) -> None:
        answer = client.invoke(FunctionName="durable:$LATEST", Payload=json.dumps({"case": "large", "bytes": 3}))

        assert json.loads(answer["Payload"].read()) == "xxx"
        assert ":function:durable:$LATEST/durable-execution/" in answer["DurableExecutionArn"]

    def test_an_alias_leads_to_its_version(self, client: Any) -> None:
        client.create_alias(FunctionName="durable", Name="live", FunctionVersion="1")

        answer = client.invoke(FunctionName="durable:live", Payload=json.dumps({"case": "large", "bytes": 1}))

        assert ":function:durable:1/durable-execution/" in answer["DurableExecutionArn"]

    def test_the_same_name_gives_the_same_execution(self, client: Any, runs: DurableRuns) -> None:
        payload = json.dumps({"case": "waits", "n": 1, "seconds": 3600})
        named = {"FunctionName": "durable:1", "DurableExecutionName": "order-1", "Payload": payload}

        first = client.invoke(InvocationType="Event", **named)["DurableExecutionArn"]
        again = client.invoke(InvocationType="Event", **named)["DurableExecutionArn"]
        other = refusal(client.invoke, **{**named, "Payload": "{}"})
        runs.advance(hours=1)
        ended = client.invoke(**named)

        assert first == again == ended["DurableExecutionArn"]
        assert "/durable-execution/order-1/" in first
        assert other[:2] == (409, "DurableExecutionAlreadyStartedException")
        assert json.loads(ended["Payload"].read()) == {"value": 20}
        assert runs.kinds(first).count("ExecutionStarted") == 1

    def test_who_waits_meanwhile_gets_what_it_ends_with(self, client: Any, runs: DurableRuns) -> None:
        named = {"DurableExecutionName": "attached", "Payload": json.dumps({"case": "waits", "n": 4, "seconds": 600})}
        answers: list[Any] = []
        client.invoke(FunctionName="durable:1", InvocationType="Event", **named)

        waiting = threading.Thread(
            target=lambda: answers.append(client.invoke(FunctionName="durable:1", **named)["Payload"].read())
        )
        waiting.start()
        runs.advance(minutes=10)
        waiting.join(20)

        assert [json.loads(answer) for answer in answers] == [{"value": 50}]

    def test_a_name_is_forgotten_after_the_retention(self, harness: WiredHarness, client: Any) -> None:
        create_durable(client, "brief", RESTING, days=1)
        runs = DurableRuns(harness, "brief")
        named = {"FunctionName": "brief:1", "DurableExecutionName": "again", "InvocationType": "Event"}
        first = client.invoke(Payload=json.dumps({"case": "large", "bytes": 1}), **named)["DurableExecutionArn"]
        harness.drain()

        runs.advance(days=1)
        gone = refusal(client.get_durable_execution, DurableExecutionArn=first)
        second = client.invoke(Payload=json.dumps({"case": "large", "bytes": 2}), **named)["DurableExecutionArn"]
        harness.drain()

        assert gone[1] == "ResourceNotFoundException"
        assert second != first
        assert runs.result(second) == "xx"

    @pytest.mark.parametrize("name", ["with space", "ü", "x" * 65])
    def test_a_name_has_a_form(self, harness: WiredHarness, client: Any, name: str) -> None:
        answer = harness.invoke(
            "durable", qualifier="1", headers={"x-amz-durable-execution-name": name.encode().decode("latin-1")}
        )

        assert answer.status == 400
        assert answer.headers["x-amzn-errortype"] == "ValidationException"

    def test_a_response_stream_is_refused(self, client: Any) -> None:
        told = refusal(client.invoke_with_response_stream, FunctionName="durable:1", Payload="{}")

        assert told[1] == "InvalidParameterValueException"


class TestLooking:
    def test_executions_are_listed_and_filtered(self, client: Any, runs: DurableRuns) -> None:
        ended = runs.start(case="large", bytes=1)
        rests = runs.start(case="asks")

        listed = client.list_durable_executions_by_function(FunctionName="durable")["DurableExecutions"]
        running = client.list_durable_executions_by_function(FunctionName="durable", Statuses=["RUNNING"])
        oldest = client.list_durable_executions_by_function(FunctionName="durable", ReverseOrder=True, MaxItems=1)
        none = client.list_durable_executions_by_function(FunctionName="durable", DurableExecutionName="nobody")

        assert [one["DurableExecutionArn"] for one in listed[:2]] == [rests, ended]
        assert rests in [one["DurableExecutionArn"] for one in running["DurableExecutions"]]
        assert ended not in [one["DurableExecutionArn"] for one in running["DurableExecutions"]]
        assert oldest["DurableExecutions"][0] == listed[-1]
        assert "NextMarker" in oldest
        assert none["DurableExecutions"] == []

    def test_data_is_left_out_on_request(self, client: Any, runs: DurableRuns) -> None:
        arn = runs.start(case="waits", n=1, seconds=60)

        told = client.get_durable_execution(DurableExecutionArn=arn, IncludeExecutionData=False)
        events = client.get_durable_execution_history(DurableExecutionArn=arn, IncludeExecutionData=False)["Events"]
        backwards = client.get_durable_execution_history(DurableExecutionArn=arn, ReverseOrder=True)["Events"]

        assert "InputPayload" not in told
        assert told["ExecutionDataIncluded"] is False
        assert "waits" not in json.dumps(events, default=str)
        assert [event["EventId"] for event in backwards] == sorted((e["EventId"] for e in events), reverse=True)

    def test_a_missing_execution_is_told(self, client: Any) -> None:
        arn = "arn:aws:lambda:us-east-1:123456789012:function:durable:1/durable-execution/none/none"

        for call in (client.get_durable_execution, client.get_durable_execution_history, client.stop_durable_execution):
            assert refusal(call, DurableExecutionArn=arn)[:2] == (404, "ResourceNotFoundException")
