"""`AWS::MSK::Cluster`, and the operations of Amazon MSK that stand before moto's.

Source: CloudFormation Template Reference, "AWS::MSK::Cluster"; Amazon MSK API Reference, "GetBootstrapBrokers",
"BatchAssociateScramSecret"; Amazon MSK Developer Guide, "Port information".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.managed_kafka import SERVICE, ManagedKafkaApi
from lambdakit.harness.moto_state.clusters import name_clusters
from tests.fakes.provisioning import REGION, Provisioning

TYPE = "AWS::MSK::Cluster"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:AmazonMSK_user-AbCdEf"
MISSING = "arn:aws:kafka:us-east-1:123456789012:cluster/gone/1"
PLAIN: Mapping[str, Any] = {
    "ClusterName": "clicks",
    "KafkaVersion": "3.8.x",
    "NumberOfBrokerNodes": 2,
    "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1", "subnet-2"], "InstanceType": "kafka.m7g.large"},
}


@pytest.fixture
def kafka(provisioning: Provisioning, account: Account) -> Any:
    name_clusters()
    account.stand_before(SERVICE, ManagedKafkaApi(account).serve)
    return provisioning.client("kafka")


def test_a_cluster_is_there_until_it_is_deleted(provisioning: Provisioning, kafka: Any) -> None:
    made = provisioning.create(TYPE, {**PLAIN, "Tags": {"team": "shop"}})
    arn = made.provisioned.physical_id

    described = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]

    assert made.provisioned.attributes["Arn"] == arn
    assert re.fullmatch(rf"arn:aws:kafka:{REGION}:\d{{12}}:cluster/clicks/[0-9a-f-]{{36}}-\d", arn)
    assert (described["ClusterName"], described["NumberOfBrokerNodes"]) == ("clicks", 2)
    assert described["CreationTime"].utcoffset() is not None
    assert kafka.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "shop"}

    provisioning.delete(made)

    assert kafka.list_clusters()["ClusterInfoList"] == []


@pytest.mark.parametrize(
    ("settings", "listeners"),
    [
        ({}, {"BootstrapBrokerStringTls": 9094}),
        (
            {"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT"}}},
            {"BootstrapBrokerString": 9092, "BootstrapBrokerStringTls": 9094},
        ),
        (
            {"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "PLAINTEXT"}}},
            {"BootstrapBrokerString": 9092},
        ),
        ({"ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}}}, {"BootstrapBrokerStringSaslScram": 9096}),
        ({"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}, {"BootstrapBrokerStringSaslIam": 9098}),
        (
            {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": True}}},
            {"BootstrapBrokerStringSaslIam": 9098, "BootstrapBrokerStringTls": 9094},
        ),
    ],
)
def test_brokers_are_named_for_each_listener(
    provisioning: Provisioning, kafka: Any, settings: Mapping[str, Any], listeners: Mapping[str, int]
) -> None:
    made = provisioning.create(TYPE, {**PLAIN, **settings})

    answer = kafka.get_bootstrap_brokers(ClusterArn=made.provisioned.physical_id)

    answer.pop("ResponseMetadata")
    assert answer.keys() == listeners.keys()
    for name, port in listeners.items():
        first, second = answer[name].split(",")
        assert first.startswith("b-1.clicks.")
        assert second.startswith("b-2.clicks.")
        assert first.endswith(f".kafka.{REGION}.amazonaws.com:{port}")


def test_secrets_of_users_are_kept_with_their_cluster(provisioning: Provisioning, kafka: Any) -> None:
    arn = provisioning.create(TYPE, PLAIN).provisioned.physical_id

    answer = kafka.batch_associate_scram_secret(ClusterArn=arn, SecretArnList=[SECRET])

    assert (answer["ClusterArn"], answer["UnprocessedScramSecrets"]) == (arn, [])
    assert kafka.list_scram_secrets(ClusterArn=arn)["SecretArnList"] == [SECRET]

    kafka.batch_disassociate_scram_secret(ClusterArn=arn, SecretArnList=[SECRET])

    assert kafka.list_scram_secrets(ClusterArn=arn)["SecretArnList"] == []


def test_a_cluster_that_is_not_there_has_no_brokers(kafka: Any) -> None:
    with pytest.raises(ClientError) as refused:
        kafka.get_bootstrap_brokers(ClusterArn=MISSING)

    assert refused.value.response["Error"]["Code"] == "NotFoundException"
