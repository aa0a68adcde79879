"""Resolving a template: functions, conditions and dynamic references become values.

In come a template, its parameters' values, and functions that know the deployed resources and the account; out
comes plain JSON. What each function does is written in `intrinsics_*.py`.

Source: CloudFormation Template Reference, "Intrinsic function reference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from lambdakit.assembly.budget import Budget
from lambdakit.assembly.codes import WRONG_ARGUMENT
from lambdakit.assembly.conditions import evaluate_conditions
from lambdakit.assembly.dynamic_references import DynamicReference, replace_dynamic_references
from lambdakit.assembly.evaluation import Evaluator
from lambdakit.assembly.expansion import ServerlessMacro, expand
from lambdakit.assembly.functions import PROPERTY_FUNCTIONS
from lambdakit.assembly.parameters import ParameterValue
from lambdakit.assembly.place import Place, shown
from lambdakit.assembly.pseudo_parameters import NO_VALUE_NAME, PseudoParameters
from lambdakit.assembly.rules import check_rules
from lambdakit.assembly.scalars import as_text
from lambdakit.assembly.scopes import NO_VALUE, ParameterScope, ResourceScope, StackOutputReference
from lambdakit.assembly.secure_strings import Path, refuse_misplaced, stays_written
from lambdakit.assembly.template import Template

# What a reference stands for, given the path to it and its place.
_Dynamic: TypeAlias = "Callable[[DynamicReference, Path, Place], str]"


class Resolver:
    """Gives the values of one stack's template.

    template: expanded: with its loops unrolled and its includes in place. Order and create the resources of this one.

    reference, attribute: what `Ref` and `Fn::GetAtt` return for a resource that exists; called with logical ids of
    the template only. imported: the value another stack exports. availability_zones: of a region. dynamic: the value
    of a dynamic reference. stack_output: the value of another stack's output. include: the JSON at an `s3://`
    location. These five raise LookupError when there is no such thing, which becomes an AssemblyError with a pointer;
    an absent one of the last two means that there never is. serverless: carries AWS SAM's transform out; absence: what
    it would transform stays.

    AssemblyError when the template cannot be expanded, a condition cannot be evaluated or the parameters break a rule.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, ParameterValue],
        pseudo: PseudoParameters,
        reference: Callable[[str], object],
        attribute: Callable[[str, str], object],
        imported: Callable[[str], object],
        availability_zones: Callable[[str], Sequence[str]],
        dynamic: Callable[[DynamicReference], str],
        *,
        stack_output: Callable[[StackOutputReference], object] | None = None,
        include: Callable[[str], object] | None = None,
        serverless: ServerlessMacro | None = None,
    ) -> None:
        self.template = expand(template, parameters, pseudo, include=include, serverless=serverless)
        check_rules(self.template, parameters, pseudo)
        self._region = pseudo.region
        self._dynamic = dynamic
        self._with_secrets: set[str] = set()  # pointers to what refers to secrets, as far as that was resolved
        parameter_scope = ParameterScope(self.template, parameters, pseudo)
        self._conditions = evaluate_conditions(parameter_scope)
        self._scope = ResourceScope(
            parameter_scope,
            exists=self.resource_enabled,
            reference=reference,
            attribute=attribute,
            imported=imported,
            stack_output=stack_output or _no_stack_output,
            availability_zones=availability_zones,
        )

    def condition(self, name: str) -> bool:
        """The value of a condition. KeyError when the template declares none of that name."""
        return self._conditions[name]

    def resource_enabled(self, logical_id: str) -> bool:
        """Whether the resource exists, as far as its condition is concerned."""
        condition = self.template.resources[logical_id].condition
        return condition is None or self._conditions[condition]

    def output_enabled(self, name: str) -> bool:
        """Whether the output exists, as far as its condition is concerned."""
        condition = self.template.outputs[name].condition
        return condition is None or self._conditions[condition]

    def resolve(self, value: object, pointer: str) -> object:
        """The JSON that `value` stands for; None when that is `AWS::NoValue`.

        pointer: where `value` stands in the template, for messages.
        AssemblyError when a function is unknown, has wrong arguments or refers to nothing.
        """
        place = self.template.place(pointer)
        result = self._evaluated(value, place)
        return self._with_dynamic_references(result, place, lambda reference, path, at: self._dynamic(reference))

    def _evaluated(self, value: object, place: Place) -> object:
        """The value with its functions carried out."""
        evaluator = Evaluator(
            self.template,
            scope=self._scope,
            region=self._region,
            conditions=self._conditions,
            functions=PROPERTY_FUNCTIONS,
            budget=Budget(),
        )
        result = evaluator.evaluate(value, place)
        return None if result is NO_VALUE else result

    def _held_by(
        self, holder: str, value: object, pointer: str, within: Path = (), *, secrets_written: bool = False
    ) -> object:
        """The same as `resolve`, by the rules for where secure references may stand.

        holder: see `stays_written`. within: the path to the value. secrets_written: references to secrets stay.
        """

        def dynamic(reference: DynamicReference, path: Path, at: Place) -> str:
            if stays_written(reference, holder):
                return reference.text
            if reference.service == "secretsmanager":
                self._with_secrets.add(pointer)
                if secrets_written:
                    return reference.text
            refuse_misplaced(reference, holder, path, at)
            return self._dynamic(reference)

        place = self.template.place(pointer)
        return self._with_dynamic_references(self._evaluated(value, place), place, dynamic, within)

    def output(self, name: str) -> object:
        """The value of an output: text, a number or a truth value.

        Source: CloudFormation Template Reference, "Outputs" (`Value`: a string), to which CloudFormation holds itself.
        """
        pointer = f"Outputs.{name}.Value"
        value = self._held_by("", self.template.outputs[name].value, pointer, (name,))
        if as_text(value) is None:
            found = NO_VALUE_NAME if value is None else shown(value)
            hint = "join the elements by Fn::Join" if isinstance(value, list) else ""
            raise self.template.place(pointer).error(
                f"the value of an output is {found}, not a string", WRONG_ARGUMENT, hint=hint
            )
        return value

    def properties(self, logical_id: str) -> Mapping[str, object]:
        """The resolved properties of a resource."""
        return self._properties(logical_id, secrets_written=False)

    def properties_beside_secrets(self, logical_id: str) -> Mapping[str, object] | None:
        """The same, with references to secrets as they are written; None where `properties` met none."""
        if f"Resources.{logical_id}.Properties" not in self._with_secrets:
            return None
        return self._properties(logical_id, secrets_written=True)

    def _properties(self, logical_id: str, *, secrets_written: bool) -> Mapping[str, object]:
        pointer = f"Resources.{logical_id}.Properties"
        resource = self.template.resources[logical_id]
        value = self._held_by(resource.type, resource.properties, pointer, secrets_written=secrets_written)
        return self.template.place(pointer).mapping(value)

    def _with_dynamic_references(self, value: object, place: Place, dynamic: _Dynamic, path: Path = ()) -> object:
        # Only in the end: CloudFormation leaves them alone in a function's arguments, so that a Fn::Join can make
        # one, and Fn::Base64 or Fn::Split see the reference, not the value.
        # Source: CloudFormation User Guide, "Get values stored in other services using dynamic references".
        if isinstance(value, str):
            return replace_dynamic_references(value, lambda reference: dynamic(reference, path, place), place)
        if isinstance(value, dict):
            return {
                key: self._with_dynamic_references(item, place / key, dynamic, (*path, key))
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self._with_dynamic_references(item, place / index, dynamic, path) for index, item in enumerate(value)
            ]
        return value


def _no_stack_output(reference: StackOutputReference) -> object:
    raise LookupError(reference)
