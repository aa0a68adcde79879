"""Conditions, mappings and outputs of a template, by logical id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aws_cdk import CfnCondition, CfnMapping, CfnOutput, Token

from lambdakit.constructs.cloudformation.references import References
from lambdakit.errors import SynthesisError

if TYPE_CHECKING:
    from aws_cdk import Stack
    from constructs import IConstruct


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOutput:
    """An output. value, export_name: text, or a call of a function. condition: a logical id; None for none."""

    value: Any
    description: str | None = None
    export_name: Any = None
    condition: str | None = None


def output_id(logical_id: str) -> str:
    """The construct id of the output. No pattern's holds a colon, so that the two never meet."""
    return f"output:{logical_id}"


def add_conditions(stack: Stack, conditions: Mapping[str, Any]) -> dict[str, CfnCondition]:
    """Adds the conditions, each one call of a function, to the stack; by their logical ids."""
    made = {}
    for logical_id, each in conditions.items():
        made[logical_id] = CfnCondition(stack, f"condition:{logical_id}", expression=Token.as_any(each))
        made[logical_id].override_logical_id(logical_id)
    return made


def add_mappings(stack: Stack, mappings: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Adds the mappings to the stack."""
    for logical_id, each in mappings.items():
        CfnMapping(stack, f"mapping:{logical_id}", mapping=each).override_logical_id(logical_id)


def add_outputs(
    stack: Stack,
    outputs: Mapping[str, RawOutput],
    conditions: Mapping[str, CfnCondition],
    *,
    names: Mapping[str, str],
    elsewhere: Mapping[str, IConstruct] = MappingProxyType({}),
) -> None:
    """Adds the outputs to the stack. SynthesisError with all that is wrong. names, elsewhere: as in `References`."""
    references = References(stack, names, elsewhere=elsewhere)
    for logical_id, each in outputs.items():
        place = f"{stack.node.path}/{output_id(logical_id)}"
        value = references.resolved(each.value, place, ("value",))
        export_name = references.resolved(each.export_name, place, ("export_name",))
        made = CfnOutput(
            stack,
            output_id(logical_id),
            value=Token.as_string(value),
            description=each.description,
            export_name=None if export_name is None else Token.as_string(export_name),
            condition=None if each.condition is None else conditions[each.condition],
        )
        made.override_logical_id(logical_id)
    if references.problems:
        raise SynthesisError(*references.problems)
