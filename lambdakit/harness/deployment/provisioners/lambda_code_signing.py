"""`AWS::Lambda::CodeSigningConfig`, which is kept and returned.

Source: CloudFormation Template Reference, "AWS::Lambda::CodeSigningConfig".
"""

from __future__ import annotations

from typing import ClassVar

from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.lambda_calls import call_lambda, gone_or, retag


class LambdaCodeSigningConfig:
    """A configuration. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = dict.fromkeys(
        ("AllowedPublishers", "CodeSigningPolicies", "Description", "Tags"), RECORDED
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Makes the configuration."""
        made = call_lambda("CreateCodeSigningConfig", resource.properties, resource, context)["CodeSigningConfig"]
        attributes = {name: made[name] for name in ("CodeSigningConfigArn", "CodeSigningConfigId")}
        return Provisioned(physical_id=made["CodeSigningConfigArn"], attributes=attributes)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Sets what the template says now."""
        call_lambda(
            "UpdateCodeSigningConfig",
            {"Description": "", "CodeSigningPolicies": {}, **resource.properties},
            resource,
            context,
            CodeSigningConfigArn=created.provisioned.physical_id,
        )
        retag(created, resource, context, created.provisioned.physical_id)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Removes the configuration."""
        arn = created.provisioned.physical_id
        gone_or("DeleteCodeSigningConfig", created.resource, context, CodeSigningConfigArn=arn)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""
