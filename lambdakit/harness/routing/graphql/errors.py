"""Errors as AppSync answers with them: of a field, of a value, of an operation, and of a whole request.

    a field        path, data, errorType, errorInfo, locations, message
    a value        path, locations (null), message
    an operation   path (null), locations, message
    a request      errorType, message, with a status of its own

Source: AppSync Developer Guide, "Resolver mapping template utility reference" (`$util.error`: what a field's error has)
and "Troubleshooting and common mistakes"; the other forms, and their texts, are those that clients of the service quote
in public issues: no page of AWS's lists them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lambdakit.harness.wire import Response

if TYPE_CHECKING:
    from graphql import GraphQLError

_JSON: Final = ("content-type", "application/json; charset=UTF-8")
Body = Mapping[str, Any]


class FieldFault(Exception):
    """A field could not be resolved; the text is the error's message."""

    def __init__(
        self, message: str, error_type: str | None = None, *, data: object = None, error_info: object = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.data = data
        self.error_info = error_info


class ValueFault(Exception):
    """What a resolver gave does not fit the field's type."""


class RequestRefused(Exception):
    """A request that is not executed."""

    def __init__(self, status: int, error_type: str, message: str, *, problem: str = "") -> None:
        super().__init__(problem or message)
        self.status = status
        self.error_type = error_type
        self.message = message

    def response(self) -> Response:
        """What is answered instead."""
        errors = [{"errorType": self.error_type, "message": self.message}]
        return answer({"errors": errors}, status=self.status)


def unauthorized(message: str, problem: str = "") -> RequestRefused:
    """Who asks is not known, or not let in. problem: more, for the trace."""
    return RequestRefused(401, "UnauthorizedException", message, problem=problem)


def malformed(message: str) -> RequestRefused:
    """A request that is none of GraphQL's."""
    return RequestRefused(400, "MalformedHttpRequestException", message)


def answer(body: Body, *, status: int = 200) -> Response:
    """A response with a body in JSON."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return Response(status=status, headers=[_JSON], body=content)


def field_error(error: GraphQLError) -> Body:
    """An error that came up while fields were resolved."""
    if error.path is None:  # of a variable: nothing was resolved
        return operation_error(error)
    original, path = error.original_error, list(error.path)
    if isinstance(original, FieldFault):
        return fault_body(original, path, _locations(error))
    if isinstance(original, ValueFault):
        return {"path": path, "locations": None, "message": str(original)}
    return {"path": path, "locations": _locations(error), "message": error.message}


def fault_body(fault: FieldFault, path: Sequence[str | int], locations: Sequence[Body]) -> Body:
    """The error of a field."""
    return {
        "path": list(path),
        "data": fault.data,
        "errorType": fault.error_type,
        "errorInfo": fault.error_info,
        "locations": list(locations),
        "message": fault.message,
    }


def operation_error(error: GraphQLError, kind: str = "") -> Body:
    """An error of a document that is not executed. kind: of the rule that it breaks; empty for none."""
    message = f"Validation error of type {kind}: {error.message}" if kind else error.message
    return {"path": None, "locations": _locations(error) or None, "message": message}


def _locations(error: GraphQLError) -> list[Body]:
    return [{"line": each.line, "column": each.column, "sourceName": None} for each in error.locations or ()]
