"""The part of the Security Token Service that has to know who asks.

GetCallerIdentity                                    who asks
AssumeRole, AssumeRoleWithWebIdentity                a session of a role, with its tags and policies
GetSessionToken, GetFederationToken                  a session of the user who asks
everything else                                      moto's

Whether the caller may do it is decided before. That a web identity token is genuine is not checked: there is no
identity provider to ask.
Source: AWS Security Token Service API Reference, the operations' pages.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from lambdakit.harness.iam.denial import denial_response
from lambdakit.harness.iam.policy_document import MalformedPolicy, parse_policy
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.sessions import Session, Sessions, principal_of
from lambdakit.harness.moto_state.identities import Identities, KnownRole, managed_policy
from lambdakit.harness.service_request import ServiceRequest
from lambdakit.harness.wire import Request, Response

_NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_FEDERATED_NAME: Final = re.compile(r"[\w+=,.@-]{2,32}", re.ASCII)
_SECONDS_MIN: Final = 900
_ROLE_SECONDS: Final = 3_600
_CHAINED_SECONDS_MAX: Final = 3_600
_TOKEN_SECONDS: Final = 43_200
_TOKEN_SECONDS_MAX: Final = 129_600
_ROOT_SECONDS_MAX: Final = 3_600
_POLICY_CHARACTERS_MAX: Final = 2_048
_POLICY_ARNS_MAX: Final = 10
_TAGS_MAX: Final = 50
_NO_POLICY: Final = '{"Version": "2012-10-17", "Statement": []}'
# How a form names the members of a list, before the number and behind it.
_TAGS: Final = re.compile(r"Tags\.member\.(\d+)\.(Key|Value)")


class _Refused(Exception):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class StsApi:
    """Answers those operations."""

    def __init__(self, sessions: Sessions, identities: Identities | None = None) -> None:
        self._sessions = sessions
        self._identities = identities or Identities()
        self._operations: Mapping[str, Callable[[Mapping[str, str], Principal, Session | None], str]] = {
            "AssumeRole": self._assume_role,
            "AssumeRoleWithWebIdentity": self._assume_role_with_web_identity,
            "GetCallerIdentity": _caller_identity,
            "GetFederationToken": self._get_federation_token,
            "GetSessionToken": self._get_session_token,
        }

    def serve(self, request: Request, named: ServiceRequest, principal: Principal) -> Response | None:
        """The answer to `principal`; None for what is moto's."""
        form = _form(request)
        operation = form.get("Action", "")
        answer = self._operations.get(operation)
        if answer is None:
            return None
        try:
            return _response(operation, answer(form, principal, self._sessions.find(named.access_key_id)))
        except _Refused as refused:
            return denial_response(request, named, code=refused.code, message=refused.message, status=refused.status)

    def _assume_role(self, form: Mapping[str, str], principal: Principal, own: Session | None) -> str:
        name = form.get("RoleSessionName", "")
        if not _NAME.fullmatch(name):
            raise _invalid("roleSessionName", name, r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
        role = self._role(form, principal, "sts:AssumeRole")
        seconds = _seconds(form, _ROLE_SECONDS, role.max_session_seconds)
        if principal.kind == "role" and seconds > _CHAINED_SECONDS_MAX:
            raise _Refused(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            )
        handed_on = {} if own is None else {key: own.tags[key] for key in own.transitive if key in own.tags}
        tags = _tags(form)
        if {key.lower() for key in tags} & {key.lower() for key in handed_on}:
            problem = "One of the specified tag keys conflicts with a transitive tag key from the calling session."
            raise _Refused("InvalidParameterValue", problem)
        keys = frozenset(value for key, value in form.items() if key.startswith("TransitiveTagKeys.member."))
        # Once set, it stays through every role that is assumed from there.
        source = principal.context.get("aws:sourceidentity", ()) or tuple(filter(None, [form.get("SourceIdentity")]))
        session = self._sessions.begin(
            arn=role.arn,
            identity_id=role.role_id,
            name=name,
            duration_seconds=seconds,
            policies=_policies(form),
            tags={**tags, **handed_on},
            transitive=[*keys, *handed_on],
            context={"aws:sourceidentity": source} if source else {},
        )
        return _role_answer(session) + "".join(f"<SourceIdentity>{escape(name)}</SourceIdentity>" for name in source)

    def _assume_role_with_web_identity(self, form: Mapping[str, str], principal: Principal, own: Session | None) -> str:
        del own
        name = form.get("RoleSessionName", "")
        if not _NAME.fullmatch(name):
            raise _invalid("roleSessionName", name, r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
        role = self._role(form, principal, "sts:AssumeRoleWithWebIdentity")
        session = self._sessions.begin(
            arn=role.arn,
            identity_id=role.role_id,
            name=name,
            duration_seconds=_seconds(form, _ROLE_SECONDS, role.max_session_seconds),
            policies=_policies(form),
        )
        return _role_answer(session)

    def _get_session_token(self, form: Mapping[str, str], principal: Principal, own: Session | None) -> str:
        del own
        if principal.kind == "role":
            raise _Refused("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        session = self._sessions.begin(
            arn=principal.arn, identity_id=principal.user_id, duration_seconds=_token_seconds(form, principal)
        )
        return _credentials(session)

    def _get_federation_token(self, form: Mapping[str, str], principal: Principal, own: Session | None) -> str:
        del own
        if principal.kind == "role":
            raise _Refused("AccessDenied", "Cannot call GetFederationToken with session credentials", 403)
        name = form.get("Name", "")
        if not _FEDERATED_NAME.fullmatch(name):
            raise _invalid("name", name, r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
        session = self._sessions.begin(
            arn=principal.arn,
            identity_id=principal.user_id,
            name=name,
            duration_seconds=_token_seconds(form, principal),
            policies=_policies(form) or (_NO_POLICY,),  # without policies it may do what resources' policies allow
            tags=_tags(form),
        )
        federated = principal_of(session, {})
        user = (
            f"<FederatedUserId>{escape(federated.user_id)}</FederatedUserId><Arn>{escape(federated.caller_arn)}</Arn>"
        )
        return f"{_credentials(session)}<FederatedUser>{user}</FederatedUser>"

    def _role(self, form: Mapping[str, str], principal: Principal, action: str) -> KnownRole:
        """A role that is not there is not told apart from one that may not be assumed."""
        arn = form.get("RoleArn", "")
        role = self._identities.role(arn)
        if role is None:
            who = principal.caller_arn or "anonymous"
            problem = f"User: {who} is not authorized to perform: {action} on resource: {arn}"
            raise _Refused("AccessDenied", problem, 403)
        return role


def caller_identity_response(request: Request, principal: Principal) -> Response:
    """The answer to `GetCallerIdentity`."""
    del request
    return _response("GetCallerIdentity", _caller_identity({}, principal, None))


def _caller_identity(form: Mapping[str, str], principal: Principal, own: Session | None) -> str:
    del form, own
    return (
        f"<Arn>{escape(principal.caller_arn)}</Arn><UserId>{escape(principal.user_id)}</UserId>"
        f"<Account>{escape(principal.account_id)}</Account>"
    )


def _response(operation: str, result: str) -> Response:
    request_id = str(uuid.uuid4())
    body = (
        f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{result}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
    headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
    return Response(status=200, headers=headers, body=body.encode())


def _form(request: Request) -> Mapping[str, str]:
    # A presigned request, such as that for a token of Amazon EKS, has everything in its query.
    return dict(parse_qsl(request.query) + parse_qsl(request.body.decode("utf-8", "replace")))


def _seconds(form: Mapping[str, str], absence: int, most: int) -> int:
    text = form.get("DurationSeconds", str(absence))
    seconds = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    if seconds < _SECONDS_MIN:
        raise _invalid("durationSeconds", text, f"Member must have value greater than or equal to {_SECONDS_MIN}")
    if seconds > most:
        problem = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise _Refused("ValidationError", problem)
    return seconds


def _token_seconds(form: Mapping[str, str], principal: Principal) -> int:
    """Source: AWS Security Token Service API Reference, "GetSessionToken": an hour at most for the root user."""
    text = form.get("DurationSeconds", str(_TOKEN_SECONDS))
    seconds = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    if not _SECONDS_MIN <= seconds <= _TOKEN_SECONDS_MAX:
        bound = f"Member must have value between {_SECONDS_MIN} and {_TOKEN_SECONDS_MAX}"
        raise _invalid("durationSeconds", text, bound)
    return min(seconds, _ROOT_SECONDS_MAX) if principal.kind == "root" else seconds


def _policies(form: Mapping[str, str]) -> tuple[str, ...] | None:
    """The documents that the session is limited to; None without any."""
    policy = form.get("Policy")
    arns = [value for key, value in form.items() if re.fullmatch(r"PolicyArns\.member\.\d+\.arn", key)]
    if policy is not None and len(policy) > _POLICY_CHARACTERS_MAX:
        bound = f"Member must have length less than or equal to {_POLICY_CHARACTERS_MAX}"
        raise _invalid("policy", policy, bound)
    if len(arns) > _POLICY_ARNS_MAX:
        bound = f"Member must have length less than or equal to {_POLICY_ARNS_MAX}"
        raise _invalid("policyArns", ", ".join(arns), bound)
    documents = [] if policy is None else [policy]
    for arn in arns:
        document = managed_policy(arn)
        if document is None:
            raise _Refused(
                "PackedPolicyTooLarge" if not arn else "InvalidParameterValue", f"Policy {arn} does not exist"
            )
        documents.append(document)
    try:
        for document in documents:
            parse_policy(document)
    except MalformedPolicy as malformed:
        raise _Refused("MalformedPolicyDocument", str(malformed)) from None
    return tuple(documents) or None


def _tags(form: Mapping[str, str]) -> dict[str, str]:
    parts: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        found = _TAGS.fullmatch(name)
        if found is not None:
            parts.setdefault(found[1], {})[found[2]] = value
    if len(parts) > _TAGS_MAX:
        raise _invalid("tags", str(len(parts)), f"Member must have length less than or equal to {_TAGS_MAX}")
    keys = [part.get("Key", "").lower() for part in parts.values()]
    if len(set(keys)) < len(keys):
        problem = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise _Refused("InvalidParameterValue", problem)
    return {part.get("Key", ""): part.get("Value", "") for part in parts.values()}


def _invalid(name: str, value: str, constraint: str) -> _Refused:
    problem = f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"
    return _Refused("ValidationError", problem)


def _role_answer(session: Session) -> str:
    acting = principal_of(session, {})
    user = f"<AssumedRoleId>{escape(acting.user_id)}</AssumedRoleId><Arn>{escape(acting.caller_arn)}</Arn>"
    return f"{_credentials(session)}<AssumedRoleUser>{user}</AssumedRoleUser>"


def _credentials(session: Session) -> str:
    given = session.credentials
    return (
        f"<Credentials><AccessKeyId>{given.access_key_id}</AccessKeyId>"
        f"<SecretAccessKey>{given.secret_access_key}</SecretAccessKey>"
        f"<SessionToken>{given.session_token}</SessionToken>"
        f"<Expiration>{_iso(session.expires)}</Expiration></Credentials>"
    )


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
