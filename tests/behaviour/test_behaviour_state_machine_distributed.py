"""Distributed Map states run: batches, datasets in S3, thresholds of failures, exported results.

Source, unless a test says another: AWS Step Functions Developer Guide, "Using Map state in Distributed mode for
large-scale parallel workloads in Step Functions" and "Setting failure thresholds for Distributed Map states".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.event_source import ACCOUNT
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
PASS = {"Type": "Pass", "End": True}
# Fails for what the variable `n` names.
FAIL_ONE = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.n", "NumericLessThan": 2, "Next": "Fail"}],
    "Default": "Done",
}
FAILING = {"Choose": FAIL_ONE, "Fail": {"Type": "Fail", "Error": "Bad", "Cause": "why"}, "Done": {"Type": "Succeed"}}
FOUR = [{"n": number} for number in range(4)]


class Maps:
    """Runs a distributed Map state as a machine of its own."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.states, self.s3 = harness, harness.aws("stepfunctions"), harness.aws("s3")
        self._machines: list[str] = []

    def run(
        self, value: object, states: Mapping[str, Any] | None = None, language: str = "JSONPath", **fields: Any
    ) -> dict[str, Any]:
        """The execution, described once nothing is left to do."""
        inner = {"Pass": PASS} if states is None else states
        config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
        processor = {"ProcessorConfig": config, "StartAt": next(iter(inner)), "States": inner}
        state = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
        definition = {"QueryLanguage": language, "StartAt": "Map", "States": {"Map": state}}
        machine = self.states.create_state_machine(
            name=f"map-{len(self._machines)}", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        self._machines.append(machine)
        execution = self.states.start_execution(stateMachineArn=machine, input=json.dumps(value))["executionArn"]
        self.harness.drain()
        return dict(self.states.describe_execution(executionArn=execution))

    def kinds(self, described: Mapping[str, Any]) -> list[str]:
        history = self.states.get_execution_history(executionArn=described["executionArn"])
        return [event["type"] for event in history["events"]]

    def remove(self) -> None:
        for machine in self._machines:
            self.states.delete_state_machine(stateMachineArn=machine)


@pytest.fixture
def maps(harness: WiredHarness) -> Iterator[Maps]:
    made = Maps(harness)
    yield made
    made.remove()


@pytest.fixture
def bucket(maps: Maps) -> Iterator[str]:
    maps.s3.create_bucket(Bucket="datasets")
    yield "datasets"
    for page in maps.s3.get_paginator("list_objects_v2").paginate(Bucket="datasets"):
        for found in page.get("Contents", ()):
            maps.s3.delete_object(Bucket="datasets", Key=found["Key"])
    maps.s3.delete_bucket(Bucket="datasets")


def output(described: Mapping[str, Any]) -> Any:
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


def test_items_are_selected_and_batched(maps: Maps) -> None:
    selector = {"value.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index", "from.$": "$$.Map.Item.Source"}
    batcher = {"MaxItemsPerBatchPath": "$.most", "BatchInput": {"factor.$": "$.factor"}}

    ended = maps.run(
        {"factor": 7, "most": 2, "numbers": [10, 20, 30]},
        ItemsPath="$.numbers",
        ItemSelector=selector,
        ItemBatcher=batcher,
    )

    first, second = output(ended)
    assert first["BatchInput"] == second["BatchInput"] == {"factor": 7}
    assert first["Items"] == [{"value": n, "at": at, "from": "STATE_DATA"} for at, n in enumerate((10, 20))]
    assert [item["value"] for item in second["Items"]] == [30]
    assert maps.kinds(ended)[2:-2] == ["MapStateStarted", "MapRunStarted", "MapRunSucceeded", "MapStateSucceeded"]


def test_a_table_in_s3_is_read_and_results_are_exported(maps: Maps, bucket: str) -> None:
    maps.s3.put_object(Bucket=bucket, Key="in/rows.csv", Body=b"id,name\n1,Ada\n2,Bob\n3,Cy\n")
    where = {"Bucket": "{% $states.input.bucket %}", "Key": "in/rows.csv"}

    ended = maps.run(
        {"bucket": bucket},
        language="JSONata",
        ItemReader={
            "Resource": "arn:aws:states:::s3:getObject",
            "Arguments": where,
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 2},
        },
        ItemBatcher={"MaxItemsPerBatch": "{% 1 %}"},
        ResultWriter={
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": "{% $states.input.bucket %}", "Prefix": "out"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"},
        },
    )

    details = output(ended)["ResultWriterDetails"]
    manifest = json.load(maps.s3.get_object(**details)["Body"])
    (succeeded,) = manifest["ResultFiles"]["SUCCEEDED"]
    results = json.load(maps.s3.get_object(Bucket=bucket, Key=succeeded["Key"])["Body"])
    assert details["Key"].startswith("out/")
    assert results == [{"Items": [{"id": "1", "name": "Ada"}]}, {"Items": [{"id": "2", "name": "Bob"}]}]


def test_a_listed_bucket_is_read_beyond_the_first_page(maps: Maps, bucket: str) -> None:
    for number in range(5):
        maps.s3.put_object(Bucket=bucket, Key=f"in/{number}", Body=b"x")
    parameters = {"Bucket": bucket, "Prefix": "in/", "MaxKeys": 2}

    ended = maps.run({}, ItemReader={"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": parameters})

    assert [item["Key"] for item in output(ended)] == [f"in/{number}" for number in range(5)]


def test_one_failure_is_too_many_where_no_threshold_is_named(maps: Maps) -> None:
    ended = maps.run(FOUR, FAILING, MaxConcurrency=1)

    assert (ended["status"], ended["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert ended["cause"] == "The specified tolerated failure threshold was exceeded"
    assert {"MapRunFailed", "MapStateFailed", "ExecutionFailed"} <= set(maps.kinds(ended))


@pytest.mark.parametrize(
    ("threshold", "status"),
    [
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1}, "FAILED"),
    ],
    ids=str,
)
def test_failures_are_tolerated_up_to_the_threshold(maps: Maps, threshold: dict[str, Any], status: str) -> None:
    ended = maps.run(FOUR, FAILING, MaxConcurrency=1, **threshold)

    assert ended["status"] == status
    if status == "SUCCEEDED":
        told = output(ended)
        assert [one.get("Error") for one in told] == ["Bad", "Bad", None, None]
        assert told[2:] == FOUR[2:]


def test_a_failed_run_is_caught_by_its_name(maps: Maps) -> None:
    definition = {
        "Catch": [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}],
    }
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "Choose", "States": FAILING}
    states = {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True, **definition}, "Caught": PASS}
    made = maps.states.create_state_machine(
        name="caught", definition=json.dumps({"StartAt": "Map", "States": states}), roleArn=ROLE
    )["stateMachineArn"]
    begun = maps.states.start_execution(stateMachineArn=made, input=json.dumps(FOUR))["executionArn"]
    maps.harness.drain()

    assert (
        output(maps.states.describe_execution(executionArn=begun))["Error"] == "States.ExceedToleratedFailureThreshold"
    )
    maps.states.delete_state_machine(stateMachineArn=made)


def test_a_dataset_that_is_not_there_fails_the_reader(maps: Maps) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "no-such-bucket", "Key": "k"}}

    ended = maps.run({}, ItemReader={**reader, "ReaderConfig": {"InputType": "JSON"}})

    assert (ended["status"], ended["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert "Error Code: NoSuchBucket" in ended["cause"]


def test_more_items_than_may_run_at_once_all_run(maps: Maps) -> None:
    ended = maps.run(list(range(1500)), MaxConcurrency=3)

    assert output(ended) == list(range(1500))


def test_children_that_wait_wait_for_the_clock(maps: Maps) -> None:
    wait = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}

    ended = maps.run([1, 2], wait)
    assert ended["status"] == "RUNNING"
    assert maps.harness.call("POST", "clock", {"advance_seconds": 60}).status == 200
    maps.harness.drain()

    assert output(maps.states.describe_execution(executionArn=ended["executionArn"])) == [1, 2]


def test_a_child_knows_its_own_execution(maps: Maps) -> None:
    own = {"Type": "Pass", "Parameters": {"input.$": "$$.Execution.Input", "id.$": "$$.Execution.Id"}, "End": True}

    (own,) = output(maps.run([{"a": 1}], {"Own": own}, Label="rows"))

    assert own["input"] == {"a": 1}
    assert ":execution:map-0/rows:" in own["id"]


def test_a_definition_with_an_unknown_field_is_refused_by_name(maps: Maps) -> None:
    with pytest.raises(ClientError) as refused:
        maps.run([], ItemBatcher={"Most": 1})

    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"
    assert "Field is not supported at /States/Map/ItemBatcher/Most" in refused.value.response["Error"]["Message"]


def test_the_definition_is_described_as_it_was_given(maps: Maps) -> None:
    ended = maps.run([1], ItemBatcher={"MaxItemsPerBatch": 1}, Comment="of the user's")

    described = maps.states.describe_state_machine(stateMachineArn=ended["stateMachineArn"])
    state = json.loads(described["definition"])["States"]["Map"]

    assert (state["Comment"], state["ItemBatcher"]) == ("of the user's", {"MaxItemsPerBatch": 1})
