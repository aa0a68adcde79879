"""An operation executed: every field by its resolver, and the answer as clients get it.

The fields of a request are resolved side by side on an event loop of its own, in the thread of its connection; those
of a mutation's root one after the other. Whatever waits for something else does so in a thread of the request's pool.
Source: GraphQL specification, "Execution".
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

from graphql import ExecutionResult, GraphQLResolveInfo, execute

from lambdakit.harness.routing.graphql.authorization.permitted import Permitted
from lambdakit.harness.routing.graphql.errors import Body, field_error
from lambdakit.harness.routing.graphql.execution.completion import Completion, type_of
from lambdakit.harness.routing.graphql.execution.resolving import Resolving
from lambdakit.harness.routing.graphql.execution.visit import Visit


def run(visit: Visit, resolving: Resolving, permitted: Permitted, root: Any = None) -> Body:
    """The answer's body. root: what the fields of the root find as their source."""
    result = asyncio.run(_executed(visit, resolving, permitted, root))
    errors = [*map(field_error, result.errors or ()), *visit.errors]
    return {"data": result.data, **({"errors": errors} if errors else {})}


async def _executed(visit: Visit, resolving: Resolving, permitted: Permitted, root: Any) -> ExecutionResult:
    resolvers = visit.definition.resolvers

    def resolve(source: Any, info: GraphQLResolveInfo, /, **arguments: Any) -> Any:
        permitted.check(info.parent_type.name, info.field_name)
        resolver = resolvers.get((info.parent_type.name, info.field_name))
        if resolver is not None:
            return resolving.resolve(resolver, source, info, arguments)
        return source.get(info.field_name) if isinstance(source, Mapping) else None

    result = execute(
        visit.built.schema,
        visit.operation.document,
        root_value=root,
        variable_values=dict(visit.variables),
        operation_name=visit.operation.asked.name,
        field_resolver=resolve,
        type_resolver=type_of,
        execution_context_class=Completion,
    )
    return await result if inspect.isawaitable(result) else result
