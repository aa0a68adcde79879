"""Functions of `util` that take values and give one: those that templates and JavaScript have in common.

Source: AppSync Developer Guide, "Utility helpers in $util", "Built-in utilities", and the pages of `util.time`,
`util.dynamodb`, `util.rds`, `util.http`, `util.xml`, `util.transform`, `util.math` and `util.str`.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import random
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote_plus

from lambdakit.harness.routing.graphql.evaluation.evaluated import JsonValue, ResolverContext
from lambdakit.harness.routing.graphql.evaluation.functions import xml_maps
from lambdakit.harness.routing.graphql.evaluation.functions.dynamodb_values import DYNAMODB_VALUES, from_s3_object
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.functions.filter_expressions import filter_expression
from lambdakit.harness.routing.graphql.evaluation.functions.response_headers import copied
from lambdakit.harness.routing.graphql.evaluation.functions.search_queries import search_query
from lambdakit.harness.routing.graphql.evaluation.functions.sql_results import rows
from lambdakit.harness.routing.graphql.evaluation.functions.subscription_filters import subscription_filter
from lambdakit.harness.routing.graphql.evaluation.functions.times import time_functions
from lambdakit.harness.routing.graphql.evaluation.functions.unique_ids import auto_id, auto_ksuid, auto_ulid
from lambdakit.harness.routing.rest.java_patterns import matches
from lambdakit.harness.routing.rest.velocity import escaped_javascript, url_encoded

_TEXT_MAX: Final = 20_000_000
_FORMS: Final = {"nfc": "NFC", "nfd": "NFD", "nfkc": "NFKC", "nfkd": "NFKD"}
Functions = Mapping[str, Callable[..., Any]]


def plain_functions(context: ResolverContext, now: datetime) -> Functions:
    """The functions right below `util`, by their names."""
    return {
        "autoId": auto_id,
        "autoUlid": lambda: auto_ulid(now),
        "autoKsuid": lambda: auto_ksuid(now),
        "authType": lambda: auth_type(context),
        "base64Decode": _of_text(_base64_decoded),
        "base64Encode": _of_text(lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode()),
        "escapeJavaScript": _of_text(escaped_javascript),
        "matches": lambda pattern, text: matches(str(pattern), str(text)),
        "urlDecode": _of_text(unquote_plus),
        "urlEncode": _of_text(url_encoded),
    }


def grouped_functions(now: datetime) -> Mapping[str, Functions]:
    """The functions of `util.time` and its like, by the name of the group."""
    return {
        "time": time_functions(now),
        "dynamodb": {**DYNAMODB_VALUES, "fromS3ObjectJson": from_s3_object},
        "rds": {"toJsonObject": rows, "toJsonString": lambda result: _json(rows(result))},
        "http": {"copyHeaders": copied},
        "xml": {"toMap": xml_maps.to_map, "toJsonString": xml_maps.to_json_string},
        "transform": _TRANSFORM,
        "math": _MATH,
        "str": _STR,
    }


def auth_type(context: ResolverContext) -> str:
    """Who let the caller in, in the words of `util.authType()`; from the form of the identity where it is not said.

    Source: AppSync Developer Guide, "AWS AppSync JavaScript resolver context object reference", "Identity". The words
    for a caller that a function let in are not confirmed by a page.
    """
    if context.auth_type is not None:
        return context.auth_type
    identity: JsonValue = context.identity
    if not isinstance(identity, Mapping) or not identity:
        return "API Key Authorization"
    if "resolverContext" in identity:
        return "Lambda Authorization"
    if "accountId" in identity or "userArn" in identity:
        return "IAM Authorization"
    return "User Pool Authorization" if "username" in identity else "Open ID Connect Authorization"


def _of_text(function: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Of nothing they give nothing."""

    def apply(value: Any = None) -> Any:
        return None if value is None else function(value if isinstance(value, str) else _json(value))

    return apply


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _base64_decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except binascii.Error as error:
        raise FunctionFailed(f"base64Decode: {error}") from None


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FunctionFailed("a number is wanted")
    return value


def _rounded(value: Any) -> int:
    """Source: Java SE API, `Math.round`: halves go up."""
    number = _number(value)
    if not math.isfinite(number):
        raise FunctionFailed("a number is wanted")
    return math.floor(number + 0.5)


def _random_within(first: Any, last: Any) -> int:
    low, high = int(_number(first)), int(_number(last))
    if low > high:
        raise FunctionFailed("randomWithinRange: the lower value is above the upper one")
    return random.randint(low, high)


def _replaced(text: Any, old: Any, new: Any) -> str:
    whole, part, other = str(text), str(old), str(new)
    if len(whole) + whole.count(part) * len(other) > _TEXT_MAX:
        raise FunctionFailed(f"a text of more than {_TEXT_MAX:,} characters")
    return whole.replace(part, other)


def _normalized(text: Any, form: Any) -> str:
    wanted = _FORMS.get(str(form).lower())
    if wanted is None:
        raise FunctionFailed(f"normalize: {form} is none of {', '.join(_FORMS)}")
    return unicodedata.normalize(wanted, str(text))  # type: ignore[arg-type]  # one of the four, by the table


_TRANSFORM: Final[Functions] = {
    "toDynamoDBFilterExpression": lambda conditions: _json(filter_expression(conditions)),
    "toDynamoDBConditionExpression": lambda conditions: _json(filter_expression(conditions)),
    "toElasticsearchQueryDSL": lambda conditions: _json(search_query(conditions)),
    "toSubscriptionFilter": subscription_filter,
}
_MATH: Final[Functions] = {
    "roundNum": _rounded,
    "minVal": lambda first, second: min(_number(first), _number(second)),
    "maxVal": lambda first, second: max(_number(first), _number(second)),
    "randomDouble": random.random,
    "randomWithinRange": _random_within,
}
_STR: Final[Functions] = {
    "toUpper": lambda text: str(text).upper(),
    "toLower": lambda text: str(text).lower(),
    "toReplace": _replaced,
    "normalize": _normalized,
}
