"""What CloudFormation sees in a template before it creates anything: wrong attributes, and calls of the wrong shape.

Neither parameters nor conditions are needed for it. Source: AWS CloudFormation API Reference, "ValidateTemplate"; the
messages are CloudFormation's, as its users quote them, but for the counts of arguments other than those of Fn::GetAtt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.assembly.codes import UNKNOWN_ATTRIBUTE, WRONG_ARGUMENT
from lambdakit.assembly.evaluation import DEPTH_MAX
from lambdakit.assembly.intrinsics_strings import sub_names
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.provider_schemas import ResourceType, resource_type
from lambdakit.assembly.template import Template
from lambdakit.errors import AssemblyError, Diagnostic

# Template Reference, "Intrinsic function reference": how many arguments those functions take that take a list.
_COUNTS: Final[Mapping[str, tuple[int, ...]]] = {
    "Fn::Cidr": (3,),
    "Fn::FindInMap": (3, 4),
    "Fn::If": (3,),
    "Fn::Join": (2,),
    "Fn::Select": (2,),
    "Fn::Split": (2,),
}
# What these give is said by a template and by a function.
_OPEN: Final = frozenset({"AWS::CloudFormation::Stack", "AWS::CloudFormation::CustomResource"})
# Attributes that AWS's own constructs know and that the published schemas leave out.
_BESIDE_THE_SCHEMA: Final[Mapping[str, frozenset[str]]] = {
    "AWS::CloudWatch::AnomalyDetector": frozenset({"AnomalyDetectorId"}),
    "AWS::EC2::TransitGatewayMulticastGroupMember": frozenset({"SourceType"}),
    "AWS::EC2::TransitGatewayMulticastGroupSource": frozenset({"MemberType"}),
    "AWS::IoTWireless::ServiceProfile": frozenset({"LoRaWANResponse"}),
    "AWS::Location::Map": frozenset({"DataSource"}),
    "AWS::Macie::FindingsFilter": frozenset({"FindingsFilterListItems"}),
}
_GENERATED_ID: Final = "Id"  # of many types, likewise


def check_template(template: Template) -> None:
    """AssemblyError with everything that is wrong in the properties of resources and the values of outputs.

    template: expanded, or without transforms: those make what is looked at here.
    """
    found = [
        diagnostic
        for logical_id, resource in template.resources.items()
        for diagnostic in _wrong(resource.properties, template.place(f"Resources.{logical_id}.Properties"), template)
    ]
    for name, output in template.outputs.items():
        found += _wrong(output.value, template.place(f"Outputs.{name}.Value"), template)
    if found:
        raise AssemblyError(*found)


def _wrong(value: object, place: Place, template: Template, depth: int = 0) -> Iterator[Diagnostic]:
    if depth > DEPTH_MAX:  # which is told when it is evaluated
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _wrong(item, place / index, template, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if len(value) == 1 and key.startswith("Fn::"):
                yield from _wrong_call(key, item, place / key, template)
            if isinstance(item, dict | list):
                yield from _wrong(item, place / key, template, depth + 1)


def _wrong_call(name: str, argument: object, place: Place, template: Template) -> Iterator[Diagnostic]:
    if name == "Fn::GetAtt":
        yield from _wrong_get_att(argument, place, template)
    elif name == "Fn::Sub":
        yield from _wrong_sub(argument, place, template)
    elif name in _COUNTS and (not isinstance(argument, list) or len(argument) not in _COUNTS[name]):
        allowed = " or ".join(map(str, _COUNTS[name]))
        yield from _refused(f"{shown(argument)} is not a list of {allowed} arguments", place)


def _wrong_get_att(argument: object, place: Place, template: Template) -> Iterator[Diagnostic]:
    parts = list(argument.partition(".")[::2]) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or "" in parts:
        text = "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
        yield from _refused(text, place)
    elif isinstance(parts[0], str) and isinstance(parts[1], str):  # else a function makes it
        yield from _wrong_attribute(parts[0], parts[1], "Fn::GetAtt", place, template)


def _wrong_sub(argument: object, place: Place, template: Template) -> Iterator[Diagnostic]:
    text, variables = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str) or not isinstance(variables, dict):
        yield from _refused(f"{shown(argument)} is neither a string nor a list of a string and an object", place)
        return
    for name in sub_names(text):
        logical_id, dot, attribute = name.partition(".")
        if dot and name not in variables:
            yield from _wrong_attribute(logical_id, attribute, "Fn::Sub", place, template)


def _wrong_attribute(
    logical_id: str, attribute: str, function: str, place: Place, template: Template
) -> Iterator[Diagnostic]:
    declared = template.resources.get(logical_id)
    schema = None if declared is None or declared.type in _OPEN else resource_type(declared.type)
    if schema is not None and not _has(schema, attribute):
        yield from place.error(
            f"resource {logical_id} does not support attribute type {attribute} in {function}",
            UNKNOWN_ATTRIBUTE,
            hint=nearest(attribute, schema.read_only),
        ).diagnostics


def _has(schema: ResourceType, attribute: str) -> bool:
    """Whether the type may give it: some give all of their properties, and no schema says which."""
    if attribute == _GENERATED_ID or attribute in _BESIDE_THE_SCHEMA.get(schema.name, ()):
        return True
    first = attribute.partition(".")[0]
    return first in schema.properties or any(path.partition(".")[0] == first for path in schema.read_only)


def _refused(problem: str, place: Place) -> Iterator[Diagnostic]:
    yield from place.error(problem, WRONG_ARGUMENT).diagnostics
