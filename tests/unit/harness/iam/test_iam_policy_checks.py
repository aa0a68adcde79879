from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, cast

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.iam.api_call import ApiCall, read_api_call
from lambdakit.harness.iam.lookups import ResourceLookups
from lambdakit.harness.iam.policy_checks import PolicyProblem, check_policy_in_request
from tests.fakes.api_requests import request_of, signing_name
from tests.fakes.policies import ACCOUNT_ID, REGION, ROLE, arn, statement, text

pytestmark = pytest.mark.xdist_group("moto")

GOOD = text(statement({"AWS": ROLE}, "s3:GetObject", "arn:aws:s3:::bucket/*"))
TRUST = text({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
IDENTITY = text({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
NO_JSON = "{"
NO_PRINCIPAL = text({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"})
NO_EFFECT = text({"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"})
BAD_EFFECT = text(statement("*", "s3:GetObject", "arn:aws:s3:::bucket/*", Effect="Maybe"))
NO_ACTION = text({"Effect": "Allow", "Principal": "*", "Resource": "arn:aws:s3:::bucket/*"})


def _call(service: str, operation: str, parameters: Mapping[str, Any]) -> ApiCall:
    call = read_api_call(
        request_of(service, operation, parameters),
        signing_name(service),
        account_id=ACCOUNT_ID,
        region=REGION,
        lookups=cast("ResourceLookups", None),
    )
    assert call is not None
    return call


def _problem(service: str, operation: str, parameters: Mapping[str, Any]) -> PolicyProblem | None:
    return check_policy_in_request(_call(service, operation, parameters))


# Every way that a resource's policy comes in, with the error of its service.
# Source: API references of the services, "Errors".
STORED = [
    ("sqs", "SetQueueAttributes", lambda p: {"QueueUrl": "q", "Attributes": {"Policy": p}}, "InvalidAttributeValue"),
    ("sqs", "CreateQueue", lambda p: {"QueueName": "q", "Attributes": {"Policy": p}}, "InvalidAttributeValue"),
    (
        "sns",
        "SetTopicAttributes",
        lambda p: {"TopicArn": arn("sns", "t"), "AttributeName": "Policy", "AttributeValue": p},
        "InvalidParameter",
    ),
    ("sns", "CreateTopic", lambda p: {"Name": "t", "Attributes": {"Policy": p}}, "InvalidParameter"),
    ("s3", "PutBucketPolicy", lambda p: {"Bucket": "bucket", "Policy": p}, "MalformedPolicy"),
    (
        "kms",
        "PutKeyPolicy",
        lambda p: {"KeyId": "k", "PolicyName": "default", "Policy": p},
        "MalformedPolicyDocumentException",
    ),
    ("kms", "CreateKey", lambda p: {"Policy": p}, "MalformedPolicyDocumentException"),
    (
        "secretsmanager",
        "PutResourcePolicy",
        lambda p: {"SecretId": "s", "ResourcePolicy": p},
        "MalformedPolicyDocumentException",
    ),
    ("ecr", "SetRepositoryPolicy", lambda p: {"repositoryName": "r", "policyText": p}, "InvalidParameterException"),
    ("events", "PutPermission", lambda p: {"Policy": p}, "ValidationException"),
    ("kinesis", "PutResourcePolicy", lambda p: {"ResourceARN": "a", "Policy": p}, "InvalidArgumentException"),
    ("dynamodb", "PutResourcePolicy", lambda p: {"ResourceArn": "a", "Policy": p}, "ValidationException"),
    ("logs", "PutResourcePolicy", lambda p: {"policyName": "n", "policyDocument": p}, "InvalidParameterException"),
    ("efs", "PutFileSystemPolicy", lambda p: {"FileSystemId": "fs-1", "Policy": p}, "InvalidPolicyException"),
    (
        "apigateway",
        "UpdateRestApi",
        lambda p: {"restApiId": "a", "patchOperations": [{"op": "replace", "path": "/policy", "value": p}]},
        "BadRequestException",
    ),
    ("apigateway", "CreateRestApi", lambda p: {"name": "a", "policy": p}, "BadRequestException"),
    ("opensearch", "CreateDomain", lambda p: {"DomainName": "d", "AccessPolicies": p}, "ValidationException"),
    ("opensearch", "UpdateDomainConfig", lambda p: {"DomainName": "d", "AccessPolicies": p}, "ValidationException"),
]


@pytest.mark.parametrize(("service", "operation", "given", "code"), STORED)
@pytest.mark.parametrize("policy", [NO_JSON, "[]", NO_PRINCIPAL, NO_EFFECT, BAD_EFFECT, NO_ACTION])
def test_a_malformed_policy_is_refused_with_the_services_own_error(
    service: str, operation: str, given: Any, code: str, policy: str
) -> None:
    problem = _problem(service, operation, given(policy))

    assert problem is not None
    assert (problem.code, problem.status) == (code, 400)
    assert problem.message


@pytest.mark.parametrize(("service", "operation", "given", "code"), STORED)
def test_a_good_policy_passes(service: str, operation: str, given: Any, code: str) -> None:
    del code

    assert _problem(service, operation, given(GOOD)) is None


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sqs", "SetQueueAttributes", {"QueueUrl": "q", "Attributes": {"DelaySeconds": "1"}}),
        ("sqs", "SetQueueAttributes", {"QueueUrl": "q", "Attributes": {"Policy": ""}}),
        ("sqs", "CreateQueue", {"QueueName": "q"}),
        (
            "sns",
            "SetTopicAttributes",
            {"TopicArn": arn("sns", "t"), "AttributeName": "DisplayName", "AttributeValue": "{"},
        ),
        ("kms", "CreateKey", {}),
        ("apigateway", "UpdateRestApi", {"restApiId": "a", "patchOperations": [{"op": "remove", "path": "/policy"}]}),
        ("s3", "PutObject", {"Bucket": "bucket", "Key": "k", "Body": b"{"}),
        ("opensearch", "CreateDomain", {"DomainName": "d", "AccessPolicies": ""}),
    ],
)
def test_a_call_without_a_policy_passes(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    assert _problem(service, operation, parameters) is None


class TestBuckets:
    """The messages are what users of S3 report. Source: Amazon S3 User Guide, "Blocking public access …"."""

    @pytest.mark.parametrize(
        ("policy", "message"),
        [
            ("text", "Policies must be valid JSON and the first byte must be '{'"),
            (NO_JSON, "Policies must be valid JSON and the first byte must be '{'"),
            ("{}", "Missing required field Statement"),
            (NO_PRINCIPAL, "Missing required field Principal"),
            (NO_EFFECT, "Missing required field Effect"),
            (NO_ACTION, "Missing required field Action"),
            (
                text({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}),
                "Missing required field Resource",
            ),
            (text(statement("*", "s3:GetObject", "*")), "Policy has invalid resource"),
            (text(statement("*", "s3:GetObject", "arn:aws:s3:::other/*")), "Policy has invalid resource"),
            (text(statement("*", "s3:GetObject", arn("sqs", "bucket"))), "Policy has invalid resource"),
            (text(statement("*", "sqs:SendMessage", "arn:aws:s3:::bucket")), "Policy has invalid action"),
        ],
    )
    def test_what_is_wrong_is_told_in_s3s_words(self, policy: str, message: str) -> None:
        problem = _problem("s3", "PutBucketPolicy", {"Bucket": "bucket", "Policy": policy})

        assert problem == PolicyProblem(code="MalformedPolicy", message=message)

    @pytest.mark.parametrize("resource", ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a/*", "arn:aws:s3:::buck*/*"])
    def test_what_lies_in_the_bucket_passes(self, resource: str) -> None:
        policy = text(statement("*", ["s3:*", "*"], [resource]))

        assert _problem("s3", "PutBucketPolicy", {"Bucket": "bucket", "Policy": policy}) is None

    @pytest.mark.parametrize(("principal", "blocked"), [("*", True), ({"AWS": ROLE}, False)])
    def test_a_public_policy_is_refused_where_they_are_blocked(self, principal: Any, blocked: bool) -> None:
        s3 = Account(account_id=ACCOUNT_ID, region=REGION).client("s3")
        name = f"n{uuid.uuid4().hex[:12]}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
        policy = text(statement(principal, "s3:GetObject", f"arn:aws:s3:::{name}/*"))

        problem = _problem("s3", "PutBucketPolicy", {"Bucket": name, "Policy": policy})

        refused = PolicyProblem(code="AccessDenied", message="Access Denied", status=403)
        assert problem == (refused if blocked else None)


class TestIam:
    @pytest.mark.parametrize(
        ("operation", "given", "good"),
        [
            ("CreateRole", {"RoleName": "r"}, TRUST),
            ("UpdateAssumeRolePolicy", {"RoleName": "r"}, TRUST),
            ("PutRolePolicy", {"RoleName": "r", "PolicyName": "p"}, IDENTITY),
            ("PutUserPolicy", {"UserName": "u", "PolicyName": "p"}, IDENTITY),
            ("PutGroupPolicy", {"GroupName": "g", "PolicyName": "p"}, IDENTITY),
            ("CreatePolicy", {"PolicyName": "p"}, IDENTITY),
            ("CreatePolicyVersion", {"PolicyArn": "a"}, IDENTITY),
        ],
    )
    def test_documents_are_checked_as_what_they_are(self, operation: str, given: dict[str, str], good: str) -> None:
        member = "AssumeRolePolicyDocument" if operation == "CreateRole" else "PolicyDocument"
        other = IDENTITY if good is TRUST else TRUST

        refused = [_problem("iam", operation, {**given, member: policy}) for policy in (NO_JSON, other)]

        assert [problem and (problem.code, problem.status) for problem in refused] == [
            ("MalformedPolicyDocument", 400)
        ] * 2
        assert _problem("iam", operation, {**given, member: good}) is None

    def test_a_managed_policy_that_is_too_long_is_over_the_quota(self) -> None:
        long = text({"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{'b' * 6200}"})

        problem = _problem("iam", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": long})

        assert problem is not None
        assert (problem.code, problem.status) == ("LimitExceeded", 409)
        assert problem.message == "Cannot exceed quota for PolicySize: 6144"


@pytest.mark.parametrize("depth", [10, 5_000])
def test_deeply_nested_json_is_refused_and_no_more(depth: int) -> None:
    policy = '{"Statement":' * depth + "1" + "}" * depth

    for service, operation, given, _ in STORED:
        assert _problem(service, operation, cast("Any", given)(policy)) is not None


def test_statements_of_the_wrong_kind_are_refused() -> None:
    wrongs: tuple[Any, ...] = (1, "text", None, [[]], [None], {"Effect": ["Allow"]})
    for wrong in wrongs:
        policy = json.dumps({"Version": "2012-10-17", "Statement": wrong})
        for service, operation, given, _ in STORED:
            assert _problem(service, operation, cast("Any", given)(policy)) is not None
