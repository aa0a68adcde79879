"""Stream -> Lambda -> Firehose, OpenSearch, DynamoDB or another stream, with a failure path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambdakit.constructs.delivery.kinds import Delivery, delivery_problems, grant_delivery, make_delivery
from lambdakit.constructs.delivery.made_delivery import MadeDelivery
from lambdakit.constructs.delivery.stream import StreamDelivery
from lambdakit.constructs.delivery.table import TableDelivery
from lambdakit.constructs.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.msk import MskSource
from lambdakit.constructs.event_sources.stream_kinds import (
    AnyStreamSource,
    stream_outputs,
    stream_source_problems,
    wire_stream,
)
from lambdakit.constructs.event_sources.stream_reading import StreamSource
from lambdakit.constructs.failure_destinations import (
    FailurePath,
    FailureQueue,
    OnFailure,
    failure_problems,
    make_failure_path,
)
from lambdakit.constructs.function_acknowledgements import acknowledge_no_dead_letters
from lambdakit.constructs.function_problems import function_problems, located
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.grants import hidden_grants
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.monitoring.dashboard import DashboardProperties, dashboard_problems, make_dashboard
from lambdakit.constructs.monitoring.function_graphs import WatchedFunction, function_section
from lambdakit.constructs.monitoring.pattern_alarms import (
    PatternAlarms,
    make_queue_alarms,
    pattern_alarm_problems,
    with_alarms,
)
from lambdakit.constructs.monitoring.sections import delivery_section, failure_section, stream_section
from lambdakit.constructs.output_names import stack_output
from lambdakit.errors import Diagnostic, SynthesisError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_cloudwatch as cloudwatch

    from lambdakit.constructs.monitoring.graph import Section

FUNCTION_ID: Final = "Function"


_FAILURES: Final = "The mapping's on-failure destination takes what fails: Lambda reads the stream, and sends no event."


class StreamProcessing(Construct):
    """A function that handles the records of a stream in batches, and delivers what it makes of them.

    Meant to be subclassed: override `make_source`, `make_function`, `make_delivery`, `make_failure_path`,
    `make_alarms`, `make_dashboard` or `permissions` to change one part and keep the rest. Batches reach the function
    through its alias. Records that it could not handle, after bisecting and a finite number of attempts, are told to
    the failure path, so that they do not hold up their shard. The stack gets outputs with the names of what was made:
    `<Id>StreamName` or `<Id>TableName` of the source, `<Id>DeliveryStreamName`, `<Id>DeliveryBucketName` and the like,
    `<Id>FailureQueueUrl` and the like, `<Id>DashboardName`.

    function: the function made here; None when an existing one was given.
    handler: what the mapping invokes: the function's alias, or the existing function.
    source: what the source consists of.
    delivery: what the function delivers to; None without one.
    failure: where discarded records are told.
    alarms: those made here, of the function as well. dashboard: None without one.
    """

    function: LambdaFunction | None
    handler: lambda_.IFunction
    source: StreamSource
    delivery: MadeDelivery | None
    failure: FailurePath
    alarms: Sequence[cloudwatch.CfnAlarm]
    dashboard: cloudwatch.CfnDashboard | None

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        source: AnyStreamSource,
        function: FunctionProperties | lambda_.IFunction,
        delivery: Delivery | None = None,
        on_failure: OnFailure | None = None,
        alarms: PatternAlarms | None = None,
        dashboard: DashboardProperties | None = None,
    ) -> None:
        """Adds the pattern to `scope`. SynthesisError, with all that is wrong, for settings AWS would refuse.

        source: `KinesisSource`, `DynamoStreamSource` or `MskSource`.
        function: properties of a new one, or an existing one: hand over an alias. An existing one has to be told itself
            where the delivery is, unless it is a `Function`.
        delivery: `FirehoseDelivery`, `OpenSearchDelivery`, `TableDelivery` or `StreamDelivery`; absent, none.
        on_failure: a queue, a topic or a bucket, new or existing; absent, a new queue, which keeps messages 14 days.
            A queue and a topic are told which records they are, a bucket gets the records themselves.
        alarms: `PatternAlarms()` watches the function and the failure queue; absent, none, as each is paid for.
        dashboard: `DashboardProperties()` shows the function, its stream and its delivery; absent, none, likewise.
        """
        super().__init__(scope, id)
        failure = FailureQueue() if on_failure is None else on_failure
        problems = [
            *stream_source_problems("source", source),
            *(located("function", function_problems(function)) if isinstance(function, FunctionProperties) else ()),
            *(() if delivery is None else delivery_problems("delivery", delivery)),
            *_loop_problems(source, delivery),
            *failure_problems("on_failure", failure, stream=True),
            *(() if alarms is None else pattern_alarm_problems("alarms", alarms)),
            *(() if dashboard is None else dashboard_problems("dashboard", dashboard)),
        ]
        if problems:
            raise SynthesisError(*located(self.node.path, problems))
        if isinstance(function, FunctionProperties):
            # Records of Kafka have no age of which Lambda tells.
            age = None if isinstance(source, MskSource) else source.max_record_age
            function = with_alarms(function, alarms, max_record_age=age)
        self.failure = self.make_failure_path(failure)
        self.delivery = None if delivery is None else self.make_delivery(delivery)
        self.function, self.handler = self._function(function)
        self.source = self.make_source(source)
        if delivery is not None:
            self.permissions(self.handler, delivery)
        if self.function is not None:
            acknowledge_no_dead_letters(self.function, _FAILURES)
        self.alarms = (
            *(() if self.function is None else self.function.alarms),
            *(() if alarms is None else self.make_alarms(alarms)),
        )
        self.dashboard = (
            None if dashboard is None else self.make_dashboard(dashboard, self._sections(id, source, function))
        )
        self._add_outputs(id, source)

    def make_source(self, source: AnyStreamSource) -> StreamSource:
        """The stream, and the mapping that invokes the handler with its records."""
        return wire_stream(self, source, self.handler, self.failure)

    def make_function(self, properties: FunctionProperties) -> LambdaFunction:
        """The function; `properties` already hold the variables of the delivery."""
        return LambdaFunction(self, FUNCTION_ID, **properties.keywords())

    def make_delivery(self, delivery: Delivery) -> MadeDelivery:
        """What the function delivers to: new resources, or existing ones."""
        return make_delivery(self, delivery)

    def make_failure_path(self, on_failure: OnFailure) -> FailurePath:
        """Where discarded records are told."""
        return make_failure_path(self, on_failure)

    def make_alarms(self, alarms: PatternAlarms) -> Sequence[cloudwatch.CfnAlarm]:
        """The alarms beside the function's own: that of a failure queue made here."""
        return make_queue_alarms(self, alarms, failures=self.failure.made_queues, sources={})

    def make_dashboard(self, properties: DashboardProperties, sections: Sequence[Section]) -> cloudwatch.CfnDashboard:
        """The dashboard. sections: what it shows; add to them, or leave some out."""
        return make_dashboard(self, properties, sections, alarms=self.alarms)

    def permissions(self, handler: lambda_.IFunction, delivery: Delivery) -> None:
        """Grants what delivering needs; called once, after everything exists, where there is a delivery."""
        assert self.delivery is not None
        grant_delivery(delivery, self.delivery, handler)

    def _function(
        self, function: FunctionProperties | lambda_.IFunction
    ) -> tuple[LambdaFunction | None, lambda_.IFunction]:
        variables: Mapping[str, str] = {} if self.delivery is None else self.delivery.variables
        if isinstance(function, FunctionProperties):
            if problems := list(hidden_grants("delivery", variables, function.grants)):
                raise SynthesisError(*located(self.node.path, problems))
            # The user's own value wins: it may mean another stream.
            made = self.make_function(replace(function, environment={**variables, **function.environment}))
            return made, made.alias
        if isinstance(function, lambda_.Function):
            for name, value in variables.items():
                function.add_environment(name, value)
        return None, function

    def _sections(
        self, id: str, source: AnyStreamSource, function: FunctionProperties | lambda_.IFunction
    ) -> Sequence[Section]:
        if isinstance(function, FunctionProperties) and self.function is not None:
            watched = WatchedFunction.made(id, self.function, function)
        else:
            watched = WatchedFunction.existing(id, self.handler)
        return [
            stream_section(self.source, watched, kafka=isinstance(source, MskSource)),
            function_section([watched]),
            *(() if self.delivery is None else [delivery_section(self.delivery)]),
            failure_section(self.failure.made_queues),
        ]

    def _add_outputs(self, id: str, source: AnyStreamSource) -> None:
        if self.dashboard is not None:
            stack_output(self, "DashboardName", value=self.dashboard.ref, description=f"Name of the dashboard of {id}")
        for suffix, value in stream_outputs(source, self.source):
            stack_output(self, suffix, value=value, description=f"Source of {id}")
        if self.delivery is not None:
            for suffix, value in self.delivery.outputs.items():
                stack_output(self, suffix, value=value, description=f"Delivery of {id}")
        if self.failure.is_new:
            for suffix, value in _failure_outputs(self.failure):
                stack_output(self, f"Failure{suffix}", value=value, description=f"Discarded records of {id}")


def _loop_problems(source: AnyStreamSource, delivery: Delivery | None) -> Iterator[Diagnostic]:
    """A delivery to where the records come from: each would make the next, without end."""
    match source, delivery:
        case KinesisSource(stream=stream), StreamDelivery(stream=target) if stream is not None and stream is target:
            what = "stream"
        case DynamoStreamSource(table=table), TableDelivery(table=target_table) if table is target_table:
            what = "table"
        case _:
            return
    yield Diagnostic(
        pointer=f"delivery.{what}",
        problem=f"it is the {what} that the records come from, so that each record would make the next",
        code="LK405",
        hint=f"deliver to another {what}",
    )


def _failure_outputs(failure: FailurePath) -> Iterator[tuple[str, str]]:
    if failure.queue is not None:
        yield "QueueUrl", failure.queue.queue_url
    if failure.topic is not None:
        yield "TopicArn", failure.topic.topic_arn
    if failure.bucket is not None:
        yield "BucketName", failure.bucket.bucket_name
