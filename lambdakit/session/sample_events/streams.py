"""Records of streams: Kinesis, DynamoDB, Kafka, DocumentDB.

Source: AWS Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data Streams", "Using AWS
Lambda with Amazon DynamoDB", "Using Lambda with Amazon MSK", "Using Lambda with self-managed Apache Kafka", "Process
Amazon DocumentDB events with Lambda", the example events; Kinesis and DynamoDB: "… tumbling windows".
"""

from __future__ import annotations

from lambdakit.session.sample_events.sample import (
    EPOCH_MS,
    EPOCH_SECONDS,
    Choices,
    JsonObject,
    encoded,
    hexadecimal,
    identifier,
)

_SHARD = "shardId-000000000000"
_FIRST_KINESIS_NUMBER = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
_FIRST_DYNAMODB_NUMBER = 100_000_000_000_000_000_000_001


def kinesis(choices: Choices) -> JsonObject:
    """Of a data stream."""
    return {"Records": [_kinesis_record(choices, number) for number in choices.numbers()]}


def kinesis_window(choices: Choices) -> JsonObject:
    """The same, of a mapping with a tumbling window."""
    return {**kinesis(choices), **_window(_SHARD, _stream(choices))}


def _kinesis_record(choices: Choices, number: int) -> JsonObject:
    sequence = str(_FIRST_KINESIS_NUMBER + number)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": choices.text("key", "example-key"),
            "sequenceNumber": sequence,
            "data": encoded(choices.text("body", "Hello from Kinesis")),
            "approximateArrivalTimestamp": EPOCH_SECONDS + 0.25 + number,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{_SHARD}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": choices.role_arn,
        "awsRegion": choices.region,
        "eventSourceARN": _stream(choices),
    }


def _stream(choices: Choices) -> str:
    return choices.arn("kinesis", "stream/example-stream")


def dynamodb(choices: Choices) -> JsonObject:
    """An item that is put, changed and removed, in turn."""
    return {"Records": [_change(choices, number) for number in choices.numbers()]}


def dynamodb_window(choices: Choices) -> JsonObject:
    """The same, of a mapping with a tumbling window."""
    return {**dynamodb(choices), **_window("shardId-00000001768478400000-00000000", _table_stream(choices))}


def _change(choices: Choices, number: int) -> JsonObject:
    keys = {"id": {"S": choices.text("key", "example-id")}}
    first, second = {**keys, "amount": {"N": "1"}}, {**keys, "amount": {"N": "2"}}
    name, images = [
        ("INSERT", {"NewImage": first}),
        ("MODIFY", {"NewImage": second, "OldImage": first}),
        ("REMOVE", {"OldImage": second}),
    ][number % 3]
    return {
        "eventID": hexadecimal("change", 32, number),
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": choices.region,
        "dynamodb": {
            "ApproximateCreationDateTime": EPOCH_SECONDS + number,
            "Keys": keys,
            **images,
            "SequenceNumber": str(_FIRST_DYNAMODB_NUMBER + number),
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": _table_stream(choices),
    }


def _table_stream(choices: Choices) -> str:
    return choices.arn("dynamodb", "table/example-table/stream/2026-01-15T12:00:00.000")


def _window(shard: str, source: str) -> JsonObject:
    return {
        "window": {"start": "2026-01-15T12:00:00Z", "end": "2026-01-15T12:02:00Z"},
        "state": {"example": "state"},
        "shardId": shard,
        "eventSourceARN": source,
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    }


def msk(choices: Choices) -> JsonObject:
    """Of an Amazon MSK cluster."""
    cluster = choices.arn("kafka", f"cluster/example-cluster/{identifier('cluster')}-1")
    return {"eventSource": "aws:kafka", "eventSourceArn": cluster, **_kafka(choices)}


def kafka(choices: Choices) -> JsonObject:
    """Of a cluster of one's own: it has no ARN."""
    return {"eventSource": "SelfManagedKafka", **_kafka(choices)}


def _kafka(choices: Choices) -> JsonObject:
    brokers = ",".join(f"b-{number}.example.kafka.{choices.region}.amazonaws.com:9092" for number in (1, 2))
    return {
        "bootstrapServers": brokers,
        "records": {
            "example-topic-0": [
                {
                    "topic": "example-topic",
                    "partition": 0,
                    "offset": 15 + number,
                    "timestamp": EPOCH_MS + number,
                    "timestampType": "CREATE_TIME",
                    "key": encoded(choices.text("key", "example-key")),
                    "value": encoded(choices.text("body", "Hello from Kafka")),
                    "headers": [{"exampleHeader": list(b"example")}],
                }
                for number in choices.numbers()
            ]
        },
    }


def documentdb(choices: Choices) -> JsonObject:
    """Of a change stream: documents that were inserted."""
    return {
        "eventSourceArn": choices.arn("rds", "cluster:example-cluster"),
        "events": [{"event": _inserted(number)} for number in choices.numbers()],
        "eventSource": "aws:docdb",
    }


def _inserted(number: int) -> JsonObject:
    document = {"$oid": hexadecimal("document", 24, number)}
    return {
        "_id": {"_data": hexadecimal("resume token", 34, number)},
        "clusterTime": {"$timestamp": {"t": EPOCH_SECONDS, "i": number + 1}},
        "documentKey": {"_id": document},
        "fullDocument": {"_id": document, "exampleField": "example"},
        "ns": {"db": "example_database", "coll": "example_collection"},
        "operationType": "insert",
    }
