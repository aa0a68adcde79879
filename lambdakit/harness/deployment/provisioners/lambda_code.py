"""The code that a template names by bucket and key: an asset of the assembly, or an object in S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Context, Resource, ResourceRefused
from lambdakit.harness.runtime.code_package import CodePackage


def location(resource: Resource, name: str) -> Mapping[str, Any]:
    """The property that tells where code is. ResourceRefused for anything but an object, such as a path."""
    told = resource.properties.get(name) or {}
    if isinstance(told, Mapping):
        return told
    # AWS CLI Command Reference, "cloudformation package": it replaces local paths in this property.
    hint = "run `aws cloudformation package`, and deploy the template that it gives" if isinstance(told, str) else ""
    problem = f"{name} is a path, and has to be an object" if hint else f"{name} has to be an object"
    raise ResourceRefused(problem, property_pointer=name, hint=hint)


def package_at(bucket: str, key: str, resource: Resource, context: Context, *, property_pointer: str) -> CodePackage:
    """The unpacked package. ResourceRefused when nothing is there."""
    asset = context.asset(bucket, key)
    if asset is not None and asset.is_dir():
        return context.code.from_directory(asset)
    if asset is not None and asset.is_file():
        return context.code.from_zip(asset.read_bytes())
    if asset is not None:
        raise ResourceRefused(
            f"the asset {asset} is missing", property_pointer=property_pointer, hint="synthesize the assembly again"
        )
    try:
        body = context.client("s3", resource).get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise ResourceRefused(
            f"Error occurred while GetObject. S3 Error Code: {error.response['Error']['Code']}. "
            f"S3 Error Message: {error.response['Error'].get('Message', '')} (s3://{bucket}/{key})",
            property_pointer=property_pointer,
            hint="the object is neither an asset of the assembly nor in the account; put it there before deploying",
        ) from None
    return context.code.from_zip(body)
