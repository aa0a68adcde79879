"""Container images as a registry's records: a repository, a tag and a manifest without layers. No image is copied.

Nothing here holds or runs images. `DescribeImages`, `ListImages` and `BatchGetImage` answer for what is recorded.
Source: Amazon ECR User Guide, "Amazon ECR private registries" (the form of an image's URI); OCI Image Format
Specification, "Image Manifest".
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.records import dataclass

_URI: Final = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[a-z0-9][a-z0-9._/-]*?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
# Docker CLI Reference, "docker image tag": what absence of a tag means.
_LATEST: Final = "latest"
_MANIFEST_TYPE: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE: Final = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlace:
    """An image in the registry of an account. digest: empty where the URI names a tag."""

    account_id: str
    region: str
    repository: str
    tag: str
    digest: str = ""

    @property
    def name(self) -> str:
        """Repository and tag, or digest."""
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


def image_place(uri: str) -> ImagePlace | None:
    """Where an image is; None for one that is in no private registry of Amazon ECR."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    return ImagePlace(
        account_id=match["account"],
        region=match["region"],
        repository=match["repository"],
        tag=match["tag"] or _LATEST,
        digest=match["digest"] or "",
    )


def recorded_manifest(account: Account, place: ImagePlace) -> str | None:
    """The manifest of an image that is there; None for none."""
    wanted = {"imageDigest": place.digest} if place.digest else {"imageTag": place.tag}
    try:
        found = _ecr(account, place).batch_get_image(repositoryName=place.repository, imageIds=[wanted])["images"]
    except ClientError:
        return None
    return str(found[0]["imageManifest"]) if found else None


def manifest_for(source: str) -> str:
    """A manifest without layers that stands for an image, the same each time. source: what the image is of."""
    config = json.dumps({"created_by": "recorded by lambdakit, no image was copied", "source": source}).encode()
    descriptor = {
        "mediaType": _CONFIG_TYPE,
        "size": len(config),
        "digest": f"sha256:{hashlib.sha256(config).hexdigest()}",
    }
    return json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST_TYPE, "config": descriptor, "layers": []})


def record_image(account: Account, place: ImagePlace, manifest: str) -> str:
    """Puts a manifest under a tag; its digest. ClientError when there is no such repository, or its tags are fixed.

    The same manifest under the same tag is what a registry takes without a word.
    Source: Amazon ECR API Reference, "PutImage".
    """
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    if recorded_manifest(account, place) == manifest:
        return digest
    ecr = _ecr(account, place)
    ecr.describe_repositories(repositoryNames=[place.repository])  # moto fails at a PutImage into none
    put = ecr.put_image(
        repositoryName=place.repository,
        imageManifest=manifest,
        imageManifestMediaType=json.loads(manifest).get("mediaType", _MANIFEST_TYPE),
        imageTag=place.tag,
        imageDigest=digest,
    )
    return str(put["image"]["imageId"]["imageDigest"])


def bring_repository(account: Account, place: ImagePlace) -> None:
    """Creates an image's repository where there is none."""
    ecr = _ecr(account, place)
    try:
        ecr.describe_repositories(repositoryNames=[place.repository])
    except ClientError:
        ecr.create_repository(repositoryName=place.repository)


def _ecr(account: Account, place: ImagePlace) -> Any:
    return account.client("ecr", place.region, place.account_id)
