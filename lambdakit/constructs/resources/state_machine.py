"""A state machine that calls functions and resources, and that patterns and functions start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambdakit.constructs.grants import allow_grants, known_by
from lambdakit.constructs.resources.shared import shared_id, shared_output
from lambdakit.constructs.state_machine import make_state_machine

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_stepfunctions as stepfunctions

    from lambdakit.constructs.grants import Grant, Grantable

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def shared_state_machine(
    stack: Stack,
    name: str,
    *,
    definition: str | Path,
    express: bool = False,
    substitutions: Mapping[str, str | Grantable] = _NOTHING,
    grants: Mapping[str, Grant] = _NOTHING,
) -> stepfunctions.StateMachine:
    """The state machine, logged and traced, and the output `<Name>StateMachineArn`.

    definition: a file in Amazon States Language. express: absent, a standard one.
    substitutions: what stands for `${name}` in the definition: a text, or the CDK's object of a resource, for its name,
        URL or ARN; a `LambdaFunction` stands for its alias.
    grants: what its tasks may do; absent, nothing.
    """
    machine = make_state_machine(
        stack,
        shared_id(name),
        definition,
        express=express,
        substitutions={key: _text(value) for key, value in substitutions.items()},
    )
    allow_grants(grants, machine.role)
    shared_output(stack, name, "StateMachineArn", machine.state_machine_arn)
    return machine


def _text(value: str | Grantable) -> str:
    # Within a text of JSON, where a quote would end it.
    return json.dumps(value)[1:-1] if isinstance(value, str) else known_by(value)
