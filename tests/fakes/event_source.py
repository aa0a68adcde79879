"""A function that keeps what it was given, and a source that feeds it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

ACCOUNT = "123456789012"
REGION = "us-east-1"

# Reports what the records ask for: their body or data is `{"do": …}`, or anything else, which succeeds.
SOURCE = """
import base64, json, os, time

def what(record):
    text = record.get("body")
    if text is None and "kinesis" in record:
        text = base64.b64decode(record["kinesis"]["data"]).decode()
    try:
        return json.loads(text).get("do", "")
    except (TypeError, ValueError, AttributeError):
        return ""

def identifier(record):
    stream = record.get("kinesis", record.get("dynamodb", {}))
    return record.get("messageId") or stream.get("sequenceNumber") or stream.get("SequenceNumber")

def handler(event, context):
    records = event.get("Records", [])
    wanted = [what(record) for record in records]
    if "raise" in wanted:
        raise ValueError("asked for")
    if "exit" in wanted:
        os._exit(3)
    for wish in wanted:
        if wish.startswith("sleep "):
            time.sleep(float(wish.split()[1]))
    for wish in wanted:
        if wish.startswith("answer "):
            return json.loads(wish.removeprefix("answer "))
    failed = [record for record, wish in zip(records, wanted) if wish == "fail"]
    return {"batchItemFailures": [{"itemIdentifier": identifier(record)} for record in failed]}
"""


class FedFunction:
    """The function and its mappings, taken away at the end."""

    def __init__(self, harness: WiredHarness, name: str, **settings: Any) -> None:
        self.harness = harness
        self.name = name
        self.lambda_ = harness.aws("lambda")
        self.arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        create_function(self.lambda_, name, SOURCE, **settings)
        self._mappings: list[str] = []
        self.before = harness.position()

    def map(self, source: str, **settings: Any) -> str:
        """A mapping's UUID."""
        made = self.lambda_.create_event_source_mapping(FunctionName=self.name, EventSourceArn=source, **settings)
        self._mappings.append(made["UUID"])
        return str(made["UUID"])

    def events(self) -> Sequence[dict[str, Any]]:
        """What it was given, in order."""
        started = self.harness.events("InvocationStarted", after=self.before)
        return [json.loads(event["payload"]) for event in started if event["function"] == self.name]

    def batches(self) -> list[list[dict[str, Any]]]:
        """The records of each event."""
        return [event["Records"] for event in self.events()]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the trace says of it."""
        return [event for event in self.harness.events(kind, after=self.before) if event["function"] == self.name]

    def remove(self) -> None:
        """Takes the function and its mappings away."""
        for mapping in self._mappings:
            self.lambda_.delete_event_source_mapping(UUID=mapping)
        self.lambda_.delete_function(FunctionName=self.name)
        self.harness.drain()
