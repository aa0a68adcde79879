"""References by the names of a document, as references by logical ids.

`{Ref: jobs}`, `{"Fn::GetAtt": [jobs, Arn]}` and `{"Fn::Sub": "${jobs.Arn}"}` name a construct by its path in the stack,
or by a name that stands for a path. Any other name, such as a parameter's or a logical id, is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import CfnResource

from lambdakit.constructs.cloudformation.construct_paths import construct_at, element_of, path_hint, paths_below
from lambdakit.constructs.cloudformation.problem_places import Steps, pointer_text
from lambdakit.constructs.cloudformation.property_problems import is_call
from lambdakit.constructs.cloudformation.resource_types import attributes_of, class_of, has_attribute
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import CfnElement, Stack

_NAME_IN_TEXT: Final = re.compile(r"\$\{([^!{}][^{}]*)\}")
# Whose attributes follow from what was deployed.
_ANY_ATTRIBUTE: Final = frozenset(
    {
        *("AWS::CloudFormation::Stack", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::WaitCondition"),
        "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    }
)


@dataclass(slots=True)
class References:
    """The references within values of one stack.

    places: by name, the path in the stack of the construct that it stands for.
    types: by logical id, the type of each resource that is named by it.
    problems: what was found wrong so far.
    """

    stack: Stack
    places: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    _elements: dict[str, CfnElement | None] = field(default_factory=dict)
    _logical_ids: dict[str, str] = field(default_factory=dict)

    def resolved(self, value: Any, construct_path: str, steps: Steps) -> Any:
        """The value with logical ids for names. construct_path, steps: where it stands, for `problems`."""
        if isinstance(value, list):
            return [self.resolved(item, construct_path, (*steps, place)) for place, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if is_call(value):
            ((function, argument),) = value.items()
            below = (*steps, function)
            return {function: self._argument(function, argument, construct_path, below)}
        return {key: self.resolved(inner, construct_path, (*steps, key)) for key, inner in value.items()}

    def logical_id(self, name: str, construct_path: str, steps: Steps) -> str:
        """The logical id that a name stands for; the name itself where it stands for none."""
        path = self._path(name)
        if path is None:
            return name
        if path not in self._logical_ids:
            element = self._element(path)
            if element is None:
                self.problems.append(self._unknown(name, path, pointer_text(construct_path, steps)))
                return name
            self._logical_ids[path] = str(self.stack.resolve(element.logical_id))
        return self._logical_ids[path]

    def _argument(self, function: str, argument: Any, path: str, steps: Steps) -> Any:
        match function, argument:
            case "Ref", str(name):
                return self.logical_id(name, path, steps)
            case "Fn::GetAtt", str(text):
                name, attribute = _in_two(text)
                return self._get_att(name, attribute, path, steps)
            case "Fn::GetAtt", [str(name), attribute]:
                return self._get_att(name, attribute, path, steps)
            case "Fn::Sub", str(text):
                return self._text(text, frozenset(), path, steps)
            case "Fn::Sub", [str(text), dict(own)]:
                own = self.resolved(own, path, (*steps, 1))
                return [self._text(text, frozenset(own), path, (*steps, 0)), own]
        return self.resolved(argument, path, steps)

    def _get_att(self, name: str, attribute: Any, path: str, steps: Steps) -> list[Any]:
        if isinstance(attribute, str):
            self._check_attribute(name, attribute, path, steps)
        return [self.logical_id(name, path, steps), attribute]

    def _text(self, text: str, own: frozenset[str], path: str, steps: Steps) -> str:
        def replaced(found: re.Match[str]) -> str:
            if found[1] in own:
                return found[0]
            name, attribute = _in_two(found[1])
            if attribute:
                self._check_attribute(name, attribute, path, steps)
            logical_id = self.logical_id(name, path, steps)
            return f"${{{logical_id}.{attribute}}}" if attribute else f"${{{logical_id}}}"

        return _NAME_IN_TEXT.sub(replaced, text)

    def _check_attribute(self, name: str, attribute: str, path: str, steps: Steps) -> None:
        place = self._path(name)
        element = None if place is None else self._element(place)
        type_name = self.types.get(name) if place is None else getattr(element, "cfn_resource_type", None)
        made = None if type_name is None or type_name in _ANY_ATTRIBUTE else class_of(type_name)
        if made is None or has_attribute(made, attribute):
            return
        known = attributes_of(made)
        hint = path_hint(attribute, known).replace("paths are", "attributes are") if known else "it has none"
        problem = f'"{attribute}" is no attribute of {name}, of type {type_name}'
        self.problems.append(Diagnostic(problem=problem, code="LK465", pointer=pointer_text(path, steps), hint=hint))

    def _path(self, name: str) -> str | None:
        """The path in the stack that a name means; None when it is no construct's."""
        if name in self.places:
            return self.places[name]
        first, slash, rest = name.partition("/")
        if not slash:
            return None
        if first in self.places and self.stack.node.try_find_child(first) is None:
            return f"{self.places[first]}/{rest}"
        return name

    def _element(self, path: str) -> CfnElement | None:
        if path not in self._elements:
            construct = construct_at(self.stack, path)
            self._elements[path] = None if construct is None else element_of(construct)
        return self._elements[path]

    def _unknown(self, name: str, path: str, pointer: str) -> Diagnostic:
        construct = construct_at(self.stack, path)
        if construct is not None and not any(isinstance(each, CfnResource) for each in construct.node.find_all()):
            problem = f"{name} exists already, outside of the stack, so that it has no logical id"
            return Diagnostic(problem=problem, code="LK460", pointer=pointer, hint="write its name or ARN instead")
        first = path.partition("/")[0]
        owner = self.stack.node.try_find_child(first)
        known = [] if owner is None else [f"{first}/{each}" for each in paths_below(owner) if each != "."]
        problem = f"{name} is the path of no resource in the stack"
        return Diagnostic(problem=problem, code="LK460", pointer=pointer, hint=path_hint(path, known))


def _in_two(text: str) -> tuple[str, str]:
    """`jobs.Arn` as name and attribute. The dots of a path are those before its last slash."""
    dot = text.find(".", text.rfind("/") + 1)
    return (text, "") if dot < 0 else (text[:dot], text[dot + 1 :])
