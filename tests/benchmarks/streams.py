"""How fast a mapping hands records of a stream to its function: `python -m tests.benchmarks.streams`.

Beside it, in the same run, the poller's own floor: the same events handed to the same function by `invoke`, one after
another, built beforehand. The cost is linear if the second half takes as long as the first.
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

_PUT: Final = 500
_HANDLER: Final = "def handler(event, context):\n    return None\n"
_ARN: Final = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/numbers"


def main() -> None:
    """Measures and prints."""
    options = _parser().parse_args()
    table = Table("records", "put, s", "handled, s", "records a second", "floor, records a second", "ratio")
    with WiredHarness() as harness:
        create_function(harness.aws("lambda"), "handled", _HANDLER, Timeout=60)
        harness.invoke("handled")
        for records in (options.records // 4, options.records // 2, options.records):
            put, handled, batches = _measure(harness, records, options.batch)
            floor = _floor(harness, batches)
            rate, most = records / handled, records / floor
            row = (f"{put:.2f}", f"{handled:.2f}", f"{rate:,.0f}", f"{most:,.0f}", f"{rate / most:.2f}")
            table.add_row(f"{records:,}", *row)
    Console().print(table)


def _measure(harness: WiredHarness, records: int, batch: int) -> tuple[float, float, Sequence[bytes]]:
    """Seconds to put, seconds to handle what was put before the mapping was made, and the events."""
    kinesis, lambda_ = harness.aws("kinesis"), harness.aws("lambda")
    kinesis.create_stream(StreamName="numbers", ShardCount=1)
    began = time.perf_counter()
    for first in range(0, records, _PUT):
        numbers = range(first, min(first + _PUT, records))
        entries = [{"Data": json.dumps({"number": number}).encode(), "PartitionKey": "one"} for number in numbers]
        kinesis.put_records(StreamName="numbers", Records=entries)
    put = time.perf_counter() - began
    before = harness.position()
    began = time.perf_counter()
    mapping = lambda_.create_event_source_mapping(
        FunctionName="handled", EventSourceArn=_ARN, StartingPosition="TRIM_HORIZON", BatchSize=batch
    )["UUID"]
    harness.drain()
    handled = time.perf_counter() - began
    settled = harness.events("RecordBatchSettled", after=before)
    assert sum(event["records"] for event in settled if event["outcome"] == "success") == records
    lambda_.delete_event_source_mapping(UUID=mapping)
    kinesis.delete_stream(StreamName="numbers")
    return put, handled, [_event(event["records"]) for event in settled]


def _floor(harness: WiredHarness, events: Sequence[bytes]) -> float:
    """Seconds to hand the events to the function, one after another."""
    lambda_ = harness.aws("lambda")
    began = time.perf_counter()
    for event in events:
        lambda_.invoke(FunctionName="handled", Payload=event)
    return time.perf_counter() - began


def _event(records: int) -> bytes:
    record: dict[str, Any] = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "one",
            "sequenceNumber": "4" * 56,
            "data": base64.b64encode(b'{"number": 12345}').decode(),
            "approximateArrivalTimestamp": 1.5,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{'4' * 56}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/fn",
        "awsRegion": REGION,
        "eventSourceARN": _ARN,
    }
    return json.dumps({"Records": [record] * records}).encode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=500)
    return parser


if __name__ == "__main__":
    main()
