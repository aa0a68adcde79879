"""Canary: moto keeps the policies of its resources where `moto_state.resource_policies` reads them."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.resource_policies import (
    StoredPolicy,
    blocks_public_policies,
    find_key,
    stored_policy,
)
from tests.fakes import policy_holders
from tests.fakes.policies import ACCOUNT_ID, REGION, ROLE, arn, statement, text

pytestmark = pytest.mark.xdist_group("moto")


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.fixture
def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


def _documents(stored: StoredPolicy | None) -> list[Any]:
    assert stored is not None
    return [json.loads(one) if isinstance(one, str) else one for one in stored.documents()]


@pytest.mark.parametrize(
    ("make", "below"),
    [
        (policy_holders.queue, ""),
        (policy_holders.topic, ""),
        (policy_holders.bucket, "/a/key"),
        (policy_holders.key, ""),
        (policy_holders.secret, ""),
        (policy_holders.repository, ""),
        (policy_holders.stream, ""),
        (policy_holders.table, "/index/by-name"),
        (policy_holders.domain, "/index"),
        (policy_holders.file_system, ""),
        (policy_holders.rest_api, "/stage/GET/orders"),
        (policy_holders.destination, ""),
    ],
)
def test_the_policy_of_a_resource_is_read_as_it_was_put(
    account: Account, name: str, make: Callable[[Account, str, str], str], below: str
) -> None:
    policy = text(statement({"AWS": ROLE}, "*"))

    holder = make(account, name, policy)

    stored = stored_policy(holder + below)
    assert _documents(stored) == [json.loads(policy)]
    assert stored is not None
    assert (stored.holder, stored.account_id) == (holder, ACCOUNT_ID)
    again = stored_policy(holder)
    assert again is not None and again.parts == stored.parts


def test_an_event_buses_statements_are_one_policy_for_the_bus_and_its_rules(account: Account, name: str) -> None:
    events = account.client("events")
    bus = events.create_event_bus(Name=name)["EventBusArn"]
    events.put_permission(EventBusName=name, Action="events:PutEvents", Principal="111122223333", StatementId="one")

    before = stored_policy(bus)
    rule = stored_policy(arn("events", f"rule/{name}/every-minute"))
    events.put_permission(EventBusName=name, Action="events:PutEvents", Principal="444455556666", StatementId="two")
    after = stored_policy(bus)

    assert before is not None and rule is not None and after is not None
    assert before.parts == rule.parts != after.parts
    assert [each["Sid"] for each in _documents(after)[0]["Statement"]] == ["one", "two"]


def test_every_resource_policy_of_logs_counts_for_every_log_group(account: Account, name: str) -> None:
    logs = account.client("logs", region="eu-west-3")
    one, two = (text(statement("events.amazonaws.com", "logs:PutLogEvents", f"*{n}")) for n in "12")
    logs.put_resource_policy(policyName=f"{name}-1", policyDocument=one)
    logs.put_resource_policy(policyName=f"{name}-2", policyDocument=two)

    stored = stored_policy(arn("logs", "log-group:/aws/events/x:*", region="eu-west-3"))

    assert _documents(stored) == [json.loads(one), json.loads(two)]


def test_statements_that_are_added_and_removed_one_by_one_change_the_parts(account: Account, name: str) -> None:
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = arn("sqs", name)
    assert stored_policy(queue) is None

    sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=[ACCOUNT_ID], Actions=["SendMessage"])
    one = stored_policy(queue)
    sqs.remove_permission(QueueUrl=url, Label="l")

    assert one is not None
    assert stored_policy(queue) is None


def test_a_new_topics_own_policy_asks_for_its_owner(account: Account, name: str) -> None:
    topic = account.client("sns").create_topic(Name=name)["TopicArn"]

    (policy,) = _documents(stored_policy(topic))

    (only,) = policy["Statement"]
    assert only["Condition"] == {"StringEquals": {"AWS:SourceOwner": ACCOUNT_ID}}


def test_a_key_that_aws_manages_is_for_the_account_through_its_service(account: Account) -> None:
    kms = account.client("kms")
    key = kms.describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]["Arn"]

    (policy,) = _documents(stored_policy(key))

    assert policy["Statement"][0]["Condition"] == {
        "StringEquals": {"kms:CallerAccount": ACCOUNT_ID, "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
    }
    assert _documents(stored_policy(arn("kms", "alias/aws/secretsmanager"))) == [policy]


def test_grants_on_a_key_are_read_as_policies(account: Account) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_grant(
        KeyId=key["KeyId"],
        GranteePrincipal=ROLE,
        Operations=["Decrypt"],
        Constraints={"EncryptionContextSubset": {"team": "a"}},
    )
    kms.create_grant(
        KeyId=key["KeyId"],
        GranteePrincipal="rds.amazonaws.com",
        Operations=["CreateGrant"],
        Constraints={"EncryptionContextEquals": {"team": "b"}},
    )

    _, to_role, to_service = _documents(stored_policy(key["Arn"]))

    assert to_role["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ROLE},
            "Action": ["kms:Decrypt"],
            "Resource": key["Arn"],
            "Condition": {"StringEquals": {"kms:EncryptionContext:team": "a"}},
        }
    ]
    assert to_service["Statement"][0]["Principal"] == {"Service": "rds.amazonaws.com"}
    assert to_service["Statement"][0]["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:team": "b"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team"]},
    }


def test_a_key_is_found_by_each_of_its_names(account: Account, name: str) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])

    names = (key["KeyId"], f"key/{key['KeyId']}", key["Arn"], f"alias/{name}", arn("kms", f"alias/{name}"))

    assert {find_key(one, ACCOUNT_ID, REGION).arn for one in names} == {key["Arn"]}
    assert find_key("arn:aws:kms", ACCOUNT_ID, REGION) is None
    assert find_key("alias/nothing", ACCOUNT_ID, REGION) is None


@pytest.mark.parametrize("where", ["bucket", "account"])
def test_public_access_blocks_of_bucket_and_account_count(account: Account, name: str, where: str) -> None:
    bucket = policy_holders.bucket(account, name, text(statement("*", "s3:GetObject")))
    blocked = {"BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    assert not blocks_public_policies(name)

    if where == "bucket":
        account.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
    else:
        account.client("s3control").put_public_access_block(
            AccountId=ACCOUNT_ID, PublicAccessBlockConfiguration=blocked
        )
    blocks, stored = blocks_public_policies(name), stored_policy(bucket)
    account.client("s3control").delete_public_access_block(AccountId=ACCOUNT_ID)

    assert blocks
    assert stored is not None and stored.restricts_public


@pytest.mark.parametrize(
    "missing",
    [
        *("", "*", "arn:aws:sqs", "arn:aws:s3:::no-such-bucket-at-all", "arn:aws:lambda:eu-west-1:1:function:f"),
        *(
            arn(service, resource, account_id="999988887777")
            for service, resource in (
                ("sqs", "q"),
                ("sns", "t"),
                ("kms", "key/k"),
                ("secretsmanager", "secret:s-abcdef"),
                ("events", "event-bus/default"),
                ("events", "archive/a"),
                ("ecr", "repository/r"),
                ("kinesis", "stream/s"),
                ("dynamodb", "table/t"),
                ("es", "domain/d"),
                ("es", "domain"),
                ("execute-api", "api/stage/GET/"),
                ("logs", "log-group:g"),
                ("logs", "destination:d"),
                ("elasticfilesystem", "file-system/f"),
                ("states", "stateMachine:m"),
            )
        ),
    ],
)
def test_what_is_not_there_has_none_and_stays_away(account: Account, missing: str) -> None:
    assert stored_policy(missing) is None

    import moto.sqs.models

    assert "999988887777" not in moto.sqs.models.sqs_backends.keys()


def test_nothing_of_moto_is_loaded_to_look_for_a_policy() -> None:
    code = (
        "import sys\n"
        "from lambdakit.harness.moto_state.resource_policies import stored_policy\n"
        "for service in ('sqs', 'kms', 'es', 'logs', 's3'):\n"
        "    assert stored_policy(f'arn:aws:{service}:eu-west-1:123456789012:key/k') is None\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'moto'])"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
