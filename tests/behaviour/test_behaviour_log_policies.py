"""`AWS::Logs::AccountPolicy`: what the account's groups are told to send on, by a stack.

Source: CloudFormation Template Reference, "AWS::Logs::AccountPolicy"; Amazon CloudWatch Logs API Reference,
"PutAccountPolicy".
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from tests.fakes.plain_assembly import Resources, function, write_stack

pytestmark = pytest.mark.xdist_group("behaviour-log-policies")

KIND = "SUBSCRIPTION_FILTER_POLICY"
GROUP = "/app/group"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        logs = started.client("logs")
        logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
        yield started


def _resources(pattern: str, name: str = "all") -> Resources:
    """A function that is sent what the pattern means. Nothing says that the policy waits for the permission."""
    document = {"DestinationArn": {"Fn::GetAtt": ["Fn", "Arn"]}, "FilterPattern": pattern}
    settings = {
        "PolicyName": name,
        "PolicyType": KIND,
        "PolicyDocument": {"Fn::ToJsonString": document},
        "SelectionCriteria": 'LogGroupNamePrefix NOT IN ["/aws/lambda/"]',
    }
    may = {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Fn"}, "Principal": "logs.amazonaws.com"}
    return {
        "Policy": {"Type": "AWS::Logs::AccountPolicy", "Properties": settings},
        **function("Fn", "def handler(event, context): return None"),
        "May": {"Type": "AWS::Lambda::Permission", "Properties": may},
    }


def _put(harness: Harness, line: str) -> None:
    event = {"timestamp": int(time.time() * 1000), "message": line}
    harness.client("logs").put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[event])
    harness.drain()


def _policies(harness: Harness) -> dict[str, Any]:
    found = harness.client("logs").describe_account_policies(policyType=KIND)["accountPolicies"]
    return {one["policyName"]: json.loads(one["policyDocument"])["FilterPattern"] for one in found}


def _assembly(directory: Path, resources: Resources) -> Path:
    template = write_stack(directory, "policies", resources)
    (path,) = template.glob("*.template.json")
    transform = {"Transform": "AWS::LanguageExtensions"}
    path.write_text(json.dumps({**transform, **json.loads(path.read_text())}))
    return template


def test_a_policy_sends_lines_on_is_changed_and_is_taken_away(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(_assembly(tmp_path / "one", _resources("first")))
    sent = deployment.function("Fn").invocations
    _put(harness, "first")
    _put(harness, "second")
    first = deployment.function("Fn").invocations

    deployment.update(_assembly(tmp_path / "two", _resources("second")))
    _put(harness, "first")
    changed = _policies(harness)
    _put(harness, "second")

    assert (len(sent), len(first), len(deployment.function("Fn").invocations)) == (0, 1, 2)
    assert changed == {"all": "second"}
    deployment.destroy()
    assert _policies(harness) == {}


def test_a_policy_of_another_name_is_one_too_many(harness: Harness, tmp_path: Path) -> None:
    """The new one is made before the old one goes, and an account has one of the type."""
    deployment = harness.deploy(_assembly(tmp_path / "one", _resources("x")))

    with pytest.raises(DeploymentError, match="Resource limit exceeded"):
        deployment.update(_assembly(tmp_path / "two", _resources("x", name="other")))

    assert _policies(harness) == {"all": "x"}
    deployment.destroy()


def test_a_name_that_is_taken_is_refused(harness: Harness, tmp_path: Path) -> None:
    logs = harness.client("logs")
    document = json.dumps({"DestinationArn": "arn:aws:lambda:us-east-1:123456789012:function:f", "FilterPattern": ""})
    logs.put_account_policy(policyName="all", policyType=KIND, policyDocument=document)

    with pytest.raises(DeploymentError, match="identifier 'all' already exists"):
        harness.deploy(_assembly(tmp_path, _resources("x")))

    assert _policies(harness) == {"all": ""}
    logs.delete_account_policy(policyName="all", policyType=KIND)
