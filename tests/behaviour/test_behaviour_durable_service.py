"""What durable executions need of Lambda: checkpoint tokens, versions, settings, event source mappings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.durable_functions import DurableRuns, create_durable
from tests.fakes.durable_sources import TROUBLED
from tests.fakes.lambda_api import create_function, delete_functions, refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-durable-service")


@pytest.fixture(scope="module")
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    create_durable(client, "durable", TROUBLED)
    yield client
    delete_functions(client)


@pytest.fixture
def runs(harness: WiredHarness, client: Any) -> DurableRuns:
    return DurableRuns(harness, "durable")


class TestCheckpointTokens:
    def _begun(self, harness: WiredHarness, client: Any) -> tuple[str, str]:
        """An execution whose invocation runs on, with its token."""
        create_function(
            client,
            "manual",
            "import json, time\ndef handler(event, context):\n print(json.dumps(event), flush=True)\n time.sleep(5)\n",
            Publish=True,
            Timeout=60,
            DurableConfig={"ExecutionTimeout": 600},
        )
        before = harness.position()
        client.invoke(FunctionName="manual:1", InvocationType="Event", Payload="{}")
        runs = DurableRuns(harness, "manual")
        runs.until_logged('{"DurableExecutionArn"', after=before)
        event = json.loads(runs.lines('{"DurableExecutionArn"', after=before)[0])
        return event["DurableExecutionArn"], event["CheckpointToken"]

    def test_each_token_is_good_for_one_checkpoint(self, harness: WiredHarness, client: Any) -> None:
        arn, token = self._begun(harness, client)
        start = {"Id": "a", "Type": "STEP", "Action": "START"}

        first = client.checkpoint_durable_execution(
            DurableExecutionArn=arn, CheckpointToken=token, Updates=[start], ClientToken="one"
        )
        repeated = client.checkpoint_durable_execution(
            DurableExecutionArn=arn, CheckpointToken=token, Updates=[start], ClientToken="one"
        )
        stale = refusal(client.checkpoint_durable_execution, DurableExecutionArn=arn, CheckpointToken=token)
        state = client.get_durable_execution_state(DurableExecutionArn=arn, CheckpointToken=first["CheckpointToken"])
        wrong_state = refusal(client.get_durable_execution_state, DurableExecutionArn=arn, CheckpointToken=token)

        assert repeated["CheckpointToken"] == first["CheckpointToken"]
        assert [one["Id"] for one in first["NewExecutionState"]["Operations"]] == ["a"]
        assert stale == wrong_state == (400, "InvalidParameterValueException", "Invalid checkpoint token")
        assert [one["Id"] for one in state["Operations"]][1:] == ["a"]

        for bad, problem in (
            ([start], "Cannot START an operation of type STEP that is STARTED"),
            ([{"Id": "a", "Type": "WAIT", "Action": "CANCEL"}], "Operation a is of type STEP, not WAIT"),
            ([{"Id": "b", "Type": "STEP", "Action": "SUCCEED"}], "that is not there"),
            ([{"Id": "b", "Type": "WAIT", "Action": "START", "ParentId": "a"}], "is no context of this execution"),
        ):
            told = refusal(
                client.checkpoint_durable_execution,
                DurableExecutionArn=arn,
                CheckpointToken=first["CheckpointToken"],
                Updates=bad,
            )
            assert problem in told[2]

        ended = client.checkpoint_durable_execution(
            DurableExecutionArn=arn,
            CheckpointToken=first["CheckpointToken"],
            Updates=[{"Id": "end", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": "5"}],
        )
        assert "CheckpointToken" not in ended
        assert client.get_durable_execution(DurableExecutionArn=arn)["Result"] == "5"
        client.delete_function(FunctionName="manual")


class TestConfiguration:
    def test_it_is_told_and_changed_but_not_added(self, client: Any) -> None:
        create_durable(client, "told", TROUBLED, seconds=60, days=3)
        create_function(client, "ordinary")

        before = client.get_function_configuration(FunctionName="told")["DurableConfig"]
        changed = client.update_function_configuration(FunctionName="told", DurableConfig={"ExecutionTimeout": 90})
        refused = refusal(
            client.update_function_configuration, FunctionName="ordinary", DurableConfig={"ExecutionTimeout": 90}
        )

        assert before == {"ExecutionTimeout": 60, "RetentionPeriodInDays": 3}
        assert changed["DurableConfig"] == {"ExecutionTimeout": 90, "RetentionPeriodInDays": 3}
        assert refused[1] == "InvalidParameterValueException"
        assert "DurableConfig" not in client.get_function_configuration(FunctionName="ordinary")

    @pytest.mark.parametrize(
        "config",
        [
            {"ExecutionTimeout": 31_622_401},
            {"ExecutionTimeout": 1, "RetentionPeriodInDays": 91},
            {"RetentionPeriodInDays": 1},
        ],
        ids=["more than a year", "too many days", "no time-out"],
    )
    def test_its_bounds_hold(self, client: Any, config: dict[str, int]) -> None:
        told = refusal(lambda **settings: create_function(client, "bounded", **settings), DurableConfig=config)

        assert told[0] == 400

    def test_an_execution_stays_on_its_version(self, harness: WiredHarness, client: Any) -> None:
        create_durable(client, "moved", TROUBLED)
        client.create_alias(FunctionName="moved", Name="live", FunctionVersion="1")
        runs = DurableRuns(harness, "moved", "live")
        arn = runs.start(case="rests", seconds=60)

        client.update_function_code(FunctionName="moved", ZipFile=zip_of("def handler(e, c): return 1"), Publish=True)
        client.update_alias(FunctionName="moved", Name="live", FunctionVersion="2")
        runs.advance(seconds=60)

        assert runs.result(arn) == "rested"
        assert runs.told(arn)["Version"] == "1"

    def test_its_executions_go_with_the_function(self, harness: WiredHarness, client: Any) -> None:
        create_durable(client, "gone", TROUBLED)
        runs = DurableRuns(harness, "gone")
        arn = runs.start(case="rests", seconds=60)

        client.delete_function(FunctionName="gone")
        runs.advance(seconds=60)

        assert refusal(client.get_durable_execution, DurableExecutionArn=arn)[1] == "ResourceNotFoundException"


class TestEventSourceMappings:
    def test_a_batch_is_settled_when_its_execution_has_ended_and_nobody_waits_meanwhile(
        self, harness: WiredHarness, client: Any
    ) -> None:
        sqs = harness.aws("sqs")
        url = sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "900"})["QueueUrl"]
        create_durable(client, "batches", TROUBLED, seconds=900)
        mapping = client.create_event_source_mapping(
            FunctionName="batches:1", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:jobs"
        )["UUID"]
        runs = DurableRuns(harness, "batches")
        before = harness.position()

        sqs.send_message(QueueUrl=url, MessageBody="1")
        harness.drain()
        settled_early = harness.events("RecordBatchSettled", after=before)
        runs.advance(minutes=5)

        assert settled_early == []
        (settled,) = harness.events("RecordBatchSettled", after=before)
        assert settled["outcome"] == "success"
        client.delete_event_source_mapping(UUID=mapping)

    @pytest.mark.parametrize(
        ("function", "seconds"), [("mapped", 60), ("mapped:1", 901)], ids=["unqualified", "longer than it may wait"]
    )
    def test_what_a_mapping_cannot_invoke_is_refused(
        self, harness: WiredHarness, client: Any, function: str, seconds: int
    ) -> None:
        harness.aws("sqs").create_queue(QueueName="refused", Attributes={"VisibilityTimeout": "900"})
        create_durable(client, "mapped", TROUBLED, seconds=seconds)

        told = refusal(
            client.create_event_source_mapping,
            FunctionName=function,
            EventSourceArn="arn:aws:sqs:us-east-1:123456789012:refused",
        )
        client.delete_function(FunctionName="mapped")

        assert told[1] == "InvalidParameterValueException"
