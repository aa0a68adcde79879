"""A document's shared resources in the template: what is made, who uses it, and where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.fingerprint import code_paths
from lambdakit.compiler.synthesize import Compiler
from lambdakit.spec.document import load

pytestmark = pytest.mark.xdist_group("cdk")

MACHINE = {
    "StartAt": "Reserve",
    "States": {
        "Reserve": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${reserve}", "Payload.$": "$"},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "${jobs}", "MessageBody": "${sender} ${most}"},
            "End": True,
        },
    },
}
NEW = """
application: made
network: {vpc: {max_azs: 2, endpoints: [s3]}}
resources:
  jobs: {kind: queue, max_receive_count: 3, retention_period: 1d}
  ordered: {kind: queue, fifo: true, content_based_deduplication: true, dead_letter_queue: put_aside}
  put_aside: {kind: queue, fifo: true}
  failed: {kind: queue}
  orders: {kind: table, partition_key: id, stream: new_image}
  notices: {kind: topic, display_name: Shop}
  lined_up: {kind: topic, fifo: true, content_based_deduplication: true}
  archive:
    kind: bucket
    versioned: false
    lifecycle_rules: [{prefix: tmp/, expiration: 7d}]
    removal_policy: destroy
  clicks: {kind: stream, shard_count: 2, retention_period: 7d}
  events: {kind: event_bus, description: all of the shop}
  master: {kind: key, alias: shop/master}
  signing: {kind: secret}
  login:
    kind: secret
    generate_secret_string:
      {secret_string_template: {username: shop}, generate_string_key: password, password_length: 64}
  flags: {kind: parameter, parameter_name: /shop/flags, string_value: "on"}
  fulfil:
    kind: state_machine
    definition: order.asl.json
    state_machine_type: express
    substitutions: {sender: {value: 'a "shop"'}, most: 10}
    grants: {jobs: publish}
functions:
  reserve: {code: code, handler: app.handler}
patterns:
  orders:
    kind: api_backend
    table: orders
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, table_access: read}
  work:
    kind: event_processing
    source: {kind: sqs, queue: jobs}
    function: &function {code: code, handler: app.handler, timeout: 1m}
    targets:
      told: {kind: sns, topic: notices}
      bus: {kind: event_bridge, event_bus: events}
      items: {kind: dynamodb, table: orders, access: read_write}
      flow: {kind: step_functions, state_machine: fulfil}
  in_order: {kind: event_processing, source: {kind: sqs, queue: ordered}, function: *function}
  kept:
    kind: event_processing
    source: {kind: s3, bucket: archive, prefix: in/}
    function: *function
    on_failure: {kind: sqs, queue: failed}
  placed:
    kind: event_processing
    source: {kind: event_rule, event_bus: events, event_pattern: {source: [shop]}}
    function: *function
    on_failure: {kind: s3, bucket: archive}
  heard: {kind: event_processing, source: {kind: sns, topic: notices}, function: *function}
  clicked:
    kind: stream_processing
    source: {kind: kinesis, stream: clicks}
    function: *function
    delivery: {kind: firehose, bucket: archive}
    on_failure: {kind: sns, topic: notices}
  changed:
    kind: stream_processing
    source: {kind: dynamo_stream, table: orders}
    function: *function
    delivery: {kind: kinesis, stream: clicks}
"""
EXISTING = """
application: known
resources:
  jobs: {kind: queue, queue_arn: "arn:aws:sqs:eu-west-1:123456789012:known-jobs"}
  orders:
    kind: table
    table_name: known-orders
    table_stream_arn: arn:aws:dynamodb:eu-west-1:123456789012:table/known-orders/stream/2030-01-31T06:00:00.000
  notices: {kind: topic, topic_arn: "arn:aws:sns:eu-west-1:123456789012:known-news"}
  archive: {kind: bucket, bucket_name: known-archive}
  clicks: {kind: stream, stream_arn: "arn:aws:kinesis:eu-west-1:123456789012:stream/known-clicks"}
  events: {kind: event_bus, event_bus_name: known-events}
  master: {kind: key, key_arn: "arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012"}
  signing: {kind: secret, secret_arn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:known-AbCdEf"}
  flags: {kind: parameter, parameter_name: /known/flags}
  fulfil: {kind: state_machine, state_machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:known"}
patterns:
  work:
    kind: event_processing
    source: {kind: sqs, queue: jobs}
    function: &function {code: code, handler: app.handler}
    targets:
      told: {kind: sns, topic: notices}
      again: {kind: sqs, queue: jobs}
      kept: {kind: s3, bucket: archive}
      items: {kind: dynamodb, table: orders}
      bus: {kind: event_bridge, event_bus: events}
      flow: {kind: step_functions, state_machine: fulfil}
  clicked:
    kind: stream_processing
    source: {kind: kinesis, stream: clicks}
    function: *function
    on_failure: {kind: sqs, queue: jobs}
  changed:
    kind: stream_processing
    source: {kind: dynamo_stream, table: orders}
    function: *function
    on_failure: {kind: sqs, queue: jobs}
"""


def project(directory: Path, document: str) -> Path:
    (directory / "code").mkdir(parents=True)
    (directory / "code" / "app.py").write_text("def handler(event, context): return event\n")
    (directory / "order.asl.json").write_text(json.dumps(MACHINE))
    (directory / "lambdakit.yaml").write_text(document)
    return directory / "lambdakit.yaml"


@pytest.fixture(scope="module")
def assembly(compiler: Compiler, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiler.synthesize(project(tmp_path_factory.mktemp("made"), NEW))


@pytest.fixture(scope="module")
def template(assembly: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((assembly / "made.template.json").read_text())
    return found


def logical_id(template: Mapping[str, Any], path: str) -> str:
    paths: dict[str, str] = {
        each.get("Metadata", {}).get("aws:cdk:path", ""): name for name, each in template["Resources"].items()
    }
    return paths[f"{path}/Resource"] if f"{path}/Resource" in paths else paths[path]


def resource(template: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template["Resources"][logical_id(template, path)]
    return found


def statements(template: Mapping[str, Any], path: str) -> list[tuple[Any, Any]]:
    """Actions and resources of the policy beside the role."""
    properties = resource(template, f"{path}/DefaultPolicy")["Properties"]
    return [(each["Action"], each["Resource"]) for each in properties["PolicyDocument"]["Statement"]]


def test_a_queue_puts_messages_aside_and_hides_them_long_enough(template: Mapping[str, Any]) -> None:
    jobs = resource(template, "made/resource:jobs")["Properties"]

    aside = logical_id(template, "made/resource:jobs:dead-letters")
    assert jobs["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [aside, "Arn"]},
        "maxReceiveCount": 3,
    }
    assert jobs["SqsManagedSseEnabled"] is True
    assert jobs["VisibilityTimeout"] == 360
    assert jobs["MessageRetentionPeriod"] == 24 * 60 * 60
    assert template["Outputs"]["JobsDeadLetterQueueUrl"]["Value"] == {"Ref": aside}


def test_a_fifo_queue_puts_messages_aside_where_it_says(template: Mapping[str, Any]) -> None:
    ordered = resource(template, "made/resource:ordered")["Properties"]
    aside = logical_id(template, "made/resource:put_aside")

    assert ordered["FifoQueue"] is True
    assert ordered["ContentBasedDeduplication"] is True
    assert ordered["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [aside, "Arn"]}
    for last in ("put_aside", "failed"):
        assert "RedrivePolicy" not in resource(template, f"made/resource:{last}")["Properties"]
        assert f"{last.title().replace('_', '')}DeadLetterQueueUrl" not in template["Outputs"]


@pytest.mark.parametrize(
    ("path", "properties"),
    [
        ("notices", {"DisplayName": "Shop", "KmsMasterKeyId": "alias/aws/sns"}),
        ("lined_up", {"FifoTopic": True, "ContentBasedDeduplication": True, "KmsMasterKeyId": "alias/aws/sns"}),
        (
            "archive",
            {
                "LifecycleConfiguration": {
                    "Rules": [
                        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}, "Status": "Enabled"},
                        {"ExpirationInDays": 7, "Prefix": "tmp/", "Status": "Enabled"},
                    ]
                },
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            },
        ),
        ("clicks", {"ShardCount": 2, "RetentionPeriodHours": 168}),
        ("events", {"Description": "all of the shop"}),
        ("master", {"EnableKeyRotation": True}),
        ("master/Alias", {"AliasName": "alias/shop/master"}),
        ("signing", {"GenerateSecretString": {"PasswordLength": 32}}),
        (
            "login",
            {
                "GenerateSecretString": {
                    "GenerateStringKey": "password",
                    "PasswordLength": 64,
                    "SecretStringTemplate": '{"username": "shop"}',
                }
            },
        ),
        ("flags", {"Name": "/shop/flags", "Type": "String", "Value": "on"}),
        ("fulfil", {"StateMachineType": "EXPRESS", "TracingConfiguration": {"Enabled": True}}),
    ],
)
def test_a_resource_has_the_settings_that_are_written(
    template: Mapping[str, Any], path: str, properties: Mapping[str, Any]
) -> None:
    made = resource(template, f"made/resource:{path}")["Properties"]

    assert {name: made.get(name) for name in properties} == properties


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        *((name, "Retain") for name in ("orders", "clicks", "master", "signing")),
        *((name, "Delete") for name in ("archive", "jobs", "failed")),
    ],
)
def test_what_holds_data_stays_when_the_stack_goes(template: Mapping[str, Any], name: str, policy: str) -> None:
    assert resource(template, f"made/resource:{name}")["DeletionPolicy"] == policy


def test_every_resource_has_its_output(template: Mapping[str, Any]) -> None:
    expected = {
        *("JobsQueueUrl", "JobsDeadLetterQueueUrl", "OrderedQueueUrl", "PutAsideQueueUrl", "FailedQueueUrl"),
        *("OrdersTableName", "NoticesTopicArn", "LinedUpTopicArn", "ArchiveBucketName", "ClicksStreamName"),
        *("EventsEventBusName", "MasterKeyArn", "SigningSecretArn", "LoginSecretArn", "FlagsParameterName"),
        "FulfilStateMachineArn",
    }

    assert expected <= template["Outputs"].keys()
    assert template["Outputs"]["OrdersTableName"]["Value"] == {"Ref": logical_id(template, "made/resource:orders")}


def test_patterns_make_nothing_that_they_share(template: Mapping[str, Any]) -> None:
    counts: dict[str, int] = {}
    for each in template["Resources"].values():
        counts[each["Type"]] = counts.get(each["Type"], 0) + 1

    assert counts["AWS::DynamoDB::GlobalTable"] == 1
    assert counts["AWS::S3::Bucket"] == 1
    assert counts["AWS::Kinesis::Stream"] == 1
    assert counts["AWS::SNS::Topic"] == 2
    assert counts["AWS::Events::EventBus"] == 1
    assert counts["AWS::StepFunctions::StateMachine"] == 1


def test_names_in_a_definition_stand_for_what_they_name(template: Mapping[str, Any]) -> None:
    machine = resource(template, "made/resource:fulfil")["Properties"]

    assert json.loads(machine["DefinitionString"]) == MACHINE
    assert machine["DefinitionSubstitutions"] == {
        "reserve": {"Ref": logical_id(template, "made/reserve/Function/Aliaslive")},
        "jobs": {"Ref": logical_id(template, "made/resource:jobs")},
        "sender": 'a \\"shop\\"',
        "most": "10",
    }


def test_a_state_machine_may_do_what_is_granted_and_invoke_what_it_names(template: Mapping[str, Any]) -> None:
    granted = statements(template, "made/resource:fulfil/Role")
    alias = resource(template, "made/resource:fulfil")["Properties"]["DefinitionSubstitutions"]["reserve"]

    queue = {"Fn::GetAtt": [logical_id(template, "made/resource:jobs"), "Arn"]}
    assert ("lambda:InvokeFunction", alias) in granted
    assert ("sqs:SendMessage", queue) in granted
    assert {resource for _, resource in granted if isinstance(resource, str)} == {"*"}
    assert [actions for actions, resource in granted if resource != "*"] == ["lambda:InvokeFunction", "sqs:SendMessage"]


def test_a_function_may_read_the_table_that_its_pattern_names(template: Mapping[str, Any]) -> None:
    policies = [
        statement
        for each in template["Resources"].values()
        if each["Type"] in ("AWS::IAM::Policy", "AWS::IAM::Role")
        for statement in _all_statements(each["Properties"])
    ]
    table = {"Fn::GetAtt": [logical_id(template, "made/resource:orders"), "Arn"]}

    readers = [each for each in policies if "dynamodb:Scan" in each["Action"] and table in _as_list(each["Resource"])]
    assert len(readers) == 2


def test_what_is_shared_has_an_endpoint_where_there_is_no_other_way_out(template: Mapping[str, Any]) -> None:
    endpoints = json.dumps([each for each in template["Resources"].values() if each["Type"] == "AWS::EC2::VPCEndpoint"])

    for service in ("dynamodb", "sns", "events", "states", "kinesis-streams", "kinesis-firehose", "s3"):
        assert f".{service}" in endpoints, service


@pytest.mark.parametrize(
    "name", ["jobs", "orders", "notices", "archive", "clicks", "events", "master", "signing", "flags", "fulfil"]
)
def test_all_of_a_resource_comes_from_its_place(assembly: Path, template: Mapping[str, Any], name: str) -> None:
    entries = json.loads((assembly / "lambdakit-source-map.json").read_text())["stacks"]["made"]

    mine = {
        each
        for each, made in template["Resources"].items()
        if re.match(rf"made/resource:{name}(?![\w])", made.get("Metadata", {}).get("aws:cdk:path", ""))
    }
    assert mine
    assert {entries[each]["pointer"] for each in mine} == {f"resources.{name}"}


def test_a_definition_is_read_by_a_synthesis(tmp_path: Path) -> None:
    document = project(tmp_path / "project", NEW)

    assert "order.asl.json" in code_paths(load(document).application)


def test_existing_resources_are_named_and_not_made(
    compiler: Compiler, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assembly = compiler.synthesize(project(tmp_path_factory.mktemp("known"), EXISTING))

    text = (assembly / "known.template.json").read_text()
    made = {each["Type"].split("::")[1] for each in json.loads(text)["Resources"].values()}
    assert made <= {"IAM", "Lambda", "Logs", "CDK"}
    assert not json.loads(text).get("Outputs")
    for name in ("known-jobs", "known-orders", "known-news", "known-archive", "known-clicks", "known-events"):
        assert name in text
    assert ":stateMachine:known" in text


def _all_statements(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    documents = [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    documents += [each["PolicyDocument"] for each in properties.get("Policies", [])]
    for document in documents:
        yield from document["Statement"]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
