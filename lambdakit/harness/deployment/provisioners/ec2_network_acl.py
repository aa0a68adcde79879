"""EC2's network ACLs.

Source: CloudFormation Template Reference, "AWS::EC2::NetworkAcl" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import READ, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.ec2_tagged import SET_TAGS, TAGGING, UNTAGGED
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

NETWORK_ACL: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="Tags VpcId"),
    made_by=Call(operation="create_network_acl", renamed=UNTAGGED),
    reference="made.NetworkAcl.NetworkAclId",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_network_acl", NetworkAclId="ref"),),
    attributes={"Id": "ref"},
)

_ICMP: Final = {"Icmp": "IcmpTypeCode"}

NETWORK_ACL_ENTRY: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="CidrBlock Egress Icmp Ipv6CidrBlock NetworkAclId PortRange Protocol RuleAction RuleNumber"
    ),
    defaults={"Egress": False},
    made_by=Call(operation="create_network_acl_entry", renamed=_ICMP),
    reference="join('|', [p.NetworkAclId, to_string(p.RuleNumber), to_string(p.Egress)])",
    changed_by=(Call(operation="replace_network_acl_entry", renamed=_ICMP),),
    deleted_by=(
        call("delete_network_acl_entry", NetworkAclId="p.NetworkAclId", RuleNumber="p.RuleNumber", Egress="p.Egress"),
    ),
    attributes={"Id": "join('|', [p.NetworkAclId, to_string(p.RuleNumber), to_string(p.Egress)])"},
)


class SubnetNetworkAclAssociation:
    """The ACL of a subnet, in place of the VPC's own. `Ref` gives the association's id."""

    properties: ClassVar[PropertyTree] = {"NetworkAclId": READ, "SubnetId": READ}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Takes the ACL that the subnet has out of its place."""
        properties = resource.properties
        ec2 = context.client("ec2", resource)
        return _associate(ec2, properties["SubnetId"], properties["NetworkAclId"])

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Nothing changes in place: both properties take another association."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Gives the subnet the VPC's own ACL again, unless another one took its place already."""
        ec2 = context.client("ec2", created.resource)
        properties = created.resource.properties
        acl = _acl_of(ec2, properties["SubnetId"])
        if acl is None or acl["NetworkAclId"] != properties["NetworkAclId"]:
            return
        filters = [{"Name": "vpc-id", "Values": [acl["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
        for default in ec2.describe_network_acls(Filters=filters)["NetworkAcls"]:
            _associate(ec2, properties["SubnetId"], default["NetworkAclId"])

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _acl_of(ec2: Any, subnet_id: str) -> Any:
    """The ACL of a subnet; None when there is no such subnet."""
    filters = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
    found = ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    return found[0] if found else None


def _associate(ec2: Any, subnet_id: str, acl_id: str) -> Provisioned:
    acl = _acl_of(ec2, subnet_id)
    if acl is None:
        raise ResourceRefused(f"there is no subnet {subnet_id}", property_pointer="SubnetId")
    current = next(each for each in acl["Associations"] if each["SubnetId"] == subnet_id)
    identity = ec2.replace_network_acl_association(
        AssociationId=current["NetworkAclAssociationId"], NetworkAclId=acl_id
    )["NewAssociationId"]
    return Provisioned(physical_id=identity, attributes={"AssociationId": identity})
