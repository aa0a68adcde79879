"""Who makes a request, and whether they may: the one door to every AWS API of the harness.

With `enforce_iam="off"` everybody is told by their key id alone, and nobody is refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from lambdakit.harness.account import Account
from lambdakit.harness.iam.api_call import read_api_call
from lambdakit.harness.iam.callers import Callers
from lambdakit.harness.iam.condition_keys import Now
from lambdakit.harness.iam.credentials import CredentialRegistry, Credentials, account_of, temporary_credentials
from lambdakit.harness.iam.denial import denial_response
from lambdakit.harness.iam.guard import Guard
from lambdakit.harness.iam.identity_policies import IdentityPolicies
from lambdakit.harness.iam.network_path import NetworkPath
from lambdakit.harness.iam.policy_checks import check_policy_in_request
from lambdakit.harness.iam.principal import Principal, administrator
from lambdakit.harness.iam.protocols import Protocol, protocol_of
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from lambdakit.harness.iam.service_sessions import ServiceSessions, acting_for
from lambdakit.harness.iam.sessions import Sessions, principal_of, session_arn
from lambdakit.harness.iam.sign_in import SignInRefused
from lambdakit.harness.iam.sts_api import StsApi
from lambdakit.harness.iam.usage import Usage
from lambdakit.harness.moto_state.access_keys import account_of_key
from lambdakit.harness.moto_state.identities import Identities
from lambdakit.harness.moto_state.resource_lookups import FunctionLookups, MotoLookups
from lambdakit.harness.network.verdict import Verdict
from lambdakit.harness.service_request import ServiceRequest, read_service_request
from lambdakit.harness.wire import Headers, Request, Response
from lambdakit.trace import RuntimeNote, TraceLog

Mode = Literal["on", "strict", "off"]
_LAMBDA: Final = "lambda.amazonaws.com"
# Of what Lambda does with a function's role by itself.
_SESSION: Final = "awslambda"
_SIGNED_IN_SECONDS: Final = 900
# Of roles in use by Lambda; beyond this many, all are made anew.
_PRINCIPALS_MAX: Final = 4_096

# In the form that moto reads regions from.
_NOBODY: Final = "AWS4-HMAC-SHA256 Credential=-/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=-"

LambdaPolicy = Callable[[str], Mapping[str, Any] | None]


class Access:
    """Decides about requests. account_id, region: the harness's own, for requests that name none.

    functions: what Lambda knows of its own resources. lambda_policy: the resource policy of a function, version, alias
    or layer version by its ARN; None without one. now: the time that conditions see.
    """

    def __init__(
        self,
        mode: str,
        *,
        account_id: str,
        region: str,
        credentials: CredentialRegistry,
        functions: FunctionLookups,
        lambda_policy: LambdaPolicy,
        trace: TraceLog,
        now: Now,
    ) -> None:
        self._account_id = account_id
        self._region = region
        self._credentials = credentials
        self._trace = trace
        self.usage = Usage()
        self.identities = Identities()
        credentials.role_id = self.role_id
        self._sessions = sessions = Sessions()
        self._sts = StsApi(sessions, self.identities)
        self._services = ServiceSessions()
        self._callers = Callers(
            credentials,
            account_id=account_id,
            identities=self.identities,
            sessions=sessions,
            services=self._services,
        )
        self._lookups = MotoLookups(functions)
        self._missing_roles: set[str] = set()
        self._principals: dict[tuple[str, str], Principal] = {}
        self.guard: Guard | None = None
        if mode != "off":
            self.guard = Guard(
                strict=mode == "strict",
                identities=IdentityPolicies(self.identities, self._note),
                resources=ResourcePolicies(lambda_policy),
                lookups=self._lookups,
                usage=self.usage,
                trace=trace,
                now=now,
            )

    @property
    def is_enforced(self) -> bool:
        """Whether anybody is refused anything."""
        return self.guard is not None

    def identify(self, request: Request, named: ServiceRequest, environment: str) -> Principal | Response:
        """Who makes `request`; the service's error when their credentials are not in order.

        environment: through whose listener it came; empty for a request from outside.
        """
        if self.guard is None:
            return self._believed(named.access_key_id)
        try:
            return self._callers.identify(request, service=named.service, environment=environment)
        except SignInRefused as refused:
            return denial_response(request, named, code=refused.code, message=refused.message, status=refused.status)

    def refusal(
        self,
        request: Request,
        named: ServiceRequest,
        principal: Principal,
        way: Verdict | None = None,
        serve: Callable[[Request], Response] | None = None,
    ) -> Response | None:
        """The service's error for what `principal` may not do; None for what they may.

        way: how a function in a VPC reaches the service; None for everybody else.
        serve: answers what is left of a request that is allowed in part; absence refuses all of it.
        """
        if self.guard is None:
            return None
        account_id, region = self._place(named, principal)
        path = None if way is None else _path(way)
        return self.guard.refusal(
            request, named, principal, account_id=account_id, region=region, path=path, serve=serve
        )

    def answer(self, request: Request, named: ServiceRequest, principal: Principal) -> Response | None:
        """The answer of the Security Token Service, which knows who asks; None for what is moto's."""
        if self.guard is None or named.service != "sts":
            return None
        return self._sts.serve(request, named, principal)

    def role_id(self, role_arn: str) -> str:
        """The id of a role, as `AROA…`; empty for one that is not there."""
        return self.identities.role_id(role_arn)

    def user_id(self, access_key_id: str) -> str:
        """The unique id of who signs with a key, such as `AROA…:session` or `AIDA…`; empty for nobody known."""
        caller = self._credentials.caller(access_key_id)
        if caller is not None:
            return f"{caller.role_id or self.role_id(caller.role) or 'AROAUNKNOWN'}:{caller.function}"
        session = self._sessions.find(access_key_id)
        if session is not None:
            return principal_of(session, {}).user_id
        key = self.identities.key(access_key_id) if access_key_id else None
        return key.user.user_id if key is not None and key.user is not None else ""

    def malformed(self, request: Request, account_id: str) -> Response | None:
        """The service's error for a policy that it would not store, whoever brings it; None for all else."""
        if b"Statement" not in request.body:
            return None
        named = read_service_request(request)
        region = named.region or self._region
        call = read_api_call(request, named.service, account_id=account_id, region=region, lookups=self._lookups)
        problem = None if call is None else check_policy_in_request(call)
        if problem is None:
            return None
        return denial_response(request, named, code=problem.code, message=problem.message, status=problem.status)

    def admitted(self, request: Request, principal: Principal) -> Request:
        """A request that was let in, as moto is to see it: who asks without a signature was asked for permissions here.

        moto serves an object without a signature only where it finds a public access control list.
        """
        if self.guard is None or principal.kind != "anonymous" or request.headers.get("authorization"):
            return request
        if protocol_of(request, "") is not Protocol.S3:
            return request  # an operation that is never signed, such as `SignUp`: it says itself whose it is
        headers = Headers([*request.headers.items, ("authorization", _NOBODY)])
        return dataclasses.replace(request, headers=headers)

    def hidden(
        self, request: Request, named: ServiceRequest, principal: Principal, response: Response
    ) -> Response | None:
        """What is answered instead, where `response` would tell `principal` more than they may know."""
        if self.guard is None or response.status != 404:
            return None
        account_id, region = self._place(named, principal)
        return self.guard.missing_object(request, named, principal, account_id=account_id, region=region)

    def acting_as(self, role_arn: str, session: str) -> Callable[[Request], Response | None] | None:
        """What a client asks before each request that it makes for Lambda in a session of a role; None: nothing.

        session: its name, which is the function's.
        """
        if self.guard is None:
            return None
        principal = self.execution_role(role_arn, session)
        return lambda request: self.refusal(request, read_service_request(request), principal)

    def clients(self, account: Account) -> Callable[..., Any]:
        """Makes in-process clients that act in a session of a role; as the administrator without one."""

        def client(service: str, region: str, *, role: str, session: str = _SESSION) -> Any:
            refusal = self.acting_as(role, session) if role else None
            caller = role and f"{role}/{session}"
            return account.client(service, region, account_of(role), caller=caller, refusal=refusal)

        return client

    def role_refusal(
        self,
        role_arn: str,
        session: str,
        action: str,
        resource: str,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> str | None:
        """Why Lambda may not do something in a session of a role; None when it may.

        context: condition keys of the request, in lower case.
        """
        if self.guard is None:
            return None
        return self.guard.role_refusal(self.execution_role(role_arn, session), action, resource, context)

    def sign_in(self, role_arn: str, session: str) -> Credentials:
        """What a service signs a request with in a session of a role, where it is the other side that decides."""
        role_id = self.role_id(role_arn)
        if self.guard is None or not role_id:
            return temporary_credentials()  # nobody's
        begun = self._sessions.begin(
            arn=role_arn, identity_id=role_id, name=session, duration_seconds=_SIGNED_IN_SECONDS
        )
        return begun.credentials

    def sign_in_service(self, service: str, source_arn: str) -> Credentials:
        """What a service signs with that has no role, on behalf of a resource. service: its principal."""
        return self._services.begin(service, source_arn)

    def action_refusal(
        self, principal: Principal, action: str, resource: str, context: Mapping[str, tuple[str, ...]]
    ) -> str | None:
        """Why somebody may not do something to a resource; None when they may. context: condition keys, lower case."""
        if self.guard is None:
            return None
        return self.guard.role_refusal(principal, action, resource, context)

    def lambda_refusal(self, role_arn: str, action: str, resource: str) -> str | None:
        """The same of what Lambda does in a session of its own."""
        return self.role_refusal(role_arn, _SESSION, action, resource)

    def log_refusal(self, role_arn: str, action: str, resource: str) -> str | None:
        """Why Lambda may not write a function's log as its role; None when it may, or there is no such role."""
        if self.guard is None or not (role_id := self.role_id(role_arn)):
            return None
        return self.guard.role_refusal(self._session(role_arn, _SESSION, role_id), action, resource)

    def assumption_refusal(self, role_arn: str, function_arn: str) -> str | None:
        """Why Lambda may not assume a role for a function; None when it may, or there is no such role.

        AWS makes no function with a role that is not there. Here one runs, may do nothing, and is told of once.
        """
        if self.guard is None or not role_arn:
            return None
        if self.identities.role(role_arn) is None:
            if role_arn not in self._missing_roles:
                self._missing_roles.add(role_arn)
                name = function_arn.rpartition(":")[2]
                note = (
                    f"its role {role_arn} does not exist, so that it may do nothing; AWS would not create the function"
                )
                self._trace.append(RuntimeNote(function=name, note=note))
            return None
        return self.guard.assumption_refusal(_LAMBDA, role_arn, source_arn=function_arn)

    def trust_refusal(self, service: str, role_arn: str) -> str | None:
        """Why an AWS service may not assume a role; None when it may, or there is no such role."""
        if self.guard is None or self.identities.role(role_arn) is None:
            return None
        return self.guard.assumption_refusal(service, role_arn, source_arn="")

    def acting_for(self, service: str, source_arn: str) -> Principal:
        """An AWS service that asks on behalf of a resource."""
        return acting_for(service, source_arn)

    def service_refusal(
        self, service: str, action: str, resource: str, *, source_arn: str = "", source_account: str = ""
    ) -> str | None:
        """Why an AWS service may not do something to a resource; None when it may. See `Guard.service_refusal`."""
        if self.guard is None:
            return None
        return self.guard.service_refusal(
            service, action, resource, source_arn=source_arn, source_account=source_account
        )

    def execution_role(self, role_arn: str, session: str) -> Principal:
        """A session of a function's role, as Lambda itself uses it.

        Source: AWS Lambda Developer Guide, "Defining Lambda function permissions with an execution role".
        """
        return self._session(role_arn, session, self.role_id(role_arn))

    def _session(self, role_arn: str, session: str, role_id: str) -> Principal:
        known = self._principals.get((role_arn, session))
        user_id = f"{role_id}:{session}" if role_id else ""
        if known is not None and known.user_id == user_id:
            return known
        principal = Principal(
            kind="role",
            account_id=account_of(role_arn) or self._account_id,
            arn=role_arn,
            caller_arn=session_arn(role_arn, session),
            user_id=user_id,
        )
        if len(self._principals) >= _PRINCIPALS_MAX:
            self._principals = {}
        self._principals[role_arn, session] = principal
        return principal

    def _place(self, named: ServiceRequest, principal: Principal) -> tuple[str, str]:
        return principal.account_id or self._account_id, named.region or self._region

    def _believed(self, access_key_id: str) -> Principal:
        caller = self._credentials.caller(access_key_id)
        if caller is None:
            return administrator(account_of_key(access_key_id) or self._account_id)
        return Principal(
            kind="role",
            account_id=caller.account_id,
            arn=caller.role,
            caller_arn=caller.role,
            function=caller.function,
            environment=caller.environment,
        )

    def _note(self, text: str) -> None:
        self._trace.append(RuntimeNote(function="", note=text))


def _path(way: Verdict) -> NetworkPath:
    return NetworkPath(
        endpoint_id=way.endpoint_id,
        endpoint_policy=way.endpoint_policy,
        vpc_id=way.vpc_id,
        source_ip=way.source_ip,
    )
