"""What code in JavaScript calls on this side: functions of values, by the names that `inside_node` gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lambdakit.harness.routing.graphql.evaluation.evaluated import ResolverContext
from lambdakit.harness.routing.graphql.evaluation.functions.dynamodb_requests import DYNAMODB_REQUESTS
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.functions.sql_statements import SQL_REQUESTS
from lambdakit.harness.routing.graphql.evaluation.pure_functions import grouped_functions, plain_functions
from lambdakit.harness.routing.rest.java_patterns import PatternRefused, replaced


class ScriptFunctions:
    """The functions of one evaluation; made when the code first calls one."""

    def __init__(self, context: ResolverContext, now: datetime) -> None:
        self._context = context
        self._now = now
        self._functions: Mapping[str, Callable[..., Any]] | None = None

    def answer(self, name: str, given: Any) -> str:
        """A call's answer as JSON: `{"value": ...}`, or `{"failed": why}`."""
        if self._functions is None:
            self._functions = self._made()
        function = self._functions.get(name)
        if function is None or not isinstance(given, list):
            return _failed(f"{name} is no function")
        try:
            return json.dumps({"value": function(*given)}, separators=(",", ":"), allow_nan=False)
        except (FunctionFailed, PatternRefused) as refused:
            return _failed(str(refused))
        except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:
            return _failed(f"{name}: {error}")
        except RecursionError:
            return _failed(f"{name}: a value is nested too deep")

    def _made(self) -> Mapping[str, Callable[..., Any]]:
        made: dict[str, Callable[..., Any]] = {"text.replace": _replaced}
        for name, function in plain_functions(self._context, self._now).items():
            made[f"util.{name}"] = function
        for group, functions in grouped_functions(self._now).items():
            made |= {f"util.{group}.{name}": function for name, function in functions.items()}
        made |= {f"dynamodb.{name}": function for name, function in DYNAMODB_REQUESTS.items()}
        return {**made, **{f"rds.{name}": function for name, function in SQL_REQUESTS.items()}}


def _replaced(text: str, pattern: str, replacement: str, replaces_all: bool) -> str:
    """`String.prototype.replace` and `replaceAll`, whose patterns are Java's."""
    return replaced(pattern, replacement, text, count=0 if replaces_all else 1)


def _failed(why: str) -> str:
    return json.dumps({"failed": why})
