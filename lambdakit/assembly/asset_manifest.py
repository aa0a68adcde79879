"""Reading the assets of a stack: asset manifests, and the metadata that older synthesizers write instead.

Source: aws-cdk-lib's cloud-assembly-schema, "AssetManifest"; for `LegacyStackSynthesizer`, "FileAssetMetadataEntry".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from lambdakit.assembly.assembly_directory import AssemblyDirectory
from lambdakit.assembly.assets import Asset, AssetDestination, Kind, Packaging
from lambdakit.assembly.place import Place, shown
from lambdakit.errors import AssemblyError, Diagnostic
from lambdakit.records import dataclass

# The CDK CLI chooses the bucket that it fills the parameters of a legacy asset with. It is ours to name here.
LEGACY_BUCKET: Final = "cdktoolkit-stagingbucket"
LEGACY_REPOSITORY: Final = "aws-cdk/assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyAsset:
    """An asset of a stack without asset manifest. parameters: what the template wants to be told of it."""

    asset: Asset
    parameters: Mapping[str, str]


def read_asset_manifest(directory: AssemblyDirectory, file: Path) -> tuple[Asset, ...]:
    """The assets that a manifest (`Stack.assets.json`) lists. AssemblyError with everything that is wrong."""
    place = Place(path=directory.shown(file))
    manifest = place.mapping(directory.read_json(file))
    assets: list[Asset] = []
    faults: list[Diagnostic] = []
    for section, kind in (("files", "file"), ("dockerImages", "docker_image")):
        entries = (place / section).mapping(manifest.get(section, {}))
        for id_, entry in entries.items():
            try:
                assets.append(_asset(directory, file.parent, id_, cast("Kind", kind), entry, place / section / id_))
            except AssemblyError as error:
                faults += error.diagnostics
    if faults:
        raise AssemblyError(*faults)
    return tuple(assets)


def read_legacy_asset(directory: AssemblyDirectory, base: Path, entry: object, place: Place) -> LegacyAsset:
    """The asset that an `aws:cdk:asset` metadata entry describes.

    Its template joins the two halves of the key parameter, which `||` separates: `assets/` and the file's name.
    Source: aws-cdk-lib 2.275, core/lib/stack-synthesizers/legacy.
    """
    data = place.mapping(entry)
    id_ = (place / "id").text(data.get("id"))
    hash_ = (place / "sourceHash").text(data.get("sourceHash", id_))
    packaging = data.get("packaging")
    source = directory.find(base, (place / "path").text(data.get("path")), place / "path")
    if packaging == "container-image":
        tag = (place / "imageTag").text(data.get("imageTag", hash_))
        repository = (place / "repositoryName").text(data.get("repositoryName", LEGACY_REPOSITORY))
        destination = AssetDestination(container=repository, name=tag)
        asset = _legacy(directory, id_, source, "docker_image", "image", destination, place)
        return LegacyAsset(asset=asset, parameters={})
    if packaging not in ("file", "zip"):
        raise (place / "packaging").error(f"{shown(packaging)} is none of file, zip and container-image")
    name = f"{hash_}{'.zip' if packaging == 'zip' else source.suffix}"
    destination = AssetDestination(container=LEGACY_BUCKET, name=f"assets/{name}")
    values = {
        "s3BucketParameter": LEGACY_BUCKET,
        "s3KeyParameter": f"assets/||{name}",
        "artifactHashParameter": hash_,
    }
    return LegacyAsset(
        asset=_legacy(directory, id_, source, "file", "zip" if packaging == "zip" else "file", destination, place),
        parameters={(place / key).text(data.get(key)): value for key, value in values.items()},
    )


def _legacy(
    directory: AssemblyDirectory,
    id_: str,
    source: Path,
    kind: Kind,
    packaging: Packaging,
    destination: AssetDestination,
    place: Place,
) -> Asset:
    return Asset(
        id=id_,
        kind=kind,
        packaging=packaging,
        source=source,
        destinations=(destination,),
        display_name=id_,
        root=directory.root,
        image={},
        place=place,
    )


def _asset(directory: AssemblyDirectory, base: Path, id_: str, kind: Kind, entry: object, place: Place) -> Asset:
    attributes = place.mapping(entry)
    source = (place / "source").mapping(attributes.get("source"))
    destinations = (place / "destinations").mapping(attributes.get("destinations", {}))
    display_name = attributes.get("displayName")
    return Asset(
        id=id_,
        kind=kind,
        packaging="image" if kind == "docker_image" else _packaging(source, place / "source" / "packaging"),
        source=_source(directory, base, source, "directory" if kind == "docker_image" else "path", place / "source"),
        destinations=tuple(
            _destination(kind, item, place / "destinations" / name) for name, item in destinations.items()
        ),
        display_name=display_name if isinstance(display_name, str) else id_,
        root=directory.root,
        image=source if kind == "docker_image" else {},
        place=place,
    )


def _packaging(source: Mapping[str, object], place: Place) -> Packaging:
    packaging = source.get("packaging", "file")
    if packaging not in ("file", "zip"):
        raise place.error(f"{shown(packaging)} is neither file nor zip")
    return "zip" if packaging == "zip" else "file"


def _source(
    directory: AssemblyDirectory, base: Path, source: Mapping[str, object], key: str, place: Place
) -> Path | None:
    if key not in source and "executable" in source:
        (place / "executable").texts(source["executable"])
        return None
    return directory.find(base, (place / key).text(source.get(key)), place / key)


def _destination(kind: Kind, entry: object, place: Place) -> AssetDestination:
    attributes = place.mapping(entry)
    container, name = ("bucketName", "objectKey") if kind == "file" else ("repositoryName", "imageTag")
    region = attributes.get("region")
    return AssetDestination(
        container=(place / container).text(attributes.get(container)),
        name=(place / name).text(attributes.get(name)),
        region=None if region is None else (place / "region").text(region),
    )
