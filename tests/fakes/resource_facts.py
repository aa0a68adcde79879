"""Facts about policies of resources: a sentence, its source, a policy as its service stores it, and what it decides."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lambdakit.harness.account import Account
from lambdakit.harness.iam.authorization import Authorization, Decision, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from lambdakit.harness.iam.service_calls import ServiceCalls
from tests.fakes import policy_holders
from tests.fakes.policies import ACCOUNT_ID, REGION, arn, document, statement, text

OTHER: Final = "444455556666"
Statements = Callable[[str], list[Mapping[str, Any]]]


def role_of(account_id: str) -> Principal:
    """A session of the role `worker` of an account."""
    role = f"arn:aws:iam::{account_id}:role/worker"
    session = f"arn:aws:sts::{account_id}:assumed-role/worker/f"
    return Principal(kind="role", account_id=account_id, arn=role, caller_arn=session, user_id="AROAEXAMPLE:f")


OURS: Final = role_of(ACCOUNT_ID)
THEIRS: Final = role_of(OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fact. of: the resource's kind. policy: its statements, of the ARN they are stored for.

    who: a principal, or a service's name. own: actions that the principal's own policies allow. below: what follows
    the resource's ARN. source_arn, source_account: on whose behalf a service calls.
    """

    says: str
    source: str
    of: str
    policy: Statements
    who: Principal | str
    does: str
    allowed: bool
    own: tuple[str, ...] = ()
    below: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source_arn: str = ""
    source_account: str = ""


def lets(principal: Any, action: Any, **elements: Any) -> Statements:
    """One statement on the resource and what is in it."""

    def statements(resource: str) -> list[Mapping[str, Any]]:
        return [statement(principal, action, [resource, f"{resource}/*", f"{resource}:*"], **elements)]

    return statements


def none(_: str) -> list[Mapping[str, Any]]:
    """No policy at all."""
    return []


def equals(**keys: str) -> dict[str, Any]:
    """A condition of StringEquals; `aws__SourceAccount` is `aws:SourceAccount`."""
    return {"StringEquals": {name.replace("__", ":"): value for name, value in keys.items()}}


def check(row: Row) -> None:
    """AssertionError, with the row's source and the reason of the decision, when the row does not hold."""
    decision = _decided(row)
    assert decision.allowed is row.allowed, f"{row.source}: {decision.reason}"
    assert decision.reason is not Reason.ADMINISTRATOR


def _decided(row: Row) -> Decision:
    functions: dict[str, Any] = {}
    policies = ResourcePolicies(functions.get)
    name = f"n{uuid.uuid4().hex[:12]}"
    if row.of == "function":
        resource = arn("lambda", f"function:{name}")
        functions[resource] = document(*row.policy(resource))
    else:
        resource = _put(Account(account_id=ACCOUNT_ID, region=REGION), row, name)
    resource += row.below
    if isinstance(row.who, str):
        return ServiceCalls(policies).decide(
            row.who, row.does, resource, source_arn=row.source_arn, source_account=row.source_account, context=row.keys
        )
    allowing = document({"Effect": "Allow", "Action": list(row.own) or "none:*", "Resource": "*"})
    return decide(
        row.who,
        Authorization(action=row.does, resources=(resource,), context=row.keys),
        resource,
        policies=Policies(identity=(NamedPolicy(name="own", document=parse_policy(allowing)),)),
        resource_policy=policies.of(resource),
        resource_account=policies.account_of(resource),
        resource_policy_required=policies.required(resource),
    )


def _put(account: Account, row: Row, name: str) -> str:
    """A resource with the row's policy; its ARN."""
    make = getattr(policy_holders, row.of)
    expected = {
        "bucket": f"arn:aws:s3:::{name}",
        "bus": arn("events", f"event-bus/{name}"),
        "destination": arn("logs", f"destination:{name}"),
        "domain": arn("es", f"domain/{name}"),
        "queue": arn("sqs", name),
        "stream": arn("kinesis", f"stream/{name}"),
        "table": arn("dynamodb", f"table/{name}"),
        "topic": arn("sns", name),
    }.get(row.of, "*")
    statements = row.policy(expected)
    made = str(make(account, name, text(*statements) if statements else ""))
    assert expected in (made, "*")
    return made
