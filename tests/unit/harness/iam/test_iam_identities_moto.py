"""moto's private classes still have the shape that `lambdakit.harness.moto_state.identities` relies on."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.harness.iam.identity_policies import AWS_MANAGED_POLICIES_DATE
from lambdakit.harness.moto_state.identities import Identities, managed_policy
from tests.fakes.known_identities import ACCOUNT_ID, TRUST, KnownAccount

pytestmark = pytest.mark.xdist_group("moto")

DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
AWS = "arn:aws:iam::aws:policy"
LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


def test_a_role_is_found_with_what_it_has(known: KnownAccount) -> None:
    arn = known.role("one", Path="/a/b/", MaxSessionDuration=7200, Tags=[{"Key": "k", "Value": "v"}])

    role = Identities().role(arn)

    assert role is not None
    assert role.role_id == known.iam.get_role(RoleName="one")["Role"]["RoleId"]
    assert (role.name, role.account_id, role.max_session_seconds) == ("one", ACCOUNT_ID, 7200)
    assert json.loads(role.trust) == json.loads(TRUST)
    assert role.tags == {"k": "v"}


def test_a_role_that_was_made_again_is_another_one(known: KnownAccount) -> None:
    identities = Identities()
    first = identities.role(known.role("again"))
    known.iam.delete_role(RoleName="again")
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/again"

    meanwhile = identities.role(arn)
    second = identities.role(known.role("again"))

    assert meanwhile is None
    assert first is not None and second is not None
    assert first.role_id != second.role_id


def test_a_role_s_policies_are_all_found(known: KnownAccount) -> None:
    boundary = known.iam.create_policy(PolicyName="limit", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    role = known.role("rich", PermissionsBoundary=boundary)
    known.iam.put_role_policy(RoleName="rich", PolicyName="inline", PolicyDocument=DOCUMENT)
    known.iam.attach_role_policy(RoleName="rich", PolicyArn=f"{AWS}/AWSXRayDaemonWriteAccess")

    attached = known.identities.role_policies(role)

    assert attached is not None
    assert [name for name, _ in attached.policies] == ["inline", f"{AWS}/AWSXRayDaemonWriteAccess"]
    assert attached.policies[0][1] == DOCUMENT
    assert attached.boundary == (boundary, DOCUMENT)


def test_a_managed_policy_is_read_in_its_default_version(known: KnownAccount) -> None:
    second = DOCUMENT.replace("s3:*", "sqs:*")
    arn = known.iam.create_policy(PolicyName="versions", PolicyDocument=DOCUMENT)["Policy"]["Arn"]

    known.iam.create_policy_version(PolicyArn=arn, PolicyDocument=second, SetAsDefault=True)
    newest = managed_policy(arn)
    known.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    known.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")  # moto then says that no version is the default

    assert newest == second
    assert managed_policy(arn) == DOCUMENT


def test_a_user_has_the_policies_of_the_user_s_groups(known: KnownAccount) -> None:
    user, _ = known.user("member")
    known.iam.create_group(GroupName="readers")
    known.iam.add_user_to_group(GroupName="readers", UserName="member")
    known.iam.put_user_policy(UserName="member", PolicyName="own", PolicyDocument=DOCUMENT)
    known.iam.put_group_policy(GroupName="readers", PolicyName="shared", PolicyDocument=DOCUMENT)
    known.iam.attach_group_policy(GroupName="readers", PolicyArn=f"{AWS}/ReadOnlyAccess")

    attached = known.identities.user_policies(user)

    assert attached is not None
    assert [name for name, _ in attached.policies] == ["own", "shared", f"{AWS}/ReadOnlyAccess"]


def test_a_session_s_key_is_found_with_its_end(known: KnownAccount) -> None:
    sts: Any = known.account.client("sts")
    given = sts.assume_role(RoleArn=known.role("r"), RoleSessionName="ses", DurationSeconds=900)["Credentials"]

    key = known.identities.key(given["AccessKeyId"])

    assert key is not None and key.is_session and key.expires is not None
    assert (key.secret, key.token) == (given["SecretAccessKey"], given["SessionToken"])
    assert timedelta(minutes=14) < key.expires - datetime.now(UTC) <= timedelta(minutes=15)


@pytest.mark.parametrize("arn", ["", "arn", "arn:aws:iam::000000000000:role/x", "arn:aws-cn:iam::123456789012:role/x"])
def test_looking_makes_nothing(known: KnownAccount, arn: str) -> None:
    from moto.iam.models import iam_backends

    known.iam.list_roles()
    before = {account_id: list(partitions) for account_id, partitions in iam_backends.items()}

    who = known.identities
    found = [who.role(arn), who.role_policies(arn), who.user(arn), who.user_policies(arn), who.key(arn)]

    assert [*found, managed_policy(arn)] == [None] * 6
    assert {account_id: list(partitions) for account_id, partitions in iam_backends.items()} == before


@pytest.mark.parametrize("half", ["", "sys.modules['moto.iam.models'] = types.ModuleType('half loaded'); "])
def test_looking_loads_nothing_of_moto(half: str) -> None:
    program = (
        "import sys, types; from lambdakit.harness.moto_state.identities import Identities, managed_policy; "
        f"{half}i = Identities(); arn = 'arn:aws:iam::123456789012:role/x'; "
        "assert i.role(arn) is i.user(arn) is i.key('AKIA') is managed_policy(arn) is None; "
        "assert not [name for name in sys.modules if name.startswith('moto') and name != 'moto.iam.models']"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def aws_policies() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found


def test_aws_managed_policies_are_of_the_day_that_is_told() -> None:
    newest = max(max(policy["CreateDate"], policy["UpdateDate"]) for policy in aws_policies().values())

    assert newest[:10] == AWS_MANAGED_POLICIES_DATE


def actions(prefix: str, names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}:{name}" for name in names.split())


# Source: AWS Managed Policy Reference Guide, each policy's page, in the version named.
@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        ("service-role/AWSLambdaBasicExecutionRole", "v1", LOGS),
        (
            "service-role/AWSLambdaVPCAccessExecutionRole",
            "v3",
            LOGS
            + actions("ec2", "CreateNetworkInterface DescribeNetworkInterfaces DescribeSubnets DeleteNetworkInterface")
            + actions("ec2", "AssignPrivateIpAddresses UnassignPrivateIpAddresses"),
        ),
        (
            "service-role/AWSLambdaSQSQueueExecutionRole",
            "v1",
            LOGS + actions("sqs", "ReceiveMessage DeleteMessage GetQueueAttributes"),
        ),
        (
            "service-role/AWSLambdaKinesisExecutionRole",
            "v2",
            LOGS
            + actions("kinesis", "DescribeStream DescribeStreamSummary GetRecords GetShardIterator ListShards")
            + actions("kinesis", "ListStreams SubscribeToShard"),
        ),
        (
            "service-role/AWSLambdaDynamoDBExecutionRole",
            "v1",
            LOGS + actions("dynamodb", "DescribeStream GetRecords GetShardIterator ListStreams"),
        ),
        (
            "service-role/AWSLambdaMSKExecutionRole",
            "v2",
            LOGS
            + actions("kafka", "DescribeCluster DescribeClusterV2 GetBootstrapBrokers")
            + actions("ec2", "CreateNetworkInterface DescribeNetworkInterfaces DescribeVpcs DeleteNetworkInterface")
            + actions("ec2", "DescribeSubnets DescribeSecurityGroups"),
        ),
        (
            "AWSXRayDaemonWriteAccess",
            "v2",
            actions("xray", "PutTraceSegments PutTelemetryRecords GetSamplingRules GetSamplingTargets")
            + actions("xray", "GetSamplingStatisticSummaries"),
        ),
        (
            "service-role/AWSLambdaBasicDurableExecutionRolePolicy",
            "v3",
            LOGS + actions("lambda", "CheckpointDurableExecution GetDurableExecutionState"),
        ),
        ("service-role/AWSLambdaRole", "v1", ("lambda:InvokeFunction",)),
    ],
    ids=lambda value: value.rpartition("/")[2] if isinstance(value, str) else "",
)
def test_a_function_s_managed_policy_is_as_aws_documents_it(
    known: KnownAccount, path: str, version: str, expected: tuple[str, ...]
) -> None:
    known.iam.list_roles()

    document = json.loads(managed_policy(f"{AWS}/{path}") or "{}")
    (statement,) = document["Statement"]

    assert statement["Effect"] == "Allow"
    assert statement["Resource"] in ("*", ["*"])
    assert sorted(statement["Action"]) == sorted(expected)
    assert aws_policies()[path.rpartition("/")[2]]["DefaultVersionId"] == version


def test_the_managed_policy_of_lambda_insights_is_as_aws_documents_it(known: KnownAccount) -> None:
    known.iam.list_roles()

    document = json.loads(managed_policy(f"{AWS}/CloudWatchLambdaInsightsExecutionRolePolicy") or "{}")

    assert document["Statement"] == [
        {"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda-insights:*",
        },
    ]
