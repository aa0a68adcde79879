"""Buckets as event sources, from what is done to an object to what becomes of it.

Source, unless a test says another: Amazon S3 User Guide, "Amazon S3 Event Notifications" and its subpages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.lambda_api import create_function
from tests.fakes.notified_bucket import NotifiedBucket
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-s3")

EVERYTHING = [
    "s3:ObjectCreated:*",
    "s3:ObjectRemoved:*",
    "s3:ObjectTagging:*",
    "s3:ObjectAcl:Put",
    "s3:ObjectRestore:*",
]


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def bucket(harness: WiredHarness, request: pytest.FixtureRequest) -> Iterator[NotifiedBucket]:
    name = "".join(letter for letter in request.node.name.lower() if letter.isalnum())[5:45]
    made = NotifiedBucket(harness, name)
    yield made
    made.remove()


def records(fed: FedFunction) -> list[dict[str, Any]]:
    """What the function was told, in the order in which it happened."""
    fed.harness.drain()
    told = [record for batch in fed.batches() for record in batch]
    return sorted(told, key=lambda record: record["eventTime"])


def test_an_object_that_is_put_is_told(fed: FedFunction, bucket: NotifiedBucket) -> None:
    bucket.to_function(fed.arn, Id="mine")

    answer = bucket.put("in/red flower.jpg", b"hello")

    [record] = records(fed)
    assert set(record) == {
        *("eventVersion", "eventSource", "awsRegion", "eventTime", "eventName", "userIdentity"),
        *("requestParameters", "responseElements", "s3"),
    }
    assert record["eventVersion"].startswith("2.")
    assert (record["eventSource"], record["awsRegion"]) == ("aws:s3", REGION)
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert record["responseElements"]["x-amz-request-id"] == answer["ResponseMetadata"]["RequestId"]
    assert record["responseElements"]["x-amz-id-2"] == answer["ResponseMetadata"]["HostId"]
    described = record["s3"]
    assert (described["s3SchemaVersion"], described["configurationId"]) == ("1.0", "mine")
    assert described["bucket"]["name"] == bucket.name
    assert described["bucket"]["arn"] == f"arn:aws:s3:::{bucket.name}"
    assert described["bucket"]["ownerIdentity"]["principalId"].startswith("A")
    sequencer = described["object"].pop("sequencer")
    assert int(sequencer, 16)
    assert described["object"] == {
        "key": "in/red+flower.jpg",
        "size": 5,
        "eTag": "5d41402abc4b2a76b9719d911017c592",
    }
    told = [event for event in fed.harness.events("EventDelivered", after=fed.before) if event["target"] == fed.arn]
    assert [(event["source"], event["what"]) for event in told] == [
        (f"arn:aws:s3:::{bucket.name}", "S3 ObjectCreated:Put")
    ]


def test_every_operation_is_told_once(fed: FedFunction, bucket: NotifiedBucket) -> None:
    bucket.to_function(fed.arn, *EVERYTHING)
    s3, name = bucket.s3, bucket.name

    bucket.put("a", Tagging="k=v", ACL="private")
    s3.copy_object(Bucket=name, Key="copy", CopySource=f"{name}/a", TaggingDirective="REPLACE", Tagging="x=y")
    upload = s3.create_multipart_upload(Bucket=name, Key="parts")["UploadId"]
    tag = s3.upload_part(Bucket=name, Key="parts", UploadId=upload, PartNumber=1, Body=b"12345")["ETag"]
    done = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(Bucket=name, Key="parts", UploadId=upload, MultipartUpload=done)
    s3.put_object_tagging(Bucket=name, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "w"}]})
    s3.delete_object_tagging(Bucket=name, Key="a")
    s3.put_object_acl(Bucket=name, Key="a", ACL="public-read")
    bucket.put("cold", StorageClass="GLACIER")
    s3.restore_object(Bucket=name, Key="cold", RestoreRequest={"Days": 1})
    s3.delete_object(Bucket=name, Key="a")
    s3.delete_object(Bucket=name, Key="never there")
    s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "copy"}, {"Key": "parts"}]})

    told = [(record["eventName"], record["s3"]["object"]["key"]) for record in records(fed)]
    assert sorted(told[:-2]) == sorted(
        [
            ("ObjectCreated:Put", "a"),
            ("ObjectCreated:Copy", "copy"),
            ("ObjectCreated:CompleteMultipartUpload", "parts"),
            ("ObjectTagging:Put", "a"),
            ("ObjectTagging:Delete", "a"),
            ("ObjectAcl:Put", "a"),
            ("ObjectCreated:Put", "cold"),
            ("ObjectRestore:Post", "cold"),
            ("ObjectRestore:Completed", "cold"),
            ("ObjectRemoved:Delete", "a"),
        ]
    )
    assert sorted(told[-2:]) == [("ObjectRemoved:Delete", "copy"), ("ObjectRemoved:Delete", "parts")]
    restored = next(record for record in records(fed) if record["eventName"] == "ObjectRestore:Completed")
    assert restored["glacierEventData"]["restoreEventData"]["lifecycleRestoreStorageClass"] == "GLACIER"
    assert "sequencer" not in restored["s3"]["object"]


def test_a_form_that_is_posted_is_told_as_such(fed: FedFunction, bucket: NotifiedBucket) -> None:
    bucket.to_function(fed.arn)
    boundary = "xyz"
    fields = {"key": "posted.txt", "policy": "", "file": "content"}
    parts = []
    for name, value in fields.items():
        named = f'form-data; name="{name}"' + ('; filename="posted.txt"' if name == "file" else "")
        parts.append(f"--{boundary}\r\nContent-Disposition: {named}\r\n\r\n{value}\r\n")
    body = "".join(parts) + f"--{boundary}--\r\n"
    headers = {
        "Host": f"{bucket.name}.s3.amazonaws.com",
        "Content-Type": f"multipart/form-data; boundary={boundary}",
    }

    answer = fed.harness.request("POST", "/", headers, body.encode())

    assert answer.status == 204
    assert [record["eventName"] for record in records(fed)] == ["ObjectCreated:Post"]


def test_versions_and_delete_markers_are_told(fed: FedFunction, bucket: NotifiedBucket) -> None:
    bucket.to_function(fed.arn, *EVERYTHING)
    s3, name = bucket.s3, bucket.name
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    first = bucket.put("v")["VersionId"]
    second = bucket.put("v")["VersionId"]
    marker = s3.delete_object(Bucket=name, Key="v")["VersionId"]
    s3.delete_object(Bucket=name, Key="v", VersionId=first)
    s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "v", "VersionId": second}]})

    told = records(fed)
    assert [(record["eventName"], record["s3"]["object"]["versionId"]) for record in told] == [
        ("ObjectCreated:Put", first),
        ("ObjectCreated:Put", second),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", first),
        ("ObjectRemoved:Delete", second),
    ]
    assert "size" not in told[2]["s3"]["object"]
    assert "eTag" not in told[3]["s3"]["object"]
    sequencers = [record["s3"]["object"]["sequencer"] for record in told]
    assert sequencers == sorted(set(sequencers))


def test_only_keys_that_the_filter_means_are_told(fed: FedFunction, bucket: NotifiedBucket) -> None:
    """ "In the rule a space is written + and special characters percent-encoded; names of rules are in any case."""
    rules = [{"Name": "Prefix", "Value": "my+files/%C3%BC"}, {"Name": "suffix", "Value": ".jpg"}]
    bucket.to_function(fed.arn, Filter={"Key": {"FilterRules": rules}})

    for key in ("my files/über.jpg", "my files/über.png", "my+files/über.jpg", "über.jpg"):
        bucket.put(key)

    assert [record["s3"]["object"]["key"] for record in records(fed)] == ["my+files/%C3%BCber.jpg"]


def test_queues_and_topics_are_told_after_a_test_message(bucket: NotifiedBucket) -> None:
    bucket.notify(
        QueueConfigurations=[{"QueueArn": bucket.queue_arn, "Events": ["s3:ObjectCreated:*"]}],
        TopicConfigurations=[{"TopicArn": bucket.topic_arn, "Events": ["s3:ObjectRemoved:*"]}],
    )
    [message] = bucket.received()
    assert set(message) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}
    assert (message["Service"], message["Event"], message["Bucket"]) == (
        "Amazon S3",
        "s3:TestEvent",
        bucket.name,
    )
    assert [json.loads(envelope["Message"])["Event"] for envelope in bucket.received(bucket.behind_url)] == [
        "s3:TestEvent"
    ]

    bucket.put("a")
    bucket.s3.delete_object(Bucket=bucket.name, Key="a")

    [event] = bucket.received()
    assert [record["eventName"] for record in event["Records"]] == ["ObjectCreated:Put"]
    [envelope] = bucket.received(bucket.behind_url)
    assert envelope["Subject"] == "Amazon S3 Notification"
    assert json.loads(envelope["Message"])["Records"][0]["eventName"] == "ObjectRemoved:Delete"


def test_a_function_gets_no_test_message(fed: FedFunction, bucket: NotifiedBucket) -> None:
    bucket.to_function(fed.arn)
    fed.harness.drain()

    assert fed.events() == []


def test_a_configuration_that_is_taken_away_tells_nothing(fed: FedFunction, bucket: NotifiedBucket) -> None:
    bucket.to_function(fed.arn)
    bucket.notify()

    bucket.put("a")

    assert records(fed) == []


def test_a_function_that_was_deleted_gets_nothing(fed: FedFunction, bucket: NotifiedBucket) -> None:
    gone = FedFunction(fed.harness, "gone")
    bucket.to_function(gone.arn)
    gone.remove()
    before = fed.harness.position()

    bucket.put("a")
    fed.harness.drain()

    [told] = fed.harness.events("EventNotDelivered", after=before)
    assert (told["target"], told["settled"]) == (gone.arn, "dropped")
    assert told["reason"].startswith("ResourceNotFoundException")


def test_event_bridge_is_told_of_everything_when_the_bucket_says_so(bucket: NotifiedBucket) -> None:
    """Source: Amazon S3 User Guide, "Using EventBridge" and "EventBridge event message structure"."""
    events, s3 = bucket.harness.aws("events"), bucket.s3
    events.put_rule(Name="of-s3", EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule="of-s3", Targets=[{"Id": "1", "Arn": bucket.queue_arn}])
    bucket.put("before")
    bucket.notify(EventBridgeConfiguration={})

    answer = bucket.put("red flower", b"hello")
    s3.put_object_tagging(Bucket=bucket.name, Key="red flower", Tagging={"TagSet": [{"Key": "k", "Value": "w"}]})
    s3.copy_object(Bucket=bucket.name, Key="copy", CopySource=f"{bucket.name}/red flower")
    s3.delete_object(Bucket=bucket.name, Key="red flower")
    s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket.name, Key="copy")["VersionId"]

    told = sorted(bucket.received(), key=lambda event: (event["time"], event["detail"]["object"].get("sequencer", "")))
    events.remove_targets(Rule="of-s3", Ids=["1"])
    events.delete_rule(Name="of-s3")
    by_kind = {
        (event["detail-type"], event["detail"].get("reason"), event["detail"]["object"]["key"]) for event in told
    }
    assert by_kind == {
        ("Object Created", "PutObject", "red flower"),
        ("Object Tags Added", None, "red flower"),
        ("Object Created", "CopyObject", "copy"),
        ("Object Deleted", "DeleteObject", "red flower"),
        ("Object Deleted", "DeleteObject", "copy"),
    }
    created = next(event for event in told if event["detail"].get("reason") == "PutObject")
    assert (created["source"], created["account"], created["region"]) == ("aws.s3", ACCOUNT, REGION)
    assert created["resources"] == [f"arn:aws:s3:::{bucket.name}"]
    assert int(created["detail"]["object"].pop("sequencer"), 16)
    assert created["detail"] == {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": {"key": "red flower", "size": 5, "etag": "5d41402abc4b2a76b9719d911017c592"},
        "request-id": answer["ResponseMetadata"]["RequestId"],
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    deleted = {
        event["detail"]["deletion-type"]: event["detail"]["object"].get("version-id")
        for event in told
        if event["detail-type"] == "Object Deleted"
    }
    assert deleted == {"Permanently Deleted": None, "Delete Marker Created": marker}


def test_a_function_that_writes_into_its_own_bucket_is_stopped(harness: WiredHarness, bucket: NotifiedBucket) -> None:
    """Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops"."""
    source = (
        "import boto3\ndef handler(event, context):\n"
        "    named = event['Records'][0]['s3']\n"
        "    boto3.client('s3').put_object(Bucket=named['bucket']['name'], Key=named['object']['key'], Body=b'again')\n"
    )
    arn = create_function(harness.aws("lambda"), "looping", source, Timeout=10)["FunctionArn"]
    bucket.to_function(arn)
    before = harness.position()

    bucket.put("a")
    harness.drain()

    started = [event for event in harness.events("InvocationStarted", after=before) if event["function"] == "looping"]
    harness.aws("lambda").delete_function(FunctionName="looping")
    assert 2 <= len(started) <= 17
