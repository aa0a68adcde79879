"""Policies that a request is about to store, and the service's own error for one that AWS refuses.

In: a call. Out: the refusal, or None. moto takes nearly every text for a policy: it refuses malformed ones of IAM's
(but for `CreateRole`'s) and ECR's alone, and breaks off over some of SQS', SNS' and EventBridge's.
Source of the codes: API references of the services, "Errors" of the operations, as botocore's models have them. Where a
message says more than these, it is what users of the service report.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.policy_grammar import (
    PolicyTooLong,
    check_identity_policy,
    check_managed_policy_size,
    check_resource_policy,
    check_trust_policy,
    check_trust_policy_size,
)
from lambdakit.harness.iam.policy_json import MalformedPolicy
from lambdakit.harness.iam.public_access import is_public
from lambdakit.harness.moto_state.resource_policies import blocks_public_policies
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProblem:
    """A service's error for a policy that it does not take. code: as clients see it."""

    code: str
    message: str
    status: int = 400


def check_policy_in_request(call: ApiCall) -> PolicyProblem | None:
    """Why AWS would refuse the policy that `call` brings; None for a good one, and for a call without any."""
    rule = _RULES.get((call.api.name, call.operation))
    if rule is None:
        return None
    for text in rule.documents(call):
        try:
            rule.check(text, call)
        except MalformedPolicy as error:
            return PolicyProblem(code=rule.code, message=rule.message.format(problem=error.message))
        except PolicyTooLong as error:
            return PolicyProblem(code="LimitExceeded", message=error.message, status=409)
        except _PublicPolicyBlocked:
            return PolicyProblem(code="AccessDenied", message="Access Denied", status=403)
    return None


class _PublicPolicyBlocked(Exception):
    """A bucket's BlockPublicPolicy stands against the policy."""


_Documents = Callable[[ApiCall], Iterator[str]]
_Check = Callable[[str, ApiCall], None]


def _identity(text: str, call: ApiCall) -> None:
    check_identity_policy(text)
    if call.operation in ("CreatePolicy", "CreatePolicyVersion"):
        check_managed_policy_size(text)


def _trust(text: str, call: ApiCall) -> None:
    del call
    check_trust_policy(text)
    check_trust_policy_size(text)


def _resource(text: str, call: ApiCall) -> None:
    del call
    check_resource_policy(text)


def _bucket(text: str, call: ApiCall) -> None:
    """Source: Amazon S3 User Guide, "Policies and permissions in Amazon S3", "Blocking public access to your Amazon S3
    storage" (`BlockPublicPolicy`); the messages are what users of S3 report.
    """
    if not text.lstrip().startswith("{"):
        raise MalformedPolicy(_NO_OBJECT)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicy(_NO_OBJECT) from error
    if "Statement" not in document:
        raise MalformedPolicy("Missing required field Statement")
    check_resource_policy(text)
    bucket = call.text("Bucket")
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if "Resource" not in statement and "NotResource" not in statement:
            raise MalformedPolicy("Missing required field Resource")
        if not all(_is_s3_action(name) for name in _listed(statement.get("Action", statement.get("NotAction")))):
            raise MalformedPolicy("Policy has invalid action")
        if not all(_is_in(bucket, arn) for arn in _listed(statement.get("Resource", statement.get("NotResource")))):
            raise MalformedPolicy("Policy has invalid resource")
    if is_public(document) and blocks_public_policies(bucket):
        raise _PublicPolicyBlocked


def _is_s3_action(name: object) -> bool:
    return name == "*" or str(name).lower().startswith(("s3:", "s3-object-lambda:"))


def _is_in(bucket: str, arn: object) -> bool:
    """Whether an ARN names the bucket or something in it. Access points' ARNs are left alone."""
    parts = str(arn).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "s3":
        return False
    return bool(parts[3] or parts[4]) or fnmatch.fnmatchcase(bucket, parts[5].partition("/")[0])


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _member(name: str) -> _Documents:
    """The document that a member is."""

    def read(call: ApiCall) -> Iterator[str]:
        value = call.members.get(name)
        if isinstance(value, str) and value:
            yield value

    return read


def _attribute(call: ApiCall) -> Iterator[str]:
    """The document among the attributes of a queue or topic: in JSON a map, in a form pairs of names and values."""
    given = call.members.get("Attributes", call.members.get("Attribute"))
    if isinstance(given, Mapping) and "Policy" in given:
        yield from _texts(given["Policy"])
        return
    pairs = given.get("entry") if isinstance(given, Mapping) else given
    for pair in _listed(pairs):
        if isinstance(pair, Mapping) and (pair.get("Name") or pair.get("key")) == "Policy":
            yield from _texts(pair.get("Value") or pair.get("value"))


def _topic_attribute(call: ApiCall) -> Iterator[str]:
    if call.text("AttributeName") == "Policy":
        yield call.text("AttributeValue")


def _body(call: ApiCall) -> Iterator[str]:
    yield call.request.body.decode("utf-8", "replace")


def _of_rest_api(call: ApiCall) -> Iterator[str]:
    yield from _texts(call.members.get("policy"))
    for change in call.entries("patchOperations"):
        if change.get("path") == "/policy" and change.get("op") != "remove":
            yield from _texts(change.get("value"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:  # an empty one takes the policy away
        yield value


_NO_OBJECT: Final = "Policies must be valid JSON and the first byte must be '{'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """How one operation brings a policy. message: `{problem}` is what is wrong, where the service says it."""

    documents: _Documents
    code: str
    message: str = "{problem}"
    check: _Check = _resource


_IAM: Final = "MalformedPolicyDocument"
_KMS: Final = _Rule(
    documents=_member("Policy"),
    code="MalformedPolicyDocumentException",
    message="The request was rejected because the specified policy is not syntactically or semantically correct.",
)
_QUEUE: Final = _Rule(
    documents=_attribute, code="InvalidAttributeValue", message="Invalid value for the parameter Policy."
)
_DOMAIN: Final = _Rule(
    documents=_member("AccessPolicies"), code="ValidationException", message="Error setting policy: {problem}"
)
_REST_API: Final = _Rule(
    documents=_of_rest_api,
    code="BadRequestException",
    message="Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
)
_TOPIC: Final = "Invalid parameter: Policy Error: null"

# API and operation -> how it brings a policy.
_RULES: Final[Mapping[tuple[str, str], _Rule]] = {
    ("iam", "CreateRole"): _Rule(documents=_member("AssumeRolePolicyDocument"), code=_IAM, check=_trust),
    ("iam", "UpdateAssumeRolePolicy"): _Rule(documents=_member("PolicyDocument"), code=_IAM, check=_trust),
    **{
        ("iam", operation): _Rule(documents=_member("PolicyDocument"), code=_IAM, check=_identity)
        for operation in ("CreatePolicy", "CreatePolicyVersion", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy")
    },
    ("sqs", "CreateQueue"): _QUEUE,
    ("sqs", "SetQueueAttributes"): _QUEUE,
    ("sns", "CreateTopic"): _Rule(documents=_attribute, code="InvalidParameter", message=_TOPIC),
    ("sns", "SetTopicAttributes"): _Rule(documents=_topic_attribute, code="InvalidParameter", message=_TOPIC),
    ("s3", "PutBucketPolicy"): _Rule(documents=_body, code="MalformedPolicy", check=_bucket),
    ("kms", "CreateKey"): _KMS,
    ("kms", "PutKeyPolicy"): _KMS,
    ("secretsmanager", "PutResourcePolicy"): _Rule(
        documents=_member("ResourcePolicy"),
        code="MalformedPolicyDocumentException",
        message="The resource policy has syntax errors.",
    ),
    ("ecr", "SetRepositoryPolicy"): _Rule(
        documents=_member("policyText"),
        code="InvalidParameterException",
        message="Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
    ),
    ("events", "PutPermission"): _Rule(documents=_member("Policy"), code="ValidationException"),
    ("kinesis", "PutResourcePolicy"): _Rule(documents=_member("Policy"), code="InvalidArgumentException"),
    ("dynamodb", "PutResourcePolicy"): _Rule(
        documents=_member("Policy"),
        code="ValidationException",
        message="One or more parameter values were invalid: Invalid policy document: {problem}",
    ),
    ("logs", "PutResourcePolicy"): _Rule(documents=_member("policyDocument"), code="InvalidParameterException"),
    ("efs", "PutFileSystemPolicy"): _Rule(documents=_member("Policy"), code="InvalidPolicyException"),
    ("apigateway", "CreateRestApi"): _REST_API,
    ("apigateway", "UpdateRestApi"): _REST_API,
    ("opensearch", "CreateDomain"): _DOMAIN,
    ("opensearch", "UpdateDomainConfig"): _DOMAIN,
}
