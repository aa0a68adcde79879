"""`AWS::Lambda::LayerVersion` and `AWS::Lambda::LayerVersionPermission`.

Source: CloudFormation Template Reference, "AWS::Lambda::LayerVersion" and "AWS::Lambda::LayerVersionPermission".
"""

from __future__ import annotations

from typing import Any, ClassVar

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.lambda_calls import call_lambda, gone_or
from lambdakit.harness.deployment.provisioners.lambda_code import location, package_at
from lambdakit.harness.lambda_service.layers import LayerDetails


class LambdaLayerVersion:
    """A version of a layer. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        "CompatibleArchitectures": RECORDED,
        "CompatibleRuntimes": RECORDED,
        "Content": {"S3Bucket": READ, "S3Key": READ, "S3ObjectStorageMode": RECORDED, "S3ObjectVersion": RECORDED},
        "Description": RECORDED,
        "LayerName": READ,
        "LicenseInfo": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Publishes the layer's next version."""
        properties = resource.properties
        content = location(resource, "Content")
        if "S3Bucket" not in content or "S3Key" not in content:
            raise ResourceRefused("Content names no S3 object", property_pointer="Content")
        package = package_at(
            str(content["S3Bucket"]), str(content["S3Key"]), resource, context, property_pointer="Content"
        )
        name = properties.get("LayerName") or resource.generated_name(length_max=140)
        layer_arn = f"arn:{partition_of(resource.region)}:lambda:{resource.region}:{resource.account_id}:layer:{name}"
        details = LayerDetails(
            description=str(properties.get("Description") or ""),
            license_info=str(properties.get("LicenseInfo") or ""),
            runtimes=tuple(properties.get("CompatibleRuntimes") or ()),
            architectures=tuple(properties.get("CompatibleArchitectures") or ()),
            code_sha256=package.sha256,
            code_size=package.size,
            created=context.clock.now(),
        )
        arn = context.layers.publish(
            layer_arn, package.directory, unzipped_bytes=package.unzipped_bytes, details=details
        )
        return Provisioned(physical_id=arn, attributes={"LayerVersionArn": arn})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property needs a replacement, so nothing can differ."""
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the version; functions that use it keep it."""
        context.layers.delete(created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back: a version never changes."""


class LambdaLayerVersionPermission:
    """A permission to use a layer version. `Ref` gives the statement's id."""

    properties: ClassVar[PropertyTree] = {
        "Action": RECORDED,
        "LayerVersionArn": READ,
        "OrganizationId": RECORDED,
        "Principal": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Adds the statement to the policy of the layer version."""
        statement_id = resource.generated_name(length_max=100)
        call_lambda(
            "AddLayerVersionPermission",
            resource.properties,
            resource,
            context,
            StatementId=statement_id,
            **_version(resource),
        )
        return Provisioned(physical_id=statement_id, attributes={"Id": statement_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Every property needs a replacement, so nothing can differ."""
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes the statement; it goes with its layer version."""
        gone_or(
            "RemoveLayerVersionPermission",
            created.resource,
            context,
            StatementId=created.provisioned.physical_id,
            **_version(created.resource),
        )

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _version(resource: Resource) -> dict[str, Any]:
    layer, _, number = str(resource.properties["LayerVersionArn"]).rpartition(":")
    if not number.isdigit():
        raise ResourceRefused("LayerVersionArn is no ARN of a layer version", property_pointer="LayerVersionArn")
    return {"LayerName": layer, "VersionNumber": int(number)}
