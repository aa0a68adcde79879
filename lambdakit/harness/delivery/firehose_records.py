"""The records of a delivery stream, and what its processors but the function make of them.

Source: Amazon Data Firehose Developer Guide, "Partition streaming data in Amazon Data Firehose", "Decompress CloudWatch
Logs", "Extract message after decompression of CloudWatch Logs"; Amazon Data Firehose API Reference, "Processor".
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.delivery.firehose_settings import ProcessorSettings, delimiter_of
from lambdakit.records import dataclass

_FROM_QUERY: Final = "partitionKeyFromQuery"
_QUERY_ENTRY: Final = re.compile(
    r"""\s*"?(?P<name>[A-Za-z_]\w*)"?\s*:\s*(?P<path>(?:\.(?:"[^"]+"|[A-Za-z_]\w*)|\[\d+\])+)\s*"""
    r"""(?:\|\s*strftime\(\s*"(?P<format>[^"]*)"\s*\)\s*)?"""
)
_STEP: Final = re.compile(r"""\.(?:"([^"]+)"|([A-Za-z_]\w*))|\[(\d+)\]""")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseRecord:
    """A record on its way. id: as the function sees it. raw: as it came; data: as it is now.

    source: what the function is told of its Kinesis record; None for one that was put. keys: for its partition, by
    namespace and name.
    """

    id: str
    arrived_at: datetime
    raw: bytes
    data: bytes
    source: Mapping[str, Any] | None = None
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)


class ProcessingFailed(Exception):
    """A record that a processor cannot deal with. code: as the error output has it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_Process = Callable[[FirehoseRecord, Mapping[str, str]], Sequence[FirehoseRecord]]


def before_function(record: FirehoseRecord, processors: Sequence[ProcessorSettings]) -> Sequence[FirehoseRecord]:
    """What a record becomes before the function sees it. ProcessingFailed."""
    records: Sequence[FirehoseRecord] = [record]
    for processor in processors:
        process = _BEFORE.get(processor.kind)
        if process is not None:
            records = [made for one in records for made in process(one, processor.parameters)]
    return records


def after_function(record: FirehoseRecord, processors: Sequence[ProcessorSettings]) -> FirehoseRecord:
    """A record with the partitioning keys that a query finds in it. ProcessingFailed."""
    queries = [one.parameters for one in processors if one.kind == "MetadataExtraction"]
    found = {(_FROM_QUERY, name): value for query in queries for name, value in _queried(record, query).items()}
    return replace(record, keys={**record.keys, **found}) if found else record


def _decompress(record: FirehoseRecord, parameters: Mapping[str, str]) -> Sequence[FirehoseRecord]:
    del parameters
    try:
        return [replace(record, data=gzip.decompress(record.data))]
    except (OSError, EOFError, zlib.error) as error:
        raise ProcessingFailed("Decompression.Failed", f"The record could not be decompressed: {error}") from None


def _extract_messages(record: FirehoseRecord, parameters: Mapping[str, str]) -> Sequence[FirehoseRecord]:
    """The messages alone of what CloudWatch Logs sends, each followed by a new line."""
    if parameters.get("DataMessageExtraction", "true").lower() != "true":
        return [record]
    try:
        envelope = json.loads(record.data)
        messages = [str(event["message"]) for event in envelope["logEvents"]]
    except (ValueError, KeyError, TypeError):
        raise ProcessingFailed(
            "CloudWatchLogProcessing.Failed", "The record is no message of CloudWatch Logs"
        ) from None
    if envelope.get("messageType") == "CONTROL_MESSAGE":
        return []
    return [replace(record, data="".join(f"{message}\n" for message in messages).encode())]


def _deaggregate(record: FirehoseRecord, parameters: Mapping[str, str]) -> Sequence[FirehoseRecord]:
    if parameters.get("SubRecordType", "").upper() == "JSON":
        parts = list(_documents(record.data))
    else:
        parts = [part for part in record.data.split(delimiter_of(parameters)) if part]
    return [replace(record, id=f"{record.id}.{at}", raw=part, data=part) for at, part in enumerate(parts)]


def _documents(data: bytes) -> Iterator[bytes]:
    """The JSON documents that stand behind one another, with or without something between. ProcessingFailed."""
    decoder, at = json.JSONDecoder(), 0
    try:
        text = data.decode()
        while at < len(text):
            if text[at] in " \t\r\n,[]":
                at += 1
                continue
            _, end = decoder.raw_decode(text, at)
            yield text[at:end].encode()
            at = end
    except ValueError as error:
        raise ProcessingFailed("DynamicPartitioning.DeaggregationFailed", f"The record is not JSON: {error}") from None


_BEFORE: Final[Mapping[str, _Process]] = {
    "Decompression": _decompress,
    "CloudWatchLogProcessing": _extract_messages,
    "RecordDeAggregation": _deaggregate,
}


def _queried(record: FirehoseRecord, parameters: Mapping[str, str]) -> dict[str, str]:
    """What a query of the form `{name: .path, other: .time | strftime("%Y")}` finds in a record."""
    query = parameters.get("MetadataExtractionQuery", "").strip()
    failed = "DynamicPartitioning.MetadataExtractionFailed"
    if not (query.startswith("{") and query.endswith("}")):
        raise ProcessingFailed(failed, f"this query is not understood here: {query}")
    try:
        document = json.loads(record.data)
    except ValueError:
        raise ProcessingFailed(failed, "The record is not JSON") from None
    found: dict[str, str] = {}
    for part in query[1:-1].split(","):
        entry = _QUERY_ENTRY.fullmatch(part)
        if entry is None:
            raise ProcessingFailed(failed, f"this part of the query is not understood here: {part.strip()}")
        value = _at(document, entry["path"])
        if value is None or isinstance(value, dict | list):
            raise ProcessingFailed(failed, f"Partition key {entry['name']} is null or has no value")
        found[entry["name"]] = _written(value, entry["format"])
    return found


def _at(document: Any, path: str) -> Any:
    for quoted, plain, index in _STEP.findall(path):
        name = quoted or plain
        if name and isinstance(document, dict):
            document = document.get(name)
        elif index and isinstance(document, list) and int(index) < len(document):
            document = document[int(index)]
        else:
            return None
    return document


def _written(value: Any, time_format: str | None) -> str:
    if time_format is not None:
        return datetime.fromtimestamp(float(value), UTC).strftime(time_format)
    return value if isinstance(value, str) else json.dumps(value)
