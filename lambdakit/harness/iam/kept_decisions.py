"""Decisions that are made once for requests that are alike.

A decision that asked for no condition key follows from who asks, the action, the resource and the policies alone. It is
used again while all of these are the same: policies are compared by identity, which whoever compiles them keeps until
the documents differ, and a principal with its tags. One that asked for a key, the time say, is made anew each time.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.iam.authorization import Authorization, Decision
from lambdakit.harness.iam.condition_keys import Now, RequestContext, real_time
from lambdakit.harness.iam.evaluate import decide_request
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies
from lambdakit.harness.iam.principal import Principal
from lambdakit.records import dataclass

# Beyond this many, all are made anew: a load test touches any number of objects.
_KEPT_MAX: Final = 4_096


@dataclass(frozen=True, slots=True)
class _Kept:
    """A decision, and all that it follows from besides the action and the resource."""

    decision: Decision
    principal: Principal
    policies: Policies
    resource_policy: NamedPolicy | None
    resource_account: str
    resource_policy_required: bool
    endpoint_policy: NamedPolicy | None


class KeptDecisions:
    """Decides, and keeps what follows from policies alone. Any thread may ask. now: as conditions see it."""

    def __init__(self, now: Now = real_time) -> None:
        self._now = now
        self._kept: dict[tuple[str, str, str], _Kept] = {}

    def decide(
        self,
        principal: Principal,
        wanted: Authorization,
        resource: str,
        *,
        policies: Policies,
        resource_policy: NamedPolicy | None,
        resource_account: str,
        resource_policy_required: bool,
        endpoint_policy: NamedPolicy | None,
    ) -> Decision:
        """Whether `principal` may do what is `wanted` to `resource`; all as `evaluate.decide` has it."""
        key = (principal.caller_arn, wanted.action, resource)
        kept = self._kept.get(key)
        if (
            kept is not None
            and kept.policies is policies
            and kept.resource_policy is resource_policy
            and kept.endpoint_policy is endpoint_policy
            and kept.resource_account == resource_account
            and kept.resource_policy_required is resource_policy_required
            and (kept.principal is principal or kept.principal == principal)
        ):
            return kept.decision
        request = RequestContext(principal, wanted.context, resource, account=resource_account, now=self._now)
        decision = decide_request(
            request,
            wanted,
            policies=policies,
            resource_policy=resource_policy,
            resource_policy_required=resource_policy_required,
            endpoint_policy=endpoint_policy,
        )
        if not request.was_asked:
            if len(self._kept) >= _KEPT_MAX:
                self._kept = {}
            self._kept[key] = _Kept(
                decision,
                principal,
                policies,
                resource_policy,
                resource_account,
                resource_policy_required,
                endpoint_policy,
            )
        return decision
