"""Where a function's network interfaces are, as its configuration says."""

from __future__ import annotations

from lambdakit.harness.network.guard import NetworkGuard
from lambdakit.harness.network.hanging import EnvironmentNetwork
from lambdakit.harness.network.verdict import Placement
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration


def network_of(configuration: FunctionConfiguration, guard: NetworkGuard | None) -> EnvironmentNetwork | None:
    """The network of a new execution environment; None without a guard."""
    if guard is None:
        return None
    placement = placement_of(configuration)
    return guard.environment(function=configuration.name, arn=configuration.arn, placement=placement)


def placement_of(configuration: FunctionConfiguration) -> Placement:
    """Its subnets and security groups."""
    return Placement(
        account_id=configuration.account_id,
        region=configuration.region,
        subnet_ids=configuration.vpc_subnet_ids,
        security_group_ids=configuration.vpc_security_group_ids,
    )
