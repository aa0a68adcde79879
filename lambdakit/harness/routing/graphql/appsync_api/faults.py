"""The refusals of AppSync's API, as it sends them.

Source: AWS AppSync API Reference, "Common Errors" and the errors of each operation (codes and statuses).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.evaluated import CodeProblem
from lambdakit.harness.wire import Response

_STATUS: Final[Mapping[str, int]] = {
    "AccessDeniedException": 403,
    "ConcurrentModificationException": 409,
    "InternalFailureException": 500,
    "LimitExceededException": 429,
    "NotFoundException": 404,
    "UnauthorizedException": 401,
    "NotImplemented": 501,
}


class AppSyncFault(Exception):
    """A refusal. code: the exception's name. more: what its body has besides the message."""

    def __init__(self, code: str, message: str, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self._more = more or {}

    def response(self) -> Response:
        """The refusal as the API answers with it."""
        body = json.dumps({"message": self.message, **self._more}).encode()
        headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", self.code)]
        return Response(status=_STATUS.get(self.code, 400), headers=headers, body=body)


def bad_request(message: str) -> AppSyncFault:
    """What is asked for makes no sense."""
    return AppSyncFault("BadRequestException", message)


def code_errors(problems: Sequence[CodeProblem]) -> list[dict[str, Any]]:
    """Why code is refused, as `CodeError`s."""
    return [
        {
            "errorType": each.error_type,
            "value": each.value,
            "location": {"line": each.line, "column": each.column, "span": each.span},
        }
        for each in problems
    ]


def code_refused(problems: Sequence[CodeProblem]) -> AppSyncFault:
    """Code that the runtime does not run. Source: AWS AppSync API Reference, "BadRequestException" (`CODE_ERROR`)."""
    more = {"reason": "CODE_ERROR", "detail": {"codeErrors": code_errors(problems)}}
    return AppSyncFault("BadRequestException", "The code contains one or more errors.", more)


def not_found(message: str) -> AppSyncFault:
    """What is asked for is not there."""
    return AppSyncFault("NotFoundException", message)


def not_served(operation: str, why: str) -> AppSyncFault:
    """An operation that the harness does not have."""
    return AppSyncFault("NotImplemented", f"the harness does not serve appsync:{operation}: {why}")
