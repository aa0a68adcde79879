"""What a stack uses of others' resources, in CloudFormation's own words: they export it, and the stack imports it.

The exports are those that the CDK makes by itself where a construct uses another stack's.
Source: aws-cdk-lib 2.275, core/lib/stack.ts, exportValue
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_cdk import CfnResource, ResolutionTypeHint, Stack, Token

from lambdakit.constructs.cloudformation.construct_paths import ITSELF, construct_at, element_of
from lambdakit.constructs.cloudformation.resource_types import class_of, is_list

if TYPE_CHECKING:
    from constructs import IConstruct


@dataclass(frozen=True, slots=True)
class AcrossStacks:
    """constructs: of other stacks, by the names that the stack's document has for them.

    A name that ends in a slash is the beginning of the paths of what is below the construct.
    """

    stack: Stack
    constructs: Mapping[str, IConstruct] = field(default_factory=dict)

    def holds(self, name: str) -> bool:
        """Whether the name, or path, is of something in another stack."""
        return self.owner(name) is not None

    def element(self, name: str) -> CfnResource | None:
        """The resource that the name stands for; None where there is none at the path."""
        owner, (_, _, rest) = self.owner(name), name.partition("/")
        construct = None if owner is None else construct_at(owner, rest or ITSELF)
        found = None if construct is None else element_of(construct)
        return found if isinstance(found, CfnResource) else None

    def owner(self, name: str) -> IConstruct | None:
        """The construct that the name, or the first step of the path, stands for; None for what is not elsewhere."""
        first, slash, _ = name.partition("/")
        return self.constructs.get(f"{first}{slash}")

    def depend(self, name: str) -> None:
        """Has the other stack deployed before this one."""
        if (owner := self.owner(name)) is not None:
            self.stack.add_stack_dependency(Stack.of(owner))

    def value(self, element: CfnResource, attribute: str | None) -> Any:
        """What imports the resource's attribute, or for None what `Ref` gives; the other stack exports it."""
        other = Stack.of(element)
        self.stack.add_stack_dependency(other)
        if attribute is None:
            return other.export_value(element.ref)
        made = class_of(element.cfn_resource_type)
        if made is not None and is_list(made, attribute):
            values = element.get_att(attribute, ResolutionTypeHint.STRING_LIST)
            return other.export_string_list_value(Token.as_list(values))
        return other.export_value(Token.as_string(element.get_att(attribute)))
