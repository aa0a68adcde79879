"""References by the names of a document, as references by logical ids.

`{Ref: jobs}`, `{"Fn::GetAtt": [jobs, Arn]}` and `{"Fn::Sub": "${jobs.Arn}"}` name a construct by its path in the stack,
or by a name that stands for a path. Any other name, such as a parameter's or a logical id, is left as it is.
What a name means of another stack is imported from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import CfnResource

from lambdakit.constructs.cloudformation.across_stacks import AcrossStacks
from lambdakit.constructs.cloudformation.construct_paths import construct_at, element_of, path_hint, paths_below
from lambdakit.constructs.cloudformation.problem_places import Steps, pointer_text
from lambdakit.constructs.cloudformation.property_problems import is_call
from lambdakit.constructs.cloudformation.resource_types import attributes_of, class_of, has_attribute
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import CfnElement, Stack
    from constructs import IConstruct

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
    elsewhere: constructs of other stacks, as in `AcrossStacks`.
    problems: what was found wrong so far.
    """

    stack: Stack
    places: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, IConstruct] = field(default_factory=dict)
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
            match function, argument:
                case "Ref", str(name) if self._across.holds(name):
                    return self._imported(name, None, construct_path, below)
                case "Fn::GetAtt", str(text) if self._across.holds(_in_two(text)[0]):
                    return self._imported(*_in_two(text), construct_path, below)
                case "Fn::GetAtt", [str(name), str(attribute)] if self._across.holds(name):
                    return self._imported(name, attribute, construct_path, below)
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
                own: dict[str, Any] = {}
                text = self._text(text, own, path, steps)
                return [text, own] if own else text
            case "Fn::Sub", [str(text), dict(given)]:
                own = self.resolved(given, path, (*steps, 1))
                return [self._text(text, own, path, (*steps, 0)), own]
        return self.resolved(argument, path, steps)

    def depend(self, names: Iterable[str], construct_path: str, steps: Steps) -> list[str]:
        """The logical ids of those names that are the stack's own; the stacks of all others are deployed before it."""
        own = [name for name in names if not self._across.holds(name)]
        for name in names:
            self._across.depend(name)
        return [self.logical_id(name, construct_path, steps) for name in own]

    @property
    def _across(self) -> AcrossStacks:
        return AcrossStacks(self.stack, self.elsewhere)

    def _imported(self, name: str, attribute: str | None, path: str, steps: Steps) -> Any:
        """What imports the value from the stack that has it; empty where that has no such thing, which is noted."""
        element = self._across.element(name)
        if element is None:
            self.problems.append(self._unknown_elsewhere(name, pointer_text(path, steps)))
            return ""
        if attribute is not None:
            self._check_attribute(name, attribute, element.cfn_resource_type, path, steps)
        return self._across.value(element, attribute)

    def _unknown_elsewhere(self, name: str, pointer: str) -> Diagnostic:
        owner = self._across.owner(name)
        first, _, _ = name.partition("/")
        known = [] if owner is None else [f"{first}/{each}" for each in paths_below(owner) if each != "."]
        problem = f"{name} is the path of no resource in the stack that has {first}"
        return Diagnostic(problem=problem, code="LK460", pointer=pointer, hint=path_hint(name, known))

    def _get_att(self, name: str, attribute: Any, path: str, steps: Steps) -> list[Any]:
        if isinstance(attribute, str):
            self._check_attribute(name, attribute, self._type(name), path, steps)
        return [self.logical_id(name, path, steps), attribute]

    def _text(self, text: str, own: dict[str, Any], path: str, steps: Steps) -> str:
        """own: the text's own names, to which those are added that stand for what is imported."""
        given = frozenset(own)

        def replaced(found: re.Match[str]) -> str:
            if found[1] in given:
                return found[0]
            name, attribute = _in_two(found[1])
            if self._across.holds(name):
                variable = _variable(found[1], given)
                if variable not in own:
                    own[variable] = self._imported(name, attribute or None, path, steps)
                return f"${{{variable}}}"
            if attribute:
                self._check_attribute(name, attribute, self._type(name), path, steps)
            logical_id = self.logical_id(name, path, steps)
            return f"${{{logical_id}.{attribute}}}" if attribute else f"${{{logical_id}}}"

        return _NAME_IN_TEXT.sub(replaced, text)

    def _type(self, name: str) -> str | None:
        place = self._path(name)
        if place is None:
            return self.types.get(name)
        return getattr(self._element(place), "cfn_resource_type", None)

    def _check_attribute(self, name: str, attribute: str, type_name: str | None, path: str, steps: Steps) -> None:
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


def _variable(name: str, taken: Set[str]) -> str:
    """`jobs.Arn` as a name of a text's own: `jobsArn`, with a number where the text has that already."""
    wanted = re.sub("[^A-Za-z0-9]", "", name)
    return next(each for each in chain([wanted], (f"{wanted}{number}" for number in count(2))) if each not in taken)
