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
_TARGETS: Final = {
    **{name: ("TableName", "dynamodb", access) for name, access in ACCESS.items()},
    "S3WritePolicy": ("BucketName", "s3", "write"),
    "S3CrudPolicy": ("BucketName", "s3", "read_write"),
    "SQSSendMessagePolicy": ("QueueName", "sqs", ""),
    "SNSPublishMessagePolicy": ("TopicName", "sns", ""),
    "SNSCrudPolicy": ("TopicName", "sns", ""),
}
# What every function of a document has as far as it needs it, and what consuming a source brings.
_GIVEN: Final = (
    *("AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess", "SQSPollerPolicy"),
    *("CloudWatchPutMetricPolicy", "AWSLambdaSQSQueueExecutionRole"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a function may do with a resource of the template. place: of the policy in the list; -1 for one alone."""

    logical_id: str
    kind: str
    access: str
    place: int


def accesses(properties: Properties) -> Iterator[Access]:
    """Those that a document can say; each of the others is a gap."""
    written = properties.raw("Policies")
    items = written if isinstance(written, list) else [] if written is None else [written]
    for place, item in enumerate(items):
        pointer = (*properties.pointer, "Policies", *((place,) if isinstance(written, list) else ()))
        if isinstance(item, str) and item.rpartition("/")[2] in _GIVEN:
            continue
        found = _access(item, place)
        if found is not None:
            yield found
        elif not (isinstance(item, Mapping) and set(item) & set(_GIVEN)):
            name = item if isinstance(item, str) else ", ".join(map(str, item)) if isinstance(item, Mapping) else item
            hint = "a document grants by table_access and targets"
            properties.gaps.add(pointer, f"the policy {name} is not carried over", hint)


def _access(item: object, place: int) -> Access | None:
    if not isinstance(item, Mapping) or len(item) != 1:
        return None
    (name,) = item
    arguments = item[name]
    if name not in _TARGETS or not isinstance(arguments, Mapping):
        return None
    parameter, kind, access = _TARGETS[name]
    logical_id = referred(arguments.get(parameter))
    return None if logical_id is None else Access(logical_id=logical_id, kind=kind, access=access, place=place)


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
