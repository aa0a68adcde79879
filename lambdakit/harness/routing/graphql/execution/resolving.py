"""A field by its resolver: handlers around a data source, or around the functions of a pipeline.

    unit       request handler -> data source -> response handler
    pipeline   request handler -> each function, which is a unit of its own -> response handler

Source: AppSync Developer Guide, "Resolvers", "Configuring resolvers (VTL)", "Resolver mapping template changelog" (what
the version of a template changes), "Direct Lambda resolvers" (which handlers may be left out).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from lambdakit.harness.routing.graphql.definition import Resolver, Step
from lambdakit.harness.routing.graphql.errors import FieldFault, fault_body
from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext, ResolverError
from lambdakit.harness.routing.graphql.execution.selection import selection_list, selection_text
from lambdakit.harness.routing.graphql.execution.visit import Visit
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

_LAMBDA: Final = "AWS_LAMBDA"
_OLD_VERSION: Final = "2017-02-28"


class Evaluation(Protocol):
    """Works out handlers."""

    def template(self, text: str, context: ResolverContext) -> Evaluated:
        """What a mapping template makes of its context."""

    def script(self, code: str, function_name: Literal["request", "response"], context: ResolverContext) -> Evaluated:
        """What a handler in JavaScript makes of its context."""


class Sources(Protocol):
    """Asks data sources."""

    async def ask(self, step: Step, document: Any, context: ResolverContext, place: tuple[str, str]) -> Any:
        """What a data source answers to a request handler's document. SourceFault, FieldFault.

        document: None where there is no request handler. place: the field, as type and name.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What came of a step. ends: whether the rest of the pipeline is skipped."""

    result: Any
    context: ResolverContext
    ends: bool = False


class Resolving:
    """Resolves the fields of one request."""

    def __init__(self, visit: Visit, evaluation: Evaluation, sources: Sources) -> None:
        self._visit = visit
        self._evaluation = evaluation
        self._sources = sources

    async def resolve(
        self, resolver: Resolver, source: Any, info: GraphQLResolveInfo, arguments: Mapping[str, Any]
    ) -> Any:
        """A field's value. FieldFault."""
        self._visit.count_resolver()
        path = info.path.as_list()
        place = (resolver.type_name, resolver.field_name)
        context = self._context(source, info, arguments)
        started = time.monotonic()
        try:
            field = _Field(self, place, path, info, context)
            result = await (field.unit(resolver.step) if resolver.functions is None else field.pipeline(resolver))
        except BaseException:
            self._visit.notes.resolved(place, path, str(info.return_type), started, time.monotonic(), True)
            raise
        self._visit.notes.resolved(place, path, str(info.return_type), started, time.monotonic(), False)
        return result

    def _context(self, source: Any, info: GraphQLResolveInfo, arguments: Mapping[str, Any]) -> ResolverContext:
        visit = self._visit
        return ResolverContext(
            arguments=dict(arguments),
            source=source if isinstance(source, Mapping) else None,
            identity=visit.authorized.identity,
            request={"headers": dict(visit.headers), "domainName": visit.domain_name},
            info={
                "selectionSetList": selection_list(info.field_nodes, info.fragments, info.variable_values),
                "selectionSetGraphQL": selection_text(info.field_nodes, info.variable_values),
                "fieldName": info.field_name,
                "parentTypeName": info.parent_type.name,
                "variables": dict(visit.operation.asked.variables),
            },
            env=visit.definition.environment,
            auth_type=visit.authorized.auth_type,
        )

    # What a field asks for.

    def evaluated(
        self, step: Step, handler: Literal["request", "response"], context: ResolverContext, path: list[str | int]
    ) -> Evaluated | None:
        """What a handler of a step made of its context; None for a step without that handler."""
        text = step.request if handler == "request" else step.response
        _ = self._visit.remaining_seconds  # a request whose time is over works out nothing more
        if step.code is not None:
            found = self._evaluation.script(step.code, handler, context)
        elif text is not None:
            found = self._evaluation.template(text, context)
        else:
            return None
        self._visit.notes.evaluated(handler.capitalize(), step.name, path, context, found)
        visit = self._visit
        visit.response_headers.extend(found.http_headers)
        visit.invalidations.extend(found.subscription_invalidations)
        visit.subscription_filter = found.subscription_filter or visit.subscription_filter
        visit.invalidation_filter = found.subscription_invalidation_filter or visit.invalidation_filter
        return found

    async def asked(self, step: Step, document: Any, context: ResolverContext, place: tuple[str, str]) -> Any:
        """What a step's data source answered."""
        return await self._sources.ask(step, document, context, place)

    def append(self, fault: FieldFault, info: GraphQLResolveInfo) -> None:
        """Tells of an error beside the field's value."""
        self._visit.errors.append(fault_body(fault, info.path.as_list(), _locations(info)))


class _Field:
    """One field on its way."""

    def __init__(
        self,
        resolving: Resolving,
        place: tuple[str, str],
        path: list[str | int],
        info: GraphQLResolveInfo,
        context: ResolverContext,
    ) -> None:
        self._resolving = resolving
        self._place = place
        self._path = path
        self._info = info
        self._context = context

    async def unit(self, step: Step) -> Any:
        """A unit's value."""
        return (await self._step(step, self._context)).result

    async def pipeline(self, resolver: Resolver) -> Any:
        """A pipeline's value."""
        before, context = self._handled(resolver.step, "request", self._context)
        skips = before is not None and before.early_return
        # A template's "#return(Object)" returns from the resolver; of code "the pipeline execution is skipped, and the
        # pipeline resolver response handler is called immediately". Source: AppSync Developer Guide, "AWS AppSync
        # directives", "Runtime utilities".
        if before is not None and skips and resolver.step.code is None:
            return before.result
        result: Any = before.result if before is not None and skips else None
        context = dataclasses.replace(context, prev={"result": before.result if before is not None else None})
        for function in () if skips else resolver.functions or ():
            given = await self._step(function, context)
            result = given.result
            context = dataclasses.replace(given.context, prev={"result": result}, result=None, error=None)
            if given.ends:
                break
        after, _ = self._handled(resolver.step, "response", dataclasses.replace(context, result=result))
        return result if after is None else after.result

    async def _step(self, step: Step, context: ResolverContext) -> _Given:
        asked, context = self._handled(step, "request", context)
        if asked is not None and asked.early_return:
            return _Given(result=asked.result, context=context, ends=asked.skip_next)
        document = None if asked is None else asked.result
        if asked is None and (step.source is None or step.source.kind != _LAMBDA):
            raise FieldFault(f"{step.name} has no request handler, which only data sources of functions do without")
        result: Any = None
        fault: SourceFault | None = None
        try:
            result = await self._resolving.asked(step, document, context, self._place)
        except SourceFault as problem:
            fault = problem
        old = step.code is None and isinstance(document, Mapping) and document.get("version") == _OLD_VERSION
        if fault is not None and (old or (step.code is None and step.response is None)):
            # "In the 2017 version, errors of the data source are raised"; so they are where nobody looks at them.
            raise FieldFault(fault.message, fault.error_type, data=fault.data, error_info=fault.error_info)
        if old and result is None:  # "the response mapping template is not evaluated"
            return _Given(result=None, context=context)
        error = None if fault is None else {"message": fault.message, "type": fault.error_type}
        found: Any = result if fault is None else fault.data
        seen = dataclasses.replace(context, result=found, error=error)
        answered, context = self._handled(step, "response", seen)
        if answered is None:
            return _Given(result=result, context=context)
        return _Given(result=answered.result, context=context, ends=answered.skip_next)

    def _handled(
        self, step: Step, handler: Literal["request", "response"], context: ResolverContext
    ) -> tuple[Evaluated | None, ResolverContext]:
        """What a handler made of its context, and the context behind it. FieldFault for its error."""
        found = self._resolving.evaluated(step, handler, context, self._path)
        if found is None:
            return None, context
        added: list[Any] = list(context.out_errors)
        for error in found.appended_errors:
            self._resolving.append(self._fault(error), self._info)
            added.append({"message": error.message, "type": error.error_type, "data": error.data})
        if found.error is not None:
            raise self._fault(found.error)
        if handler == "request" and found.text is not None and not found.text.strip():
            # So its users quote it; of response templates nobody does.
            raise FieldFault("Template transformation yielded an empty response.", "MappingTemplate")
        return found, dataclasses.replace(context, stash=found.stash, out_errors=added)

    def _fault(self, error: ResolverError) -> FieldFault:
        wanted = self._context.info["selectionSetList"]
        data = _selected(error.data, wanted) if isinstance(wanted, list) else error.data
        return FieldFault(error.message, error.error_type, data=data, error_info=error.error_info)


def _selected(data: Any, wanted: Sequence[str]) -> Any:
    """An error's data, of which the client sees what they asked for.

    Source: AppSync Developer Guide, "Utility helpers in $util" (`$util.error`: the selection set filters `data`).
    """
    if isinstance(data, list):
        return [_selected(item, wanted) for item in data]
    if not isinstance(data, Mapping) or not wanted:
        return data
    below: dict[str, list[str]] = {}
    for path in wanted:
        name, _, rest = path.partition("/")
        below.setdefault(name, []).extend([rest] if rest else [])
    return {name: _selected(value, below[name]) for name, value in data.items() if name in below}


def _locations(info: GraphQLResolveInfo) -> list[dict[str, Any]]:
    from graphql import get_location

    found = []
    for node in info.field_nodes:
        if node.loc is not None:
            place = get_location(node.loc.source, node.loc.start)
            found.append({"line": place.line, "column": place.column, "sourceName": None})
    return found
