"""`AWS::ApiGatewayV2::DomainName` and `AWS::ApiGateway::DomainName`: a custom domain, with a front door of its own.

Source: CloudFormation Template Reference, "AWS::ApiGatewayV2::DomainName", "AWS::ApiGateway::DomainName"; API Gateway
Developer Guide, "Custom domain names for HTTP APIs in API Gateway".
"""

from __future__ import annotations

from lambdakit.harness.deployment.property_tree import PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.provisioners.moto_backed import MotoBacked


class DomainName:
    """A custom domain. `Ref` gives its name."""

    def __init__(self, kept: MotoBacked) -> None:
        self._kept = kept
        self.properties: PropertyTree = kept.properties

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the domain and opens its door."""
        provisioned = self._kept.create(resource, context)
        created = Created(resource=resource, provisioned=provisioned)
        with undone_on_failure(lambda: self._kept.delete(created, context)):
            context.open_domain(provisioned.physical_id, resource.region, resource.account_id)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes the domain anew; its door stays."""
        return self._kept.update(created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Closes the door and deletes the domain."""
        context.doors.close_door(created.provisioned.physical_id)
        self._kept.delete(created, context)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""
