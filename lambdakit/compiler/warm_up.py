"""A synthesis for nothing, so that the CDK has loaded what every other one needs."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Stack

from lambdakit.compiler.compile import new_app
from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.delivery.firehose import FirehoseDelivery
from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.s3 import S3Source
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import Cors
from lambdakit.constructs.routes import Route
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.table import TableProperties
from lambdakit.constructs.targets.s3 import S3Target


def warm_up(directory: Path, *, validation: bool) -> None:
    """Synthesizes a small application of every kind of pattern into `directory`, which must not exist."""
    code = directory / "code"
    code.mkdir(parents=True)
    (code / "app.py").write_text("", encoding="utf-8")
    app = new_app(directory / "assembly", validation=validation)
    stack = Stack(app, "warm-up")
    ApiBackend(
        stack,
        "backend",
        routes={"GET /": Route(function=FunctionProperties(code=code, handler="app.handler"), table_access="read")},
        table=TableProperties(partition_key="id"),
        cors=Cors(allow_origins=["*"]),
    )
    EventProcessing(
        stack,
        "events",
        source=S3Source(),
        function=FunctionProperties(code=code, handler="app.handler"),
        targets={"target": S3Target()},
    )
    StreamProcessing(
        stack,
        "stream",
        source=KinesisSource(),
        function=FunctionProperties(code=code, handler="app.handler"),
        delivery=FirehoseDelivery(),
    )
    app.synth()
