"""What requests need of KMS because of what they touch; at the same time the canary of `moto_state.encryption_keys`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.iam.api_call import ApiCall, read_api_call
from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.key_use import key_use
from lambdakit.harness.iam.lookups import ResourceLookups
from tests.fakes.api_requests import request_of, signing_name
from tests.fakes.policies import ACCOUNT_ID, REGION, arn

pytestmark = pytest.mark.xdist_group("moto")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An account with a key of the customer's. alias: another name of the key."""

    account: Account
    key: str
    alias: str


@pytest.fixture(scope="module")
def world() -> World:
    account = Account(account_id=ACCOUNT_ID, region=REGION)
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    alias = f"alias/{uuid.uuid4().hex}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    return World(account=account, key=key, alias=alias)


@pytest.fixture
def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


def _call(service: str, operation: str, parameters: Mapping[str, Any]) -> ApiCall:
    call = read_api_call(
        request_of(service, operation, parameters),
        signing_name(service),
        account_id=ACCOUNT_ID,
        region=REGION,
        lookups=cast("ResourceLookups", None),
    )
    assert call is not None
    return call


def _needed(call: ApiCall, action: str, *resources: str) -> Sequence[Authorization]:
    return key_use([Authorization(action=action, resources=resources)], call)


def _actions(needed: Sequence[Authorization]) -> list[str]:
    return [one.action for one in needed]


@pytest.mark.parametrize(
    ("operation", "action", "expected"),
    [
        ("SendMessage", "sqs:SendMessage", ["kms:GenerateDataKey", "kms:Decrypt"]),
        ("SendMessageBatch", "sqs:SendMessage", ["kms:GenerateDataKey", "kms:Decrypt"]),
        ("ReceiveMessage", "sqs:ReceiveMessage", ["kms:Decrypt"]),
        ("DeleteMessage", "sqs:DeleteMessage", []),
        ("GetQueueAttributes", "sqs:GetQueueAttributes", []),
    ],
)
def test_producers_and_consumers_of_an_encrypted_queue_use_its_key(
    world: World, name: str, operation: str, action: str, expected: list[str]
) -> None:
    world.account.client("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": world.alias})
    queue = arn("sqs", name)

    needed = _needed(_call("sqs", operation, {"QueueUrl": name}), action, queue)

    assert _actions(needed) == expected
    for one in needed:
        assert one.resources == (world.key,)
        assert one.context["kms:viaservice"] == (f"sqs.{REGION}.amazonaws.com",)
        assert one.context["kms:calleraccount"] == (ACCOUNT_ID,)
        assert one.context["kms:encryptioncontext:aws:sqs:arn"] == (queue,)
        assert one.context["kms:encryptioncontextkeys"] == ("aws:sqs:arn",)
        via = {one.context[f"aws:calledvia{place}"] for place in ("", "first", "last")}
        assert (via, one.context["aws:viaawsservice"]) == ({("sqs.amazonaws.com",)}, ("true",))


@pytest.mark.parametrize("attributes", [{}, {"KmsMasterKeyId": "alias/aws/sqs"}, {"SqsManagedSseEnabled": "true"}])
def test_a_key_that_aws_manages_needs_nothing_of_the_caller(
    world: World, name: str, attributes: dict[str, str]
) -> None:
    world.account.client("sqs").create_queue(QueueName=name, Attributes=attributes)

    assert _needed(_call("sqs", "SendMessage", {"QueueUrl": name}), "sqs:SendMessage", arn("sqs", name)) == ()


def test_a_key_that_is_not_there_is_needed_by_the_name_it_was_given(world: World, name: str) -> None:
    world.account.client("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": "alias/gone"})

    needed = _needed(_call("sqs", "ReceiveMessage", {"QueueUrl": name}), "sqs:ReceiveMessage", arn("sqs", name))

    assert [one.resources for one in needed] == [(arn("kms", "alias/gone"),)]


@pytest.mark.parametrize("operation", ["Publish", "PublishBatch"])
def test_publishers_use_the_key_of_the_topic(world: World, name: str, operation: str) -> None:
    attributes = {"KmsMasterKeyId": world.key}
    topic = world.account.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]

    needed = _needed(_call("sns", operation, {"TopicArn": topic}), "sns:Publish", topic)

    assert _actions(needed) == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert needed[0].context["kms:encryptioncontext:aws:sns:topicarn"] == (topic,)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("PutRecord", ["kms:GenerateDataKey"]),
        ("PutRecords", ["kms:GenerateDataKey"]),
        ("GetRecords", ["kms:Decrypt"]),
        ("GetShardIterator", []),
    ],
)
def test_records_of_an_encrypted_stream_use_its_key(
    world: World, name: str, operation: str, expected: list[str]
) -> None:
    kinesis = world.account.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    stream = arn("kinesis", f"stream/{name}")
    call = _call("kinesis", operation, {"StreamARN": stream})
    assert _needed(call, f"kinesis:{operation}", stream) == ()

    kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=world.key)

    needed = _needed(call, f"kinesis:{operation}", stream)
    assert _actions(needed) == expected
    assert all(one.context["kms:encryptioncontext:aws:kinesis:arn"] == (stream,) for one in needed)


class TestTables:
    @pytest.fixture
    def table(self, world: World, name: str) -> str:
        world.account.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": world.key},
        )
        return arn("dynamodb", f"table/{name}")

    @pytest.mark.parametrize(
        ("operation", "expected"),
        [("GetItem", ["kms:Decrypt"]), ("PutItem", ["kms:Decrypt"]), ("DescribeTable", [])],
    )
    def test_items_are_read_and_written_with_the_tables_key(
        self, world: World, table: str, operation: str, expected: list[str]
    ) -> None:
        call = _call("dynamodb", operation, {"TableName": table})

        needed = _needed(call, f"dynamodb:{operation}", table, f"{table}/index/i")

        assert _actions(needed) == expected
        for one in needed:
            assert one.resources == (world.key,)
            assert one.context["kms:encryptioncontext:aws:dynamodb:tablename"] == (table.rpartition("/")[2],)
            assert one.context["kms:encryptioncontext:aws:dynamodb:subscriberid"] == (ACCOUNT_ID,)

    def test_whoever_selects_a_key_for_a_table_lends_all_that_dynamodb_does_with_it(self, world: World) -> None:
        call = _call(
            "dynamodb",
            "CreateTable",
            {"TableName": "t", "SSESpecification": {"Enabled": True, "KMSMasterKeyId": world.alias}},
        )

        needed = _needed(call, "dynamodb:CreateTable", arn("dynamodb", "table/t"))

        assert {"kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"} < set(_actions(needed))
        assert {one.resources for one in needed} == {(world.key,)}


class TestSecrets:
    @pytest.fixture
    def secret(self, world: World, name: str) -> Mapping[str, Any]:
        made: Mapping[str, Any] = world.account.client("secretsmanager").create_secret(
            Name=name, SecretString="s", KmsKeyId=world.key
        )
        return made

    def test_a_value_is_read_with_the_secrets_key(self, world: World, secret: Mapping[str, Any]) -> None:
        call = _call("secretsmanager", "GetSecretValue", {"SecretId": secret["Name"]})

        (needed,) = _needed(call, "secretsmanager:GetSecretValue", secret["ARN"])

        assert (needed.action, needed.resources) == ("kms:Decrypt", (world.key,))
        assert needed.context["kms:encryptioncontext:secretarn"] == (secret["ARN"],)
        assert needed.context["kms:encryptioncontext:secretversionid"] == (secret["VersionId"],)

    def test_a_value_is_written_with_the_secrets_key(self, world: World, secret: Mapping[str, Any]) -> None:
        given = {"SecretId": secret["Name"], "SecretString": "new", "ClientRequestToken": "t" * 32}
        call = _call("secretsmanager", "PutSecretValue", given)

        (needed,) = _needed(call, "secretsmanager:PutSecretValue", secret["ARN"])

        assert (needed.action, needed.resources) == ("kms:GenerateDataKey", (world.key,))
        assert needed.context["kms:encryptioncontext:secretversionid"] == ("t" * 32,)

    def test_a_key_is_tried_when_it_is_chosen(self, world: World) -> None:
        given = {"Name": "s", "SecretString": "x", "KmsKeyId": world.key}
        call = _call("secretsmanager", "CreateSecret", given)

        needed = _needed(call, "secretsmanager:CreateSecret", arn("secretsmanager", "secret:s-abcdef"))

        assert _actions(needed) == ["kms:GenerateDataKey", "kms:Decrypt", "kms:GenerateDataKey"]
        assert needed[1].context["kms:encryptioncontext:secretversionid"] == ("RequestToValidateKeyAccess",)

    def test_describing_a_secret_and_the_default_key_need_nothing(self, world: World, name: str) -> None:
        plain = world.account.client("secretsmanager").create_secret(Name=name, SecretString="s")["ARN"]
        read = _call("secretsmanager", "GetSecretValue", {"SecretId": name})
        described = _call("secretsmanager", "DescribeSecret", {"SecretId": name})

        assert _needed(read, "secretsmanager:GetSecretValue", plain) == ()
        assert _needed(described, "secretsmanager:DescribeSecret", plain) == ()


class TestParameters:
    @pytest.fixture
    def path(self, world: World, name: str) -> Iterator[str]:
        ssm = world.account.client("ssm")
        secure = {"Value": "v", "Type": "SecureString"}
        ssm.put_parameter(Name=f"/{name}/secret", KeyId=world.alias, **secure)
        ssm.put_parameter(Name=f"/{name}/deep/secret", KeyId=world.key, **secure)
        ssm.put_parameter(Name=f"/{name}/managed", **secure)
        ssm.put_parameter(Name=f"/{name}/plain", Value="v", Type="String")
        ssm.put_parameter(Name=f"/{name}-other/secret", KeyId=world.key, **secure)
        yield f"parameter/{name}"

    @pytest.mark.parametrize(
        ("operation", "below", "decrypted", "expected"),
        [
            ("GetParameter", "/secret", True, ["/secret"]),
            ("GetParameter", "/secret", False, []),
            ("GetParameter", "/managed", True, []),
            ("GetParameter", "/plain", True, []),
            ("GetParameters", "/secret", True, ["/secret"]),
            ("GetParametersByPath", "", True, ["/deep/secret", "/secret"]),
            ("GetParametersByPath", "/*", True, ["/deep/secret", "/secret"]),
        ],
    )
    def test_what_is_decrypted_needs_the_key_of_each_parameter(
        self, world: World, path: str, operation: str, below: str, decrypted: bool, expected: list[str]
    ) -> None:
        given: Mapping[str, Mapping[str, Any]] = {"GetParameter": {"Name": "n"}, "GetParameters": {"Names": ["n"]}}
        named = given.get(operation, {"Path": "/"})
        call = _call("ssm", operation, {**named, "WithDecryption": decrypted})

        needed = _needed(call, f"ssm:{operation}", arn("ssm", f"{path}{below}"))

        found = sorted(one.context["kms:encryptioncontext:parameter_arn"][0] for one in needed)
        assert found == [arn("ssm", f"{path}{end}") for end in expected]
        assert {(one.action, one.resources) for one in needed} <= {("kms:Decrypt", (world.key,))}

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"Type": "SecureString"}, []),
            ({"Type": "SecureString", "KeyId": "KEY"}, ["kms:Encrypt"]),
            ({"Type": "SecureString", "KeyId": "KEY", "Tier": "Advanced"}, ["kms:GenerateDataKey"]),
            ({"Type": "String", "KeyId": "KEY"}, []),
        ],
    )
    def test_a_new_value_is_encrypted_by_tier(self, world: World, given: dict[str, str], expected: list[str]) -> None:
        members = {name: world.key if value == "KEY" else value for name, value in given.items()}
        call = _call("ssm", "PutParameter", {"Name": "/n", "Value": "v", **members})

        assert _actions(_needed(call, "ssm:PutParameter", arn("ssm", "parameter/n"))) == expected


class TestObjects:
    @pytest.fixture
    def bucket(self, world: World, name: str) -> str:
        location = {"LocationConstraint": REGION}
        world.account.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=location)
        return name

    def _encrypt_by_default(self, world: World, bucket: str, *, key: str, whole_bucket: bool = False) -> None:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": whole_bucket}
        world.account.client("s3").put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    def test_an_object_is_written_with_the_buckets_key(self, world: World, bucket: str) -> None:
        self._encrypt_by_default(world, bucket, key=world.key)
        call = _call("s3", "PutObject", {"Bucket": bucket, "Key": "a/b"})

        (needed,) = _needed(call, "s3:PutObject", f"arn:aws:s3:::{bucket}/a/b")

        assert (needed.action, needed.resources) == ("kms:GenerateDataKey", (world.key,))
        assert needed.context["kms:viaservice"] == (f"s3.{REGION}.amazonaws.com",)
        assert needed.context["kms:encryptioncontext:aws:s3:arn"] == (f"arn:aws:s3:::{bucket}/a/b",)

    def test_a_bucket_key_is_used_for_the_bucket(self, world: World, bucket: str) -> None:
        self._encrypt_by_default(world, bucket, key=world.key, whole_bucket=True)
        call = _call("s3", "PutObject", {"Bucket": bucket, "Key": "k"})

        (needed,) = _needed(call, "s3:PutObject", f"arn:aws:s3:::{bucket}/k")

        assert needed.context["kms:encryptioncontext:aws:s3:arn"] == (f"arn:aws:s3:::{bucket}",)

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({}, []),
            ({"ServerSideEncryption": "AES256"}, []),
            ({"ServerSideEncryption": "aws:kms"}, []),
            ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "KEY"}, ["kms:GenerateDataKey"]),
            ({"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": "KEY"}, ["kms:GenerateDataKey"]),
        ],
    )
    def test_a_request_can_name_the_key(
        self, world: World, bucket: str, given: dict[str, str], expected: list[str]
    ) -> None:
        members = {name: world.key if value == "KEY" else value for name, value in given.items()}
        call = _call("s3", "PutObject", {"Bucket": bucket, "Key": "k", **members})

        assert _actions(_needed(call, "s3:PutObject", f"arn:aws:s3:::{bucket}/k")) == expected

    def test_a_request_goes_before_the_buckets_default(self, world: World, bucket: str) -> None:
        self._encrypt_by_default(world, bucket, key=world.key)
        call = _call("s3", "PutObject", {"Bucket": bucket, "Key": "k", "ServerSideEncryption": "AES256"})

        assert _needed(call, "s3:PutObject", f"arn:aws:s3:::{bucket}/k") == ()

    def test_an_object_is_read_with_its_own_key_and_its_head_without_any(self, world: World, bucket: str) -> None:
        s3 = world.account.client("s3")
        s3.put_object(Bucket=bucket, Key="k", Body=b"b", ServerSideEncryption="aws:kms", SSEKMSKeyId=world.key)
        s3.put_object(Bucket=bucket, Key="plain", Body=b"b")
        given = {"Bucket": bucket, "Key": "k"}
        encrypted, plain = (f"arn:aws:s3:::{bucket}/{key}" for key in ("k", "plain"))

        assert _actions(_needed(_call("s3", "GetObject", given), "s3:GetObject", encrypted)) == ["kms:Decrypt"]
        assert _needed(_call("s3", "GetObject", given), "s3:GetObject", plain) == ()
        assert _needed(_call("s3", "HeadObject", given), "s3:GetObject", encrypted) == ()

    def test_a_copy_decrypts_the_source_and_encrypts_the_target(self, world: World, bucket: str) -> None:
        s3 = world.account.client("s3")
        s3.put_object(Bucket=bucket, Key="k", Body=b"b", ServerSideEncryption="aws:kms", SSEKMSKeyId=world.key)
        self._encrypt_by_default(world, bucket, key=world.alias)
        call = _call("s3", "CopyObject", {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/k"})
        source, target = (f"arn:aws:s3:::{bucket}/{key}" for key in ("k", "copy"))

        assert _actions(_needed(call, "s3:GetObject", source)) == ["kms:Decrypt"]
        assert _actions(_needed(call, "s3:PutObject", target)) == ["kms:GenerateDataKey"]

    def test_parts_are_decrypted_with_the_key_that_the_upload_began_with(self, world: World, bucket: str) -> None:
        given = {"Bucket": bucket, "Key": "k"}
        sse = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": world.key}
        begun = _call("s3", "CreateMultipartUpload", {**given, **sse})
        upload = world.account.client("s3").create_multipart_upload(**given, **sse)["UploadId"]
        part = _call("s3", "UploadPart", {**given, "UploadId": upload, "PartNumber": 1, "Body": b"b"})
        done = _call("s3", "CompleteMultipartUpload", {**given, "UploadId": upload})
        target = f"arn:aws:s3:::{bucket}/k"

        assert _actions(_needed(begun, "s3:PutObject", target)) == ["kms:GenerateDataKey"]
        assert _actions(_needed(part, "s3:PutObject", target)) == ["kms:Decrypt"]
        assert _actions(_needed(done, "s3:PutObject", target)) == ["kms:Decrypt"]

    def test_buckets_and_what_is_not_there_need_nothing(self, world: World, bucket: str) -> None:
        call = _call("s3", "GetObject", {"Bucket": bucket, "Key": "k"})

        assert _needed(call, "s3:GetObject", f"arn:aws:s3:::{bucket}/nothing", "arn:aws:s3:::no-bucket/k") == ()
        assert _needed(call, "s3:ListBucket", f"arn:aws:s3:::{bucket}") == ()


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("events:PutEvents", arn("events", "event-bus/default")),
        ("firehose:PutRecord", arn("firehose", "deliverystream/d")),
        ("logs:PutLogEvents", arn("logs", "log-group:g:log-stream:s")),
        ("sqs:ListQueues", "*"),
        ("sqs:SendMessage", arn("sqs", "no-such-queue")),
        ("nonsense", "nonsense"),
    ],
)
def test_services_that_use_keys_by_themselves_need_nothing_of_the_caller(action: str, resource: str) -> None:
    assert _needed(_call("sqs", "SendMessage", {"QueueUrl": "q"}), action, resource) == ()
