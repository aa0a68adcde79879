"""A state machine that the function starts executions of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.constructs.state_machine import make_state_machine
from lambdakit.constructs.targets.made_target import MadeTarget
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFunctionsTarget:
    """Executions of a state machine.

    state_machine: an existing one, or the file with the definition of a new one, in Amazon States Language, whose role
        may log and trace; what its tasks need is granted in `permissions`.
    """

    state_machine: stepfunctions.IStateMachine | str | Path


def step_functions_problems(pointer: str, target: StepFunctionsTarget) -> Iterator[Diagnostic]:
    """What is wrong with the file of a definition."""
    if not isinstance(target.state_machine, str | Path):
        return
    path = Path(target.state_machine)
    try:
        definition: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem, hint = f"{path} cannot be read: {(error.strerror or '').lower()}", "name a file"
    except ValueError:
        problem, hint = f"{path} is no JSON", "write the definition in Amazon States Language, as JSON"
    else:
        if isinstance(definition, dict) and {"StartAt", "States"} <= set(definition):
            return
        problem, hint = f"{path} has no StartAt or no States", "write the definition in Amazon States Language"
    yield Diagnostic(pointer=f"{pointer}.definition", problem=problem, code="LK442", hint=hint)


def make_step_functions_target(scope: Construct, id: str, target: StepFunctionsTarget) -> MadeTarget:
    """The state machine, known to the function by `<NAME>_STATE_MACHINE_ARN`."""
    found = target.state_machine
    machine = make_state_machine(scope, id, found) if isinstance(found, str | Path) else found
    return MadeTarget(
        suffix="STATE_MACHINE_ARN",
        value=machine.state_machine_arn,
        is_new=isinstance(found, str | Path),
        state_machine=machine,
    )


def grant_step_functions_target(target: StepFunctionsTarget, made: MadeTarget, handler: lambda_.IFunction) -> None:
    """Allows the function to start executions."""
    assert made.state_machine is not None
    handler.add_to_role_policy(
        iam.PolicyStatement(actions=["states:StartExecution"], resources=[made.state_machine.state_machine_arn])
    )
