"""Where a function wants to connect, and whether its network lets it.

Source: Amazon VPC User Guide, "Connect to services using VPC endpoints", "Route tables"; AWS Lambda Developer Guide,
"Giving Lambda functions access to resources in an Amazon VPC".
"""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a function's network interfaces are: empty outside a VPC.

    ipv6: whether `Ipv6AllowedForDualStack` is set.
    """

    account_id: str
    region: str
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    ipv6: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What a function connects to: an AWS service by its signing name, or a host.

    service, region: of an AWS API, as requests to it are signed; empty for a host.
    host: a name, or an IPv4 or IPv6 address; empty for a service. With a service, the name by which it is called:
    it tells apart what signs alike (`streams.dynamodb…`, `bedrock-runtime…`, an endpoint's own name).
    """

    service: str = ""
    region: str = ""
    host: str = ""
    port: int = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """path: what the connection goes through, in words. reason, fix: what is missing, and one change that opens it.

    endpoint_id, endpoint_policy: of the VPC endpoint that it goes through, whose policy (JSON) applies to every request
    to the service; empty where it goes through none. vpc_id: the function's; empty outside a VPC.
    source_ip: where the other side sees the connection come from: an address of the function's subnet behind an
    endpoint, the public one of the NAT gateway before the internet; empty where it is not known.
    judged: false where a part of the network is not known here (a subnet that was looked up, a transit gateway, a
    virtual private gateway, an address without an interface); it then counts as reachable, and `path` names that part.
    """

    reachable: bool
    path: str = ""
    reason: str = ""
    fix: str = ""
    endpoint_id: str = ""
    endpoint_policy: str = ""
    vpc_id: str = ""
    source_ip: str = ""
    judged: bool = True


Judge = Callable[[Placement, Destination], Verdict]
