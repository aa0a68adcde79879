"""What overrides say can be laid over what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from lambdakit.spec.cloudformation_calls import overridable
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext

if TYPE_CHECKING:
    from lambdakit.spec.pointer import Pointer

# The keys by which a part of `resources` is an existing one.
_EXISTING: Final = (
    *("queue_arn", "topic_arn", "bucket_name", "stream_arn", "event_bus_name", "key_arn", "secret_arn"),
    *("parameter_name", "state_machine_arn"),
)
# Source: aws-cdk-lib 2.275, core/lib/private/deep-merge.ts: what it leaves out, whatever stands there.
_LEFT_OUT: Final = frozenset({"__proto__", "constructor", "prototype"})


def override_values(context: RuleContext) -> Iterator[Finding]:
    """A finding for each empty mapping, each key that the CDK leaves out, and overrides of what exists already."""
    for pointer, part in overridable(context.application):
        place = (*pointer, "overrides")
        for key in _EXISTING:
            if part.overrides and getattr(part, key, None) is not None:
                problem = f"{key} names one that exists already, of which the stack has nothing to override"
                yield Finding(code="LK127", pointer=place, at_key=True, problem=problem, hint="leave overrides out")
                break
        for path, properties in part.overrides.items():
            yield from _of_value(properties, (*place, path), context)


def _of_value(value: Any, pointer: Pointer, context: RuleContext) -> Iterator[Finding]:
    if not isinstance(value, dict):
        return
    if not value and context.pruned.spares(*pointer):
        problem = "an empty mapping lays nothing over what is there"
        hint = "leave it out; to remove a property, write !Ref AWS::NoValue"
        yield Finding(code="LK127", pointer=pointer, problem=problem, hint=hint)
    for key, inner in value.items():
        if key in _LEFT_OUT:
            problem = f"{key} is a key that the CDK never lays over anything"
            yield Finding(code="LK127", pointer=(*pointer, key), at_key=True, problem=problem, hint="leave it out")
        yield from _of_value(inner, (*pointer, key), context)
