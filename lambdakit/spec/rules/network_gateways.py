"""NAT gateways stand in zones: there are at most as many; an endpoint is named once; every zone has its subnets."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.network import ExistingVpc
from lambdakit.spec.rules.rule import RuleContext


def network_gateways(context: RuleContext) -> Iterator[Finding]:
    """More NAT gateways than zones, and endpoints that are there twice."""
    if context.application.network is None:
        return
    vpc = context.application.network.vpc
    if isinstance(vpc, ExistingVpc):
        yield from _subnets(vpc)
        return
    if vpc.nat_gateways > vpc.max_azs and context.pruned.spares("network"):
        yield Finding(
            code="LK160",
            pointer=("network", "vpc", "nat_gateways"),
            problem=f"{vpc.nat_gateways} NAT gateways are more than the {vpc.max_azs} zones they stand in",
            hint=f"write {vpc.max_azs}, or raise max_azs",
        )
    for index, name in enumerate(vpc.endpoints):
        if name in vpc.endpoints[:index]:
            yield Finding(
                code="LK160",
                pointer=("network", "vpc", "endpoints", index),
                problem=f"the endpoint of {name} is there twice",
                hint="remove one of them",
            )


def _subnets(vpc: ExistingVpc) -> Iterator[Finding]:
    zones = len(vpc.availability_zones)
    for key in ("private_subnet_ids", "public_subnet_ids"):
        subnets = getattr(vpc, key) or []
        if len(subnets) % zones:
            yield Finding(
                code="LK160",
                pointer=("network", "vpc", key),
                problem=f"{len(subnets)} subnets are not as many in each of the {zones} zones",
                hint="name as many for each zone, in the order of availability_zones",
            )
