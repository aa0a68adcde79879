"""Delivery streams, from the record that is put to the object that it stands in.

Source, unless a test says another: Amazon Data Firehose Developer Guide, "Data delivery" and "Transform source data in
Amazon Data Firehose", with their subpages.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lake import ROLE, TRANSFORMER, Lake, processing
from tests.fakes.lambda_api import create_function, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-firehose")


@pytest.fixture
def lake(harness: WiredHarness) -> Iterator[Lake]:
    function = create_function(harness.aws("lambda"), "transformer", TRANSFORMER, Timeout=10)["FunctionArn"]
    made = Lake(harness, function)
    yield made
    made.remove()
    harness.aws("lambda").delete_function(FunctionName="transformer")


def test_records_wait_for_their_buffer_and_stand_in_one_object(lake: Lake) -> None:
    """The defaults: 5 MB or 300 seconds."""
    lake.create("s", seconds=None)

    lake.put("s", "one ", "two ")
    lake.put("s", "three")
    lake.advance(240)
    assert lake.objects() == {}
    lake.advance(61)

    [(key, body)] = lake.objects().items()
    assert body == b"one two three"
    pattern = r"\d{4}/\d\d/\d\d/\d\d/s-1-\d{4}(-\d\d){5}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(pattern, key)


def test_waiting_for_everything_empties_the_buffers(lake: Lake) -> None:
    lake.create("s", seconds=900, **lake.transforming(seconds=60))

    lake.put("s", "one")
    lake.drain()

    assert list(lake.objects().values()) == [b"ONE"]


def test_a_full_buffer_is_not_waited_for(lake: Lake) -> None:
    lake.create("s", seconds=900)

    lake.put("s", *["x" * 400_000 for _ in range(4)])

    assert [len(body) for body in lake.objects().values()] == [800_000]
    lake.drain()
    assert sorted(len(body) for body in lake.objects().values()) == [800_000, 800_000]


def test_no_interval_is_no_wait(lake: Lake) -> None:
    lake.create("s", Prefix="now/", CompressionFormat="GZIP")

    lake.put("s", "one")

    [(key, body)] = lake.objects().items()
    assert key.startswith("now/20")
    assert key.endswith(".gz")
    assert gzip.decompress(body) == b"one"
    [delivered] = [event for event in lake.told("EventDelivered") if event["source"].endswith("/s")]
    assert delivered["target"] == f"arn:aws:s3:::lake/{key}"


def test_the_function_is_given_records_and_its_answers_count(lake: Lake) -> None:
    arn = lake.create("s", **lake.transforming())

    lake.put("s", "one", "drop", "fail", "two")

    [event] = lake.events()
    assert list(event) == ["invocationId", "deliveryStreamArn", "region", "records"]
    assert (event["deliveryStreamArn"], event["region"]) == (arn, REGION)
    assert list(event["records"][0]) == ["recordId", "approximateArrivalTimestamp", "data"]
    assert len({record["recordId"] for record in event["records"]}) == 4
    [body] = [body for key, body in lake.objects().items() if "processing-failed" not in key]
    assert body == b"ONETWO"
    [failed] = lake.failures()
    assert failed["attemptEndingTimestamp"] >= failed["arrivalTimestamp"]
    del failed["attemptEndingTimestamp"], failed["arrivalTimestamp"]
    assert failed == {
        "attemptsMade": 1,
        "errorCode": "Lambda.ProcessingFailedStatus",
        "errorMessage": "ProcessingFailed status set for record",
        "rawData": base64.b64encode(b"fail").decode(),
        "lambdaArn": lake.function,
    }


def test_partitions_have_objects_of_their_own(lake: Lake) -> None:
    """Source: Amazon Data Firehose Developer Guide, "Partition streaming data in Amazon Data Firehose"."""
    lake.create(
        "s",
        Prefix="kind=!{partitionKeyFromLambda:kind}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration={
            "Enabled": True,
            "Processors": [
                *lake.transforming()["ProcessingConfiguration"]["Processors"],
                *processing("AppendDelimiterToRecord", Delimiter="\\n")["ProcessingConfiguration"]["Processors"],
            ],
        },
    )

    lake.put("s", "key a 1", "key b 2", "key a 3", "without")

    found = {key.rpartition("/")[0]: body for key, body in lake.objects().items()}
    assert found.pop("errors/processing-failed")
    assert found == {"kind=a": b"KEY A 1\nKEY A 3\n", "kind=b": b"KEY B 2\n"}
    [failed] = lake.failures()
    assert failed["errorCode"].startswith("DynamicPartitioning.")


def test_partitions_by_a_query(lake: Lake) -> None:
    lake.create(
        "s",
        Prefix="!{partitionKeyFromQuery:year}/!{partitionKeyFromQuery:device}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration={
            "Enabled": True,
            "Processors": [
                *processing("RecordDeAggregation", SubRecordType="JSON")["ProcessingConfiguration"]["Processors"],
                *processing(
                    "MetadataExtraction",
                    MetadataExtractionQuery='{year:.at|strftime("%Y"),device:.type.device}',
                    JsonParsingEngine="JQ-1.6",
                )["ProcessingConfiguration"]["Processors"],
            ],
        },
    )

    lake.put("s", '{"at": 1565382027, "type": {"device": "m"}}{"at": 0, "type": {"device": "t"}}', "no json")

    assert sorted(key.rpartition("/")[0] for key in lake.objects()) == ["1970/t", "2019/m", "errors/processing-failed"]


def test_the_source_is_backed_up(lake: Lake) -> None:
    backup = {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::lake",
        "Prefix": "raw/",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
    }
    lake.create("s", Prefix="out/", S3BackupMode="Enabled", S3BackupConfiguration=backup, **lake.transforming())

    lake.put("s", "one", "drop")

    assert {key.split("/")[0]: body for key, body in lake.objects().items()} == {"out": b"ONE", "raw": b"onedrop"}


def test_a_stream_feeds_a_delivery_stream(lake: Lake) -> None:
    kinesis = lake.harness.aws("kinesis")
    kinesis.create_stream(StreamName="source", ShardCount=2)
    source = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/source"
    kinesis.put_record(StreamName="source", Data=b"early", PartitionKey="p")
    configuration = {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::lake",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
        **lake.transforming(),
    }
    lake.create_any(
        "s",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": source, "RoleARN": ROLE},
        ExtendedS3DestinationConfiguration=configuration,
    )

    numbers = [
        kinesis.put_record(StreamName="source", Data=f"r{at}".encode(), PartitionKey=f"p{at}")["SequenceNumber"]
        for at in range(4)
    ]
    lake.drain()

    assert b"".join(sorted(re.findall(rb"R\d", b"".join(lake.objects().values())))) == b"R0R1R2R3"
    event = lake.events()[0]
    assert list(event)[:3] == ["invocationId", "sourceKinesisStreamArn", "deliveryStreamArn"]
    assert event["sourceKinesisStreamArn"] == source
    told = [record["kinesisRecordMetadata"] for one in lake.events() for record in one["records"]]
    assert set(told[0]) == {
        *("shardId", "partitionKey", "approximateArrivalTimestamp", "sequenceNumber", "subsequenceNumber"),
    }
    assert sorted(one["sequenceNumber"] for one in told) == sorted(numbers)
    refused = refusal(lake.firehose.put_record, DeliveryStreamName="s", Record={"Data": b"x"})
    assert refused[1] == "InvalidArgumentException"
    kinesis.delete_stream(StreamName="source")


def test_other_destinations_are_told_and_their_bucket_gets_what_they_do_not_take(lake: Lake) -> None:
    bucket = {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::lake",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
    }
    lake.create_any(
        "s",
        SplunkDestinationConfiguration={
            "HECEndpoint": "https://example.com/in",
            "HECEndpointType": "Raw",
            "HECToken": "token",
            "S3BackupMode": "FailedEventsOnly",
            "S3Configuration": bucket,
        },
    )

    lake.put("s", "one")

    [told] = [event for event in lake.told("EventNotDelivered") if event["source"].endswith("/s")]
    assert told["target"] == "https://example.com/in"
    assert told["reason"].startswith("nothing runs there")
    [(key, body)] = lake.objects().items()
    assert key.startswith("splunk-failed/")
    assert base64.b64decode(json.loads(body)["rawData"]) == b"one"
