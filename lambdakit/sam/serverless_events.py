"""An event of a serverless.yml's function as an event of SAM's.

Source: Serverless Framework documentation, the page of each event: "HTTP (API Gateway v2)", "REST (API Gateway v1)",
"SQS", "SNS", "S3", "Schedule", "EventBridge Event", "DynamoDB / Kinesis Streams", "CloudWatch Log", "IoT".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.records import dataclass

_NO_LETTERS: Final = re.compile(r"[^A-Za-z0-9]+")
_ANY: Final = "*"
# How a stream is read: the framework's key -> SAM's.
_READING: Final = {
    "batchSize": "BatchSize",
    "batchWindow": "MaximumBatchingWindowInSeconds",
    "startingPosition": "StartingPosition",
    "startingPositionTimestamp": "StartingPositionTimestamp",
    "enabled": "Enabled",
    "parallelizationFactor": "ParallelizationFactor",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
    "tumblingWindowInSeconds": "TumblingWindowInSeconds",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """event: SAM's. resource: what the framework makes for it, under `logical_id`. has_cors: its API answers CORS."""

    event: Mapping[str, object]
    logical_id: str = ""
    resource: Mapping[str, object] | None = None
    has_cors: bool = False


def translated_event(kind: str, value: object) -> list[Translated]:
    """The events of SAM that one of the framework's stands for. What SAM has no word for keeps the framework's."""
    reader = _READERS.get(kind)
    if reader is None:
        return [Translated(event={"Type": _OTHER.get(kind, kind)})]
    return reader(value)


def listed(value: object) -> list[Any]:
    """A list as it is, one value as a list of it, nothing as an empty one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _http_api(value: object) -> list[Translated]:
    settings = _routed(value)
    properties: dict[str, object] = {}
    method, path = settings.pop("method", _ANY), settings.pop("path", _ANY)
    if path not in (_ANY, ""):
        properties = {"Path": path, "Method": "ANY" if method == _ANY else method}
    if (authorizer := settings.pop("authorizer", None)) is not None:
        properties["Auth"] = {"Authorizer": _authorizer(authorizer)}
    return [Translated(event={"Type": "HttpApi", "Properties": {**properties, **settings}})]


def _http(value: object) -> list[Translated]:
    settings = _routed(value)
    path, method = str(settings.pop("path", "")), settings.pop("method", "any")
    properties: dict[str, Any] = {"Path": "/" + path.strip("/"), "Method": method}
    cors = settings.pop("cors", None)
    if isinstance(cors, Mapping):
        settings["cors"] = cors  # which is a gap: a document's API has one answer for all its routes
    if (authorizer := settings.pop("authorizer", None)) is not None:
        properties["Auth"] = {"Authorizer": _authorizer(authorizer)}
    if settings.pop("private", None) is True:
        properties["Auth"] = {**properties.get("Auth", {}), "ApiKeyRequired": True}
    # A function behind it answers by itself, as SAM's do.
    if str(settings.get("integration", "")).lower() in ("lambda-proxy", "lambda_proxy", "aws_proxy", "aws-proxy"):
        del settings["integration"]
    event = {"Type": "Api", "Properties": {**properties, **settings}}
    return [Translated(event=event, has_cors=cors is True)]


def _sqs(value: object) -> list[Translated]:
    settings = _settings(value, "arn")
    properties: dict[str, object] = {}
    for key, name in (
        ("arn", "Queue"),
        ("batchSize", "BatchSize"),
        ("maximumBatchingWindow", "MaximumBatchingWindowInSeconds"),
        ("enabled", "Enabled"),
    ):
        if key in settings:
            properties[name] = settings.pop(key)
    if (answer := settings.pop("functionResponseType", None)) is not None:
        properties["FunctionResponseTypes"] = [answer]
    if (most := settings.pop("maximumConcurrency", None)) is not None:
        properties["ScalingConfig"] = {"MaximumConcurrency": most}
    if (filters := settings.pop("filterPatterns", None)) is not None:
        properties["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(each)} for each in listed(filters)]}
    return [Translated(event={"Type": "SQS", "Properties": {**properties, **settings}})]


def _sns(value: object) -> list[Translated]:
    is_arn = not isinstance(value, str) or value.startswith("arn:")
    settings = _settings(value, "arn" if is_arn else "topicName")
    properties: dict[str, object] = {}
    name, resource, logical_id = settings.pop("topicName", None), None, ""
    if "arn" in settings:
        properties["Topic"] = settings.pop("arn")
    elif isinstance(name, str):
        logical_id = f"SNSTopic{_NO_LETTERS.sub('', name)}"
        resource = {"Type": "AWS::SNS::Topic", "Properties": {}}
        properties["Topic"] = {"Ref": logical_id}
    settings.pop("displayName", None)
    if (policy := settings.pop("filterPolicy", None)) is not None:
        properties["FilterPolicy"] = policy
    if (scope := settings.pop("filterPolicyScope", None)) is not None:
        properties["FilterPolicyScope"] = scope
    event = {"Type": "SNS", "Properties": {**properties, **settings}}
    return [Translated(event=event, logical_id=logical_id, resource=resource)]


def _s3(value: object) -> list[Translated]:
    settings = _settings(value, "bucket")
    bucket, existing = settings.pop("bucket", None), settings.pop("existing", False)
    properties: dict[str, object] = {"Bucket": bucket, "Events": [settings.pop("event", "s3:ObjectCreated:*")]}
    resource, logical_id = None, ""
    if isinstance(bucket, str) and not existing:
        logical_id = f"S3Bucket{_NO_LETTERS.sub('', bucket)}"
        resource = {"Type": "AWS::S3::Bucket", "Properties": {}}
        properties["Bucket"] = {"Ref": logical_id}
    rules = [
        {"Name": name, "Value": text}
        for rule in listed(settings.pop("rules", None))
        if isinstance(rule, Mapping)
        for name, text in rule.items()
    ]
    if rules:
        properties["Filter"] = {"S3Key": {"Rules": rules}}
    event = {"Type": "S3", "Properties": {**properties, **settings}}
    return [Translated(event=event, logical_id=logical_id, resource=resource)]


def _schedule(value: object) -> list[Translated]:
    settings = _settings(value, "rate")
    rates = listed(settings.pop("rate", None))
    for key in ("name", "description", "method"):
        settings.pop(key, None)
    properties: dict[str, object] = {}
    for key, name in (("input", "Input"), ("enabled", "Enabled"), ("timezone", "ScheduleExpressionTimezone")):
        if key in settings:
            properties[name] = settings.pop(key)
    return [
        Translated(event={"Type": "Schedule", "Properties": {"Schedule": rate, **properties, **settings}})
        for rate in rates
    ]


def _event_bridge(value: object) -> list[Translated]:
    settings = _settings(value, "schedule")
    if "schedule" in settings:
        rate = settings.pop("schedule")
        return _schedule({**settings, "rate": rate})
    properties: dict[str, object] = {}
    for key, name in (("pattern", "Pattern"), ("eventBus", "EventBusName"), ("enabled", "Enabled")):
        if key in settings:
            properties[name] = settings.pop(key)
    policy = settings.pop("retryPolicy", None)
    if isinstance(policy, Mapping):
        names = {"maximumEventAge": "MaximumEventAgeInSeconds", "maximumRetryAttempts": "MaximumRetryAttempts"}
        properties["RetryPolicy"] = {names.get(key, key): item for key, item in policy.items()}
    return [Translated(event={"Type": "EventBridgeRule", "Properties": {**properties, **settings}})]


def _stream(value: object) -> list[Translated]:
    settings = _settings(value, "arn")
    arn = settings.pop("arn", None)
    # The address of a queue of the template is a mapping, which says nothing of its type.
    is_table = settings.pop("type", "") == "dynamodb" or ":dynamodb:" in json.dumps(arn, default=str)
    properties: dict[str, object] = {"Stream": arn, "StartingPosition": "TRIM_HORIZON"}
    for key, name in _READING.items():
        if key in settings:
            properties[name] = settings.pop(key)
    if (answer := settings.pop("functionResponseType", None)) is not None:
        properties["FunctionResponseTypes"] = [answer]
    if (patterns := settings.pop("filterPatterns", None)) is not None:
        properties["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(each)} for each in listed(patterns)]}
    kind = "DynamoDB" if is_table else "Kinesis"
    return [Translated(event={"Type": kind, "Properties": {**properties, **settings}})]


def _log(value: object) -> list[Translated]:
    settings = _settings(value, "logGroup")
    properties: dict[str, object] = {"LogGroupName": settings.pop("logGroup", None)}
    if (pattern := settings.pop("filter", None)) is not None:
        properties["FilterPattern"] = pattern
    return [Translated(event={"Type": "CloudWatchLogs", "Properties": {**properties, **settings}})]


def _iot(value: object) -> list[Translated]:
    settings = _settings(value, "sql")
    properties: dict[str, object] = {"Sql": settings.pop("sql", None)}
    for key, name in (("sqlVersion", "AwsIotSqlVersion"), ("enabled", "Enabled")):
        if key in settings:
            properties[name] = settings.pop(key)
    for key in ("name", "description"):
        settings.pop(key, None)
    return [Translated(event={"Type": "IoTRule", "Properties": {**properties, **settings}})]


def _routed(value: object) -> dict[str, Any]:
    """The settings of a route, which may also be written in one: `GET /orders`."""
    settings = _settings(value, "route")
    route = settings.pop("route", None)
    if isinstance(route, str):
        method, _, path = route.strip().partition(" ")
        settings |= {"method": method, "path": path.strip()}
    return settings


def _authorizer(written: object) -> object:
    """The authorizer's name, as SAM has it."""
    name = written.get("name", written.get("type")) if isinstance(written, Mapping) else written
    return "AWS_IAM" if str(name).lower() == "aws_iam" else name


def _settings(value: object, name: str) -> dict[str, Any]:
    """The event's settings; one that is no mapping of them is that called `name`."""
    if isinstance(value, Mapping) and not (len(value) == 1 and str(next(iter(value))).startswith(("Fn::", "Ref"))):
        return dict(value)
    return {name: value}


_READERS: Final[Mapping[str, Callable[[object], list[Translated]]]] = {
    "httpApi": _http_api,
    "http": _http,
    "sqs": _sqs,
    "sns": _sns,
    "s3": _s3,
    "schedule": _schedule,
    "eventBridge": _event_bridge,
    "stream": _stream,
    "cloudwatchLog": _log,
    "iot": _iot,
}
_OTHER: Final = {
    "msk": "MSK",
    "cognitoUserPool": "Cognito",
}
