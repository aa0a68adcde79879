"""The temporary sessions that the Security Token Service gives: of roles, of users, of federated users.

moto gives sessions as well, without their tags and managed session policies, and the same made-up credentials to
everybody who asks for a session token. Those that are given here carry all of it, and end in real time.
Source: AWS Security Token Service API Reference, "AssumeRole", "AssumeRoleWithWebIdentity", "GetSessionToken",
"GetFederationToken"; IAM User Guide, "Methods to assume a role" (role chaining), "Pass session tags in AWS STS".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Final

from lambdakit.harness.iam.credentials import Credentials, account_of, temporary_credentials
from lambdakit.harness.iam.principal import Principal
from lambdakit.records import dataclass

# A session is forgotten this long after its end: until then its credentials are called expired, not unknown.
_REMEMBERED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that was given.

    arn: of the role, the user or the account's root that it acts as. identity_id: `AROA…` or `AIDA…`, which another
    role or user of the same name does not have.
    name: of the session of a role, or of a federated user; empty for a session token.
    policies: documents that it was limited to, as JSON; None: not limited.
    tags: of the session. transitive: the keys of those that it hands on to the roles it assumes.
    context: further condition keys of its requests.
    """

    credentials: Credentials = field(repr=False)
    arn: str
    identity_id: str
    name: str
    since: datetime
    expires: datetime
    policies: tuple[str, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """The account that it acts in."""
        return account_of(self.arn)

    @property
    def is_federated(self) -> bool:
        """Whether it is that of a federated user."""
        return bool(self.name) and ":role/" not in self.arn


class Sessions:
    """All sessions of one harness that were given here.

    now: real time, in UTC: credentials do not follow the harness's clock.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(
        self,
        *,
        arn: str,
        identity_id: str,
        name: str = "",
        duration_seconds: int,
        policies: tuple[str, ...] | None = None,
        tags: Mapping[str, str] | None = None,
        transitive: Sequence[str] = (),
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Session:
        """A new session with credentials of its own."""
        now = self.now()
        session = Session(
            credentials=temporary_credentials(),
            arn=arn,
            identity_id=identity_id,
            name=name,
            since=now,
            expires=now + timedelta(seconds=duration_seconds),
            policies=policies,
            tags=tags or {},
            transitive=frozenset(transitive),
            context=context or {},
        )
        with self._lock:
            kept = {key: known for key, known in self._sessions.items() if known.expires + _REMEMBERED > now}
            self._sessions = {**kept, session.credentials.access_key_id: session}
        return session

    def find(self, access_key_id: str) -> Session | None:
        """The session with these credentials, ended or not; None when none was given here."""
        return self._sessions.get(access_key_id)


def session_arn(role_arn: str, session_name: str) -> str:
    """`arn:aws:sts::account:assumed-role/role/session`, which leaves the role's path out.

    Source: IAM User Guide, "IAM identifiers".
    """
    parts = role_arn.split(":", 5)
    if len(parts) != 6:
        return role_arn
    return f"arn:{parts[1]}:sts::{parts[4]}:assumed-role/{parts[5].rpartition('/')[2]}/{session_name}"


def principal_of(session: Session, own_tags: Mapping[str, str]) -> Principal:
    """Who makes the requests of a session. own_tags: of its role or user, which those of the session replace."""
    name = session.name
    context = {**temporary_context(session.since), **session.context}
    if ":role/" in session.arn:
        return Principal(
            kind="role",
            account_id=session.account_id,
            arn=session.arn,
            caller_arn=session_arn(session.arn, name),
            user_id=f"{session.identity_id}:{name}",
            session_policies=session.policies or (),
            tags={**own_tags, **session.tags},
            context=context,
        )
    is_root = session.arn.endswith(":root")
    federated = f"arn:{session.arn.split(':')[1]}:sts::{session.account_id}:federated-user/{name}"
    return Principal(
        kind="root" if is_root and not session.is_federated else "user",
        account_id=session.account_id,
        arn=session.arn,
        caller_arn=federated if session.is_federated else session.arn,
        user_id=f"{session.account_id}:{name}" if session.is_federated else session.identity_id,
        session_policies=session.policies or (),
        tags=session.tags if session.is_federated else own_tags,
        context=context,
    )


def temporary_context(since: datetime) -> Mapping[str, tuple[str, ...]]:
    """The condition keys that requests with temporary credentials have.

    Source: IAM User Guide, "AWS global condition context keys" (`aws:TokenIssueTime`, `aws:MultiFactorAuthPresent`).
    """
    return {"aws:tokenissuetime": (f"{since:%Y-%m-%dT%H:%M:%SZ}",), "aws:multifactorauthpresent": ("false",)}
