"""Listeners, target groups and clocks of load balancers, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from lambdakit.harness.moto_state.load_balancers import (
    Action,
    BalancerListener,
    GroupTarget,
    HealthCheck,
    LoadBalancer,
    Rule,
    TargetGroup,
)

PLACE = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:shop:live"


def listener_of(
    *actions: Action, port: int = 80, protocol: str = "HTTP", attributes: Mapping[str, str] | None = None
) -> BalancerListener:
    """A listener with a default rule only."""
    rule = Rule(arn="default", priority=50_001, conditions=(), actions=actions)
    arn = f"{PLACE}:listener/app/shop/1/{port}"
    return BalancerListener(arn=arn, port=port, protocol=protocol, rules=(rule,), attributes=attributes or {})


def group_of(
    name: str = "shop",
    *targets: str,
    target_type: str = "lambda",
    multi_value_headers: bool = False,
    health_check: HealthCheck | None = None,
) -> TargetGroup:
    """A target group. targets: absence means one function; an address may have a port."""
    parts = (target.partition(":") if target_type == "ip" else (target, "", "") for target in targets or (FUNCTION,))
    return TargetGroup(
        arn=f"{PLACE}:targetgroup/{name}/0123456789abcdef",
        name=name,
        target_type=target_type,
        targets=tuple(GroupTarget(id=identity, port=int(port or 0)) for identity, _, port in parts),
        multi_value_headers=multi_value_headers,
        health_check=health_check,
    )


def balancer_of(
    *listeners: BalancerListener, groups: tuple[TargetGroup, ...] = (), attributes: Mapping[str, str] | None = None
) -> LoadBalancer:
    """A balancer called `shop`."""
    return LoadBalancer(
        arn=f"{PLACE}:loadbalancer/app/shop/1",
        name="shop",
        dns_name="Shop-1.us-east-1.elb.amazonaws.com",
        region="us-east-1",
        listeners={listener.port: listener for listener in listeners},
        groups={group.arn: group for group in groups},
        attributes=attributes or {},
    )


class Measurements:
    """Keeps what is measured: the dimensions by name, and the numbers by metric."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], dict[str, float]]] = []

    def add(
        self,
        account_id: str,
        region: str,
        dimensions: Sequence[tuple[str, str]],
        values: Sequence[tuple[str, str, float]],
        at: datetime,
        namespace: str = "",
    ) -> None:
        """Takes the values of one request."""
        assert (account_id, region, namespace) == ("123456789012", "us-east-1", "AWS/ApplicationELB")
        self.taken.append((dict(dimensions), {name: number for name, _, number in values}))
