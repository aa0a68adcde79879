"""Lets a request pass, or refuses it, by the permissions of who makes it.

    request -> the call it means -> the actions it needs, of the service and of the keys behind it -> a decision on each
      -> the first refusal is the service's own error; every decision is kept for the reports

Calls that services make by themselves, and those that Lambda makes with a function's role, are asked for by action.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from lambdakit.harness.iam.api_call import ApiCall, read_api_call
from lambdakit.harness.iam.authorization import Authorization, Context, Decision, Reason
from lambdakit.harness.iam.condition_keys import Now, real_time
from lambdakit.harness.iam.denial import access_denied, denial_message, denial_response
from lambdakit.harness.iam.granted_resources import granted_resources
from lambdakit.harness.iam.identity_policies import IdentityPolicies
from lambdakit.harness.iam.kept_decisions import KeptDecisions
from lambdakit.harness.iam.key_refusals import key_denied, kms_sentence, unusable_key
from lambdakit.harness.iam.key_use import key_use
from lambdakit.harness.iam.missing_statement import missing_statement
from lambdakit.harness.iam.network_path import EndpointPolicies, NetworkPath
from lambdakit.harness.iam.partial_deletion import delete_the_others, is_deletion
from lambdakit.harness.iam.policy_document import NamedPolicy
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.required_actions import ResourceLookups, actions_of_call
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from lambdakit.harness.iam.service_calls import ServiceCalls, refusal_of
from lambdakit.harness.iam.usage import Usage
from lambdakit.harness.service_request import ServiceRequest
from lambdakit.harness.wire import Request, Response
from lambdakit.trace import AccessDenied, ActionUnmapped, TraceLog

# What a statement that is added would allow.
_WANTING: Final = frozenset(
    {Reason.NO_IDENTITY_POLICY, Reason.NO_RESOURCE_POLICY, Reason.NO_BOUNDARY, Reason.NO_SESSION_POLICY}
)
_ASSUMING: Final = frozenset({"sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"})


class Places(Protocol):
    """Where a statement that is missing belongs."""

    def __call__(self, role_arn: str, action: str, resource: str) -> str:
        """The stack, the construct and the document's line of a role; empty where nobody knows."""


class Guard:
    """Decides for every caller but the account's administrator.

    strict: refuses requests of which it is not known what they need, and those that are allowed by policies whose
    conditions ask for what is not known here (`unknown_keys`).
    now: the time that conditions see; absence: the machine's.
    """

    def __init__(
        self,
        *,
        strict: bool,
        identities: IdentityPolicies,
        resources: ResourcePolicies,
        lookups: ResourceLookups,
        usage: Usage,
        trace: TraceLog,
        place: Places = lambda role_arn, action, resource: "",
        now: Now = real_time,
    ) -> None:
        self._strict = strict
        self._identities = identities
        self._resources = resources
        self._services = ServiceCalls(resources, now)
        self._endpoints = EndpointPolicies()
        self._decided = KeptDecisions(now)
        self._lookups = lookups
        self._usage = usage
        self._trace = trace
        self.place = place

    def refusal(
        self,
        request: Request,
        named: ServiceRequest,
        principal: Principal,
        *,
        account_id: str,
        region: str,
        path: NetworkPath | None = None,
        serve: Callable[[Request], Response] | None = None,
    ) -> Response | None:
        """The service's error for a request that is not allowed; None for one that is.

        account_id, region: where the request acts. path: which way it comes from a function in a VPC.
        serve: answers what is left of a request that is allowed in part; absence refuses all of it.
        """
        if principal.kind == "root":
            return None
        call = read_api_call(request, named.service, account_id=account_id, region=region, lookups=self._lookups)
        wanted = None if call is None else actions_of_call(call)
        if call is None or wanted is None:
            return self._unmapped(request, named, principal)
        if serve is not None and is_deletion(call):
            return self._deletion(request, named, principal, call, wanted, path, serve)
        refused = self._first_refusal(principal, wanted, path)
        if refused is not None:
            return access_denied(request, named, principal, refused)
        return self._key_refusal(request, named, principal, call, wanted)

    def missing_object(
        self, request: Request, named: ServiceRequest, principal: Principal, *, account_id: str, region: str
    ) -> Response | None:
        """What S3 says instead of "not found" to who may not list the bucket; None where they may.

        Source: Amazon S3 API Reference, "GetObject" and "HeadObject", Permissions.
        """
        if principal.kind == "root" or named.service not in ("", "s3") or request.method not in ("GET", "HEAD"):
            return None
        call = read_api_call(request, named.service, account_id=account_id, region=region, lookups=self._lookups)
        if call is None or call.api.name != "s3" or call.operation not in ("GetObject", "HeadObject"):
            return None
        listing = Authorization(
            action="s3:ListBucket", resources=(call.arn("s3", call.text("Bucket"), region="", account_id=""),)
        )
        refused = self._first_refusal(principal, (listing,))
        return None if refused is None else access_denied(request, named, principal, refused)

    def role_refusal(
        self, principal: Principal, action: str, resource: str, context: Context | None = None
    ) -> str | None:
        """Why somebody, such as Lambda with a function's role, may not do something; None when they may.

        context: condition keys of the request, in lower case.
        """
        wanted = Authorization(action=action, resources=(resource,), context=context or {})
        refused = self._first_refusal(principal, (wanted,))
        if refused is None:
            return None
        reason = refused.reason.value.format(action=action)
        return f"User: {principal.caller_arn} is not authorized to perform: {action} on resource: {resource} {reason}"

    def assumption_refusal(self, service: str, role_arn: str, *, source_arn: str) -> str | None:
        """Why an AWS service may not assume a role on behalf of a resource; None when it may.

        Source: IAM User Guide, "Update a role trust policy"; "The confused deputy problem" (`aws:SourceArn`).
        """
        decision = self._services.decide_assumption(
            service, role_arn, self._identities.trust_policy_of(role_arn), source_arn=source_arn
        )
        if decision.allowed:
            return None
        self._tell(service, decision)
        return f"{service} is {refusal_of(decision)}"

    def service_refusal(
        self,
        service: str,
        action: str,
        resource: str,
        *,
        source_arn: str = "",
        source_account: str = "",
        context: Context | None = None,
    ) -> str | None:
        """Why an AWS service may not do something to a resource; None when it may.

        service: its principal, such as `sns.amazonaws.com`. The rest as `ServiceCalls.decide` has it.
        """
        decision = self._services.decide(
            service, action, resource, source_arn=source_arn, source_account=source_account, context=context
        )
        if decision.allowed:
            return None
        self._tell(service, decision)
        return f"{service} is {refusal_of(decision)}"

    def _deletion(
        self,
        request: Request,
        named: ServiceRequest,
        principal: Principal,
        call: ApiCall,
        wanted: Sequence[Authorization],
        path: NetworkPath | None,
        serve: Callable[[Request], Response],
    ) -> Response | None:
        """S3's answer where some of several objects may not be deleted; None where all may."""
        refused: dict[str, str] = {}
        for decision in self._refusals(principal, wanted, path):
            refused.setdefault(decision.resource, denial_message(request, named, principal, decision))
        return delete_the_others(call, refused, serve) if refused else None

    def _first_refusal(
        self, principal: Principal, wanted: Sequence[Authorization], path: NetworkPath | None = None
    ) -> Decision | None:
        return next(self._refusals(principal, wanted, path), None)

    def _refusals(
        self, principal: Principal, wanted: Sequence[Authorization], path: NetworkPath | None
    ) -> Iterator[Decision]:
        service = wanted[0].action.partition(":")[0] if wanted else ""
        endpoint_policy = None if path is None else self._endpoints.of(path)
        for authorization in wanted:
            if path is not None:
                authorization = path.seen_by(authorization)
            # What a request needs of other services (a role that is passed) is no request through the endpoint.
            policy = endpoint_policy if authorization.action.startswith(f"{service}:") else None
            for decision in self._decisions(principal, authorization, policy):
                self._usage.record(principal, decision)
                if not decision.allowed:
                    who = principal.caller_arn or principal.service or principal.kind
                    self._tell(who, decision, principal)
                    yield decision

    def _decisions(
        self, principal: Principal, wanted: Authorization, endpoint_policy: NamedPolicy | None
    ) -> Iterator[Decision]:
        decisions = (self._decide(principal, wanted, resource, endpoint_policy) for resource in wanted.resources)
        if wanted.one_of:
            yield self._one_of(principal, wanted, list(decisions), endpoint_policy)
        else:
            yield from decisions

    def _one_of(
        self,
        principal: Principal,
        wanted: Authorization,
        decisions: Sequence[Decision],
        endpoint_policy: NamedPolicy | None,
    ) -> Decision:
        """The decision that allows what is wanted on something that may be meant; the first without such a one.

        A denial of others (`NotResource`) leaves what is granted.
        """
        policies = self._identities.of(principal)
        for decision in decisions:
            if decision.allowed:
                return decision
        for decision in decisions:
            for resource in granted_resources(wanted.action.lower(), decision.resource, policies):
                other = self._decide(principal, wanted, resource, endpoint_policy)
                if other.allowed:
                    return other
        return decisions[0]

    def _key_refusal(
        self,
        request: Request,
        named: ServiceRequest,
        principal: Principal,
        call: ApiCall,
        wanted: Sequence[Authorization],
    ) -> Response | None:
        uses = key_use(wanted, call)
        if not uses:
            return None
        unusable = unusable_key(named.service, uses)
        if unusable is None:
            refused = self._first_refusal(principal, uses)
            if refused is None:
                return None
            unusable = key_denied(named.service, refused.action, kms_sentence(principal, refused))
        return denial_response(request, named, code=unusable.code, message=unusable.message, status=unusable.status)

    def _decide(
        self, principal: Principal, wanted: Authorization, resource: str, endpoint_policy: NamedPolicy | None = None
    ) -> Decision:
        policy, required = self._policy_of(wanted.action, resource)
        decision = self._decided.decide(
            principal,
            wanted,
            resource,
            policies=self._identities.of(principal),
            resource_policy=policy,
            resource_account=self._resources.account_of(resource),
            resource_policy_required=required,
            endpoint_policy=endpoint_policy,
        )
        if self._strict and decision.allowed and decision.unknown_keys:
            return dataclasses.replace(decision, allowed=False, reason=Reason.UNKNOWN_KEY)
        return decision

    def _policy_of(self, action: str, resource: str) -> tuple[NamedPolicy | None, bool]:
        """The resource's policy, and whether it has to allow what its own account asks for."""
        if action.lower() in _ASSUMING:
            return self._identities.trust_policy_of(resource), True
        return self._resources.of(resource), self._resources.required(resource)

    def _unmapped(self, request: Request, named: ServiceRequest, principal: Principal) -> Response | None:
        self._trace.append(
            ActionUnmapped(
                principal=principal.caller_arn or principal.kind,
                service=named.service,
                operation=named.operation,
                allowed=not self._strict,
                function=principal.function,
                environment=principal.environment,
            )
        )
        if not self._strict:
            return None
        who = principal.caller_arn or principal.kind
        problem = (
            f"User: {who} is not authorized to perform: {named.operation}: it is not known which action that needs"
        )
        return denial_response(request, named, code="AccessDenied", message=problem)

    def _tell(self, who: str, decision: Decision, principal: Principal | None = None) -> None:
        wanting = decision.reason in _WANTING
        through_endpoint = decision.reason in (Reason.NO_ENDPOINT_POLICY, Reason.EXPLICIT_DENY_ENDPOINT)
        statement = missing_statement(decision.action, decision.resource) if wanting else ""
        place = ""
        if through_endpoint:
            place = f"the policy of VPC endpoint {decision.policy}"
            if decision.reason is Reason.NO_ENDPOINT_POLICY:
                statement = missing_statement(decision.action, decision.resource, principal="*")
        elif principal is not None and principal.kind == "role":
            # A grant helps against nothing that is denied.
            place = self.place(principal.arn, decision.action if wanting else "", decision.resource)
        if decision.unknown_keys:
            named = f"its conditions ask for {', '.join(decision.unknown_keys)}, of which nothing is known here"
            place = f"{place}; {named}" if place else named
        self._trace.append(
            AccessDenied(
                principal=who,
                action=decision.action,
                resource=decision.resource,
                reason=_reason_of(decision),
                statement=statement,
                place=place,
                function="" if principal is None else principal.function,
                environment="" if principal is None else principal.environment,
            )
        )


def _reason_of(decision: Decision) -> str:
    """The reason, by the name that the resource's policy goes by.

    Source: IAM User Guide, "Troubleshoot access denied error messages" ("Access denied due to role trust policies").
    """
    reason = decision.reason.value.format(action=decision.action)
    return reason.replace("resource-based", "role trust") if decision.action.lower() in _ASSUMING else reason
