"""A state machine is a new one with a definition, or an existing one.

Source: AWS Step Functions Developer Guide, "State machine structure in Amazon States Language": StartAt and States.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.definition import read_definition
from lambdakit.spec.resources.definition_file import DEFINITION_BYTES_MAX
from lambdakit.spec.resources.state_machine import StateMachineResource
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.rules.source_directories import resolved_within
from lambdakit.spec.targets import StepFunctionsTarget
from lambdakit.spec.wording import quoted

_KEYS = {
    "definition": "definition makes a new state machine",
    "state_machine_arn": "state_machine_arn names an existing one",
    "state_machine": "state_machine names one of the `resources`",
}


def state_machines(context: RuleContext) -> Iterator[Finding]:
    """A finding for each state machine that is both, or neither, or whose definition is none."""
    for key, pattern in context.event_processings():
        for name, target in pattern.targets.items():
            if isinstance(target, StepFunctionsTarget):
                yield from _findings(context, target, ("patterns", key, "targets", name))
    for name, resource in context.application.resources.items():
        if isinstance(resource, StateMachineResource):
            yield from _findings(context, resource, ("resources", name))


def _findings(
    context: RuleContext, target: StepFunctionsTarget | StateMachineResource, pointer: Pointer
) -> Iterator[Finding]:
    written = [key for key in _KEYS if getattr(target, key, None) is not None]
    if len(written) > 1:
        problem = f"{_KEYS[written[0]]}, and {_KEYS[written[1]]}"
        yield Finding(code="LK174", pointer=pointer, problem=problem, hint="leave one of the two out")
    elif "state_machine" in written:
        return
    elif target.definition is not None:
        problem, hint = _wrong_definition(context, target.definition)
        if problem:
            yield Finding(code="LK174", pointer=(*pointer, "definition"), problem=problem, hint=hint)
    elif target.state_machine_arn is None and context.pruned.spares(*pointer):
        hint = "add definition: workflows/order.asl.json, or state_machine_arn"
        yield Finding(code="LK174", pointer=pointer, problem="neither a definition nor an ARN is given", hint=hint)


def _wrong_definition(context: RuleContext, path: str) -> tuple[str, str]:
    language = "write it in Amazon States Language, as JSON"
    try:
        place = resolved_within(context.directory, path)
        if place is None:
            return f"{quoted(path)} leads out of the project's directory", "move the file into the project"
        if not place.is_file():
            return f"there is no file {quoted(path)} beside the document", "create it, or name another"
        if place.stat().st_size > DEFINITION_BYTES_MAX:
            return f"{quoted(path)} is larger than 1 MiB, the most a definition may have", language
        text = place.read_text(encoding="utf-8")
        definition: Any = json.loads(text)
    except OSError as error:
        return f"{quoted(path)} cannot be read: {(error.strerror or '').lower()}", ""
    except (ValueError, RecursionError):
        return f"{quoted(path)} is no JSON", language
    if not (isinstance(definition, dict) and {"StartAt", "States"} <= set(definition)):
        return f"{quoted(path)} has no StartAt or no States", language
    if read_definition(text) is None:
        return (
            f"{quoted(path)} is nested too deeply to be read",
            "take lists and states apart that stand in one another",
        )
    return "", ""
