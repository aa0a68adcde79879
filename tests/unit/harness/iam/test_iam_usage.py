from __future__ import annotations

import threading
import time

import pytest

from lambdakit.harness.iam.authorization import Decision, Reason
from lambdakit.harness.iam.principal import ANONYMOUS, Principal, administrator, aws_service
from lambdakit.harness.iam.usage import RESOURCES_MAX, Refusal, RoleUsage, Usage, Use

ROLE = "arn:aws:iam::123456789012:role/create"
OTHER = "arn:aws:iam::123456789012:role/read"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
# A decision is on the way of every call; the bound leaves a busy machine four times what it is to cost.
MICROSECONDS_MAX = 12


def role(arn: str = ROLE) -> Principal:
    return Principal(kind="role", account_id="123456789012", arn=arn, caller_arn=f"{arn}/session")


def decision(action: str = "dynamodb:GetItem", resource: str = TABLE, reason: Reason | None = None) -> Decision:
    reason = reason or Reason.IDENTITY_POLICY
    allowed = reason in (
        Reason.IDENTITY_POLICY,
        Reason.RESOURCE_POLICY,
        Reason.ADMINISTRATOR,
        Reason.ALWAYS_ALLOWED,
    )
    policy = "orders" if reason is Reason.IDENTITY_POLICY else ""
    return Decision(allowed=allowed, reason=reason, action=action, resource=resource, policy=policy)


def test_what_a_role_did_is_kept_once() -> None:
    usage = Usage()

    for _ in range(3):
        usage.record(role(), decision())
    usage.record(role(OTHER), decision("dynamodb:Query"))

    assert usage.of(ROLE) == RoleUsage(
        used=frozenset({Use(action="dynamodb:GetItem", resource=TABLE, policy="orders")})
    )
    assert {use.action for use in usage.of(OTHER).used} == {"dynamodb:Query"}


@pytest.mark.parametrize(
    ("reason", "text", "explicit"),
    [
        (Reason.NO_IDENTITY_POLICY, "because no identity-based policy allows the s3:GetObject action", False),
        (Reason.NO_BOUNDARY, "because no permissions boundary allows the s3:GetObject action", False),
        (Reason.EXPLICIT_DENY_IDENTITY, "with an explicit deny in an identity-based policy", True),
        (Reason.EXPLICIT_DENY_RESOURCE, "with an explicit deny in a resource-based policy", True),
    ],
)
def test_a_refusal_is_kept_with_its_reason(reason: Reason, text: str, explicit: bool) -> None:
    usage = Usage()

    usage.record(role(), decision("s3:GetObject", "arn:aws:s3:::shop/a", reason))

    assert usage.of(ROLE) == RoleUsage(
        denied=frozenset(
            {Refusal(action="s3:GetObject", resource="arn:aws:s3:::shop/a", reason=text, explicit=explicit)}
        )
    )


@pytest.mark.parametrize("reason", [Reason.ADMINISTRATOR, Reason.ALWAYS_ALLOWED])
def test_what_needs_no_permission_uses_none(reason: Reason) -> None:
    usage = Usage()

    usage.record(role(), decision("sts:GetCallerIdentity", "*", reason))

    assert usage.of(ROLE) == RoleUsage()


@pytest.mark.parametrize(
    "principal",
    [
        administrator("123456789012"),
        aws_service("sns.amazonaws.com"),
        ANONYMOUS,
        Principal(kind="user", arn="arn:aws:iam::123456789012:user/a"),
    ],
    ids=lambda principal: principal.kind,
)
def test_only_roles_are_in_the_report(principal: Principal) -> None:
    usage = Usage()

    usage.record(principal, decision())

    assert usage.of(principal.arn) == RoleUsage()


def test_what_a_resource_policy_allowed_is_marked() -> None:
    usage = Usage()

    usage.record(role(), decision(reason=Reason.RESOURCE_POLICY))

    assert [use.by_resource_policy for use in usage.of(ROLE).used] == [True]


def test_what_lambda_does_with_the_role_is_marked() -> None:
    usage = Usage()

    usage.record_platform(ROLE, "logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:a:log-stream:b")
    usage.record_platform(ROLE, "logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:a:log-stream:b")

    assert [(use.action, use.by_platform) for use in usage.of(ROLE).used] == [("logs:PutLogEvents", True)]


def test_clear_brings_back_what_the_deployment_itself_did() -> None:
    usage = Usage()
    usage.record(role(), decision("s3:PutBucketNotification", "arn:aws:s3:::shop"))
    usage.keep([ROLE, "arn:aws:iam::123456789012:role/never-heard-of"])
    usage.record(role(), decision())
    usage.record(role(OTHER), decision())

    usage.clear([ROLE, OTHER, "arn:aws:iam::123456789012:role/never-heard-of"])

    assert {use.action for use in usage.of(ROLE).used} == {"s3:PutBucketNotification"}
    assert usage.of(OTHER) == RoleUsage()


def test_a_role_that_is_gone_leaves_nothing_to_the_next_of_its_name() -> None:
    usage = Usage()
    usage.record(role(), decision())
    usage.keep([ROLE])

    usage.forget([ROLE])
    usage.clear([ROLE])

    assert usage.of(ROLE) == RoleUsage()


def test_objects_without_end_do_not_take_memory_without_end() -> None:
    usage = Usage()

    for number in range(4 * RESOURCES_MAX):
        usage.record(role(), decision("s3:PutObject", f"arn:aws:s3:::shop/day-{number % 7}/{number}"))
        usage.record(role(), decision("s3:PutObject", f"arn:aws:s3:::bucket-{number}/{number}/object"))

    resources = {use.resource for use in usage.of(ROLE).used}
    assert len(resources) <= 2 * RESOURCES_MAX + 1
    assert "arn:aws:s3:::shop/day-3/*" in resources
    assert "arn:aws:s3:::*" in resources


def test_many_threads_lose_nothing() -> None:
    usage = Usage()

    def run(thread: int) -> None:
        for number in range(300):
            usage.record(role(), decision("s3:GetObject", f"arn:aws:s3:::shop/{thread}/{number % 100}"))
            usage.of(ROLE)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(usage.of(ROLE).used) == 800


def test_a_decision_seen_before_costs_next_to_nothing() -> None:
    usage, principal, same = Usage(), role(), decision()

    def run() -> float:
        started = time.perf_counter()
        for _ in range(2_000):
            usage.record(principal, same)
        return (time.perf_counter() - started) / 2_000 * 1e6

    # The best of several: a busy machine makes it slower, never faster.
    assert min(run() for _ in range(10)) <= MICROSECONDS_MAX
