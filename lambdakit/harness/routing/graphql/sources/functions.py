"""Functions as data sources: what they are given, and what comes of what they give.

Source: AppSync Developer Guide, "Direct Lambda resolvers", "Resolver mapping template reference for Lambda", "Using AWS
Lambda resolvers in AWS AppSync" ("Returning individual errors": the members of an item of a batch).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.function_calls import FunctionAnswer, FunctionCalls, FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.graphql.definition import DataSource
from lambdakit.harness.routing.graphql.errors import FieldFault
from lambdakit.harness.routing.graphql.evaluation.evaluated import ResolverContext
from lambdakit.harness.routing.graphql.execution.visit import Visit
from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault
from lambdakit.records import dataclass

_UNHANDLED: Final = "Lambda:Unhandled"
# No page names the type of a function that cannot be called.
_NOT_CALLED: Final = "Lambda:AWSLambdaException"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFault:
    """An item of a batch that says that it failed."""

    message: str
    error_type: str
    data: Any


class Functions:
    """Calls functions in sessions of the data sources' roles."""

    def __init__(self, calls: FunctionCalls, aws: AwsCalls) -> None:
        self._calls = calls
        self._aws = aws

    def invoke(self, source: DataSource, visit: Visit, payload: Any, limit_seconds: float) -> Any:
        """What the function answers. SourceFault for its error, and for one that is not called."""
        function = self._admitted(source, visit)
        try:
            answer = self._calls.call(
                function,
                _json(payload),
                source_arn=visit.definition.record.arn,
                limit_seconds=limit_seconds,
                trace_id=visit.trace_id,
                credentials_arn=source.role_arn,
            )
        except FunctionRefused as refused:
            raise SourceFault(str(refused), _NOT_CALLED) from None
        except FunctionTimedOut:
            raise FieldFault("Execution timed out.", "ExecutionTimeout") from None
        return _result(answer)

    def send(self, source: DataSource, visit: Visit, payload: Any) -> None:
        """Has the function run later: the field is null.

        Source: "Resolver mapping template reference for Lambda" (`invocationType` `Event`).
        """
        function = self._admitted(source, visit)
        try:
            self._calls.send(
                function,
                _json(payload),
                source_arn=visit.definition.record.arn,
                trace_id=visit.trace_id,
                credentials_arn=source.role_arn,
            )
        except FunctionRefused as refused:
            raise SourceFault(str(refused), _NOT_CALLED) from None

    def _admitted(self, source: DataSource, visit: Visit) -> str:
        self._aws.acting(source.role_arn, visit.definition.record.arn)
        return str(source.place.get("lambdaFunctionArn", ""))


def direct_payload(context: ResolverContext) -> dict[str, Any]:
    """What a function gets where there is no request handler: the context.

    Source: "Direct Lambda resolvers"; the members are those that Powertools for AWS Lambda, "GraphQL API", reads.
    """
    return {
        "arguments": dict(context.arguments),
        "identity": context.identity,
        "source": context.source,
        "request": dict(context.request),
        "prev": context.prev,
        "info": dict(context.info),
        "stash": dict(context.stash),
    }


def batch_results(answer: Any, count: int) -> Sequence[Any]:
    """The items of a batch's answer, in order: as many as were asked for."""
    if not isinstance(answer, list):
        raise SourceFault("The response from the Lambda function has to be a list for a batch.", _UNHANDLED)
    if len(answer) != count:
        raise SourceFault(
            f"The response from the Lambda function has {len(answer)} items, and the batch had {count}.", _UNHANDLED
        )
    return answer


def item_result(item: Any) -> Any:
    """What an item of a batch without handlers says; an ItemFault for one with an `errorMessage`."""
    if not isinstance(item, Mapping) or not {"data", "errorMessage", "errorType"} & set(item):
        return item
    if set(item) - {"data", "errorMessage", "errorType"}:
        return item
    if item.get("errorMessage") is None and item.get("errorType") is None:
        return item.get("data")
    return ItemFault(
        message=str(item.get("errorMessage") or ""),
        error_type=str(item.get("errorType") or _UNHANDLED),
        data=item.get("data"),
    )


def _result(answer: FunctionAnswer) -> Any:
    try:
        value = json.loads(answer.payload) if answer.payload else None
    except (ValueError, RecursionError):
        raise SourceFault("The response from the Lambda function is not JSON.", _UNHANDLED) from None
    if not answer.failed:
        return value
    message = value.get("errorMessage") if isinstance(value, dict) else None
    raise SourceFault("" if message is None else str(message), _UNHANDLED)


def _json(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
