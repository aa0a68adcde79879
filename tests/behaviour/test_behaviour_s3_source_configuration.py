"""What S3 refuses of a bucket's notification configuration.

Source: Amazon S3 API Reference, "PutBucketNotificationConfiguration"; Amazon S3 User Guide, "Configuring event
notifications using object key name filtering".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.notified_bucket import NotifiedBucket
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-s3")


@pytest.fixture
def bucket(harness: WiredHarness) -> Iterator[NotifiedBucket]:
    made = NotifiedBucket(harness, "configured")
    yield made
    made.remove()


@pytest.mark.parametrize(
    ("kind", "member", "target", "name", "value"),
    [
        (
            *("LambdaFunctionConfigurations", "LambdaFunctionArn", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"),
            *("{target}, null", "Not authorized to invoke function [{target}]"),
        ),
        (
            *("QueueConfigurations", "QueueArn", f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"),
            *("{target}", "The destination queue does not exist"),
        ),
        (
            *("TopicConfigurations", "TopicArn", f"arn:aws:sns:{REGION}:{ACCOUNT}:none"),
            *("{target}", "The destination topic does not exist"),
        ),
    ],
)
def test_destinations_must_exist(
    bucket: NotifiedBucket, kind: str, member: str, target: str, name: str, value: str
) -> None:
    error = bucket.refusal(**{kind: [{member: target, "Events": ["s3:ObjectCreated:*"]}]})

    assert (error["Code"], error["Message"]) == (
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    )
    assert error["ArgumentName1"] == name.format(target=target)
    assert error["ArgumentValue1"] == value.format(target=target)
    kept = bucket.s3.get_bucket_notification_configuration(Bucket=bucket.name)
    assert kind not in kept


def test_destinations_are_not_checked_where_the_request_says_so(bucket: NotifiedBucket) -> None:
    bucket.s3.put_bucket_notification_configuration(
        Bucket=bucket.name,
        NotificationConfiguration={
            "QueueConfigurations": [
                {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:none", "Events": ["s3:ObjectCreated:*"]}
            ]
        },
        SkipDestinationValidation=True,
    )

    bucket.harness.drain()
    before = bucket.harness.position()
    bucket.put("a")
    bucket.harness.drain()

    [told] = bucket.harness.events("EventNotDelivered", after=before)
    assert "NonExistentQueue" in told["reason"]
    assert told["settled"] == "dropped"


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        (([], []), "Configurations overlap."),
        (([{"Name": "prefix", "Value": "a"}], []), "Configuration is ambiguously defined."),
        (([{"Name": "suffix", "Value": "jpg"}], [{"Name": "suffix", "Value": "pg"}]), "Configuration is ambiguously"),
    ],
)
def test_rules_must_not_overlap(bucket: NotifiedBucket, filters: Sequence[list[dict[str, str]]], text: str) -> None:
    entries = []
    for number, rules in enumerate(filters):
        more = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
        events = ["s3:ObjectCreated:*", "s3:ObjectCreated:Put"][number : number + 1]
        entries.append({"QueueArn": bucket.queue_arn, "Events": events, **more})

    error = bucket.refusal(QueueConfigurations=entries)

    assert error["Code"] == "InvalidArgument"
    assert error["Message"].startswith(text)


def test_other_regions_are_refused(bucket: NotifiedBucket) -> None:
    elsewhere = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"

    error = bucket.refusal(QueueConfigurations=[{"QueueArn": elsewhere, "Events": ["s3:ObjectCreated:*"]}])

    assert "region is not valid" in error["Message"]


def test_a_bucket_tells_whether_it_tells_event_bridge(bucket: NotifiedBucket) -> None:
    queue = {"QueueArn": bucket.queue_arn, "Events": ["s3:ObjectCreated:*"]}
    told = []
    for configuration in ({"QueueConfigurations": [queue], "EventBridgeConfiguration": {}}, {}):
        bucket.notify(**configuration)
        told.append(bucket.s3.get_bucket_notification_configuration(Bucket=bucket.name))

    assert told[0]["EventBridgeConfiguration"] == {}
    assert told[0]["QueueConfigurations"][0]["QueueArn"] == bucket.queue_arn
    assert "EventBridgeConfiguration" not in told[1]
