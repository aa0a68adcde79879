"""Rules of AWS Config, from the change of a resource to what follows from the evaluation.

Source, unless a test says another: AWS Config Developer Guide, "AWS Config Custom Lambda Rules" and its subpages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.event_bus import EventBus
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction, advance
from tests.fakes.lambda_api import refusal
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-config")

# Answers as AWS's own sample does: a bucket is to have a tag. In a rule without items it speaks of the account.
SOURCE = """
import json
import boto3

def handler(event, context):
    told = json.loads(event["invokingEvent"])
    item = told.get("configurationItem")
    if item is None:
        said = [("AWS::::Account", told["awsAccountId"], "NON_COMPLIANT", told["notificationCreationTime"])]
    else:
        compliance = "COMPLIANT" if "owner" in item["tags"] else "NON_COMPLIANT"
        if item["configurationItemStatus"] == "ResourceDeleted" or event["eventLeftScope"]:
            compliance = "NOT_APPLICABLE"
        said = [(item["resourceType"], item["resourceId"], compliance, item["configurationItemCaptureTime"])]
    names = ("ComplianceResourceType", "ComplianceResourceId", "ComplianceType", "OrderingTimestamp")
    evaluations = [dict(zip(names, one)) for one in said]
    boto3.client("config").put_evaluations(Evaluations=evaluations, ResultToken=event["resultToken"])
"""
CHANGES = {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}
HOURLY = {
    "EventSource": "aws.config",
    "MessageType": "ScheduledNotification",
    "MaximumExecutionFrequency": "One_Hour",
}


class Rules:
    """A function, and rules that it evaluates."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.config, self.s3 = harness, harness.aws("config"), harness.aws("s3")
        self.fed = FedFunction(harness, "auditor", source=SOURCE)

    def make(self, *details: dict[str, str], name: str = "tagged", **more: Any) -> None:
        source = {
            "Owner": "CUSTOM_LAMBDA",
            "SourceIdentifier": self.fed.arn,
            "SourceDetails": list(details) or [CHANGES],
        }
        scope = (
            {"Scope": {"ComplianceResourceTypes": ["AWS::S3::Bucket"]}} if CHANGES in source["SourceDetails"] else {}
        )
        self.config.put_config_rule(ConfigRule={"ConfigRuleName": name, "Source": source, **scope, **more})
        self.harness.drain()

    def bucket(self, name: str, **tags: str) -> None:
        self.s3.create_bucket(Bucket=name)
        if tags:
            self.tag(name, **tags)
        self.harness.drain()

    def tag(self, name: str, **tags: str) -> None:
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_set})
        self.harness.drain()

    def said(self, name: str = "tagged", **more: Any) -> dict[str, str]:
        """What was said of each resource."""
        results = self.config.get_compliance_details_by_config_rule(ConfigRuleName=name, **more)["EvaluationResults"]
        return {
            one["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: one["ComplianceType"]
            for one in results
        }

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(event["invokingEvent"]) for event in self.fed.events()]

    def remove(self) -> None:
        for rule in self.config.describe_config_rules()["ConfigRules"]:
            self.config.delete_config_rule(ConfigRuleName=rule["ConfigRuleName"])
        for bucket in self.s3.list_buckets()["Buckets"]:
            self.s3.delete_bucket(Bucket=bucket["Name"])
        self.fed.remove()


@pytest.fixture
def rules(harness: WiredHarness) -> Iterator[Rules]:
    made = Rules(harness)
    yield made
    made.remove()


def test_a_change_is_evaluated_and_the_evaluation_can_be_read(rules: Rules) -> None:
    rules.make(InputParameters='{"tag": "owner"}')

    rules.bucket("plain")

    (event,) = rules.fed.events()
    told = json.loads(event["invokingEvent"])
    item = told["configurationItem"]
    assert (told["messageType"], told["configurationItemDiff"]["changeType"]) == (CHANGES["MessageType"], "CREATE")
    assert (item["resourceType"], item["resourceId"], item["awsAccountId"]) == ("AWS::S3::Bucket", "plain", ACCOUNT)
    assert (item["configurationItemStatus"], item["configuration"]["name"]) == ("ResourceDiscovered", "plain")
    assert (event["ruleParameters"], event["configRuleName"], event["eventLeftScope"]) == (
        '{"tag": "owner"}',
        "tagged",
        False,
    )
    assert rules.said() == {"plain": "NON_COMPLIANT"}
    (compliance,) = rules.config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
    assert compliance["Compliance"] == {
        "ComplianceType": "NON_COMPLIANT",
        "ComplianceContributorCount": {"CappedCount": 1, "CapExceeded": False},
    }


def test_what_differs_is_told_and_what_is_gone_counts_no_more(rules: Rules) -> None:
    rules.make()
    rules.bucket("plain")

    rules.tag("plain", owner="me")
    compliant = rules.said()
    rules.s3.put_object(Bucket="plain", Key="k", Body=b"x")
    rules.s3.delete_object(Bucket="plain", Key="k")
    rules.s3.delete_bucket(Bucket="plain")
    rules.harness.drain()

    assert compliant == {"plain": "COMPLIANT"}
    _, tagged, deleted = rules.told()
    assert tagged["configurationItemDiff"]["changedProperties"]["Tags.owner"] == {
        "previousValue": None,
        "updatedValue": "me",
        "changeType": "CREATE",
    }
    assert deleted["configurationItem"]["configurationItemStatus"] == "ResourceDeleted"
    assert rules.said() == {}


def test_a_new_rule_is_evaluated_for_what_is_there(rules: Rules) -> None:
    rules.bucket("plain")
    rules.bucket("owned", owner="me")

    rules.make()

    assert rules.said() == {"plain": "NON_COMPLIANT", "owned": "COMPLIANT"}
    assert rules.said(ComplianceTypes=["COMPLIANT"]) == {"owned": "COMPLIANT"}
    assert {told["configurationItemDiff"] for told in rules.told()} == {None}


def test_a_rule_runs_when_its_time_comes_and_when_it_is_asked_to(rules: Rules) -> None:
    rules.make(HOURLY, name="hourly")

    advance(rules.harness, 2 * 3600 + 60)
    rules.config.start_config_rules_evaluation(ConfigRuleNames=["hourly"])
    rules.harness.drain()

    assert [told["messageType"] for told in rules.told()] == ["ScheduledNotification"] * 4
    assert rules.said("hourly") == {ACCOUNT: "NON_COMPLIANT"}


def test_resources_out_of_scope_do_not_run_a_rule(rules: Rules) -> None:
    rules.make(Scope={"TagKey": "team", "TagValue": "blue"})
    before = len(rules.told())

    rules.bucket("other", team="red")
    rules.bucket("ours", team="blue")

    assert [told["configurationItem"]["resourceId"] for told in rules.told()[before:]] == ["ours"]


def test_a_change_of_compliance_can_be_remedied(rules: Rules) -> None:
    bus = EventBus(rules.harness)
    queue = bus.queue("remedies")
    bus.rule(
        "changes",
        {"Arn": queue},
        pattern={"source": ["aws.config"], "detail": {"newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]}}},
    )
    rules.make()

    rules.bucket("plain")
    rules.tag("plain", owner="me")
    rules.tag("plain", somebody="me")  # in place of the others

    first, second = bus.bodies("remedies")
    assert first["detail-type"] == "Config Rules Compliance Change"
    assert (first["detail"]["resourceId"], first["detail"]["messageType"]) == ("plain", "ComplianceChangeNotification")
    assert "oldEvaluationResult" not in first["detail"]
    assert second["detail"]["oldEvaluationResult"]["complianceType"] == "COMPLIANT"
    bus.remove()


def test_evaluations_that_belong_to_no_run_are_refused(rules: Rules) -> None:
    rules.make()
    evaluation = {
        "ComplianceResourceType": "AWS::S3::Bucket",
        "ComplianceResourceId": "b",
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": 0,
    }

    unknown = refusal(rules.config.put_evaluations, Evaluations=[evaluation], ResultToken="made up")
    tested = rules.config.put_evaluations(Evaluations=[evaluation], ResultToken="made up", TestMode=True)

    assert unknown[:2] == (400, "InvalidResultTokenException")
    assert tested["FailedEvaluations"] == []
    assert (
        refusal(rules.config.get_compliance_details_by_config_rule, ConfigRuleName="none")[1]
        == "NoSuchConfigRuleException"
    )


def test_a_rule_without_its_function_is_refused(rules: Rules) -> None:
    source = {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none",
        "SourceDetails": [CHANGES],
    }

    _, code, text = refusal(rules.config.put_config_rule, ConfigRule={"ConfigRuleName": "r", "Source": source})

    assert code == "InsufficientPermissionsException"
    assert text.startswith("The AWS Lambda function arn:aws:lambda:")


def test_a_function_that_fails_leaves_the_rule_without_a_result(rules: Rules) -> None:
    rules.harness.aws("lambda").update_function_configuration(FunctionName="auditor", Handler="app.absent")

    rules.make()
    rules.bucket("plain")

    (compliance,) = rules.config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
    assert compliance["Compliance"] == {"ComplianceType": "INSUFFICIENT_DATA"}


def test_a_rule_of_a_stack_is_evaluated(harness: WiredHarness, tmp_path: Path) -> None:
    before = harness.position()
    rule = {
        "Type": "AWS::Config::ConfigRule",
        "DependsOn": "May",
        "Properties": {
            "InputParameters": {"tag": "owner"},
            "Scope": {"ComplianceResourceTypes": ["AWS::S3::Bucket"]},
            "Source": {
                "Owner": "CUSTOM_LAMBDA",
                "SourceIdentifier": {"Fn::GetAtt": ["Fn", "Arn"]},
                "SourceDetails": [CHANGES],
            },
        },
    }
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Fn"},
            "Principal": "config.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
        },
    }
    resources = function("Fn") | {
        "Rule": rule,
        "May": permission,
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
    }

    deployment = harness.deploy(write_stack(tmp_path / "config", "config-rule", resources))
    harness.drain()

    events = [json.loads(event["payload"]) for event in harness.events("InvocationStarted", after=before)]
    assert {json.loads(event["ruleParameters"])["tag"] for event in events} == {"owner"}
    assert any('"AWS::S3::Bucket"' in event["invokingEvent"] for event in events)
    harness.destroy(deployment)
    assert harness.aws("config").describe_config_rules()["ConfigRules"] == []
