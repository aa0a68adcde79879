"""`AWS::AppSync::DomainName` and `AWS::AppSync::DomainNameApiAssociation`.

Source: CloudFormation Template Reference, "AWS::AppSync::DomainName" and the page beside it.
"""

from __future__ import annotations

from typing import ClassVar, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import call, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    tags_setting,
    unless_gone,
    without,
)

_GONE: Final = ("NotFoundException",)


class DomainName(HoldsNothing):
    """A custom domain of GraphQL APIs. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {**reads("Description DomainName Tags"), **records("CertificateArn")}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the domain, which leads nowhere."""
        properties = resource.properties
        domain = call(
            context.client("appsync", resource),
            "create_domain_name",
            without(properties, "Tags"),
            tags=tag_map(properties.get("Tags")) or None,
        )["domainNameConfig"]
        return Provisioned(
            physical_id=domain["domainName"],
            attributes={
                "DomainName": domain["domainName"],
                "AppSyncDomainName": domain["appsyncDomainName"],
                "HostedZoneId": domain["hostedZoneId"],
                "DomainNameArn": domain["domainNameArn"],
            },
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts description and tags in place."""
        client, name = context.client("appsync", resource), created.provisioned.physical_id
        arn = created.provisioned.attributes["DomainNameArn"]

        def description(_: Properties, new: Properties) -> None:
            call(client, "update_domain_name", domainName=name, description=new.get("Description"))

        tags = tags_setting(
            lambda tags: client.tag_resource(resourceArn=arn, tags=tags),
            lambda keys: client.untag_resource(resourceArn=arn, tagKeys=keys),
        )
        change([Setting(("Description",), description), tags], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the domain."""
        with unless_gone(*_GONE):
            context.client("appsync", created.resource).delete_domain_name(domainName=created.provisioned.physical_id)


class DomainNameApiAssociation(HoldsNothing):
    """What a custom domain leads to."""

    properties: ClassVar[PropertyTree] = reads("ApiId DomainName")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Has the domain lead to the API."""
        call(context.client("appsync", resource), "associate_api", resource.properties)
        identity = f"{resource.properties.get('DomainName')}/apiassociation"
        return Provisioned(physical_id=identity, attributes={"ApiAssociationIdentifier": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Has the domain lead to another API."""
        client = context.client("appsync", resource)
        with unless_gone(*_GONE):
            client.disassociate_api(domainName=resource.properties.get("DomainName"))
        call(client, "associate_api", resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Has the domain lead nowhere."""
        with unless_gone(*_GONE):
            context.client("appsync", created.resource).disassociate_api(
                domainName=created.resource.properties.get("DomainName")
            )
