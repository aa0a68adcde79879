"""moto's private classes still have the shape that `lambdakit.harness.moto_state.resource_lookups` relies on."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.resource_lookups import MotoLookups, backend_of

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID, REGION = "545454545454", "eu-west-1"
TRUST = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.fixture
def lookups() -> MotoLookups:
    return MotoLookups()


def test_a_table_has_tags_and_partition_keys(account: Account, lookups: MotoLookups) -> None:
    dynamodb: Any = account.client("dynamodb")
    table = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "S"},
            {"AttributeName": "user", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_user",
                "KeySchema": [{"AttributeName": "user", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "team", "Value": "a"}],
    )["TableDescription"]["TableArn"]

    assert lookups.tags(table) == {"team": "a"}
    assert lookups.tags(f"{table}/index/by_user") == {"team": "a"}
    assert lookups.partition_key(table, "") == "id"
    assert lookups.partition_key(table, "by_user") == "user"
    assert lookups.partition_key(table, "nothing") == ""


def test_queues_topics_streams_and_log_groups_have_tags(account: Account, lookups: MotoLookups) -> None:
    sqs: Any = account.client("sqs")
    sns: Any = account.client("sns")
    kinesis: Any = account.client("kinesis")
    logs: Any = account.client("logs")
    sqs.create_queue(QueueName="jobs", tags={"team": "a"})
    topic = sns.create_topic(Name="news", Tags=[{"Key": "team", "Value": "a"}])["TopicArn"]
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.add_tags_to_stream(StreamName="clicks", Tags={"team": "a"})
    logs.create_log_group(logGroupName="/group", tags={"team": "a"})

    assert lookups.tags(f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:jobs") == {"team": "a"}
    assert lookups.tags(topic) == {"team": "a"}
    assert lookups.tags(f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/clicks") == {"team": "a"}
    assert lookups.tags(f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/group:log-stream:s") == {"team": "a"}


def test_a_shard_iterator_names_its_stream(account: Account, lookups: MotoLookups) -> None:
    kinesis: Any = account.client("kinesis")
    kinesis.create_stream(StreamName="iterated", ShardCount=1)
    shard = kinesis.list_shards(StreamName="iterated")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="iterated", ShardId=shard, ShardIteratorType="LATEST")

    assert lookups.stream_of_iterator(iterator["ShardIterator"]) == "iterated"
    assert lookups.stream_of_iterator("?") == ""


def test_a_secret_is_found_by_every_name_of_it(account: Account, lookups: MotoLookups) -> None:
    secrets: Any = account.client("secretsmanager")
    arn = secrets.create_secret(Name="app/db", SecretString="x", Tags=[{"Key": "team", "Value": "a"}])["ARN"]

    for name in ("app/db", arn, arn[:-7]):
        assert lookups.secret_arn(ACCOUNT_ID, REGION, name) == arn
    assert lookups.secret_arn(ACCOUNT_ID, REGION, "nothing") == ""
    assert lookups.tags(arn) == {"team": "a"}


def test_a_secret_has_the_function_that_rotates_it(account: Account, lookups: MotoLookups) -> None:
    secrets: Any = account.client("secretsmanager")
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:rotate"
    still, rotated = (secrets.create_secret(Name=name, SecretString="x")["ARN"] for name in ("still", "rotated"))
    backend_of("secretsmanager", ACCOUNT_ID, REGION).secrets["rotated"].rotation_lambda_arn = function

    assert lookups.rotation_function(rotated) == function
    assert lookups.rotation_function(still) == lookups.rotation_function("rotated") == ""


def test_subnets_are_in_a_vpc(account: Account, lookups: MotoLookups) -> None:
    ec2: Any = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{part}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for part, zone in ((1, "a"), (2, "b"))
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]

    assert lookups.vpcs_of_subnets(ACCOUNT_ID, REGION, [*ids, "subnet-0"]) == (vpc,)
    assert lookups.vpcs_of_subnets(ACCOUNT_ID, REGION, ["subnet-0"]) == ()


def test_a_parameter_has_tags(account: Account, lookups: MotoLookups) -> None:
    ssm: Any = account.client("ssm")
    ssm.put_parameter(Name="/app/url", Value="x", Type="String", Tags=[{"Key": "team", "Value": "a"}])

    assert lookups.tags(f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter/app/url") == {"team": "a"}


def test_a_key_is_found_by_every_name_of_it(account: Account, lookups: MotoLookups) -> None:
    kms: Any = account.client("kms")
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key["KeyId"])
    ciphertext = base64.b64encode(kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]).decode()

    for name in (key["KeyId"], key["Arn"], "alias/app", f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:alias/app"):
        assert lookups.key_arn(ACCOUNT_ID, REGION, name) == key["Arn"]
    assert lookups.key_aliases(key["Arn"]) == ("alias/app",)
    assert lookups.key_of_ciphertext(ACCOUNT_ID, REGION, ciphertext) == key["Arn"]
    assert lookups.tags(key["Arn"]) == {"team": "a"}
    assert lookups.key_of_ciphertext(ACCOUNT_ID, REGION, "&&&") == ""


def test_identities_are_found_with_their_path(account: Account, lookups: MotoLookups) -> None:
    iam: Any = account.client("iam")
    role = iam.create_role(
        RoleName="worker", Path="/app/", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "team", "Value": "a"}]
    )["Role"]["Arn"]
    user = iam.create_user(UserName="me", Path="/app/")["User"]["Arn"]
    group = iam.create_group(GroupName="us", Path="/app/")["Group"]["Arn"]
    profile = iam.create_instance_profile(InstanceProfileName="machine", Path="/app/")["InstanceProfile"]["Arn"]

    assert lookups.identity_arn(ACCOUNT_ID, "role", "worker") == role
    assert lookups.identity_arn(ACCOUNT_ID, "user", "me") == user
    assert lookups.identity_arn(ACCOUNT_ID, "group", "us") == group
    assert lookups.identity_arn(ACCOUNT_ID, "instance-profile", "machine") == profile
    assert lookups.identity_arn(ACCOUNT_ID, "role", "nobody") == ""
    assert lookups.tags(role) == {"team": "a"}


def test_buckets_and_objects_have_an_owner_and_tags(account: Account, lookups: MotoLookups) -> None:
    s3: Any = account.client("s3")
    s3.create_bucket(Bucket="looked-up", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket="looked-up", Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    s3.put_object(Bucket="looked-up", Key="k", Body=b"", Tagging="stage=draft")

    assert lookups.bucket_account("looked-up") == ACCOUNT_ID
    assert lookups.bucket_account("nothing") == ""
    assert lookups.tags("arn:aws:s3:::looked-up") == {"team": "a"}
    assert lookups.object_tags("looked-up", "k", "") == {"stage": "draft"}
    assert lookups.object_tags("looked-up", "nothing", "") == {}


def test_an_address_belongs_to_its_domain(account: Account, lookups: MotoLookups) -> None:
    ses: Any = account.client("ses")
    ses.verify_domain_identity(Domain="example.com")
    ses.verify_email_identity(EmailAddress="me@other.example")

    assert lookups.email_identity(ACCOUNT_ID, REGION, "shop@mail.example.com") == "example.com"
    assert lookups.email_identity(ACCOUNT_ID, REGION, "me@other.example") == "me@other.example"
    assert lookups.email_identity(ACCOUNT_ID, REGION, "you@other.example") == ""


def test_a_task_definition_has_roles(account: Account, lookups: MotoLookups) -> None:
    ecs: Any = account.client("ecs")
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/task"
    ecs.register_task_definition(
        family="job", taskRoleArn=role, containerDefinitions=[{"name": "a", "image": "b", "memory": 4}]
    )

    for name in ("job", "job:1", f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:task-definition/job:1"):
        assert lookups.task_roles(ACCOUNT_ID, REGION, name) == (role,)
    assert lookups.task_roles(ACCOUNT_ID, REGION, "job:9") == ()


def test_a_state_machine_and_a_bus_have_tags(account: Account, lookups: MotoLookups) -> None:
    states: Any = account.client("stepfunctions")
    events: Any = account.client("events")
    iam_role = f"arn:aws:iam::{ACCOUNT_ID}:role/machine"
    machine = states.create_state_machine(
        name="orders",
        definition='{"StartAt":"a","States":{"a":{"Type":"Pass","End":true}}}',
        roleArn=iam_role,
        tags=[{"key": "team", "value": "a"}],
    )["stateMachineArn"]
    bus = events.create_event_bus(Name="orders", Tags=[{"Key": "team", "Value": "a"}])["EventBusArn"]

    assert lookups.tags(machine) == {"team": "a"}
    assert lookups.tags(bus) == {"team": "a"}


@pytest.mark.parametrize(
    "arn",
    [
        *("", "arn:aws:sqs", "arn:aws:sqs:eu-west-1:101010101010:jobs", "arn:aws:nobody:eu-west-1:101010101010:x"),
        *("arn:aws:s3:::nothing", "arn:aws:iam::101010101010:role/nobody", "arn:aws:lambda:eu-west-1:1:function:f"),
    ],
)
def test_what_is_not_there_has_no_tags_and_is_not_made(account: Account, lookups: MotoLookups, arn: str) -> None:
    account.client("sqs").list_queues()

    assert lookups.tags(arn) == {}

    assert backend_of("sqs", "101010101010", "eu-west-1") is None
