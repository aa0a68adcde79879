"""Every source that has a sample event, by the name that the command line has for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.session.sample_events import (
    applications,
    authorizers,
    event_buses,
    http_requests,
    objects,
    observability,
    operations,
    queues,
    streams,
    user_pools,
    websockets,
)
from lambdakit.session.sample_events.sample import Arrival, Choices, Sample

_PLACE: Final = ("account_id", "region")
_RECORDS: Final = (*_PLACE, "count")
_OBJECT: Final = (*_PLACE, "bucket", "key")
_REQUEST: Final = (*_PLACE, "method", "path", "body")
# Load balancers' events name no stage, and authorizers' have no body.
_QUESTION: Final = (*_PLACE, "method", "path")

Make = Callable[[Choices], Any]


def _pulled(summary: str, make: Make, takes: tuple[str, ...]) -> Sample:
    return Sample(summary=summary, arrives=Arrival.PULLED, takes=takes, make=make)


def _pushed(summary: str, make: Make, takes: tuple[str, ...]) -> Sample:
    return Sample(summary=summary, arrives=Arrival.ASYNCHRONOUS, takes=takes, make=make)


def _asked(summary: str, make: Make, takes: tuple[str, ...]) -> Sample:
    return Sample(summary=summary, arrives=Arrival.SYNCHRONOUS, takes=takes, make=make)


_MAPPINGS: Final[Mapping[str, Sample]] = {
    "sqs": _pulled("messages of a queue", queues.sqs, (*_RECORDS, "body")),
    "sqs-fifo": _pulled(
        "messages of a FIFO queue; the key is their group", queues.sqs_fifo, (*_RECORDS, "body", "key")
    ),
    "kinesis": _pulled("records of a data stream", streams.kinesis, (*_RECORDS, "body", "key")),
    "kinesis-window": _pulled("the same, in a tumbling window", streams.kinesis_window, (*_RECORDS, "body", "key")),
    "dynamodb": _pulled("changes of a table's items", streams.dynamodb, (*_RECORDS, "key")),
    "dynamodb-window": _pulled("the same, in a tumbling window", streams.dynamodb_window, (*_RECORDS, "key")),
    "msk": _pulled("records of an Amazon MSK topic", streams.msk, (*_RECORDS, "body", "key")),
    "kafka": _pulled("records of one's own Kafka", streams.kafka, ("region", "count", "body", "key")),
    "mq-active": _pulled("messages of an ActiveMQ broker", queues.mq_active, (*_RECORDS, "body")),
    "mq-rabbit": _pulled("messages of a RabbitMQ broker", queues.mq_rabbit, (*_RECORDS, "body")),
    "documentdb": _pulled("documents of a DocumentDB change stream", streams.documentdb, _RECORDS),
}

_PUSHES: Final[Mapping[str, Sample]] = {
    "sns": _pushed("a topic's message", queues.sns, (*_PLACE, "message")),
    "s3-put": _pushed("an object was put", objects.put, ("region", "bucket", "key")),
    "s3-delete": _pushed("an object was deleted", objects.delete, ("region", "bucket", "key")),
    "s3-eventbridge": _pushed("an object was put, by EventBridge", objects.created_through_event_bridge, _OBJECT),
    "s3-eventbridge-delete": _pushed(
        "an object was deleted, by EventBridge", objects.deleted_through_event_bridge, _OBJECT
    ),
    "eventbridge": _pushed("an event of one's own; the body is its detail", event_buses.event, (*_PLACE, "body")),
    "schedule": _pushed("a rule's schedule", event_buses.schedule, _PLACE),
    "scheduler": _pushed("EventBridge Scheduler, without an input", event_buses.scheduler, _PLACE),
    "cloudwatch-logs": _pushed(
        "a log subscription; each line of the message is logged",
        observability.cloudwatch_logs,
        ("account_id", "message"),
    ),
    "cloudwatch-alarm": _pushed("an alarm went off", observability.cloudwatch_alarm, _PLACE),
    "config": _pushed("a resource changed that a rule watches", operations.config_change, (*_PLACE, "bucket")),
    "config-scheduled": _pushed("a Config rule's schedule", operations.config_scheduled, _PLACE),
    "codepipeline": _pushed(
        "a pipeline's invoke action", operations.pipeline_job, ("account_id", "message", "bucket", "key")
    ),
    "codepipeline-state": _pushed("a pipeline began, by EventBridge", event_buses.pipeline_state, _PLACE),
    "codecommit": _pushed("a repository was pushed to", operations.repository_push, _PLACE),
    "iot": _pushed("an IoT rule's result, as it is", applications.plain, ("body",)),
    "ses": _pushed("a mail came in; the message is its subject", applications.email, (*_PLACE, "message")),
    "cloudformation-create": _pushed("a custom resource is made", operations.custom_resource_create, _PLACE),
    "cloudformation-update": _pushed("a custom resource is changed", operations.custom_resource_update, _PLACE),
    "cloudformation-delete": _pushed("a custom resource is taken away", operations.custom_resource_delete, _PLACE),
    "secrets-rotation": _pushed("a step of a secret's rotation", operations.secrets_rotation, _PLACE),
    "destination": _pushed("a record of another function's failed event", queues.destination, (*_PLACE, "body")),
}

_REQUESTS: Final[Mapping[str, Sample]] = {
    "http-api": _asked("an HTTP API, payload 2.0", http_requests.http_api, _REQUEST),
    "http-api-v1": _asked("an HTTP API, payload 1.0", http_requests.http_api_v1, _REQUEST),
    "rest-api": _asked("a REST API", http_requests.rest_api, _REQUEST),
    "function-url": _asked("a function URL", http_requests.function_url, ("region", "method", "path", "body")),
    "alb": _asked("an Application Load Balancer", http_requests.load_balancer, _REQUEST),
    "alb-multivalue": _asked("the same, multi-value", http_requests.load_balancer_multi_value, _REQUEST),
    "vpc-lattice": _asked("a VPC Lattice service", http_requests.lattice, _REQUEST),
    "websocket-connect": _asked("a WebSocket API's $connect", websockets.connect, ("region",)),
    "websocket-message": _asked("a WebSocket API's message", websockets.message, ("region", "body")),
    "websocket-disconnect": _asked("a WebSocket API's $disconnect", websockets.disconnect, ("region",)),
    "authorizer-token": _asked(
        "a REST API's TOKEN authorizer; the message is the token", authorizers.token, (*_QUESTION, "message")
    ),
    "authorizer-request": _asked("a REST API's REQUEST authorizer", authorizers.request, (*_QUESTION, "message")),
    "authorizer-http-v2": _asked("an HTTP API's authorizer", authorizers.http_request, (*_QUESTION, "message")),
    "authorizer-iot": _asked("an AWS IoT custom authorizer", authorizers.iot, ("region", "message")),
    "firehose": _asked("records to transform", applications.firehose, (*_RECORDS, "body")),
    "firehose-kinesis": _asked(
        "the same, of a Kinesis stream", applications.firehose_kinesis, (*_RECORDS, "body", "key")
    ),
    "pipe": _asked("a pipe's batch of messages of a queue", queues.pipe, (*_RECORDS, "body")),
    "step-functions": _asked("a task's input, as it is", applications.plain, ("body",)),
    "appsync": _asked("a resolver; the body is its arguments", applications.resolver, ("region", "body")),
    "lex": _asked("a turn of a conversation", applications.lex, ("message",)),
    "s3-batch": _asked("a task of S3 Batch Operations", objects.batch, ("bucket", "key")),
    "s3-object-lambda": _asked("a GetObject request", objects.object_lambda, (*_PLACE, "key")),
    "codedeploy": _asked("a deployment's lifecycle hook", operations.deployment_hook, ()),
    **{
        f"cognito-{name}": _asked(f"user pool: {summary}", make, ("region",))
        for name, (summary, make) in user_pools.TRIGGERS.items()
    },
}

SAMPLES: Final[Mapping[str, Sample]] = {**_MAPPINGS, **_PUSHES, **_REQUESTS}
