"""Where events go that nobody could handle: the failure path that every pattern has.

In: what the user asked for, settings of something new or something that exists. Out: a `FailurePath`, which says the
same in the words of each kind of trigger: a destination of asynchronous invocations, a destination of a stream's
mapping, a dead-letter queue of a rule, a schedule, a subscription or a queue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.encrypted_bucket import make_bucket
from lambdakit.constructs.encrypted_queue import make_queue
from lambdakit.constructs.encrypted_topic import make_topic
from lambdakit.constructs.object_arns import acknowledge_objects
from lambdakit.errors import Diagnostic
from lambdakit.limits import ASYNC_RETRIES_DEFAULT, QUEUE_RETENTION_SECONDS_MAX, QUEUE_RETENTION_SECONDS_MIN

if TYPE_CHECKING:
    from constructs import Construct

FAILURE_QUEUE_ID: Final = "FailureQueue"
FAILURE_TOPIC_ID: Final = "FailureTopic"
FAILURE_BUCKET_ID: Final = "FailureBucket"
FAILURE_BUS_ID: Final = "FailureBus"
UNDELIVERED_QUEUE_ID: Final = "UndeliveredQueue"
# The CDK's id for what a function or alias says of its asynchronous invocations.
_ASYNC_ID: Final = "EventInvokeConfig"
# Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations": keys of an S3 destination
_ASYNC_OBJECTS: Final = "aws/lambda/async/*"
# Source: S3 User Guide, "Using server-side encryption with AWS KMS keys", uploads
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
FAILURE_IDS: Final = frozenset(
    {FAILURE_QUEUE_ID, FAILURE_TOPIC_ID, FAILURE_BUCKET_ID, FAILURE_BUS_ID, UNDELIVERED_QUEUE_ID}
)


_OVERRIDDEN: Final = "The destination is a bucket, by an override of the property, which the rule does not look at."
_LAST: Final = "Events end here that nobody could handle, for people to look at: there is nowhere to move on to."
# Findings about a queue that is the last, and why they are none.
END_OF_THE_PATH: Final = {"AwsSolutions-SQS3": _LAST, "Serverless-SQSRedrivePolicy": _LAST}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureQueue:
    """A new queue, encrypted, TLS only.

    retention_period: a `Duration` or seconds, 1 minute to 14 days; absent, 14 days, as somebody has to look.
    removal_policy: what happens to the queue when it leaves the stack; absent, it goes.
    """

    retention_period: Duration | int = QUEUE_RETENTION_SECONDS_MAX
    removal_policy: RemovalPolicy = RemovalPolicy.DESTROY


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureTopic:
    """A new topic, encrypted, TLS only, for those who are to hear of it at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureBucket:
    """A new bucket, private, encrypted, TLS only, versioned, which takes failed events whole.

    removal_policy: what happens to the bucket when it leaves the stack; absent, it is retained.
    """

    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureBus:
    """A new event bus, on which rules can tell failures apart. Streams cannot send there."""


# New, by its settings, or existing.
OnFailure: TypeAlias = (
    FailureQueue | FailureTopic | FailureBucket | FailureBus | sqs.IQueue | sns.ITopic | s3.IBucket | events.IEventBus
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePath:
    """The failure path as it was made. One of queue, topic, bucket and event_bus is there, the others are None.

    undelivered: the queue for events that a rule, a schedule or a subscription could not hand over, which only a queue
    can take: `queue` itself, else one beside the topic, bucket or bus; None when the trigger keeps none.
    is_new: made here, so that the stack has an output with its name.
    """

    is_new: bool = True
    queue: sqs.IQueue | None = None
    topic: sns.ITopic | None = None
    bucket: s3.IBucket | None = None
    event_bus: events.IEventBus | None = None
    undelivered: sqs.IQueue | None = None

    @property
    def made_queues(self) -> Mapping[str, sqs.IQueue]:
        """The queues made here, by construct id."""
        made: dict[str, sqs.IQueue] = {}
        if self.is_new and self.queue is not None:
            made[FAILURE_QUEUE_ID] = self.queue
        if self.undelivered is not None and self.queue is None:
            made[UNDELIVERED_QUEUE_ID] = self.undelivered
        return made

    @property
    def destination(self) -> lambda_.IDestination:
        """The on-failure destination of a function's asynchronous invocations."""
        if self.queue is not None:
            return destinations.SqsDestination(self.queue)
        if self.topic is not None:
            return destinations.SnsDestination(self.topic)
        if self.bucket is not None:
            return destinations.S3Destination(self.bucket)
        return destinations.EventBridgeDestination(self.event_bus)


def make_failure_path(
    scope: Construct, on_failure: OnFailure, *, keeps_undelivered: bool = False, fifo: bool = False
) -> FailurePath:
    """The failure path; what is new stands below `scope` as `FailureQueue`, `FailureTopic`, `FailureBucket` and so on.

    keeps_undelivered: the trigger can keep what it could not hand over, in a queue.
    fifo: the new queue, or topic, is of the kind that a FIFO queue needs to have behind it.
    """
    match on_failure:
        case FailureQueue():
            queue = make_queue(
                scope,
                FAILURE_QUEUE_ID,
                retention_period=on_failure.retention_period,
                removal_policy=on_failure.removal_policy,
                fifo=fifo,
            )
            acknowledge(queue, END_OF_THE_PATH)
            return FailurePath(queue=queue, undelivered=queue if keeps_undelivered else None)
        case FailureTopic():
            return FailurePath(topic=make_topic(scope, FAILURE_TOPIC_ID), undelivered=_beside(scope, keeps_undelivered))
        case FailureBucket():
            bucket = make_bucket(scope, FAILURE_BUCKET_ID, removal_policy=on_failure.removal_policy)
            return FailurePath(bucket=bucket, undelivered=_beside(scope, keeps_undelivered))
        case FailureBus():
            bus = events.EventBus(scope, FAILURE_BUS_ID)
            return FailurePath(event_bus=bus, undelivered=_beside(scope, keeps_undelivered))
    return _existing(scope, on_failure, keeps_undelivered=keeps_undelivered)


def send_failures(handler: lambda_.IFunction, failure: FailurePath) -> None:
    """Makes the failure path the destination of the handler's asynchronous invocations.

    An existing handler that has a destination already keeps it, but for a bucket.
    Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations", required permissions.
    """
    config = handler.node.try_find_child(_ASYNC_ID)
    if failure.bucket is None:
        if config is None:
            handler.configure_async_invoke(on_failure=failure.destination)
        return
    # Not the CDK's destination, which would also let the function read and delete what the bucket holds.
    bucket = failure.bucket
    if config is None:
        handler.configure_async_invoke(retry_attempts=ASYNC_RETRIES_DEFAULT)
        config = handler.node.find_child(_ASYNC_ID)
    template = config.node.default_child
    assert isinstance(template, lambda_.CfnEventInvokeConfig)
    template.add_property_override("DestinationConfig.OnFailure.Destination", bucket.bucket_arn)
    acknowledge(template, {"Serverless-LambdaAsyncFailureDestination": _OVERRIDDEN})
    acknowledge_objects(handler, bucket.arn_for_objects(_ASYNC_OBJECTS))
    handler.add_to_role_policy(
        iam.PolicyStatement(
            actions=["s3:ListBucket", "s3:PutObject"],
            resources=[bucket.bucket_arn, bucket.arn_for_objects(_ASYNC_OBJECTS)],
        )
    )
    if bucket.encryption_key is not None:
        bucket.encryption_key.grant(handler, *_KEY_ACTIONS)


def failure_problems(
    pointer: str,
    on_failure: OnFailure,
    *,
    stream: bool = False,
    queue: bool = False,
    dead_letters: bool = False,
    fifo: bool = False,
) -> Iterator[Diagnostic]:
    """What AWS would refuse of the failure path.

    stream: it belongs to a stream's mapping. queue: it is the redrive of a queue. dead_letters: it takes those of a
    durable function, for which Lambda knows no destinations. fifo: of a FIFO queue, which alone can have a FIFO queue
    behind it.
    Source: Lambda Developer Guide, "Invoking Lambda durable functions".
    """
    kind = _kind(on_failure)
    if kind is None:
        yield Diagnostic(
            pointer=pointer,
            problem=f"{type(on_failure).__name__} is no failure path: a queue, a topic, a bucket or an event bus, "
            "new or existing",
            code="LK440",
            hint="on_failure=FailureQueue()",
        )
        return
    if queue and kind != "queue":
        yield Diagnostic(
            pointer=pointer,
            problem=f"messages that were received too often can move to a queue, not to {_WITH_ARTICLE[kind]}",
            code="LK440",
            hint="on_failure=FailureQueue()",
        )
    if dead_letters and kind not in ("queue", "topic"):
        yield Diagnostic(
            pointer=pointer,
            problem=f"what failed of a durable function can go to a queue or a topic, not to {_WITH_ARTICLE[kind]}",
            code="LK440",
            hint="on_failure=FailureQueue()",
        )
    if stream and kind == "event bus":
        yield Diagnostic(
            pointer=pointer,
            problem="a stream's discarded records can go to a queue, a topic or a bucket, not to an event bus",
            code="LK440",
            hint="on_failure=FailureQueue()",
        )
    if kind in ("queue", "topic") and not isinstance(on_failure, FailureQueue | FailureTopic):
        # Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"; SQS Developer Guide,
        # "Using dead-letter queues in Amazon SQS"
        is_fifo = cast("sqs.IQueue | sns.ITopic", on_failure).fifo
        if is_fifo != (fifo and kind == "queue"):
            yield Diagnostic(
                pointer=pointer,
                problem=f"the {kind} is a {'FIFO' if is_fifo else 'standard'} {kind}, and a "
                f"{'standard' if is_fifo else 'FIFO'} one is needed",
                code="LK440",
                hint="on_failure=FailureQueue() makes one of the right kind",
            )
    if isinstance(on_failure, FailureQueue):
        yield from retention_period_problems(f"{pointer}.retention_period", on_failure.retention_period)


def retention_period_problems(pointer: str, period: Duration | int) -> Iterator[Diagnostic]:
    """The refusal of a time for which SQS does not keep messages.

    Source: API SetQueueAttributes, MessageRetentionPeriod.
    """
    seconds = period if isinstance(period, int) else None if period.is_unresolved() else period.to_seconds()
    if seconds is not None and not QUEUE_RETENTION_SECONDS_MIN <= seconds <= QUEUE_RETENTION_SECONDS_MAX:
        yield Diagnostic(
            pointer=pointer,
            problem=f"{seconds:g} seconds are outside {QUEUE_RETENTION_SECONDS_MIN} to {QUEUE_RETENTION_SECONDS_MAX}, "
            "for which a queue can keep messages",
            code="LK401",
            hint=f"retention_period: {QUEUE_RETENTION_SECONDS_MAX}",
        )


_WITH_ARTICLE: Final = {"topic": "a topic", "bucket": "a bucket", "event bus": "an event bus"}


def _existing(scope: Construct, on_failure: object, *, keeps_undelivered: bool) -> FailurePath:
    kind = _kind(on_failure)
    if kind == "queue":
        queue = cast("sqs.IQueue", on_failure)
        return FailurePath(is_new=False, queue=queue, undelivered=queue if keeps_undelivered else None)
    beside = _beside(scope, keeps_undelivered)
    if kind == "topic":
        return FailurePath(is_new=False, topic=cast("sns.ITopic", on_failure), undelivered=beside)
    if kind == "bucket":
        return FailurePath(is_new=False, bucket=cast("s3.IBucket", on_failure), undelivered=beside)
    return FailurePath(is_new=False, event_bus=cast("events.IEventBus", on_failure), undelivered=beside)


def _beside(scope: Construct, keeps_undelivered: bool) -> sqs.Queue | None:
    if not keeps_undelivered:
        return None
    queue = make_queue(scope, UNDELIVERED_QUEUE_ID)
    acknowledge(queue, END_OF_THE_PATH)
    return queue


def _kind(on_failure: object) -> str | None:
    match on_failure:
        case FailureQueue():
            return "queue"
        case FailureTopic():
            return "topic"
        case FailureBucket():
            return "bucket"
        case FailureBus():
            return "event bus"
    for kind, attribute in (
        ("queue", "queue_arn"),
        ("topic", "topic_arn"),
        ("bucket", "bucket_arn"),
        ("event bus", "event_bus_arn"),
    ):
        # By a property that only it has: what jsii hands out for an imported resource is of no class that says more.
        if hasattr(on_failure, attribute):
            return kind
    return None
