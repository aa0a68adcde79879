"""What policies of queues, topics and functions decide: a row per fact.

The rows follow the example policies of the services' guides. DG is the AWS Lambda Developer Guide, UG a service's user
guide or developer guide.
"""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.principal import ANONYMOUS
from tests.fakes.policies import ACCOUNT_ID, REGION, arn
from tests.fakes.resource_facts import OTHER, OURS, THEIRS, Row, check, equals, lets, none

pytestmark = pytest.mark.xdist_group("moto")

_DG_POLICY = "DG, Viewing resource-based IAM policies in Lambda"
_SQS_SNS = "Amazon SNS UG, Example cases for Amazon SNS access control: Publish messages to an Amazon SQS queue"
_S3_EVENTS = "Amazon S3 UG, Granting permissions to publish event notification messages to a destination"
_RULES = "Amazon EventBridge UG, Using resource-based policies for Amazon EventBridge"
_SNS_CASES = "Amazon SNS UG, Example cases for Amazon SNS access control"
_SQS_CASES = "Amazon SQS UG, Basic examples of Amazon SQS policies"
_BLOCK = "IAM UG, Cross-account policy evaluation logic"
_TOPIC = arn("sns", "news")
_RULE = arn("events", "rule/every-minute")

ROWS = (
    # Queues
    Row(
        says="SNS sends to a queue that names its topic",
        source=_SQS_SNS,
        of="queue",
        policy=lets("sns.amazonaws.com", "sqs:SendMessage", Condition={"ArnEquals": {"aws:SourceArn": _TOPIC}}),
        who="sns.amazonaws.com",
        does="sqs:SendMessage",
        source_arn=_TOPIC,
        allowed=True,
    ),
    Row(
        says="another topic does not",
        source=_SQS_SNS,
        of="queue",
        policy=lets("sns.amazonaws.com", "sqs:SendMessage", Condition={"ArnEquals": {"aws:SourceArn": _TOPIC}}),
        who="sns.amazonaws.com",
        does="sqs:SendMessage",
        source_arn=arn("sns", "other"),
        allowed=False,
    ),
    Row(
        says="a bucket's notification needs bucket and account to be right",
        source=_S3_EVENTS,
        of="queue",
        policy=lets(
            "s3.amazonaws.com",
            "SQS:SendMessage",
            Condition={
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:pictures"},
                "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
            },
        ),
        who="s3.amazonaws.com",
        does="sqs:SendMessage",
        source_arn="arn:aws:s3:::pictures",
        source_account=ACCOUNT_ID,
        allowed=True,
    ),
    Row(
        says="the same bucket's name in another account is another bucket",
        source=_S3_EVENTS,
        of="queue",
        policy=lets(
            "s3.amazonaws.com",
            "SQS:SendMessage",
            Condition={
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:pictures"},
                "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
            },
        ),
        who="s3.amazonaws.com",
        does="sqs:SendMessage",
        source_arn="arn:aws:s3:::pictures",
        source_account=OTHER,
        allowed=False,
    ),
    Row(
        says="a rule sends to a queue that names it",
        source=_RULES,
        of="queue",
        policy=lets("events.amazonaws.com", "sqs:SendMessage", Condition={"ArnEquals": {"aws:SourceArn": _RULE}}),
        who="events.amazonaws.com",
        does="sqs:SendMessage",
        source_arn=_RULE,
        allowed=True,
    ),
    Row(
        says="a rule does not send to a queue without a policy",
        source=_RULES,
        of="queue",
        policy=none,
        who="events.amazonaws.com",
        does="sqs:SendMessage",
        source_arn=_RULE,
        allowed=False,
    ),
    Row(
        says="an account may be given one permission",
        source=_SQS_CASES,
        of="queue",
        policy=lets({"AWS": [OTHER]}, "sqs:SendMessage"),
        who=THEIRS,
        own=("sqs:*",),
        does="sqs:SendMessage",
        allowed=True,
    ),
    Row(
        says="and no other",
        source=_SQS_CASES,
        of="queue",
        policy=lets({"AWS": [OTHER]}, "sqs:SendMessage"),
        who=THEIRS,
        own=("sqs:*",),
        does="sqs:ReceiveMessage",
        allowed=False,
    ),
    Row(
        says="the other account has to allow it as well",
        source=_BLOCK,
        of="queue",
        policy=lets({"AWS": [OTHER]}, "sqs:SendMessage"),
        who=THEIRS,
        does="sqs:SendMessage",
        allowed=False,
    ),
    Row(
        says="all users may be given a permission",
        source=_SQS_CASES,
        of="queue",
        policy=lets("*", "sqs:ReceiveMessage"),
        who=ANONYMOUS,
        does="sqs:ReceiveMessage",
        allowed=True,
    ),
    # Topics
    Row(
        says="a bucket's owner may publish to a topic",
        source=_SNS_CASES,
        of="topic",
        policy=lets("s3.amazonaws.com", "sns:Publish", Condition=equals(AWS__SourceAccount=OTHER)),
        who="s3.amazonaws.com",
        does="sns:Publish",
        source_arn="arn:aws:s3:::theirs",
        source_account=OTHER,
        allowed=True,
    ),
    Row(
        says="alarms of another account may publish where everybody with their ARNs may",
        source=_SNS_CASES,
        of="topic",
        policy=lets(
            {"AWS": "*"},
            "SNS:Publish",
            Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{OTHER}:alarm:*"}},
        ),
        who="cloudwatch.amazonaws.com",
        does="sns:Publish",
        source_arn=arn("cloudwatch", "alarm:a", account_id=OTHER),
        allowed=True,
    ),
    Row(
        says="SES publishes for the account that it names as the owner",
        source=_SNS_CASES,
        of="topic",
        policy=lets("ses.amazonaws.com", "SNS:Publish", Condition=equals(aws__SourceOwner=OTHER)),
        who="ses.amazonaws.com",
        does="sns:Publish",
        source_account=OTHER,
        allowed=True,
    ),
    Row(
        says="a subscription may be limited to a protocol",
        source=_SNS_CASES,
        of="topic",
        policy=lets({"AWS": OTHER}, ["sns:Subscribe"], Condition=equals(sns__Protocol="https")),
        who=THEIRS,
        own=("sns:*",),
        does="sns:Subscribe",
        keys={"sns:protocol": ("http",)},
        allowed=False,
    ),
    Row(
        says="a member of an organization may publish",
        source=_SNS_CASES,
        of="topic",
        policy=lets({"AWS": "*"}, "SNS:Publish", Condition=equals(aws__PrincipalOrgID="o-1234567890")),
        who=THEIRS,
        own=("sns:Publish",),
        does="sns:Publish",
        keys={"aws:principalorgid": ("o-1234567890",)},
        allowed=True,
    ),
    Row(
        says="publishing may be limited to a VPC endpoint",
        source=_SNS_CASES,
        of="topic",
        policy=lets(
            "*", "SNS:Publish", Effect="Deny", Condition={"StringNotEquals": {"aws:sourceVpce": "vpce-1ab2c34d"}}
        ),
        who=OURS,
        own=("sns:*",),
        does="sns:Publish",
        keys={"aws:sourcevpce": ("vpce-other",)},
        allowed=False,
    ),
    Row(
        says="and is allowed from there",
        source=_SNS_CASES,
        of="topic",
        policy=lets(
            "*", "SNS:Publish", Effect="Deny", Condition={"StringNotEquals": {"aws:sourceVpce": "vpce-1ab2c34d"}}
        ),
        who=OURS,
        own=("sns:*",),
        does="sns:Publish",
        keys={"aws:sourcevpce": ("vpce-1ab2c34d",)},
        allowed=True,
    ),
    Row(
        says="a rule publishes to a topic that lets EventBridge in",
        source=_RULES,
        of="topic",
        policy=lets("events.amazonaws.com", "sns:Publish"),
        who="events.amazonaws.com",
        does="sns:Publish",
        source_arn=_RULE,
        allowed=True,
    ),
    # Functions
    Row(
        says="SNS invokes a function that names its topic",
        source=_DG_POLICY,
        of="function",
        policy=lets("sns.amazonaws.com", "lambda:InvokeFunction", Condition={"ArnLike": {"AWS:SourceArn": _TOPIC}}),
        who="sns.amazonaws.com",
        does="lambda:InvokeFunction",
        source_arn=_TOPIC,
        allowed=True,
    ),
    Row(
        says="another account invokes a function when both sides allow it",
        source=_DG_POLICY,
        of="function",
        policy=lets({"AWS": f"arn:aws:iam::{OTHER}:root"}, "lambda:InvokeFunction"),
        who=THEIRS,
        own=("lambda:InvokeFunction",),
        does="lambda:InvokeFunction",
        allowed=True,
    ),
    Row(
        says="a permission on a function is none on its alias",
        source=_DG_POLICY,
        of="function",
        policy=lets("sns.amazonaws.com", "lambda:InvokeFunction"),
        who="sns.amazonaws.com",
        does="lambda:InvokeFunction",
        below=":live",
        allowed=False,
    ),
)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.of}: {row.says}") for row in ROWS])
def test_what_a_resources_policy_decides(row: Row) -> None:
    check(row)
