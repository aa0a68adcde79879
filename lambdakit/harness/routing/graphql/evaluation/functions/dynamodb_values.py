"""Values as DynamoDB has them, `{"S": "text"}`: the conversions of `util.dynamodb`.

Numbers stay numbers, as the guide's examples show them: `{"N": 12345}`.
Source: AppSync Developer Guide, "DynamoDB helpers in $util.dynamodb", "DynamoDB helpers in util.dynamodb".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_SETS: Final = frozenset({"SS", "NS", "BS"})
# The guide's examples of S3 objects are not quite JSON: a version stands behind `=`, and quotes are missing.
_S3_PARTS: Final = ("key", "bucket", "region", "version")
_S3_PART: Final = re.compile(r'"(key|bucket|region|version)"\s*[:=]\s*"((?:[^"\\]|\\.)*)"')


def to_dynamodb(value: Any) -> dict[str, Any]:
    """Any value; a list is `L`, never a set."""
    if value is None:
        return {"NULL": None}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": to_map_values(value)}
    if isinstance(value, list | tuple):
        return {"L": [to_dynamodb(each) for each in value]}
    return {"S": str(value)}


def to_map_values(value: Any) -> dict[str, Any]:
    """A map whose values are DynamoDB's."""
    if not isinstance(value, Mapping):
        raise FunctionFailed(f"a map is wanted, and {_kind(value)} was given")
    return {str(name): to_dynamodb(each) for name, each in value.items()}


def item_value(value: Any) -> dict[str, Any]:
    """A value of an item that `@aws-appsync/utils/dynamodb` is given: like `to_dynamodb`, with sets.

    What `toStringSet` and its like made is a set: a map of the one name `SS`, `NS` or `BS` and a list.
    """
    if isinstance(value, Mapping):
        if len(value) == 1:
            (name, inner), *_ = value.items()
            if name in _SETS and isinstance(inner, list):
                return {name: inner}
        return {"M": {str(name): item_value(each) for name, each in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [item_value(each) for each in value]}
    return to_dynamodb(value)


def item_values(value: Any, what: str) -> dict[str, Any]:
    """The attributes of an item or key. what: its name, for who has to read that it is none."""
    if not isinstance(value, Mapping):
        raise FunctionFailed(f"{what}: an object is wanted, and {_kind(value)} was given")
    return {str(name): item_value(each) for name, each in value.items()}


def _of_type(name: str, *kinds: type) -> Callable[[Any], dict[str, Any] | None]:
    """Source: the types of `@aws-appsync/utils`: of nothing they give null."""

    def convert(value: Any = None) -> dict[str, Any] | None:
        if value is None:
            return None
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise FunctionFailed(f"{name}: {_kind(value)} was given")
        return {name: value}

    return convert


def _set_of(name: str, *kinds: type) -> Callable[[Any], dict[str, Any] | None]:
    def convert(value: Any = None) -> dict[str, Any] | None:
        if value is None:
            return None
        if not isinstance(value, list) or not all(
            isinstance(each, kinds) and not isinstance(each, bool) for each in value
        ):
            raise FunctionFailed(f"{name}: a list of its kind of values is wanted")
        return {name: list(value)}

    return convert


def to_list(value: Any = None) -> dict[str, Any] | None:
    """A list."""
    return to_dynamodb(value) if isinstance(value, list) else None


def to_map(value: Any = None) -> dict[str, Any] | None:
    """A map."""
    return to_dynamodb(value) if isinstance(value, Mapping) else None


def to_s3_object(key: str, bucket: str, region: str, version: str | None = None) -> dict[str, Any]:
    """Where an object of S3 is, as a text."""
    given = zip(_S3_PARTS, (key, bucket, region, version), strict=True)
    parts = ", ".join(f'"{name}" : {json.dumps(str(value))}' for name, value in given if value is not None)
    return {"S": f'{{ "s3" : {{ {parts} }} }}'}


def from_s3_object(text: Any) -> dict[str, str]:
    """The parts of what `to_s3_object` made; of its text or of the whole."""
    if isinstance(text, Mapping):
        text = text.get("S")
    if not isinstance(text, str):
        raise FunctionFailed("fromS3ObjectJson: a text is wanted")
    return {match[1]: json.loads(f'"{match[2]}"', strict=False) for match in _S3_PART.finditer(text)}


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
    return "a map" if isinstance(value, Mapping) else "something else"


# By the names of `util.dynamodb`. In templates each has a second form, which ends in `Json` and gives a text.
DYNAMODB_VALUES: Final[Mapping[str, Callable[..., Any]]] = {
    "toDynamoDB": to_dynamodb,
    "toString": _of_type("S", str),
    "toStringSet": _set_of("SS", str),
    "toNumber": _of_type("N", int, float),
    "toNumberSet": _set_of("NS", int, float),
    "toBinary": _of_type("B", str),
    "toBinarySet": _set_of("BS", str),
    "toBoolean": _of_type("BOOL", bool),
    "toNull": lambda: {"NULL": None},
    "toList": to_list,
    "toMap": to_map,
    "toMapValues": lambda value=None: None if value is None else to_map_values(value),
    "toS3Object": to_s3_object,
}
