"""What buckets, topics, log groups, alarms and user pools tell others of their own accord."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Relation, Verb
from lambdakit.reports.rendered_value import rendered
from lambdakit.reports.world import Resource, World

# List in a bucket's notifications -> what of an item names the receiver: the bucket's own property, and the custom
# resource of the CDK, which speaks as the S3 API does.
_RECEIVERS: Final = {
    "LambdaConfigurations": "Function",
    "QueueConfigurations": "Queue",
    "TopicConfigurations": "Topic",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
_API_NAMES: Final = {"Queue": "QueueArn", "Topic": "TopicArn"}
# Protocols whose endpoint is an address outside.
_ADDRESSES: Final = ("email", "email-json", "sms", "http", "https", "application")


def notifications(world: World) -> Iterator[Relation]:
    """Bucket, topic, log group, alarm or user pool -> function, queue, topic or an address."""
    yield from _of_buckets(world)
    yield from _of_topics(world)
    for filtered in world.of_type("AWS::Logs::SubscriptionFilter"):
        groups = world.ends(filtered, filtered.properties.get("LogGroupName"), kind=Kind.LOG_GROUP)
        yield from _all(groups, world.ends(filtered, filtered.properties.get("DestinationArn")), "log lines")
    for alarm in world.of_type("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        own = End(kind=Kind.ALARM, resource=alarm.key)
        for action in _list(alarm.properties.get("AlarmActions")):
            yield from _all((own,), world.ends(alarm, action), "")
    for pool in world.of_type("AWS::Cognito::UserPool"):
        own = End(kind=Kind.USER_POOL, resource=pool.key)
        triggers = pool.properties.get("LambdaConfig")
        for name, value in triggers.items() if isinstance(triggers, Mapping) else ():
            yield from _all((own,), [end for end in world.ends(pool, value) if end.kind is Kind.FUNCTION], name)


def _of_buckets(world: World) -> Iterator[Relation]:
    for bucket in world.of_type("AWS::S3::Bucket"):
        own = (End(kind=Kind.BUCKET, resource=bucket.key),)
        yield from _configured(world, bucket, own, bucket.properties.get("NotificationConfiguration"))
    for custom in world.of_type("Custom::S3BucketNotifications"):
        buckets = world.ends(custom, custom.properties.get("BucketName"), kind=Kind.BUCKET)
        yield from _configured(world, custom, buckets, custom.properties.get("NotificationConfiguration"))


def _configured(world: World, resource: Resource, buckets: Sequence[End], settings: object) -> Iterator[Relation]:
    if not isinstance(settings, Mapping):
        return
    for name, receiver in _RECEIVERS.items():
        for item in _list(settings.get(name)):
            if isinstance(item, Mapping):
                value = item.get(receiver, item.get(_API_NAMES.get(receiver, "")))
                events = item.get("Event", item.get("Events"))
                yield from _all(buckets, world.ends(resource, value), rendered(_short(events)))


def _short(events: object) -> object:
    texts = [rendered(event).removeprefix("s3:") for event in _list(events)]
    return ", ".join(texts)


def _of_topics(world: World) -> Iterator[Relation]:
    for subscription in world.of_type("AWS::SNS::Subscription"):
        topics = world.ends(subscription, subscription.properties.get("TopicArn"))
        yield from _subscribed(world, subscription, topics, subscription.properties)
    for topic in world.of_type("AWS::SNS::Topic"):
        for item in _list(topic.properties.get("Subscription")):
            if isinstance(item, Mapping):
                yield from _subscribed(world, topic, (End(kind=Kind.TOPIC, resource=topic.key),), item)


def _subscribed(
    world: World, resource: Resource, topics: Sequence[End], properties: Mapping[str, object]
) -> Iterator[Relation]:
    protocol = rendered(properties.get("Protocol"))
    ends = world.ends(resource, properties.get("Endpoint"))
    if protocol in _ADDRESSES:
        # An address may be a secret of somebody's: its kind says enough.
        ends = (End(kind=Kind.OUTSIDE, name=protocol),)
    label = "filtered" if "FilterPolicy" in properties else ""
    yield from _all(topics, ends, label)
    redrive = properties.get("RedrivePolicy")
    for queue in world.ends(resource, redrive.get("deadLetterTargetArn")) if isinstance(redrive, Mapping) else ():
        for topic in topics:
            for end in ends:
                yield Relation(start=topic, verb=Verb.FAILS_TO, end=queue, via=end)


def _all(starts: Sequence[End], ends: Sequence[End], label: str) -> Iterator[Relation]:
    for start in starts:
        for end in ends:
            yield Relation(start=start, verb=Verb.TRIGGERS, end=end, label=label)


def _list(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
