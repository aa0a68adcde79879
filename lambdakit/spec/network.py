"""The network that all functions of an application run in."""

from ipaddress import IPv4Network
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

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


VpcId = Annotated[
    str, patterned_text("^vpc-[0-9a-f]+$", allowed="an id of a VPC such as vpc-0123456789abcdef0", longest=32)
]
SubnetId = Annotated[
    str, patterned_text("^subnet-[0-9a-f]+$", allowed="an id of a subnet such as subnet-0123456789abcdef0", longest=32)
]
SubnetIds = Annotated[list[SubnetId], Field(min_length=1, max_length=16)]
Zone = Annotated[
    str, patterned_text("^[a-z]{2}(-[a-z0-9]+)+[a-z]$", allowed="a zone such as eu-west-1a", longest=32, mend=str.lower)
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


class ExistingVpc(Model):
    """A VPC that is there already. A rule checks that its subnets are as many in each zone."""

    vpc_id: VpcId = Field(description="id of a VPC that is there already", examples=["vpc-0123456789abcdef0"])
    availability_zones: Annotated[list[Zone], Field(min_length=1, max_length=6)] = Field(
        description="its zones, in the order of its subnets", examples=[["eu-west-1a", "eu-west-1b"]]
    )
    private_subnet_ids: SubnetIds = Field(
        description="subnets that functions run in, one for each zone, or several times so",
        examples=[["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]],
    )
    public_subnet_ids: SubnetIds | None = Field(
        default=None, description="subnets that load balancers for the internet stand in, likewise"
    )
    vpc_cidr_block: Block | None = Field(default=None, description="its addresses", examples=["10.0.0.0/16"])

    @property
    def max_azs(self) -> int:
        """Its zones, under the name that a new one has for them."""
        return len(self.availability_zones)

    @property
    def nat_gateways(self) -> int:
        """At least how many ways out there are, as far as the document tells."""
        return 0 if self.public_subnet_ids is None else 1

    @property
    def endpoints(self) -> list[Endpoint]:
        """None is added to what is there."""
        return []


AnyVpc = Annotated[
    Annotated[Vpc, Tag("new")] | Annotated[ExistingVpc, Tag("existing")],
    Discriminator(
        lambda value: (
            "existing" if isinstance(value, ExistingVpc) or (isinstance(value, dict) and "vpc_id" in value) else "new"
        )
    ),
]


def zones_setting(vpc: Vpc | ExistingVpc) -> str:
    """The key that says how many zones the VPC has."""
    return "max_azs" if isinstance(vpc, Vpc) else "availability_zones"


class Network(Overridable):
    """The network. Without it, functions run outside a VPC."""

    vpc: AnyVpc = Field(description="a VPC, new or existing", examples=[{"max_azs": 2}])
