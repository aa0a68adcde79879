"""What the functions of a template refer to: the stack's own resources, other stacks, and the account."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.scopes import StackOutputReference
from lambdakit.assembly.secure_strings import check_secure_strings
from lambdakit.assembly.template_checks import check_template
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.deployed import DeployedStack, Stacks
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.deployment.serverless_transform import transformed
from lambdakit.harness.deployment.stack_source import StackSource
from lambdakit.harness.deployment.values import AccountValues, availability_zones
from lambdakit.harness.iam.credentials import account_of


class UnknownValue(Exception):
    """A reference to something that is not made here. The text says to what."""


class StackScope:
    """The values that one stack's template sees."""

    def __init__(self, stacks: Stacks, stack: DeployedStack, account: Account) -> None:
        self._stacks = stacks
        self._stack = stack
        self.values = AccountValues(account, account_id=stack.account_id, region=stack.region)

    def resolver(self, source: StackSource, parameters: Mapping[str, ParameterValue]) -> Resolver:
        """Resolves the template while the stack's resources come to be.

        AssemblyError for a template that CloudFormation refuses before it creates anything.
        """
        stack = self._stack
        resolver = Resolver(
            source.template,
            parameters,
            PseudoParameters(
                account_id=stack.account_id,
                region=stack.region,
                stack_name=stack.name,
                stack_id=stack.stack_id,
                notification_arns=tuple(stack.record.notification_arns),
            ),
            reference=self._reference,
            attribute=self._attribute,
            imported=self._imported,
            availability_zones=availability_zones,
            dynamic=self.values.dynamic,
            stack_output=self._stack_output,
            include=source.include,
            serverless=transformed,
        )
        check_template(resolver.template)
        check_secure_strings(resolver.template, resolver.resource_enabled, resolver.condition)
        return resolver

    def _reference(self, logical_id: str) -> object:
        return self._made(logical_id).provisioned.physical_id

    def _attribute(self, logical_id: str, name: str) -> object:
        made = self._made(logical_id)
        try:
            return made.provisioned.attributes[name]
        except KeyError:
            raise UnknownValue(
                f"the attribute {name} of {made.resource.type} ({logical_id}) is not known to the harness"
            ) from None

    def _made(self, logical_id: str) -> Created:
        try:
            return self._stack.resources[logical_id]
        except KeyError:
            raise UnknownValue(f"the resource {logical_id} was left out of the deployment") from None

    def _imported(self, name: str) -> object:
        exporter = self._stacks.exporter(self._stack.account_id, self._stack.region, name)
        if exporter is None:
            raise LookupError(f"no stack exports {name}")
        self._stack.imports.add(name)
        return exporter.exports[name]

    def _stack_output(self, reference: StackOutputReference) -> object:
        region = reference.region or self._stack.region
        account_id = account_of(reference.role_arn) or self._stack.account_id
        other = self._stacks.find(account_id, region, reference.stack_name)
        if other is None:
            raise LookupError(f"there is no stack {reference.stack_name} in {region}")
        return other.outputs[reference.output_name]
