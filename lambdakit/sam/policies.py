"""The policies of a SAM function: what of them is access to a table or a target of its pattern.

Source: AWS SAM Developer Guide, "AWS SAM policy templates".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.records import dataclass
from lambdakit.sam.properties import Properties
from lambdakit.sam.tables import ACCESS

# Policy template -> (its parameter, the kind of target, what the function may do).
TARGETS: Final = {
    **{name: ("TableName", "dynamodb", access) for name, access in ACCESS.items()},
    "S3ReadPolicy": ("BucketName", "s3", "read"),
    "S3WritePolicy": ("BucketName", "s3", "write"),
    "S3CrudPolicy": ("BucketName", "s3", "read_write_delete"),
    "SQSSendMessagePolicy": ("QueueName", "sqs", "publish"),
    "SQSPollerPolicy": ("QueueName", "sqs", "consume"),
    "SNSPublishMessagePolicy": ("TopicName", "sns", "publish"),
    "SNSCrudPolicy": ("TopicName", "sns", "publish"),
}
# What every function of a document has as far as it needs it.
_GIVEN: Final = ("AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess")
# What consuming a source of a kind brings.
_OF_SOURCES: Final[Mapping[str, str]] = {
    "SQSPollerPolicy": "SQS",
    "AWSLambdaSQSQueueExecutionRole": "SQS",
    "AWSLambdaKinesisExecutionRole": "Kinesis",
    "KinesisStreamReadPolicy": "Kinesis",
    "AWSLambdaDynamoDBExecutionRole": "DynamoDB",
    "DynamoDBStreamReadPolicy": "DynamoDB",
    "AWSLambdaMSKExecutionRole": "MSK",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a policy lets a function do. place: the policy's steps below the function's `Policies`.

    logical_id, kind, access: with what of the template, and what, where a document has a word for it; else empty.
    """

    policy: object
    place: tuple[int, ...]
    logical_id: str = ""
    kind: str = ""
    access: str = ""


def accesses(properties: Properties, events: Mapping[str, object]) -> Iterator[Access]:
    """What the policies say, but for what a document gives anyway. events: of the function."""
    written = properties.raw("Policies")
    items = written if isinstance(written, list) else [] if written is None else [written]
    sources = {str(event.get("Type")) for event in events.values() if isinstance(event, Mapping)}
    for place, item in enumerate(items):
        where = (place,) if isinstance(written, list) else ()
        names = [item.rpartition("/")[2]] if isinstance(item, str) else list(item) if isinstance(item, Mapping) else []
        if len(names) == 1 and (names[0] in _GIVEN or _OF_SOURCES.get(str(names[0]), "") in sources):
            continue
        yield _access(item, where)


def _access(item: object, place: tuple[int, ...]) -> Access:
    if isinstance(item, Mapping) and len(item) == 1:
        ((name, arguments),) = item.items()
        if name in TARGETS and isinstance(arguments, Mapping):
            parameter, kind, access = TARGETS[name]
            logical_id = referred(arguments.get(parameter))
            if logical_id is not None:
                return Access(policy=item, place=place, logical_id=logical_id, kind=kind, access=access)
    return Access(policy=item, place=place)


def referred(value: object) -> str | None:
    """The logical id that a `Ref`, an `Fn::GetAtt` or a `Fn::Sub` of nothing else names; None for any other value."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    match next(iter(value.items())):
        case "Ref", str() as name:
            return name
        case "Fn::GetAtt", [str() as name, *_]:
            return name
        case "Fn::Sub", str() as text if text.startswith("${") and text.endswith("}") and text.count("${") == 1:
            return text[2:-1].partition(".")[0]
    return None
