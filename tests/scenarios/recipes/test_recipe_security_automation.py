"""Buckets that the public could read: found, closed, told of, and found again when they are opened again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lambdakit import Harness
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

RECIPE = Path(__file__).parents[3] / "patterns" / "security_automation"
CLOSED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """An account with the stack, and a queue that hears its notices."""

    harness: Harness
    deployment: Deployment
    inbox: str

    def bucket(self, name: str, **tags: str) -> None:
        """A new bucket, which is as open as one can be."""
        s3 = self.harness.client("s3")
        s3.create_bucket(Bucket=name)
        if tags:
            tag_set = [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_set})

    def block(self, name: str, **changes: bool) -> None:
        self.harness.client("s3").put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration={**CLOSED, **changes}
        )

    def is_closed(self, name: str) -> bool:
        s3 = self.harness.client("s3")
        try:
            found = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        except s3.exceptions.ClientError:
            return False
        return bool(found == CLOSED)

    def compliance(self) -> dict[str, str]:
        config = self.harness.client("config")
        [rule] = config.describe_config_rules()["ConfigRules"]
        found = config.get_compliance_details_by_config_rule(ConfigRuleName=rule["ConfigRuleName"])
        return {
            each["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: each["ComplianceType"]
            for each in found["EvaluationResults"]
        }

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """What the queue holds, which is taken out of it."""
        sqs = self.harness.client("sqs")
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in received:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in received]

    def failures(self) -> list[dict[str, Any]]:
        return self.messages(self.deployment.outputs["guardrails"]["FailedQueueUrl"])


@pytest.fixture
def guarded(harness: Harness, deploy_anew: Callable[[str], Deployment]) -> Guarded:
    # For this test alone: it would close the buckets of the next ones.
    deployment = deploy_anew("security_automation")
    sqs = harness.client("sqs")
    inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = deployment.outputs["guardrails"]["CloseBucketsNoticesTopicArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.set_queue_attributes(
        QueueUrl=inbox, Attributes={"Policy": json.dumps({"Statement": [{**allowed, "Resource": arn}]})}
    )
    harness.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    return Guarded(harness=harness, deployment=deployment, inbox=inbox)


@pytest.fixture(autouse=True)
def _leaves_nothing(harness: Harness) -> Any:
    yield
    s3, sqs = harness.client("s3"), harness.client("sqs")
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith("mine-"):
            s3.delete_bucket_policy(Bucket=bucket["Name"])
            s3.delete_bucket(Bucket=bucket["Name"])
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="inbox")["QueueUrl"])


def test_an_open_bucket_is_found_closed_told_of_and_found_to_comply(guarded: Guarded) -> None:
    guarded.bucket("mine-open")
    guarded.harness.drain()

    assert guarded.is_closed("mine-open")
    [notice] = guarded.messages(guarded.inbox)
    assert (notice["bucket"], notice["is"]) == ("mine-open", "closed to the public")
    assert notice["was"] == "without BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets"
    assert guarded.compliance()["mine-open"] == "COMPLIANT"
    assert guarded.failures() == []
    assert guarded.deployment.permissions.denied == set()


def test_a_bucket_that_is_opened_again_is_closed_again(guarded: Guarded) -> None:
    guarded.bucket("mine-open")
    guarded.harness.drain()
    guarded.messages(guarded.inbox)

    guarded.block("mine-open", BlockPublicPolicy=False)
    guarded.harness.drain()

    assert guarded.is_closed("mine-open")
    [notice] = guarded.messages(guarded.inbox)
    assert notice["was"] == "without BlockPublicPolicy"


def test_buckets_that_are_closed_or_meant_to_be_public_are_left_alone(guarded: Guarded) -> None:
    guarded.bucket("mine-site", public_access="intended")
    guarded.harness.drain()
    guarded.messages(guarded.inbox)  # of the moment between the bucket and its tag, if it was seen
    guarded.harness.client("s3").delete_public_access_block(Bucket="mine-site")
    guarded.harness.drain()

    assert not guarded.is_closed("mine-site")
    assert guarded.messages(guarded.inbox) == []
    assert guarded.compliance()["mine-site"] == "COMPLIANT"


def test_a_bucket_that_cannot_be_closed_is_told_in_the_failure_queue(guarded: Guarded) -> None:
    guarded.bucket("mine-stubborn")
    name = guarded.deployment.function("close_buckets").name
    role = guarded.harness.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": role},
        "Action": "s3:PutBucketPublicAccessBlock",
        "Resource": "arn:aws:s3:::mine-stubborn",
    }
    guarded.harness.drain()
    s3 = guarded.harness.client("s3")
    s3.put_bucket_policy(Bucket="mine-stubborn", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    guarded.messages(guarded.inbox)

    guarded.block("mine-stubborn", IgnorePublicAcls=False)
    guarded.harness.drain()
    guarded.harness.clock.advance(minutes=10)
    guarded.harness.drain()

    [failure] = guarded.failures()
    assert failure["requestPayload"]["detail"]["resourceId"] == "mine-stubborn"
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert "AccessDenied" in failure["responsePayload"]["errorMessage"]
    assert guarded.messages(guarded.inbox) == []
    assert guarded.compliance()["mine-stubborn"] == "NON_COMPLIANT"


def test_a_bucket_that_is_deleted_is_forgotten(guarded: Guarded) -> None:
    guarded.bucket("mine-short-lived")
    guarded.harness.drain()

    guarded.harness.client("s3").delete_bucket(Bucket="mine-short-lived")
    guarded.harness.drain()

    assert guarded.failures() == []
    last = guarded.deployment.function("open_buckets").invocations[-1]
    assert last.result == {"bucket": "mine-short-lived", "compliance": "NOT_APPLICABLE"}


def test_the_sample_event_closes_the_bucket_it_names(guarded: Guarded) -> None:
    event = json.loads((RECIPE / "events" / "compliance_change.json").read_text())

    answers = [guarded.deployment.function("close_buckets").invoke(event, qualifier="live").raise_for_error()]
    guarded.bucket(event["detail"]["resourceId"])
    answers.append(guarded.deployment.function("close_buckets").invoke(event, qualifier="live").raise_for_error())

    assert answers[0].payload == {"bucket": "mine-open", "closed": False, "because": "gone"}
    assert answers[1].payload["bucket"] == "mine-open"
    assert guarded.is_closed("mine-open")
