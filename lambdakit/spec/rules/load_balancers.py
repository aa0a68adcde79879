"""A load balancer has a network to stand in, and a certificate where strangers call it.

Source: Elastic Load Balancing, "Subnets for your load balancer": at least two zones, public ones for the internet.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.api import LoadBalancerApi
from lambdakit.spec.finding import Finding
from lambdakit.spec.network import ExistingVpc, Vpc, zones_setting
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext

_ZONES_MIN = 2
# What gives a network public subnets.
_PUBLIC = {Vpc: "nat_gateways: 1", ExistingVpc: "public_subnet_ids"}
_OF_NEW = frozenset({"internet_facing", "certificate_arn", "access_log", "deletion_protection"})
# By the key that names an existing one, the settings that go with it.
_SETTINGS = {
    "": frozenset({"type"}) | _OF_NEW,
    "load_balancer_arn": frozenset({"type", "load_balancer_arn", "url", "port", "certificate_arn"}),
    "listener_arn": frozenset({"type", "listener_arn", "url", "first_priority", "hosts"}),
}


def load_balancers(context: RuleContext) -> Iterator[Finding]:
    """A finding for each thing that a load balancer lacks."""
    for key, pattern in context.api_backends():
        if not isinstance(pattern.api, LoadBalancerApi):
            continue
        api: Pointer = ("patterns", key, "api")
        existing = _existing(pattern.api)
        yield from _setting_findings(pattern.api, api, existing)
        if existing:
            continue
        if pattern.api.internet_facing and pattern.api.certificate_arn is None:
            yield Finding(
                code="LK192",
                pointer=(*api, "internet_facing"),
                problem="true without a certificate_arn: all would be sent in plain text",
                hint="add certificate_arn, or leave internet_facing out",
            )
        if context.pruned.spares("network"):
            yield from _network_findings(context, api, internet_facing=pattern.api.internet_facing)


def _existing(api: LoadBalancerApi) -> str:
    """The key that names what is there already; empty for a new balancer."""
    return next((name for name in ("listener_arn", "load_balancer_arn") if getattr(api, name) is not None), "")


def _setting_findings(api: LoadBalancerApi, pointer: Pointer, existing: str) -> Iterator[Finding]:
    """What goes with another kind of balancer, and the address that an ARN does not tell."""
    for name in sorted(api.model_fields_set - _SETTINGS[existing]):
        what = f"{existing} names one that exists" if existing else "the balancer is a new one"
        yield Finding(
            code="LK192",
            pointer=(*pointer, name),
            at_key=True,
            problem=f"{name} does not go with that: {what}",
            hint=f"leave {name} out",
        )
    if existing and api.url is None:
        yield Finding(
            code="LK192",
            pointer=(*pointer, existing),
            at_key=True,
            problem="an ARN does not tell where callers reach it, and there is no url",
            hint="add url: https://shop.example.com",
        )


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
            pointer=("network", "vpc", zones_setting(network.vpc)),
            problem=f"{network.vpc.max_azs} zone is not enough for the load balancer of {api[1]}",
            hint=f"write {_ZONES_MIN}" if isinstance(network.vpc, Vpc) else "add another zone and its subnets",
        )
    if internet_facing and network.vpc.nat_gateways == 0:
        yield Finding(
            code="LK192",
            pointer=(*api, "internet_facing"),
            problem="true in a network without public subnets"
            + (", which come with NAT gateways" if isinstance(network.vpc, Vpc) else " that the document names"),
            hint=f"write {_PUBLIC[type(network.vpc)]} below network.vpc, or leave internet_facing out",
        )
