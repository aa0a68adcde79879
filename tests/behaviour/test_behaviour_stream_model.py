"""Whatever records come, and however a mapping is set: no record is lost, and those of one key keep their order.

The function says what it did to each record it was given, so that the invocations alone tell what was delivered.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.event_source import FedFunction, Stream, advance
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-stream-model")

# What becomes of a record: it succeeds; it fails always, by an error, a report or a crash; or it does so once or twice.
FATES = ("ok", "ok", "ok", "raise", "fail", "exit", "raise-1", "fail-2", "exit-1")

SOURCE = """
import base64, json, os
import boto3

def handler(event, context):
    records = event.get("Records", [])
    fates = [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in records]
    failed = []
    for record, told in zip(records, fates):
        fate, _, times = told["fate"].partition("-")
        if fate == "ok" or times and count(told) > int(times):
            continue
        if fate == "raise":
            raise ValueError(told["name"])
        if fate == "exit":
            os._exit(3)
        failed.append({"itemIdentifier": record["kinesis"]["sequenceNumber"]})
    return {"batchItemFailures": failed}

def count(told):
    answer = boto3.client("dynamodb").update_item(
        TableName="attempts",
        Key={"k": {"S": f"{told['run']}-{told['name']}"}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"]["n"]["N"])
"""


@pytest.fixture(scope="module")
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    harness.aws("dynamodb").create_table(
        TableName="attempts",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    function = FedFunction(harness, "fated", source=SOURCE, Timeout=20)
    yield function
    function.remove()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fates=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(FATES)), min_size=1, max_size=14),
    batch_size=st.integers(1, 6),
    factor=st.integers(1, 3),
    retries=st.integers(0, 3),
    bisects=st.booleans(),
    reports=st.booleans(),
    shards=st.integers(1, 2),
)
def test_every_record_is_delivered_or_given_up_in_the_order_of_its_key(
    fed: FedFunction,
    harness: WiredHarness,
    fates: Sequence[tuple[str, str]],
    batch_size: int,
    factor: int,
    retries: int,
    bisects: bool,
    reports: bool,
    shards: int,
) -> None:
    stream = Stream(harness, f"run-{uuid.uuid4()}", shards=shards)
    mapping = fed.map(
        stream.arn,
        StartingPosition="TRIM_HORIZON",
        BatchSize=batch_size,
        ParallelizationFactor=factor,
        MaximumRetryAttempts=retries,
        BisectBatchOnFunctionError=bisects,
        FunctionResponseTypes=["ReportBatchItemFailures"] if reports else [],
    )
    before = harness.position()

    records = [
        {"Data": json.dumps({"run": stream.name, "name": name, "fate": fate}).encode(), "PartitionKey": key}
        for name, (key, fate) in enumerate(fates)
    ]
    stream.kinesis.put_records(StreamName=stream.name, Records=records)
    harness.drain()
    for _ in range(40):
        if _settled(harness, mapping, before) == len(fates):
            break
        advance(harness, 10)

    delivered = _delivered(harness, before)
    assert _settled(harness, mapping, before) == len(fates)
    assert set(delivered) == set(range(len(fates)))
    first_seen = list(dict.fromkeys(delivered))
    for key in "abcd":
        own = [name for name in first_seen if fates[name][0] == key]
        assert own == sorted(own)
    _assert_that_only_the_bad_are_given_up(harness, mapping, before, fates, bisects=bisects, reports=reports)
    fed.lambda_.delete_event_source_mapping(UUID=mapping)
    stream.remove()


def _delivered(harness: WiredHarness, before: int) -> list[int]:
    """The names of the records, in the order of the invocations."""
    started = harness.events("InvocationStarted", after=before)
    events = [json.loads(event["payload"]) for event in started if event["function"] == "fated"]
    return [
        json.loads(base64.b64decode(record["kinesis"]["data"]))["name"]
        for event in events
        for record in event["Records"]
    ]


def _settled(harness: WiredHarness, mapping: str, before: int) -> int:
    """How many records have succeeded or were given up."""
    batches = _own(harness.events("RecordBatchSettled", after=before), mapping)
    gone = _own(harness.events("RecordsDiscarded", after=before), mapping)
    succeeded = sum(event["records"] - event["failed"] for event in batches)
    return int(succeeded + sum(event["records"] for event in gone))


def _own(events: Sequence[dict[str, Any]], mapping: str) -> list[dict[str, Any]]:
    return [event for event in events if event["mapping"] == mapping]


def _assert_that_only_the_bad_are_given_up(
    harness: WiredHarness,
    mapping: str,
    before: int,
    fates: Sequence[tuple[str, str]],
    *,
    bisects: bool,
    reports: bool,
) -> None:
    """Where batches are cut in two, a good record never goes with a bad one."""
    given_up = sum(event["records"] for event in _own(harness.events("RecordsDiscarded", after=before), mapping))
    kinds = Counter(fate for _, fate in fates)
    never = kinds["raise"] + kinds["exit"] + (kinds["fail"] if reports else 0)
    assert given_up >= never
    if bisects:
        at_times = sum(count for fate, count in kinds.items() if "-" in fate)
        assert given_up <= never + at_times


def test_killed_environments_lose_no_record(fed: FedFunction, harness: WiredHarness) -> None:
    stream = Stream(harness, "killed", shards=2)
    before = harness.position()
    mapping = fed.map(
        stream.arn, StartingPosition="LATEST", BatchSize=7, ParallelizationFactor=2, BisectBatchOnFunctionError=True
    )

    for begin in range(0, 120, 40):
        entries = [
            {
                "Data": json.dumps(
                    {"run": "killed", "name": name, "fate": "exit-1" if name % 9 == 0 else "ok"}
                ).encode(),
                "PartitionKey": str(name % 5),
            }
            for name in range(begin, begin + 40)
        ]
        stream.kinesis.put_records(StreamName=stream.name, Records=entries)
    harness.drain()
    for _ in range(20):
        advance(harness, 5)

    assert _settled(harness, mapping, before) == 120
    assert set(_delivered(harness, before)) == set(range(120))
    assert _own(harness.events("RecordsDiscarded", after=before), mapping) == []
    fed.lambda_.delete_event_source_mapping(UUID=mapping)
    stream.remove()
