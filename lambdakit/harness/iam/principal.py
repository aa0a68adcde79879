"""Who makes a request.

Source: IAM User Guide, "AWS JSON policy elements: Principal"; "AWS global condition context keys" (`aws:PrincipalArn`,
`aws:userid`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from lambdakit.records import dataclass

PrincipalKind = Literal["role", "user", "root", "service", "anonymous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Someone, or an AWS service, that makes requests.

    kind: `role` is a session of a role, `root` the administrator of an account, whom nothing refuses.
    arn: of the role, the user or the account's root, as the key `aws:PrincipalArn` gives it; empty for a service.
    caller_arn: how errors and `GetCallerIdentity` name it: the session of a role, else `arn`.
    user_id: `AROA…:session`, `AIDA…` or the account's id; empty for a service.
    service: such as `sns.amazonaws.com`; empty for everybody else.
    session_policies: policy documents that the session was limited to when it began, as JSON; none: no limit.
    tags: of the role or user with those of the session, which go before.
    context: condition keys, in lower case, that every request of this principal carries.
    canonical_user: the id by which S3 knows the account; empty where it is not known.
    function, environment: of the execution environment that it is; empty for everybody else.
    """

    kind: PrincipalKind
    account_id: str = ""
    arn: str = ""
    caller_arn: str = ""
    user_id: str = ""
    service: str = ""
    session_policies: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    canonical_user: str = ""
    function: str = ""
    environment: str = ""


def administrator(account_id: str) -> Principal:
    """The root of an account."""
    root = f"arn:aws:iam::{account_id}:root"
    return Principal(kind="root", account_id=account_id, arn=root, caller_arn=root, user_id=account_id)


def aws_service(name: str) -> Principal:
    """An AWS service that calls on somebody's behalf, such as `sns.amazonaws.com`."""
    return Principal(kind="service", service=name)


ANONYMOUS = Principal(kind="anonymous")
