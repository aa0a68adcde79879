"""Whether a principal may do something: AWS's evaluation logic, from policies to a decision.

Organizations' service and resource control policies are not part of it: an emulated account has none.
Source: IAM User Guide, "Policy evaluation logic"; "Policy evaluation for requests within a single account";
"Cross-account policy evaluation logic"; "Permissions boundaries for IAM entities"; "Session policies".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from lambdakit.harness.iam.authorization import Authorization, Decision, Reason
from lambdakit.harness.iam.condition_keys import Now, RequestContext, real_time
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.principal_element import Naming
from lambdakit.harness.iam.statement import Statement
from lambdakit.records import dataclass

_NO_POLICIES: Final = Policies()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A statement that applies. naming: how it names the principal, if it is of a resource-based policy."""

    policy: NamedPolicy
    statement: Statement
    naming: Naming = Naming.DIRECT


def decide(
    principal: Principal,
    wanted: Authorization,
    resource: str,
    *,
    policies: Policies = _NO_POLICIES,
    resource_policy: NamedPolicy | None = None,
    resource_account: str = "",
    resource_policy_required: bool = False,
    endpoint_policy: NamedPolicy | None = None,
    now: Now = real_time,
) -> Decision:
    """Whether `principal` may do what is `wanted` to `resource`, and which statement says so.

    resource: one of `wanted.resources`. resource_account: its owner, where the ARN does not say; empty for the
    principal's own account. resource_policy_required: the resource's policy has to allow within the account as well,
    by itself or by naming the account, as a KMS key's and a role's trust policy do.
    endpoint_policy: of the VPC endpoint that the request comes through. now: the time that conditions see.
    The administrator of an account (`root`) is never refused anything, not even where AWS would refuse the root user.
    """
    return decide_request(
        RequestContext(principal, wanted.context, resource, account=resource_account, now=now),
        wanted,
        policies=policies,
        resource_policy=resource_policy,
        resource_policy_required=resource_policy_required,
        endpoint_policy=endpoint_policy,
    )


def decide_request(
    request: RequestContext,
    wanted: Authorization,
    *,
    policies: Policies,
    resource_policy: NamedPolicy | None,
    resource_policy_required: bool,
    endpoint_policy: NamedPolicy | None,
) -> Decision:
    """The same of a request, which tells afterwards what of it was asked for."""
    resource = request.resource
    if request.principal.kind == "root":
        return _decision(True, Reason.ADMINISTRATOR, wanted, resource)
    evaluation = _Evaluation(wanted.action.lower(), request, policies, resource_policy, endpoint_policy)
    reason, found = evaluation.denied() or evaluation.allowed(resource_policy_required)
    is_allowed = reason in (Reason.IDENTITY_POLICY, Reason.RESOURCE_POLICY)
    if is_allowed and endpoint_policy is not None and not evaluation.passes_endpoint():
        return dataclasses.replace(
            _decision(False, Reason.NO_ENDPOINT_POLICY, wanted, resource),
            policy=endpoint_policy.name,
            unknown_keys=request.unknown,
        )
    decision = _decision(is_allowed, reason, wanted, resource, found)
    return dataclasses.replace(decision, unknown_keys=request.unknown) if request.unknown else decision


class _Evaluation:
    """One request against all policies that apply to it. action: in lower case."""

    __slots__ = ("_action", "_endpoint_policy", "_policies", "_request", "_resource_policy")

    def __init__(
        self,
        action: str,
        request: RequestContext,
        policies: Policies,
        resource_policy: NamedPolicy | None,
        endpoint_policy: NamedPolicy | None,
    ) -> None:
        self._action = action
        self._request = request
        self._policies = policies
        self._resource_policy = resource_policy
        self._endpoint_policy = endpoint_policy

    def denied(self) -> tuple[Reason, _Found] | None:
        """The explicit denial, wherever it stands; None without one."""
        policies = self._policies
        places = (
            (Reason.EXPLICIT_DENY_IDENTITY, policies.identity),
            (Reason.EXPLICIT_DENY_BOUNDARY, (policies.boundary,) if policies.boundary else ()),
            (Reason.EXPLICIT_DENY_SESSION, policies.session or ()),
        )
        if (found := self._naming_principal(self._resource_policy, allowing=False)) is not None:
            return Reason.EXPLICIT_DENY_RESOURCE, found
        if (found := self._naming_principal(self._endpoint_policy, allowing=False)) is not None:
            return Reason.EXPLICIT_DENY_ENDPOINT, found
        for reason, attached in places:
            if (found := self._first(attached, allowing=False)) is not None:
                return reason, found
        return None

    def allowed(self, resource_policy_required: bool) -> tuple[Reason, _Found | None]:
        """What allows the request, or why nothing does."""
        by_resource = self._naming_principal(self._resource_policy, allowing=True)
        if not self._request.principal.arn:  # a service or nobody has no policies of its own
            return (Reason.RESOURCE_POLICY, by_resource) if by_resource else (Reason.NO_RESOURCE_POLICY, None)
        naming = by_resource.naming if by_resource else Naming.NOT
        by_identity = self._first(self._policies.identity, allowing=True)
        if self._request.is_cross_account:
            return (
                self._limited(by_identity, None) if by_identity is None or naming else (Reason.NO_RESOURCE_POLICY, None)
            )
        if naming is Naming.DIRECT:
            return (Reason.IDENTITY_POLICY, by_identity) if by_identity else (Reason.RESOURCE_POLICY, by_resource)
        if resource_policy_required and naming is Naming.NOT:
            return Reason.NO_RESOURCE_POLICY, None
        return self._limited(by_identity, by_resource if naming is Naming.ENTITY else None)

    def passes_endpoint(self) -> bool:
        """Whether the VPC endpoint's policy allows it as well."""
        return self._naming_principal(self._endpoint_policy, allowing=True) is not None

    def _limited(self, by_identity: _Found | None, by_resource: _Found | None) -> tuple[Reason, _Found | None]:
        """The grant, if the permissions boundary and the session's policies allow it too."""
        policies = self._policies
        if by_identity is None and by_resource is None:
            return Reason.NO_IDENTITY_POLICY, None
        if policies.boundary is not None and self._first((policies.boundary,), allowing=True) is None:
            return Reason.NO_BOUNDARY, None
        if policies.session is not None and self._first(policies.session, allowing=True) is None:
            return Reason.NO_SESSION_POLICY, None
        return (Reason.IDENTITY_POLICY, by_identity) if by_identity else (Reason.RESOURCE_POLICY, by_resource)

    def _first(self, policies: Iterable[NamedPolicy], *, allowing: bool) -> _Found | None:
        """The first statement of this effect that applies."""
        wanted = self._request.resource
        for policy in policies:
            about = policy.document.about(self._action)
            for statement in about.allowing if allowing else about.denying:
                element = statement.resource
                if element is not None and element.only is not None and wanted not in element.only:
                    continue  # most statements of most policies are about something else
                if statement.applies(self._request):
                    return _Found(policy=policy, statement=statement)
        return None

    def _naming_principal(self, policy: NamedPolicy | None, *, allowing: bool) -> _Found | None:
        """The statement of a resource's or endpoint's policy that applies and names the principal the most directly."""
        if policy is None:
            return None
        about = policy.document.about(self._action)
        best: _Found | None = None
        for statement in about.allowing if allowing else about.denying:
            if statement.principal is None:
                continue
            naming = statement.principal.naming(self._request, denies=not allowing)
            if naming > (best.naming if best else Naming.NOT) and statement.applies(self._request):
                best = _Found(policy=policy, statement=statement, naming=naming)
        return best


def _decision(
    allowed: bool, reason: Reason, wanted: Authorization, resource: str, found: _Found | None = None
) -> Decision:
    return Decision(
        allowed=allowed,
        reason=reason,
        action=wanted.action,
        resource=resource,
        policy=found.policy.name if found else "",
        sid=found.statement.sid if found else "",
    )
