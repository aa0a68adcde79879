"""A CloudFormation template as data.

In comes the JSON of a template, out comes its sections, checked for shape. Functions in it stay as they are;
`intrinsics.Resolver` gives them their values, and `expansion.expand` unrolls transforms and loops before.

Source: CloudFormation User Guide, "Template sections", "Resource attributes".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final, TypeVar

from lambdakit.assembly.codes import MALFORMED_TEMPLATE
from lambdakit.assembly.left_tokens import left_tokens
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

CONSTRUCT_PATH: Final = "aws:cdk:path"
LANGUAGE_EXTENSIONS: Final = "AWS::LanguageExtensions"
LOOP_PREFIX: Final = "Fn::ForEach::"
SERVERLESS: Final = "AWS::Serverless-2016-10-31"
TRANSFORM_FUNCTION: Final = "Fn::Transform"

# Source: CloudFormation User Guide, "Template format version": "currently the only valid value"
_FORMAT_VERSION: Final = "2010-09-09"
_SECTIONS: Final = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Resources",
        "Outputs",
        "Hooks",
    }
)
_ATTRIBUTES: Final = frozenset(
    {
        "Type",
        "Properties",
        "Metadata",
        "DependsOn",
        "Condition",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "CreationPolicy",
        "UpdatePolicy",
        "Description",
        "Version",
    }
)
# AWS SAM Developer Guide, "Globals section of the AWS SAM template", "Embedded connector reference": what a template
# has besides when `SERVERLESS` transforms it.
_SERVERLESS_SECTIONS: Final = frozenset({"Globals"})
_SERVERLESS_ATTRIBUTES: Final = frozenset({"Connectors", "IgnoreGlobals"})
# Source: CloudFormation Template Reference, "DeletionPolicy attribute", "UpdateReplacePolicy attribute"
_POLICIES: Final = {
    "DeletionPolicy": frozenset({"Delete", "Retain", "Snapshot", "RetainExceptOnCreate"}),
    "UpdateReplacePolicy": frozenset({"Delete", "Retain", "Snapshot"}),
}
_APPLICATION: Final = "AWS::Serverless::Application"
_LOGICAL_ID: Final = re.compile(r"[A-Za-z0-9]{1,255}")

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as declared; functions in it are not resolved.

    condition: the name of the condition under which it exists; None when it always does.
    deletion_policy, update_replace_policy: None when the resource type's default applies.
    construct_path: `Stack/Function/Resource`; None when the synthesis left no path metadata.
    """

    logical_id: str
    type: str
    properties: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str | None = None
    update_replace_policy: str | None = None
    creation_policy: Mapping[str, object] | None = None
    update_policy: Mapping[str, object] | None = None
    construct_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An output as declared. export_name: not resolved; None when the output is not exported."""

    name: str
    value: object
    description: str = ""
    export_name: object | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A macro that the template asks for at its top level."""

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template whose sections have the right shape.

    path: the file as the user knows it. raw: the whole template, as read.
    resources, outputs: without those that a loop or a transform in the section yet has to produce;
    `expansion.expand` gives a template that has them.
    """

    path: str
    raw: Mapping[str, object]
    resources: Mapping[str, Resource]
    parameters: Mapping[str, Mapping[str, object]]
    conditions: Mapping[str, object]
    mappings: Mapping[str, Mapping[str, Mapping[str, object]]]
    outputs: Mapping[str, Output]
    rules: Mapping[str, Mapping[str, object]]
    transform: tuple[Transform, ...]
    construct_paths: Mapping[str, str]

    @property
    def uses_serverless(self) -> bool:
        """Whether something of AWS SAM is in it that `SERVERLESS` has to make resources of.

        An application of the Serverless Application Repository alone is nothing of that kind.
        """
        if not any(transform.name == SERVERLESS for transform in self.transform):
            return False
        return "Globals" in self.raw or any(
            resource.type.startswith("AWS::Serverless::") and not is_of_repository(resource)
            for resource in self.resources.values()
        )

    @property
    def uses_language_extensions(self) -> bool:
        """Whether the template asks for `AWS::LanguageExtensions`, which brings more functions."""
        return any(transform.name == LANGUAGE_EXTENSIONS for transform in self.transform)

    def place(self, pointer: str = "") -> Place:
        """The place of a value within this template."""
        return Place(path=self.path, pointer=pointer, code=MALFORMED_TEMPLATE)


def parse_template(raw: object, *, path: str | Path, construct_paths: Mapping[str, str] | None = None) -> Template:
    """The template that `raw`, JSON, holds. AssemblyError with everything that is malformed.

    construct_paths: logical id -> construct path, for resources whose own metadata has none.
    """
    place = Place(path=str(path), code=MALFORMED_TEMPLATE)
    sections = place.mapping(raw)
    faults: list[Diagnostic] = []
    paths = construct_paths or {}
    transform = _transforms(sections, place, faults)
    serverless = any(item.name == SERVERLESS for item in transform)
    attributes = _ATTRIBUTES | _SERVERLESS_ATTRIBUTES if serverless else _ATTRIBUTES
    # What a resource has for the sake of an account's own macro is that macro's to take away: the first thing to say of
    # such a template is that the macro is not carried out here, which `expansion.expand` does.
    own_macro = any(not item.name.startswith("AWS::") for item in transform)
    _check_sections(sections, _SECTIONS | _SERVERLESS_SECTIONS if serverless else _SECTIONS, place, faults)

    _check_version(sections.get("AWSTemplateFormatVersion"), place / "AWSTemplateFormatVersion", faults)

    def section(name: str, parse: Callable[[str, object, Place], ItemT]) -> Mapping[str, ItemT]:
        return _section(sections, name, parse, place, faults)

    conditions = section("Conditions", lambda _, value, at: at.mapping(value))
    template = Template(
        path=str(path),
        raw=sections,
        resources=section(
            "Resources", lambda name, value, at: _resource(name, value, at, paths, None if own_macro else attributes)
        ),
        parameters=section("Parameters", lambda _, value, at: at.mapping(value)),
        conditions=conditions,
        mappings=section("Mappings", _mapping),
        outputs=section("Outputs", _output),
        rules=section("Rules", lambda _, value, at: at.mapping(value)),
        transform=transform,
        construct_paths=paths,
    )
    _check_conditions_exist(template, faults)
    _check_policies(template, faults)
    for name, resource in template.resources.items():
        faults += left_tokens(resource.properties, template.place(f"Resources.{name}.Properties"))
    for name, output in template.outputs.items():
        faults += left_tokens(output.value, template.place(f"Outputs.{name}.Value"))
    if faults:
        raise AssemblyError(*faults)
    return template


def is_of_repository(resource: Resource) -> bool:
    """Whether it is an application of the Serverless Application Repository. One at a URL is a nested stack.

    Source: AWS SAM Developer Guide, "AWS::Serverless::Application" (Location).
    """
    return resource.type == _APPLICATION and not isinstance(resource.properties.get("Location"), str)


def is_loop(key: str) -> bool:
    """Whether a key of an object stands for a loop, which yet has to be unrolled."""
    return key.startswith(LOOP_PREFIX)


def _check_sections(
    sections: Mapping[str, object], known: frozenset[str], place: Place, faults: list[Diagnostic]
) -> None:
    for name in sections:
        if name not in known and name != TRANSFORM_FUNCTION:
            hint = nearest(name, known)
            faults += place.error(f"{shown(name)} is not a section of a template", hint=hint).diagnostics
    if "Hooks" in sections:
        problem = "hooks (blue/green deployments through CodeDeploy) are not supported"
        faults += (place / "Hooks").error(problem, hint="remove the section").diagnostics


def _check_version(version: object, place: Place, faults: list[Diagnostic]) -> None:
    if version is not None and str(version) != _FORMAT_VERSION:
        problem = f"{shown(version)} is no version of the format; the only one is {_FORMAT_VERSION}"
        faults += place.error(problem, hint=f'write "{_FORMAT_VERSION}", or leave it out').diagnostics


def _section(
    sections: Mapping[str, object],
    name: str,
    parse: Callable[[str, object, Place], ItemT],
    place: Place,
    faults: list[Diagnostic],
) -> Mapping[str, ItemT]:
    items: dict[str, ItemT] = {}
    if name not in sections:
        return items
    at = place / name
    try:
        content = at.mapping(sections[name])
    except AssemblyError as error:
        faults += error.diagnostics
        return items
    for key, value in content.items():
        if is_loop(key) or key == TRANSFORM_FUNCTION:
            continue
        try:
            items[key] = parse(_logical_id(key, name, at), value, at / key)
        except AssemblyError as error:
            faults += error.diagnostics
    return items


def _logical_id(key: str, section: str, place: Place) -> str:
    # Source: CloudFormation User Guide, "Resources": a logical id is alphanumeric. Mappings may also hold - and .
    if section != "Mappings" and not _LOGICAL_ID.fullmatch(key):
        raise place.error(f"{shown(key)} is not a name of 1 to 255 letters and digits")
    return key


def _resource(
    logical_id: str, value: object, place: Place, paths: Mapping[str, str], known: frozenset[str] | None
) -> Resource:
    """known: the attributes that a resource may have. Absence: any."""
    attributes = place.mapping(value)
    known = frozenset(attributes) if known is None else known
    # What a resource of AWS SAM has besides, AWS's translator drops: no part of what it makes has it.
    drops = _SERVERLESS_ATTRIBUTES <= known and str(attributes.get("Type")).startswith("AWS::Serverless::")
    for name in attributes:
        if name not in known and not drops:
            raise place.error(f"{shown(name)} is not an attribute of a resource", hint=nearest(name, known))
    if "Type" not in attributes:
        raise place.error("this resource has no Type", hint="every resource needs one")

    metadata = (place / "Metadata").mapping(attributes.get("Metadata", {}))
    construct_path = metadata.get(CONSTRUCT_PATH, paths.get(logical_id))
    return Resource(
        logical_id=logical_id,
        type=(place / "Type").text(attributes["Type"]),
        properties=(place / "Properties").mapping(attributes.get("Properties", {})),
        metadata=metadata,
        depends_on=_depends_on(attributes.get("DependsOn", []), place / "DependsOn"),
        condition=_optional_text(attributes, "Condition", place),
        deletion_policy=_policy(attributes, "DeletionPolicy", place),
        update_replace_policy=_policy(attributes, "UpdateReplacePolicy", place),
        creation_policy=_optional_mapping(attributes, "CreationPolicy", place),
        update_policy=_optional_mapping(attributes, "UpdatePolicy", place),
        construct_path=construct_path if isinstance(construct_path, str) else None,
    )


def _depends_on(value: object, place: Place) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else place.texts(value)


def _policy(attributes: Mapping[str, object], name: str, place: Place) -> str | None:
    value = attributes.get(name)
    # With AWS::LanguageExtensions a function may stand here, which `expansion.expand` replaces by its value.
    if value is None or isinstance(value, dict):
        return None
    policy = (place / name).text(value)
    if policy not in _POLICIES[name]:
        allowed = ", ".join(sorted(_POLICIES[name]))
        raise (place / name).error(f"{shown(policy)} is not one of {allowed}", hint=nearest(policy, _POLICIES[name]))
    return policy


def _optional_text(attributes: Mapping[str, object], name: str, place: Place) -> str | None:
    return None if attributes.get(name) is None else (place / name).text(attributes[name])


def _optional_mapping(attributes: Mapping[str, object], name: str, place: Place) -> Mapping[str, object] | None:
    return None if attributes.get(name) is None else (place / name).mapping(attributes[name])


def _mapping(_: str, value: object, place: Place) -> Mapping[str, Mapping[str, object]]:
    rows = place.mapping(value)
    return {key: (place / key).mapping(row) for key, row in rows.items() if key != TRANSFORM_FUNCTION}


def _output(name: str, value: object, place: Place) -> Output:
    attributes = place.mapping(value)
    if attributes.get("Value") is None:
        raise place.error("this output has no Value")
    export = _optional_mapping(attributes, "Export", place)
    if export is not None and export.get("Name") is None:
        raise (place / "Export").error("this export has no Name")
    description = attributes.get("Description", "")
    return Output(
        name=name,
        value=attributes["Value"],
        description=description if isinstance(description, str) else "",
        export_name=None if export is None else export["Name"],
        condition=_optional_text(attributes, "Condition", place),
    )


def _transforms(sections: Mapping[str, object], place: Place, faults: list[Diagnostic]) -> tuple[Transform, ...]:
    value = sections.get("Transform", [])
    at = place / "Transform"
    listed = value if isinstance(value, list) else [value]
    transforms = []
    for index, item in enumerate(listed):
        here = at / index if isinstance(value, list) else at
        try:
            if isinstance(item, str):
                transforms.append(Transform(name=here.text(item)))
                continue
            macro = here.mapping(item)
            parameters = (here / "Parameters").mapping(macro.get("Parameters", {}))
            transforms.append(Transform(name=(here / "Name").text(macro.get("Name")), parameters=parameters))
        except AssemblyError as error:
            faults += error.diagnostics
    return tuple(transforms)


def _check_policies(template: Template, faults: list[Diagnostic]) -> None:
    """Functions stand there by a transform only. Source: Template Reference, "AWS::LanguageExtensions transform"."""
    if template.uses_language_extensions:
        return
    written = template.raw.get("Resources")
    for name in template.resources if isinstance(written, dict) else ():
        attributes = written[name] if isinstance(written, dict) else {}
        for policy in _POLICIES:
            if isinstance(attributes.get(policy), dict):
                problem = f"a function as the {policy} needs the transform {LANGUAGE_EXTENSIONS}"
                hint = f'add "Transform": "{LANGUAGE_EXTENSIONS}" to the template'
                faults += template.place(f"Resources.{name}.{policy}").error(problem, hint=hint).diagnostics


def _check_conditions_exist(template: Template, faults: list[Diagnostic]) -> None:
    declared = template.raw.get("Conditions")
    if isinstance(declared, dict) and any(is_loop(key) or key == TRANSFORM_FUNCTION for key in declared):
        return
    named = [("Resources", name, item.condition) for name, item in template.resources.items()]
    named += [("Outputs", name, item.condition) for name, item in template.outputs.items()]
    for section, name, condition in named:
        if condition is not None and condition not in template.conditions:
            place = template.place(f"{section}.{name}.Condition")
            hint = nearest(condition, template.conditions, otherwise="declare it under Conditions")
            faults += place.error(f"there is no condition {shown(condition)}", hint=hint).diagnostics
