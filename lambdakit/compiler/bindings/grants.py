"""What a function of the document may use, as the constructs' grants, keys and destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdakit.compiler.bindings.policies import policy_statement
from lambdakit.constructs.destinations import destination
from lambdakit.constructs.grants import Grant

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.spec.function import FunctionSettings


def uses(scope: BindingScope, settings: FunctionSettings) -> dict[str, Any]:
    """Keyword arguments of `FunctionProperties`. Rules of the document see to it that every name is one."""
    resources: Mapping[str, Any] = scope.resources
    key, dead_letters = settings.environment_encryption, (settings.dead_letter_queue, settings.dead_letter_topic)
    success, failure = settings.on_success, settings.on_failure
    return {
        "grants": {name: Grant(_named(scope, name), access) for name, access in settings.grants.items()},
        "secrets": {variable: resources[name] for variable, name in settings.secrets.items()},
        "parameters": {variable: resources[name] for variable, name in settings.ssm_parameters.items()},
        "environment_encryption": None if key is None else resources[key],
        "initial_policy": [policy_statement(scope, each) for each in settings.initial_policy],
        "dead_letter_queue": None if dead_letters[0] is None else resources[dead_letters[0]],
        "dead_letter_topic": None if dead_letters[1] is None else resources[dead_letters[1]],
        "on_success": None if success is None else destination(_named(scope, success)),
        "on_failure": None if failure is None else destination(_named(scope, failure)),
    }


def _named(scope: BindingScope, name: str) -> Any:
    """The resource of that name, else the function."""
    return scope.resources[name] if name in scope.resources else scope.functions[name]
