"""CloudFormation's short forms in YAML: `!Ref jobs` for `{Ref: jobs}`, in the sections that are CloudFormation's.

Source: CloudFormation Template Reference, "Intrinsic function reference"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.finding import Mark
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.yaml_nodes import Entry, ListNode, MappingNode, Node, ScalarNode

_FUNCTIONS: Final = (
    *("Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Select", "Split", "Sub"),
    *("Transform", "And", "Equals", "Not", "Or"),
)
SHORT_FORMS: Final[Mapping[str, str]] = {
    "!Ref": "Ref",
    "!Condition": "Condition",
    **{f"!{name}": f"Fn::{name}" for name in _FUNCTIONS},
}
_SECTIONS: Final = frozenset({"cloudformation", "conditions", "outputs"})
_OVERRIDES: Final = "overrides"


def takes_short_forms(pointer: Pointer) -> bool:
    """Whether the value at the pointer is CloudFormation's, and so may call its functions."""
    match pointer:
        case ("environments", _, *inner):
            return bool(inner) and takes_short_forms(tuple(inner))
        case (str(section), *_) if section in _SECTIONS:
            return True
        case ("patterns" | "resources" | "functions", _, str(key), *_) | ("network", str(key), *_):
            return key == _OVERRIDES
    return False


def long_form(function: str, argument: Node, mark: Mark) -> MappingNode:
    """The mapping of one key that a short form stands for. function: `Fn::GetAtt`."""
    if function == "Fn::GetAtt" and isinstance(argument, ScalarNode):
        argument = _in_two(argument)
    return MappingNode({function: Entry(mark, argument)}, mark, argument.weight + 1)


def _in_two(argument: ScalarNode) -> Node:
    """`jobs.Arn` as a name and an attribute, which has dots of its own in `Endpoint.Address`; itself without a dot."""
    text = argument.text
    dot = text.find(".", text.rfind("/") + 1)
    if dot < 0:
        return argument
    parts = tuple(ScalarNode(part, part, argument.mark) for part in (text[:dot], text[dot + 1 :]))
    return ListNode(parts, argument.mark, 3)
