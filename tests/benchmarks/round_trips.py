"""How often a pattern calls Node.js, and is called back: `python -m tests.benchmarks.round_trips`.

Each call of a construct from Python is a message to Node.js and one back. What is counted are the messages between
an empty stack and its template; callbacks, which cost several messages each, should be none.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from lambdakit.compiler.child_environment import bundled_node

os.environ.setdefault("JSII_NODE", str(bundled_node()))
os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")

# Only now: importing the CDK starts Node.js.
from aws_cdk import App, Stack

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.delivery.firehose import FirehoseDelivery
from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.monitoring.dashboard import DashboardProperties
from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms
from lambdakit.constructs.routes import Route
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.table import TableProperties
from lambdakit.constructs.targets.sqs import SqsTarget

_MESSAGES: Final = ("send", "jsii/_kernel/providers/process.py")
_CALLBACKS: Final = ("_handle_callback", "jsii/_kernel/__init__.py")
_ALONE: Final[Mapping[str, Any]] = {}
_WATCHED: Final[Mapping[str, Any]] = {"alarms": PatternAlarms()}
_SHOWN: Final[Mapping[str, Any]] = {"dashboard": DashboardProperties()}


def main() -> None:
    """Counts and prints."""
    table = Table("pattern", "alone", "with alarms", "with dashboard", "callbacks")
    with tempfile.TemporaryDirectory() as directory:
        for name, make in patterns(Path(directory)).items():
            counts = [count(make, settings) for settings in (_ALONE, _WATCHED, _SHOWN)]
            messages = [str(each) for each, _ in counts]
            table.add_row(name, *messages, str(sum(callbacks for _, callbacks in counts)))
    Console().print(table)


def patterns(directory: Path) -> Mapping[str, Callable[[Stack, Mapping[str, Any]], object]]:
    """One pattern of each kind, by name. directory: gets their function's code."""
    (directory / "app.py").write_text("def handler(event, context): return event\n")
    function = FunctionProperties(code=directory, handler="app.handler")
    return {
        "API backend, table": lambda stack, settings: ApiBackend(
            stack,
            "pattern",
            routes={"GET /a": Route(function=function, table_access="read")},
            table=TableProperties(partition_key="id"),
            **settings,
        ),
        "event processing, queue to queue": lambda stack, settings: EventProcessing(
            stack, "pattern", source=SqsSource(), function=function, targets={"next": SqsTarget()}, **settings
        ),
        "stream processing, Kinesis to Firehose": lambda stack, settings: StreamProcessing(
            stack, "pattern", source=KinesisSource(), function=function, delivery=FirehoseDelivery(), **settings
        ),
    }


def count(make: Callable[[Stack, Mapping[str, Any]], object], settings: Mapping[str, Any]) -> tuple[int, int]:
    """Messages to Node.js and callbacks from it, from an empty stack to the template of the pattern."""
    app = App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False)
    stack = Stack(app, "counted")
    calls = {_MESSAGES: 0, _CALLBACKS: 0}

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        for name, file in calls:
            if frame.f_code.co_name == name and frame.f_code.co_filename.endswith(file):
                calls[name, file] += 1

    sys.setprofile(watch)
    try:
        make(stack, settings)
        app.synth()
    finally:
        sys.setprofile(None)
    return calls[_MESSAGES], calls[_CALLBACKS]


if __name__ == "__main__":
    main()
