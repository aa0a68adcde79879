"""moto behind our own door: boto3 in process, without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.wire import Headers, Request

# moto's state is the process's: every test has its own account, and names of its own.
pytestmark = pytest.mark.xdist_group("moto")


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id="777788889999", region="eu-west-1")


class TestDynamoDb:
    def test_items_go_in_and_out(self, account: Account) -> None:
        dynamodb = account.client("dynamodb")
        arn = dynamodb.create_table(
            TableName="account-items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]

        dynamodb.put_item(
            TableName="account-items", Item={"id": {"S": "ü😀"}, "n": {"N": "1"}, "b": {"B": b"\x00\xff"}}
        )
        item = dynamodb.get_item(TableName="account-items", Key={"id": {"S": "ü😀"}})["Item"]

        assert arn == "arn:aws:dynamodb:eu-west-1:777788889999:table/account-items"
        assert item == {"id": {"S": "ü😀"}, "n": {"N": "1"}, "b": {"B": b"\x00\xff"}}

    def test_a_refusal_is_the_service_s_own(self, account: Account) -> None:
        dynamodb = account.client("dynamodb")

        with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.get_item(TableName="account-missing", Key={"id": {"S": "x"}})

    def test_large_items_are_no_trouble(self, account: Account) -> None:
        dynamodb = account.client("dynamodb")
        dynamodb.create_table(
            TableName="account-large",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

        dynamodb.put_item(TableName="account-large", Item={"id": {"S": "x"}, "v": {"S": "y" * 390_000}})

        item = dynamodb.get_item(TableName="account-large", Key={"id": {"S": "x"}})["Item"]
        assert len(item["v"]["S"]) == 390_000

    def test_each_region_has_its_own_tables(self, account: Account) -> None:
        account.client("dynamodb", "us-west-2").create_table(
            TableName="account-there",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

        assert "account-there" in account.client("dynamodb", "us-west-2").list_tables()["TableNames"]
        assert "account-there" not in account.client("dynamodb").list_tables()["TableNames"]


@pytest.fixture(scope="module")
def bucket(account: Account) -> str:
    account.client("s3").create_bucket(
        Bucket="account-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return "account-bucket"


class TestS3:
    @pytest.mark.parametrize(
        "key",
        [
            "plain.txt",
            "with space",
            "a/b/c",
            "ü/😀",
            "plus+and&amp=",
            "percent%20literal",
            "question?mark#hash",
            "quote'\"<tag>",
            "trailing/",
            "dots/../kept",
            "co:lon;semi,comma",
        ],
    )
    def test_every_key_names_the_same_object_again(self, account: Account, bucket: str, key: str) -> None:
        s3 = account.client("s3")

        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
        assert key in [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        s3.delete_object(Bucket=bucket, Key=key)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    @pytest.mark.parametrize("metadata", [{"a_b": "c"}, {"with-dash": "x"}, {"mixed_and-more": "v"}])
    def test_underscores_in_metadata_survive(self, account: Account, bucket: str, metadata: Mapping[str, str]) -> None:
        s3 = account.client("s3")

        s3.put_object(Bucket=bucket, Key="metadata", Body=b"x", Metadata=metadata)

        assert s3.head_object(Bucket=bucket, Key="metadata")["Metadata"] == metadata

    @pytest.mark.parametrize("body", [b"", b"\x00\xff" * 1000, b"x" * 6_000_000], ids=["empty", "binary", "large"])
    def test_every_body_comes_back(self, account: Account, bucket: str, body: bytes) -> None:
        s3 = account.client("s3")

        s3.put_object(Bucket=bucket, Key="body", Body=body, ContentType="application/x-own")
        answer = s3.get_object(Bucket=bucket, Key="body")

        assert answer["Body"].read() == body
        assert answer["ContentType"] == "application/x-own"
        assert answer["ContentLength"] == len(body)

    def test_a_missing_key_is_refused(self, account: Account, bucket: str) -> None:
        with pytest.raises(ClientError) as refused:
            account.client("s3").get_object(Bucket=bucket, Key="missing")

        assert refused.value.response["Error"]["Code"] == "NoSuchKey"


class TestSqs:
    @pytest.mark.parametrize("body", ["hello", "ü😀", '{"a": "b&c=d+e"}', "x" * 200_000])
    def test_messages_go_in_and_out(self, account: Account, body: str) -> None:
        sqs = account.client("sqs")
        url = sqs.create_queue(QueueName="account-jobs")["QueueUrl"]

        sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageAttributes={"k_k": {"DataType": "String", "StringValue": "v ü"}}
        )
        (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

        assert message["Body"] == body
        assert message["MessageAttributes"]["k_k"]["StringValue"] == "v ü"
        assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_the_account_is_the_one_that_was_asked_for(account: Account) -> None:
    assert account.client("sts").get_caller_identity()["Account"] == "777788889999"


def test_a_client_is_made_once(account: Account) -> None:
    assert account.client("sqs") is account.client("sqs", "eu-west-1")
    assert account.client("sqs") is not account.client("sqs", "us-east-1")


def test_a_managed_policy_of_aws_can_be_attached(account: Account) -> None:
    iam = account.client("iam")
    iam.create_role(RoleName="account-role", AssumeRolePolicyDocument="{}")

    iam.attach_role_policy(
        RoleName="account-role", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )

    attached = iam.list_attached_role_policies(RoleName="account-role")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AWSLambdaBasicExecutionRole"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "dynamodb.eu-west-1.amazonaws.com"}, 200),
        # What an SDK sends to an endpoint of its own: only the signature names the service.
        ({"Host": "127.0.0.1:4566"}, 200),
    ],
)
def test_the_service_is_found_by_host_or_signature(account: Account, headers: Mapping[str, str], expected: int) -> None:
    credential = "Credential=AKIA/20260102/eu-west-1/dynamodb/aws4_request"
    items: dict[str, Any] = {
        **headers,
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00",
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
    }

    answer = account.serve(Request(method="POST", target="/", headers=Headers(items.items()), body=b"{}"))

    assert answer.status == expected
    assert b"TableNames" in answer.body


def test_accounts_and_regions_are_kept_apart(account: Account) -> None:
    clients = {
        (account_id, region): account.client("sqs", region, account_id)
        for account_id in (account.account_id, "444455556666")
        for region in ("eu-west-1", "us-west-2")
    }

    urls = {place: client.create_queue(QueueName="same")["QueueUrl"] for place, client in clients.items()}

    for (account_id, _region), url in urls.items():
        assert url.endswith(f"/{account_id}/same")
    for place, client in clients.items():
        attributes = client.get_queue_attributes(QueueUrl=urls[place], AttributeNames=["QueueArn"])["Attributes"]
        assert attributes["QueueArn"] == f"arn:aws:sqs:{place[1]}:{place[0]}:same"


def test_whose_a_request_is_does_not_follow_from_its_own_headers(account: Account) -> None:
    credential = "AWS4-HMAC-SHA256 Credential=KEY/20260102/eu-west-1/sts/aws4_request"
    headers = Headers(
        [
            ("host", "127.0.0.1:1"),
            ("authorization", credential),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-moto-account-id", "444455556666"),
        ]
    )
    body = b"Action=GetCallerIdentity&Version=2011-06-15"

    answer = account.serve(Request(method="POST", target="/", headers=headers, body=body))

    assert b"<Account>777788889999</Account>" in answer.body


def test_what_moto_has_not_built_is_said(account: Account) -> None:
    with pytest.raises(ClientError) as refused:
        account.client("iam").generate_service_last_accessed_details(Arn="arn:aws:iam::777788889999:role/any")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert "generate_service_last_accessed_details" in refused.value.response["Error"]["Message"]
