"""Durable functions written with AWS's own SDK, and what a test needs to drive and watch them."""

from __future__ import annotations

import importlib.metadata
import io
import json
import textwrap
import time
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.lambda_api import ROLE
from tests.fakes.waiting import WAIT_SECONDS
from tests.fakes.wired_harness import WiredHarness

_SDK = "aws-durable-execution-sdk-python"


def durable_package(source: str) -> bytes:
    """A deployment package: `app.py`, and the SDK as it is installed beside the tests."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), textwrap.dedent(source))
        for file in importlib.metadata.distribution(_SDK).files or ():
            if file.suffix == ".py":
                archive.writestr(zipfile.ZipInfo(str(file)), file.read_text())
    return buffer.getvalue()


def create_durable(
    client: Any, name: str, source: str, *, seconds: int = 31_622_400, days: int = 14, **settings: Any
) -> dict[str, Any]:
    """The answer to CreateFunction for a durable function with a version 1."""
    made: dict[str, Any] = client.create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.13",
            "Role": ROLE,
            "Handler": "app.handler",
            "Code": {"ZipFile": durable_package(source)},
            "Timeout": 60,
            "Publish": True,
            "DurableConfig": {"ExecutionTimeout": seconds, "RetentionPeriodInDays": days},
            **settings,
        }
    )
    return made


class DurableRuns:
    """Starts executions of one function and tells what became of them. qualifier: that is invoked."""

    def __init__(self, harness: WiredHarness, name: str, qualifier: str = "1") -> None:
        self._harness = harness
        self._client = harness.aws("lambda")
        self.name = name
        self._qualifier = qualifier

    def start(self, **event: Any) -> str:
        """The ARN of an execution that nobody waits for, once all that can happen without the clock has."""
        answer = self._harness.invoke(
            self.name,
            json.dumps(event).encode(),
            qualifier=self._qualifier,
            headers={"x-amz-invocation-type": "Event"},
        )
        assert answer.status == 202, answer.body
        self._harness.drain()
        return answer.headers["x-amz-durable-execution-arn"]

    def advance(self, **step: float) -> None:
        """Moves the harness's clock: seconds, minutes, hours, days."""
        scale = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
        seconds = sum(scale[unit] * count for unit, count in step.items())
        answer = self._harness.call("POST", "clock", {"advance_seconds": seconds})
        assert answer.status == 200, answer.body
        self._harness.drain()

    def told(self, arn: str) -> Mapping[str, Any]:
        """What GetDurableExecution says."""
        told: Mapping[str, Any] = self._client.get_durable_execution(DurableExecutionArn=arn)
        return told

    def status(self, arn: str) -> str:
        """Where an execution stands."""
        return str(self.told(arn)["Status"])

    def result(self, arn: str) -> Any:
        """What an execution gave. AssertionError when it did not succeed."""
        told = self.told(arn)
        assert told["Status"] == "SUCCEEDED", told
        return json.loads(told["Result"])

    def history(self, arn: str) -> Sequence[Mapping[str, Any]]:
        """Every event of an execution."""
        events: list[Mapping[str, Any]] = []
        marker: dict[str, str] = {}
        while True:
            page = self._client.get_durable_execution_history(DurableExecutionArn=arn, **marker)
            events += page["Events"]
            if "NextMarker" not in page:
                return events
            marker = {"Marker": page["NextMarker"]}

    def kinds(self, arn: str) -> Sequence[str]:
        """The kinds of events of an execution, in order."""
        return [str(event["EventType"]) for event in self.history(arn)]

    def lines(self, beginning: str, *, after: int = 0) -> Sequence[str]:
        """What the function logged that begins so."""
        logged = self._harness.events("FunctionLogged", after=after)
        return [
            event["line"] for event in logged if event["function"] == self.name and event["line"].startswith(beginning)
        ]

    def until_logged(self, beginning: str, *, after: int) -> None:
        """Returns once the function has logged a line that begins so; each look waits for news of the trace."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.lines(beginning, after=after):
            assert time.monotonic() < deadline, self._harness.call("GET", "trace").json()["events"][-20:]
            self._harness.call("GET", f"trace?after={self._harness.position()}&wait_seconds=0.2")

    def named(self, name: str) -> str:
        """The ARN of the execution of this name."""
        listed = self._client.list_durable_executions_by_function(FunctionName=self.name, DurableExecutionName=name)
        (found,) = listed["DurableExecutions"]
        return str(found["DurableExecutionArn"])
