"""Who reaches the internet, and the public addresses of AWS's services, from where."""

from __future__ import annotations

import pytest

from lambdakit.harness.moto_state.network_objects import (
    Gateway,
    Interface,
    NatGateway,
    NetworkObjects,
    SecurityGroup,
    Vpc,
)
from tests.fakes.networks import ALL_OUT, BASE, LOCAL, VPC, changed, judged, placed, table, tcp, to

# Lambda Developer Guide, "Enable internet access for VPC-connected Lambda functions".
_NEVER_PUBLIC = "a function never has one"
# Amazon VPC User Guide, "NAT gateways".
_NAT = "NAT gateway nat-1"


def _route(*routes: tuple[str, str]) -> NetworkObjects:
    """The network with other routes for the private subnet."""
    return changed(route_tables=(table("rtb-private", *routes, subnets=("subnet-private",)),))


def _nat(**more: object) -> NetworkObjects:
    kept = {"id": "nat-1", "subnet_id": "subnet-public", "address": "52.1.2.3", **more}
    return changed(nat_gateways=(NatGateway(**kept),))  # type: ignore[arg-type]  # a row's own values


def _machine(**more: object) -> NetworkObjects:
    """The private subnet's way out is a machine (the CDK's `NatProvider.instance_v2`)."""
    kept = {
        **{"id": "eni-1", "instance_id": "i-1", "subnet_id": "subnet-public", "addresses": ("10.0.0.9",)},
        **{"public_address": "52.9.9.9", "source_dest_check": False, "security_group_ids": ("sg-nat",)},
        **more,
    }
    return changed(
        _route(("0.0.0.0/0", "i-1")),
        interfaces=(Interface(**kept),),  # type: ignore[arg-type]  # a row's own values
        security_groups=(
            SecurityGroup(id="sg-nat", vpc_id="vpc-1", ingress=(tcp(443, "10.0.0.0/16"),), egress=ALL_OUT),
            SecurityGroup(id="sg-closed", vpc_id="vpc-1", egress=ALL_OUT),
        ),
    )


_NO_DNS = changed(vpcs=(Vpc(id="vpc-1", cidr_blocks=VPC.cidr_blocks, dns_support=False),))
_OWN_DNS = changed(vpcs=(Vpc(id="vpc-1", cidr_blocks=VPC.cidr_blocks, dns_support=False, own_dns_servers=True),))
_DETACHED = changed(internet_gateways=(Gateway(id="igw-1"),))

# id, network, subnets, destination, whether reachable, words of the path or of the reason
ROWS = [
    # Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": the default network.
    ("outside-sqs", BASE, (), "sqs", True, "the internet"),
    ("outside-host", BASE, (), "api.example.com", True, "the internet"),
    ("outside-public-address", BASE, (), "93.184.216.34", True, "the internet"),
    ("outside-vpc-address", BASE, (), "10.0.1.5", False, "in no VPC"),
    ("outside-172", BASE, (), "172.31.0.1", False, "in no VPC"),
    ("outside-172-public", BASE, (), "172.32.0.1", True, "the internet"),
    ("outside-192", BASE, (), "192.168.1.1", False, "in no VPC"),
    ("outside-shared", BASE, (), "100.64.0.1", False, "in no VPC"),
    ("outside-six", BASE, (), "2606:2800:220:1::1", False, "no IPv6 address"),
    ("outside-unique-local", BASE, (), "fd00::1", False, "in no VPC"),
    ("outside-machine", BASE, (), "ip-10-0-1-5.eu-west-1.compute.internal", False, "in no VPC"),
    ("outside-loopback", BASE, (), "127.0.0.1", True, "the execution environment"),
    ("outside-metadata", BASE, (), "169.254.169.254", False, "metadata"),
    # A subnet's route table: the associated one, else the main one. VPC User Guide, "Subnet route tables".
    ("isolated", BASE, ("isolated",), "sqs", False, "rtb-main has no route to the internet"),
    ("isolated-host", BASE, ("isolated",), "api.example.com", False, "rtb-main has no route to the internet"),
    ("isolated-address", BASE, ("isolated",), "93.184.216.34", False, "has no route to the internet"),
    ("main-with-nat", changed(route_tables=(table("rtb-main", ("0.0.0.0/0", "nat-1"), main=True),)), ("isolated",),
     "sqs",
     True, "route table rtb-main -> NAT gateway nat-1"),
    # The best-known trap.
    ("public", BASE, ("public",), "sqs", False, _NEVER_PUBLIC),
    ("public-host", BASE, ("public",), "api.example.com", False, _NEVER_PUBLIC),
    ("public-address", BASE, ("public",), "93.184.216.34", False, _NEVER_PUBLIC),
    ("gateway-detached", _DETACHED, ("public",), "sqs", False, "not attached to the VPC"),
    # NAT gateways.
    ("private", BASE, ("private",), "sqs", True, f"{_NAT} in subnet subnet-public"),
    ("private-host", BASE, ("private",), "api.example.com", True, _NAT),
    ("private-address", BASE, ("private",), "93.184.216.34", True, _NAT),
    ("private-other-region", BASE, ("private",), "sqs@us-east-1", True, _NAT),
    ("nat-deleted", _nat(state="deleted"), ("private",), "sqs", False,
     "blackhole: it leads to NAT gateway nat-1, which is deleted"),
    ("nat-pending", _nat(state="pending"), ("private",), "sqs", False, "which is pending"),
    ("nat-failed", _nat(state="failed"), ("private",), "sqs", False, "which is failed"),
    ("nat-gone", _route(("0.0.0.0/0", "nat-2")), ("private",), "sqs", False, "NAT gateway nat-2, which is gone"),
    ("nat-private", _nat(public=False), ("private",), "sqs", False, "is private"),
    ("nat-in-private-subnet", _nat(subnet_id="subnet-isolated"), ("private",), "sqs", False,
     "is in subnet subnet-isolated (10.0.2.0/24), whose route table rtb-main has no route to an internet gateway"),
    ("nat-in-own-subnet", _nat(subnet_id="subnet-private"), ("private",), "sqs", False,
     "no route to an internet gateway"),
    ("nat-subnet-gone", _nat(subnet_id="subnet-9"), ("private",), "sqs", False, "whose subnet is gone"),
    ("nat-gateway-detached", _DETACHED, ("private",), "sqs", False, "no route to an internet gateway"),
    # "Route priority": the longest prefix; a narrower route is no way to the whole internet.
    ("narrow-route-host", _route(("52.0.0.0/8", "nat-1")), ("private",), "sqs", False, "no route to the internet"),
    ("narrow-route-address", _route(("52.0.0.0/8", "nat-1")), ("private",), "52.1.1.1", True, _NAT),
    ("narrow-route-other", _route(("52.0.0.0/8", "nat-1")), ("private",), "53.1.1.1", False, "no route"),
    ("longest-wins", _route(("0.0.0.0/0", "nat-1"), ("93.0.0.0/8", "igw-1")), ("private",), "93.184.216.34", False,
     _NEVER_PUBLIC),
    ("longest-of-three", _route(("93.0.0.0/8", "igw-1"), ("93.184.0.0/16", "nat-1"), ("0.0.0.0/0", "igw-1")),
     ("private",),
     "93.184.216.34", True, _NAT),
    ("one-address", _route(("0.0.0.0/0", "igw-1"), ("93.184.216.34/32", "nat-1")), ("private",), "93.184.216.34",
     True, _NAT),
    ("prefix-list-route", _route(("pl-s3", "nat-1")), ("private",), "52.216.0.1", True, _NAT),
    ("prefix-list-of-others", _route(("pl-s3", "nat-1")), ("private",), "93.184.216.34", False, "no route"),
    ("unknown-prefix-list", _route(("pl-9", "nat-1")), ("private",), "93.184.216.34", False, "no route"),
    # Blackholes, and targets that the harness does not know.
    ("blackhole", _route(("0.0.0.0/0", "")), ("private",), "sqs", False,
     "blackhole: it leads to something that is gone"),
    ("peering", _route(("0.0.0.0/0", "pcx-1")), ("private",), "sqs", False, "leads to the peer only"),
    ("transit-gateway", _route(("0.0.0.0/0", "tgw-1")), ("private",), "sqs", None,
     "tgw-1 (what is behind it is not known here)"),
    ("virtual-gateway", _route(("0.0.0.0/0", "vgw-1")), ("private",), "sqs", None, "vgw-1 (what is behind"),
    ("firewall-endpoint", _route(("0.0.0.0/0", "vpce-9")), ("private",), "sqs", None, "vpce-9 (what is behind"),
    # "NAT instances".
    ("machine", _machine(), ("private",), "sqs", True, "NAT instance i-1"),
    ("machine-by-interface", changed(_machine(), route_tables=_route(("0.0.0.0/0", "eni-1")).route_tables),
     ("private",), "sqs",
     True, "NAT instance i-1"),
    ("machine-gone", _route(("0.0.0.0/0", "i-9")), ("private",), "sqs", False, "leads to i-9"),
    ("machine-checks", _machine(source_dest_check=True), ("private",), "sqs", False, "checks source and destination"),
    ("machine-not-public", _machine(public_address=""), ("private",), "sqs", False, "has no public IPv4 address"),
    ("machine-isolated", _machine(subnet_id="subnet-isolated"), ("private",), "sqs", False,
     "no route to an internet gateway"),
    ("machine-closed", _machine(security_group_ids=("sg-closed",)), ("private",), "sqs", False,
     "sg-closed of NAT instance i-1"),
    # "DNS attributes for your VPC".
    ("no-dns", _NO_DNS, ("private",), "sqs", False, "does not resolve: enableDnsSupport"),
    ("no-dns-host", _NO_DNS, ("private",), "api.example.com", False, "does not resolve"),
    ("no-dns-address", _NO_DNS, ("private",), "93.184.216.34", True, _NAT),
    ("own-dns", _OWN_DNS, ("private",), "sqs", True, _NAT),
    # All subnets count.
    ("two-private", BASE, ("private", "private"), "sqs", True, _NAT),
    ("one-of-two", BASE, ("private", "isolated"), "sqs", False, "subnet subnet-isolated (10.0.2.0/24)"),
    ("says-how-many", BASE, ("private", "isolated"), "sqs", False, "from 1 of its 2 subnets the function reaches it"),
    # What is not in the account: a VPC that was looked up.
    ("unknown-subnet", BASE, ("9",), "sqs", None, "not judged: subnet-9"),
    ("unknown-and-isolated", BASE, ("9", "isolated"), "sqs", False, "no route to the internet"),
    ("unknown-and-private", BASE, ("9", "private"), "sqs", None, "not judged: subnet-9"),
    ("empty-account", NetworkObjects(), ("private",), "sqs", None, "not judged"),
    # Names, and addresses of nobody.
    ("nameless", BASE, ("private",), "database.internal", False, "nothing in the account is known by the name"),
    ("loopback", BASE, ("isolated",), "127.0.0.1", True, "the execution environment"),
    ("loopback-six", BASE, ("isolated",), "::1", True, "the execution environment"),
    ("metadata", BASE, ("private",), "169.254.169.254", False, "no instance metadata service"),
    ("link-local", BASE, ("private",), "169.254.169.253", None, "link-local"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "subnets", "destination", "reachable", "words"),
    [pytest.param(*row, id=name) for name, *row in ROWS],
)
def test_way_to_the_internet(
    network: NetworkObjects, subnets: tuple[str, ...], destination: str, reachable: bool | None, words: str
) -> None:
    name, _, region = destination.partition("@")

    verdict = judged(network, placed(*subnets), to(name, region=region))

    assert words in verdict.path + verdict.reason
    assert verdict.reachable is (reachable is not False)
    assert verdict.judged is (reachable is not None)
    assert bool(verdict.reason) is bool(verdict.fix) is not verdict.reachable


_SIX_OUT = SecurityGroup(id="sg-four", vpc_id="vpc-1", egress=(tcp(443, "0.0.0.0/0"),))
_EIGW_GONE = changed(egress_only_gateways=(Gateway(id="eigw-1", vpc_id="vpc-9"),))
_NAT_SIX = changed(route_tables=(table("rtb-six", ("::/0", "nat-1"), subnets=("subnet-six",)),))

# Lambda Developer Guide, "IPv6 support"; VPC User Guide, "Egress-only internet gateways".
SIX = [
    ("not-allowed", BASE, ("six",), "sqs", "sg-fn", False, False, "no route to the internet"),
    ("egress-only", BASE, ("six",), "sqs", "sg-fn", True, True,
     "eigw-1 -> IPv6 (needs the service's dual-stack endpoint)"),
    ("egress-only-host", BASE, ("six",), "api.example.com", "sg-fn", True, True, "needs an IPv6 address of the host"),
    ("internet-gateway", BASE, ("public",), "sqs", "sg-fn", True, True, "internet gateway igw-1"),
    ("ipv4-subnet", BASE, ("isolated",), "sqs", "sg-fn", True, False, "no route to the internet"),
    ("prefers-nat", BASE, ("private",), "sqs", "sg-fn", True, True, "NAT gateway"),
    ("literal", BASE, ("six",), "2606:2800:220:1::1", "sg-fn", True, True, "eigw-1"),
    ("literal-not-allowed", BASE, ("six",), "2606:2800:220:1::1", "sg-fn", False, False, "Ipv6AllowedForDualStack"),
    ("literal-ipv4-subnet", BASE, ("private",), "2606:2800:220:1::1", "sg-fn", True, False, "no IPv6 block"),
    ("group-for-ipv4-only", changed(security_groups=(_SIX_OUT,)), ("six",), "sqs", "sg-four", True, False, "sg-four"),
    ("gateway-of-another-vpc", _EIGW_GONE, ("six",), "sqs", "sg-fn", True, False,
     "egress-only internet gateway eigw-1"),
    ("nat-for-ipv6", _NAT_SIX, ("six",), "sqs", "sg-fn", True, False, "carries IPv4"),
    ("one-of-both-kinds", BASE, ("six", "isolated"), "sqs", "sg-fn", True, False, "subnet-isolated"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "subnets", "destination", "group", "ipv6", "reachable", "words"),
    [pytest.param(*row, id=name) for name, *row in SIX],
)
def test_way_to_the_internet_over_ipv6(
    network: NetworkObjects,
    subnets: tuple[str, ...],
    destination: str,
    group: str,
    ipv6: bool,
    reachable: bool,
    words: str,
) -> None:
    verdict = judged(network, placed(*subnets, groups=(group,), ipv6=ipv6), to(destination))

    assert verdict.reachable is reachable
    assert words in verdict.path + verdict.reason


def test_function_without_a_group_reaches_nothing() -> None:
    verdict = judged(BASE, placed("private", groups=()), to("sqs"))

    assert not verdict.reachable
    assert "without a security group" in verdict.reason


def test_route_table_without_a_local_route_has_one_all_the_same() -> None:
    bare = changed(route_tables=(table("rtb-private", subnets=("subnet-private",)),))

    assert LOCAL
    assert judged(bare, placed("private"), to("10.0.2.9")).reachable


def test_destination_without_a_name_is_not_judged() -> None:
    verdict = judged(BASE, placed("private"), to(""))

    assert verdict.reachable
    assert not verdict.judged
