"""EC2's VPC endpoints, flow logs and prefix lists.

Source: CloudFormation Template Reference, "AWS::EC2::VPCEndpoint", "AWS::EC2::FlowLog" and "AWS::EC2::PrefixList".
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.property_tree import PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.ec2_tagged import SET_TAGS, TAGGING, UNTAGGED
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, is_gone, properties_of
from lambdakit.harness.moto_state.unserved import set_private_dns

_ENDPOINT: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="PolicyDocument PrivateDnsEnabled RouteTableIds SecurityGroupIds ServiceName SubnetIds Tags"
        " VpcEndpointType VpcId",
        recorded="DnsOptions IpAddressType ResourceConfigurationArn ServiceNetworkArn ServiceRegion",
    ),
    # Amazon EC2 API Reference, "CreateVpcEndpoint": the type that an endpoint has when none is said.
    # The template reference: private DNS is off when nothing is said of it, where the API switches it on.
    defaults={"VpcEndpointType": "Gateway", "RouteTableIds": [], "PrivateDnsEnabled": False},
    # The same (`PolicyDocument`): "the default policy allows full access to the service".
    cleared={
        "PolicyDocument": {
            "Version": "2008-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        },
    },
    made_by=Call(operation="create_vpc_endpoint", renamed=UNTAGGED),
    reference="made.VpcEndpoint.VpcEndpointId",
    completed_by=(SET_TAGS,),
    read_by=(call("describe_vpc_endpoints", VpcEndpointIds="[ref]"),),
    changed_by=(
        call(
            "modify_vpc_endpoint",
            VpcEndpointId="ref",
            PolicyDocument="p.PolicyDocument",
            AddRouteTableIds="added.RouteTableIds",
            RemoveRouteTableIds="removed.RouteTableIds",
            AddSubnetIds="added.SubnetIds",
            RemoveSubnetIds="removed.SubnetIds",
            AddSecurityGroupIds="added.SecurityGroupIds",
            RemoveSecurityGroupIds="removed.SecurityGroupIds",
            PrivateDnsEnabled="p.PrivateDnsEnabled",
        ),
    ),
    tagged_by=TAGGING,
    deleted_by=(call("delete_vpc_endpoints", VpcEndpointIds="[ref]"),),
    attributes={
        "Id": "ref",
        "CreationTimestamp": "found.VpcEndpoints[0].CreationTimestamp",
        "DnsEntries": "found.VpcEndpoints[0].DnsEntries[].join(':', [HostedZoneId || '', DnsName]) || `[]`",
        "NetworkInterfaceIds": "found.VpcEndpoints[0].NetworkInterfaceIds || `[]`",
    },
)


class VPCEndpoint:
    """An endpoint; one of type Gateway with its routes. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = _ENDPOINT.properties
    _kept: ClassVar[MotoBacked] = _ENDPOINT

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the endpoint."""
        return self._kept.create(resource, context)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes policy, subnets, groups and route tables; moto keeps the routes of those that are no more.

        It has no way to switch private DNS either.
        """
        provisioned = self._kept.update(created, resource, context)
        enabled = str(resource.properties.get("PrivateDnsEnabled", False)).lower() == "true"
        set_private_dns(resource.account_id, resource.region, provisioned.physical_id, enabled=enabled)
        ec2 = context.client("ec2", resource)
        old = created.resource.properties.get("RouteTableIds") or []
        new = resource.properties.get("RouteTableIds") or []
        _remove_routes(ec2, resource, [table for table in old if table not in new])
        for prefix_list_id in _prefix_lists(ec2, resource):
            for table in new:
                if table not in old:
                    ec2.create_route(
                        RouteTableId=table, DestinationPrefixListId=prefix_list_id, GatewayId=provisioned.physical_id
                    )
        return provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the endpoint with its routes."""
        ec2 = context.client("ec2", created.resource)
        tables = created.resource.properties.get("RouteTableIds") or []
        _remove_routes(ec2, created.resource, tables)
        if tables:
            with contextlib.suppress(ClientError):
                # moto does not delete an endpoint one of whose routes is gone.
                ec2.modify_vpc_endpoint(VpcEndpointId=created.provisioned.physical_id, RemoveRouteTableIds=tables)
        self._kept.delete(created, context)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _prefix_lists(ec2: Any, resource: Resource) -> list[str]:
    """The ids of the prefix lists with a gateway endpoint's service in them; none for another endpoint."""
    if resource.properties.get("VpcEndpointType", "Gateway") != "Gateway":
        return []
    filters = [{"Name": "prefix-list-name", "Values": [resource.properties["ServiceName"]]}]
    found = ec2.describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return [str(prefix_list["PrefixListId"]) for prefix_list in found]


def _remove_routes(ec2: Any, resource: Resource, tables: list[str]) -> None:
    for prefix_list_id in _prefix_lists(ec2, resource):
        for table in tables:
            try:
                ec2.delete_route(RouteTableId=table, DestinationPrefixListId=prefix_list_id)
            except ClientError as error:
                if not is_gone(error):
                    raise


VPC_ENDPOINT_SERVICE: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="AcceptanceRequired GatewayLoadBalancerArns NetworkLoadBalancerArns PrivateDnsName Tags",
        recorded="ContributorInsightsEnabled PayerResponsibility PrivateDnsNameConfiguration SupportedIpAddressTypes"
        " SupportedRegions",
    ),
    cleared={"AcceptanceRequired": True},  # the template reference, "AWS::EC2::VPCEndpointService"
    made_by=Call(operation="create_vpc_endpoint_service_configuration", renamed=UNTAGGED),
    reference="made.ServiceConfiguration.ServiceId",
    completed_by=(SET_TAGS,),
    changed_by=(
        call(
            "modify_vpc_endpoint_service_configuration",
            ServiceId="ref",
            AcceptanceRequired="p.AcceptanceRequired",
            PrivateDnsName="p.PrivateDnsName",
            AddNetworkLoadBalancerArns="added.NetworkLoadBalancerArns",
            RemoveNetworkLoadBalancerArns="removed.NetworkLoadBalancerArns",
            AddGatewayLoadBalancerArns="added.GatewayLoadBalancerArns",
            RemoveGatewayLoadBalancerArns="removed.GatewayLoadBalancerArns",
        ),
    ),
    tagged_by=TAGGING,
    deleted_by=(call("delete_vpc_endpoint_service_configurations", ServiceIds="[ref]"),),
    attributes={"ServiceId": "ref"},
)

VPC_ENDPOINT_SERVICE_PERMISSIONS: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="AllowedPrincipals ServiceId"),
    made_by=call(
        "modify_vpc_endpoint_service_permissions", ServiceId="p.ServiceId", AddAllowedPrincipals="p.AllowedPrincipals"
    ),
    reference="p.ServiceId",
    changed_by=(
        call(
            "modify_vpc_endpoint_service_permissions",
            ServiceId="ref",
            AddAllowedPrincipals="added.AllowedPrincipals",
            RemoveAllowedPrincipals="removed.AllowedPrincipals",
        ),
    ),
    deleted_by=(
        call("modify_vpc_endpoint_service_permissions", ServiceId="ref", RemoveAllowedPrincipals="p.AllowedPrincipals"),
    ),
)

_FLOW_LOG: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="DeliverLogsPermissionArn LogDestination LogDestinationType LogFormat LogGroupName MaxAggregationInterval"
        " ResourceId ResourceType Tags TrafficType",
        recorded="DeliverCrossAccountRole DestinationOptions TagFieldSpecifications",
    ),
    made_by=Call(operation="create_flow_logs", arguments={"ResourceIds": "[p.ResourceId]"}, renamed=UNTAGGED),
    reference="made.FlowLogIds[0]",
    complaint="made.Unsuccessful[0].Error.Message",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_flow_logs", FlowLogIds="[ref]"),),
    attributes={"Id": "ref"},
)


class FlowLog:
    """A flow log. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = _FLOW_LOG.properties
    _kept: ClassVar[MotoBacked] = _FLOW_LOG

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the flow log."""
        return self._kept.create(_to_bucket(resource), context)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the tags: everything else takes another flow log."""
        before = dataclasses.replace(created, resource=_to_bucket(created.resource))
        return self._kept.update(before, _to_bucket(resource), context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the flow log."""
        self._kept.delete(created, context)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


PREFIX_LIST: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="AddressFamily Entries MaxEntries PrefixListName Tags"),
    defaults={"Entries": []},
    made_by=Call(operation="create_managed_prefix_list", renamed=UNTAGGED),
    reference="made.PrefixList.PrefixListId",
    completed_by=(SET_TAGS,),
    read_by=(call("describe_managed_prefix_lists", PrefixListIds="[ref]"),),
    changed_by=(
        call(
            "modify_managed_prefix_list",
            PrefixListId="ref",
            PrefixListName="p.PrefixListName",
            MaxEntries="p.MaxEntries",
            AddEntries="added.Entries",
            RemoveEntries="removed.Entries[].{Cidr: Cidr}",
        ),
    ),
    tagged_by=TAGGING,
    deleted_by=(call("delete_managed_prefix_list", PrefixListId="ref"),),
    attributes={
        "PrefixListId": "ref",
        "Arn": "made.PrefixList.PrefixListArn",
        "OwnerId": "account",
        "Version": "found.PrefixLists[0].Version",
    },
)


def _to_bucket(resource: Resource) -> Resource:
    """The resource with a bucket for its destination: moto takes no folder in it."""
    properties = resource.properties
    destination = properties.get("LogDestination")
    if properties.get("LogDestinationType") != "s3" or not isinstance(destination, str):
        return resource
    return dataclasses.replace(resource, properties={**properties, "LogDestination": destination.partition("/")[0]})
