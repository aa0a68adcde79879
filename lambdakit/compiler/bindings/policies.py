"""Statements of a function's own, with the names and the places in them resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from lambdakit.constructs.grants import arn_of
from lambdakit.spec.policies import deployment_parts, named_resource

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.spec.function_features import PolicyStatement

# What each stands for is asked of the CDK where it is written: modules are loaded while others talk to Node.js.
_DEPLOYMENT: Final[Mapping[str, Callable[[], str]]] = {
    "${AWS::AccountId}": lambda: Aws.ACCOUNT_ID,
    "${AWS::Partition}": lambda: Aws.PARTITION,
    "${AWS::Region}": lambda: Aws.REGION,
}


def policy_statement(scope: BindingScope, settings: PolicyStatement) -> iam.PolicyStatement:
    """The statement. Rules of the document see to it that every name is one of the resources."""
    return iam.PolicyStatement(
        actions=settings.actions,
        resources=[_resource(scope, text) for text in settings.resources],
        conditions={operator: _replaced(value) for operator, value in settings.conditions.items()} or None,
    )


def _resource(scope: BindingScope, text: str) -> str:
    named = named_resource(text)
    if named is None:
        return _text(text)
    name, path = named
    return arn_of(scope.resources[name]) + path


def _replaced(value: Any) -> Any:
    match value:
        case str():
            return _text(value)
        case dict():
            return {_text(key): _replaced(inner) for key, inner in value.items()}
        case list():
            return [_replaced(inner) for inner in value]
    return value


def _text(text: str) -> str:
    return "".join(_DEPLOYMENT[part]() if part in _DEPLOYMENT else part for part in deployment_parts(text))
