"""The sessions that execution environments get, and who is behind an access key id.

An access key id that was never issued here acts as the account's administrator.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass


def account_of(role: str) -> str:
    """The account of a role's ARN; empty when it is none."""
    parts = role.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A session of the execution role."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The execution environment that a session was issued to.

    role: its execution role's ARN. account_id: the account that it acts in.
    """

    function: str
    environment: str
    role: str
    account_id: str


class CredentialRegistry:
    """All sessions of one harness."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}
        self._lock = threading.Lock()

    def issue(self, *, function: str, environment: str, role: str, account_id: str) -> Credentials:
        """A new session. Its key id has the form of AWS's temporary ones (IAM User Guide, "IAM identifiers")."""
        access_key_id = "ASIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
        caller = Caller(function=function, environment=environment, role=role, account_id=account_id)
        with self._lock:
            self._callers[access_key_id] = caller
        return Credentials(
            access_key_id=access_key_id,
            secret_access_key=secrets.token_urlsafe(30),
            session_token=secrets.token_urlsafe(120),
        )

    def revoke(self, environment: str) -> None:
        """Forgets the sessions of an environment."""
        with self._lock:
            self._callers = {key: caller for key, caller in self._callers.items() if caller.environment != environment}

    def caller(self, access_key_id: str) -> Caller | None:
        """Who got this session; None for the administrator."""
        return self._callers.get(access_key_id)
