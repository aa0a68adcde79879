"""NAT gateways stand in zones: there are at most as many, and an endpoint is named once."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def network_gateways(context: RuleContext) -> Iterator[Finding]:
    """More NAT gateways than zones, and endpoints that are there twice."""
    if context.application.network is None:
        return
    vpc = context.application.network.vpc
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
