"""A load balancer has a network to stand in, and a certificate where strangers call it.

Source: Elastic Load Balancing, "Subnets for your load balancer": at least two zones, public ones for the internet.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.api import LoadBalancerApi
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext

_ZONES_MIN = 2


def load_balancers(context: RuleContext) -> Iterator[Finding]:
    """A finding for each thing that a load balancer lacks."""
    for key, pattern in context.api_backends():
        if not isinstance(pattern.api, LoadBalancerApi):
            continue
        api: Pointer = ("patterns", key, "api")
        if pattern.api.internet_facing and pattern.api.certificate_arn is None:
            yield Finding(
                code="LK192",
                pointer=(*api, "internet_facing"),
                problem="true without a certificate_arn: all would be sent in plain text",
                hint="add certificate_arn, or leave internet_facing out",
            )
        if context.pruned.spares("network"):
            yield from _network_findings(context, api, internet_facing=pattern.api.internet_facing)


def _network_findings(context: RuleContext, api: Pointer, *, internet_facing: bool) -> Iterator[Finding]:
    network = context.application.network
    if network is None:
        yield Finding(
            code="LK192",
            pointer=(*api, "type"),
            problem="a load_balancer stands in a network, and the document has none",
            hint="add `network: {vpc: {max_azs: 2}}` at the top",
        )
        return
    if network.vpc.max_azs < _ZONES_MIN:
        yield Finding(
            code="LK192",
            pointer=("network", "vpc", "max_azs"),
            problem=f"{network.vpc.max_azs} zone is not enough for the load balancer of {api[1]}",
            hint=f"write {_ZONES_MIN}",
        )
    if internet_facing and network.vpc.nat_gateways == 0:
        yield Finding(
            code="LK192",
            pointer=(*api, "internet_facing"),
            problem="true in a network without public subnets, which come with NAT gateways",
            hint="write nat_gateways: 1 below network.vpc, or leave internet_facing out",
        )
