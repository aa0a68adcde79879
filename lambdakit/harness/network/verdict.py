"""Where a function wants to connect, and whether its network lets it.

Source: Amazon VPC User Guide, "Connect to services using VPC endpoints", "Route tables"; AWS Lambda Developer Guide,
"Giving Lambda functions access to resources in an Amazon VPC".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
    host: a name, or an IPv4 or IPv6 address; empty for a service.
    """

    service: str = ""
    region: str = ""
    host: str = ""
    port: int = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """path: what the connection goes through, in words. reason, fix: what is missing, and one change that opens it."""

    reachable: bool
    path: str = ""
    reason: str = ""
    fix: str = ""


Judge = Callable[[Placement, Destination], Verdict]
