"""What was decided, and who was identified, is used again, but never once what it follows from has changed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from lambdakit.clock import HarnessClock
from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.iam.guard import Guard
from lambdakit.harness.iam.identity_policies import IdentityPolicies
from lambdakit.harness.iam.network_path import NetworkPath
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from lambdakit.harness.iam.sign_in import SignInRefused
from lambdakit.harness.iam.usage import Usage
from lambdakit.harness.moto_state.resource_lookups import MotoLookups
from lambdakit.harness.service_request import read_service_request
from lambdakit.trace import AccessDenied, TraceLog
from tests.fakes.known_identities import ACCOUNT_ID, KnownAccount
from tests.fakes.policies import text
from tests.fakes.signed_requests import signed

pytestmark = pytest.mark.xdist_group("moto")

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/orders"
REGION = "us-east-1"


def allow(action: str = "dynamodb:PutItem", resource: str = TABLE, **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(**elements: Any) -> dict[str, Any]:
    return {**allow(), "Effect": "Deny", **elements}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A role with an environment that puts items into a table, and what decides about it."""

    known: KnownAccount
    guard: Guard
    trace: TraceLog
    key: Credentials
    dynamodb: Any

    def grant(self, *statements: Mapping[str, Any], name: str = "own") -> None:
        self.known.iam.put_role_policy(RoleName="orders", PolicyName=name, PolicyDocument=text(*statements))

    def may(
        self, *, key: Credentials | None = None, order: str = "1", agent: str = "", path: NetworkPath | None = None
    ) -> bool:
        """Whether it may put an item, told by the same parts that a request goes through."""
        body = json.dumps({"TableName": "orders", "Item": {"id": {"S": order}}}).encode()
        headers = {"X-Amz-Target": "DynamoDB_20120810.PutItem", **({"User-Agent": agent} if agent else {})}
        request = signed(key or self.key, body=body, headers=headers)
        named = read_service_request(request)
        principal = self.known.callers.identify(request, service=named.service, environment="")
        refused = self.guard.refusal(request, named, principal, account_id=ACCOUNT_ID, region=REGION, path=path)
        return refused is None


@pytest.fixture
def world(known: KnownAccount) -> Iterator[World]:
    dynamodb: Any = known.account.client("dynamodb")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    trace = TraceLog(HarnessClock())
    guard = Guard(
        strict=False,
        identities=IdentityPolicies(known.identities),
        resources=ResourcePolicies(lambda arn: None),
        lookups=MotoLookups(),
        usage=Usage(),
        trace=trace,
    )
    role = known.role("orders", Tags=[{"Key": "team", "Value": "shop"}])
    world = World(known=known, guard=guard, trace=trace, key=known.environment(role), dynamodb=dynamodb)
    world.grant(allow())
    yield world
    with contextlib.suppress(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.delete_resource_policy(ResourceArn=TABLE)  # moto keeps it beyond its table; none is an error
    dynamodb.delete_table(TableName="orders")
    trace.close()


def managed(world: World, *statements: Mapping[str, Any]) -> str:
    """A new managed policy."""
    return str(world.known.iam.create_policy(PolicyName="more", PolicyDocument=text(*statements))["Policy"]["Arn"])


def denies_in_a_managed_policy(world: World) -> None:
    world.known.iam.attach_role_policy(RoleName="orders", PolicyArn=managed(world, deny()))


def is_bounded(world: World) -> None:
    world.known.iam.put_role_permissions_boundary(
        RoleName="orders", PermissionsBoundary=managed(world, allow("s3:GetObject", "*"))
    )


def is_denied_by_the_table(world: World) -> None:
    policy = text({**deny(), "Principal": "*"})
    world.dynamodb.put_resource_policy(ResourceArn=TABLE, Policy=policy)


CHANGES = [
    pytest.param(lambda world: world.grant(allow("dynamodb:GetItem")), id="another action in its policy"),
    pytest.param(lambda world: world.grant(allow(resource=f"{TABLE}2")), id="another resource in its policy"),
    pytest.param(lambda world: world.grant(deny(), name="second"), id="a second policy that denies"),
    pytest.param(
        lambda world: world.known.iam.delete_role_policy(RoleName="orders", PolicyName="own"),
        id="its policy is deleted",
    ),
    pytest.param(denies_in_a_managed_policy, id="a managed policy that denies"),
    pytest.param(is_bounded, id="a permissions boundary"),
    pytest.param(is_denied_by_the_table, id="a policy of the table"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_allowed_is_refused_once_a_policy_changed(world: World, change: Callable[[World], None]) -> None:
    before = [world.may(), world.may()]

    change(world)

    assert (before, world.may(), world.may()) == ([True, True], False, False)


def test_what_was_refused_is_allowed_once_a_policy_changed_and_each_refusal_is_told(world: World) -> None:
    world.grant(allow("dynamodb:GetItem"))
    before = [world.may(), world.may()]

    world.grant(allow())

    assert (before, world.may()) == ([False, False], True)
    assert len([event for event in world.trace.events() if isinstance(event, AccessDenied)]) == 2


def test_a_new_default_version_of_a_managed_policy_counts_at_once(world: World) -> None:
    world.known.iam.delete_role_policy(RoleName="orders", PolicyName="own")
    arn = managed(world, allow())
    world.known.iam.attach_role_policy(RoleName="orders", PolicyArn=arn)
    before = [world.may(), world.may()]

    world.known.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=text(allow("dynamodb:GetItem")), SetAsDefault=True
    )
    after = world.may()
    world.known.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")

    assert (before, after, world.may()) == ([True, True], False, True)


@pytest.mark.parametrize(
    "granted",
    [
        pytest.param(allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "shop"}}), id="a condition"),
        pytest.param(allow(resource=TABLE.replace("orders", "*${aws:PrincipalTag/stage}")), id="a variable"),
    ],
)
def test_tags_of_the_role_count_as_they_are_now(world: World, granted: Mapping[str, Any]) -> None:
    world.known.iam.tag_role(RoleName="orders", Tags=[{"Key": "stage", "Value": "orders"}])
    world.grant(granted)
    before = [world.may(), world.may()]

    tags = [{"Key": "team", "Value": "hotel"}, {"Key": "stage", "Value": "rooms"}]
    world.known.iam.tag_role(RoleName="orders", Tags=tags)

    assert (before, world.may()) == ([True, True], False)


def test_tags_of_the_resource_count_as_they_are_now(world: World) -> None:
    world.grant(allow(Condition={"StringEquals": {"aws:ResourceTag/stage": "test"}}))
    world.dynamodb.tag_resource(ResourceArn=TABLE, Tags=[{"Key": "stage", "Value": "test"}])
    before = [world.may(), world.may()]

    world.dynamodb.untag_resource(ResourceArn=TABLE, TagKeys=["stage"])

    assert (before, world.may()) == ([True, True], False)


def test_what_conditions_ask_of_the_request_is_asked_of_each(world: World) -> None:
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["1"]}, "StringLike": {"aws:UserAgent": "shop*"}}
    world.grant(allow(Condition=condition))

    assert [world.may(agent="shop/1"), world.may(agent="shop/1", order="2"), world.may(agent="curl")] == [
        True,
        False,
        False,
    ]
    assert world.may(agent="shop/2")


def test_a_policy_of_the_same_vpc_endpoint_counts_as_it_is_now(world: World) -> None:
    open_path = NetworkPath(endpoint_id="vpce-1", endpoint_policy=text({**allow("*", "*"), "Principal": "*"}))
    narrow = NetworkPath(
        endpoint_id="vpce-1", endpoint_policy=text({**allow("dynamodb:GetItem", "*"), "Principal": "*"})
    )

    assert [world.may(path=path) for path in (open_path, open_path, narrow, None, open_path)] == [
        True,
        True,
        False,
        True,
        True,
    ]


def test_the_credentials_of_a_role_that_is_gone_are_no_good(world: World) -> None:
    assert world.may()

    world.known.iam.delete_role_policy(RoleName="orders", PolicyName="own")
    world.known.iam.delete_role(RoleName="orders")
    with pytest.raises(SignInRefused) as gone:
        world.may()
    world.known.role("orders")
    world.grant(allow())
    with pytest.raises(SignInRefused) as another:
        world.may()

    assert (gone.value.code, another.value.code) == ("UnrecognizedClientException", "UnrecognizedClientException")


def test_the_credentials_of_an_environment_that_is_gone_have_expired(world: World) -> None:
    assert world.may()

    world.known.credentials.revoke("e-1")

    with pytest.raises(SignInRefused) as refused:
        world.may()
    assert refused.value.code == "ExpiredTokenException"


def session_of(world: World, *, name: str = "s", policies: tuple[str, ...] | None = None) -> Credentials:
    role = world.known.iam.get_role(RoleName="orders")["Role"]
    return world.known.sessions.begin(
        arn=role["Arn"], identity_id=role["RoleId"], name=name, duration_seconds=900, policies=policies
    ).credentials


def test_a_session_ends_when_its_time_is_over(world: World) -> None:
    key = session_of(world)
    before = [world.may(key=key), world.may(key=key)]

    world.known.now.ahead = timedelta(minutes=14)
    still = world.known.sessions.find(key.access_key_id)
    assert still is not None
    world.known.now.ahead = still.expires - still.since

    with pytest.raises(SignInRefused) as refused:
        world.may(key=key)
    assert (before, refused.value.code) == ([True, True], "ExpiredTokenException")


def test_tags_of_the_role_count_in_a_session_as_they_are_now(world: World) -> None:
    world.grant(allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "shop"}}))
    key = session_of(world)
    before = [world.may(key=key), world.may(key=key)]

    world.known.iam.untag_role(RoleName="orders", TagKeys=["team"])

    assert (before, world.may(key=key)) == ([True, True], False)


def test_sessions_of_one_name_have_each_their_own_limits(world: World) -> None:
    free, limited = session_of(world), session_of(world, policies=(text(allow("dynamodb:GetItem")),))

    assert [world.may(key=key) for key in (free, limited, free, limited)] == [True, False, True, False]
