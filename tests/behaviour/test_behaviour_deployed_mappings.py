"""Mappings of what runs nowhere: they deploy beside their brokers and databases, and take records by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-deployed-mappings")

IAM = "CAPABILITY_IAM"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:broker-AbCdEf"
ACCESS = [{"Type": "BASIC_AUTH", "URI": SECRET}]
DOCUMENTS = {"DatabaseName": "shop", "CollectionName": "orders", "FullDocument": "UpdateLookup"}


def mapping(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"FunctionName": {"Ref": "Fn"}, **properties}}


RESOURCES: Resources = function("Fn") | {
    "Cluster": {
        "Type": "AWS::MSK::Cluster",
        "Properties": {
            "ClusterName": "orders",
            "KafkaVersion": "3.6.0",
            "NumberOfBrokerNodes": 2,
            "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1", "subnet-2"], "InstanceType": "kafka.m5.large"},
        },
    },
    "Managed": mapping(
        EventSourceArn={"Ref": "Cluster"},
        Topics=["orders"],
        StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": '{"value": {"keep": [true]}}'}]},
        AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": "shop"},
    ),
    "Own": mapping(
        SelfManagedEventSource={"Endpoints": {"KafkaBootstrapServers": ["broker.example.com:9092"]}},
        Topics=["orders"],
        StartingPosition="TRIM_HORIZON",
        SourceAccessConfigurations=ACCESS,
    ),
    "Broker": {
        "Type": "AWS::AmazonMQ::Broker",
        "Properties": {
            "BrokerName": "orders",
            "DeploymentMode": "SINGLE_INSTANCE",
            "EngineType": "RABBITMQ",
            "HostInstanceType": "mq.m5.large",
            "PubliclyAccessible": False,
        },
    },
    "Queue": mapping(
        EventSourceArn={"Fn::GetAtt": ["Broker", "Arn"]},
        Queues=["orders"],
        SourceAccessConfigurations=[*ACCESS, {"Type": "VIRTUAL_HOST", "URI": "/shop"}],
    ),
    "Database": {"Type": "AWS::DocDB::DBCluster", "Properties": {}},
    "Documents": mapping(
        EventSourceArn={"Fn::Sub": "arn:aws:rds:us-east-1:123456789012:cluster:${Database}"},
        StartingPosition="LATEST",
        DocumentDBEventSourceConfig=DOCUMENTS,
        SourceAccessConfigurations=ACCESS,
    ),
}
KEPT, DROPPED = ({"value": json.dumps({"keep": keep})} for keep in (True, False))
SENT: dict[str, list[dict[str, Any]]] = {
    "Managed": [KEPT, DROPPED],
    "Own": [{"value": "a"}],
    "Queue": [{"data": "a"}],
    "Documents": [{"operationType": "insert", "fullDocument": {"_id": 1}}],
}


def test_they_deploy_and_take_records(harness: WiredHarness, tmp_path: Path) -> None:
    deployment = harness.deploy(write_stack(tmp_path, "mapped", RESOURCES))
    resources = deployment["stacks"]["mapped"]["resources"]

    for name, records in SENT.items():
        sent = {"mapping": resources[name]["physical_id"], "records": records}
        assert harness.call("POST", "records", sent).status == 200
        harness.call("POST", "clock", {"advance_seconds": 1})
        harness.drain()
    harness.destroy(deployment)

    events = [json.loads(event["payload"]) for event in harness.events("InvocationStarted")]
    managed, own, queue, documents = events
    assert [len(records) for records in managed["records"].values()] == [1]
    assert own["bootstrapServers"] == "broker.example.com:9092"
    assert list(queue["rmqMessagesByQueue"]) == ["orders::/shop"]
    assert documents["events"][0]["event"]["ns"] == {"db": "shop", "coll": "orders"}


def test_only_what_nobody_connects_with_is_said_to_be_recorded(harness: WiredHarness, tmp_path: Path) -> None:
    before = harness.position()

    harness.destroy(harness.deploy(write_stack(tmp_path, "mapped", RESOURCES)))

    told = {event["pointer"] for event in harness.events("PropertyRecorded", after=before)}
    mappings = {pointer.removeprefix("Resources.") for pointer in told if pointer.split(".")[1] in SENT}
    assert mappings == {
        "Managed.Properties.AmazonManagedKafkaEventSourceConfig",
        "Own.Properties.SourceAccessConfigurations",
        "Queue.Properties.SourceAccessConfigurations",
        "Documents.Properties.SourceAccessConfigurations",
    }


def test_what_a_mapping_says_no_more_is_the_default_of_its_source_again(harness: WiredHarness) -> None:
    cloudformation = CloudFormation(harness, "remapped")
    resources = function("Fn") | {"Queue": {"Type": "AWS::SQS::Queue"}}
    source = {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    more = {"BatchSize": 50, "MaximumBatchingWindowInSeconds": 3}
    cloudformation.create({"Resources": {**resources, "Mapping": mapping(**source, **more)}}, Capabilities=[IAM])
    identity = cloudformation.physical_id("Mapping")

    cloudformation.update({"Resources": {**resources, "Mapping": mapping(**source)}}, Capabilities=[IAM])

    assert cloudformation.status() == "UPDATE_COMPLETE"
    found = harness.aws("lambda").get_event_source_mapping(UUID=identity)
    assert (found["BatchSize"], found["MaximumBatchingWindowInSeconds"]) == (10, 0)
    cloudformation.clean()


def test_what_is_set_aside_of_a_mapping_goes_with_the_template_and_its_tags_follow(harness: WiredHarness) -> None:
    cloudformation = CloudFormation(harness, "retagged")
    resources = function("Fn") | {"Queue": {"Type": "AWS::SQS::Queue"}}
    source = {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    more = {
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["a"]}'}]},
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "ScalingConfig": {"MaximumConcurrency": 5},
        "Tags": [{"Key": "team", "Value": "a"}, {"Key": "old", "Value": "1"}],
    }
    cloudformation.create({"Resources": {**resources, "Mapping": mapping(**source, **more)}}, Capabilities=[IAM])
    identity, client = cloudformation.physical_id("Mapping"), harness.aws("lambda")
    before = client.get_event_source_mapping(UUID=identity)
    assert {*more} - {"Tags", "KmsKeyArn"} | {"KMSKeyArn"} <= before.keys()

    kept = mapping(**source, Tags=[{"Key": "team", "Value": "b"}])
    cloudformation.update({"Resources": {**resources, "Mapping": kept}}, Capabilities=[IAM])

    assert cloudformation.status() == "UPDATE_COMPLETE"
    after = client.get_event_source_mapping(UUID=identity)
    assert not after.keys() & {*more, "KMSKeyArn"}
    tags = client.list_tags(Resource=after["EventSourceMappingArn"])["Tags"]
    assert {key: value for key, value in tags.items() if not key.startswith("aws:")} == {"team": "b"}
    cloudformation.clean()
