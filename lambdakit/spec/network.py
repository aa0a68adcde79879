"""The network that all functions of an application run in."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit.spec.function import RETENTION, RETENTION_DAYS_DEFAULT
from lambdakit.spec.model import Model
from lambdakit.spec.overrides import Overridable
from lambdakit.spec.refusal import or_none, patterned_text, refusal, whole_number
from lambdakit.spec.wording import quoted

# The last part of a service's endpoint name; the first two are gateways, and free of charge.
# Source: AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink"
Endpoint = Literal[
    "dynamodb",
    "s3",
    "appconfigdata",
    "athena",
    "bedrock-runtime",
    "codecommit",
    "cognito-idp",
    "dynamodb-streams",
    "ecr.api",
    "ecr.dkr",
    "elasticfilesystem",
    "email-smtp",
    "events",
    "execute-api",
    "glue",
    "iot.data",
    "kinesis-firehose",
    "kinesis-streams",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "rds-data",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "sync-states",
    "xray",
]

_BLOCK_PATTERN: Final = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/(1[6-9]|2[0-8])$"


def _refuse_host_bits(text: str) -> None:
    try:
        IPv4Network(text)
    except ValueError as error:
        raise refusal("LK115", f"{quoted(text)} is no block of addresses: {error}", "write 10.0.0.0/16") from None


Block = Annotated[
    str,
    patterned_text(
        _BLOCK_PATTERN,
        allowed="a block of addresses from a /16 to a /28, such as 10.0.0.0/16",
        longest=18,
        refused=_refuse_host_bits,
    ),
]


def _free_endpoints() -> list[Endpoint]:
    return ["dynamodb", "s3"]


class Vpc(Model):
    """A VPC with private subnets in each zone, and public ones where there is a NAT gateway."""

    max_azs: Annotated[int, whole_number(minimum=1, maximum=6, what="zones of a network")] = Field(
        default=2, description="availability zones; at least 2 for what must stay up", examples=[2]
    )
    nat_gateways: Annotated[int, whole_number(minimum=0, maximum=6, what="NAT gateways of a network")] = Field(
        default=0, description="ways out, paid for by the hour; without one, functions reach what has an endpoint"
    )
    endpoints: list[Endpoint] = Field(
        default_factory=_free_endpoints,
        description="services that are reached privately; all but dynamodb and s3 are paid for by the hour. Without a "
        "NAT gateway, what patterns write to is among them unasked",
        examples=[["dynamodb", "s3"]],
        json_schema_extra={"default": ["dynamodb", "s3"]},
    )
    cidr: Block = Field(default="10.0.0.0/16", description="the network's addresses", examples=["10.0.0.0/16"])
    ipv6: bool = Field(default=False, description="whether subnets and functions have IPv6 addresses as well")
    flow_log_retention: Annotated[int | None, or_none(RETENTION)] = Field(
        default=RETENTION_DAYS_DEFAULT,
        description="how long the record of the network's traffic is kept, or none",
        examples=["30d"],
        json_schema_extra={"default": f"{RETENTION_DAYS_DEFAULT}d"},
    )


class Network(Overridable):
    """The network. Without it, functions run outside a VPC."""

    vpc: Vpc = Field(description="a VPC that is made for the application", examples=[{"max_azs": 2}])
