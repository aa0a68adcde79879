"""Names of a delivery stream's objects, its processors, and what its function's answers mean."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.delivery.firehose_names import (
    Naming,
    PrefixFailed,
    evaluated_error_prefix,
    evaluated_prefix,
    formatted,
    in_zone,
    object_suffix,
    partition_keys,
)
from lambdakit.harness.delivery.firehose_records import (
    FirehoseRecord,
    ProcessingFailed,
    after_function,
    before_function,
)
from lambdakit.harness.delivery.firehose_settings import ProcessorSettings, read_settings
from lambdakit.harness.delivery.firehose_transformation import read_answer
from lambdakit.harness.delivery.function_calls import FunctionAnswer
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState

_MOMENT = datetime(2018, 8, 27, 10, 30, 5, 123456, UTC)
_KEYS = {("partitionKeyFromLambda", "id"): "7", ("partitionKeyFromQuery", "kind"): "a"}


def record(data: bytes | str, identifier: str = "1") -> FirehoseRecord:
    raw = data.encode() if isinstance(data, str) else data
    return FirehoseRecord(id=identifier, arrived_at=_MOMENT, raw=raw, data=raw)


@pytest.mark.parametrize(
    ("prefix", "evaluated"),
    [
        (None, "2018/08/27/10/"),
        ("", "2018/08/27/10/"),
        ("myFirehosePrefix", "myFirehosePrefix2018/08/27/10/"),
        ("logs/", "logs/2018/08/27/10/"),
        ("y=!{timestamp:yyyy}/m=!{timestamp:MM}/", "y=2018/m=08/"),
        ("!{timestamp:'year='yyyy'/month='MM'/hour='HH}/", "year=2018/month=08/hour=10/"),
        ("id=!{partitionKeyFromLambda:id}/k=!{partitionKeyFromQuery:kind}/", "id=7/k=a/"),
        ("id=!{partitionKeyFromLambda:id}/!{timestamp:HH}/", "id=7/10/"),
    ],
)
def test_prefixes(prefix: str | None, evaluated: str) -> None:
    """Source: Amazon Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects"."""
    assert evaluated_prefix(prefix, Naming(moment=_MOMENT, keys=_KEYS)) == evaluated


def test_random_strings_differ_and_have_their_length() -> None:
    prefix = "!{firehose:random-string}/!{firehose:random-string}/!{timestamp:yyyy}"

    first, second, year = evaluated_prefix(prefix, Naming(moment=_MOMENT)).split("/")

    assert (len(first), len(second), year) == (11, 11, "2018")
    assert first != second


@pytest.mark.parametrize("prefix", ["!{partitionKeyFromLambda:missing}/", "!{other:x}", "!{firehose:other}"])
def test_a_prefix_without_a_value_fails(prefix: str) -> None:
    with pytest.raises(PrefixFailed):
        evaluated_prefix(prefix, Naming(moment=_MOMENT, keys=_KEYS))


@pytest.mark.parametrize(
    ("prefix", "error_prefix", "evaluated"),
    [
        (None, None, "processing-failed/2018/08/27/10/"),
        ("logs/", None, "logs/processing-failed/2018/08/27/10/"),
        (None, "failures/!{firehose:error-output-type}/", "failures/processing-failed/"),
        (
            "x!{timestamp:yyyy}",
            "f/!{firehose:error-output-type}/!{timestamp:yyyy}/!{timestamp:dd}",
            "f/processing-failed/2018/27",
        ),
    ],
)
def test_error_prefixes(prefix: str | None, error_prefix: str | None, evaluated: str) -> None:
    naming = Naming(moment=_MOMENT, error_type="processing-failed")

    assert evaluated_error_prefix(prefix, error_prefix, naming) == evaluated


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss.SSS", "2018-08-27T10:30:05.123"),
        ("yy M d H", "18 8 27 10"),
        ("D", "239"),
        ("MMM MMMM E EEEE", "Aug August Mon Monday"),
        ("h a", "10 AM"),
        ("''", "'"),
    ],
)
def test_times_are_written_as_java_does(pattern: str, written: str) -> None:
    assert formatted(pattern, _MOMENT) == written


def test_names_and_zones() -> None:
    suffix = object_suffix("s", "3", _MOMENT, compression="GZIP", extension=None)

    assert suffix.startswith("s-3-2018-08-27-10-30-05-")
    assert suffix.endswith(".gz")
    assert object_suffix("s", "3", _MOMENT, compression="GZIP", extension=".log").endswith(".log")
    assert in_zone(_MOMENT, "Asia/Tokyo").hour == 19
    assert in_zone(_MOMENT, "No/Where").hour == 10
    assert partition_keys("!{partitionKeyFromLambda:id}/!{timestamp:HH}") == {("partitionKeyFromLambda", "id")}


@pytest.mark.parametrize(
    ("parameters", "data", "parts"),
    [
        ({"SubRecordType": "JSON"}, '{"a":1}{"a":2}\n[{"a":3}]', ['{"a":1}', '{"a":2}', '{"a":3}']),
        ({"SubRecordType": "DELIMITED", "Delimiter": base64.b64encode(b"####").decode()}, "a####b", ["a", "b"]),
        ({"SubRecordType": "DELIMITED"}, "a\nb\n", ["a", "b"]),
    ],
)
def test_records_are_deaggregated(parameters: dict[str, str], data: str, parts: list[str]) -> None:
    processor = ProcessorSettings(kind="RecordDeAggregation", parameters=parameters)

    made = before_function(record(data), [processor])

    assert [one.data.decode() for one in made] == parts
    assert len({one.id for one in made}) == len(parts)


def test_messages_of_log_groups_are_extracted() -> None:
    envelope = {"messageType": "DATA_MESSAGE", "logEvents": [{"message": "a"}, {"message": "b"}]}
    processors = [
        ProcessorSettings(kind="Decompression", parameters={"CompressionFormat": "GZIP"}),
        ProcessorSettings(kind="CloudWatchLogProcessing", parameters={"DataMessageExtraction": "true"}),
    ]

    [made] = before_function(record(gzip.compress(json.dumps(envelope).encode())), processors)

    assert made.data == b"a\nb\n"
    with pytest.raises(ProcessingFailed):
        before_function(record(b"plain"), processors)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("{customer_id: .customer_id}", {"customer_id": "1234567890"}),
        ("{device:.type.device, third:.list[1]}", {"device": "mobile", "third": "2"}),
        ('{"year": .at | strftime("%Y"), month: .at| strftime("%m")}', {"year": "2019", "month": "08"}),
    ],
)
def test_partitioning_keys_are_found_in_records(query: str, keys: dict[str, str]) -> None:
    """Source: Amazon Data Firehose Developer Guide, "Create partitioning keys with inline parsing"."""
    data = {"customer_id": "1234567890", "type": {"device": "mobile"}, "list": [1, 2], "at": 1565382027}
    processor = ProcessorSettings(kind="MetadataExtraction", parameters={"MetadataExtractionQuery": query})

    found = after_function(record(json.dumps(data)), [processor]).keys

    assert {name: value for (_, name), value in found.items()} == keys


@pytest.mark.parametrize("query", ["{a: .missing}", "{a: .list}", ".a", "{a: .x | ascii_downcase}"])
def test_a_key_that_is_not_there_fails(query: str) -> None:
    processor = ProcessorSettings(kind="MetadataExtraction", parameters={"MetadataExtractionQuery": query})

    with pytest.raises(ProcessingFailed):
        after_function(record('{"list": []}'), [processor])


def answer(records: Any) -> FunctionAnswer:
    return FunctionAnswer(payload=json.dumps(records).encode(), failed=False)


def entry(identifier: str, result: str = "Ok", data: str | None = "eA==", **more: Any) -> dict[str, Any]:
    return {"recordId": identifier, "result": result, **({} if data is None else {"data": data}), **more}


@pytest.mark.parametrize(
    ("returned", "data", "codes"),
    [
        ({"records": [entry("1"), entry("2")]}, [b"x", b"x"], []),
        ({"records": [entry("1"), entry("2", "Dropped", None)]}, [b"x"], []),
        ({"records": [entry("1"), entry("2", "ProcessingFailed")]}, [b"x"], ["Lambda.ProcessingFailedStatus"]),
        ({"records": [entry("1"), entry("2", "ok")]}, [b"x"], ["Lambda.JsonProcessingException"]),
        ({"records": [entry("1"), entry("2", data=None)]}, [b"x"], ["Lambda.JsonProcessingException"]),
        ({"records": [entry("1"), entry("2", data="no base64!")]}, [b"x"], ["Lambda.JsonProcessingException"]),
        ({"records": [entry("1")]}, [b"x"], ["Lambda.MissingRecordId"]),
        ({"records": [entry("1"), entry("3")]}, [b"x"], ["Lambda.MissingRecordId"]),
        ({"records": [entry("1"), entry("2"), entry("2")]}, [b"x"], ["Lambda.DuplicatedRecordId"]),
        ({"records": []}, [], ["Lambda.MissingRecordId"] * 2),
        ({}, [], ["Lambda.JsonProcessingException"] * 2),
        (None, [], ["Lambda.JsonProcessingException"] * 2),
        ({"records": [{}]}, [], ["Lambda.JsonProcessingException"] * 2),
        ("text", [], ["Lambda.JsonProcessingException"] * 2),
    ],
)
def test_answers(returned: Any, data: list[bytes], codes: list[str]) -> None:
    """Source: Amazon Data Firehose Developer Guide, "Required parameters for data transformation"."""
    verdict = read_answer(answer(returned), [record("a", "1"), record("b", "2")])

    assert [one.data for one in verdict.transformed] == data
    assert [code for _, code, _ in verdict.failed] == codes


def test_settings_have_their_defaults() -> None:
    stream = DeliveryStreamState(
        name="s",
        arn="arn:aws:firehose:us-east-1:123456789012:deliverystream/s",
        version="1",
        kind="ExtendedS3",
        settings={
            "BucketARN": "arn:aws:s3:::b",
            "RoleARN": "r",
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [
                    {"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": "f"}]},
                    {
                        "Type": "AppendDelimiterToRecord",
                        "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
                    },
                ],
            },
        },
    )

    settings = read_settings(stream)

    assert settings.bucket is not None
    assert (settings.bucket.hints.bytes_max, settings.bucket.hints.seconds) == (5 * 1024 * 1024, 300)
    assert settings.function is not None
    assert (settings.function.hints.bytes_max, settings.function.hints.seconds) == (1024 * 1024, 60)
    assert (settings.function.retries, settings.function.role_arn) == (3, "r")
    assert settings.delimiter == b"\n"
    assert (settings.backup, settings.failed, settings.refusal) == (None, "", "")
