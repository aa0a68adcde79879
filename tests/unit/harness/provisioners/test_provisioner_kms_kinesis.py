"""`AWS::KMS::*` and `AWS::Kinesis::*`, read back through their APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}],
}
_READERS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kinesis:GetRecords"}],
}
_WRITERS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kinesis:PutRecord"}],
}


def _key(provisioning: Provisioning, created: Created) -> Any:
    kms, key_id = provisioning.client("kms"), created.provisioned.physical_id
    metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    if metadata["KeyState"] == "PendingDeletion":
        return None
    rotation = kms.get_key_rotation_status(KeyId=key_id)
    return {
        **{name: metadata[name] for name in ("Description", "Enabled", "KeySpec", "KeyUsage", "MultiRegion")},
        "Policy": json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])["Statement"],
        "Rotation": rotation["KeyRotationEnabled"],
        "Tags": {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key_id)["Tags"]},
    }


def _alias(provisioning: Provisioning, created: Created) -> Any:
    aliases = provisioning.client("kms").list_aliases()["Aliases"]
    return next(
        (
            {"TargetKeyId": alias["TargetKeyId"]}
            for alias in aliases
            if alias["AliasName"] == created.provisioned.physical_id
        ),
        None,
    )


def _stream(provisioning: Provisioning, created: Created) -> Any:
    kinesis, name = provisioning.client("kinesis"), created.provisioned.physical_id
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return {
        "Open": summary["OpenShardCount"],
        "Retention": summary["RetentionPeriodHours"],
        "Mode": summary["StreamModeDetails"]["StreamMode"],
        "Encryption": summary.get("EncryptionType"),
        "Metrics": sorted(summary["EnhancedMonitoring"][0]["ShardLevelMetrics"]),
        "Tags": {tag["Key"]: tag["Value"] for tag in kinesis.list_tags_for_stream(StreamName=name)["Tags"]},
    }


def _consumer(provisioning: Provisioning, created: Created) -> Any:
    answer = provisioning.client("kinesis").describe_stream_consumer(ConsumerARN=created.provisioned.physical_id)
    return {"ConsumerName": answer["ConsumerDescription"]["ConsumerName"]}


def _policy(provisioning: Provisioning, created: Created) -> Any:
    answer = provisioning.client("kinesis").get_resource_policy(ResourceARN=created.provisioned.physical_id)
    return json.loads(answer["Policy"])


ROWS = [
    Row(
        type="AWS::KMS::Key",
        first={
            "Description": "orders",
            "KeyPolicy": _POLICY,
            "EnableKeyRotation": "true",
            "RotationPeriodInDays": 180,
            "Tags": [{"Key": "team", "Value": "a"}],
            "PendingWindowInDays": 7,
        },
        second={"KeyPolicy": {**_POLICY, "Statement": _POLICY["Statement"] * 2}, "Enabled": False},
        read=_key,
        shows=(
            {"Description": "orders", "Enabled": True, "Rotation": True, "Tags": {"team": "a"}},
            {"Description": "", "Enabled": False, "Tags": {}, "Policy": [*_POLICY["Statement"], *_POLICY["Statement"]]},
        ),
    ),
    Row(
        type="AWS::KMS::Alias",
        first={"AliasName": "alias/orders", "TargetKeyId": "@A"},
        second={"AliasName": "alias/orders", "TargetKeyId": "@B"},
        read=_alias,
        shows=({"TargetKeyId": "@A"}, {"TargetKeyId": "@B"}),
        needs={"A": ("AWS::KMS::Key", {}), "B": ("AWS::KMS::Key", {})},
    ),
    Row(
        type="AWS::Kinesis::Stream",
        first={
            "Name": "clicks",
            "ShardCount": "2",
            "RetentionPeriodHours": "48",
            "Tags": [{"Key": "team", "Value": "a"}],
            "DesiredShardLevelMetrics": ["IncomingBytes"],
        },
        second={
            "Name": "clicks",
            "ShardCount": 1,
            "RetentionPeriodHours": 36,
            "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
            "DesiredShardLevelMetrics": ["OutgoingBytes"],
        },
        read=_stream,
        shows=(
            {"Open": 2, "Retention": 48, "Encryption": "NONE", "Metrics": ["IncomingBytes"], "Tags": {"team": "a"}},
            {"Open": 1, "Retention": 36, "Encryption": "KMS", "Metrics": ["OutgoingBytes"], "Tags": {}},
        ),
    ),
    Row(
        type="AWS::Kinesis::StreamConsumer",
        first={"ConsumerName": "reader", "StreamARN": "@Stream.Arn"},
        second={"ConsumerName": "reader", "StreamARN": "@Stream.Arn"},
        read=_consumer,
        shows=({"ConsumerName": "reader"}, {"ConsumerName": "reader"}),
        needs={"Stream": ("AWS::Kinesis::Stream", {})},
    ),
    Row(
        type="AWS::Kinesis::ResourcePolicy",
        first={"ResourceArn": "@Stream.Arn", "ResourcePolicy": _READERS},
        second={"ResourceArn": "@Stream.Arn", "ResourcePolicy": _WRITERS},
        read=_policy,
        shows=(_READERS, _WRITERS),
        needs={"Stream": ("AWS::Kinesis::Stream", {})},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_key_gives_its_id_and_arn(provisioning: Provisioning) -> None:
    key = provisioning.create("AWS::KMS::Key", {}).provisioned

    assert key.attributes["KeyId"] == key.physical_id
    assert key.attributes["Arn"] == f"arn:aws:kms:eu-west-1:111122223333:key/{key.physical_id}"


def test_replica_belongs_to_another_region_than_its_primary_key(provisioning: Provisioning) -> None:
    provisioning.create("AWS::KMS::Key", {"MultiRegion": True}, logical_id="Primary")

    with pytest.raises(ResourceRefused, match="another region"):
        provisioning.create("AWS::KMS::ReplicaKey", {"PrimaryKeyArn": "@Primary.Arn", "KeyPolicy": _POLICY})


@pytest.mark.parametrize(
    ("type_name", "properties", "text"),
    [
        pytest.param("AWS::KMS::Key", {"KeySpec": "none"}, "KeySpec", id="key spec"),
        pytest.param(
            "AWS::KMS::Alias", {"AliasName": "orders", "TargetKeyId": "@Key"}, "Invalid identifier", id="alias"
        ),
        pytest.param("AWS::Kinesis::Stream", {"RetentionPeriodHours": 12}, "[Rr]etention", id="retention"),
    ],
)
def test_impossible_resource_is_refused_and_not_there(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], text: str
) -> None:
    provisioning.create("AWS::KMS::Key", {}, logical_id="Key")

    with pytest.raises(ClientError, match=text):
        provisioning.create(type_name, properties)

    assert provisioning.client("kinesis").list_streams()["StreamNames"] == []
    assert not [name for name in provisioning.client("kms").list_aliases()["Aliases"] if "orders" in name["AliasName"]]


def test_use_of_a_key_cannot_be_changed(provisioning: Provisioning) -> None:
    key = provisioning.create("AWS::KMS::Key", {})

    with pytest.raises(ResourceRefused, match="You cannot change the KeySpec"):
        provisioning.update(key, {"KeySpec": "RSA_2048"})


def test_stream_on_demand_and_back(provisioning: Provisioning) -> None:
    stream = provisioning.create("AWS::Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}})
    assert _stream(provisioning, stream)["Mode"] == "ON_DEMAND"

    stream = provisioning.update(stream, {"ShardCount": 3})

    assert _stream(provisioning, stream)["Mode"] == "PROVISIONED"
    assert _stream(provisioning, stream)["Open"] == 3


def test_reset_takes_records_away_and_brings_back_captured_ones(provisioning: Provisioning) -> None:
    kinesis = provisioning.client("kinesis")
    stream = provisioning.create("AWS::Kinesis::Stream", {"ShardCount": 2})
    name = stream.provisioned.physical_id

    def held() -> list[bytes]:
        found = []
        for shard in kinesis.list_shards(StreamName=name)["Shards"]:
            iterator = kinesis.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            found += [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
        return sorted(found)

    kinesis.put_record(StreamName=name, Data=b"seed", PartitionKey="a")
    stream = provisioning.captured(stream)
    for key in "abcdef":
        kinesis.put_record(StreamName=name, Data=b"later", PartitionKey=key)

    provisioning.reset(stream)

    assert held() == [b"seed"]
