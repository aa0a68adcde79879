"""Parameters of the parameter store that a stack of a deployment makes, and a later stack of the same looks up.

Every stack is checked before the first one is made. A template's parameter of the type `AWS::SSM::Parameter::Value`
that an earlier stack makes is not there by then: what the earlier template says stands for it, until its stack's turn
comes and it is looked up as CloudFormation does.

Source: CloudFormation User Guide, "Specify existing resources at runtime with CloudFormation-supplied parameter types":
"When you create or update a stack … CloudFormation uses the value".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import ParameterValue, resolve_parameters
from lambdakit.errors import AssemblyError
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.scope import UnknownValue
from lambdakit.harness.deployment.stack_source import StackSource
from lambdakit.harness.deployment.values import AccountValues

_TYPE: Final = "AWS::SSM::Parameter"
_LOOKED_UP: Final = "AWS::SSM::Parameter::Value<"
# For a value that only its own stack knows, such as the ARN of what it makes.
_NOT_YET: Final = "not-made-yet"


class PromisedParameters:
    """What the stacks of one deployment make, in the order in which they are noted."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._made: dict[tuple[str, str, str], str] = {}

    def note(self, source: StackSource, resolver: Resolver) -> None:
        """The stacks after this one may look up what it makes."""
        for logical_id, resource in source.template.resources.items():
            if resource.type == _TYPE and resolver.resource_enabled(logical_id):
                name = _text(resolver, logical_id, "Name")
                if name is not None:
                    value = _text(resolver, logical_id, "Value")
                    self._made[source.account_id, source.region, name] = _NOT_YET if value is None else value

    def values(self, source: StackSource) -> Mapping[str, ParameterValue]:
        """The template's parameters, with promises kept. AssemblyError with everything that is wrong."""

        def promised_or_stored(name: str) -> str:
            made = self._made.get((source.account_id, source.region, name))
            return self._stored(source).parameter(name) if made is None else made

        return resolve_parameters(source.template, source.given, ssm=promised_or_stored)

    def kept(self, source: StackSource, values: Mapping[str, ParameterValue]) -> Mapping[str, ParameterValue]:
        """The values once the stack's turn has come: looked up again, where an earlier stack made any of them."""
        looked_up = [value for value in values.values() if value.type.startswith(_LOOKED_UP)]
        if any((source.account_id, source.region, value.given) in self._made for value in looked_up):
            return resolve_parameters(source.template, source.given, ssm=self._stored(source).parameter)
        return values

    def _stored(self, source: StackSource) -> AccountValues:
        return AccountValues(self._account, account_id=source.account_id, region=source.region)


def _text(resolver: Resolver, logical_id: str, name: str) -> str | None:
    """A property's text. None: there is none, or only the deployed stack knows."""
    value = resolver.template.resources[logical_id].properties.get(name)
    try:
        found = resolver.resolve(value, f"Resources.{logical_id}.Properties.{name}")
    except (AssemblyError, LookupError, UnknownValue):
        return None
    return found if isinstance(found, str) else None
