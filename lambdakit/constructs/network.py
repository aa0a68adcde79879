"""The network that functions run in: a VPC with private subnets, the endpoints they need, one security group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.function_problems import located
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention, retention_problems
from lambdakit.errors import Diagnostic, SynthesisError

# Source: Amazon VPC User Guide, "Gateway endpoints": free of charge, these two alone.
GATEWAY_ENDPOINTS: Final = ("dynamodb", "s3")

# The last part of a service's endpoint name. Source: AWS PrivateLink Guide, "AWS services that integrate with AWS
# PrivateLink"; those that functions call.
INTERFACE_ENDPOINTS: Final = (
    *("appconfigdata", "athena", "bedrock-runtime", "codecommit", "cognito-idp", "dynamodb-streams", "ecr.api"),
    *("ecr.dkr", "elasticfilesystem", "email-smtp", "events", "execute-api", "glue", "iot.data"),
    *("kinesis-firehose", "kinesis-streams", "kms", "lambda", "logs", "monitoring", "rds-data", "secretsmanager"),
    *("sns", "sqs", "ssm", "states", "sts", "sync-states", "xray"),
)

_CIDR: Final = "10.0.0.0/16"
# Source: Amazon VPC User Guide, "VPC CIDR blocks": /28 to /16
_PREFIX_MIN: Final = 16
_PREFIX_MAX: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkProperties:
    """A network's settings.

    max_azs: availability zones, at least 2 for what must stay up; absent, 2.
    nat_gateways: how many, each paid for by the hour; absent, 0: functions reach what has an endpoint.
    endpoints: services by the end of their endpoint's name: `dynamodb` and `s3` are gateways and free, all others, such
        as `sqs` or `secretsmanager`, are interfaces, paid for by the hour and zone; absent, the two gateways.
    cidr: absent, 10.0.0.0/16.
    ipv6: subnets and functions have IPv6 addresses as well; absent, no.
    flow_log_retention: `RetentionDays` or days for which the flow log is kept; absent, 30; None, no flow log.
    """

    max_azs: int = 2
    nat_gateways: int = 0
    endpoints: Sequence[str] = GATEWAY_ENDPOINTS
    cidr: str = _CIDR
    ipv6: bool = False
    flow_log_retention: logs.RetentionDays | int | None = LOG_RETENTION_DAYS_DEFAULT


class Network(Construct):
    """A VPC that patterns share, or an existing one with a security group for functions.

    vpc: in which functions run.
    subnets: which of its subnets.
    security_group: of the functions; it lets everything out and nothing in.
    """

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    security_group: ec2.SecurityGroup

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: NetworkProperties | ec2.IVpc = NetworkProperties(),
        vpc_subnets: ec2.SubnetSelection | None = None,
    ) -> None:
        """Adds the network to `scope`. SynthesisError, with all that is wrong, for settings that EC2 would refuse.

        vpc: settings of a new one, or an existing one; absent, a new one.
        vpc_subnets: absent, those with a way out where there is one, else the isolated ones.
        """
        super().__init__(scope, id)
        if isinstance(vpc, NetworkProperties):
            if problems := list(network_problems(vpc)):
                raise SynthesisError(*located(self.node.path, problems))
            self.vpc = self.make_vpc(vpc)
            self._ipv6 = vpc.ipv6
            kind = ec2.SubnetType.PRIVATE_WITH_EGRESS if vpc.nat_gateways else ec2.SubnetType.PRIVATE_ISOLATED
            self.subnets = vpc_subnets or ec2.SubnetSelection(subnet_type=kind)
        else:
            self.vpc, self._ipv6 = vpc, False
            self.subnets = vpc_subnets or ec2.SubnetSelection()
        self.security_group = ec2.SecurityGroup(
            self,
            "Functions",
            vpc=self.vpc,
            description="Functions: everything out, nothing in",
            allow_all_ipv6_outbound=self._ipv6 or None,
        )

    def make_vpc(self, properties: NetworkProperties) -> ec2.IVpc:
        """The VPC; not called for an existing one."""
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(properties.cidr),
            ip_protocol=ec2.IpProtocol.DUAL_STACK if properties.ipv6 else None,
            max_azs=properties.max_azs,
            nat_gateways=properties.nat_gateways,
            subnet_configuration=_subnets(has_nat=properties.nat_gateways > 0),
            # The CDK would empty the default group by a hidden function; nothing here is in that group.
            restrict_default_security_group=False,
        )
        for name in properties.endpoints:
            _add_endpoint(vpc, name)
        if properties.flow_log_retention is not None:
            self._keep_flow_log(vpc, properties.flow_log_retention)
        return vpc

    def within(self, properties: FunctionProperties) -> FunctionProperties:
        """`properties` in this network; what they say of a VPC or of security groups themselves stays."""
        if properties.vpc is not None:
            return properties
        return replace(
            properties,
            vpc=self.vpc,
            vpc_subnets=self.subnets,
            security_groups=properties.security_groups or [self.security_group],
            ipv6_allowed_for_dual_stack=self._ipv6,
        )

    def _keep_flow_log(self, vpc: ec2.Vpc, days: logs.RetentionDays | int) -> None:
        log_group = logs.LogGroup(self, "FlowLogGroup", retention=retention(days), removal_policy=RemovalPolicy.DESTROY)
        role = iam.Role(self, "FlowLogRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"))
        log_group.grant_write(role)
        vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group, role))


def network_problems(properties: NetworkProperties) -> Iterator[Diagnostic]:
    """What EC2 would refuse of `properties`, and endpoints that there are not."""
    if not 1 <= properties.max_azs <= 6:
        yield Diagnostic(
            pointer="max_azs",
            problem=f"{properties.max_azs} is outside 1 to 6, the zones that regions have",
            code="LK401",
            hint="max_azs: 2",
        )
    if not 0 <= properties.nat_gateways <= max(properties.max_azs, 0):
        yield Diagnostic(
            pointer="nat_gateways",
            problem=f"{properties.nat_gateways} is outside 0 to max_azs, {properties.max_azs}",
            code="LK401",
            hint="nat_gateways: 1, or 0 and an endpoint for every service that is called",
        )
    known = (*GATEWAY_ENDPOINTS, *INTERFACE_ENDPOINTS)
    for index, name in enumerate(properties.endpoints):
        if name not in known:
            yield Diagnostic(
                pointer=f"endpoints[{index}]",
                problem=f"{name!r} is no endpoint that is known here: {', '.join(known)}",
                code="LK401",
                hint="add others to `vpc` yourself",
            )
        elif name in properties.endpoints[:index]:
            yield Diagnostic(pointer=f"endpoints[{index}]", problem=f"{name!r} is there twice", code="LK401")
    yield from _cidr_problems(properties.cidr)
    if properties.flow_log_retention is not None:
        yield from retention_problems("flow_log_retention", properties.flow_log_retention)


def _cidr_problems(cidr: str) -> Iterator[Diagnostic]:
    try:
        prefix = IPv4Network(cidr).prefixlen
    except ValueError as error:
        yield Diagnostic(pointer="cidr", problem=f"{cidr!r} is no block: {error}", code="LK401", hint=f"cidr: {_CIDR}")
        return
    if not _PREFIX_MIN <= prefix <= _PREFIX_MAX:
        yield Diagnostic(
            pointer="cidr",
            problem=f"{cidr} is a /{prefix}; a VPC is a /{_PREFIX_MIN} to a /{_PREFIX_MAX}",
            code="LK401",
            hint=f"cidr: {_CIDR}",
        )


def _subnets(*, has_nat: bool) -> list[ec2.SubnetConfiguration]:
    if not has_nat:
        return [ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)]
    return [
        ec2.SubnetConfiguration(
            name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
        ),
        ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
    ]


# The rule reads only addresses that are written out, and takes a reference for an error.
WITHIN_VPC: Final = "The group lets the addresses of the VPC in, by a reference, which the rule cannot read."


def _add_endpoint(vpc: ec2.Vpc, name: str) -> None:
    id = "".join(word.capitalize() for word in name.replace(".", "-").split("-"))
    gateways: Mapping[str, ec2.GatewayVpcEndpointAwsService] = {
        "dynamodb": ec2.GatewayVpcEndpointAwsService.DYNAMODB,
        "s3": ec2.GatewayVpcEndpointAwsService.S3,
    }
    if name in gateways:
        vpc.add_gateway_endpoint(id, service=gateways[name])
    else:
        endpoint = vpc.add_interface_endpoint(id, service=ec2.InterfaceVpcEndpointAwsService(name))
        acknowledge(endpoint, {"AwsSolutions-EC23": WITHIN_VPC})
