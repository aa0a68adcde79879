"""Graphs of what stands before and behind functions: queues, topics, tables, streams, deliveries.

Each function takes the name that is the metrics' dimension, which may be one of the CDK's tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.constructs.monitoring.graph import Graph, Metric

# Metrics of a graph: name, statistic, label.
Lines = Sequence[tuple[str, str, str]]

# Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS"
_SQS: Final = "AWS/SQS"
# Source: DynamoDB Developer Guide, "DynamoDB metrics and dimensions"
_DYNAMODB: Final = "AWS/DynamoDB"
_THROTTLED: Final = (
    ("ReadThrottleEvents", "Sum", "throttled reads"),
    ("WriteThrottleEvents", "Sum", "throttled writes"),
)


def queue_graphs(title: str, queue_name: str) -> list[Graph]:
    """A queue that a function reads, or sends to: its depth, and how old its oldest message is."""
    return [
        graph_of(
            f"{title}: messages",
            _SQS,
            {"QueueName": queue_name},
            (
                ("ApproximateNumberOfMessagesVisible", "Maximum", "waiting"),
                ("ApproximateNumberOfMessagesNotVisible", "Maximum", "in flight"),
                ("NumberOfMessagesSent", "Sum", "sent"),
            ),
        ),
        graph_of(
            f"{title}: age of the oldest message",
            _SQS,
            {"QueueName": queue_name},
            (("ApproximateAgeOfOldestMessage", "Maximum", "age"),),
            unit="s",
        ),
    ]


def failed_messages_graph(queues: Mapping[str, str]) -> Graph:
    """How many messages lie in queues for what failed. queues: names by label."""
    return Graph(
        title="Messages that nobody could handle",
        metrics=[
            Metric(
                namespace=_SQS,
                name="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": name},
                stat="Maximum",
                label=label,
            )
            for label, name in queues.items()
        ],
    )


def table_graphs(title: str, table_name: str, indexes: Sequence[str] = ()) -> list[Graph]:
    """A table's throttled and consumed capacity. indexes: names of its global secondary indexes."""
    of_table = {"TableName": table_name}
    throttled = [*_metrics(_DYNAMODB, of_table, _THROTTLED)]
    for index in indexes:
        lines = [(name, stat, f"{label} of {index}") for name, stat, label in _THROTTLED]
        throttled += _metrics(_DYNAMODB, {**of_table, "GlobalSecondaryIndexName": index}, lines)
    return [
        Graph(title=f"{title}: throttles", metrics=throttled),
        graph_of(
            f"{title}: consumed capacity",
            _DYNAMODB,
            of_table,
            (
                ("ConsumedReadCapacityUnits", "Sum", "read units"),
                ("ConsumedWriteCapacityUnits", "Sum", "write units"),
            ),
        ),
    ]


def stream_graphs(title: str, stream_name: str) -> list[Graph]:
    """A Kinesis data stream. Source: Kinesis Data Streams Developer Guide, "Monitor … with Amazon CloudWatch"."""
    dimensions = {"StreamName": stream_name}
    return [
        graph_of(
            f"{title}: records",
            "AWS/Kinesis",
            dimensions,
            (("IncomingRecords", "Sum", "written"), ("GetRecords.Records", "Sum", "read")),
        ),
        graph_of(
            f"{title}: age of what is read",
            "AWS/Kinesis",
            dimensions,
            (("GetRecords.IteratorAgeMilliseconds", "Maximum", "age"),),
            unit="ms",
        ),
        graph_of(
            f"{title}: throttles",
            "AWS/Kinesis",
            dimensions,
            (
                ("WriteProvisionedThroughputExceeded", "Sum", "writes"),
                ("ReadProvisionedThroughputExceeded", "Sum", "reads"),
            ),
        ),
    ]


def delivery_stream_graphs(title: str, delivery_stream_name: str) -> list[Graph]:
    """A stream of Firehose to S3. Source: Amazon Data Firehose Developer Guide, "Monitor … with CloudWatch metrics"."""
    dimensions = {"DeliveryStreamName": delivery_stream_name}
    return [
        graph_of(
            f"{title}: freshness",
            "AWS/Firehose",
            dimensions,
            (("DeliveryToS3.DataFreshness", "Maximum", "oldest record not delivered"),),
            unit="s",
        ),
        graph_of(
            f"{title}: records",
            "AWS/Firehose",
            dimensions,
            (
                ("IncomingRecords", "Sum", "put"),
                ("DeliveryToS3.Records", "Sum", "delivered"),
                ("ThrottledRecords", "Sum", "throttled"),
            ),
        ),
    ]


def domain_graphs(title: str, domain_name: str, account: str) -> list[Graph]:
    """A domain of OpenSearch. Source: OpenSearch Service Developer Guide, "Monitoring … with Amazon CloudWatch"."""
    return [
        graph_of(
            f"{title}: requests",
            "AWS/ES",
            {"DomainName": domain_name, "ClientId": account},
            (
                ("2xx", "Sum", "2xx"),
                ("4xx", "Sum", "4xx"),
                ("5xx", "Sum", "5xx"),
                ("ClusterIndexWritesBlocked", "Maximum", "writes blocked"),
            ),
        )
    ]


def topic_graphs(title: str, topic_name: str) -> list[Graph]:
    """A topic. Source: SNS Developer Guide, "Monitoring Amazon SNS topics using CloudWatch"."""
    return [
        graph_of(
            f"{title}: notifications",
            "AWS/SNS",
            {"TopicName": topic_name},
            (
                ("NumberOfMessagesPublished", "Sum", "published"),
                ("NumberOfNotificationsDelivered", "Sum", "delivered"),
                ("NumberOfNotificationsFailed", "Sum", "failed"),
            ),
        )
    ]


def event_rule_graphs(title: str, rule_name: str, event_bus_name: str | None) -> list[Graph]:
    """A rule. event_bus_name: None, the default. Source: EventBridge User Guide, "Monitoring Amazon EventBridge"."""
    bus = {} if event_bus_name is None else {"EventBusName": event_bus_name}
    return [
        graph_of(
            f"{title}: events",
            "AWS/Events",
            {**bus, "RuleName": rule_name},
            (
                ("MatchedEvents", "Sum", "matched"),
                ("Invocations", "Sum", "handed over"),
                ("FailedInvocations", "Sum", "not handed over"),
                ("InvocationsSentToDlq", "Sum", "put aside"),
            ),
        )
    ]


def event_bus_graphs(title: str, event_bus_name: str) -> list[Graph]:
    """What is put on a bus and not taken. Source: same."""
    return [
        graph_of(
            f"{title}: events",
            "AWS/Events",
            {"EventBusName": event_bus_name},
            (("MatchedEvents", "Sum", "matched"), ("FailedInvocations", "Sum", "not handed over")),
        )
    ]


def iot_rule_graphs(title: str, rule_name: str) -> list[Graph]:
    """A rule of IoT. Source: AWS IoT Core Developer Guide, "AWS IoT metrics and dimensions", rule metrics."""
    of_rule = _metrics("AWS/IoT", {"RuleName": rule_name}, (("TopicMatch", "Sum", "messages"),))
    of_action = _metrics(
        "AWS/IoT",
        {"RuleName": rule_name, "ActionType": "Lambda"},
        (("Success", "Sum", "handed over"), ("Failure", "Sum", "not handed over")),
    )
    return [Graph(title=f"{title}: messages", metrics=[*of_rule, *of_action])]


def log_group_graphs(title: str, log_group_name: str) -> list[Graph]:
    """What comes into a log group. Source: CloudWatch Logs User Guide, "Monitoring … with CloudWatch metrics"."""
    return [
        graph_of(
            f"{title}: events",
            "AWS/Logs",
            {"LogGroupName": log_group_name},
            (("IncomingLogEvents", "Sum", "events"),),
        )
    ]


def state_machine_graphs(title: str, state_machine_arn: str) -> list[Graph]:
    """A state machine. Source: Step Functions Developer Guide, "Monitoring … using Amazon CloudWatch"."""
    return [
        graph_of(
            f"{title}: executions",
            "AWS/States",
            {"StateMachineArn": state_machine_arn},
            (
                ("ExecutionsStarted", "Sum", "started"),
                ("ExecutionsFailed", "Sum", "failed"),
                ("ExecutionsTimedOut", "Sum", "timed out"),
                ("ExecutionThrottled", "Sum", "throttled"),
            ),
        )
    ]


def graph_of(
    title: str, namespace: str, dimensions: Mapping[str, str], lines: Lines, *, unit: str | None = None
) -> Graph:
    """A graph of metrics that share their dimensions."""
    return Graph(title=title, metrics=_metrics(namespace, dimensions, lines), unit=unit)


def _metrics(namespace: str, dimensions: Mapping[str, str], lines: Lines) -> list[Metric]:
    return [
        Metric(namespace=namespace, name=name, dimensions=dimensions, stat=stat, label=label)
        for name, stat, label in lines
    ]
