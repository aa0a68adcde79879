"""The files that a cloud assembly brings along, and where its templates expect them after publishing.

A template names an asset by the bucket and key it would be uploaded to; `AssemblyAssets.find` leads from there back
to the file or directory in the assembly. Nothing is copied or zipped here.

Source: aws-cdk-lib's cloud-assembly-schema, "AssetManifest", "FileAsset", "DockerImageAsset".
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from lambdakit.assembly.codes import OUTSIDE_ASSEMBLY, UNSUPPORTED_ASSET
from lambdakit.assembly.place import Place
from lambdakit.records import dataclass

Kind = Literal["file", "docker_image"]
Packaging = Literal["file", "zip", "image"]

_PLACEHOLDERS: Final = {
    "${AWS::AccountId}": "[0-9]{12}",
    "${AWS::Region}": "[a-z0-9-]{1,32}",
    "${AWS::Partition}": "aws[a-z-]{0,16}",
}
_S3_HOST: Final = re.compile(r"(?:^|\.)s3[.-]")
_IMAGE_URI: Final = re.compile(r"[^/]+/(?P<repository>[^:@]+):(?P<tag>[^:@]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDestination:
    """Where an asset is published to: a bucket and key, or for an image a repository and tag.

    container, name: may hold `${AWS::AccountId}`, `${AWS::Region}` and `${AWS::Partition}`.
    region: None for the stack's own.
    """

    container: str
    name: str
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file, directory or container image that a stack needs.

    packaging: `file` as it is, `zip` for a directory to be zipped, `image` for a directory with a Dockerfile.
    source: what `path` returns; None when a command would have to make it.
    image: the image's build settings as in the manifest (`dockerFile`, `platform` …); empty for files.
    root: the assembly's directory, which nothing in the asset may lead out of.
    """

    id: str
    kind: Kind
    packaging: Packaging
    source: Path | None
    destinations: tuple[AssetDestination, ...]
    display_name: str
    root: Path
    image: Mapping[str, object]
    place: Place

    @property
    def path(self) -> Path:
        """The file or directory in the assembly. AssemblyError when only a command could make it."""
        if self.source is None:
            raise self.place.error(
                f"asset {self.display_name!r} is made by running a command, which is not supported",
                UNSUPPORTED_ASSET,
                hint="give the asset as a file or directory",
            )
        return self.source

    @property
    def bucket_template(self) -> str:
        """The bucket (or repository) of the first destination, with its placeholders."""
        return self.destinations[0].container if self.destinations else ""

    @property
    def key_template(self) -> str:
        """The key (or image tag) of the first destination, with its placeholders."""
        return self.destinations[0].name if self.destinations else ""

    def check_links(self) -> None:
        """AssemblyError when a symbolic link within the asset leads out of the assembly or nowhere.

        Walks the whole directory: ask once, before the asset's content is used.
        """
        pending = [self.path] if self.path.is_dir() else []
        while pending:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        self._check_link(Path(entry.path))
                    elif entry.is_dir(follow_symlinks=False):
                        pending.append(Path(entry.path))

    def _check_link(self, link: Path) -> None:
        try:
            target = link.resolve(strict=True)
        except FileNotFoundError:
            target = link.resolve()
        except (OSError, RuntimeError):  # a circle: the first from Python 3.13 on, where nothing else tells of it
            target = Path(link.anchor)
        if not target.is_relative_to(self.root):
            raise self.place.error(
                f"the symbolic link {str(link.relative_to(self.root))!r} leads out of the cloud assembly",
                OUTSIDE_ASSEMBLY,
                hint="synthesize with follow_symlinks=ALWAYS, so that the file itself is copied",
            )


class AssemblyAssets:
    """The assets of one stack, or of a whole assembly."""

    def __init__(self, assets: Sequence[Asset]) -> None:
        self.all = tuple(assets)
        self._by_name: dict[str, list[tuple[AssetDestination, Asset]]] = {}
        self._by_pattern: list[tuple[AssetDestination, Asset]] = []
        for asset in self.all:
            for destination in asset.destinations:
                if "${" in destination.name:
                    self._by_pattern.append((destination, asset))
                else:
                    self._by_name.setdefault(destination.name, []).append((destination, asset))

    def find(self, bucket: str, key: str) -> Asset | None:
        """The file whose published bucket and key these are, as they appear in a resolved template."""
        return self._find(bucket, key, "file")

    def find_url(self, url: str) -> Asset | None:
        """The file published at an `s3://` or `https://` URL of S3, path style or virtual hosted."""
        bucket, key = _bucket_and_key(url)
        return self.find(bucket, key)

    def find_image(self, uri: str) -> Asset | None:
        """The image published as `<registry>/<repository>:<tag>`."""
        match = _IMAGE_URI.fullmatch(uri)
        return None if match is None else self._find(match["repository"], match["tag"], "docker_image")

    def _find(self, container: str, name: str, kind: Kind) -> Asset | None:
        for destination, asset in [*self._by_name.get(name, []), *self._by_pattern]:
            if asset.kind == kind and _fits(destination.container, container) and _fits(destination.name, name):
                return asset
        return None


def _bucket_and_key(url: str) -> tuple[str, str]:
    """The bucket and key of an S3 URL; two empty texts for any other.

    Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets", "Path-style requests".
    """
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    if scheme == "s3":
        return host, path
    match = _S3_HOST.search(host)
    if scheme != "https" or match is None:
        return "", ""
    if match.start() > 0:
        return host[: match.start()], path
    bucket, _, key = path.partition("/")
    return bucket, key


def _fits(template: str, text: str) -> bool:
    if template == text:
        return True
    if "${" not in template:
        return False
    pattern = re.escape(template)
    for placeholder, values in _PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(placeholder), values)
    return re.fullmatch(pattern, text) is not None
