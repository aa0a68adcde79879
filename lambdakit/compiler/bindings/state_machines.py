"""The document's state machines, each made behind the functions that its definition names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_stepfunctions as stepfunctions

from lambdakit.compiler.bindings.resources import record_places
from lambdakit.constructs.grants import Grant
from lambdakit.constructs.resources.shared import shared_id
from lambdakit.constructs.resources.state_machine import shared_state_machine
from lambdakit.spec.resources.definition import read_definition, stands_for
from lambdakit.spec.resources.state_machine import LiteralText, StateMachineResource

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.spec.resources.kinds import Resource


def bind(scope: BindingScope, name: str, settings: Resource) -> stepfunctions.IStateMachine:
    """Adds the state machine called `name` to the stack. Functions that its definition names may be invoked."""
    # No other resources depend on functions.
    assert isinstance(settings, StateMachineResource)
    stack = scope.stack
    record_places(stack, name, settings.kind, scope.source_map)
    if settings.state_machine_arn is not None:
        return stepfunctions.StateMachine.from_state_machine_arn(stack, shared_id(name), settings.state_machine_arn)
    # A rule of the document has it that one of the two is written, and that the file is a definition.
    assert settings.definition is not None
    path = scope.directory / settings.definition
    definition = read_definition(path.read_text(encoding="utf-8"))
    assert definition is not None
    meant = {placeholder: stands_for(settings, placeholder) for placeholder in definition.placeholders}
    functions = dict.fromkeys(target for target in meant.values() if target not in scope.resources)
    granted: Mapping[str, Any] = {
        **{target: "invoke" for target in functions if isinstance(target, str)},
        **settings.grants,
    }
    return shared_state_machine(
        stack,
        name,
        definition=path,
        express=settings.state_machine_type == "express",
        substitutions={
            placeholder: target.text if isinstance(target, LiteralText) else _named(scope, target)
            for placeholder, target in meant.items()
        },
        grants={target: Grant(_named(scope, target), access) for target, access in granted.items()},
    )


def _named(scope: BindingScope, name: str) -> Any:
    """The resource of that name, else the function."""
    return scope.resources[name] if name in scope.resources else scope.functions[name]
