"""What code says besides its result: errors that it adds, what it logs, and what it asks of the API.

Source: AppSync Developer Guide, "Extensions", "HTTP helpers in $util.http".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, JsonValue, ResolverError
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.functions.response_headers import (
    BYTES_MAX,
    problem_of,
    text_of_value,
)

_INVALIDATIONS_MAX: Final = 5
_NOTES_MAX: Final = 10_000
_Value = TypeVar("_Value")


class ResolverFailed(Exception):
    """`util.error` and its like: the evaluation ends."""

    def __init__(self, error: ResolverError) -> None:
        super().__init__(error.message)
        self.error = error


class Noted:
    """Collects what one evaluation says."""

    def __init__(self) -> None:
        self._errors: list[ResolverError] = []
        self._logs: list[str] = []
        self._filter: JsonValue = None
        self._invalidation_filter: JsonValue = None
        self._invalidations: list[JsonValue] = []
        self._evictions: list[JsonValue] = []
        self._headers: dict[str, tuple[str, str]] = {}
        self._header_bytes = 0

    def append_error(self, error: ResolverError) -> None:
        """An error that lets the evaluation go on."""
        self._errors.append(_few(error, self._errors))

    def log(self, text: str) -> None:
        """A line of the log."""
        self._logs.append(_few(text, self._logs))

    def evict(self, type_name: str, field_name: str, keys: Mapping[str, Any]) -> None:
        """`extensions.evictFromApiCache`. It works in mutations alone, which is for the caller to know."""
        eviction: JsonValue = {"typeName": type_name, "fieldName": field_name, "keys": dict(keys)}
        self._evictions.append(_few(eviction, self._evictions))

    def set_filter(self, value: JsonValue) -> None:
        """`extensions.setSubscriptionFilter`."""
        self._filter = value

    def set_invalidation_filter(self, value: JsonValue) -> None:
        """`extensions.setSubscriptionInvalidationFilter`."""
        self._invalidation_filter = value

    def invalidate(self, value: JsonValue) -> None:
        """`extensions.invalidateSubscriptions`. FunctionFailed after five different ones."""
        if value in self._invalidations:
            return
        if len(self._invalidations) == _INVALIDATIONS_MAX:
            raise FunctionFailed(f"invalidateSubscriptions: {_INVALIDATIONS_MAX} are the most of a request")
        self._invalidations.append(value)

    def add_header(self, name: Any, value: Any) -> None:
        """A header field of the answer. One that may not be is left out, and is an error of the operation."""
        problem = problem_of(name, value)
        if not problem:
            text = text_of_value(value)
            # All of them count, also those of one name.
            self._header_bytes += len(name.encode()) + len(text.encode("utf-8", "replace"))
            problem = f"response headers have more than {BYTES_MAX} bytes" if self._header_bytes > BYTES_MAX else ""
        if problem:
            self.append_error(ResolverError(message=problem, error_type="ResponseHeaderError"))
        else:
            self._headers[name.lower()] = (name, text)

    def evaluated(
        self,
        *,
        result: JsonValue = None,
        error: ResolverError | None = None,
        stash: Mapping[str, JsonValue],
        early_return: bool = False,
        skip_next: bool = False,
        text: str | None = None,
    ) -> Evaluated:
        """All of it, with what became of the evaluation."""
        return Evaluated(
            result=result,
            error=error,
            appended_errors=tuple(self._errors),
            stash=stash,
            early_return=early_return,
            skip_next=skip_next,
            logs=tuple(self._logs),
            subscription_filter=self._filter,
            subscription_invalidation_filter=self._invalidation_filter,
            subscription_invalidations=tuple(self._invalidations),
            cache_evictions=tuple(self._evictions),
            http_headers=tuple(self._headers.values()),
            text=text,
        )


def filled(text: str, values: list[str]) -> str:
    """A text with each `{}` in it replaced by the next value."""
    parts = text.split("{}")
    given = [*values, *(["{}"] * (len(parts) - 1 - len(values)))]
    return parts[0] + "".join(f"{value}{part}" for value, part in zip(given, parts[1:], strict=False))


def unauthorized(info: Mapping[str, JsonValue]) -> ResolverError:
    """The error of `util.unauthorized`; its words are those that clients of AppSync report."""
    message = f"Not Authorized to access {info.get('fieldName')} on type {info.get('parentTypeName')}"
    return ResolverError(message=message, error_type="Unauthorized")


def message_of(value: Any) -> str:
    """A message that code gave, which may be anything."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _few(value: _Value, values: list[_Value]) -> _Value:
    if len(values) >= _NOTES_MAX:
        raise FunctionFailed(f"more than {_NOTES_MAX:,} errors, log lines or evictions")
    return value
