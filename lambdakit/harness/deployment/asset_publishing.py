"""Assets put into their bucket, as `cdk deploy` does before it deploys: only those that a resource names by their key.

Functions and layers are unpacked from the assembly itself; everything else reads the bucket. Images are not built:
their repositories show a record of each.
Source: AWS CDK Developer Guide, "Assets" and "AWS CDK bootstrapping".
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from botocore.exceptions import ClientError

from lambdakit.arn import partition_of
from lambdakit.assembly.assets import AssemblyAssets, Asset, AssetDestination
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.image_records import bring_repository, image_place, manifest_for, record_image
from lambdakit.harness.deployment.provisioner import Resource
from lambdakit.trace import ImageRecorded, TraceEvent

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip file can hold
_HERE = "us-east-1"  # the region whose buckets name no location


class AssetPublisher:
    """Publishes the assets of one assembly.

    account: whose buckets they go to, with what other accounts stacks name. told: takes what is only recorded.
    """

    def __init__(self, account: Account, assets: AssemblyAssets, told: Callable[[TraceEvent], object]) -> None:
        self._account = account
        self._assets = assets
        self._told = told
        self._has_images = any(asset.kind == "docker_image" for asset in assets.all)
        self._published: set[tuple[str, str]] = set()
        self._by_key: dict[str, list[tuple[AssetDestination, Asset]]] = {}
        for asset in assets.all:
            for destination in asset.destinations if asset.kind == "file" else ():
                self._by_key.setdefault(destination.name, []).append((destination, asset))

    def publish_named(self, properties: object, account_id: str, region: str) -> None:
        """Publishes what resolved properties name, be it by key or within a URL.

        An asset that several stacks use has the same key in the bucket of each one's account and region.
        """
        texts = list(_texts(properties))
        for text in texts:
            found = self._by_key.get(text) or self._by_key.get(text.rpartition("/")[2]) or []
            buckets = [_filled(each.container, account_id, each.region or region) for each, _ in found]
            named = [one for one, bucket in zip(found, buckets, strict=True) if any(bucket in each for each in texts)]
            near = [one for one in found if one[0].region in (None, region)]
            for destination, asset in named or near or found:
                self._publish(destination, asset, account_id, region)

    def record_images(self, resource: Resource) -> None:
        """Records the images of the assembly that a resource names by their URI, each in the repository it names.

        Source: AWS CDK Developer Guide, "Bootstrapping your environment" (the repository that it makes for assets).
        """
        for text in _texts(resource.properties) if self._has_images else ():
            uri = text.removeprefix("docker://")
            asset, place = self._assets.find_image(uri), image_place(uri)
            if asset is None or place is None or (place.repository, uri) in self._published:
                continue
            bring_repository(self._account, place)
            digest = record_image(self._account, place, manifest_for(asset.id))
            self._published.add((place.repository, uri))
            self._told(
                ImageRecorded(
                    stack=resource.stack,
                    logical_id=resource.logical_id,
                    source=asset.display_name,
                    destination=uri,
                    digest=digest,
                )
            )

    def _publish(self, destination: AssetDestination, asset: Asset, account_id: str, region: str) -> None:
        place = destination.region or region
        bucket = _filled(destination.container, account_id, place)
        key = _filled(destination.name, account_id, place)
        if (bucket, key) in self._published:
            return
        s3 = self._account.client("s3", place, account_id)
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError:
            location = {} if place == _HERE else {"CreateBucketConfiguration": {"LocationConstraint": place}}
            s3.create_bucket(Bucket=bucket, **location)
        asset.check_links()
        body = zipped(asset.path) if asset.path.is_dir() else asset.path.read_bytes()
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        self._published.add((bucket, key))


def zipped(directory: Path) -> bytes:
    """A directory as a zip file, the same bytes each time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder, folders, files in os.walk(directory, followlinks=True):
            # A link to a directory above would be followed for ever.
            above = Path(folder).resolve()
            folders[:] = sorted(name for name in folders if not above.is_relative_to((Path(folder) / name).resolve()))
            for name in sorted(files):
                path = Path(folder) / name
                entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), date_time=_EPOCH)
                entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _filled(template: str, account_id: str, region: str) -> str:
    values = {"${AWS::AccountId}": account_id, "${AWS::Region}": region, "${AWS::Partition}": partition_of(region)}
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template
