"""`AWS::DynamoDB::*`, read back through the DynamoDB API."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_KEY = [{"AttributeName": "id", "KeyType": "HASH"}]
_ATTRIBUTES = [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}]
_INDEX = {
    "IndexName": "by-time",
    "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}],
}
_BASE: dict[str, Any] = {
    "TableName": "orders",
    "KeySchema": _KEY,
    "AttributeDefinitions": _ATTRIBUTES[:1],
    "BillingMode": "PAY_PER_REQUEST",
}


def _table(provisioning: Provisioning, created: Created) -> Any:
    dynamodb, name = provisioning.client("dynamodb"), created.provisioned.physical_id
    table = dynamodb.describe_table(TableName=name)["Table"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    try:
        policy: Any = dynamodb.get_resource_policy(ResourceArn=table["TableArn"])["Policy"]
    except ClientError:
        policy = None
    billing = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return {
        "Billing": billing,
        "Read": table["ProvisionedThroughput"]["ReadCapacityUnits"] if billing == "PROVISIONED" else None,
        "Indexes": [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", ())],
        "Stream": table.get("StreamSpecification", {}).get("StreamViewType"),
        "Protected": table.get("DeletionProtectionEnabled", False),
        "Encryption": table.get("SSEDescription", {}).get("SSEType"),
        "Expiry": expiry.get("AttributeName") if expiry["TimeToLiveStatus"] == "ENABLED" else None,
        "Recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "Policy": policy is not None,
        "Tags": {
            tag["Key"]: tag["Value"] for tag in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        },
    }


ROWS = [
    Row(
        type="AWS::DynamoDB::Table",
        first={
            **_BASE,
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": "true"},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true"},
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        second={
            "TableName": "orders",
            "KeySchema": _KEY,
            "AttributeDefinitions": _ATTRIBUTES,
            "ProvisionedThroughput": {"ReadCapacityUnits": "3", "WriteCapacityUnits": 2},
            "GlobalSecondaryIndexes": [
                {**_INDEX, "ProvisionedThroughput": {"ReadCapacityUnits": "1", "WriteCapacityUnits": "1"}}
            ],
            "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
            "TimeToLiveSpecification": {"AttributeName": "gone", "Enabled": True},
            "SSESpecification": {"SSEEnabled": "true", "SSEType": "KMS"},
            "ResourcePolicy": {"PolicyDocument": _POLICY},
        },
        read=_table,
        shows=(
            {
                **{"Billing": "PAY_PER_REQUEST", "Indexes": [], "Stream": "NEW_IMAGE", "Expiry": "until"},
                **{"Recovery": "ENABLED", "Tags": {"team": "a"}, "Policy": False, "Encryption": None},
            },
            {
                **{"Billing": "PROVISIONED", "Read": 3, "Indexes": ["by-time"], "Stream": "KEYS_ONLY"},
                **{"Expiry": "gone", "Recovery": "DISABLED", "Tags": {}, "Policy": True, "Encryption": "KMS"},
            },
        ),
    ),
    Row(
        type="AWS::DynamoDB::GlobalTable",
        first={**_BASE, "Replicas": [{"Region": "eu-west-1", "Tags": [{"Key": "team", "Value": "a"}]}]},
        second={
            **_BASE,
            "AttributeDefinitions": _ATTRIBUTES,
            "GlobalSecondaryIndexes": [_INDEX],
            "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
            "SSESpecification": {"SSEEnabled": True},
            "Replicas": [
                {
                    "Region": "eu-west-1",
                    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                }
            ],
        },
        read=_table,
        shows=(
            {"Tags": {"team": "a"}, "Indexes": [], "Recovery": "DISABLED"},
            {"Tags": {}, "Indexes": ["by-time"], "Recovery": "ENABLED", "Stream": "NEW_AND_OLD_IMAGES"},
        ),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_stream_arn_is_given_while_there_is_a_stream(provisioning: Provisioning) -> None:
    table = provisioning.create("AWS::DynamoDB::Table", _BASE)
    assert "StreamArn" not in table.provisioned.attributes

    table = provisioning.update(table, {**_BASE, "StreamSpecification": {"StreamViewType": "KEYS_ONLY"}})
    assert table.provisioned.attributes["StreamArn"].startswith(table.provisioned.attributes["Arn"] + "/stream/")

    table = provisioning.update(table, _BASE)
    assert "StreamArn" not in table.provisioned.attributes


def test_protected_table_refuses_to_go(provisioning: Provisioning) -> None:
    table = provisioning.create("AWS::DynamoDB::Table", {**_BASE, "DeletionProtectionEnabled": "true"})

    with pytest.raises(ResourceRefused, match="protected against deletion"):
        provisioning.delete(table)

    table = provisioning.update(table, _BASE)
    provisioning.delete(table)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        pytest.param(
            {"GlobalSecondaryIndexes": [{**_INDEX, "Projection": {"ProjectionType": "KEYS_ONLY"}}]},
            "cannot update a GSI's properties",
            id="projection",
        ),
        pytest.param(
            {"GlobalSecondaryIndexes": [_INDEX, {**_INDEX, "IndexName": "b"}, {**_INDEX, "IndexName": "c"}]},
            "more than one GSI creation",
            id="two at once",
        ),
        pytest.param(
            {
                "GlobalSecondaryIndexes": [_INDEX],
                "LocalSecondaryIndexes": [
                    {
                        "IndexName": "l",
                        "KeySchema": [*_KEY, {"AttributeName": "at", "KeyType": "RANGE"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
            "Local secondary indexes cannot be changed",
            id="local index",
        ),
    ],
)
def test_change_of_indexes_that_dynamodb_does_not_make_is_refused(
    provisioning: Provisioning, changed: dict[str, Any], text: str
) -> None:
    properties = {**_BASE, "AttributeDefinitions": _ATTRIBUTES, "GlobalSecondaryIndexes": [_INDEX]}
    table = provisioning.create("AWS::DynamoDB::Table", properties)
    before = _table(provisioning, table)

    with pytest.raises(ResourceRefused, match=text):
        provisioning.update(table, {**properties, **changed})

    assert _table(provisioning, table) == before


def test_lists_without_indexes_are_none(provisioning: Provisioning) -> None:
    """`[!If [NeedsIndex, {…}, !Ref AWS::NoValue]]` is such a list."""
    none: dict[str, list[Any]] = {"GlobalSecondaryIndexes": [], "LocalSecondaryIndexes": []}

    table = provisioning.create("AWS::DynamoDB::Table", {**_BASE, **none})
    provisioning.update(table, _BASE)

    assert _table(provisioning, table)["Indexes"] == []


@pytest.mark.parametrize(
    ("type_name", "properties", "refusal", "text"),
    [
        pytest.param(
            "AWS::DynamoDB::Table",
            {**_BASE, "AttributeDefinitions": _ATTRIBUTES},
            ClientError,
            "AttributeDefinitions",
            id="attribute",
        ),
    ],
)
def test_impossible_table_is_refused_and_not_there(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    with pytest.raises(refusal, match=text):
        provisioning.create(type_name, properties)

    assert provisioning.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize("with_range", [False, True])
def test_reset_takes_items_away_and_brings_back_captured_ones(provisioning: Provisioning, with_range: bool) -> None:
    dynamodb = provisioning.client("dynamodb")
    properties = dict(_BASE)
    if with_range:
        properties |= {
            "KeySchema": [*_KEY, {"AttributeName": "at", "KeyType": "RANGE"}],
            "AttributeDefinitions": _ATTRIBUTES,
        }
    table = provisioning.create("AWS::DynamoDB::Table", properties)

    def put(identity: str, value: str) -> None:
        dynamodb.put_item(TableName="orders", Item={"id": {"S": identity}, "at": {"N": "1"}, "v": {"S": value}})

    put("seed", "old")
    table = provisioning.captured(table)
    for _ in range(2):
        put("seed", "new")
        put("later", "x")

        provisioning.reset(table)

        found = dynamodb.scan(TableName="orders")["Items"]
        assert [(item["id"]["S"], item["v"]["S"]) for item in found] == [("seed", "old")]

    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "seed"}, **({"at": {"N": "1"}} if with_range else {})})
    provisioning.reset(table)
    assert dynamodb.scan(TableName="orders")["Count"] == 1


def test_replicas_elsewhere_are_not_kept_and_noted(provisioning: Provisioning) -> None:
    replicas = [{"Region": "us-east-1"}, {"Region": "eu-west-1", "DeletionProtectionEnabled": False}]

    created = provisioning.create("AWS::DynamoDB::GlobalTable", {**_BASE, "Replicas": replicas}, logical_id="Orders")

    assert provisioning.notes == [("Orders", "its replicas in us-east-1 are not kept")]
    elsewhere = provisioning.context.account.client("dynamodb", "us-east-1", provisioning.context.account.account_id)
    assert created.provisioned.physical_id not in elsewhere.list_tables()["TableNames"]
