"""`AWS::Lambda::LayerVersion`.

Source: CloudFormation Template Reference, "AWS::Lambda::LayerVersion".
"""

from __future__ import annotations

from typing import ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.lambda_code import package_at


class LambdaLayerVersion:
    """A version of a layer. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        "CompatibleArchitectures": RECORDED,
        "CompatibleRuntimes": RECORDED,
        "Content": {"S3Bucket": READ, "S3Key": READ, "S3ObjectVersion": RECORDED},
        "Description": RECORDED,
        "LayerName": READ,
        "LicenseInfo": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Publishes the layer's next version."""
        content = resource.properties.get("Content") or {}
        if "S3Bucket" not in content or "S3Key" not in content:
            raise ResourceRefused("Content names no S3 object", property_pointer="Content")
        package = package_at(str(content["S3Bucket"]), str(content["S3Key"]), context, property_pointer="Content")
        name = resource.properties.get("LayerName") or resource.generated_name(length_max=140)
        layer_arn = f"arn:aws:lambda:{resource.region}:{resource.account_id}:layer:{name}"
        arn = context.layers.publish(layer_arn, package.directory)
        return Provisioned(physical_id=arn, attributes={"LayerVersionArn": arn})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the version; functions that use it keep it."""
        context.layers.delete(created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back: a version never changes."""
