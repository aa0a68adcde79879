"""No check finds a fault in any stack of ours that the code does not give a reason for.

The CDK's own validation, cdk-nag's packs AwsSolutions and Serverless, and cfn-lint look at every stack of `stacks/`,
every pattern, and a document for every source, target, stream, delivery, API and authorizer, in one process.
The rules with the reasons are recorded: to record what changed, read the difference, then
LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/golden/test_findings.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.fakes.checked_process import run_checks

pytestmark = pytest.mark.xdist_group("cdk")

GOLDEN: Final = Path(__file__).parent / "acknowledged.json"
TOOLS: Final = {"AwsSolutions", "Serverless", "CloudFormation Validate", "cfn-lint"}
CONTROL: Final = "control"

# Actions that no policy can bind to a resource which exists beforehand.
# Source: Service Authorization Reference, the tables of actions of each service: those without a resource type.
FORCED: Final = {
    "cloudwatch:DescribeAlarms",
    "config:PutEvaluations",
    "dynamodb:ListExports",
    *(f"ec2:{name}" for name in ("CreateNetworkInterface", "DeleteNetworkInterface")),
    *(f"ec2:{name}" for name in ("DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets")),
    *(f"ec2:{name}" for name in ("AssignPrivateIpAddresses", "DescribeVpcs", "UnassignPrivateIpAddresses")),
    *("xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    # How a state machine's logs are delivered. Source: Step Functions Developer Guide, "IAM policies for logging"
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update")),
    *("logs:ListLogDeliveries", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"),
    # The account's role for the logs of its REST and WebSocket APIs; API Gateway refuses a narrower one.
    # Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs"
    *(f"logs:{name}" for name in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "FilterLogEvents")),
    *("logs:GetLogEvents", "logs:PutLogEvents"),
    # Of the CDK's function behind `via: notification`.
    "s3:PutBucketNotification",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return run_checks(tmp_path_factory.mktemp("checked"))


def test_every_check_speaks_where_there_are_faults(found: Mapping[str, Any]) -> None:
    """Or its silence elsewhere would say nothing."""
    assert {tool for tool, _, _ in found[CONTROL]["open"]} == TOOLS
    assert [error for each in found.values() for error in each["failed"]] == []


def test_a_grant_on_everything_is_found_beside_what_every_function_has(found: Mapping[str, Any]) -> None:
    """The reason for X-Ray's `*` is none for what somebody grants the function."""
    rules = [rule for _, rule, path in found[CONTROL]["open"] if path == "control/Greet/Role/DefaultPolicy/Resource"]

    assert rules == ["AwsSolutions-IAM5[Resource::*]"]


def test_no_finding_is_without_a_reason(found: Mapping[str, Any]) -> None:
    assert {name: each["open"] for name, each in found.items() if name != CONTROL and each["open"]} == {}


def test_the_reasons_are_the_recorded_ones(found: Mapping[str, Any]) -> None:
    reasons: dict[str, set[str]] = {}
    for _, rule, _, reason in _acknowledged(found):
        reasons.setdefault(rule.partition("[")[0], set()).add(reason)

    text = json.dumps({rule: sorted(each) for rule, each in sorted(reasons.items())}, indent=1) + "\n"
    if os.environ.get("LAMBDAKIT_UPDATE_GOLDENS") == "1":
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_every_stack_was_looked_at_by_both_packs(found: Mapping[str, Any]) -> None:
    stacks = {path.partition("/")[0] for _, _, path, _ in _acknowledged({"stacks": found["stacks"]})}

    assert len(stacks) == len(found["stacks"]["templates"])
    for name, each in found.items():
        if name != CONTROL:
            assert {tool for tool, *_ in each["acknowledged"]} >= {"AwsSolutions", "Serverless"}, name


def test_no_statement_names_everything_where_a_service_does_not_force_it(found: Mapping[str, Any]) -> None:
    on_all = {
        action
        for name, each in found.items()
        if name != CONTROL
        for template in each["templates"]
        for statement in _statements(template)
        if statement["Effect"] == "Allow" and statement.get("Resource") == "*"
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }

    assert on_all <= FORCED
    assert not any("*" in action for action in on_all)


def _acknowledged(found: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for each in found.values():
        yield from each["acknowledged"]


def _statements(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Of the roles' policies, inside and beside them."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::IAM::Policy":
                yield from properties["PolicyDocument"]["Statement"]
            case "AWS::IAM::Role":
                for policy in properties.get("Policies", []):
                    yield from policy["PolicyDocument"]["Statement"]
