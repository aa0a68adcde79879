"""`Custom::CDKECRDeployment` of cdk-ecr-deployment: an image copied from one registry into another, as a record.

Its function would fetch the image's layers from a registry and push them to another. There are none here: the function
deploys and is not invoked, and what it would have pushed to a registry of the account stands there as a manifest.
Source: cdk-ecr-deployment, `lambda-src/main.go` and `src/index.ts` (v4).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Final

from lambdakit.harness.deployment.image_records import (
    ImagePlace,
    image_place,
    manifest_for,
    record_image,
    recorded_manifest,
)
from lambdakit.harness.deployment.property_tree import PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.custom_resource import CustomResource
from lambdakit.harness.deployment.settings import HoldsNothing
from lambdakit.trace import ImageRecorded

TYPE: Final = "Custom::CDKECRDeployment"
_TRANSPORT: Final = "docker://"
_MAKE_IT: Final = 'the stack has to make it, or harness.client("ecr").create_repository(repositoryName={name!r}) before'


class ImageCopy(HoldsNothing):
    """An image that another one is copied to. `Ref` gives an id of the request; there are no attributes."""

    properties: PropertyTree = CustomResource.properties

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Records the image at its destination, and for each architecture under the tag that it is given."""
        source = _given(resource, "SrcImage")
        manifest = _source_manifest(source, context)
        for place, uri, variant in _destinations(resource):
            own = manifest_for(variant) if variant else manifest
            digest = "" if place is None else self._recorded(place, own, context)
            context.told(
                ImageRecorded(
                    stack=resource.stack,
                    logical_id=resource.logical_id,
                    source=source.removeprefix(_TRANSPORT),
                    destination=uri,
                    digest=digest,
                )
            )
        return Provisioned(physical_id=resource.generated_name(length_max=128))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Records it at the new place; what is at the old one stays."""
        self.create(resource, context)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """The image stays where it was copied to: the function answers a deletion without doing anything."""

    @staticmethod
    def _recorded(place: ImagePlace, manifest: str, context: Context) -> str:
        ecr = context.account.client("ecr", place.region, place.account_id)
        try:
            return record_image(context.account, place, manifest)
        except ecr.exceptions.RepositoryNotFoundException:
            raise ResourceRefused(
                f"name unknown: The repository with name '{place.repository}' does not exist in the registry with id "
                f"'{place.account_id}'",
                property_pointer="DestImage",
                hint=_MAKE_IT.format(name=place.repository),
            ) from None


def _given(resource: Resource, name: str) -> str:
    value = resource.properties.get(name)
    if not isinstance(value, str):
        raise ResourceRefused(f"can't get {name}", property_pointer=name)  # main.go, `getStrProps`
    return value


def _source_manifest(source: str, context: Context) -> str:
    """That of the image as it is recorded, so that the copy has its digest; else one that stands for it."""
    place = image_place(source.removeprefix(_TRANSPORT))
    there = None if place is None else recorded_manifest(context.account, place)
    return manifest_for(source) if there is None else there


def _destinations(resource: Resource) -> Iterator[tuple[ImagePlace | None, str, str]]:
    """Each place, in ECR or elsewhere, with its URI, and what its own image is of; empty for the source itself."""
    uri = _given(resource, "DestImage").removeprefix(_TRANSPORT)
    place = image_place(uri)
    yield place, uri, ""
    tags = json.loads(resource.properties.get("ArchImageTags") or "{}")
    for architecture, tag in tags.items():
        beside = None if place is None else dataclasses.replace(place, tag=tag)
        name = uri if place is None else uri.removesuffix(f":{place.tag}")
        yield beside, f"{name}:{tag}", f"{_given(resource, 'SrcImage')} for {architecture}"
