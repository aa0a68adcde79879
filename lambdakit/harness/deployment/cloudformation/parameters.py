"""The parameters of a stack: what a call gives for them, and how they are shown.

Source: AWS CloudFormation API Reference, "Parameter"; CloudFormation Template Reference, "Parameters".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.template import Template
from lambdakit.harness.deployment.cloudformation.refusal import Refused

HIDDEN = "****"


def given_values(
    given: Sequence[Mapping[str, Any]],
    template: Template,
    previous: Mapping[str, str],
    previous_template: Template | None,
) -> Mapping[str, str]:
    """The values that a call gives, by name. Refused for unknown ones and for those that are missing.

    previous, previous_template: the stack's before the call, for `UsePreviousValue`.
    """
    values: dict[str, str] = {}
    for parameter in given:
        name = str(parameter.get("ParameterKey") or "")
        if name in values:
            raise Refused("ValidationError", f"Parameter '{name}' is specified more than once")
        if not parameter.get("UsePreviousValue"):
            values[name] = str(parameter.get("ParameterValue") or "")
            continue
        value = _previous(name, previous, previous_template)
        if value is None:
            raise Refused(
                "ValidationError",
                f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key "
                "not in the previous template",
            )
        values[name] = value
    unknown = sorted(set(values) - set(template.parameters))
    if unknown:
        raise Refused("ValidationError", f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [
        name for name, declared in template.parameters.items() if name not in values and "Default" not in declared
    ]
    if missing:
        raise Refused("ValidationError", f"Parameters: [{', '.join(missing)}] must have values")
    return values


def parameter_list(
    template: Template, given: Mapping[str, str], values: Mapping[str, ParameterValue]
) -> list[dict[str, str | None]]:
    """`Parameter` of each that the template declares; what is not to be seen is not shown.

    values: what they came to; of those whose value is in the parameter store it is shown too.
    """
    resolved = {name: value.displayed for name, value in values.items() if value.is_from_store}
    return [
        {
            "ParameterKey": name,
            "ParameterValue": HIDDEN if is_hidden(declared) else given.get(name, _default(declared)),
            "ResolvedValue": resolved.get(name),
        }
        for name, declared in template.parameters.items()
    ]


def is_hidden(declared: Mapping[str, object]) -> bool:
    """Whether a parameter says `NoEcho`."""
    return as_text(declared.get("NoEcho", False)) == "true"


def _previous(name: str, previous: Mapping[str, str], template: Template | None) -> str | None:
    if name in previous:
        return previous[name]
    declared = None if template is None else template.parameters.get(name)
    return None if declared is None or "Default" not in declared else _default(declared)


def _default(declared: Mapping[str, object]) -> str:
    return as_text(declared.get("Default", "")) or ""
