from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.account import Account
from lambdakit.harness.iam.authorization import Authorization, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.principal import ANONYMOUS, Principal, aws_service
from lambdakit.harness.iam.resource_policies import ResourcePolicies
from tests.fakes.policies import ACCOUNT_ID, REGION, ROLE, ROOT, arn, document, statement, text

pytestmark = pytest.mark.xdist_group("moto")

FUNCTION = arn("lambda", "function:f")
STRANGER = "444455556666"


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.fixture
def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


@pytest.fixture
def policies() -> ResourcePolicies:
    return ResourcePolicies(lambda _: None)


def _role(account_id: str = ACCOUNT_ID) -> Principal:
    role = f"arn:aws:iam::{account_id}:role/worker"
    session = f"arn:aws:sts::{account_id}:assumed-role/worker/f"
    return Principal(kind="role", account_id=account_id, arn=role, caller_arn=session, user_id="AROAX:f")


def _allowing(*actions: str) -> Policies:
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return Policies(identity=(NamedPolicy(name="own", document=parse_policy(document(allowed))),))


def _is_allowed(
    policies: ResourcePolicies,
    principal: Principal,
    action: str,
    resource: str,
    own: Policies | None = None,
    context: Mapping[str, tuple[str, ...]] | None = None,
) -> bool:
    return decide(
        principal,
        Authorization(action=action, resources=(resource,), context=context or {}),
        resource,
        policies=own or Policies(),
        resource_policy=policies.of(resource),
        resource_account=policies.account_of(resource),
        resource_policy_required=policies.required(resource),
    ).allowed


class TestFunctions:
    def test_every_qualifier_has_its_own_policy(self) -> None:
        granted = {f"{FUNCTION}:live": document(statement("s3.amazonaws.com", "lambda:InvokeFunction"))}
        policies = ResourcePolicies(granted.get)

        assert policies.of(f"{FUNCTION}:live") is not None
        assert policies.of(FUNCTION) is None
        assert policies.of(f"{FUNCTION}:other") is None

    def test_a_policy_may_be_text_and_is_compiled_once(self) -> None:
        policy = text(statement("s3.amazonaws.com", "lambda:InvokeFunction"))
        policies = ResourcePolicies(lambda _: f"{policy} ".strip())

        first = policies.of(FUNCTION)

        assert first is not None and first.name == FUNCTION
        assert policies.of(FUNCTION) is first

    def test_the_same_statements_in_another_document_are_compiled_once(self) -> None:
        one = statement("s3.amazonaws.com", "lambda:InvokeFunction")
        policies = ResourcePolicies(lambda _: document(one))

        assert policies.of(FUNCTION) is policies.of(FUNCTION)

    def test_another_statement_is_another_policy(self) -> None:
        statements = [statement("s3.amazonaws.com", "lambda:InvokeFunction")]
        policies = ResourcePolicies(lambda _: document(*statements))
        before = policies.of(FUNCTION)

        statements.append(statement("sns.amazonaws.com", "lambda:InvokeFunction"))

        after = policies.of(FUNCTION)
        assert before is not after and after is not None
        assert len(after.document.statements) == 2

    def test_a_layer_version_is_asked_for_like_a_function(self) -> None:
        layer = arn("lambda", "layer:l:1")
        policies = ResourcePolicies({layer: document(statement("*", "lambda:GetLayerVersion"))}.get)

        assert policies.of(layer) is not None


MALFORMED = [
    *("", "{", "[]", "{}", "null", "1", '"text"', "\0", "{" * 100_000, '{"Statement": 1}', '{"Statement": [1]}'),
    json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}),
    json.dumps({"Version": "1", "Statement": []}),
]


class TestMalformed:
    @pytest.mark.parametrize("stored", MALFORMED)
    def test_what_is_no_policy_counts_as_none(self, stored: str) -> None:
        assert ResourcePolicies(lambda _: stored).of(FUNCTION) is None

    @pytest.mark.parametrize("stored", [policy for policy in MALFORMED if policy])
    def test_a_key_with_a_malformed_policy_lets_nobody_in(
        self, account: Account, policies: ResourcePolicies, stored: str
    ) -> None:
        key = account.client("kms").create_key(Policy=stored)["KeyMetadata"]["Arn"]

        assert policies.of(key) is None
        assert not _is_allowed(policies, _role(), "kms:Decrypt", key, _allowing("kms:*"))

    @given(
        stored=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda below: (
                st.lists(below, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["Statement", "Effect", "Principal", "Action", "Resource", "Condition", "Version"]),
                    below,
                    max_size=4,
                )
            ),
            max_leaves=12,
        )
    )
    def test_nothing_that_is_stored_raises(self, stored: Any) -> None:
        for resource in (FUNCTION, arn("lambda", "layer:l:1")):
            ResourcePolicies(lambda _: json.dumps(stored)).of(resource)
            ResourcePolicies(lambda _: stored if isinstance(stored, dict) else None).of(resource)

    @given(resource=st.text(max_size=60) | st.from_regex(r"arn:aws:(s3|sqs|kms|es|logs|events):[a-z:/*-]*"))
    def test_no_text_raises_that_is_no_arn(self, resource: str) -> None:
        policies = ResourcePolicies(lambda _: None)

        policies.of(resource)
        policies.required(resource)
        policies.account_of(resource)

    def test_a_malformed_policy_of_logs_does_not_hide_the_others(
        self, account: Account, policies: ResourcePolicies, name: str
    ) -> None:
        logs = account.client("logs", region="eu-central-1")
        allowed = text(statement("events.amazonaws.com", "logs:PutLogEvents"))
        logs.put_resource_policy(policyName=f"{name}-1", policyDocument="{")
        logs.put_resource_policy(policyName=f"{name}-2", policyDocument=allowed)
        group = arn("logs", "log-group:g:*", region="eu-central-1")

        assert _is_allowed(policies, aws_service("events.amazonaws.com"), "logs:PutLogEvents", group)


class TestKeys:
    """Source: AWS KMS Developer Guide, "Key policies in AWS KMS", "Default key policy", "Grants in AWS KMS"."""

    def test_a_key_needs_its_own_policy_and_nothing_else_does(self, policies: ResourcePolicies) -> None:
        assert policies.required(arn("kms", "key/k"))
        assert policies.required(arn("kms", "alias/a"))
        for other in (arn("sqs", "q"), arn("payment-cryptography", "key/k"), "arn:aws:s3:::b", "*", "", "arn:aws:kms"):
            assert not policies.required(other)

    def test_the_default_policy_leaves_it_to_iam(self, account: Account, policies: ResourcePolicies) -> None:
        key = account.client("kms").create_key()["KeyMetadata"]["Arn"]

        assert _is_allowed(policies, _role(), "kms:Decrypt", key, _allowing("kms:Decrypt"))
        assert not _is_allowed(policies, _role(), "kms:Decrypt", key)
        assert not _is_allowed(policies, _role(STRANGER), "kms:Decrypt", key, _allowing("kms:Decrypt"))

    def test_without_the_account_in_the_key_policy_iam_alone_is_not_enough(
        self, account: Account, policies: ResourcePolicies
    ) -> None:
        policy = text(statement({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/administrator"}, "kms:*"))
        key = account.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]

        assert not _is_allowed(policies, _role(), "kms:Decrypt", key, _allowing("kms:*"))

    def test_the_key_policy_alone_is_enough_for_whom_it_names(
        self, account: Account, policies: ResourcePolicies
    ) -> None:
        key = account.client("kms").create_key(Policy=text(statement({"AWS": ROLE}, "kms:Decrypt")))["KeyMetadata"]

        assert _is_allowed(policies, _role(), "kms:Decrypt", key["Arn"])

    def test_a_grant_allows_until_it_is_revoked(self, account: Account, policies: ResourcePolicies) -> None:
        kms = account.client("kms")
        key = kms.create_key(Policy=text(statement({"AWS": ROOT}, "kms:PutKeyPolicy")))["KeyMetadata"]
        assert not _is_allowed(policies, _role(), "kms:Decrypt", key["Arn"])

        grant = kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=ROLE, Operations=["Decrypt"])["GrantId"]
        granted = _is_allowed(policies, _role(), "kms:Decrypt", key["Arn"])
        kms.revoke_grant(KeyId=key["KeyId"], GrantId=grant)

        assert granted
        assert not _is_allowed(policies, _role(), "kms:Decrypt", key["Arn"])

    def test_a_new_key_policy_counts_at_once(self, account: Account, policies: ResourcePolicies) -> None:
        kms = account.client("kms")
        key = kms.create_key()["KeyMetadata"]
        before = _is_allowed(policies, _role(), "kms:Decrypt", key["Arn"])

        kms.put_key_policy(
            KeyId=key["KeyId"], PolicyName="default", Policy=text(statement({"AWS": ROLE}, "kms:Decrypt"))
        )

        assert not before
        assert _is_allowed(policies, _role(), "kms:Decrypt", key["Arn"])

    @pytest.mark.parametrize(
        ("context", "allowed"),
        [
            ({}, False),
            ({"kms:viaservice": (f"s3.{REGION}.amazonaws.com",), "kms:calleraccount": (ACCOUNT_ID,)}, True),
            ({"kms:viaservice": (f"sqs.{REGION}.amazonaws.com",), "kms:calleraccount": (ACCOUNT_ID,)}, False),
            ({"kms:viaservice": (f"s3.{REGION}.amazonaws.com",), "kms:calleraccount": (STRANGER,)}, False),
        ],
    )
    def test_a_key_that_aws_manages_is_used_through_its_service_only(
        self,
        account: Account,
        policies: ResourcePolicies,
        context: Mapping[str, tuple[str, ...]],
        allowed: bool,
    ) -> None:
        key = account.client("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]

        assert _is_allowed(policies, _role(), "kms:Decrypt", key, _allowing("kms:*"), context) is allowed


class TestTopics:
    def test_the_default_policy_lets_in_no_role_by_itself(
        self, account: Account, policies: ResourcePolicies, name: str
    ) -> None:
        topic = account.client("sns").create_topic(Name=name)["TopicArn"]

        assert not _is_allowed(policies, _role(), "sns:Publish", topic)
        assert not _is_allowed(policies, _role(STRANGER), "sns:Publish", topic, _allowing("sns:*"))
        assert not _is_allowed(policies, ANONYMOUS, "sns:Publish", topic)
        assert _is_allowed(policies, _role(), "sns:Publish", topic, _allowing("sns:Publish"))


class TestRestApis:
    def test_short_resources_are_written_out(self, account: Account, policies: ResourcePolicies, name: str) -> None:
        policy = text(
            statement("*", "execute-api:Invoke", "execute-api:/*"),
            statement("*", "execute-api:Invoke", ["execute-api:/prod/DELETE/*"], Effect="Deny"),
        )
        api_id = account.client("apigateway").create_rest_api(name=name, policy=policy)["id"]

        def asked(path: str) -> bool:
            return _is_allowed(policies, ANONYMOUS, "execute-api:Invoke", arn("execute-api", f"{api_id}/{path}"))

        assert asked("prod/GET/orders")
        assert not asked("prod/DELETE/orders")
        assert asked("test/DELETE/orders")


class TestBuckets:
    """Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage"."""

    @pytest.fixture
    def bucket(self, account: Account, name: str) -> str:
        location = {"LocationConstraint": REGION}
        account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)
        return name

    def test_a_public_policy_under_restriction_is_for_the_account_and_services(
        self, account: Account, policies: ResourcePolicies, bucket: str
    ) -> None:
        s3, target = account.client("s3"), f"arn:aws:s3:::{bucket}/k"
        s3.put_bucket_policy(Bucket=bucket, Policy=text(statement("*", "s3:GetObject", target)))
        service = aws_service("cloudfront.amazonaws.com")
        by_service = {"aws:principalisawsservice": ("true",)}
        everybody: list[tuple[Principal, Any]] = [(ANONYMOUS, {}), (_role(STRANGER), {}), (_role(), {})]
        own = _allowing("s3:*")

        before = [_is_allowed(policies, who, "s3:GetObject", target, own, keys) for who, keys in everybody]
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
        after = [_is_allowed(policies, who, "s3:GetObject", target, own, keys) for who, keys in everybody]

        assert before == [True, True, True]
        assert after == [False, False, True]
        assert _is_allowed(policies, service, "s3:GetObject", target, context=by_service)

    def test_a_policy_that_is_not_public_stays_under_restriction(
        self, account: Account, policies: ResourcePolicies, bucket: str
    ) -> None:
        s3, target = account.client("s3"), f"arn:aws:s3:::{bucket}/k"
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
        s3.put_bucket_policy(Bucket=bucket, Policy=text(statement({"AWS": STRANGER}, "s3:GetObject", target)))

        assert _is_allowed(policies, _role(STRANGER), "s3:GetObject", target, _allowing("s3:*"))

    def test_a_denial_is_of_the_bucket_policy(self, account: Account, policies: ResourcePolicies, bucket: str) -> None:
        insecure = {"Bool": {"aws:SecureTransport": "false"}}
        policy = text(statement("*", "s3:*", f"arn:aws:s3:::{bucket}/*", Effect="Deny", Condition=insecure))
        account.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
        wanted = Authorization(action="s3:GetObject", resources=("*",), context={"aws:securetransport": ("false",)})
        target = f"arn:aws:s3:::{bucket}/k"

        decision = decide(_role(), wanted, target, policies=_allowing("s3:*"), resource_policy=policies.of(target))

        assert (decision.allowed, decision.reason) == (False, Reason.EXPLICIT_DENY_RESOURCE)
        assert decision.policy == f"arn:aws:s3:::{bucket}"

    def test_a_bucket_tells_whose_it_is(self, account: Account, policies: ResourcePolicies, bucket: str) -> None:
        assert policies.account_of(f"arn:aws:s3:::{bucket}/k") == ACCOUNT_ID
        assert policies.account_of("arn:aws:s3:::no-such-bucket-here") == ""
        assert policies.account_of(arn("sqs", "q")) == ACCOUNT_ID


def test_looking_a_policy_up_costs_microseconds(account: Account, policies: ResourcePolicies, name: str) -> None:
    account.client("sqs").create_queue(
        QueueName=name, Attributes={"Policy": text(*(statement({"AWS": ROLE}, "sqs:*") for _ in range(20)))}
    )
    queue = arn("sqs", name)
    policies.of(queue)

    def each() -> float:
        started = time.perf_counter()
        for _ in range(200):
            policies.of(queue)
        return (time.perf_counter() - started) / 200

    # The best of several: a busy machine makes it slower, never faster.
    best = min(each() for _ in range(5))
    assert best < 100e-6, f"{best * 1e6:.1f} us"
