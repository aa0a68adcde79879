"""An account with a role, a user and their keys in moto, and everything that tells who asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdakit.harness.account import Account
from lambdakit.harness.iam.callers import Callers
from lambdakit.harness.iam.credentials import CredentialRegistry, Credentials
from lambdakit.harness.iam.sessions import Sessions
from lambdakit.harness.iam.sts_api import StsApi
from lambdakit.harness.moto_state.identities import Identities

ACCOUNT_ID = "123456789012"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:resize"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
)


@dataclass
class RealTime:
    """Real time that a test can set ahead."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class KnownAccount:
    """What a harness has of identities, each its own; moto is shared by all tests of a process."""

    account_id: str = ACCOUNT_ID
    now: RealTime = field(default_factory=RealTime)

    def __post_init__(self) -> None:
        self.account = Account(account_id=self.account_id, region="us-east-1")
        self.iam: Any = self.account.client("iam")
        self.identities = Identities()
        self.credentials = CredentialRegistry(self._role_id)
        self.sessions = Sessions(self.now)
        self.callers = Callers(
            self.credentials,
            account_id=self.account_id,
            identities=self.identities,
            sessions=self.sessions,
            now=self.now,
        )
        self.sts = StsApi(self.sessions, self.identities)

    def role(self, name: str, **properties: Any) -> str:
        """A new role's ARN."""
        given = {"AssumeRolePolicyDocument": TRUST, **properties}
        return str(self.iam.create_role(RoleName=name, **given)["Role"]["Arn"])

    def user(self, name: str, **properties: Any) -> tuple[str, Credentials]:
        """A new user's ARN and access key."""
        arn = str(self.iam.create_user(UserName=name, **properties)["User"]["Arn"])
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return arn, Credentials(
            access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"], session_token=""
        )

    def environment(self, role: str, name: str = "resize", *, environment: str = "e-1") -> Credentials:
        """The session of an execution environment."""
        return self.credentials.issue(
            function=name,
            environment=environment,
            role=role,
            account_id=self.account_id,
            function_arn=f"{FUNCTION_ARN}:live",
        )

    def _role_id(self, arn: str) -> str:
        role = self.identities.role(arn)
        return "" if role is None else role.role_id

    def clear(self) -> None:
        """Removes every role, user, group and policy of the account."""
        from moto.iam.models import iam_backends

        backend = iam_backends[self.account_id]["aws"]  # its own reset reads all of AWS's policies again
        for arn in [arn for arn in backend.managed_policies if f"::{self.account_id}:" in arn]:
            del backend.managed_policies[arn]
        for held in (backend.roles, backend.users, backend.groups, backend.access_keys):
            held.clear()
