"""The metadata of a stack's constructs, by path: which logical id is whose, and the assets of older synthesizers.

Source: aws-cdk-lib's cloud-assembly-schema, "ArtifactManifest" (metadata, additionalMetadataFile),
"ArtifactMetadataEntryType".
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.assembly.assembly_directory import AssemblyDirectory
from lambdakit.assembly.asset_manifest import LegacyAsset, read_legacy_asset
from lambdakit.assembly.manifest import Artifact
from lambdakit.assembly.place import Place
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StackMetadata:
    """construct_paths: logical id -> `Stack/Function/Resource`."""

    construct_paths: Mapping[str, str]
    legacy_assets: tuple[LegacyAsset, ...]


def read_stack_metadata(directory: AssemblyDirectory, artifact: Artifact) -> StackMetadata:
    """What the manifest and the metadata file that it names say. AssemblyError when they are malformed."""
    construct_paths: dict[str, str] = {}
    legacy: list[LegacyAsset] = []
    for entries, place in _sources(directory, artifact):
        for path, listed in entries.items():
            for index, item in enumerate((place / path).sequence(listed)):
                here = place / path / index
                entry = here.mapping(item)
                if entry.get("type") == "aws:cdk:logicalId":
                    construct_paths.setdefault((here / "data").text(entry.get("data")), path.lstrip("/"))
                elif entry.get("type") == "aws:cdk:asset":
                    legacy.append(read_legacy_asset(directory, artifact.base, entry.get("data"), here / "data"))
    return StackMetadata(construct_paths=construct_paths, legacy_assets=tuple(legacy))


def _sources(directory: AssemblyDirectory, artifact: Artifact) -> list[tuple[Mapping[str, object], Place]]:
    at = artifact.place / "metadata"
    sources = [(at.mapping(artifact.attributes.get("metadata", {})), at)]
    name = artifact.attributes.get("additionalMetadataFile")
    if name is not None:
        here = artifact.place / "additionalMetadataFile"
        file = directory.find(artifact.base, here.text(name), here)
        place = Place(path=directory.shown(file))
        sources.append((place.mapping(directory.read_json(file)), place))
    return sources
