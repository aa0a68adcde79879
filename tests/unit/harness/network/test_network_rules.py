"""Security groups and network ACLs, rule by rule."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from lambdakit.harness.moto_state.network_objects import PrefixList, RecordedEndpoint, Rule, SecurityGroup
from tests.fakes.networks import ALL_OUT, BASE, acl, changed, judged, placed, tcp, to

_DATABASE = RecordedEndpoint(
    host="db.example.rds.amazonaws.com",
    port=5432,
    label="DB instance db",
    subnet_ids=("subnet-isolated",),
    security_group_ids=("sg-db",),
)

# VPC User Guide, "Security group rules"; EC2 API Reference, "IpPermission". The function is of sg-fn in 10.0.1.0/24,
# the database listens at 5432 in 10.0.2.0/24.
GROUP_RULES: list[tuple[str, tuple[Rule, ...], bool]] = [
    ("none", (), False),
    ("exact", (tcp(5432, "10.0.1.0/24"),), True),
    ("vpc", (tcp(5432, "10.0.0.0/16"),), True),
    ("anywhere", (tcp(5432, "0.0.0.0/0"),), True),
    ("anywhere-six", (tcp(5432, "::/0"),), False),
    ("half-the-subnet", (tcp(5432, "10.0.1.0/25"),), False),
    ("both-halves", (tcp(5432, "10.0.1.0/25"), tcp(5432, "10.0.1.128/25")), True),
    ("one-address", (tcp(5432, "10.0.1.5/32"),), False),
    ("other-subnet", (tcp(5432, "10.0.2.0/24"),), False),
    ("port-below", (tcp(5431, "0.0.0.0/0"),), False),
    ("port-above", (tcp(5433, "0.0.0.0/0"),), False),
    ("range-from", (tcp(5432, "0.0.0.0/0", to=5440),), True),
    ("range-to", (tcp(5400, "0.0.0.0/0", to=5432),), True),
    ("range-below", (tcp(5400, "0.0.0.0/0", to=5431),), False),
    ("all-ports", (tcp(0, "0.0.0.0/0", to=65535),), True),
    ("no-ports", (Rule(protocol="tcp", cidr="0.0.0.0/0"),), True),
    ("minus-one-ports", (tcp(-1, "0.0.0.0/0"),), True),
    ("number-6", (tcp(5432, "0.0.0.0/0", protocol="6"),), True),
    ("all-protocols", (Rule(protocol="-1", cidr="0.0.0.0/0"),), True),
    ("udp", (tcp(5432, "0.0.0.0/0", protocol="udp"),), False),
    ("number-17", (tcp(5432, "0.0.0.0/0", protocol="17"),), False),
    ("icmp", (tcp(-1, "0.0.0.0/0", protocol="icmp"),), False),
    ("group", (tcp(5432, "sg-fn"),), True),
    ("group-all", (Rule(protocol="-1", group_id="sg-fn"),), True),
    ("group-wrong-port", (tcp(3306, "sg-fn"),), False),
    ("other-group", (tcp(5432, "sg-other"),), False),
    ("itself", (tcp(5432, "sg-db"),), False),
    ("two-rules", (tcp(22, "0.0.0.0/0"), tcp(5432, "sg-fn")), True),
    ("prefix-list", (tcp(5432, "pl-office"),), True),
    ("other-prefix-list", (tcp(5432, "pl-s3"),), False),
    ("unknown-prefix-list", (tcp(5432, "pl-9"),), False),
    ("malformed-block", (tcp(5432, "10.0.300.0/99"),), False),
    ("empty-rule", (Rule(protocol="tcp"),), False),
]


@pytest.mark.parametrize(("ingress", "reachable"), [pytest.param(*row, id=name) for name, *row in GROUP_RULES])
def test_ingress_of_the_destination(ingress: tuple[Rule, ...], reachable: bool) -> None:
    network = changed(
        security_groups=(SecurityGroup(id="sg-db", vpc_id="vpc-1", ingress=ingress),),
        prefix_lists=(PrefixList(id="pl-office", cidr_blocks=("192.0.2.0/24", "10.0.1.0/24")),),
    )

    verdict = judged(network, placed("private"), to(_DATABASE.host, port=5432), _DATABASE)

    assert verdict.reachable is reachable
    if not reachable:
        assert "sg-db of DB instance db in VPC vpc-1 lets no TCP 5432 in" in verdict.reason
        assert "from sg-fn to sg-db" in verdict.fix


EGRESS_RULES: list[tuple[str, tuple[Rule, ...], bool]] = [
    ("default", (Rule(protocol="-1", cidr="0.0.0.0/0"),), True),
    ("none", (), False),
    ("disallow-all", (tcp(252, "255.255.255.255/32", protocol="icmp", to=86),), False),
    ("to-group", (tcp(5432, "sg-db"),), True),
    ("to-other-group", (tcp(5432, "sg-other"),), False),
    ("to-own-group", (tcp(5432, "sg-out"),), False),
    ("to-subnet", (tcp(5432, "10.0.2.0/24"),), True),
    ("to-vpc", (tcp(5432, "10.0.0.0/16"),), True),
    ("to-other-subnet", (tcp(5432, "10.0.1.0/24"),), False),
    ("https-only", (tcp(443, "0.0.0.0/0"),), False),
    ("six-only", (Rule(protocol="-1", cidr="::/0"),), False),
    ("udp-only", (tcp(5432, "0.0.0.0/0", protocol="udp"),), False),
    ("all-tcp", (tcp(0, "0.0.0.0/0", to=65535),), True),
    ("two-halves", (tcp(5432, "0.0.0.0/1"), tcp(5432, "128.0.0.0/1")), True),
]


@pytest.mark.parametrize(("egress", "reachable"), [pytest.param(*row, id=name) for name, *row in EGRESS_RULES])
def test_egress_of_the_function(egress: tuple[Rule, ...], reachable: bool) -> None:
    network = changed(
        security_groups=(
            SecurityGroup(id="sg-db", vpc_id="vpc-1", ingress=(tcp(5432, "10.0.0.0/16"),)),
            SecurityGroup(id="sg-out", vpc_id="vpc-1", egress=egress),
        )
    )

    verdict = judged(network, placed("private", groups=("sg-out",)), to(_DATABASE.host, port=5432), _DATABASE)

    assert verdict.reachable is reachable
    if not reachable:
        assert "sg-out lets no TCP 5432 out to DB instance db" in verdict.reason


def test_groups_are_stateful() -> None:
    """ "Control traffic to your AWS resources using security groups": answers need no rule."""
    network = changed(
        security_groups=(SecurityGroup(id="sg-db", vpc_id="vpc-1", ingress=(tcp(5432, "sg-fn"),), egress=()),)
    )

    assert judged(network, placed("private"), to(_DATABASE.host, port=5432), _DATABASE).reachable


def test_rules_of_several_groups_count_together() -> None:
    network = changed(
        security_groups=(
            SecurityGroup(id="sg-db", vpc_id="vpc-1", ingress=(tcp(5432, "sg-two"),)),
            SecurityGroup(id="sg-one", vpc_id="vpc-1", egress=ALL_OUT),
            SecurityGroup(id="sg-two", vpc_id="vpc-1", egress=()),
        )
    )

    verdict = judged(network, placed("private", groups=("sg-one", "sg-two")), to(_DATABASE.host, port=5432), _DATABASE)

    assert verdict.reachable


def test_group_that_is_not_in_the_account_is_not_judged_by() -> None:
    verdict = judged(BASE, placed("private", groups=("sg-9",)), to("sqs"))

    assert verdict.reachable


_OUT, _IN = (100, "out", "allow", "0.0.0.0/0", None, None), (100, "in", "allow", "0.0.0.0/0", None, None)

# VPC User Guide, "Network ACL basics", "Network ACL rules", "Ephemeral ports". The ACL of the private subnet.
ACLS: list[tuple[str, tuple[Any, ...], str, str]] = [
    ("allows-all", (_OUT, _IN), "sqs", ""),
    ("empty", (), "sqs", "denies outbound TCP 443 (no rule allows it)"),
    ("nothing-back", (_OUT,), "sqs", "denies inbound TCP 1024-65535 (no rule allows it)"),
    ("nothing-out", (_IN,), "sqs", "denies outbound TCP 443"),
    ("https-out", ((100, "out", "allow", "0.0.0.0/0", 443, 443), _IN), "sqs", ""),
    ("http-out", ((100, "out", "allow", "0.0.0.0/0", 80, 80), _IN), "sqs", "denies outbound TCP 443"),
    ("ephemeral-back", (_OUT, (100, "in", "allow", "0.0.0.0/0", 1024, 65535)), "sqs", ""),
    ("linux-ports-back", (_OUT, (100, "in", "allow", "0.0.0.0/0", 32768, 60999)), "sqs",
     "denies inbound TCP 1024-65535"),
    ("https-back", (_OUT, (100, "in", "allow", "0.0.0.0/0", 443, 443)), "sqs", "denies inbound TCP 1024-65535"),
    ("two-ranges-back", (_OUT, (100, "in", "allow", "0.0.0.0/0", 1024, 32767), (110, "in", "allow", "0.0.0.0/0",
     32768, 65535)), "sqs", ""),
    ("deny-before", ((90, "out", "deny", "0.0.0.0/0", 443, 443), _OUT, _IN), "sqs",
     "denies outbound TCP 443 (rule 90)"),
    ("deny-after", (_OUT, (110, "out", "deny", "0.0.0.0/0", 443, 443), _IN), "sqs", ""),
    ("deny-other-port", ((90, "out", "deny", "0.0.0.0/0", 80, 80), _OUT, _IN), "sqs", ""),
    ("deny-one-address", ((90, "out", "deny", "203.0.113.7/32", None, None), _OUT, _IN), "sqs", ""),
    ("deny-that-address", ((90, "out", "deny", "203.0.113.7/32", None, None), _OUT, _IN), "203.0.113.7", "(rule 90)"),
    ("deny-other-address", ((90, "out", "deny", "203.0.113.7/32", None, None), _OUT, _IN), "203.0.113.8", ""),
    ("deny-both-halves", ((80, "out", "deny", "0.0.0.0/1", None, None), (90, "out", "deny", "128.0.0.0/1", None,
     None), _OUT, _IN),
     "sqs", "denies outbound TCP 443"),
    # CIS AWS Foundations Benchmark, 5.1: 22 and 3389 from everywhere are denied; one ephemeral port of 64,000.
    ("deny-remote-desktop", (_OUT, (80, "in", "deny", "0.0.0.0/0", 22, 22), (90, "in", "deny", "0.0.0.0/0", 3389,
     3389), _IN), "sqs", ""),
    ("six-only", ((100, "out", "allow", "::/0", None, None), (100, "in", "allow", "::/0", None, None)), "sqs",
     "denies outbound"),
    ("vpc-only", ((100, "out", "allow", "10.0.0.0/16", None, None), (100, "in", "allow", "10.0.0.0/16", None, None)),
     "sqs", "denies outbound TCP 443"),
    ("vpc-only-within", ((100, "out", "allow", "10.0.0.0/16", None, None), (100, "in", "allow", "10.0.0.0/16", None,
     None)), "10.0.2.9", ""),
    ("deny-part-of-subnet", ((90, "out", "deny", "10.0.2.0/25", None, None), _OUT, _IN), _DATABASE.host, "(rule 90)"),
    ("same-subnet", (), "10.0.1.9", ""),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "destination", "reason"), [pytest.param(*row, id=name) for name, *row in ACLS])
def test_network_acl_of_the_function_s_subnet(rules: tuple[Any, ...], destination: str, reason: str) -> None:
    network = changed(
        network_acls=(acl("acl-1", "subnet-private", *rules),),
        security_groups=(SecurityGroup(id="sg-db", vpc_id="vpc-1", ingress=(tcp(443, "sg-fn"),)),),
    )

    verdict = judged(network, placed("private"), to(destination), _DATABASE)

    assert verdict.reachable is (reason == "")
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("protocol", "reachable"), [("6", True), ("-1", True), ("tcp", True), ("17", False), ("1", False)]
)
def test_network_acl_is_asked_by_protocol(protocol: str, reachable: bool) -> None:
    """ "Network ACL rules": a rule is for one protocol, or for all of them (-1)."""
    both = acl("acl-1", "subnet-private", _OUT, _IN)
    rules = tuple(dataclasses.replace(rule, protocol=protocol) for rule in both.rules)

    verdict = judged(changed(network_acls=(dataclasses.replace(both, rules=rules),)), placed("private"), to("sqs"))

    assert verdict.reachable is reachable


@pytest.mark.parametrize("of_another_vpc", [False, True])
def test_a_subnet_without_an_acl_of_its_own_has_the_default_one(of_another_vpc: bool) -> None:
    """ "Custom network ACLs for your VPC": a subnet that is associated with none has the VPC's default one."""
    vpc_id = "vpc-2" if of_another_vpc else "vpc-1"
    default = dataclasses.replace(acl("acl-own", "subnet-none"), subnet_ids=(), default=True, vpc_id=vpc_id)

    verdict = judged(changed(network_acls=(default,)), placed("private"), to("sqs"))

    assert verdict.reachable is of_another_vpc
    assert ("acl-own" in verdict.reason) is not of_another_vpc


_NAT_ACLS: list[tuple[str, tuple[Any, ...], str]] = [
    ("allows-all", (_OUT, _IN), ""),
    ("no-way-in", (_OUT, (100, "in", "allow", "0.0.0.0/0", 1024, 65535)), "denies inbound TCP 443"),
    ("no-way-out", (_IN, (100, "out", "allow", "10.0.0.0/16", None, None)), "denies outbound TCP 443"),
    ("no-answer", ((100, "out", "allow", "0.0.0.0/0", 443, 443), _IN), "denies outbound TCP 1024-65535"),
    ("by-the-book", (
        (100, "out", "allow", "0.0.0.0/0", 443, 443), (110, "out", "allow", "10.0.0.0/16", 1024, 65535),
        (100, "in", "allow", "10.0.0.0/16", 443, 443), (110, "in", "allow", "0.0.0.0/0", 1024, 65535)), ""),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "reason"), [pytest.param(*row, id=name) for name, *row in _NAT_ACLS])
def test_network_acl_of_the_nat_gateway_s_subnet(rules: tuple[Any, ...], reason: str) -> None:
    network = changed(network_acls=(acl("acl-nat", "subnet-public", *rules),))

    verdict = judged(network, placed("private"), to("sqs"))

    assert verdict.reachable is (reason == "")
    assert reason in verdict.reason


_THERE: list[tuple[str, tuple[Any, ...], str]] = [
    ("allows-all", (_OUT, _IN), ""),
    ("from-the-subnet", ((100, "in", "allow", "10.0.1.0/24", 5432, 5432), (100, "out", "allow", "10.0.1.0/24", 1024,
     65535)), ""),
    ("from-half-of-it", ((100, "in", "allow", "10.0.1.0/25", 5432, 5432), _OUT), "denies inbound TCP 5432"),
    ("denies-some", ((90, "in", "deny", "10.0.1.7/32", None, None), _IN, _OUT), "denies inbound TCP 5432 (rule 90)"),
    ("no-answer", (_IN, (100, "out", "allow", "10.0.1.0/24", 5432, 5432)), "denies outbound TCP 1024-65535"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "reason"), [pytest.param(*row, id=name) for name, *row in _THERE])
def test_network_acl_of_the_destination_s_subnet(rules: tuple[Any, ...], reason: str) -> None:
    network = changed(
        network_acls=(acl("acl-db", "subnet-isolated", *rules),),
        security_groups=(SecurityGroup(id="sg-db", vpc_id="vpc-1", ingress=(tcp(5432, "sg-fn"),)),),
    )

    verdict = judged(network, placed("private"), to(_DATABASE.host, port=5432), _DATABASE)

    assert verdict.reachable is (reason == "")
    assert reason in verdict.reason
