"""What a delivery stream is told to do with its records, read from its destination's settings.

Source: Amazon Data Firehose API Reference, "ExtendedS3DestinationConfiguration", "BufferingHints", "Processor",
"ProcessorParameter".
"""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState
from lambdakit.records import dataclass

_MIB: Final = 1024 * 1024
_S3_KINDS: Final = ("ExtendedS3", "S3")
# "The default value is 5", "300"; of the function's own buffer "1 MB", "60 seconds", "256 KB" for Splunk, Snowflake.
_SIZE_MIB: Final = 5
_INTERVAL_SECONDS: Final = 300
_FUNCTION_SIZE_MIB: Final = 1.0
_FUNCTION_SIZE_MIB_SMALL: Final = 0.25
_FUNCTION_INTERVAL_SECONDS: Final = 60
_RETRIES: Final = 3
# Amazon Data Firehose Developer Guide, "Handle data delivery failures", by moto's names of destinations; of OpenSearch
# the API Reference, "ElasticsearchDestinationConfiguration": "with AmazonOpenSearchService-failed/ appended".
_FAILED: Final[Mapping[str, str]] = {
    "Elasticsearch": "AmazonOpenSearchService-failed",
    "HttpEndpoint": "http-endpoint-failed",
    "Iceberg": "iceberg-failed",
    "Redshift": "redshift-failed",
    "Snowflake": "snowflake-failed",
    "Splunk": "splunk-failed",
}
# Those that are servers; moto knows OpenSearch under its former name.
ENDPOINT_KINDS: Final = ("Elasticsearch", "HttpEndpoint")
# "ElasticsearchRetryOptions", "HttpEndpointDestinationConfiguration": "The default value is 300 (5 minutes)".
_RETRY_SECONDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """When a buffer is full: at so many bytes, or after so many seconds; 0 seconds: at once."""

    bytes_max: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLog:
    """Where errors are written, and with which role. group, stream: empty when nowhere. destination: what failed."""

    group: str
    stream: str
    role_arn: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """Where objects are written. prefix, error_prefix: with expressions; None where not given.

    compression: as the API has it. extension: None for that of the compression. zone: an IANA name.
    log: where errors are written.
    """

    bucket_arn: str
    role_arn: str
    prefix: str | None
    error_prefix: str | None
    hints: Hints
    compression: str
    extension: str | None
    zone: str
    log: ErrorLog


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """The function that transforms records. retries: of a failed call."""

    arn: str
    role_arn: str
    retries: int
    hints: Hints


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorSettings:
    """Another processor. kind: as the API has it."""

    kind: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Everything about a destination. hints: of its own buffer.

    bucket: where records go; of a destination that is no bucket, what is not delivered. backup: None without one.
    failed: the folder of what such a destination does not take; empty for a bucket.
    refusal: why nothing can be delivered from here; empty when something can.
    """

    hints: Hints
    bucket: BucketSettings | None
    backup: BucketSettings | None
    function: FunctionSettings | None
    processors: Sequence[ProcessorSettings]
    delimiter: bytes
    partitions: bool
    failed: str
    refusal: str


def read_settings(stream: DeliveryStreamState) -> StreamSettings:
    """The settings of a delivery stream."""
    settings = stream.settings
    processing = settings.get("ProcessingConfiguration") or {}
    given = processing.get("Processors") or () if _is_true(processing.get("Enabled", False)) else ()
    processors = [_processor(one) for one in given]
    into_bucket = stream.kind in _S3_KINDS
    bucket = settings if into_bucket else settings.get("S3DestinationDescription") or {}
    mode = str(settings.get("S3BackupMode") or "")
    if into_bucket:
        backup = settings.get("S3BackupDescription") or {} if mode == "Enabled" else {}
    else:
        # "When set to AllDocuments, Firehose delivers all incoming records to Amazon S3": to the one bucket there is.
        backup = bucket if mode.startswith("All") else {}
    own = settings if stream.kind in ENDPOINT_KINDS else bucket
    return StreamSettings(
        hints=_hints(own.get("BufferingHints") or {}),
        bucket=_bucket(bucket) if bucket.get("BucketARN") else None,
        backup=_bucket(backup) if backup.get("BucketARN") else None,
        function=_function(processors, settings, stream.kind),
        processors=[one for one in processors if one.kind not in ("Lambda", "AppendDelimiterToRecord")],
        delimiter=_delimiter(processors),
        partitions=_is_true((settings.get("DynamicPartitioningConfiguration") or {}).get("Enabled", False)),
        failed="" if into_bucket else failed_folder(stream),
        refusal=_refusal(settings),
    )


def failed_folder(stream: DeliveryStreamState) -> str:
    """The folder of what a destination that is no bucket does not take."""
    return _FAILED.get(stream.kind, f"{stream.kind.lower()}-failed")


def retry_seconds(stream: DeliveryStreamState) -> int:
    """How long a server is asked again; 0 for no retries."""
    given = (stream.settings.get("RetryOptions") or {}).get("DurationInSeconds")
    return _RETRY_SECONDS if given is None else int(given)


def error_log(settings: Mapping[str, Any], destination: str) -> ErrorLog:
    """The log that settings name, of a destination or of its bucket."""
    logging = settings.get("CloudWatchLoggingOptions") or {}
    logs = logging if _is_true(logging.get("Enabled", False)) else {}
    return ErrorLog(
        group=str(logs.get("LogGroupName") or ""),
        stream=str(logs.get("LogStreamName") or ""),
        role_arn=str(settings.get("RoleARN") or ""),
        destination=destination,
    )


def _bucket(settings: Mapping[str, Any]) -> BucketSettings:
    return BucketSettings(
        bucket_arn=str(settings["BucketARN"]),
        role_arn=str(settings.get("RoleARN") or ""),
        prefix=settings.get("Prefix"),
        error_prefix=settings.get("ErrorOutputPrefix"),
        hints=_hints(settings.get("BufferingHints") or {}),
        compression=str(settings.get("CompressionFormat") or "UNCOMPRESSED"),
        extension=settings.get("FileExtension"),
        zone=str(settings.get("CustomTimeZone") or "UTC"),
        log=error_log(settings, str(settings["BucketARN"])),
    )


def _hints(given: Mapping[str, Any]) -> Hints:
    size, seconds = given.get("SizeInMBs"), given.get("IntervalInSeconds")
    return Hints(
        bytes_max=int(_SIZE_MIB if size is None else size) * _MIB,
        seconds=int(_INTERVAL_SECONDS if seconds is None else seconds),
    )


def _processor(given: Mapping[str, Any]) -> ProcessorSettings:
    parameters = {
        str(parameter["ParameterName"]): str(parameter["ParameterValue"]) for parameter in given.get("Parameters") or ()
    }
    return ProcessorSettings(kind=str(given["Type"]), parameters=parameters)


def _function(
    processors: Sequence[ProcessorSettings], settings: Mapping[str, Any], kind: str
) -> FunctionSettings | None:
    found = next((one.parameters for one in processors if one.kind == "Lambda"), None)
    if found is None:
        return None
    small = kind in ("Splunk", "Snowflake")
    size = float(found.get("BufferSizeInMBs") or (_FUNCTION_SIZE_MIB_SMALL if small else _FUNCTION_SIZE_MIB))
    return FunctionSettings(
        arn=found["LambdaArn"],
        role_arn=found.get("RoleArn") or str(settings.get("RoleARN") or ""),
        retries=int(found.get("NumberOfRetries", _RETRIES)),
        hints=Hints(
            bytes_max=int(size * _MIB),
            seconds=int(found.get("BufferIntervalInSeconds", _FUNCTION_INTERVAL_SECONDS)),
        ),
    )


def _delimiter(processors: Sequence[ProcessorSettings]) -> bytes:
    """What follows each record; empty for nothing. The API takes it escaped: a backslash and an n."""
    found = next((one.parameters for one in processors if one.kind == "AppendDelimiterToRecord"), None)
    if found is None:
        return b""
    return codecs.decode(found.get("Delimiter", "\\n").encode(), "unicode_escape").encode()


def delimiter_of(parameters: Mapping[str, str]) -> bytes:
    """The delimiter that aggregated records are told apart by, which is given as base64; a new line without one."""
    try:
        return base64.b64decode(parameters.get("Delimiter", ""), validate=True) or b"\n"
    except binascii.Error:
        return b"\n"


def _refusal(settings: Mapping[str, Any]) -> str:
    conversion = settings.get("DataFormatConversionConfiguration") or {}
    if conversion and _is_true(conversion.get("Enabled", True)):
        return "records are not converted to Parquet or ORC here"
    if "snappy" in str(settings.get("CompressionFormat", "")).lower():
        return "objects are not compressed with Snappy here"
    return ""


def _is_true(value: object) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"
