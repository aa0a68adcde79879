"""Which data source is asked, with what a request handler made.

A call of a function may go with those of the field's siblings; everything else goes alone. Whatever waits does so in a
thread of the request's pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.graphql.definition import DataSource, Step
from lambdakit.harness.routing.graphql.errors import FieldFault
from lambdakit.harness.routing.graphql.evaluation.evaluated import ResolverContext
from lambdakit.harness.routing.graphql.execution.batches import DEFAULT_BATCH_MAX, Batches
from lambdakit.harness.routing.graphql.execution.visit import Visit
from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls
from lambdakit.harness.routing.graphql.sources.dynamodb import ask_table
from lambdakit.harness.routing.graphql.sources.event_bus import put_events
from lambdakit.harness.routing.graphql.sources.functions import (
    Functions,
    ItemFault,
    batch_results,
    direct_payload,
    item_result,
)
from lambdakit.harness.routing.graphql.sources.http_endpoint import HttpEndpoints
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault

_Made = TypeVar("_Made")
_REFUSED: Final[Mapping[str, str]] = {
    "RELATIONAL_DATABASE": "no Data API of a database runs here; put a function with a driver in front of it",
    "AMAZON_ELASTICSEARCH": "no search domain runs here; put a function in front of it",
    "AMAZON_OPENSEARCH_SERVICE": "no search domain runs here; put a function in front of it",
}


class Asking:
    """Asks the data sources for one request."""

    def __init__(
        self,
        visit: Visit,
        *,
        executor: Executor,
        functions: Functions,
        aws: AwsCalls,
        http: HttpEndpoints,
    ) -> None:
        self._visit = visit
        self._executor = executor
        self._functions = functions
        self._aws = aws
        self._http = http
        self._batches = Batches()

    async def ask(self, step: Step, document: Any, context: ResolverContext, place: tuple[str, str]) -> Any:
        """What a data source answers. SourceFault, FieldFault. The rest as `Sources.ask` has it."""
        source = step.source
        if source is None:
            raise FieldFault(f"{step.name} has no data source any more")
        if document is not None and not isinstance(document, Mapping):
            raise FieldFault(
                f"the request handler of {step.name} gave {type(document).__name__}, not an object", "MappingTemplate"
            )
        if source.kind == "AWS_LAMBDA":
            return await self._call_function(step, source, document, context, place)
        given: Mapping[str, Any] = document or {}
        match source.kind:
            case "NONE":
                return given.get("payload")
            case "AMAZON_DYNAMODB":
                principal = self._principal(source)
                return await self._within(lambda: ask_table(self._aws, source, principal, given))
            case "AMAZON_EVENTBRIDGE":
                principal = self._principal(source)
                return await self._within(lambda: put_events(self._aws, source, principal, given))
            case "HTTP":
                limit = self._visit.remaining_seconds
                api_arn = self._visit.definition.record.arn
                return await self._within(lambda: self._http.ask(source, given, limit, api_arn=api_arn))
        why = _REFUSED.get(source.kind, "the harness has no such data source")
        # No response handler may make nothing of it, as it may of an error of the source's own.
        raise FieldFault(f"the data source {source.name} ({source.kind}) is not asked: {why}", "UnsupportedDataSource")

    async def _call_function(
        self,
        step: Step,
        source: DataSource,
        document: Mapping[str, Any] | None,
        context: ResolverContext,
        place: tuple[str, str],
    ) -> Any:
        visit = self._visit
        if document is None and not step.batch_max:
            payload = direct_payload(context)
            return await self._within(self._invoking(source, payload, visit.remaining_seconds))
        operation = "BatchInvoke" if document is None else str(document.get("operation", "Invoke"))
        if operation not in ("Invoke", "BatchInvoke"):
            raise FieldFault(f"Unsupported operation '{operation}'. Expected Invoke or BatchInvoke.", "MappingTemplate")
        if operation == "Invoke":
            assert document is not None
            if str(document.get("invocationType") or "RequestResponse") == "Event":
                return await self._within(lambda: self._functions.send(source, visit, document.get("payload")))
            return await self._within(self._invoking(source, document.get("payload"), visit.remaining_seconds))

        async def send(payloads: list[Any]) -> Sequence[Any]:
            answer = await self._within(self._invoking(source, payloads, visit.remaining_seconds))
            return batch_results(answer, len(payloads))

        mine = direct_payload(context) if document is None else document.get("payload")
        most = step.batch_max or DEFAULT_BATCH_MAX
        result = await self._batches.call((place, step.name), mine, most=most, send=send)
        if document is not None:
            return result
        found = item_result(result)
        if isinstance(found, ItemFault):
            raise SourceFault(found.message, found.error_type, data=found.data)
        return found

    def _invoking(self, source: DataSource, payload: Any, limit_seconds: float) -> Callable[[], Any]:
        return lambda: self._functions.invoke(source, self._visit, payload, limit_seconds)

    def _principal(self, source: DataSource) -> Principal:
        if source.place.get("useCallerCredentials"):
            caller = self._visit.authorized.principal
            if caller is None:
                raise SourceFault(
                    f"the data source {source.name} acts as its caller, who did not sign", "UnauthorizedException"
                )
            return caller
        return self._aws.acting(source.role_arn, self._visit.definition.record.arn)

    def _within(self, work: Callable[[], _Made]) -> Awaitable[_Made]:
        return asyncio.get_running_loop().run_in_executor(self._executor, work)
