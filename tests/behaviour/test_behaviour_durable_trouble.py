"""Durable executions that are interrupted, stopped, paused, or too long."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fakes.durable_functions import DurableRuns, create_durable
from tests.fakes.durable_sources import TROUBLED
from tests.fakes.lambda_api import create_function, delete_functions, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-durable-trouble")


def _in_background(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


@pytest.fixture(scope="module")
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    create_durable(client, "durable", TROUBLED)
    yield client
    delete_functions(client)


@pytest.fixture
def runs(harness: WiredHarness, client: Any) -> DurableRuns:
    return DurableRuns(harness, "durable")


def in_the_middle_of_a_step(client: Any, runs: DurableRuns, name: str, *, after: int) -> str:
    """An execution that works on a step. after: a position of the harness before it."""
    client.invoke(
        FunctionName="durable:1",
        InvocationType="Event",
        DurableExecutionName=name,
        Payload=json.dumps({"case": "holds"}),
    )
    runs.until_logged("ran long", after=after)
    return runs.named(name)


class TestInterruption:
    def test_a_step_that_was_cut_off_runs_again_and_those_before_it_do_not(
        self, harness: WiredHarness, runs: DurableRuns
    ) -> None:
        before = harness.position()
        arn = runs.start(case="crashes", name="a", semantics="AT_LEAST_ONCE_PER_RETRY")

        cut_off = runs.status(arn)
        runs.advance(seconds=1)

        assert cut_off == "RUNNING"
        assert runs.result(arn) == [7, "alive"]
        assert runs.lines("ran", after=before) == ["ran before", "ran dies", "ran dies"]
        retries = harness.events("InvocationRetryScheduled", after=before)
        assert [(event["reason"], event["delay_seconds"]) for event in retries] == [("Runtime.ExitError", 1)]

    def test_a_step_that_may_run_once_is_not_run_again(self, harness: WiredHarness, runs: DurableRuns) -> None:
        before = harness.position()
        arn = runs.start(case="crashes", name="b", semantics="AT_MOST_ONCE_PER_RETRY")

        runs.advance(seconds=1)

        assert runs.status(arn) == "FAILED"
        assert "previously interrupted" in runs.told(arn)["Error"]["ErrorMessage"]
        assert runs.lines("ran", after=before) == ["ran before", "ran dies"]

    def test_an_invocation_that_timed_out_is_made_again(self, harness: WiredHarness, client: Any) -> None:
        create_durable(client, "short", TROUBLED, Timeout=4)
        runs = DurableRuns(harness, "short")
        before = harness.position()

        arn = runs.start(case="hangs", name="c")
        runs.advance(seconds=1)

        assert runs.result(arn) == "done"
        assert runs.lines("ran", after=before) == ["ran before"]
        (failed,) = [
            event["InvocationCompletedDetails"]["Error"]
            for event in runs.history(arn)
            if event["EventType"] == "InvocationCompleted" and "Error" in event["InvocationCompletedDetails"]
        ]
        assert failed["Payload"]["ErrorType"] == "Sandbox.Timedout"

    def test_a_package_that_cannot_be_loaded_ends_it_at_once(self, harness: WiredHarness, client: Any) -> None:
        create_durable(client, "unloadable", "import no_such_module")

        answer = client.invoke(FunctionName="unloadable:1", Payload="{}")

        assert json.loads(answer["Payload"].read())["errorType"] == "Runtime.ImportModuleError"

    @pytest.mark.parametrize(
        ("source", "problem"),
        [
            ("def handler(event, context): return {'ok': True}", "no Status of SUCCEEDED, FAILED, PENDING"),
            ("def handler(event, context): return {'Status': 'SUCCEEDED', 'Result': 1}", "is no text"),
            ("def handler(event, context): return {'Status': 'PENDING'}", "nothing to wait for"),
        ],
        ids=["not a durable handler", "a result that is no text", "pending without a reason"],
    )
    def test_a_handler_that_gives_something_else_fails(
        self, harness: WiredHarness, client: Any, source: str, problem: str
    ) -> None:
        create_function(client, "other", source, Publish=True, DurableConfig={"ExecutionTimeout": 60})

        answer = client.invoke(FunctionName="other:1", Payload="{}")
        client.delete_function(FunctionName="other")

        assert problem in json.loads(answer["Payload"].read())["errorMessage"]


class TestEnds:
    def test_it_times_out_by_the_clock(self, harness: WiredHarness, client: Any) -> None:
        create_durable(client, "limited", TROUBLED, seconds=3600)
        runs = DurableRuns(harness, "limited")
        arn = runs.start(case="rests", seconds=7200)

        runs.advance(seconds=3540)
        before = runs.status(arn)
        runs.advance(seconds=60)

        assert (before, runs.status(arn)) == ("RUNNING", "TIMED_OUT")
        assert runs.kinds(arn)[-1] == "ExecutionTimedOut"

    def test_who_waits_waits_no_longer_than_fifteen_minutes(self, harness: WiredHarness, client: Any) -> None:
        answers: list[Any] = []
        runs = DurableRuns(harness, "durable")
        before = harness.position()
        waiting = _in_background(
            lambda: answers.append(
                client.invoke(FunctionName="durable:1", Payload=json.dumps({"case": "rests", "seconds": 1800}))
            )
        )
        runs.until_logged("ran before", after=before)

        runs.advance(minutes=15)
        waiting.join(20)

        assert answers[0]["FunctionError"] == "Unhandled"
        assert runs.status(answers[0]["DurableExecutionArn"]) == "TIMED_OUT"

    def test_stopped_it_takes_no_checkpoint_any_more(
        self, harness: WiredHarness, client: Any, runs: DurableRuns
    ) -> None:
        before = harness.position()
        client.invoke(
            FunctionName="durable:1",
            InvocationType="Event",
            DurableExecutionName="stopped",
            Payload=json.dumps({"case": "holds"}),
        )
        runs.until_logged("ran long", after=before)
        arn = runs.named("stopped")

        client.stop_durable_execution(
            DurableExecutionArn=arn, Error={"ErrorType": "Operator", "ErrorMessage": "enough"}
        )
        again = client.stop_durable_execution(DurableExecutionArn=arn)

        assert runs.status(arn) == "STOPPED"
        assert runs.told(arn)["Error"] == {"ErrorType": "Operator", "ErrorMessage": "enough"}
        assert again["StopTimestamp"] == runs.told(arn)["EndTimestamp"]
        harness.drain()
        # The step that ran goes on to its end, and learns there that nothing is taken any more.
        assert runs.lines("ran", after=before) == ["ran long"]
        assert [event["status"] for event in harness.events("InvocationEnded", after=before)] == ["error"]
        assert runs.kinds(arn)[-1] == "InvocationCompleted"

    def test_one_that_rests_is_stopped_for_good(self, harness: WiredHarness, client: Any, runs: DurableRuns) -> None:
        before = harness.position()
        arn = runs.start(case="rests", seconds=60)

        client.stop_durable_execution(DurableExecutionArn=arn)
        runs.advance(seconds=60)

        assert runs.status(arn) == "STOPPED"
        assert runs.lines("ran", after=before) == ["ran before"]

    def test_an_event_that_failed_goes_to_the_dead_letter_queue(self, harness: WiredHarness, client: Any) -> None:
        sqs = harness.aws("sqs")
        url = sqs.create_queue(QueueName="dead")["QueueUrl"]
        queue = "arn:aws:sqs:us-east-1:123456789012:dead"
        create_durable(client, "lettered", TROUBLED, DeadLetterConfig={"TargetArn": queue})
        runs = DurableRuns(harness, "lettered")

        arn = runs.start(case="nonsense")
        harness.drain()

        (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        assert json.loads(message["Body"]) == {"case": "nonsense"}
        assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "'nonsense'"
        assert runs.status(arn) == "FAILED"

    def test_a_finished_one_is_deleted_and_an_open_one_is_not(self, client: Any, runs: DurableRuns) -> None:
        arn = runs.start(case="rests", seconds=60)

        told = refusal(client.delete_durable_execution, DurableExecutionArn=arn)
        runs.advance(seconds=60)
        client.delete_durable_execution(DurableExecutionArn=arn)

        assert told[:2] == (409, "ResourceConflictException")
        assert refusal(client.get_durable_execution, DurableExecutionArn=arn)[1] == "ResourceNotFoundException"


class TestPauses:
    def test_waits_end_in_a_pause_and_the_function_runs_after_it(
        self, harness: WiredHarness, client: Any, runs: DurableRuns
    ) -> None:
        before = harness.position()
        arn = runs.start(case="rests", seconds=60)

        client.pause_durable_execution(DurableExecutionArn=arn, Reason="deployment")
        paused = runs.told(arn)
        runs.advance(seconds=60)
        still = runs.status(arn)
        client.resume_durable_execution(DurableExecutionArn=arn)
        harness.drain()

        assert (paused["Status"], paused["PauseDetails"]["Reason"]) == ("PAUSED", "deployment")
        assert still == "PAUSED"
        assert runs.result(arn) == "rested"
        assert runs.lines("ran", after=before) == ["ran before", "ran after"]
        kinds = runs.kinds(arn)
        assert kinds.index("ExecutionPaused") < kinds.index("WaitSucceeded") < kinds.index("ExecutionResumed")

    def test_a_pause_stops_the_time_out_unless_asked_not_to(self, harness: WiredHarness, client: Any) -> None:
        create_durable(client, "hourly", TROUBLED, seconds=3600)
        runs = DurableRuns(harness, "hourly")
        stands, runs_on = runs.start(case="rests", seconds=7000), runs.start(case="rests", seconds=7000)

        client.pause_durable_execution(DurableExecutionArn=stands)
        client.pause_durable_execution(DurableExecutionArn=runs_on, ExecutionTimeoutPaused=False)
        runs.advance(hours=2)
        client.resume_durable_execution(DurableExecutionArn=stands)
        harness.drain()

        assert runs.result(stands) == "rested"
        assert runs.status(runs_on) == "TIMED_OUT"

    def test_a_pause_takes_effect_at_the_next_checkpoint(
        self, harness: WiredHarness, client: Any, runs: DurableRuns
    ) -> None:
        before = harness.position()
        arn = in_the_middle_of_a_step(client, runs, "held", after=before)

        client.pause_durable_execution(DurableExecutionArn=arn)
        pausing = runs.status(arn)
        harness.drain()
        paused, ran = runs.status(arn), list(runs.lines("ran", after=before))
        client.resume_durable_execution(DurableExecutionArn=arn)
        harness.drain()

        assert (pausing, paused, ran) == ("PAUSING", "PAUSED", ["ran long"])
        assert runs.result(arn) == 2
        assert runs.lines("ran", after=before) == ["ran long", "ran after"]

    def test_a_pause_is_taken_back_before_it_takes_effect(
        self, harness: WiredHarness, client: Any, runs: DurableRuns
    ) -> None:
        before = harness.position()
        arn = in_the_middle_of_a_step(client, runs, "not-held", after=before)

        client.pause_durable_execution(DurableExecutionArn=arn)
        client.resume_durable_execution(DurableExecutionArn=arn)
        harness.drain()

        assert runs.result(arn) == 2
        assert "ExecutionPaused" not in runs.kinds(arn)

    def test_what_does_not_run_is_not_paused_and_what_is_not_paused_not_resumed(
        self, client: Any, runs: DurableRuns
    ) -> None:
        ended = runs.start(case="rests", seconds=1)
        runs.advance(seconds=1)
        rests = runs.start(case="rests", seconds=60)

        for call, arn in ((client.pause_durable_execution, ended), (client.resume_durable_execution, rests)):
            assert refusal(call, DurableExecutionArn=arn)[:2] == (409, "ResourceConflictException")
