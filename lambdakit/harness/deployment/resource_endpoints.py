"""Where the databases, caches and domains of all stacks say that they are to be reached.

Their attributes tell a host and, for some, a port; the port that moto made up is no client's, so the usual one of the
kind counts beside it.
Source: CloudFormation Template Reference, "Return values" of each type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lambdakit.harness.deployment.deployed import DeployedStack, Stacks
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.deployment.usual_ports import usual_port
from lambdakit.harness.moto_state.load_balancers import targets_host
from lambdakit.harness.moto_state.network_objects import RecordedEndpoint
from lambdakit.harness.network.bindings import ResourceEndpoint

# Types whose resources moto does not keep.
_ONLY_RECORDED: Final = (
    *("AWS::ElastiCache::", "AWS::MemoryDB::", "AWS::DocDB::", "AWS::Neptune::", "AWS::Redshift", "AWS::DAX::"),
    "AWS::OpenSearchServerless::",
)
_SUBNET_GROUPS: Final = ("CacheSubnetGroupName", "SubnetGroupName", "DBSubnetGroupName", "ClusterSubnetGroupName")
_SECURITY_GROUPS: Final = ("VpcSecurityGroupIds", "SecurityGroupIds", "SecurityGroups")
_HOSTS: Final = ("Endpoint", "ReadEndpoint", "DomainEndpoint", "DomainEndpointV2", "CollectionEndpoint")
_ADDRESS: Final = ".Address"
# What stands behind a load balancer and is no function: a test binds it as a whole.
_TARGET_GROUP: Final = "AWS::ElasticLoadBalancingV2::TargetGroup"
_TARGETS_PORT: Final = 80


def resource_endpoints(stacks: Stacks) -> Sequence[ResourceEndpoint]:
    """Every endpoint of every resource that has one; a cluster has several."""
    return [
        endpoint
        for stack in stacks.all()
        for created in list(stack.resources.values())
        for endpoint in _of_resource(created)
    ]


def _of_resource(created: Created) -> Iterator[ResourceEndpoint]:
    usual = usual_port(created.resource.type, created.resource.properties)
    if usual:
        yield from _endpoints(created, usual)
    elif created.resource.type == _TARGET_GROUP and created.resource.properties.get("TargetType") != "lambda":
        yield _endpoint(created, targets_host(created.provisioned.physical_id), (_TARGETS_PORT,))


def recorded_endpoints(stacks: Stacks) -> tuple[RecordedEndpoint, ...]:
    """What stands in VPCs and only the engine knows of: caches, brokers, clusters that nothing emulates."""
    found = (
        RecordedEndpoint(
            host=endpoint.host.lower(),
            port=port,
            label=f"{endpoint.type} {endpoint.logical_id}",
            subnet_ids=_subnets(stack, created),
            security_group_ids=_groups(created),
        )
        for stack in stacks.all()
        for created in list(stack.resources.values())
        if created.resource.type.startswith(_ONLY_RECORDED)
        and (usual := usual_port(created.resource.type, created.resource.properties))
        for endpoint in _endpoints(created, usual)
        for port in endpoint.ports
    )
    return tuple(found)


def _subnets(stack: DeployedStack, created: Created) -> tuple[str, ...]:
    """The subnets of a resource: its own, or those of the group of subnets that it names."""
    properties = created.resource.properties
    own = properties.get("SubnetIds") or properties.get("ClientSubnets")
    if not own:
        named = next((str(properties[name]) for name in _SUBNET_GROUPS if properties.get(name)), "")
        groups = (other for other in stack.resources.values() if named and _is_called(other, named))
        own = next((group.resource.properties.get("SubnetIds") for group in groups), ())
    return tuple(str(subnet) for subnet in own or ())


def _is_called(created: Created, name: str) -> bool:
    return "SubnetGroup" in created.resource.type and created.provisioned.physical_id.lower() == name.lower()


def _groups(created: Created) -> tuple[str, ...]:
    properties = created.resource.properties
    given = next((properties[name] for name in _SECURITY_GROUPS if properties.get(name)), ())
    return tuple(str(group) for group in given)


def _endpoints(created: Created, usual: int) -> Iterator[ResourceEndpoint]:
    attributes, resource = created.provisioned.attributes, created.resource
    for name, value in attributes.items():
        host = _host(value) if name.endswith(_ADDRESS) or name in _HOSTS else ""
        if not host:
            continue
        own = attributes.get(f"{name.removesuffix(_ADDRESS)}.Port", attributes.get("Port"))
        ports = (*_numbers((resource.properties.get("Port"), own)), usual)
        yield _endpoint(created, host, tuple(dict.fromkeys(ports)))


def _endpoint(created: Created, host: str, ports: tuple[int, ...]) -> ResourceEndpoint:
    resource = created.resource
    return ResourceEndpoint(
        logical_id=resource.logical_id,
        path=resource.construct_path or "",
        physical_id=created.provisioned.physical_id,
        type=resource.type,
        host=host,
        ports=ports,
    )


def _host(value: object) -> str:
    """An attribute without scheme and path, as a host; empty when it is none."""
    text = str(value).partition("://")[2] or str(value)
    host = text.partition("/")[0]
    return host if "." in host else ""


def _numbers(values: Iterable[object]) -> Iterator[int]:
    return (int(str(value)) for value in values if str(value).isdigit())
