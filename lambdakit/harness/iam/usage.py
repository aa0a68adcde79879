"""What each role was allowed to do, and refused, since its deployment.

In comes every decision of the guard, one small addition each; out goes what a report of permissions is made of. Nobody
else's decisions are kept: the administrator may do everything, users and services are in no report.

What Lambda does with the execution role without a request of the function's is told by `record_platform`:

when                                          actions
the first line of an environment is logged    logs:CreateLogStream, logs:PutLogEvents on the log group's streams
the same, of a function whose group is not     logs:CreateLogGroup on the log group
there yet: `/aws/lambda/NAME`, if no stack has it
an invocation of a function with tracing ends  xray:PutTraceSegments, xray:PutTelemetryRecords on `*`
an environment of a function in a VPC starts  ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces,
                                              ec2:DescribeSubnets, ec2:DeleteNetworkInterface,
                                              ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses on `*`

Where such a call is decided as any other (destinations, dead-letter queues, polls of event source mappings), `record`
is told of the decision, with the role as its principal.
Source: AWS Lambda Developer Guide, "Lambda execution role"; "Sending Lambda function logs to CloudWatch Logs"; "Giving
Lambda functions access to resources in an Amazon VPC"; AWS Managed Policy Reference, "AWSLambdaVPCAccessExecutionRole".
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Final

from lambdakit.harness.iam.authorization import Decision, Reason
from lambdakit.harness.iam.principal import Principal
from lambdakit.records import dataclass

# What an execution role's network permissions are for; Lambda calls none of them for a function outside a VPC.
NETWORK_INTERFACE_ACTIONS: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
CREATE_LOG_GROUP: Final = "logs:CreateLogGroup"
LOG_ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACING_ACTIONS: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")

# A load test touches any number of objects: beyond this many resources of one action, what they lie in is noted.
RESOURCES_MAX: Final = 2_000

_NO_PERMISSION_USED: Final = frozenset({Reason.ADMINISTRATOR, Reason.ALWAYS_ALLOWED})
_PLATFORM: Final = ""

_Key = tuple[bool, str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An action that was allowed on a resource.

    policy, sid: of the statement that allowed it, as the decision names them; empty where it names none.
    by_platform: done by Lambda itself, not by the function's code.
    by_resource_policy: a policy of the resource allowed it.
    """

    action: str
    resource: str
    policy: str = ""
    sid: str = ""
    by_platform: bool = False
    by_resource_policy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An action that was refused on a resource.

    reason: in the words of AWS's errors. explicit: no statement that is added would allow it.
    """

    action: str
    resource: str
    reason: str
    explicit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUsage:
    """What one role did and could not do."""

    used: frozenset[Use] = frozenset()
    denied: frozenset[Refusal] = frozenset()


class _Role:
    """The decisions about one role. kept: those that `clear` leaves."""

    __slots__ = ("kept", "resources", "seen")

    def __init__(self) -> None:
        self.seen: set[_Key] = set()
        self.kept: frozenset[_Key] = frozenset()
        self.resources: Counter[tuple[bool, str]] = Counter()

    def reset(self) -> None:
        self.seen = set(self.kept)
        self.resources = Counter((allowed, action) for allowed, action, *_ in self.kept)


class Usage:
    """The decisions about all roles of a harness; any thread may tell of one."""

    def __init__(self) -> None:
        self._roles: dict[str, _Role] = {}
        self._lock = threading.Lock()

    def record(self, principal: Principal, decision: Decision) -> None:
        """Takes note of a decision; of a role's alone. Costs about a microsecond once the same was seen."""
        if principal.kind != "role":
            return
        key = (
            decision.allowed,
            decision.action,
            decision.resource,
            decision.reason.value,
            decision.policy,
            decision.sid,
        )
        role = self._roles.get(principal.arn)
        if role is None or key not in role.seen:
            if decision.reason not in _NO_PERMISSION_USED:
                self._add(principal.arn, key)

    def record_platform(self, role_arn: str, action: str, resource: str) -> None:
        """Takes note of what Lambda did with a role by itself."""
        key = (True, action, resource, _PLATFORM, "", "")
        role = self._roles.get(role_arn)
        if role is None or key not in role.seen:
            self._add(role_arn, key)

    def of(self, role_arn: str) -> RoleUsage:
        """What a role did; nothing when it was never heard of."""
        with self._lock:
            role = self._roles.get(role_arn)
            seen = set() if role is None else role.seen.copy()
        return RoleUsage(
            used=frozenset(_use(key) for key in seen if key[0]),
            denied=frozenset(_refusal(key) for key in seen if not key[0]),
        )

    def keep(self, role_arns: Iterable[str]) -> None:
        """Makes what these roles did until now survive `clear`: custom resources act during the deployment."""
        with self._lock:
            for arn in role_arns:
                if (role := self._roles.get(arn)) is not None:
                    role.kept = frozenset(role.seen)

    def clear(self, role_arns: Iterable[str]) -> None:
        """Forgets what these roles did since `keep`."""
        with self._lock:
            for arn in role_arns:
                if (role := self._roles.get(arn)) is not None:
                    role.reset()

    def forget(self, role_arns: Iterable[str]) -> None:
        """Forgets roles that are gone."""
        with self._lock:
            for arn in role_arns:
                self._roles.pop(arn, None)

    def _add(self, role_arn: str, key: _Key) -> None:
        allowed, action, resource, reason, policy, sid = key
        with self._lock:
            role = self._roles.setdefault(role_arn, _Role())
            if role.resources[allowed, action] >= RESOURCES_MAX:
                wide = _container if role.resources[allowed, action] < 2 * RESOURCES_MAX else _kind
                key = (allowed, action, wide(resource), reason, policy, sid)
            if key not in role.seen:
                role.seen.add(key)
                role.resources[allowed, action] += 1


def _container(resource: str) -> str:
    """What a resource lies in, as a pattern, such as `arn:aws:s3:::bucket/*`."""
    return resource[: max(resource.rfind("/"), resource.rfind(":")) + 1] + "*"


def _kind(resource: str) -> str:
    """Everything of the same service, region and account."""
    return ":".join([*resource.split(":", 5)[:5], "*"])


def _use(key: _Key) -> Use:
    _, action, resource, reason, policy, sid = key
    return Use(
        action=action,
        resource=resource,
        policy=policy,
        sid=sid,
        by_platform=reason == _PLATFORM,
        by_resource_policy=reason == Reason.RESOURCE_POLICY.value,
    )


def _refusal(key: _Key) -> Refusal:
    _, action, resource, reason, *_ = key
    return Refusal(
        action=action,
        resource=resource,
        reason=reason.format(action=action),
        explicit=reason.startswith("with an explicit deny") or reason == Reason.UNKNOWN_KEY.value,
    )
