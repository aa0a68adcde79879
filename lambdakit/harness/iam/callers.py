"""Who makes a request: from its signature to a principal.

no signature, from outside          the account's administrator; nobody in particular where S3 is asked, as on AWS
no signature, of an environment     nobody in particular where AWS takes such requests, else refused
a key that nobody was given         the account's administrator; of an environment it is refused
a key of an execution environment,  the role, user or session behind it, if signature, token, time and the role or user
  of STS or of IAM                  itself are still good; else the service's own error

What comes through a listener of an execution environment is never the administrator. Requests without a signature and
from outside go on acting as the administrator because a local tool that was told no credentials sends none; S3 is the
exception because whether the public may read an object is what such a request asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from lambdakit.harness.iam import signature_v2
from lambdakit.harness.iam.credentials import Caller, CredentialRegistry
from lambdakit.harness.iam.posted_form import violated_condition, wrong_size
from lambdakit.harness.iam.principal import ANONYMOUS, Principal, administrator
from lambdakit.harness.iam.protocols import Protocol, protocol_of
from lambdakit.harness.iam.request_time import SKEW, check_time, moment_of
from lambdakit.harness.iam.service_sessions import ServiceSessions
from lambdakit.harness.iam.sessions import Session, Sessions, principal_of, session_arn, temporary_context
from lambdakit.harness.iam.sign_in import SignInProblem, SignInRefused, refused
from lambdakit.harness.iam.signature import (
    ASYMMETRIC,
    Signature,
    UnreadableSignature,
    Verifier,
    payload_is_as_stated,
    read_signature,
)
from lambdakit.harness.iam.unsigned_operations import UNSIGNED_OPERATIONS
from lambdakit.harness.moto_state.identities import Identities, KnownKey
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

_KEY_ID: Final = re.compile(r"Credential=([A-Za-z0-9]+)")
_KNOWN_MAX: Final = 4_096
# One of them is signed; HTTP/2 has the second. Source: AWS IAM User Guide, "Elements of an AWS API request signature".
_HOSTS: Final = frozenset({"host", ":authority"})
_IS_SECONDS: Final = re.compile(r"[0-9]{1,12}")
# Source: Amazon S3 API Reference, "Error responses".
_SIZES: Final = {
    "EntityTooLarge": "Your proposed upload exceeds the maximum allowed size",
    "EntityTooSmall": "Your proposed upload is smaller than the minimum allowed size",
}
_ACTION: Final = re.compile(rb"(?:^|&)Action=([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class _Known:
    """Who was found behind credentials. identity: of the role or user then, its id and tags as far as they count."""

    who: Caller | Session
    identity: object
    principal: Principal


class Callers:
    """Tells who makes a request.

    account_id: whose administrator everybody is who has no credentials of the harness's.
    now: real time, in UTC: signatures and credentials do not follow the harness's clock.
    """

    def __init__(
        self,
        credentials: CredentialRegistry,
        *,
        account_id: str,
        identities: Identities | None = None,
        sessions: Sessions | None = None,
        services: ServiceSessions | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._credentials = credentials
        self._identities = identities or Identities()
        self._sessions = sessions or Sessions(now)
        self._services = services or ServiceSessions()
        self._administrator = administrator(account_id)
        self._verifier = Verifier()
        self._known: dict[str, _Known] = {}
        self._now = now

    def identify(self, request: Request, *, service: str, environment: str = "") -> Principal:
        """Who makes `request`. SignInRefused.

        service: the signing name that the request carries; empty for none.
        environment: through whose listener it came; empty for a request from outside.
        """
        protocol = protocol_of(request, service)
        try:
            signature = read_signature(request)
        except UnreadableSignature as unreadable:
            # Who has no credentials of the harness's may sign as they like.
            if not environment and not self._was_issued(_key_id(request)):
                return self._administrator
            raise refused(SignInProblem.INCOMPLETE, protocol, unreadable.problem) from None
        if signature is not None:
            return self._signed(request, signature, protocol, environment)
        return self._otherwise_signed(request, protocol, environment)

    def _signed(self, request: Request, signature: Signature, protocol: Protocol, environment: str) -> Principal:
        identity = self._identity(signature.access_key_id, signature.token, protocol)
        if identity is None:
            return self._stranger(protocol, environment)
        secret, principal = identity
        if signature.algorithm == ASYMMETRIC:
            return principal  # known by key id and token only; see `signature`
        check_time(signature, self._now(), protocol)
        if _HOSTS.isdisjoint(signature.signed_headers):
            problem = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
            raise refused(SignInProblem.INCOMPLETE, protocol, problem)
        if not self._verifier.is_right(request, signature, secret):
            raise refused(SignInProblem.WRONG_SIGNATURE, protocol)
        if not payload_is_as_stated(request):
            raise refused(SignInProblem.WRONG_PAYLOAD, protocol)
        return principal

    def _otherwise_signed(self, request: Request, protocol: Protocol, environment: str) -> Principal:
        if protocol is Protocol.S3:
            old = signature_v2.read_old_signature(request)
            if old is not None:
                return self._signed_version_2(request, old, environment)
            posted = signature_v2.read_posted_policy(request)
            if posted is not None:
                return self._posted(request, posted, environment)
            return ANONYMOUS
        if not environment:
            return self._administrator
        if _operation(request) in UNSIGNED_OPERATIONS:
            return ANONYMOUS
        raise refused(SignInProblem.MISSING, protocol)

    def _signed_version_2(self, request: Request, old: signature_v2.OldSignature, environment: str) -> Principal:
        identity = self._identity(old.access_key_id, old.token, Protocol.S3)
        if identity is None:
            return self._stranger(Protocol.S3, environment)
        secret, principal = identity
        if old.expires and not (_IS_SECONDS.fullmatch(old.expires) and int(old.expires) >= self._now().timestamp()):
            raise refused(SignInProblem.EXPIRED_REQUEST, Protocol.S3)
        if not old.expires:
            stamp = moment_of(request.headers.get("x-amz-date") or request.headers.get("date"))
            if stamp is None or abs(self._now() - stamp) > SKEW:
                raise refused(SignInProblem.WRONG_TIME, Protocol.S3)
        if not signature_v2.is_right(request, old, secret):
            raise refused(SignInProblem.WRONG_SIGNATURE, Protocol.S3)
        return principal

    def _posted(self, request: Request, posted: signature_v2.PostedPolicy, environment: str) -> Principal:
        identity = self._identity(posted.access_key_id, posted.token, Protocol.S3)
        if identity is None:
            return self._stranger(Protocol.S3, environment)
        secret, principal = identity
        key = self._verifier.signing_key(secret, posted.scope) if posted.scope else b""
        if not signature_v2.is_policy_right(posted, secret, key):
            raise refused(SignInProblem.WRONG_SIGNATURE, Protocol.S3)
        ends = moment_of(posted.expiration)
        if ends is not None and ends < self._now():
            raise SignInRefused("AccessDenied", "Invalid according to Policy: Policy expired.", 403)
        violated = violated_condition(request, posted.policy)
        if violated:
            raise SignInRefused("AccessDenied", f"Invalid according to Policy: {violated}", 403)
        size = wrong_size(request, posted.policy)
        if size:
            raise SignInRefused(size, _SIZES[size], 400)
        return principal

    def _was_issued(self, access_key_id: str) -> bool:
        return (
            self._credentials.caller(access_key_id) is not None
            or self._credentials.is_revoked(access_key_id)
            or self._sessions.find(access_key_id) is not None
            or self._services.find(access_key_id) is not None
            or self._identities.key(access_key_id) is not None
        )

    def _stranger(self, protocol: Protocol, environment: str) -> Principal:
        if environment:
            raise refused(SignInProblem.UNKNOWN_KEY, protocol)
        return self._administrator

    def _identity(self, access_key_id: str, token: str, protocol: Protocol) -> tuple[str, Principal] | None:
        """The secret behind a key id, and whose it is; None for one that nobody was given."""
        caller = self._credentials.caller(access_key_id)
        if caller is not None:
            _check_token(caller.credentials.session_token, token, protocol)
            return caller.credentials.secret_access_key, self._environment(caller, protocol)
        if self._credentials.is_revoked(access_key_id):
            raise refused(SignInProblem.EXPIRED_TOKEN, protocol)
        session = self._sessions.find(access_key_id)
        if session is not None:
            _check_token(session.credentials.session_token, token, protocol)
            return session.credentials.secret_access_key, self._session(session, protocol)
        service = self._services.find(access_key_id)
        if service is not None:
            _check_token(service.credentials.session_token, token, protocol)
            return service.credentials.secret_access_key, service.principal
        key = self._identities.key(access_key_id)
        return None if key is None else (key.secret, self._of_key(key, token, protocol))

    def _environment(self, caller: Caller, protocol: Protocol) -> Principal:
        """Source: AWS Lambda Developer Guide, "Defining Lambda function permissions with an execution role"."""
        role = self._identities.role_id_and_tags(caller.role)
        known = self._known.get(caller.credentials.access_key_id)
        if known is not None and known.who is caller and known.identity == role:
            return known.principal
        if caller.role_id and (role is None or caller.role_id != role[0]):
            raise refused(SignInProblem.UNKNOWN_KEY, protocol)
        # AWS makes no function with a role that is not there. Here one runs, and may do nothing.
        role_id, tags = ("AROAUNKNOWN", {}) if role is None else role
        context = dict(temporary_context(caller.since))
        if caller.function_arn:
            context["lambda:sourcefunctionarn"] = (caller.function_arn,)
        principal = Principal(
            kind="role",
            account_id=caller.account_id,
            arn=caller.role,
            caller_arn=session_arn(caller.role, caller.function),
            user_id=f"{role_id}:{caller.function}",
            tags=tags,
            context=context,
            function=caller.function,
            environment=caller.environment,
        )
        return self._keep(_Known(caller, role, principal), caller.credentials.access_key_id)

    def _session(self, session: Session, protocol: Protocol) -> Principal:
        if session.expires <= self._now():
            raise refused(SignInProblem.EXPIRED_TOKEN, protocol)
        tags = self._tags_of(session.arn, session.identity_id, protocol)
        known = self._known.get(session.credentials.access_key_id)
        if known is not None and known.who is session and known.identity == tags:
            return known.principal
        return self._keep(_Known(session, tags, principal_of(session, tags)), session.credentials.access_key_id)

    def _keep(self, known: _Known, access_key_id: str) -> Principal:
        if len(self._known) >= _KNOWN_MAX:
            self._known = {}
        self._known[access_key_id] = known
        return known.principal

    def _tags_of(self, arn: str, identity_id: str, protocol: Protocol) -> Mapping[str, str]:
        """The tags of a role or user, which must be the one that it was when the session began."""
        if arn.endswith(":root"):
            return {}
        if ":role/" in arn:
            role = self._identities.role_id_and_tags(arn)
            known_id, tags = ("", {}) if role is None else role
        else:
            user = self._identities.user(arn)
            known_id, tags = ("", {}) if user is None else (user.user_id, user.tags)
        if not known_id or known_id != identity_id:
            raise refused(SignInProblem.UNKNOWN_KEY, protocol)
        return tags

    def _of_key(self, key: KnownKey, token: str, protocol: Protocol) -> Principal:
        if key.is_session:
            return self._motos_session(key, token, protocol)
        if key.user is None or not key.is_active or token:
            raise refused(SignInProblem.UNKNOWN_KEY, protocol)
        return Principal(
            kind="user",
            account_id=key.account_id,
            arn=key.user.arn,
            caller_arn=key.user.arn,
            user_id=key.user.user_id,
            tags=key.user.tags,
        )

    def _motos_session(self, key: KnownKey, token: str, protocol: Protocol) -> Principal:
        _check_token(key.token, token, protocol)
        if not key.is_active or key.expires is None:
            raise refused(SignInProblem.UNKNOWN_KEY, protocol)
        if key.expires <= self._now():
            raise refused(SignInProblem.EXPIRED_TOKEN, protocol)
        role = self._identities.role_id_and_tags(key.role_arn)
        if role is None:
            raise refused(SignInProblem.UNKNOWN_KEY, protocol)
        return Principal(
            kind="role",
            account_id=key.account_id,
            arn=key.role_arn,
            caller_arn=session_arn(key.role_arn, key.session_name),
            user_id=f"{role[0]}:{key.session_name}",
            session_policies=(key.policy,) if key.policy else (),
            tags=role[1],
        )


def _check_token(issued: str, given: str, protocol: Protocol) -> None:
    if not given:
        raise refused(SignInProblem.UNKNOWN_KEY, protocol)
    if given != issued:
        raise refused(SignInProblem.WRONG_TOKEN, protocol)


def _operation(request: Request) -> str:
    target = request.headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    found = _ACTION.search(request.body[:65_536]) or _ACTION.search(request.query.encode("latin-1"))
    return found[1].decode() if found else ""


def _key_id(request: Request) -> str:
    """The key id in a signature that cannot be read otherwise; empty when there is none."""
    found = _KEY_ID.search(request.headers.get("authorization")) or _KEY_ID.search(request.query)
    return found[1] if found else ""
