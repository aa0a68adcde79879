"""What a function's own statements name is there."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.policies import policy_names
from lambdakit.spec.rules.resource_references import unknown_name
from lambdakit.spec.rules.rule import RuleContext


def policy_resources(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name that none of the resources has."""
    for function in context.functions:
        for pointer, name in policy_names(function.written, function.pointer):
            if name not in context.application.resources:
                yield from unknown_name(context, pointer, name, "")
