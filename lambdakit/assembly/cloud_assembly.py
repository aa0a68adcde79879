"""A cloud assembly, as any CDK application writes it, read back as data.

In comes a directory (`cdk.out`), out come its stacks in the order in which to deploy them, with their templates,
assets and construct paths. Everything in the directory is input from outside: wrong types, missing files and paths
that leave it are errors, all of them at once.

Source: aws-cdk-lib's cloud-assembly-schema, "AwsCloudFormationStackProperties"; AWS CDK Developer Guide,
"Cloud assemblies".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from lambdakit.assembly.assembly_directory import AssemblyDirectory, open_directory
from lambdakit.assembly.asset_manifest import read_asset_manifest
from lambdakit.assembly.assets import AssemblyAssets, Asset
from lambdakit.assembly.codes import NOT_FOUND, UNKNOWN_STACK
from lambdakit.assembly.image_overrides import ImageOverrides, read_image_overrides
from lambdakit.assembly.layer_overrides import LayerOverrides, read_layer_overrides
from lambdakit.assembly.look_ups import LookUps, read_look_ups
from lambdakit.assembly.manifest import ASSET_MANIFEST, STACK, Artifact, Manifest, MissingContext, read_manifest
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.source_map import SOURCE_MAP, SourceMap, read_source_map
from lambdakit.assembly.stack_metadata import read_stack_metadata
from lambdakit.assembly.template import Template, parse_template
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

_ENVIRONMENT: Final = re.compile(r"aws://(?P<account>[0-9]{12}|unknown-account)/(?P<region>[a-z0-9-]{1,40})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where a stack is deployed. None: the stack leaves it to whoever deploys (an agnostic environment)."""

    account: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackArtifact:
    """A stack of the assembly.

    artifact_id: unique in the assembly. display_name: the hierarchical id, `Stage/Stack`.
    parameters: values that the assembly itself gives to the template's parameters.
    dependencies: artifact ids of the stacks that must be deployed before, without what those need in turn.
    construct_paths: logical id -> construct path, of nested stacks too.
    """

    artifact_id: str
    stack_name: str
    display_name: str
    environment: Environment
    template: Template
    parameters: Mapping[str, str]
    dependencies: tuple[str, ...]
    assets: tuple[Asset, ...]
    tags: Mapping[str, str]
    termination_protection: bool
    notification_arns: tuple[str, ...]
    construct_paths: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAssembly:
    """directory: as given. stacks: each after those it depends on. missing: look-ups the synthesis could not make.

    image_overrides: what stands in for container images. layer_overrides: for layers of other accounts.
    look_ups: what is known of things that were in the account before.
    """

    directory: Path
    stacks: tuple[StackArtifact, ...]
    assets: AssemblyAssets
    source_map: SourceMap
    missing: tuple[MissingContext, ...]
    schema: str
    files: AssemblyDirectory
    image_overrides: ImageOverrides
    layer_overrides: LayerOverrides
    look_ups: LookUps

    def select(self, names: Sequence[str] | None = None) -> tuple[StackArtifact, ...]:
        """The named stacks and those they depend on, in deployment order; all of them for None.

        names: artifact ids, stack names or display names, in which `*` and `?` stand for any text.
        AssemblyError with every name that fits no stack.
        """
        if names is None:
            return self.stacks
        chosen: list[str] = []
        faults: list[Diagnostic] = []
        for name in names:
            fitting = [stack for stack in self.stacks if _is_named(stack, name)]
            chosen += [stack.artifact_id for stack in fitting]
            if not fitting:
                known = {alias for stack in self.stacks for alias in (stack.display_name, stack.stack_name)}
                hint = nearest(name, known, otherwise=f"it has {', '.join(sorted(known)) or 'no stacks'}")
                place = Place(path=str(self.directory))
                faults += place.error(f"there is no stack {shown(name)}", UNKNOWN_STACK, hint=hint).diagnostics
        if faults:
            raise AssemblyError(*faults)
        by_id = {stack.artifact_id: stack for stack in self.stacks}
        needed: set[str] = set()
        while chosen:
            artifact_id = chosen.pop()
            if artifact_id not in needed:
                needed.add(artifact_id)
                chosen += by_id[artifact_id].dependencies
        return tuple(stack for stack in self.stacks if stack.artifact_id in needed)

    def nested_template(self, stack: StackArtifact, url: str, place: Place) -> Template:
        """The template of a nested stack, whose `TemplateURL` is `url`. AssemblyError when it is no asset."""
        asset = self.assets.find_url(url)
        if asset is None:
            raise place.error(f"{shown(url)} is none of the assembly's assets", NOT_FOUND)
        return parse_template(
            self.files.read_json(asset.path),
            path=self.files.shown(asset.path),
            construct_paths=stack.construct_paths,
        )

    def included(self, location: str) -> Path | None:
        """The asset at an `s3://` location, for `AWS::Include`; None when there is none."""
        asset = self.assets.find_url(location)
        return None if asset is None else asset.path


def read_assembly(directory: Path) -> CloudAssembly:
    """The assembly in a directory. AssemblyError when it is none, or with everything that is wrong in it."""
    files = open_directory(directory)
    manifest = read_manifest(files)
    faults: list[Diagnostic] = []
    assets = _all_assets(files, manifest, faults)
    stacks: dict[str, StackArtifact] = {}
    for artifact in manifest.artifacts.values():
        if artifact.type == STACK:
            try:
                stack = _stack(files, artifact, manifest.direct_dependencies(artifact), assets)
                if stack.artifact_id in stacks:
                    raise artifact.place.error(f"two stacks have the artifact id {shown(artifact.id)}")
                stacks[stack.artifact_id] = stack
            except AssemblyError as error:
                faults += error.diagnostics
    try:
        source_map = read_source_map(files.root / SOURCE_MAP, files.shown(files.root / SOURCE_MAP))
    except AssemblyError as error:
        faults += error.diagnostics
    try:
        templates = [(stack.stack_name, stack.template) for stack in stacks.values()]
        image_overrides = read_image_overrides(files.root, templates)
        layer_overrides = read_layer_overrides(files.root)
        look_ups = read_look_ups(files.root)
    except AssemblyError as error:
        faults += error.diagnostics
    if faults:
        raise AssemblyError(*faults)
    return CloudAssembly(
        directory=directory,
        stacks=tuple(stacks.values()),
        assets=AssemblyAssets([asset for stack in stacks.values() for asset in stack.assets]),
        source_map=source_map,
        missing=manifest.missing,
        schema=manifest.schema,
        files=files,
        image_overrides=image_overrides,
        layer_overrides=layer_overrides,
        look_ups=look_ups,
    )


def _all_assets(
    files: AssemblyDirectory, manifest: Manifest, faults: list[Diagnostic]
) -> Mapping[str, tuple[Asset, ...]]:
    assets: dict[str, tuple[Asset, ...]] = {}
    for artifact in manifest.artifacts.values():
        if artifact.type == ASSET_MANIFEST:
            at = artifact.place / "properties" / "file"
            try:
                file = files.find(artifact.base, at.text(artifact.properties.get("file")), at)
                assets[artifact.key] = read_asset_manifest(files, file)
            except AssemblyError as error:
                faults += error.diagnostics
    return assets


def _stack(
    files: AssemblyDirectory,
    artifact: Artifact,
    needed: Sequence[Artifact],
    assets: Mapping[str, tuple[Asset, ...]],
) -> StackArtifact:
    place = artifact.place / "properties"
    properties = artifact.properties
    metadata = read_stack_metadata(files, artifact)
    legacy = metadata.legacy_assets
    template = files.find(
        artifact.base, (place / "templateFile").text(properties.get("templateFile")), place / "templateFile"
    )
    return StackArtifact(
        artifact_id=artifact.id,
        stack_name=(place / "stackName").text(properties.get("stackName", artifact.id)),
        display_name=(artifact.place / "displayName").text(artifact.attributes.get("displayName", artifact.id)),
        environment=_environment(artifact),
        template=parse_template(
            files.read_json(template), path=files.shown(template), construct_paths=metadata.construct_paths
        ),
        parameters={
            **{name: value for item in legacy for name, value in item.parameters.items()},
            **_texts(properties, "parameters", place),
        },
        dependencies=tuple(item.id for item in needed if item.type == STACK),
        assets=(*(asset for item in needed for asset in assets.get(item.key, ())), *(item.asset for item in legacy)),
        tags=_texts(properties, "tags", place),
        termination_protection=(place / "terminationProtection").boolean(
            properties.get("terminationProtection", False)
        ),
        notification_arns=(place / "notificationArns").texts(properties.get("notificationArns", [])),
        construct_paths=metadata.construct_paths,
    )


def _environment(artifact: Artifact) -> Environment:
    """Source: aws-cdk-lib's cloud-assembly-api, "EnvironmentUtils": `aws://account/region`, or unknown ones."""
    place = artifact.place / "environment"
    text = place.text(artifact.attributes.get("environment"))
    match = _ENVIRONMENT.fullmatch(text)
    if match is None:
        raise place.error(
            f"{shown(text)} is not aws://account/region with an account of 12 digits",
            hint="give the stack's env a real account id and region, or leave env out",
        )
    account, region = match["account"], match["region"]
    return Environment(
        account=None if account == "unknown-account" else account,
        region=None if region == "unknown-region" else region,
    )


def _texts(properties: Mapping[str, object], name: str, place: Place) -> Mapping[str, str]:
    at = place / name
    texts: dict[str, str] = {}
    for key, value in at.mapping(properties.get(name, {})).items():
        # A parameter or tag may well be the empty string, which `Place.text` refuses.
        if not isinstance(value, str):
            raise (at / key).error(f"{shown(value)} is not a string")
        texts[key] = value
    return texts


def _is_named(stack: StackArtifact, name: str) -> bool:
    return any(fnmatchcase(alias, name) for alias in (stack.artifact_id, stack.stack_name, stack.display_name))
