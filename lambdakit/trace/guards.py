"""What the guards decided: permissions and network."""

from __future__ import annotations

from lambdakit.records import dataclass
from lambdakit.trace.event import TraceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied(TraceEvent):
    """A request was refused for want of a permission.

    function, environment: of the execution environment that asked; empty for any other caller.
    principal: who asked, by ARN or as a service's name. resource: an ARN, or `*`. reason: as the error says it.
    statement: the policy statement that would have allowed it, as JSON; empty where a policy denies it.
    place: where to write it: the policy's or role's stack, logical id, construct path and document line, as far as
    they are known.
    """

    principal: str
    action: str
    resource: str
    reason: str
    statement: str = ""
    place: str = ""
    function: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionUnmapped(TraceEvent):
    """An API call of which it is not known what it needs. allowed: false under `enforce_iam="strict"`."""

    principal: str
    service: str
    operation: str
    allowed: bool
    function: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkBlocked(TraceEvent):
    """A function could not reach something over its network.

    destination: the service's host name or `address:port`. reason: what is missing on the way. fix: one change that
    would open it.
    """

    function: str
    environment: str
    destination: str
    reason: str
    fix: str
