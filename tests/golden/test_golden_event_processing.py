"""The template of `patterns/event_processing`, against the recorded one.

To record what changed, read the difference, then: LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/golden
Logical ids of stateful resources are recorded apart: when one changes, an upgrade replaces a bucket.
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
PATTERN = GOLDEN.parents[1] / "patterns" / "event_processing"
STATEFUL = (
    *("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::DynamoDB::GlobalTable", "AWS::Logs::LogGroup"),
    *("AWS::Events::EventBus", "AWS::Cognito::UserPool", "AWS::StepFunctions::StateMachine"),
)
EVERY_SOURCE_AND_TARGET = """\
application: every
defaults: {timeout: 5s}
patterns:
  uploads:
    kind: event_processing
    source: {kind: s3, events: [object_created_put, object_removed], prefix: in/, suffix: .txt}
    function: &function {code: code, handler: app.handler}
    targets:
      files: {kind: s3, prefix: out/}
      items: {kind: dynamodb, partition_key: id, access: read_write}
      orders: {kind: existing_table, table_name: orders}
      jobs: {kind: sqs, fifo: true}
      news: {kind: sns}
      bus: {kind: event_bridge}
      default_bus: {kind: event_bridge, event_bus_name: default}
      flow: {kind: step_functions, definition: flow.asl.json}
  notified:
    kind: event_processing
    source: {kind: s3, via: notification}
    function: *function
  imported:
    kind: event_processing
    source: {kind: s3, bucket_name: uploads-of-shop}
    function: *function
    on_failure: {kind: sqs, queue_arn: "arn:aws:sqs:eu-west-1:123456789012:failed"}
  queued:
    kind: event_processing
    source: {kind: sqs, batch_size: 20, max_batching_window: 5s, max_concurrency: 5, filters: [{body: {a: [1]}}]}
    function: *function
  told:
    kind: event_processing
    source: {kind: sns, filter_policy: {store: [berlin]}}
    function: *function
    on_failure: {kind: sns}
  placed:
    kind: event_processing
    source: {kind: event_rule, event_pattern: {source: [shop], detail_type: [{prefix: Order}], detail: {a: [1]}}}
    function: *function
    on_failure: {kind: s3}
  nightly:
    kind: event_processing
    source: {kind: schedule, schedule: cron(0 3 * * ? *), timezone: Europe/Berlin, flexible_time_window: 15m}
    function: *function
    on_failure: {kind: event_bridge}
  sensed:
    kind: event_processing
    source: {kind: iot_rule, sql: "SELECT * FROM 'sensors/#'"}
    function: *function
  recorded:
    kind: event_processing
    source: {kind: config_rule, resource_types: ["AWS::S3::Bucket"], input_parameters: {most_days: 30}}
    function: *function
  logged:
    kind: event_processing
    source: {kind: logs, filter_pattern: ERROR}
    function: *function
  watched:
    kind: event_processing
    source: {kind: alarm, namespace: Shop, metric_name: Lost, threshold: 3, statistic: p99, states: [alarm, ok]}
    function: *function
  signed:
    kind: event_processing
    source: {kind: cognito, triggers: [pre_sign_up, post_confirmation]}
    function: *function
"""


def synthesized(compiler: Compiler, document: Path, stack: str) -> dict[str, Any]:
    """The stack's template, in which the CDK's own validation found nothing."""
    assembly = compiler.synthesize(document)
    report = json.loads((assembly / "validation-report.json").read_text())
    rendered: dict[str, Any] = json.loads((assembly / f"{stack}.template.json").read_text())
    assert [finding for plugin in report["pluginReports"] for finding in plugin["violations"]] == []
    return rendered


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
def template(validating_compiler: Compiler) -> dict[str, Any]:
    return synthesized(validating_compiler, PATTERN / "lambdakit.yaml", "pictures")


def test_the_template_is_the_recorded_one(template: dict[str, Any]) -> None:
    check(GOLDEN / "templates" / "event_processing.json", template)


def test_stateful_resources_keep_their_logical_ids(template: dict[str, Any]) -> None:
    check(GOLDEN / "logical_ids" / "event_processing.json", stateful(template))


def test_stateful_resources_of_every_source_and_target_keep_their_logical_ids(
    tmp_path: Path, validating_compiler: Compiler
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "flow.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}')
    (tmp_path / "lambdakit.yaml").write_text(EVERY_SOURCE_AND_TARGET)

    found = synthesized(validating_compiler, tmp_path / "lambdakit.yaml", "every")

    check(GOLDEN / "logical_ids" / "event_sources_and_targets.json", stateful(found))
