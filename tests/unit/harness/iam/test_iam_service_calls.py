"""Calls that AWS services make by themselves: only the resource's policy lets them in, and the key's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.iam.authorization import Reason
from lambdakit.harness.iam.guard import Guard
from lambdakit.harness.iam.identity_policies import IdentityPolicies
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from lambdakit.harness.iam.service_calls import (
    ServiceCalls,
    http_api_source_arn,
    refusal_of,
    rest_api_source_arn,
)
from lambdakit.harness.iam.usage import Usage
from lambdakit.harness.moto_state.resource_lookups import MotoLookups
from lambdakit.trace import TraceLog
from tests.fakes.policies import ACCOUNT_ID, REGION, ROOT, arn, document, statement, text

pytestmark = pytest.mark.xdist_group("moto")

FUNCTION = arn("lambda", "function:f")
INVOKE = "lambda:InvokeFunction"
STRANGER = "444455556666"


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.fixture
def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


@pytest.fixture
def calls() -> ServiceCalls:
    return ServiceCalls(ResourcePolicies(lambda _: None))


def _calls(**granted: Mapping[str, Any]) -> ServiceCalls:
    """Decides by the statement that each qualifier of the function has; `f` is the function itself."""
    named = {"f": FUNCTION}
    documents = {named.get(name, f"{FUNCTION}:{name}"): document(one) for name, one in granted.items()}
    return ServiceCalls(ResourcePolicies(documents.get))


def _permission(service: str, *, source_arn: str = "", source_account: str = "") -> dict[str, Any]:
    """A statement as AddPermission writes it."""
    condition: dict[str, Any] = {}
    if source_account:
        condition["StringEquals"] = {"AWS:SourceAccount": source_account}
    if source_arn:
        condition["ArnLike"] = {"AWS:SourceArn": source_arn}
    return statement(service, INVOKE, "*", **({"Condition": condition} if condition else {}))


# Who invokes functions by themselves, and as whose. Source: Lambda Developer Guide, "Viewing resource-based IAM
# policies in Lambda", and the services' own guides.
INVOKERS = [
    ("s3.amazonaws.com", "arn:aws:s3:::pictures"),
    ("sns.amazonaws.com", arn("sns", "orders")),
    ("events.amazonaws.com", arn("events", "rule/every-minute")),
    ("apigateway.amazonaws.com", arn("execute-api", "abc/prod/GET/orders")),
    ("elasticloadbalancing.amazonaws.com", arn("elasticloadbalancing", "targetgroup/t/0123456789abcdef")),
    ("logs.amazonaws.com", arn("logs", "log-group:/app:*")),
    ("lambda.alarms.cloudwatch.amazonaws.com", arn("cloudwatch", "alarm:errors")),
    ("cognito-idp.amazonaws.com", arn("cognito-idp", f"userpool/{REGION}_abc")),
    ("config.amazonaws.com", ""),
    ("iot.amazonaws.com", arn("iot", "rule/r")),
    ("secretsmanager.amazonaws.com", arn("secretsmanager", "secret:s-abcdef")),
    ("ses.amazonaws.com", ""),
]


class TestFunctions:
    @pytest.mark.parametrize(("service", "source"), INVOKERS)
    def test_a_permission_lets_its_service_in_and_nobody_else(self, service: str, source: str) -> None:
        calls = _calls(f=_permission(service, source_arn=source, source_account=ACCOUNT_ID))

        own = calls.decide(service, INVOKE, FUNCTION, source_arn=source, source_account=ACCOUNT_ID)
        other = calls.decide("codecommit.amazonaws.com", INVOKE, FUNCTION, source_arn=source)
        foreign = calls.decide(service, INVOKE, FUNCTION, source_arn=source, source_account=STRANGER)

        assert (own.allowed, own.reason, own.policy) == (True, Reason.RESOURCE_POLICY, FUNCTION)
        assert (other.allowed, other.reason) == (False, Reason.NO_RESOURCE_POLICY)
        assert not foreign.allowed

    @pytest.mark.parametrize(("service", "source"), [row for row in INVOKERS if row[1]])
    def test_another_source_is_not_let_in(self, service: str, source: str) -> None:
        calls = _calls(f=_permission(service, source_arn=source))

        assert calls.decide(service, INVOKE, FUNCTION, source_arn=source).allowed
        assert not calls.decide(service, INVOKE, FUNCTION, source_arn=source.replace(":aws:", ":aws-cn:")).allowed
        assert not calls.decide(service, INVOKE, FUNCTION).allowed

    @pytest.mark.parametrize(("service", "source"), INVOKERS)
    def test_without_a_permission_nobody_is_let_in(self, service: str, source: str) -> None:
        decision = _calls().decide(service, INVOKE, FUNCTION, source_arn=source, source_account=ACCOUNT_ID)

        assert not decision.allowed
        assert decision.reason is Reason.NO_RESOURCE_POLICY
        assert refusal_of(decision) == (
            f"not allowed to perform {INVOKE} on {FUNCTION} "
            f"because its resource-based policy does not allow the {INVOKE} action"
        )

    @pytest.mark.parametrize(
        ("granted", "called", "allowed"),
        [
            ("f", FUNCTION, True),
            ("f", f"{FUNCTION}:live", False),
            ("f", f"{FUNCTION}:1", False),
            ("live", f"{FUNCTION}:live", True),
            ("live", FUNCTION, False),
            ("live", f"{FUNCTION}:other", False),
        ],
    )
    def test_a_permission_is_of_the_qualifier_that_it_was_given_for(
        self, granted: str, called: str, allowed: bool
    ) -> None:
        calls = _calls(**{granted: _permission("sns.amazonaws.com")})

        assert calls.decide("sns.amazonaws.com", INVOKE, called).allowed is allowed

    def test_the_account_of_a_source_is_that_of_its_arn_unless_said(self) -> None:
        calls = _calls(f=_permission("sns.amazonaws.com", source_account=STRANGER))
        there = arn("sns", "t", account_id=STRANGER)

        assert calls.decide("sns.amazonaws.com", INVOKE, FUNCTION, source_arn=there).allowed
        assert not calls.decide("sns.amazonaws.com", INVOKE, FUNCTION, source_arn=arn("sns", "t")).allowed
        bucket = "arn:aws:s3:::b"
        assert not calls.decide("sns.amazonaws.com", INVOKE, FUNCTION, source_arn=bucket).allowed

    @pytest.mark.parametrize(
        ("condition", "allowed"),
        [
            ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, True),
            ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, False),
            ({"StringEquals": {"aws:PrincipalServiceName": "sns.amazonaws.com"}}, True),
            ({"StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"}}, False),
            ({"StringEquals": {"custom:key": "v"}}, True),
            ({"StringEquals": {"custom:key": "other"}}, False),
        ],
    )
    def test_conditions_see_that_a_service_calls(self, condition: dict[str, Any], allowed: bool) -> None:
        calls = _calls(f=statement("*", INVOKE, "*", Condition=condition))

        decision = calls.decide("sns.amazonaws.com", INVOKE, FUNCTION, context={"custom:key": ("v",)})

        assert decision.allowed is allowed

    def test_a_denial_goes_before_a_permission(self) -> None:
        both = document(statement("sns.amazonaws.com", INVOKE), statement("*", "lambda:*", Effect="Deny", Sid="Never"))
        decision = ServiceCalls(ResourcePolicies({FUNCTION: both}.get)).decide("sns.amazonaws.com", INVOKE, FUNCTION)

        assert (decision.allowed, decision.reason, decision.sid) == (False, Reason.EXPLICIT_DENY_RESOURCE, "Never")
        assert "explicit deny" in refusal_of(decision)


class TestApiGateway:
    """Source: API Gateway Developer Guide, "Troubleshooting issues with HTTP API Lambda integrations"."""

    @pytest.mark.parametrize(
        ("pattern", "stage", "route_key", "method", "allowed"),
        [
            ("abc/*/*/orders", "$default", "GET /orders", "GET", True),
            ("abc/*/*/orders", "prod", "POST /orders", "POST", True),
            ("abc/*/*/orders", "prod", "GET /orders/{id}", "GET", False),
            ("abc/*/*/orders/{id}", "prod", "GET /orders/{id}", "GET", True),
            ("abc/*/*/{proxy+}", "prod", "ANY /{proxy+}", "DELETE", True),
            ("abc/*/*/{proxy+}", "prod", "ANY /other/{rest+}", "DELETE", False),
            ("abc/*/GET/orders", "prod", "POST /orders", "POST", False),
            ("abc/prod/GET/orders", "test", "GET /orders", "GET", False),
            ("abc/$default/$default", "$default", "$default", "GET", True),
            ("abc/*/*", "$default", "$default", "PATCH", True),
            ("abc/*/$default", "prod", "$default", "GET", True),
            ("abc/*/*/", "prod", "GET /", "GET", True),
            ("abc/*", "prod", "GET /orders", "GET", True),
            ("other/*/*/orders", "prod", "GET /orders", "GET", False),
        ],
    )
    def test_an_http_api_calls_for_its_route(
        self, pattern: str, stage: str, route_key: str, method: str, allowed: bool
    ) -> None:
        service = "apigateway.amazonaws.com"
        calls = _calls(f=_permission(service, source_arn=arn("execute-api", pattern)))
        source = http_api_source_arn(
            region=REGION, account_id=ACCOUNT_ID, api_id="abc", stage=stage, route_key=route_key, method=method
        )

        assert calls.decide(service, INVOKE, FUNCTION, source_arn=source).allowed is allowed

    def test_the_route_that_takes_everything_has_its_name_for_a_path(self) -> None:
        source = http_api_source_arn(
            region=REGION,
            account_id=ACCOUNT_ID,
            api_id="abc",
            stage="$default",
            route_key="$default",
            method="GET",
        )

        assert source == arn("execute-api", "abc/$default/$default")

    @pytest.mark.parametrize(
        ("pattern", "resource", "method", "allowed"),
        [
            ("abc/prod/GET/orders", "/orders", "GET", True),
            ("abc/*/GET/orders/*", "/orders/{id}", "GET", True),
            ("abc/*/GET/orders/{id}", "/orders/{id}", "GET", False),
            ("abc/prod/*/*", "/{proxy+}", "POST", True),
            ("abc/prod/GET/", "/", "GET", True),
            ("abc/prod/POST/orders", "/orders", "GET", False),
        ],
    )
    def test_a_rest_api_calls_for_its_resource(self, pattern: str, resource: str, method: str, allowed: bool) -> None:
        service = "apigateway.amazonaws.com"
        calls = _calls(f=_permission(service, source_arn=arn("execute-api", pattern)))
        source = rest_api_source_arn(
            region=REGION, account_id=ACCOUNT_ID, api_id="abc", stage="prod", method=method, resource=resource
        )

        assert calls.decide(service, INVOKE, FUNCTION, source_arn=source).allowed is allowed

    @pytest.mark.parametrize(
        ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
    )
    def test_a_source_is_of_its_partition(self, region: str, partition: str) -> None:
        source = rest_api_source_arn(
            region=region, account_id=ACCOUNT_ID, api_id="a", stage="s", method="GET", resource="/"
        )

        assert source == f"arn:{partition}:execute-api:{region}:{ACCOUNT_ID}:a/s/GET/"


class TestQueues:
    TOPIC = arn("sns", "orders")

    def _queue(self, account: Account, name: str, *statements: Mapping[str, Any], key: str = "") -> str:
        attributes = {"Policy": text(*statements)} if statements else {}
        attributes |= {"KmsMasterKeyId": key} if key else {}
        account.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return arn("sqs", name)

    def _from_topic(self) -> dict[str, Any]:
        condition = {"ArnEquals": {"aws:SourceArn": self.TOPIC}}
        return statement("sns.amazonaws.com", "sqs:SendMessage", Condition=condition)

    def test_a_topic_needs_the_queues_policy(self, account: Account, calls: ServiceCalls, name: str) -> None:
        closed = self._queue(account, f"{name}-closed")
        open_ = self._queue(account, name, self._from_topic())

        def sent(queue: str, source: str) -> bool:
            return calls.decide("sns.amazonaws.com", "sqs:SendMessage", queue, source_arn=source).allowed

        assert sent(open_, self.TOPIC)
        assert not sent(open_, arn("sns", "other"))
        assert not sent(closed, self.TOPIC)

    def test_the_account_in_a_queues_policy_lets_no_service_in(
        self, account: Account, calls: ServiceCalls, name: str
    ) -> None:
        queue = self._queue(account, name, statement({"AWS": ROOT}, "sqs:*"))

        assert not calls.decide("s3.amazonaws.com", "sqs:SendMessage", queue, source_account=ACCOUNT_ID).allowed

    @pytest.mark.parametrize(
        ("granted", "missing"),
        [
            ([], "kms:GenerateDataKey"),
            (["kms:GenerateDataKey"], "kms:Decrypt"),
            (["kms:Decrypt"], "kms:GenerateDataKey"),
            (["kms:GenerateDataKey*", "kms:Decrypt"], ""),
        ],
    )
    def test_an_encrypted_queue_needs_the_keys_policy_as_well(
        self, account: Account, calls: ServiceCalls, name: str, granted: list[str], missing: str
    ) -> None:
        owner = statement({"AWS": ROOT}, "kms:*")
        condition = {"ArnEquals": {"aws:SourceArn": self.TOPIC}}
        to_topic = [statement("sns.amazonaws.com", granted, Condition=condition)] if granted else []
        key = account.client("kms").create_key(Policy=text(owner, *to_topic))["KeyMetadata"]["Arn"]
        queue = self._queue(account, name, self._from_topic(), key=key)

        decision = calls.decide("sns.amazonaws.com", "sqs:SendMessage", queue, source_arn=self.TOPIC)

        assert decision.allowed is not bool(missing)
        if missing:
            assert (decision.action, decision.resource) == (missing, key)
            assert f"because its key policy does not allow the {missing} action" in refusal_of(decision)

    def test_the_key_sees_through_whom_and_for_what_it_is_used(
        self, account: Account, calls: ServiceCalls, name: str
    ) -> None:
        queue = arn("sqs", name)
        condition = {
            "StringEquals": {
                "kms:ViaService": f"sqs.{REGION}.amazonaws.com",
                "kms:EncryptionContext:aws:sqs:arn": queue,
                "aws:SourceAccount": ACCOUNT_ID,
            }
        }
        granted = statement("sns.amazonaws.com", ["kms:GenerateDataKey", "kms:Decrypt"], Condition=condition)
        key = account.client("kms").create_key(Policy=text(granted))["KeyMetadata"]["Arn"]
        self._queue(account, name, self._from_topic(), key=key)

        assert calls.decide("sns.amazonaws.com", "sqs:SendMessage", queue, source_arn=self.TOPIC).allowed

    def test_no_service_sends_to_a_queue_with_the_key_that_aws_manages(
        self, account: Account, calls: ServiceCalls, name: str
    ) -> None:
        queue = self._queue(account, name, self._from_topic(), key="alias/aws/sqs")

        decision = calls.decide("sns.amazonaws.com", "sqs:SendMessage", queue, source_arn=self.TOPIC)

        assert (decision.allowed, decision.action) == (False, "kms:GenerateDataKey")


class TestTopics:
    """Source: Amazon SNS Developer Guide, "Example cases for Amazon SNS access control"."""

    @pytest.mark.parametrize(
        ("service", "source", "allowed"),
        [
            ("cloudwatch.amazonaws.com", arn("cloudwatch", "alarm:a"), True),
            ("cloudwatch.amazonaws.com", arn("cloudwatch", "alarm:a", account_id=STRANGER), False),
            ("events.amazonaws.com", arn("events", "rule/r"), False),
            ("s3.amazonaws.com", "arn:aws:s3:::b", False),
        ],
    )
    def test_the_default_policy_is_for_whoever_says_its_owner(
        self, account: Account, calls: ServiceCalls, name: str, service: str, source: str, allowed: bool
    ) -> None:
        topic = account.client("sns").create_topic(Name=name)["TopicArn"]

        assert calls.decide(service, "sns:Publish", topic, source_arn=source).allowed is allowed

    def test_a_rule_publishes_where_it_is_named(self, account: Account, calls: ServiceCalls, name: str) -> None:
        sns = account.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        policy = text(statement("events.amazonaws.com", "sns:Publish", topic))
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)

        assert calls.decide("events.amazonaws.com", "sns:Publish", topic, source_arn=arn("events", "rule/r")).allowed
        assert not calls.decide("cloudwatch.amazonaws.com", "sns:Publish", topic).allowed

    def test_an_encrypted_topic_needs_the_keys_policy_as_well(
        self, account: Account, calls: ServiceCalls, name: str
    ) -> None:
        sns, kms = account.client("sns"), account.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
        policy = text(statement("s3.amazonaws.com", "sns:Publish", topic))
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
        closed = calls.decide("s3.amazonaws.com", "sns:Publish", topic, source_account=ACCOUNT_ID)

        granted = text(statement("s3.amazonaws.com", ["kms:GenerateDataKey*", "kms:Decrypt"]))
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=granted)

        assert (closed.allowed, closed.action) == (False, "kms:GenerateDataKey")
        assert calls.decide("s3.amazonaws.com", "sns:Publish", topic, source_account=ACCOUNT_ID).allowed


def test_a_service_is_held_to_the_time_that_the_guard_is_told() -> None:
    until = {"Condition": {"DateLessThan": {"aws:CurrentTime": "2031-05-15T12:00:00Z"}}}
    permission = document(statement("sns.amazonaws.com", INVOKE, "*", **until))
    at = datetime(2031, 5, 15, 11, 59, 59, tzinfo=UTC)
    guard = Guard(
        strict=False,
        identities=IdentityPolicies(),
        resources=ResourcePolicies({FUNCTION: permission}.get),
        lookups=MotoLookups(),
        usage=Usage(),
        trace=TraceLog(HarnessClock()),
        now=lambda: at,
    )
    before = guard.service_refusal("sns.amazonaws.com", INVOKE, FUNCTION)

    at += timedelta(seconds=1)

    assert before is None
    assert guard.service_refusal("sns.amazonaws.com", INVOKE, FUNCTION) is not None
