"""`AWS::Lambda::CapacityProvider`, which is kept and returned; its network is that of its functions.

Source: CloudFormation Template Reference, "AWS::Lambda::CapacityProvider".
"""

from __future__ import annotations

from typing import ClassVar

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.lambda_calls import call_lambda, gone_or, retag
from lambdakit.harness.deployment.settings import HoldsNothing

_NAME_LENGTH_MAX = 140


class LambdaCapacityProvider(HoldsNothing):
    """A capacity provider. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("CapacityProviderName", VpcConfig=reads("SecurityGroupIds SubnetIds")),
        **records("CapacityProviderScalingConfig InstanceRequirements KmsKeyArn PermissionsConfig"),
        **records("PropagateTags Tags TelemetryConfig"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Makes the provider; no instance is launched."""
        properties = resource.properties
        name = properties.get("CapacityProviderName") or resource.generated_name(length_max=_NAME_LENGTH_MAX)
        tags = {str(tag["Key"]): str(tag.get("Value", "")) for tag in properties.get("Tags") or ()}
        given = {key: value for key, value in properties.items() if key != "Tags"}
        vpc = {"SecurityGroupIds": [], **(properties.get("VpcConfig") or {})}
        made = call_lambda(
            "CreateCapacityProvider",
            {**given, "VpcConfig": vpc},
            resource,
            context,
            CapacityProviderName=name,
            Tags=tags,
        )["CapacityProvider"]
        return Provisioned(physical_id=name, attributes={"Arn": made["CapacityProviderArn"], "State": made["State"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets what may change; the rest takes another provider."""
        name = created.provisioned.physical_id
        given = {
            key: value for key, value in resource.properties.items() if key not in ("Tags", "CapacityProviderName")
        }
        # Without its scaling it has the one that a new provider has.
        given = {"CapacityProviderScalingConfig": {}, **given}
        call_lambda("UpdateCapacityProvider", given, resource, context, CapacityProviderName=name)
        retag(created, resource, context, str(created.provisioned.attributes["Arn"]))
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes the provider."""
        gone_or(
            "DeleteCapacityProvider",
            created.resource,
            context,
            CapacityProviderName=created.provisioned.physical_id,
        )
