"""What a function keeps provisioned is within what it has reserved.

Source: AWS Lambda Developer Guide, "Configuring provisioned concurrency for a function": it counts towards the
reserved concurrency, and cannot exceed it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def concurrency(context: RuleContext) -> Iterator[Finding]:
    """A finding for each function that provisions more than it reserves."""
    for function in context.functions:
        reserved = function.settings.reserved_concurrent_executions
        provisioned = function.settings.alias.provisioned_concurrent_executions
        if reserved is None or provisioned is None or provisioned <= reserved:
            continue
        if context.knows(function, "alias") and context.knows(function, "reserved_concurrent_executions"):
            yield Finding(
                code="LK141",
                pointer=(*function.pointer, "alias", "provisioned_concurrent_executions"),
                problem=f"{provisioned} are provisioned, above the {reserved} of reserved_concurrent_executions",
                hint=f"write {reserved}" if reserved > 0 else "leave it out, or reserve as many",
            )
