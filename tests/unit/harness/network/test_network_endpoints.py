"""Which requests go through a gateway or an interface endpoint, and which of those get through."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from lambdakit.harness.moto_state.network_objects import NetworkObjects, Rule, SecurityGroup
from lambdakit.harness.network.verdict import Destination
from tests.fakes.networks import ALL_OUT, BASE, VPC, acl, changed, endpoint, gateway, judged, placed, table, tcp, to

# What the CDK writes for `open=False`, and for groups of their own.
_GROUPS = (
    SecurityGroup(id="sg-from-fn", vpc_id="vpc-1", ingress=(tcp(443, "sg-fn"),), egress=ALL_OUT),
    SecurityGroup(id="sg-from-other", vpc_id="vpc-1", ingress=(tcp(443, "sg-shut"),)),
    SecurityGroup(id="sg-from-private", vpc_id="vpc-1", ingress=(tcp(443, "10.0.1.0/24"),)),
    SecurityGroup(id="sg-http", vpc_id="vpc-1", ingress=(tcp(80, "10.0.0.0/16"),)),
    SecurityGroup(id="sg-udp", vpc_id="vpc-1", ingress=(tcp(443, "10.0.0.0/16", protocol="udp"),)),
    SecurityGroup(id="sg-to-s3", vpc_id="vpc-1", egress=(tcp(443, "pl-s3"),)),
    SecurityGroup(id="sg-to-in", vpc_id="vpc-1", egress=(tcp(443, "sg-in"),)),
    SecurityGroup(id="sg-to-vpc", vpc_id="vpc-1", egress=(tcp(443, "10.0.0.0/16"),)),
    SecurityGroup(id="sg-to-http", vpc_id="vpc-1", egress=(tcp(80, "0.0.0.0/0"),)),
)


def _with(*endpoints: Any, **more: Any) -> NetworkObjects:
    return changed(endpoints=endpoints, security_groups=_GROUPS, **more)


def _vpc(**attributes: Any) -> NetworkObjects:
    return _with(endpoint("vpce-1", "sqs"), vpcs=(dataclasses.replace(VPC, **attributes),))


_S3 = gateway("vpce-s3", "s3", "rtb-main")
_BOTH = _with(_S3, endpoint("vpce-s3i", "s3"))

# PrivateLink Guide, "Gateway endpoints": routes, security, the same Region only.
GATEWAYS = [
    ("s3", _with(_S3), "isolated", "sg-fn", "s3", True, "route table rtb-main -> gateway endpoint vpce-s3"),
    ("dynamodb", _with(gateway("vpce-d", "dynamodb", "rtb-main")), "isolated", "sg-fn", "dynamodb", True,
     "gateway endpoint vpce-d"),
    ("express", _with(gateway("vpce-x", "s3express", "rtb-main")), "isolated", "sg-fn", "s3express", True, "vpce-x"),
    ("other-service", _with(_S3), "isolated", "sg-fn", "dynamodb", False,
     "no gateway endpoint in its route table rtb-main"),
    ("no-endpoint", BASE, "isolated", "sg-fn", "dynamodb", False,
     "no way to dynamodb.eu-west-1: no gateway endpoint in its route table rtb-main"),
    ("other-table", _with(gateway("vpce-s3", "s3", "rtb-private")), "isolated", "sg-fn", "s3", False,
     "gateway endpoint vpce-s3 is not in its route table rtb-main"),
    ("no-table", _with(gateway("vpce-s3", "s3")), "isolated", "sg-fn", "s3", False, "is not in its route table"),
    ("other-vpc", _with(gateway("vpce-s3", "s3", "rtb-main", vpc_id="vpc-2")), "isolated", "sg-fn", "s3", False,
     "no gateway endpoint"),
    ("deleted", _with(gateway("vpce-s3", "s3", "rtb-main", state="deleted")), "isolated", "sg-fn", "s3", False,
     "no gateway endpoint"),
    ("pending", _with(gateway("vpce-s3", "s3", "rtb-main", state="pending")), "isolated", "sg-fn", "s3", False,
     "no gateway endpoint"),
    ("other-region", _with(_S3), "isolated", "sg-fn", "s3@us-east-1", False,
     "endpoints lead to services of their own region, eu-west-1"),
    ("other-region-nat", _with(gateway("vpce-s3", "s3", "rtb-private")), "private", "sg-fn", "s3@us-east-1", True,
     "NAT gateway"),
    ("before-nat", _with(gateway("vpce-s3", "s3", "rtb-private")), "private", "sg-fn", "s3", True,
     "gateway endpoint vpce-s3"),
    ("public-subnet", _with(gateway("vpce-s3", "s3", "rtb-public")), "public", "sg-fn", "s3", True,
     "gateway endpoint vpce-s3"),
    # The function's groups have to let it out: to the prefix list, or everywhere.
    ("group-shut", _with(_S3), "isolated", "sg-shut", "s3", False,
     "sg-shut lets no TCP 443 out to s3.eu-west-1 (prefix list pl-s3)"),
    ("group-to-list", _with(_S3), "isolated", "sg-to-s3", "s3", True, "vpce-s3"),
    ("group-to-other-list", _with(gateway("vpce-d", "dynamodb", "rtb-main")), "isolated", "sg-to-s3", "dynamodb",
     False, "sg-to-s3 lets no"),
    ("group-to-vpc", _with(_S3), "isolated", "sg-to-vpc", "s3", False, "sg-to-vpc lets no TCP 443 out"),
    ("group-http", _with(_S3), "isolated", "sg-to-http", "s3", False, "lets no TCP 443 out"),
    # Network ACLs see the service's public addresses.
    ("acl-vpc-only", _with(_S3, network_acls=(acl("acl-1", "subnet-isolated",
        (100, "out", "allow", "10.0.0.0/16", None, None), (100, "in", "allow", "10.0.0.0/16", None, None)),)),
     "isolated", "sg-fn", "s3", False,
      "acl-1 of subnet subnet-isolated (10.0.2.0/24) denies outbound TCP 443 (no rule allows it)"),
    ("acl-no-answer", _with(_S3, network_acls=(acl("acl-1", "subnet-isolated", (100, "out", "allow", "0.0.0.0/0",
     443, 443)),)),
     "isolated", "sg-fn", "s3", False, "denies inbound TCP 1024-65535"),
    # S3 User Guide, "Private DNS": what comes from the VPC takes the gateway.
    ("s3-both", _BOTH, "isolated", "sg-fn", "s3", True, "gateway endpoint vpce-s3"),
    ("s3-interface", _with(endpoint("vpce-s3i", "s3")), "isolated", "sg-fn", "s3", True, "interface endpoint vpce-s3i"),
    # DynamoDB Developer Guide, "AWS PrivateLink for DynamoDB": no private DNS; streams take no gateway.
    ("dynamodb-interface", _with(endpoint("vpce-di", "dynamodb")), "isolated", "sg-fn", "dynamodb", False,
     "has no private DNS name"),
    ("dynamodb-by-own-name", _with(endpoint("vpce-0d1", "dynamodb")), "isolated", "sg-fn",
     "vpce-0d1-x.dynamodb.eu-west-1.vpce.amazonaws.com", True, "interface endpoint vpce-0d1"),
    ("streams", _with(gateway("vpce-d", "dynamodb", "rtb-main")), "isolated", "sg-fn",
     "streams.dynamodb.eu-west-1.amazonaws.com",
     False, "no interface endpoint"),
    ("account-endpoint", _with(gateway("vpce-d", "dynamodb", "rtb-main")), "isolated", "sg-fn",
     "111122223333.ddb.eu-west-1.amazonaws.com",
     True, "gateway endpoint vpce-d"),
    ("bucket-host", _with(_S3), "isolated", "sg-fn", "my.bucket.s3.eu-west-1.amazonaws.com", True,
     "gateway endpoint vpce-s3"),
    ("bucket-host-elsewhere", _with(_S3), "isolated", "sg-fn", "b.s3.us-east-1.amazonaws.com", False,
     "their own region"),
    ("dual-stack-host", _with(_S3), "isolated", "sg-fn", "b.s3.dualstack.eu-west-1.amazonaws.com", True, "vpce-s3"),
    ("old-bucket-host", _with(_S3), "isolated", "sg-fn", "b.s3-eu-west-1.amazonaws.com", True, "vpce-s3"),
]  # fmt: skip

# PrivateLink Guide, "Access an AWS service using an interface VPC endpoint".
INTERFACES = [
    ("sqs", _with(endpoint("vpce-1", "sqs")), "isolated", "sg-fn", "sqs", True, "interface endpoint vpce-1"),
    ("from-public", _with(endpoint("vpce-1", "sqs")), "public", "sg-fn", "sqs", True, "interface endpoint vpce-1"),
    ("other-service", _with(endpoint("vpce-1", "sqs")), "isolated", "sg-fn", "sns", False,
     "no interface endpoint in VPC vpc-1 (Shop/Vpc)"),
    ("other-region", _with(endpoint("vpce-1", "sqs")), "isolated", "sg-fn", "sqs@us-east-1", False, "their own region"),
    ("other-vpc", _with(endpoint("vpce-1", "sqs", vpc_id="vpc-2")), "isolated", "sg-fn", "sqs", False,
     "no interface endpoint"),
    ("deleted", _with(endpoint("vpce-1", "sqs", state="deleted")), "isolated", "sg-fn", "sqs", False,
     "no interface endpoint"),
    ("no-subnet", _with(endpoint("vpce-1", "sqs", subnet_ids=())), "isolated", "sg-fn", "sqs", False,
     "has no network interface"),
    # "Private DNS" and the VPC's DNS attributes.
    ("no-private-dns", _with(endpoint("vpce-1", "sqs", private_dns=False)), "isolated", "sg-fn", "sqs", False,
     "its private DNS is off"),
    ("no-private-dns-nat", _with(endpoint("vpce-1", "sqs", private_dns=False)), "private", "sg-fn", "sqs", True,
     "NAT gateway"),
    ("no-host-names", _vpc(dns_hostnames=False), "isolated", "sg-fn", "sqs", False,
     "private DNS needs enableDnsHostnames of VPC vpc-1"),
    ("no-host-names-nat", _vpc(dns_hostnames=False), "private", "sg-fn", "sqs", True, "NAT gateway"),
    ("no-dns", _vpc(dns_support=False), "isolated", "sg-fn", "sqs", False, "does not resolve"),
    ("own-dns", _vpc(dns_support=False, own_dns_servers=True), "isolated", "sg-fn", "sqs", False,
     "private DNS needs enableDnsSupport"),
    ("own-name", _with(endpoint("vpce-0a1", "sqs", private_dns=False)), "isolated", "sg-fn",
     "vpce-0a1-wxyz.sqs.eu-west-1.vpce.amazonaws.com", True, "interface endpoint vpce-0a1"),
    ("own-zonal-name", _with(endpoint("vpce-0a1", "sqs", private_dns=False)), "isolated", "sg-fn",
     "vpce-0a1-wxyz-eu-west-1a.sqs.eu-west-1.vpce.amazonaws.com", True, "interface endpoint vpce-0a1"),
    ("own-name-of-nobody", BASE, "private", "sg-fn", "vpce-0a9-w.sqs.eu-west-1.vpce.amazonaws.com", False,
     "there is no interface endpoint vpce-0a9"),
    # The endpoint's groups, by group, by block, by port, by protocol; and the function's.
    ("admits-block", _with(endpoint("vpce-1", "sqs")), "isolated", "sg-fn", "sqs", True, "vpce-1"),
    ("admits-group", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-from-fn",))), "isolated", "sg-fn",
     "sqs", True, "vpce-1"),
    ("admits-other-group", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-from-other",))), "isolated",
     "sg-fn", "sqs", False,
     "group sg-from-other of interface endpoint vpce-1 lets no TCP 443 in from the function in subnet subnet-isolated"),
    ("admits-other-subnet", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-from-private",))), "isolated",
     "sg-fn", "sqs", False,
     "sg-from-private"),
    ("admits-own-subnet", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-from-private",))), "private",
     "sg-fn", "sqs", True, "vpce-1"),
    ("admits-http", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-http",))), "isolated", "sg-fn", "sqs",
     False, "sg-http"),
    ("admits-udp", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-udp",))), "isolated", "sg-fn", "sqs",
     False, "sg-udp"),
    ("one-of-two-groups", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-http", "sg-in"))), "isolated",
     "sg-fn", "sqs", True, "vpce-1"),
    ("default-group", _with(endpoint("vpce-1", "sqs", security_group_ids=())), "isolated", "sg-fn", "sqs", False,
     "security group sg-default"),
    ("unknown-group", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-9",))), "isolated", "sg-fn", "sqs",
     None, "vpce-1"),
    ("shut-function", _with(endpoint("vpce-1", "sqs")), "isolated", "sg-shut", "sqs", False,
     "sg-shut lets no TCP 443 out to interface endpoint vpce-1"),
    ("out-to-group", _with(endpoint("vpce-1", "sqs")), "isolated", "sg-to-in", "sqs", True, "vpce-1"),
    ("out-to-vpc", _with(endpoint("vpce-1", "sqs")), "isolated", "sg-to-vpc", "sqs", True, "vpce-1"),
    # With private DNS the name leads there only: a NAT gateway does not help.
    ("closed-despite-nat", _with(endpoint("vpce-1", "sqs", security_group_ids=("sg-http",))), "private", "sg-fn",
     "sqs", False, "sg-http"),
    # Several zones: the name gives any of the addresses.
    ("two-zones", _with(endpoint("vpce-1", "sqs", subnet_ids=("subnet-isolated", "subnet-private"))), "isolated",
     "sg-fn", "sqs", True, "vpce-1"),
    ("acl-at-endpoint", _with(endpoint("vpce-1", "sqs"), network_acls=(acl("acl-1", "subnet-isolated",
        (90, "in", "deny", "10.0.1.0/24", None, None), (100, "in", "allow", "0.0.0.0/0", None, None),
        (100, "out", "allow", "0.0.0.0/0", None, None)),)), "private", "sg-fn", "sqs", False,
         "denies inbound TCP 443 (rule 90)"),
    ("acl-within-subnet", _with(endpoint("vpce-1", "sqs"), network_acls=(acl("acl-1", "subnet-isolated"),)),
     "isolated", "sg-fn", "sqs", True, "vpce-1"),
    ("acl-at-one-zone", _with(endpoint("vpce-1", "sqs", subnet_ids=("subnet-isolated", "subnet-six")),
        network_acls=(acl("acl-1", "subnet-six"),)), "isolated", "sg-fn", "sqs", False, "acl-1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "subnet", "group", "destination", "reachable", "words"),
    [pytest.param(*row, id=name) for name, *row in (*GATEWAYS, *INTERFACES)],
)
def test_request_through_an_endpoint(
    network: NetworkObjects, subnet: str, group: str, destination: str, reachable: bool | None, words: str
) -> None:
    name, _, region = destination.partition("@")

    verdict = judged(network, placed(subnet, groups=(group,)), to(name, region=region))

    assert words in verdict.path + verdict.reason
    assert verdict.reachable is (reachable is not False)
    assert verdict.judged is (reachable is not None)


# PrivateLink Guide, "AWS services that integrate with AWS PrivateLink": signing name, host name, endpoint service.
SERVICES = [
    ("secretsmanager", "secretsmanager"), ("ssm", "ssm"), ("sqs", "sqs"), ("sns", "sns"), ("events", "events"),
    ("states", "states"), ("states", "sync-states"), ("lambda", "lambda"), ("kms", "kms"), ("logs", "logs"),
    ("monitoring", "monitoring"), ("kinesis", "kinesis-streams"), ("firehose", "kinesis-firehose"),
    ("execute-api", "execute-api"), ("sts", "sts"), ("ecr", "ecr.api"), ("bedrock", "bedrock-runtime"),
    ("bedrock", "bedrock-agent-runtime"), ("xray", "xray"), ("rds-data", "rds-data"), ("athena", "athena"),
    ("glue", "glue"), ("cognito-idp", "cognito-idp"), ("scheduler", "scheduler"), ("pipes", "pipes"), ("ses", "email"),
    ("sagemaker", "sagemaker.runtime"), ("iotdata", "iot.data"), ("elasticfilesystem", "elasticfilesystem"),
    ("batch", "batch"), ("appconfig", "appconfigdata"), ("timestream", "timestream.ingest-cell1"), ("rds", "rds"),
    ("memorydb", "memory-db"), ("apigateway", "apigateway"), ("servicediscovery", "data-servicediscovery"),
]  # fmt: skip


@pytest.mark.parametrize(("signed", "service"), SERVICES)
def test_endpoint_service_of_a_signing_name(signed: str, service: str) -> None:
    verdict = judged(_with(endpoint("vpce-1", service)), placed("isolated"), to(signed))

    assert verdict.reachable
    assert verdict.endpoint_id == "vpce-1"


HOSTS = [
    ("sqs.eu-west-1.amazonaws.com", "sqs"), ("kinesis.eu-west-1.amazonaws.com", "kinesis-streams"),
    ("firehose.eu-west-1.amazonaws.com", "kinesis-firehose"), ("sync-states.eu-west-1.amazonaws.com", "sync-states"),
    ("states.eu-west-1.amazonaws.com", "states"), ("api.ecr.eu-west-1.amazonaws.com", "ecr.api"),
    ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "ecr.dkr"), ("abc.execute-api.eu-west-1.amazonaws.com",
     "execute-api"),
    ("bedrock-runtime.eu-west-1.amazonaws.com", "bedrock-runtime"), ("bedrock.eu-west-1.amazonaws.com", "bedrock"),
    ("runtime.sagemaker.eu-west-1.amazonaws.com", "sagemaker.runtime"), ("a1-ats.data.iot.eu-west-1.amazonaws.com",
     "iot.data"),
    ("data-ats.iot.eu-west-1.amazonaws.com", "iot.data"), ("sqs.eu-west-1.api.aws", "sqs"),
     ("SQS.EU-WEST-1.amazonaws.com.", "sqs"),
    ("email.eu-west-1.amazonaws.com", "email"), ("monitoring.eu-west-1.amazonaws.com", "monitoring"),
    ("appconfigdata.eu-west-1.amazonaws.com", "appconfigdata"),
]  # fmt: skip


@pytest.mark.parametrize(("host", "service"), HOSTS)
def test_endpoint_service_of_a_host_name(host: str, service: str) -> None:
    there = judged(_with(endpoint("vpce-1", service)), placed("isolated"), to(host))
    another = judged(_with(endpoint("vpce-1", f"{service}-x")), placed("isolated"), to(host))

    assert there.endpoint_id == "vpce-1"
    assert not another.reachable


@pytest.mark.parametrize(
    "host",
    [
        "name-1.eu-west-1.elb.amazonaws.com",
        "db.abc.eu-west-1.rds.amazonaws.com",
        "ec2-52-1-2-3.eu-west-1.compute.amazonaws.com",
        "fs-1.efs.eu-west-1.amazonaws.com",
        "abc.lambda-url.eu-west-1.on.aws",
        "d111.cloudfront.net",
    ],
)
def test_host_of_a_customer_is_no_service(host: str) -> None:
    everything = [endpoint(f"vpce-{name}", name) for name in ("rds", "elb", "compute", "efs", "lambda-url", "lambda")]

    verdict = judged(_with(*everything), placed("isolated"), to(host))

    assert not verdict.reachable
    assert f"cannot reach {host}" in verdict.reason


def test_verdict_carries_the_endpoint_and_its_policy() -> None:
    network = _with(gateway("vpce-s3", "s3", "rtb-main", policy='{"Statement": []}'), endpoint("vpce-1", "sqs"))

    bucket = judged(network, placed("isolated"), to("s3"))
    queue = judged(network, placed("isolated"), to("sqs"))
    nowhere = judged(network, placed("private"), to("sns"))

    assert (bucket.endpoint_id, bucket.endpoint_policy) == ("vpce-s3", '{"Statement": []}')
    assert (queue.endpoint_id, queue.endpoint_policy) == ("vpce-1", "{}")
    assert (nowhere.endpoint_id, nowhere.endpoint_policy) == ("", "")


def test_signing_name_and_host_name_together_tell_apart_what_signs_alike() -> None:
    network = _with(gateway("vpce-d", "dynamodb", "rtb-main"))

    table_ = Destination(service="dynamodb", region="eu-west-1", host="dynamodb.eu-west-1.amazonaws.com")
    streams = Destination(service="dynamodb", region="eu-west-1", host="streams.dynamodb.eu-west-1.amazonaws.com")

    assert judged(network, placed("isolated"), table_).endpoint_id == "vpce-d"
    assert not judged(network, placed("isolated"), streams).reachable


def test_endpoint_that_only_some_subnets_use_is_not_enough() -> None:
    network = _with(_S3)

    verdict = judged(network, placed("isolated", "six"), to("s3"))

    assert not verdict.reachable
    assert "subnet-six" in verdict.reason
    assert "associate vpce-s3 with route table rtb-six" in verdict.fix


@pytest.mark.parametrize(
    ("service", "fix"),
    [
        ("dynamodb", 'vpc.add_gateway_endpoint("Dynamodb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)'),
        ("s3", "ec2.GatewayVpcEndpointAwsService.S3)"),
        ("sqs", 'vpc.add_interface_endpoint("Sqs", service=ec2.InterfaceVpcEndpointAwsService("sqs"))'),
        ("ecr", 'vpc.add_interface_endpoint("EcrApi", service=ec2.InterfaceVpcEndpointAwsService("ecr.api"))'),
    ],
)
def test_fix_names_the_endpoint_and_the_other_way(service: str, fix: str) -> None:
    verdict = judged(BASE, placed("isolated"), to(service))

    assert fix in verdict.fix
    assert "NAT gateway" in verdict.fix


def test_default_group_admits_its_own_members() -> None:
    own = SecurityGroup(
        id="sg-default",
        vpc_id="vpc-1",
        default=True,
        ingress=(Rule(protocol="-1", group_id="sg-default"),),
        egress=ALL_OUT,
    )
    network = changed(endpoints=(endpoint("vpce-1", "sqs", security_group_ids=()),), security_groups=(own,))

    assert judged(network, placed("isolated", groups=("sg-default",)), to("sqs")).reachable
    assert not judged(network, placed("isolated", groups=("sg-fn",)), to("sqs")).reachable


def test_prefix_list_of_a_service_opens_the_way_over_nat_too() -> None:
    network = changed(
        security_groups=_GROUPS,
        route_tables=(table("rtb-private", ("0.0.0.0/0", "nat-1"), subnets=("subnet-private",)),),
    )

    assert judged(network, placed("private", groups=("sg-to-s3",)), to("s3")).reachable
    assert not judged(network, placed("private", groups=("sg-to-s3",)), to("sqs")).reachable
