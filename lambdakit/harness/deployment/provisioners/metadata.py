"""`AWS::CDK::Metadata`: the CDK's own usage record, which makes nothing."""

from __future__ import annotations

from typing import ClassVar

from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource


class CdkMetadata:
    """Nothing, by intent."""

    properties: ClassVar[PropertyTree] = {"Analytics": RECORDED}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Makes nothing."""
        del context
        return Provisioned(physical_id=resource.generated_name(length_max=64))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes nothing."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes nothing."""

    def reset(self, created: Created, context: Context) -> None:
        """Resets nothing."""
