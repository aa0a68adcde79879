"""A state machine's definition, as far as the document has to know it: the names in it, and what its tasks call.

Source: Step Functions Developer Guide, "Amazon States Language" and "Integrating services with Step Functions";
CloudFormation Template Reference, "AWS::StepFunctions::StateMachine", DefinitionSubstitutions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from lambdakit.records import dataclass

if TYPE_CHECKING:
    from lambdakit.spec.resources.state_machine import LiteralText, StateMachineResource

_PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_-]*)\}")
# With a wait for a token or for the end behind it.
_INTEGRATION: Final = re.compile(r"arn:[a-z-]+:states:::(?:aws-sdk:)?([a-z0-9]+):([A-Za-z0-9]+)(?:\..*)?")
# The kind of resource by the service, and the access that an action needs.
_SERVICES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "dynamodb": (
        "table",
        {
            **dict.fromkeys(("getItem", "batchGetItem", "query", "scan"), "read"),
            **dict.fromkeys(("putItem", "updateItem", "deleteItem", "batchWriteItem"), "write"),
        },
    ),
    "sqs": ("queue", {"sendMessage": "publish"}),
    "sns": ("topic", {"publish": "publish"}),
    "events": ("event_bus", {"putEvents": "publish"}),
    "states": ("state_machine", {"startExecution": "invoke"}),
    "s3": ("bucket", {"getObject": "read", "listObjectsV2": "read", "putObject": "write"}),
    "kinesis": ("stream", {"putRecord": "write", "putRecords": "write"}),
    "secretsmanager": ("secret", {"getSecretValue": "read"}),
    "ssm": ("parameter", {"getParameter": "read"}),
    "kms": ("key", {"decrypt": "read", "encrypt": "write"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A state that calls a service. kind: of resource that it is about. placeholders: the names in its parameters."""

    state: str
    action: str
    kind: str
    access: str
    placeholders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """placeholders: the names between ${ and }, each once. tasks: those that need an access we know."""

    placeholders: tuple[str, ...]
    tasks: tuple[Task, ...]


def read_definition(text: str) -> Definition | None:
    """What the text of a definition says; None for what is no JSON object."""
    try:
        value: Any = json.loads(text)
        if not isinstance(value, dict):
            return None
        return Definition(placeholders=_names(text), tasks=tuple(_tasks(value)))
    except (ValueError, RecursionError):
        return None


def stands_for(machine: StateMachineResource, name: str) -> str | LiteralText:
    """The name of the resource or function that `${name}` means, or the text."""
    return machine.substitutions.get(name, name)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def _tasks(value: Any) -> Iterator[Task]:
    """Of the definition and all that is nested in it: branches of Parallel, and what Map repeats."""
    if isinstance(value, list):
        for item in value:
            yield from _tasks(item)
    if not isinstance(value, dict):
        return
    states = value.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        if (task := _task(name, state)) is not None:
            yield task
        for nested in ("Branches", "Iterator", "ItemProcessor"):
            yield from _tasks(state.get(nested))


def _task(name: str, state: Mapping[str, Any]) -> Task | None:
    found = _INTEGRATION.fullmatch(state["Resource"]) if isinstance(state.get("Resource"), str) else None
    if found is None or found[1] not in _SERVICES:
        return None
    kind, accesses = _SERVICES[found[1]]
    access = accesses.get(found[2])
    parameters: Any = state.get("Parameters", state.get("Arguments"))
    if access is None or not isinstance(parameters, dict):
        return None
    # What the call is about stands at the top, but for events, each of which names its bus; below are contents.
    about = parameters if kind == "event_bus" else [each for each in parameters.values() if isinstance(each, str)]
    return Task(
        state=name,
        action=f"{found[1]}:{found[2]}",
        kind=kind,
        access=access,
        placeholders=_names(json.dumps(about)),
    )
