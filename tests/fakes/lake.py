"""A bucket, the delivery streams that write into it, and a function that transforms their records."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.event_source import ACCOUNT
from tests.fakes.wired_harness import WiredHarness

ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"
# Does with a record what its data says.
TRANSFORMER = """
import base64, json, os

def handler(event, context):
    answers = []
    for record in event["records"]:
        said = base64.b64decode(record["data"]).decode()
        if said == "raise":
            raise ValueError("asked for")
        if said == "exit":
            os._exit(3)
        if said == "nonsense":
            return "nonsense"
        if said == "lose":
            continue
        data = base64.b64encode(said.upper().encode()).decode()
        answer = {"recordId": record["recordId"], "result": "Ok", "data": data}
        if said == "drop":
            answer = {"recordId": record["recordId"], "result": "Dropped", "data": record["data"]}
        if said == "fail":
            answer["result"] = "ProcessingFailed"
        if said.startswith("key "):
            answer["metadata"] = {"partitionKeys": {"kind": said.split()[1]}}
        answers += [answer] * (2 if said == "twice" else 1)
    return {"records": answers}
"""


class Lake:
    """A bucket, and delivery streams that write into it."""

    def __init__(self, harness: WiredHarness, function: str) -> None:
        self.harness, self.function = harness, function
        self.firehose, self.s3 = harness.aws("firehose"), harness.aws("s3")
        self.s3.create_bucket(Bucket="lake")
        self.before = harness.position()
        self._streams: list[str] = []

    def create(self, name: str, *, seconds: int | None = 0, **more: Any) -> str:
        """The ARN of a delivery stream. seconds: None for the default of its buffer."""
        hints = {} if seconds is None else {"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": seconds}}
        request = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake", **hints, **more}
        return self.create_any(name, ExtendedS3DestinationConfiguration=request)

    def create_any(self, name: str, **request: Any) -> str:
        """The ARN of a delivery stream with any destination."""
        self._streams.append(name)
        return str(self.firehose.create_delivery_stream(DeliveryStreamName=name, **request)["DeliveryStreamARN"])

    def transforming(self, *, retries: int | None = None, seconds: int = 0) -> dict[str, Any]:
        """The processing by the function."""
        parameters = {"LambdaArn": self.function, "BufferIntervalInSeconds": str(seconds)}
        if retries is not None:
            parameters["NumberOfRetries"] = str(retries)
        return processing("Lambda", **parameters)

    def put(self, name: str, *data: str | bytes) -> None:
        """Puts records in one call, and waits until nothing is in flight."""
        answer = self.firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": one} for one in data])
        assert answer["FailedPutCount"] == 0
        assert len({one["RecordId"] for one in answer["RequestResponses"]}) == len(data)
        self.harness.drain()

    def advance(self, seconds: float) -> None:
        """Moves the clock."""
        assert self.harness.call("POST", "clock", {"advance_seconds": seconds}).status == 200
        self.harness.drain()

    def drain(self) -> None:
        """Moves the clock until nothing is due."""
        assert self.harness.call("POST", "drain", {"timeout_seconds": 120, "advance": True}).status == 200

    def objects(self) -> dict[str, bytes]:
        """What the bucket holds, by key."""
        listed = self.s3.list_objects_v2(Bucket="lake").get("Contents", [])
        return {found["Key"]: self.s3.get_object(Bucket="lake", Key=found["Key"])["Body"].read() for found in listed}

    def failures(self) -> list[dict[str, Any]]:
        """The records of the error output."""
        failed = [body for key, body in self.objects().items() if "processing-failed" in key]
        return [json.loads(line) for body in failed for line in body.decode().splitlines()]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the trace says."""
        return self.harness.events(kind, after=self.before)

    def events(self) -> list[dict[str, Any]]:
        """What the function was given."""
        started = self.told("InvocationStarted")
        return [json.loads(event["payload"]) for event in started if event["function"] == "transformer"]

    def remove(self) -> None:
        """Takes everything away."""
        for name in self._streams:
            self.firehose.delete_delivery_stream(DeliveryStreamName=name)
        for key in self.objects():
            self.s3.delete_object(Bucket="lake", Key=key)
        self.s3.delete_bucket(Bucket="lake")


def processing(*kinds: str, **parameters: str) -> dict[str, Any]:
    """A processing configuration; the parameters belong to the first processor."""
    given = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    processors = [{"Type": kind, "Parameters": given if at == 0 else []} for at, kind in enumerate(kinds)]
    return {"ProcessingConfiguration": {"Enabled": True, "Processors": processors}}
