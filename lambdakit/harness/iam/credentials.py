"""The sessions that execution environments get, and who is behind an access key id.

An access key id that was never issued here is not known here; one that was revoked is remembered as such, so that
nobody mistakes it for one that was never issued.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import field
from datetime import UTC, datetime
from typing import Final

from lambdakit.records import dataclass

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def account_of(role: str) -> str:
    """The account of a role's ARN; empty when it is none."""
    parts = role.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A session of a role or user."""

    access_key_id: str
    secret_access_key: str
    session_token: str


def temporary_credentials() -> Credentials:
    """New ones. Their key id has the form of AWS's temporary ones (IAM User Guide, "IAM identifiers")."""
    return Credentials(
        access_key_id="ASIA" + "".join(secrets.choice(_LETTERS) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
        session_token=secrets.token_urlsafe(120),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The execution environment that a session was issued to.

    role: its execution role's ARN. account_id: the account that it acts in. function_arn: without a qualifier; empty
    when it was not told. role_id: of the role when the session began, as `AROA…`; empty when nobody knew it.
    credentials: what its requests are signed with. They last as long as the environment does.
    since: when they were issued.
    """

    function: str
    environment: str
    role: str
    account_id: str
    function_arn: str
    role_id: str
    credentials: Credentials = field(repr=False)
    since: datetime


class CredentialRegistry:
    """All sessions of one harness's execution environments. role_id: the id of a role by its ARN; empty without it."""

    def __init__(self, role_id: Callable[[str], str] = lambda role_arn: "") -> None:
        self.role_id = role_id
        self._callers: dict[str, Caller] = {}
        self._revoked: set[str] = set()
        self._lock = threading.Lock()

    def issue(
        self, *, function: str, environment: str, role: str, account_id: str, function_arn: str = "", role_id: str = ""
    ) -> Credentials:
        """A new session."""
        credentials = temporary_credentials()
        caller = Caller(
            function=function,
            environment=environment,
            role=role,
            account_id=account_id,
            function_arn=_unqualified(function_arn),
            role_id=role_id or self.role_id(role),
            credentials=credentials,
            since=datetime.now(UTC),
        )
        with self._lock:
            self._callers[credentials.access_key_id] = caller
        return credentials

    def revoke(self, environment: str) -> None:
        """Ends the sessions of an environment."""
        with self._lock:
            ended = {key for key, caller in self._callers.items() if caller.environment == environment}
            self._callers = {key: caller for key, caller in self._callers.items() if key not in ended}
            self._revoked |= ended

    def caller(self, access_key_id: str) -> Caller | None:
        """Who got this session; None for everybody who got none here, or whose session has ended."""
        return self._callers.get(access_key_id)

    def is_revoked(self, access_key_id: str) -> bool:
        """Whether it was issued here to an environment that is no more."""
        return access_key_id in self._revoked


def _unqualified(function_arn: str) -> str:
    """`arn:aws:lambda:region:account:function:name` without a version or alias behind it.

    Source: AWS Lambda Developer Guide, "Using source function ARN to control function access behavior".
    """
    return ":".join(function_arn.split(":")[:7])
