"""Records that a test sends to mappings whose source runs nowhere, up to what the function makes of them.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon MSK", "Using Lambda with self-managed Apache Kafka",
"Using Lambda with Amazon MQ", "Process Amazon DocumentDB events with Lambda" and their subpages.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction, Stream, advance
from tests.fakes.lambda_api import zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-sent")

CLUSTER = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/events/1"
BROKER = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:jobs:b-1"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:documents"
SECRET = {"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:users"}
KAFKA = {"StartingPosition": "LATEST", "Topics": ["orders"]}
QUEUE = {"Queues": ["jobs"], "SourceAccessConfigurations": [SECRET]}
VIRTUAL_HOST = {"Type": "VIRTUAL_HOST", "URI": "/shop"}
CHANGES = {
    "StartingPosition": "LATEST",
    "DocumentDBEventSourceConfig": {"DatabaseName": "shop", "CollectionName": "orders"},
    "SourceAccessConfigurations": [SECRET],
}


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


def send(fed: FedFunction, mapping: str, *records: object) -> str:
    """Sends and waits. The mapping's UUID."""
    answer = fed.harness.call("POST", "records", {"mapping": mapping, "records": list(records)})
    assert answer.status == 200, answer.body
    fed.harness.drain()
    return str(answer.json()["mapping"])


def refused(fed: FedFunction, mapping: str, *records: object) -> tuple[str, str, str, str]:
    """Code, pointer, problem and hint."""
    answer = fed.harness.call("POST", "records", {"mapping": mapping, "records": list(records)})
    assert answer.status == 400
    [diagnostic] = answer.json()["diagnostics"]
    return diagnostic["code"], diagnostic["pointer"], diagnostic["problem"], diagnostic["hint"]


def text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def test_a_kafka_record_is_handled_as_aws_writes_it(fed: FedFunction) -> None:
    mapping = fed.map(CLUSTER, **KAFKA)

    record = {
        "topic": "orders",
        "partition": 2,
        "key": "recordKey",
        "value": {"key": "value"},
        "headers": {"headerKey": "headerValue"},
        "timestamp": 1_545_084_650_987,
    }
    assert send(fed, mapping, record) == mapping

    assert fed.events() == [
        {
            "eventSource": "aws:kafka",
            "eventSourceArn": CLUSTER,
            "bootstrapServers": "",
            "records": {
                "orders-2": [
                    {
                        "topic": "orders",
                        "partition": 2,
                        "offset": 0,
                        "timestamp": 1_545_084_650_987,
                        "timestampType": "CREATE_TIME",
                        "key": "cmVjb3JkS2V5",
                        "value": base64.b64encode(b'{"key": "value"}').decode(),
                        "headers": [{"headerKey": list(b"headerValue")}],
                    }
                ]
            },
        }
    ]
    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["success"]


def test_offsets_are_counted_for_each_partition_and_absent_members_stay_away(fed: FedFunction) -> None:
    fed.map(CLUSTER, **KAFKA)

    send(fed, CLUSTER, {"value": "a"}, {"value": "b", "partition": 1}, {"value": None})
    send(fed, "fed", {"value": {"$bytes": "AAE="}})

    first, second = fed.events()
    assert [record["offset"] for record in first["records"]["orders-0"]] == [0, 1]
    assert [record["offset"] for record in first["records"]["orders-1"]] == [0]
    assert "value" not in first["records"]["orders-0"][1]
    assert "key" not in first["records"]["orders-0"][0]
    assert first["records"]["orders-0"][0]["headers"] == []
    [last] = second["records"]["orders-0"]
    assert (last["offset"], base64.b64decode(last["value"])) == (2, b"\x00\x01")


def test_a_cluster_of_one_s_own_has_its_servers_and_no_arn(fed: FedFunction) -> None:
    servers = ["one.example.com:9092", "two.example.com:9092"]
    made = fed.lambda_.create_event_source_mapping(
        FunctionName="fed",
        SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": servers}},
        SourceAccessConfigurations=[{"Type": "SASL_SCRAM_512_AUTH", "URI": SECRET["URI"]}],
        **KAFKA,
    )

    send(fed, made["UUID"], {"value": "x"})

    [event] = fed.events()
    assert event["eventSource"] == "aws:SelfManagedKafka"
    assert event["bootstrapServers"] == ",".join(servers)
    assert "eventSourceArn" not in event
    fed.lambda_.delete_event_source_mapping(UUID=made["UUID"])


def test_records_are_batched_as_the_mapping_is_set(fed: FedFunction) -> None:
    fed.map(CLUSTER, **KAFKA, BatchSize=2, MaximumBatchingWindowInSeconds=10)

    send(fed, "fed", *({"value": str(number)} for number in range(5)))
    sizes = [len(event["records"]["orders-0"]) for event in fed.events()]
    assert sizes == [2, 2]
    advance(fed.harness, 11)

    assert len(fed.events()) == 3


@pytest.mark.parametrize(
    ("pattern", "record", "passes"),
    [
        ({"value": {"kind": ["a"]}}, {"value": {"kind": "a"}}, True),
        ({"value": {"kind": ["a"]}}, {"value": {"kind": "b"}}, False),
        ({"value": {"kind": ["a"]}}, {"value": "plain"}, True),
        ({"value": {"kind": ["a"]}, "partition": [1]}, {"value": "plain"}, False),
        ({"key": ["x"]}, {"value": "v", "key": "x"}, True),
        ({"key": ["x"]}, {"value": "v", "key": "y"}, False),
        ({"topic": ["orders"]}, {"value": {"$bytes": "/w=="}}, True),
    ],
)
def test_filters_of_kafka_let_data_of_another_form_pass(
    fed: FedFunction, pattern: dict[str, Any], record: dict[str, Any], passes: bool
) -> None:
    """Source: AWS Lambda Developer Guide, "Using event filtering with a self-managed Apache Kafka event source"."""
    fed.map(CLUSTER, **KAFKA, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})

    send(fed, "fed", record)

    assert len(fed.events()) == passes


def test_a_batch_of_kafka_is_retried_and_told_to_its_destination(fed: FedFunction) -> None:
    sqs = fed.harness.aws("sqs")
    url = sqs.create_queue(QueueName="lost")["QueueUrl"]
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost"}}
    fed.lambda_.update_function_code(FunctionName="fed", ZipFile=_failing())
    fed.map(CLUSTER, **KAFKA, MaximumRetryAttempts=1, DestinationConfig=destination)

    send(fed, "fed", {"value": "a"}, {"value": "b"}, {"value": "c", "partition": 1})
    advance(fed.harness, 2)

    assert len(fed.events()) == 2
    told = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    info = told["KafkaBatchInfo"]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert (info["batchSize"], info["eventSourceArn"]) == (3, CLUSTER)
    assert info["payloadSize"] == len(fed.harness.events("InvocationStarted", after=fed.before)[0]["payload"])
    assert {
        place: (one["firstRecordOffset"], one["lastRecordOffset"]) for place, one in info["recordsInfo"].items()
    } == {
        "orders-0": ("0", "1"),
        "orders-1": ("0", "0"),
    }
    sqs.delete_queue(QueueUrl=url)


def test_reported_records_of_kafka_are_the_checkpoint(fed: FedFunction) -> None:
    fed.lambda_.update_function_code(FunctionName="fed", ZipFile=_reporting("orders-0", 1))
    fed.map(CLUSTER, **KAFKA, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=0)

    send(fed, "fed", {"value": "a"}, {"value": "b"}, {"value": "c"})

    assert [(event["outcome"], event["failed"]) for event in fed.told("RecordBatchSettled")] == [("partial", 2)]


def test_a_kafka_topic_as_a_destination_is_refused_in_the_trace(fed: FedFunction) -> None:
    fed.lambda_.update_function_code(FunctionName="fed", ZipFile=_failing())
    destination = {"OnFailure": {"Destination": "kafka://dead"}}
    fed.map(CLUSTER, **KAFKA, MaximumRetryAttempts=0, DestinationConfig=destination)

    send(fed, "fed", {"value": "a"})

    [discarded] = fed.told("RecordsDiscarded")
    assert (discarded["destination"], discarded["reason"]) == ("", "no Kafka broker runs behind kafka://dead here")


def test_a_message_of_activemq_is_handled_as_aws_writes_it(fed: FedFunction) -> None:
    fed.map(BROKER, **QUEUE)

    send(fed, BROKER, {"data": "ABC", "properties": {"testKey": "testValue"}}, {"body": {"$bytes": "AAE="}})

    [event] = fed.events()
    assert (event["eventSource"], event["eventSourceArn"]) == ("aws:mq", BROKER)
    first, second = event["messages"]
    assert (text(first["data"]), first["messageType"]) == ("ABC", "jms/text-message")
    assert first["properties"] == {"testKey": "testValue"}
    assert first["destination"] == {"physicalName": "jobs"}
    assert (first["redelivered"], first["brokerInTime"]) == (False, first["timestamp"])
    assert (second["messageType"], second["data"]) == ("jms/bytes-message", "AAE=")
    assert first["messageID"] != second["messageID"]


def test_a_message_of_rabbitmq_is_handled_as_aws_writes_it(fed: FedFunction) -> None:
    access = [SECRET, VIRTUAL_HOST]
    fed.map(BROKER, Queues=["jobs"], SourceAccessConfigurations=access)

    properties = {"contentType": "text/plain", "priority": 34, "headers": {"header1": "value1", "numberInHeader": 10}}
    send(fed, BROKER, {"data": {"a": 1}, "properties": properties, "timestamp": 2_021_000})

    [event] = fed.events()
    assert event["eventSource"] == "aws:rmq"
    [message] = event["rmqMessagesByQueue"]["jobs::/shop"]
    assert json.loads(text(message["data"])) == {"a": 1}
    basic = message["basicProperties"]
    assert basic["headers"] == {"header1": {"bytes": list(b"value1")}, "numberInHeader": 10}
    assert (basic["contentType"], basic["priority"], basic["bodySize"]) == ("text/plain", 34, 8)
    assert basic["timestamp"] == "Jan 1, 1970, 12:33:41 AM"
    assert basic["userId"] is None


def test_a_batch_of_messages_is_retried_as_a_whole_until_it_succeeds(fed: FedFunction) -> None:
    fed.lambda_.update_function_code(FunctionName="fed", ZipFile=_failing())
    fed.map(BROKER, **QUEUE)

    send(fed, BROKER, {"data": "a"}, {"data": "b"})
    advance(fed.harness, 2)
    assert [len(event["messages"]) for event in fed.events()] == [2, 2]
    fed.lambda_.update_function_code(FunctionName="fed", ZipFile=_reporting("", 0))
    advance(fed.harness, 5)

    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["failed", "failed", "success"]


def test_a_change_event_of_documentdb_is_handled_as_aws_writes_it(fed: FedFunction) -> None:
    fed.map(DATABASE, **CHANGES)

    document = {"_id": {"$oid": "63eeb6e7d418cd98afb1c1d7"}, "anyField": "sampleValue"}
    send(fed, DATABASE, {"operationType": "insert", "fullDocument": document})

    [event] = fed.events()
    assert (event["eventSource"], event["eventSourceArn"]) == ("aws:docdb", DATABASE)
    change = event["events"][0]["event"]
    assert change["fullDocument"] == document
    assert change["documentKey"] == {"_id": document["_id"]}
    assert (change["ns"], change["operationType"]) == ({"db": "shop", "coll": "orders"}, "insert")
    assert set(change["clusterTime"]["$timestamp"]) == {"t", "i"}
    assert isinstance(change["_id"]["_data"], str)


@pytest.mark.parametrize(
    ("source", "settings", "record", "pointer", "problem"),
    [
        (CLUSTER, KAFKA, "text", "records[1]", "is not an object"),
        (CLUSTER, KAFKA, {}, "records[1].value", "is missing"),
        (CLUSTER, KAFKA, {"value": "x", "val": 1}, "records[1].val", "is no member"),
        (CLUSTER, KAFKA, {"value": "x", "topic": "other"}, "records[1].topic", "is not a topic of the mapping"),
        (CLUSTER, KAFKA, {"value": "x", "partition": -1}, "records[1].partition", "is not a whole number"),
        (CLUSTER, KAFKA, {"value": "x", "partition": True}, "records[1].partition", "is not a whole number"),
        (CLUSTER, KAFKA, {"value": "x", "headers": "h"}, "records[1].headers", "is neither an object nor a list"),
        (CLUSTER, KAFKA, {"value": {"$bytes": "!"}}, "records[1].value", "is not base64"),
        (BROKER, QUEUE, {}, "records[1].data", "is missing"),
        (BROKER, QUEUE, {"data": "a", "body": "b"}, "records[1].data", "stands beside body"),
        (BROKER, QUEUE, {"data": "a", "queue": "other"}, "records[1].queue", "is not the mapping's queue"),
        (DATABASE, CHANGES, {"fullDocument": {"_id": 1}}, "records[1].operationType", "is missing"),
        (DATABASE, CHANGES, {"operationType": "upsert"}, "records[1].operationType", "is no operation"),
        (DATABASE, CHANGES, {"operationType": "insert"}, "records[1].fullDocument", "is missing"),
        (
            DATABASE,
            CHANGES,
            {"operationType": "update", "fullDocument": {"_id": 1}},
            "records[1].fullDocument",
            "only where it is looked up",
        ),
        (DATABASE, CHANGES, {"operationType": "delete", "ns": {"db": "other"}}, "records[1].ns", "watches"),
    ],
)
def test_a_record_of_another_form_is_refused_and_nothing_is_sent(
    fed: FedFunction, source: str, settings: dict[str, Any], record: object, pointer: str, problem: str
) -> None:
    fed.map(source, **settings)
    good = {CLUSTER: {"value": "x"}, BROKER: {"data": "x"}, DATABASE: {"operationType": "drop"}}[source]

    told = refused(fed, source, good, record)
    fed.harness.drain()

    assert told[:2] == ("LK571", pointer)
    assert problem in told[2]
    assert fed.events() == []


def test_a_property_that_rabbitmq_does_not_have_is_refused(fed: FedFunction) -> None:
    fed.map(BROKER, Queues=["jobs"], SourceAccessConfigurations=[SECRET, VIRTUAL_HOST])

    code, pointer, _, hint = refused(fed, BROKER, {"data": "x", "properties": {"tenant": "a"}})

    assert (code, pointer) == ("LK571", "records[0].properties.tenant")
    assert "headers" in hint


def test_mappings_that_take_no_records_say_what_does(fed: FedFunction) -> None:
    stream = Stream(fed.harness, "clicks")
    fed.map(stream.arn, StartingPosition="LATEST")
    disabled = fed.map(CLUSTER, **KAFKA, Enabled=False)

    code, _, problem, hint = refused(fed, stream.arn, {"value": "x"})
    assert (code, hint) == ("LK570", 'put a record with boto3: harness.client("kinesis").put_record(…)')
    assert "reads a source that runs here" in problem
    assert "is disabled" in refused(fed, disabled, {"value": "x"})[2]
    assert "no event source mapping is called 'nobody'" in refused(fed, "nobody", {"value": "x"})[2]
    fed.map(BROKER, **QUEUE)
    assert "has 2 mappings" in refused(fed, "fed", {"value": "x"})[2]
    stream.remove()


def _failing() -> bytes:
    return zip_of("def handler(event, context): raise ValueError('asked for')")


def _reporting(place: str, offset: int) -> bytes:
    report = [{"itemIdentifier": {"partition": place, "offset": offset}}]
    return zip_of(f"def handler(event, context): return {{'batchItemFailures': {report!r}}}")
