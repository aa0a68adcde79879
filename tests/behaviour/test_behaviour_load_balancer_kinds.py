"""Load balancers of which no port is served: a stack with one deploys, and its trace says that nothing listens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.load_balancers import balancer
from tests.fakes.plain_assembly import Resources, write_stack

if TYPE_CHECKING:
    from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-load-balancer-kinds")


def _network() -> Resources:
    group = {"Port": 80, "Protocol": "TCP", "TargetType": "ip", "VpcId": {"Ref": "ShopVpc"}}
    web = {
        "DefaultActions": [{"TargetGroupArn": {"Ref": "Group"}, "Type": "forward"}],
        "LoadBalancerArn": {"Ref": "Shop"},
        "Port": 80,
        "Protocol": "TCP",
    }
    return balancer(Type="network", LoadBalancerAttributes=[]) | {
        "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": group},
        "Web": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": web},
    }


def _classic() -> Resources:
    port = {"InstancePort": "80", "LoadBalancerPort": "80", "Protocol": "http"}
    properties = {"Listeners": [port], "AvailabilityZones": {"Fn::GetAZs": ""}}
    return {"Web": {"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": properties}}


@pytest.mark.parametrize("resources", [_network(), _classic()], ids=["network", "classic"])
def test_a_balancer_that_nobody_serves_says_so(harness: WiredHarness, tmp_path: Path, resources: Resources) -> None:
    before = harness.position()

    deployment = harness.deploy(write_stack(tmp_path / "assembly", "balanced", resources))

    notes = {event["function"]: event["note"] for event in harness.events("RuntimeNote", after=before)}
    assert notes["Web"] == "it is recorded: of load balancers only those of applications are served"
    assert deployment["apis"] == []
    harness.destroy(deployment)
