"""Decisions of IAM as rows: a sentence, its source, who wants what, the policies that apply, and what AWS decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.iam.authorization import Authorization, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.principal import ANONYMOUS, Principal, administrator, aws_service

Json = Mapping[str, Any]

ACCOUNT: Final = "123456789012"
OTHER: Final = "999999999999"
OBJECT: Final = "arn:aws:s3:::reports/2024/may.csv"
KEY: Final = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd"
ROLE_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/service/worker"
SESSION_ARN: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/job"
USER_ARN: Final = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
FEDERATED_ARN: Final = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
NOW: Final = datetime(2024, 5, 15, 12, 0, 0, tzinfo=UTC)

ROLE: Final = Principal(
    kind="role", account_id=ACCOUNT, arn=ROLE_ARN, caller_arn=SESSION_ARN, user_id="AROAEXAMPLE1234567:job"
)
USER: Final = Principal(
    kind="user", account_id=ACCOUNT, arn=USER_ARN, caller_arn=USER_ARN, user_id="AIDAEXAMPLE1234567"
)
FEDERATED: Final = Principal(
    kind="user", account_id=ACCOUNT, arn=USER_ARN, caller_arn=FEDERATED_ARN, user_id=f"{ACCOUNT}:bob"
)
STRANGER: Final = Principal(
    kind="user",
    account_id=OTHER,
    arn=f"arn:aws:iam::{OTHER}:user/eve",
    caller_arn=f"arn:aws:iam::{OTHER}:user/eve",
    user_id="AIDASTRANGER1234567",
)
ROOT: Final = administrator(ACCOUNT)
SNS: Final = aws_service("sns.amazonaws.com")
NOBODY: Final = ANONYMOUS

BY_IDENTITY: Final = Reason.IDENTITY_POLICY
BY_RESOURCE: Final = Reason.RESOURCE_POLICY
NOT_BY_IDENTITY: Final = Reason.NO_IDENTITY_POLICY
NOT_BY_RESOURCE: Final = Reason.NO_RESOURCE_POLICY
NOT_BY_BOUNDARY: Final = Reason.NO_BOUNDARY
NOT_BY_SESSION: Final = Reason.NO_SESSION_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One decision.

    source: the page, and its section, that states the rule or gives the example; `follows from` a page that states only
    the rule behind it; `a decision of lambdakit's` where no page says anything.
    identity, session: statements, a policy each; session None: no session policy. boundary, resource_policy: statements
    of one policy; None without. owner: the resource's account, if it is not in the ARN. needs_resource_policy: a KMS
    key's or a role's trust policy. version: of all policies.
    """

    says: str
    source: str
    expect: Reason
    who: Principal = ROLE
    does: str = "s3:GetObject"
    to: str = OBJECT
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    identity: Sequence[Json] = ()
    boundary: Sequence[Json] | None = None
    session: Sequence[Json] | None = None
    resource_policy: Sequence[Json] | None = None
    owner: str = ""
    needs_resource_policy: bool = False
    version: str = "2012-10-17"

    def __str__(self) -> str:
        return self.says

    def check(self) -> None:
        """AssertionError when the decision is another one."""
        wanted = Authorization(
            action=self.does,
            resources=(self.to,),
            context={key.lower(): tuple(values) for key, values in self.context.items()},
        )
        session = None if self.session is None else self._policies(self.session)
        policies = Policies(
            identity=self._policies(self.identity), boundary=self._policy(self.boundary), session=session
        )
        decision = decide(
            self.who,
            wanted,
            self.to,
            policies=policies,
            resource_policy=self._policy(self.resource_policy),
            resource_account=self.owner,
            resource_policy_required=self.needs_resource_policy,
            now=lambda: NOW,
        )
        expected = self.expect in (BY_IDENTITY, BY_RESOURCE, Reason.ADMINISTRATOR)
        assert (decision.reason, decision.allowed) == (self.expect, expected), (
            f"{self.says} ({self.source}): {decision}"
        )

    def _policies(self, statements: Sequence[Json]) -> tuple[NamedPolicy, ...]:
        return tuple(policy for statement in statements if (policy := self._policy((statement,))) is not None)

    def _policy(self, statements: Sequence[Json] | None) -> NamedPolicy | None:
        if statements is None:
            return None
        return NamedPolicy(
            name="policy", document=parse_policy({"Version": self.version, "Statement": list(statements)})
        )


def allow(actions: object = "s3:*", resources: object = "*", **elements: object) -> Json:
    """A statement that allows. elements: more of it, such as `Principal`; an element of None is left out."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources, **elements}
    return {name: value for name, value in statement.items() if value is not None}


def deny(actions: object = "s3:*", resources: object = "*", **elements: object) -> Json:
    """A statement that denies, like `allow`."""
    return {**allow(actions, resources, **elements), "Effect": "Deny"}


def when(
    says: str, source: str, holds: bool, condition: Json, context: Mapping[str, str | Sequence[str]] | None = None
) -> Row:
    """A row of a statement that allows everything under a condition. context: the request's keys, values alone or in
    lists.
    """
    listed = {key: [value] if isinstance(value, str) else value for key, value in (context or {}).items()}
    return Row(
        says=says,
        source=source,
        expect=BY_IDENTITY if holds else NOT_BY_IDENTITY,
        context=listed,
        identity=(allow(Condition=condition),),
    )
