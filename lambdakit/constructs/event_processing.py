"""Event source -> Lambda -> S3, DynamoDB, SQS, SNS, EventBridge, Step Functions, with a failure path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambdakit import limits
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.event_sources.kinds import (
    Source,
    grant_source,
    invokes,
    keeps_undelivered,
    source_outputs,
    source_problems,
    wire_source,
)
from lambdakit.constructs.event_sources.sqs import QUEUE_ID, SqsSource
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.failure_destinations import (
    FailurePath,
    FailureQueue,
    OnFailure,
    failure_problems,
    make_failure_path,
    send_failures,
)
from lambdakit.constructs.function_acknowledgements import acknowledge_no_dead_letters
from lambdakit.constructs.function_problems import function_problems, located
from lambdakit.constructs.function_properties import FunctionProperties, seconds_of
from lambdakit.constructs.grants import named_alike
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.monitoring.dashboard import DashboardProperties, dashboard_problems, make_dashboard
from lambdakit.constructs.monitoring.function_graphs import WatchedFunction, function_section
from lambdakit.constructs.monitoring.pattern_alarms import (
    PatternAlarms,
    make_queue_alarms,
    pattern_alarm_problems,
    with_alarms,
)
from lambdakit.constructs.monitoring.sections import event_source_section, failure_section, targets_section
from lambdakit.constructs.output_names import pascal_case, stack_output
from lambdakit.constructs.target_names import target_name_problems, variable_name
from lambdakit.constructs.targets.kinds import Target, grant_target, make_target, target_problems
from lambdakit.constructs.targets.sqs import dead_letters_id
from lambdakit.errors import Diagnostic, SynthesisError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_sqs as sqs

    from lambdakit.constructs.monitoring.graph import Section
    from lambdakit.constructs.targets.made_target import MadeTarget

FUNCTION_ID: Final = "Function"

_OUTPUTS: Final[Mapping[str, str]] = {
    "BUCKET_NAME": "BucketName",
    "TABLE_NAME": "TableName",
    "QUEUE_URL": "QueueUrl",
    "TOPIC_ARN": "TopicArn",
    "EVENT_BUS_NAME": "EventBusName",
    "STATE_MACHINE_ARN": "StateMachineArn",
}


_FAILURES: Final[Mapping[str, str]] = {
    "asynchronously": "The on-failure destination takes the place of a dead-letter queue, and tells the error as well.",
    "synchronously": "The caller waits for the answer, and hears of the error itself.",
    "from_queue": "The queue's own redrive moves what fails to another queue.",
}


class EventProcessing(Construct):
    """A function between an event source and what it writes to.

    Meant to be subclassed: override `make_source`, `make_function`, `make_target`, `make_failure_path`, `make_alarms`,
    `make_dashboard` or `permissions` to change one part and keep the rest. Events reach the function through its alias.
    What nobody could handle ends in the failure path. The stack gets outputs with the names of what was made:
    `<Id>BucketName`, `<Id>QueueUrl` or `<Id>TopicArn` of the source, `<Id><Target>BucketName` and the like of targets,
    `<Id>FailureQueueUrl` and the like, `<Id>DashboardName`.

    function: the function made here; None when an existing one was given.
    handler: what the source invokes: the function's alias, or the existing function.
    source: what the source consists of.
    targets: by name.
    failure: where events go that nobody could handle; None when the caller itself hears of failures, and for an
        existing queue, which has a redrive of its own.
    alarms: those made here, of the function as well. dashboard: None without one.
    """

    function: LambdaFunction | None
    handler: lambda_.IFunction
    source: EventSource
    targets: Mapping[str, MadeTarget]
    failure: FailurePath | None
    alarms: Sequence[cloudwatch.CfnAlarm]
    dashboard: cloudwatch.CfnDashboard | None

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        source: Source,
        function: FunctionProperties | lambda_.IFunction,
        targets: Mapping[str, Target] = MappingProxyType({}),
        on_failure: OnFailure | None = None,
        alarms: PatternAlarms | None = None,
        dashboard: DashboardProperties | None = None,
    ) -> None:
        """Adds the pattern to `scope`. SynthesisError, with all that is wrong, for settings AWS would refuse.

        source: `S3Source`, `SqsSource`, `SnsSource`, `EventRuleSource`, `ScheduleSource` …
        function: properties of a new one, or an existing one: hand over an alias. An existing one has to be told itself
            where targets are, unless it is a `Function`.
        targets: by name, from which follow construct ids and variables: `processed` gives `PROCESSED_BUCKET_NAME`.
        on_failure: something new or existing; absent, a new queue that keeps what failed for 14 days.
        alarms: `PatternAlarms()` watches the function and the queues made here; absent, none, as each is paid for.
        dashboard: `DashboardProperties()` shows the function, its source and its targets; absent, none, likewise.
        """
        super().__init__(scope, id)
        timeout = _timeout_seconds(function)
        problems = [
            *source_problems("source", source, timeout),
            *(function_problems_below("function", function) if isinstance(function, FunctionProperties) else ()),
            *target_name_problems("targets", targets),
            *(found for name, each in targets.items() for found in target_problems(f"targets.{name}", each)),
            *(named_alike("targets", targets, function.grants) if isinstance(function, FunctionProperties) else ()),
            *_failure_problems(source, function, on_failure),
            *(() if alarms is None else pattern_alarm_problems("alarms", alarms)),
            *(() if dashboard is None else dashboard_problems("dashboard", dashboard)),
        ]
        if problems:
            raise SynthesisError(*located(self.node.path, problems))
        if isinstance(function, FunctionProperties):
            function = with_alarms(function, alarms, asynchronous=invokes(source) == "asynchronously")
        self.failure = self._failure_path(source, on_failure)
        self.targets = MappingProxyType({name: self.make_target(name, each) for name, each in targets.items()})
        self.function, self.handler = self._function(source, function)
        self.source = self.make_source(
            source,
            Wiring(scope=self, handler=self.handler, timeout_seconds=timeout, failure=self.failure),
        )
        self.permissions(self.handler, source, targets)
        if self.function is not None:
            acknowledge_no_dead_letters(self.function, _FAILURES[invokes(source)])
        self.alarms = (
            *(() if self.function is None else self.function.alarms),
            *(() if alarms is None else self.make_alarms(alarms, source)),
        )
        self.dashboard = (
            None if dashboard is None else self.make_dashboard(dashboard, self._sections(id, source, function))
        )
        self._add_outputs(id, source)

    def make_source(self, source: Source, wiring: Wiring) -> EventSource:
        """The source, and what lets it start the handler."""
        return wire_source(wiring, source)

    def make_function(self, properties: FunctionProperties) -> LambdaFunction:
        """The function; `properties` already hold the names of the targets and the on-failure destination."""
        return LambdaFunction(self, FUNCTION_ID, **properties.keywords())

    def make_target(self, name: str, target: Target) -> MadeTarget:
        """The target called `name`: a new resource, or the existing one."""
        return make_target(self, name, target)

    def make_failure_path(self, on_failure: OnFailure, *, keeps_undelivered: bool, fifo: bool) -> FailurePath:
        """The failure path; not called where there is none.

        keeps_undelivered: the source's trigger can put into a queue what it could not hand over.
        fifo: a queue made here has to be one, as the source is.
        """
        return make_failure_path(self, on_failure, keeps_undelivered=keeps_undelivered, fifo=fifo)

    def make_alarms(self, alarms: PatternAlarms, source: Source) -> Sequence[cloudwatch.CfnAlarm]:
        """The alarms beside the function's own: those of the queues made here."""
        queue = self.source.queue if isinstance(source, SqsSource) and source.queue is None else None
        return make_queue_alarms(
            self, alarms, failures=self._failure_queues(), sources={} if queue is None else {QUEUE_ID: queue}
        )

    def make_dashboard(self, properties: DashboardProperties, sections: Sequence[Section]) -> cloudwatch.CfnDashboard:
        """The dashboard. sections: what it shows; add to them, or leave some out."""
        return make_dashboard(self, properties, sections, alarms=self.alarms)

    def permissions(self, handler: lambda_.IFunction, source: Source, targets: Mapping[str, Target]) -> None:
        """Grants what the function needs of source and targets; called once, after all of them exist."""
        grant_source(source, self.source, handler)
        for name, target in targets.items():
            grant_target(target, self.targets[name], handler)

    def _failure_path(self, source: Source, on_failure: OnFailure | None) -> FailurePath | None:
        how = invokes(source)
        if how == "synchronously" or (isinstance(source, SqsSource) and source.queue is not None):
            return None
        return self.make_failure_path(
            FailureQueue() if on_failure is None else on_failure,
            keeps_undelivered=keeps_undelivered(source),
            fifo=isinstance(source, SqsSource) and source.fifo,
        )

    def _function(
        self, source: Source, function: FunctionProperties | lambda_.IFunction
    ) -> tuple[LambdaFunction | None, lambda_.IFunction]:
        variables = {variable_name(name, made.suffix): made.value for name, made in self.targets.items()}
        failure = self.failure if invokes(source) == "asynchronously" else None
        if isinstance(function, FunctionProperties):
            # The user's own value wins: it may mean another bucket.
            properties = replace(function, environment={**variables, **function.environment})
            durable = function.durable_config is not None
            if failure is not None and durable:
                properties = replace(properties, dead_letter_queue=failure.queue, dead_letter_topic=failure.topic)
            elif failure is not None and failure.bucket is None:
                properties = replace(properties, on_failure=failure.destination)
            made = self.make_function(properties)
            if failure is not None and failure.bucket is not None and not durable:
                send_failures(made.alias, failure)
            return made, made.alias
        if isinstance(function, lambda_.Function):
            for name, value in variables.items():
                function.add_environment(name, value)
        if failure is not None:
            send_failures(function, failure)
        return None, function

    def _failure_queues(self) -> Mapping[str, sqs.IQueue]:
        """The queues made here that keep what failed, by construct id."""
        aside = {
            dead_letters_id(name): target.dead_letters
            for name, target in self.targets.items()
            if target.dead_letters is not None
        }
        return {**({} if self.failure is None else self.failure.made_queues), **aside}

    def _sections(self, id: str, source: Source, function: FunctionProperties | lambda_.IFunction) -> Sequence[Section]:
        if isinstance(function, FunctionProperties) and self.function is not None:
            watched = WatchedFunction.made(id, self.function, function)
        else:
            watched = WatchedFunction.existing(id, self.handler)
        return [
            event_source_section(self.source, source.event_bus if isinstance(source, EventRuleSource) else None),
            function_section([watched], asynchronous=invokes(source) == "asynchronously"),
            targets_section(self.targets),
            failure_section(self._failure_queues()),
        ]

    def _add_outputs(self, id: str, source: Source) -> None:
        if self.dashboard is not None:
            stack_output(self, "DashboardName", value=self.dashboard.ref, description=f"Name of the dashboard of {id}")
        for suffix, value in source_outputs(source, self.source):
            stack_output(self, suffix, value=value, description=f"Source of {id}")
        for name, target in self.targets.items():
            if target.is_new:
                suffix = f"{pascal_case(name)}{_OUTPUTS[target.suffix]}"
                stack_output(self, suffix, value=target.value, description=f"Target {name} of {id}")
        if self.failure is not None and self.failure.is_new:
            for suffix, value in _failure_outputs(self.failure):
                stack_output(self, f"Failure{suffix}", value=value, description=f"Failed events of {id}")


def function_problems_below(pointer: str, properties: FunctionProperties) -> list[Diagnostic]:
    """What is wrong with the function, with pointers below `pointer`."""
    return located(pointer, function_problems(properties))


def _failure_problems(
    source: Source, function: FunctionProperties | lambda_.IFunction, on_failure: OnFailure | None
) -> Iterator[Diagnostic]:
    how = invokes(source)
    durable = isinstance(function, FunctionProperties) and function.durable_config is not None
    if isinstance(function, FunctionProperties) and how == "asynchronously":
        for name in ("dead_letter_queue", "dead_letter_topic") if durable else ("on_failure",):
            if getattr(function, name) is not None:
                yield Diagnostic(
                    pointer=f"function.{name}",
                    problem="the pattern's on_failure is the function's, too",
                    code="LK405",
                    hint="say it once, as on_failure of the pattern",
                )
    if on_failure is None:
        return
    if how == "synchronously":
        yield Diagnostic(
            pointer="on_failure",
            problem="the caller waits for the answer and hears of a failure itself, so nothing is left to send on",
            code="LK405",
            hint="leave on_failure out",
        )
        return
    if isinstance(source, SqsSource) and source.queue is not None:
        yield Diagnostic(
            pointer="on_failure",
            problem="an existing queue has a redrive of its own, which cannot be changed here",
            code="LK405",
            hint="leave on_failure out, and give the queue a dead-letter queue where it is made",
        )
        return
    fifo = isinstance(source, SqsSource) and source.fifo
    dead_letters = durable and how == "asynchronously"
    yield from failure_problems(
        "on_failure", on_failure, queue=how == "from_queue", dead_letters=dead_letters, fifo=fifo
    )


def _failure_outputs(failure: FailurePath) -> Iterator[tuple[str, str]]:
    if failure.queue is not None:
        yield "QueueUrl", failure.queue.queue_url
    if failure.topic is not None:
        yield "TopicArn", failure.topic.topic_arn
    if failure.bucket is not None:
        yield "BucketName", failure.bucket.bucket_name
    if failure.event_bus is not None:
        yield "EventBusName", failure.event_bus.event_bus_name


def _timeout_seconds(function: FunctionProperties | lambda_.IFunction) -> float | None:
    if isinstance(function, FunctionProperties):
        return seconds_of(function.timeout)
    if isinstance(function, lambda_.Alias):
        function = function.version.lambda_
    elif isinstance(function, lambda_.Version):
        function = function.lambda_
    if isinstance(function, lambda_.Function):
        # Source: CloudFormation Template Reference, AWS::Lambda::Function, Timeout (its default)
        return limits.TIMEOUT_SECONDS_DEFAULT if function.timeout is None else seconds_of(function.timeout)
    return None
