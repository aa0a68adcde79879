"""The artifacts that the manifests of a cloud assembly list, those of nested assemblies (stages) included.

Source: aws-cdk-lib's cloud-assembly-schema, "AssemblyManifest", "ArtifactManifest", "ArtifactType".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from lambdakit.assembly.assembly_directory import DEPTH_MAX, MANIFEST, AssemblyDirectory
from lambdakit.assembly.codes import CIRCULAR_ARTIFACTS, TOO_LARGE, UNKNOWN_SCHEMA
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.assembly.topological_order import CircularOrder, order_by_name
from lambdakit.records import dataclass

STACK: Final = "aws:cloudformation:stack"
ASSET_MANIFEST: Final = "cdk:asset-manifest"
NESTED_ASSEMBLY: Final = "cdk:cloud-assembly"

# Source: aws-cdk-lib 2.0.0 writes schema 15; the format of what is read here has been the same since.
SCHEMA_MIN: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One entry of a manifest.

    id: as in the manifest; key: made unique by the nested assemblies it lies in. base: the manifest's directory.
    attributes: the entry as written.
    """

    id: str
    key: str
    type: str
    base: Path
    place: Place
    attributes: Mapping[str, object]
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingContext:
    """A look-up that the synthesis could not make, so that the templates hold dummy values in its place."""

    key: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the manifests say.

    artifacts: by key, each after those it depends on. edges: key -> keys, nested assemblies among them.
    schema: the version of the outermost manifest.
    """

    artifacts: Mapping[str, Artifact]
    edges: Mapping[str, Sequence[str]]
    missing: tuple[MissingContext, ...]
    schema: str

    def direct_dependencies(self, artifact: Artifact) -> Sequence[Artifact]:
        """What an artifact needs: asset manifests and stacks, but not what those stacks need in turn."""
        found: dict[str, None] = {}
        pending = list(reversed(self.edges[artifact.key]))
        while pending:
            key = pending.pop()
            if key in found:
                continue
            found[key] = None
            if key not in self.artifacts or self.artifacts[key].type != STACK:
                pending += reversed(self.edges[key])
        return [self.artifacts[key] for key in found if key in self.artifacts]


def read_manifest(directory: AssemblyDirectory) -> Manifest:
    """The artifacts of the assembly and of those nested in it. AssemblyError for a wrong, old or circular one.

    They are in the order in which the CDK CLI deploys, whatever that of the manifest: a stack that imports what another
    one exports, and says nothing of depending on it, deploys where the names are in that order.
    Source: aws-cdk-lib 2.275, @aws-cdk/cloud-assembly-api, lib/private/toposort.
    """
    reading = _Reading(directory)
    schema = reading.read(directory.root, prefix="", inherited=())
    try:
        order = order_by_name(reading.edges)
    except CircularOrder as error:
        raise Place(path=directory.shown(directory.root / MANIFEST)).error(
            f"these artifacts depend on one another: {error}", CIRCULAR_ARTIFACTS
        ) from None
    return Manifest(
        artifacts={key: reading.artifacts[key] for key in order if key in reading.artifacts},
        edges=reading.edges,
        missing=tuple(reading.missing),
        schema=schema,
    )


class _Reading:
    """Gathers the artifacts. A nested assembly stands in `edges` as what depends on everything within it."""

    def __init__(self, directory: AssemblyDirectory) -> None:
        self._directory = directory
        self._seen: set[Path] = set()
        self.artifacts: dict[str, Artifact] = {}
        self.edges: dict[str, list[str]] = {}
        self.missing: list[MissingContext] = []

    def read(self, base: Path, *, prefix: str, inherited: Sequence[str]) -> str:
        """Reads the manifest in `base`; everything in it comes after `inherited`. Returns its schema version."""
        place = Place(path=self._directory.shown(base / MANIFEST))
        if base in self._seen or len(self._seen) >= DEPTH_MAX * DEPTH_MAX or prefix.count("/") > DEPTH_MAX:
            raise place.error("this assembly is nested in itself, or too many are", TOO_LARGE)
        self._seen.add(base)
        content = place.mapping(self._directory.read_json(self._directory.find(base, MANIFEST, place)))
        schema = _schema(content, place / "version")
        entries = (place / "artifacts").mapping(content.get("artifacts", {}))
        for id_, entry in entries.items():
            self._artifact(id_, entry, entries, base, prefix, inherited, place / "artifacts" / id_)
        self.missing += _missing(content, place / "missing")
        return schema

    def _artifact(
        self,
        id_: str,
        entry: object,
        siblings: Mapping[str, object],
        base: Path,
        prefix: str,
        inherited: Sequence[str],
        place: Place,
    ) -> None:
        attributes = place.mapping(entry)
        properties = (place / "properties").mapping(attributes.get("properties", {}))
        named = (place / "dependencies").texts(attributes.get("dependencies", []))
        for name in named:
            if name not in siblings:
                hint = nearest(name, siblings)
                raise (place / "dependencies").error(f"there is no artifact {shown(name)}", hint=hint)
        key = f"{prefix}{id_}"
        dependencies = (*inherited, *(f"{prefix}{name}" for name in named))
        type_ = (place / "type").text(attributes.get("type"))
        if type_ == NESTED_ASSEMBLY:
            self._nested(key, properties, base, dependencies, place)
            return
        self.edges[key] = list(dependencies)
        self.artifacts[key] = Artifact(
            id=id_,
            key=key,
            type=type_,
            base=base,
            place=place,
            attributes=attributes,
            properties=properties,
        )

    def _nested(
        self, key: str, properties: Mapping[str, object], base: Path, dependencies: tuple[str, ...], place: Place
    ) -> None:
        at = place / "properties" / "directoryName"
        nested = self._directory.find(base, at.text(properties.get("directoryName")), at)
        before = set(self.edges)
        self.read(nested, prefix=f"{key}/", inherited=dependencies)
        self.edges[key] = [name for name in self.edges if name not in before]


def _schema(content: Mapping[str, object], place: Place) -> str:
    version = place.text(content.get("version"))
    major = version.partition(".")[0]
    if not (major.isascii() and major.isdigit() and len(major) < 6):
        raise place.error(f"{shown(version)} is not a version")
    if int(major) < SCHEMA_MIN:
        raise place.error(
            f"schema {version} is older than {SCHEMA_MIN}, the oldest that is read",
            UNKNOWN_SCHEMA,
            hint="synthesize with aws-cdk-lib 2.0 or newer",
        )
    return version


def _missing(content: Mapping[str, object], place: Place) -> Iterator[MissingContext]:
    for index, item in enumerate(place.sequence(content.get("missing", []))):
        here = place / index
        entry = here.mapping(item)
        yield MissingContext(
            key=(here / "key").text(entry.get("key")), provider=(here / "provider").text(entry.get("provider"))
        )
