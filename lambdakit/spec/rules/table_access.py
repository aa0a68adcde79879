"""A function has access to a table only where its pattern has one."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.patterns import Route
from lambdakit.spec.rules.rule import RuleContext


def table_access(context: RuleContext) -> Iterator[Finding]:
    """A finding for each access to a table that is not there."""
    backends = dict(context.api_backends())
    for function in context.functions:
        pattern = str(function.pointer[1])
        if not isinstance(function.written, Route):
            continue
        access = function.written.table_access
        if access == "none" or backends[pattern].table is not None:
            continue
        if context.pruned.spares("patterns", pattern, "table"):
            yield Finding(
                code="LK133",
                pointer=(*function.pointer, "table_access"),
                problem=f"{access} is given, and the pattern {pattern} has no table",
                hint=f"add `table: {{partition_key: id}}` to {pattern}, or leave table_access out",
            )
