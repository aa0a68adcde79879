"""The templates of an assembly, nested stacks included, each with what its parent gives it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final

from lambdakit.assembly.assets import Asset
from lambdakit.assembly.cloud_assembly import CloudAssembly, StackArtifact
from lambdakit.assembly.source_map import SourceMap
from lambdakit.assembly.template import Resource, Template, parse_template
from lambdakit.records import dataclass
from lambdakit.reports.rendered_value import rendered

NESTED_STACK: Final = "AWS::CloudFormation::Stack"
# A nested stack within a nested stack, and so on: no application goes deeper, and a circle ends here.
_DEPTH_MAX: Final = 8
_CONSTRUCT_ENDINGS: Final = ("Resource", "Default")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackTemplate:
    """One template.

    name: the stack's; of a nested stack, its parent's name and its own logical id, parted by a slash.
    parent: the name of the parent's template; empty for a stack of its own. logical_id: the nested stack's there.
    given: what the parent gives to the template's parameters, as written there.
    assets: file or directory, by the asset's id; those that only a command could make are left out.
    """

    name: str
    template: Template
    source_map: SourceMap = field(default_factory=lambda: SourceMap(stacks={}))
    parent: str = ""
    logical_id: str = ""
    given: Mapping[str, object] = field(default_factory=dict)
    assets: Mapping[str, Path] = field(default_factory=dict)


def stack_templates(assembly: CloudAssembly) -> tuple[StackTemplate, ...]:
    """Every template, in order of deployment, a nested one behind its parent. AssemblyError when one is malformed."""
    found: list[StackTemplate] = []
    for stack in assembly.stacks:
        top = StackTemplate(
            name=stack.stack_name,
            template=stack.template,
            source_map=assembly.source_map,
            assets=_paths(stack.assets),
        )
        found += [top, *_nested(assembly, stack, top, depth=1)]
    return tuple(found)


def named(templates: Sequence[StackTemplate], stacks: Collection[str] | None) -> tuple[StackTemplate, ...]:
    """The templates of the stacks with these names, and of those nested in them; all of them for None."""
    return tuple(each for each in templates if stacks is None or each.name.partition("/")[0] in stacks)


def resource_name(resource: Resource) -> str:
    """What a person calls a resource: its construct path without the stack, else its logical id."""
    parts = (resource.construct_path or "").split("/")[1:]
    if parts and parts[-1] in _CONSTRUCT_ENDINGS:
        parts = parts[:-1]
    return "/".join(parts) or resource.logical_id


def nested_asset(resource: Resource, assets: tuple[Asset, ...]) -> Asset | None:
    """The asset that holds a nested stack's template; None when its URL names none."""
    url = rendered(resource.properties.get("TemplateURL"))
    for asset in assets:
        if asset.kind == "file" and any(place.name and place.name in url for place in asset.destinations):
            return asset
    return None


def _nested(
    assembly: CloudAssembly, stack: StackArtifact, parent: StackTemplate, *, depth: int
) -> Iterator[StackTemplate]:
    for resource in parent.template.resources.values():
        asset = nested_asset(resource, stack.assets) if resource.type == NESTED_STACK else None
        if asset is None or depth > _DEPTH_MAX:
            continue
        parameters = resource.properties.get("Parameters", {})
        template = parse_template(
            assembly.files.read_json(asset.path),
            path=assembly.files.shown(asset.path),
            construct_paths=stack.construct_paths,
        )
        child = StackTemplate(
            name=f"{parent.name}/{resource.logical_id}",
            template=template,
            source_map=parent.source_map,
            parent=parent.name,
            logical_id=resource.logical_id,
            given=parameters if isinstance(parameters, Mapping) else {},
            assets=parent.assets,
        )
        yield child
        yield from _nested(assembly, stack, child, depth=depth + 1)


def _paths(assets: tuple[Asset, ...]) -> Mapping[str, Path]:
    return {asset.id: asset.source for asset in assets if asset.source is not None}
