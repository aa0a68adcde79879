"""What of moto's state cannot be read is left out, and everything else is judged by."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.network import network_of
from lambdakit.harness.network.reachability import NetworkRules
from lambdakit.harness.network.verdict import Destination, Placement

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID, REGION = "898989898989", "eu-west-1"
_COLLECTIONS = [
    *("vpcs", "route_tables", "internet_gateways", "egress_only_internet_gateways", "nat_gateways", "vpc_pcxs"),
    *("vpc_end_points", "network_acls", "managed_prefix_lists", "enis"),
]


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.mark.parametrize(
    "harm", [{"broken": object()}, {"broken": None}, {}], ids=["an-object", "nothing", "no-entries"]
)
def test_what_cannot_be_read_is_left_out(
    account: Account, harm: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.ec2.models import ec2_backends

    ec2 = account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    placement = Placement(account_id=ACCOUNT_ID, region=REGION, subnet_ids=(subnet,), security_group_ids=(group,))
    backend = ec2_backends[ACCOUNT_ID][REGION]

    for name in _COLLECTIONS:
        held = getattr(backend, name)
        monkeypatch.setattr(backend, name, {**held, **harm} if harm else {})
        verdict = NetworkRules().judge(placement, Destination(service="sqs"))
        assert bool(verdict.reason) is not verdict.reachable

    assert subnet in {each.id for each in network_of(ACCOUNT_ID, REGION).subnets}


@pytest.mark.parametrize("broken", [None, {}, {"association": {}}, {"association": None}])
def test_vpc_without_readable_blocks_is_left_out(account: Account, broken: Any) -> None:
    from moto.ec2.models import ec2_backends

    vpc_id = account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2_backends[ACCOUNT_ID][REGION].vpcs[vpc_id]._cidr_block_association_set = broken

    vpcs = network_of(ACCOUNT_ID, REGION).vpcs

    assert [vpc.cidr_blocks for vpc in vpcs if vpc.id == vpc_id] in ([], [()])
