"""What the names in a template stand for.

Conditions, rules, loops and transforms are evaluated before any resource exists, so they see parameters only
(`ParameterScope`); properties and outputs also see resources and what other stacks export (`ResourceScope`).

Source: CloudFormation Template Reference, "Condition functions", "Fn::ForEach", "Ref", "Fn::GetAtt".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from lambdakit.assembly.codes import NOT_FOUND, UNKNOWN_REFERENCE
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.pseudo_parameters import NO_VALUE_NAME, PseudoParameters
from lambdakit.assembly.template import Template
from lambdakit.errors import AssemblyError
from lambdakit.records import dataclass


class NoValue:
    """What `AWS::NoValue` stands for: the key or element that has it is removed."""

    def __repr__(self) -> str:
        return NO_VALUE_NAME


NO_VALUE: Final = NoValue()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOutputReference:
    """An output of another stack, exported or not.

    region: empty for the stack's own. role_arn: the role to look it up with; empty for the caller's.
    Source: CloudFormation Template Reference, "Fn::GetStackOutput".
    """

    stack_name: str
    output_name: str
    region: str = ""
    role_arn: str = ""


class Scope(Protocol):
    """The values of names. Each answer is JSON or `NO_VALUE`; AssemblyError at `place` when there is none."""

    def reference(self, name: str, place: Place) -> object:
        """What `Ref` returns."""
        ...

    def attribute(self, logical_id: str, attribute: str, place: Place) -> object:
        """What `Fn::GetAtt` returns."""
        ...

    def imported(self, name: str, place: Place) -> object:
        """What another stack exports under `name`."""
        ...

    def stack_output(self, reference: StackOutputReference, place: Place) -> object:
        """The value of another stack's output."""
        ...

    def availability_zones(self, region: str, place: Place) -> Sequence[str]:
        """The names of a region's zones; `region` is never empty."""
        ...


class ParameterScope:
    """Parameters and pseudo parameters, and nothing else."""

    def __init__(self, template: Template, parameters: Mapping[str, ParameterValue], pseudo: PseudoParameters) -> None:
        self.template = template
        self.pseudo = pseudo
        self._values: dict[str, object] = {**pseudo.values(), NO_VALUE_NAME: NO_VALUE}
        for name, parameter in parameters.items():
            self._values[name] = parameter.value if isinstance(parameter.value, str) else list(parameter.value)

    def knows(self, name: str) -> bool:
        """Whether `name` is a parameter or pseudo parameter."""
        return name in self._values

    def reference(self, name: str, place: Place) -> object:
        """The parameter's value. AssemblyError for a resource as well."""
        if name in self._values:
            value = self._values[name]
            return list(value) if isinstance(value, list) else value
        if name in self.template.resources:
            raise self._too_early(f"the resource {shown(name)}", place)
        raise place.error(
            f"there is no parameter or resource {shown(name)}",
            UNKNOWN_REFERENCE,
            hint=nearest(name, [*self._values, *self.template.resources]),
        )

    def attribute(self, logical_id: str, attribute: str, place: Place) -> object:
        """AssemblyError, always."""
        raise self._too_early(f"attribute {shown(attribute)} of {shown(logical_id)}", place)

    def imported(self, name: str, place: Place) -> object:
        """AssemblyError, always."""
        raise self._too_early(f"the export {shown(name)}", place)

    def stack_output(self, reference: StackOutputReference, place: Place) -> object:
        """AssemblyError, always."""
        raise self._too_early(f"the output {shown(reference.output_name)} of another stack", place)

    def availability_zones(self, region: str, place: Place) -> Sequence[str]:
        """AssemblyError, always."""
        raise self._too_early("the list of availability zones", place)

    def _too_early(self, what: str, place: Place) -> AssemblyError:
        return place.error(
            f"{what} cannot be used here, where only parameters, pseudo parameters and mappings are known",
            UNKNOWN_REFERENCE,
        )


class ResourceScope:
    """Parameters, the template's resources, and what lies outside of the template, through the caller's functions."""

    def __init__(
        self,
        parameters: ParameterScope,
        *,
        exists: Callable[[str], bool],
        reference: Callable[[str], object],
        attribute: Callable[[str, str], object],
        imported: Callable[[str], object],
        stack_output: Callable[[StackOutputReference], object],
        availability_zones: Callable[[str], Sequence[str]],
    ) -> None:
        self._parameters = parameters
        self._template = parameters.template
        self._exists = exists
        self._reference = reference
        self._attribute = attribute
        self._imported = imported
        self._stack_output = stack_output
        self._availability_zones = availability_zones

    def reference(self, name: str, place: Place) -> object:
        """The parameter's value or the resource's."""
        if self._parameters.knows(name) or name not in self._template.resources:
            return self._parameters.reference(name, place)
        self._check_exists(name, place)
        return self._reference(name)

    def attribute(self, logical_id: str, attribute: str, place: Place) -> object:
        """The resource's attribute."""
        if logical_id not in self._template.resources:
            hint = nearest(logical_id, self._template.resources)
            raise place.error(f"there is no resource {shown(logical_id)}", UNKNOWN_REFERENCE, hint=hint)
        self._check_exists(logical_id, place)
        return self._attribute(logical_id, attribute)

    def imported(self, name: str, place: Place) -> object:
        """The export's value. The caller's LookupError means that no stack exports it."""
        try:
            return self._imported(name)
        except LookupError:
            raise place.error(
                f"no stack exports {shown(name)}", NOT_FOUND, hint="deploy the stack that exports it first"
            ) from None

    def stack_output(self, reference: StackOutputReference, place: Place) -> object:
        """The output's value. The caller's LookupError means that there is no such stack or output."""
        try:
            return self._stack_output(reference)
        except LookupError:
            raise place.error(
                f"there is no output {shown(reference.output_name)} of a stack {shown(reference.stack_name)}",
                NOT_FOUND,
                hint="deploy that stack first",
            ) from None

    def availability_zones(self, region: str, place: Place) -> Sequence[str]:
        """The zones of `region`. The caller's LookupError means that there is no such region."""
        try:
            return self._availability_zones(region)
        except LookupError:
            raise place.error(f"there is no region {shown(region)}", NOT_FOUND) from None

    def _check_exists(self, logical_id: str, place: Place) -> None:
        if not self._exists(logical_id):
            condition = self._template.resources[logical_id].condition
            raise place.error(
                f"the resource {shown(logical_id)} does not exist, as its condition {shown(condition)} is false",
                UNKNOWN_REFERENCE,
                hint="guard the reference by Fn::If with the same condition",
            )
