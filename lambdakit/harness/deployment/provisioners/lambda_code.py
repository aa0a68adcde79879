"""The code that a template names by bucket and key: an asset of the assembly, or an object in S3."""

from __future__ import annotations

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Context, Resource, ResourceRefused
from lambdakit.harness.runtime.code_package import CodePackage


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
