"""The template of `patterns/stream_processing`, against the recorded one.

To record what changed, read the difference, then: LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/golden
Logical ids of stateful resources are recorded apart, and of mappings, whose place in the stream would be lost.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.synthesize import Compiler

pytestmark = pytest.mark.xdist_group("cdk")

GOLDEN = Path(__file__).parent
PATTERN = GOLDEN.parents[1] / "patterns" / "stream_processing"
STATEFUL = (
    *("AWS::DynamoDB::GlobalTable", "AWS::Kinesis::Stream", "AWS::Kinesis::StreamConsumer"),
    *("AWS::KinesisFirehose::DeliveryStream", "AWS::Lambda::EventSourceMapping", "AWS::Logs::LogGroup"),
    *("AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue"),
)
EVERY_STREAM_AND_DELIVERY = """\
application: every
patterns:
  gathered:
    kind: stream_processing
    source: {kind: kinesis, retention_period: 7d, max_batching_window: 5s, filters: [{data: {type: [click]}}]}
    function: &function {code: code, handler: app.handler}
    delivery:
      kind: firehose
      prefix: "clicks/!{timestamp:yyyy/MM/dd}/"
      error_prefix: "failed/!{firehose:error-output-type}/"
      buffering_interval: 1m
      buffering_size: 64 MiB
      compression: uncompressed
  imported:
    kind: stream_processing
    source:
      kind: kinesis
      stream_arn: arn:aws:kinesis:eu-west-1:123456789012:stream/clicks
      enhanced_fan_out: true
      starting_position: at_timestamp
      starting_position_timestamp: 1893456000
    function: *function
    delivery: {kind: firehose, delivery_stream_name: clicks-to-s3}
    on_failure: {kind: s3}
  handed_on:
    kind: stream_processing
    source: {kind: kinesis, enhanced_fan_out: true, tumbling_window: 1m}
    function: *function
    delivery: {kind: kinesis, shard_count: 1}
    on_failure: {kind: sns}
  kept:
    kind: stream_processing
    source: {kind: dynamo_stream, table: {partition_key: id}, stream: new_image}
    function: *function
    delivery: {kind: dynamodb, partition_key: id, access: read_write}
  noted:
    kind: stream_processing
    source:
      kind: dynamo_stream
      table_stream_arn: arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2030-01-31T06:00:00.000
    function: *function
    delivery: {kind: existing_table, table_name: counts}
  found:
    kind: stream_processing
    source:
      kind: msk
      cluster_arn: arn:aws:kafka:eu-west-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1
      topic: clicks
      consumer_group_id: search
      provisioned_pollers: {maximum_pollers: 2}
    function: *function
    delivery:
      kind: open_search
      domain_arn: arn:aws:es:eu-west-1:123456789012:domain/clicks
      domain_endpoint: search-clicks-abc.eu-west-1.es.amazonaws.com
      index: clicks
  alone:
    kind: stream_processing
    source:
      kind: msk
      cluster_arn: arn:aws:kafka:eu-west-1:123456789012:cluster/clicks/01234567-89ab-cdef-0123-456789abcdef-1
      topic: views
      secret_arn: arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_clicks-AbCdEf
    function: *function
    on_failure: {kind: sqs, queue_arn: "arn:aws:sqs:eu-west-1:123456789012:failed"}
"""


def synthesized(compiler: Compiler, document: Path, stack: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stack's template, in which the CDK's own validation found nothing, and its source map."""
    assembly = compiler.synthesize(document)
    report = json.loads((assembly / "validation-report.json").read_text())
    rendered: dict[str, Any] = json.loads((assembly / f"{stack}.template.json").read_text())
    places: dict[str, Any] = json.loads((assembly / "lambdakit-source-map.json").read_text())["stacks"][stack]
    assert [finding for plugin in report["pluginReports"] for finding in plugin["violations"]] == []
    return rendered, places


def stateful(template: dict[str, Any]) -> dict[str, str]:
    return {
        logical_id: resource["Type"]
        for logical_id, resource in sorted(template["Resources"].items())
        if resource["Type"] in STATEFUL
    }


def check(golden: Path, found: object) -> None:
    text = json.dumps(found, indent=1) + "\n"
    if os.environ.get("LAMBDAKIT_UPDATE_GOLDENS") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text(), "see this file's first lines"


@pytest.fixture(scope="module")
def every(
    tmp_path_factory: pytest.TempPathFactory, validating_compiler: Compiler
) -> tuple[dict[str, Any], dict[str, Any]]:
    project = tmp_path_factory.mktemp("every")
    (project / "code").mkdir()
    (project / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (project / "lambdakit.yaml").write_text(EVERY_STREAM_AND_DELIVERY)
    return synthesized(validating_compiler, project / "lambdakit.yaml", "every")


def test_the_template_and_its_stateful_ids_are_the_recorded_ones(validating_compiler: Compiler) -> None:
    template, _ = synthesized(validating_compiler, PATTERN / "lambdakit.yaml", "site")

    check(GOLDEN / "templates" / "stream_processing.json", template)
    check(GOLDEN / "logical_ids" / "stream_processing.json", stateful(template))


def test_stateful_resources_of_every_stream_and_delivery_keep_their_logical_ids(
    every: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    check(GOLDEN / "logical_ids" / "streams_and_deliveries.json", stateful(every[0]))


def test_every_resource_and_output_leads_to_its_place_in_the_document(
    every: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    template, places = every
    parts = {"source", "function", "delivery", "on_failure"}

    found = {name: places[name]["pointer"].split(".")[1:] for name in (*template["Resources"], *template["Outputs"])}

    assert {name: place for name, place in found.items() if len(place) < 2 or place[1] not in parts} == {}
    assert found["GatheredDeliveryBucketName"] == ["gathered", "delivery"]
    assert found["KeptTableName"] == ["kept", "source"]
    assert found["HandedOnFailureTopicArn"] == ["handed_on", "on_failure"]


def test_no_statement_has_a_wildcard_that_the_service_does_not_force(
    every: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    forced = {"xray", "ec2"}
    policies = [each for each in every[0]["Resources"].values() if each["Type"] == "AWS::IAM::Policy"]

    for policy in policies:
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            assert not any(action.endswith("*") for action in actions)
            if statement["Resource"] == "*":
                assert {action.split(":")[0] for action in actions} <= forced
