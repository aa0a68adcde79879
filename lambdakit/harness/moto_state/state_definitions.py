"""Definitions of state machines that Step Functions refuses to keep, and moto runs into.

A transition to nowhere, a state that nothing leads to and one that leads nowhere are found when the machine is made, as
a name that another definition has is.

Private surface used: of `moto.stepfunctions.parser.models` `StepFunctionsParserBackend._validate_definition`,
`create_state_machine` and `_revision_by_name`, whose machines have `definition` and `sm_type`; `InvalidDefinition`; of
`moto.stepfunctions.parser.api` `ServiceException`.
Canary: tests/behaviour/test_behaviour_state_machine_definitions.py.

Source: AWS Step Functions API Reference, "CreateStateMachine" (InvalidDefinition, StateMachineAlreadyExists; what it is
idempotent by). The texts are Step Functions', as seen in aws-cloudformation/cfn-lint, issues 4073 and 4074, and
serverless-operations/serverless-step-functions, issue 250. Where a target is told of no page confirms; the text of a
state without `Next` and `End` is ours.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

_ENDS_ITSELF: Final = frozenset({"Succeed", "Fail", "Choice"})


def changes_of_definitions(interpreter: str) -> Mapping[str, Callable[[Any], None]]:
    """What is done to which of moto's modules. interpreter: the package's name, with its dot."""
    return {f"{interpreter}models": _check_here}


def problems_of_definition(definition: Mapping[str, Any]) -> list[str]:
    """What is wrong with where states lead, as Step Functions tells of it. definition: its JSON, of a right form."""
    return list(_problems(definition, ""))


def _problems(machine: Mapping[str, Any], place: str) -> Iterator[str]:
    states = machine.get("States")
    if not isinstance(states, Mapping):
        return
    targets = [(machine.get("StartAt"), f"{place}/StartAt", "")]
    for name, state in states.items():
        targets += [(target, where, name) for target, where in _targets(state, f"{place}/States/{name}")]
    for target, where, _ in targets:
        if target not in states:
            yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {where}"
    for name, state in states.items():
        here = f"{place}/States/{name}"
        if not any(target == name != origin for target, _, origin in targets):
            yield f'MISSING_TRANSITION_TARGET: State "{name}" is not reachable. at {here}'
        if state.get("Type") not in _ENDS_ITSELF and not ("Next" in state or "End" in state):
            yield f"SCHEMA_VALIDATION_FAILED: One of Next and End is required at {here}"
        for inner, below in _inner_machines(state, here):
            yield from _problems(inner, below)


def _targets(state: Mapping[str, Any], place: str) -> Iterator[tuple[Any, str]]:
    """The states that one may lead to, and where it says so."""
    for member in ("Next", "Default"):
        if member in state:
            yield state[member], f"{place}/{member}"
    for member in ("Choices", "Catch"):
        for number, rule in enumerate(state.get(member) or ()):
            if isinstance(rule, Mapping) and "Next" in rule:
                yield rule["Next"], f"{place}/{member}[{number}]/Next"


def _inner_machines(state: Mapping[str, Any], place: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    for number, branch in enumerate(state.get("Branches") or ()):
        yield branch, f"{place}/Branches[{number}]"
    for member in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(member), Mapping):
            yield state[member], f"{place}/{member}"


def _check_here(module: Any) -> None:
    backend = module.StepFunctionsParserBackend
    validate = getattr(backend._validate_definition, "__wrapped__", backend._validate_definition)
    create = getattr(backend.create_state_machine, "__wrapped__", backend.create_state_machine)

    @functools.wraps(validate)
    def validate_definition(definition: str) -> None:
        validate(definition=definition)
        problems = problems_of_definition(json.loads(definition))
        if problems:
            raise module.InvalidDefinition(message=f"Invalid State Machine Definition: '{', '.join(problems)}'")

    @functools.wraps(create)
    def create_state_machine(self: Any, name: str, definition: str, *more: Any, **members: Any) -> Any:
        found = self._revision_by_name(name)
        kind = members.get("sm_type") or "STANDARD"
        if found is not None and (found.definition, found.sm_type or "STANDARD") != (definition, kind):
            raise _already_exists(found.arn)
        return create(self, name, definition, *more, **members)

    backend._validate_definition = staticmethod(validate_definition)
    backend.create_state_machine = create_state_machine


def _already_exists(arn: str) -> Exception:
    from moto.core.exceptions import AWSError

    class StateMachineAlreadyExists(AWSError):
        """A refusal that moto does not know."""

        TYPE = "StateMachineAlreadyExists"
        STATUS = 400

    refusal: Exception = StateMachineAlreadyExists(f"State Machine Already Exists: '{arn}'")
    return refusal
