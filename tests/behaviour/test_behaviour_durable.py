"""Durable functions that AWS's own SDK runs, through the Lambda API, on the harness's clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.durable_functions import DurableRuns, create_durable
from tests.fakes.durable_sources import RESTING
from tests.fakes.lambda_api import create_function, delete_functions, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-durable")


@pytest.fixture(scope="module")
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    create_durable(client, "durable", RESTING)
    yield client
    delete_functions(client)


@pytest.fixture
def runs(harness: WiredHarness, client: Any) -> DurableRuns:
    return DurableRuns(harness, "durable")


class TestResting:
    def test_a_wait_of_days_ends_when_the_clock_comes_to_it(self, harness: WiredHarness, runs: DurableRuns) -> None:
        before = harness.position()
        arn = runs.start(case="waits", n=1, seconds=2 * 86_400)

        rests = runs.status(arn)
        runs.advance(days=1)
        still = runs.status(arn)
        runs.advance(days=1)

        assert (rests, still) == ("RUNNING", "RUNNING")
        assert runs.result(arn) == {"value": 20}
        # Steps that were checkpointed do not run again.
        assert runs.lines("ran", after=before) == ["ran first", "ran second"]
        assert runs.kinds(arn) == [
            *("ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted", "InvocationCompleted"),
            *("WaitSucceeded", "StepStarted", "StepSucceeded", "InvocationCompleted", "ExecutionSucceeded"),
        ]

    def test_drain_tells_what_is_waited_for_and_does_not_wait_itself(
        self, harness: WiredHarness, runs: DurableRuns
    ) -> None:
        before = harness.position()
        arn = runs.start(case="waits", n=1, seconds=86_400)

        drained = harness.call("POST", "drain", {"timeout_seconds": 120}).json()

        labels = [timer["what"] for timer in drained["scheduled"]]
        assert "wait nap of durable" in labels
        (rest,) = harness.events("DurableExecutionSuspended", after=before)
        assert (rest["execution"], rest["waits_for"]) == (arn, ["WAIT nap"])
        runs.advance(days=1)
        assert runs.status(arn) == "SUCCEEDED"

    def test_a_failed_step_is_tried_again_when_its_time_comes(self, harness: WiredHarness, runs: DurableRuns) -> None:
        before = harness.position()
        arn = runs.start(case="retries", most=5)

        runs.advance(minutes=9)
        after_nine = list(runs.lines("ran attempt", after=before))
        runs.advance(minutes=1)
        runs.advance(minutes=10)

        assert after_nine == ["ran attempt 1"]
        assert runs.lines("ran attempt", after=before) == ["ran attempt 1", "ran attempt 2", "ran attempt 3"]
        assert runs.result(arn) == 3
        failed = [event["StepFailedDetails"] for event in runs.history(arn) if event["EventType"] == "StepFailed"]
        assert [one["RetryDetails"] for one in failed] == [
            {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 600},
            {"CurrentAttempt": 2, "NextAttemptDelaySeconds": 600},
        ]

    def test_a_step_that_gives_up_fails_the_execution(self, runs: DurableRuns) -> None:
        arn = runs.start(case="retries", most=2)

        runs.advance(minutes=10)

        told = runs.told(arn)
        assert told["Status"] == "FAILED"
        assert told["Error"]["ErrorMessage"] == "attempt 2"
        assert "Result" not in told

    def test_a_condition_is_polled_by_the_clock(self, runs: DurableRuns) -> None:
        arn = runs.start(case="polls")

        runs.advance(hours=1)
        runs.advance(hours=1)

        assert runs.result(arn) == 3

    def test_branches_rest_each_for_itself(self, harness: WiredHarness, runs: DurableRuns) -> None:
        before = harness.position()
        arn = runs.start(case="branches")

        runs.advance(days=1)
        first = list(runs.lines("ran", after=before))
        runs.advance(days=2)

        assert first == ["ran after 1"]
        assert runs.lines("ran", after=before) == ["ran after 1", "ran after 3"]
        assert runs.result(arn) == [1, 3]

    def test_more_operations_than_fit_a_page_are_replayed(self, harness: WiredHarness, runs: DurableRuns) -> None:
        before = harness.position()
        arn = runs.start(case="many", count=130)

        runs.advance(seconds=5)

        assert runs.result(arn) == 130
        assert len(runs.lines("ran one", after=before)) == 130
        called = [event["operation"] for event in harness.events("ServiceCalled", after=before)]
        assert "GetDurableExecutionState" in called


class TestCallbacks:
    def _id(self, runs: DurableRuns, harness: WiredHarness, after: int) -> str:
        (line,) = runs.lines("ran sent ", after=after)
        return line.removeprefix("ran sent ")

    def test_the_answer_goes_to_the_function(self, harness: WiredHarness, runs: DurableRuns, client: Any) -> None:
        before = harness.position()
        arn = runs.start(case="asks")
        callback = self._id(runs, harness, before)

        client.send_durable_execution_callback_success(CallbackId=callback, Result=b'"yes"')
        harness.drain()

        assert runs.result(arn) == {"answer": '"yes"'}
        told = refusal(client.send_durable_execution_callback_success, CallbackId=callback, Result=b'"no"')
        assert told[1] == "CallbackTimeoutException"

    def test_a_failure_goes_to_the_function(self, harness: WiredHarness, runs: DurableRuns, client: Any) -> None:
        before = harness.position()
        arn = runs.start(case="asks")
        callback = self._id(runs, harness, before)

        client.send_durable_execution_callback_failure(
            CallbackId=callback, Error={"ErrorType": "Declined", "ErrorMessage": "not today"}
        )
        harness.drain()

        assert runs.status(arn) == "FAILED"
        assert "CallbackFailed" in runs.kinds(arn)
        assert runs.told(arn)["Error"]["ErrorMessage"] == "not today"

    def test_it_times_out_by_the_clock(self, harness: WiredHarness, runs: DurableRuns, client: Any) -> None:
        before = harness.position()
        arn = runs.start(case="asks", timeout=3600)
        callback = self._id(runs, harness, before)

        runs.advance(hours=1)

        assert runs.status(arn) == "FAILED"
        assert "CallbackTimedOut" in runs.kinds(arn)
        assert refusal(client.send_durable_execution_callback_heartbeat, CallbackId=callback)[1] == (
            "CallbackTimeoutException"
        )

    def test_a_sign_of_life_puts_the_end_off(self, harness: WiredHarness, runs: DurableRuns, client: Any) -> None:
        before = harness.position()
        arn = runs.start(case="asks", timeout=3600, heartbeat=60)
        callback = self._id(runs, harness, before)

        runs.advance(seconds=50)
        client.send_durable_execution_callback_heartbeat(CallbackId=callback)
        runs.advance(seconds=50)
        lives = runs.status(arn)
        runs.advance(seconds=10)

        assert (lives, runs.status(arn)) == ("RUNNING", "FAILED")
        timed_out = [event for event in runs.history(arn) if event["EventType"] == "CallbackTimedOut"]
        assert timed_out[0]["CallbackTimedOutDetails"]["Error"]["Payload"]["ErrorType"] == "Callback.Heartbeat"

    def test_an_unknown_id_is_told(self, client: Any) -> None:
        told = refusal(client.send_durable_execution_callback_success, CallbackId="bm9uZQ==", Result=b"1")

        assert told[:2] == (404, "ResourceNotFoundException")


class TestChainedInvokes:
    def test_an_ordinary_function_answers(self, harness: WiredHarness, runs: DurableRuns, client: Any) -> None:
        create_function(client, "plain", "def handler(event, context): return event['n'] * 2")

        arn = runs.start(case="calls", function="plain")

        assert runs.result(arn) == {"called": 8}
        (started,) = [event for event in runs.history(arn) if event["EventType"] == "ChainedInvokeStarted"]
        assert started["ChainedInvokeStartedDetails"]["ExecutedVersion"] == "$LATEST"

    def test_a_durable_function_answers_when_it_has_ended(
        self, harness: WiredHarness, runs: DurableRuns, client: Any
    ) -> None:
        create_durable(
            client,
            "child",
            """
            from aws_durable_execution_sdk_python import durable_execution
            from aws_durable_execution_sdk_python.config import Duration

            @durable_execution
            def handler(event, context):
                context.wait(Duration.from_days(2))
                return event["n"] + 1
            """,
        )

        arn = runs.start(case="calls", function="child:1")
        rests = runs.status(arn)
        runs.advance(days=2)

        assert rests == "RUNNING"
        assert runs.result(arn) == {"called": 5}
        (listed,) = client.list_durable_executions_by_function(FunctionName="child")["DurableExecutions"]
        assert listed["Status"] == "SUCCEEDED"

    @pytest.mark.parametrize(
        ("function", "error_type"),
        [("missing", "ResourceNotFoundException"), ("durable", "InvalidParameterValueException")],
        ids=["no such function", "a durable one without a qualifier"],
    )
    def test_what_cannot_be_called_fails_the_operation(self, runs: DurableRuns, function: str, error_type: str) -> None:
        arn = runs.start(case="calls", function=function)

        assert runs.status(arn) == "FAILED"
        (failed,) = [event for event in runs.history(arn) if event["EventType"] == "ChainedInvokeFailed"]
        assert failed["ChainedInvokeFailedDetails"]["Error"]["Payload"]["ErrorType"] == error_type
