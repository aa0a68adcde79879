"""What IAM decides where a resource's policy has to agree: KMS keys, and roles that somebody assumes.

UG is the IAM User Guide, KMS the AWS Key Management Service Developer Guide.
"""

from __future__ import annotations

from functools import partial

import pytest

from lambdakit.harness.iam.authorization import Reason
from lambdakit.harness.iam.principal import aws_service
from tests.fakes.iam_decisions import (
    ACCOUNT,
    BY_IDENTITY,
    BY_RESOURCE,
    KEY,
    NOT_BY_BOUNDARY,
    NOT_BY_IDENTITY,
    NOT_BY_RESOURCE,
    NOT_BY_SESSION,
    OTHER,
    ROLE_ARN,
    ROOT,
    SESSION_ARN,
    STRANGER,
    USER,
    USER_ARN,
    Json,
    Row,
    allow,
    deny,
)

_KMS = "KMS, Key policies in AWS KMS"
_DEFAULT_KEY = "KMS, Default key policy, Allows access to the AWS account and enables IAM policies"
_TRUST = "UG, How AWS enforcement code logic evaluates requests to allow or deny access, Resource-based policies"
_SERVICES = "UG, AWS JSON policy elements: Principal, AWS service principals"
_SERVICE_NAMES = "follows from UG, AWS global condition context keys: aws:PrincipalServiceNamesList"
_DEPUTY = "UG, The confused deputy problem"

_TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"
_STATES = aws_service("states.amazonaws.com")

_decrypt = partial(Row, does="kms:Decrypt", to=KEY, needs_resource_policy=True)
_assume = partial(Row, does="sts:AssumeRole", to=_TARGET, needs_resource_policy=True)


def _uses(principal: object, actions: object = "kms:Decrypt", **elements: object) -> Json:
    return allow(actions, Principal=principal, **elements)


def _trusts(principal: object, **elements: object) -> Json:
    return allow("sts:AssumeRole", None, Principal=principal, **elements)


_DELEGATED = _uses({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*")

KEYS = (
    _decrypt(
        says="key policy names the role", source=_KMS, expect=BY_RESOURCE, resource_policy=(_uses({"AWS": ROLE_ARN}),)
    ),
    _decrypt(
        says="key policy names the session",
        source=_KMS,
        expect=BY_RESOURCE,
        boundary=(),
        resource_policy=(_uses({"AWS": SESSION_ARN}),),
    ),
    _decrypt(
        says="key policy names the user",
        source=_KMS,
        expect=BY_RESOURCE,
        who=USER,
        resource_policy=(_uses({"AWS": USER_ARN}),),
    ),
    _decrypt(says="key policy names everyone", source=_KMS, expect=BY_RESOURCE, resource_policy=(_uses("*"),)),
    _decrypt(
        says="the role's boundary limits the key policy",
        source=_KMS,
        expect=NOT_BY_BOUNDARY,
        boundary=(allow("s3:*"),),
        resource_policy=(_uses({"AWS": ROLE_ARN}),),
    ),
    _decrypt(
        says="default key policy and identity policy",
        source=_DEFAULT_KEY,
        expect=BY_IDENTITY,
        identity=(allow("kms:Decrypt", KEY),),
        resource_policy=(_DELEGATED,),
    ),
    _decrypt(
        says="default key policy alone", source=_DEFAULT_KEY, expect=NOT_BY_IDENTITY, resource_policy=(_DELEGATED,)
    ),
    _decrypt(
        says="identity policy without the key policy",
        source=_KMS,
        expect=NOT_BY_RESOURCE,
        identity=(allow("kms:*"),),
        resource_policy=(_uses({"AWS": USER_ARN}),),
    ),
    _decrypt(says="no key policy at all", source=_KMS, expect=NOT_BY_RESOURCE, identity=(allow("kms:*"),)),
    _decrypt(
        says="the account is named for another action",
        source=_KMS,
        expect=NOT_BY_RESOURCE,
        identity=(allow("kms:*"),),
        resource_policy=(_uses({"AWS": ACCOUNT}, "kms:Describe*"),),
    ),
    _decrypt(
        says="the account is named under a condition that does not hold",
        source=_KMS,
        expect=NOT_BY_RESOURCE,
        identity=(allow("kms:*"),),
        context={"kms:ViaService": ["s3.us-east-1.amazonaws.com"]},
        resource_policy=(
            _uses({"AWS": ACCOUNT}, Condition={"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}),
        ),
    ),
    _decrypt(
        says="identity policy denies in spite of the key policy",
        source=_KMS,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        identity=(deny("kms:Decrypt"),),
        resource_policy=(_uses({"AWS": SESSION_ARN}),),
    ),
    _decrypt(
        says="delegated to the identity policy, which the boundary limits",
        source=_DEFAULT_KEY,
        expect=NOT_BY_BOUNDARY,
        identity=(allow("kms:*"),),
        boundary=(allow("s3:*"),),
        resource_policy=(_DELEGATED,),
    ),
    _decrypt(
        says="delegated to the identity policy, which the session limits",
        source=_DEFAULT_KEY,
        expect=NOT_BY_SESSION,
        identity=(allow("kms:*"),),
        session=(allow("s3:*"),),
        resource_policy=(_DELEGATED,),
    ),
    _decrypt(
        says="another account needs both",
        source="KMS, Allowing users in other accounts to use a KMS key",
        expect=NOT_BY_IDENTITY,
        who=STRANGER,
        resource_policy=(_uses({"AWS": f"arn:aws:iam::{OTHER}:root"}),),
    ),
    _decrypt(
        says="another account has both",
        source="KMS, Allowing users in other accounts to use a KMS key",
        expect=BY_IDENTITY,
        who=STRANGER,
        identity=(allow("kms:Decrypt", KEY),),
        resource_policy=(_uses({"AWS": f"arn:aws:iam::{OTHER}:root"}),),
    ),
    _decrypt(says="the administrator", source="a decision of lambdakit's", expect=Reason.ADMINISTRATOR, who=ROOT),
)

TRUST = (
    _assume(
        says="trust policy names the role",
        source=_TRUST,
        expect=BY_RESOURCE,
        resource_policy=(_trusts({"AWS": ROLE_ARN}),),
    ),
    _assume(
        says="trust policy names the account",
        source=_TRUST,
        expect=NOT_BY_IDENTITY,
        resource_policy=(_trusts({"AWS": ACCOUNT}),),
    ),
    _assume(
        says="trust policy names the account, identity policy the role",
        source=_TRUST,
        expect=BY_IDENTITY,
        identity=(allow("sts:AssumeRole", _TARGET),),
        resource_policy=(_trusts({"AWS": ACCOUNT}),),
    ),
    _assume(
        says="identity policy without trust",
        source=_TRUST,
        expect=NOT_BY_RESOURCE,
        identity=(allow("sts:*"),),
        resource_policy=(_trusts({"Service": "lambda.amazonaws.com"}),),
    ),
    _assume(
        says="trusted service",
        source=_SERVICES,
        expect=BY_RESOURCE,
        who=_STATES,
        resource_policy=(_trusts({"Service": ["ecs.amazonaws.com", "states.amazonaws.com"]}),),
    ),
    _assume(
        says="service that is not trusted",
        source=_SERVICES,
        expect=NOT_BY_RESOURCE,
        who=_STATES,
        resource_policy=(_trusts({"Service": "lambda.amazonaws.com"}),),
    ),
    _assume(
        says="regional name of the service",
        source=_SERVICE_NAMES,
        expect=BY_RESOURCE,
        who=_STATES,
        context={"aws:RequestedRegion": ["us-east-1"]},
        resource_policy=(_trusts({"Service": "states.us-east-1.amazonaws.com"}),),
    ),
    _assume(
        says="regional name of the service among others",
        source=_SERVICE_NAMES,
        expect=BY_RESOURCE,
        who=_STATES,
        resource_policy=(_trusts({"Service": ["lambda.amazonaws.com", "states.us-east-1.amazonaws.com"]}),),
    ),
    _assume(
        says="regional name of another service",
        source=_SERVICE_NAMES,
        expect=NOT_BY_RESOURCE,
        who=_STATES,
        resource_policy=(_trusts({"Service": "lambda.us-east-1.amazonaws.com"}),),
    ),
    _decrypt(
        says="regional name of the service in the key's region",
        source=_SERVICE_NAMES,
        expect=BY_RESOURCE,
        who=_STATES,
        resource_policy=(_uses({"Service": "states.us-east-1.amazonaws.com"}),),
    ),
    _decrypt(
        says="regional name of the service in another region than the key's",
        source=_SERVICE_NAMES,
        expect=NOT_BY_RESOURCE,
        who=_STATES,
        resource_policy=(_uses({"Service": "states.eu-west-1.amazonaws.com"}),),
    ),
    _assume(
        says="name of the service in another region",
        source=_SERVICE_NAMES,
        expect=NOT_BY_RESOURCE,
        who=_STATES,
        context={"aws:RequestedRegion": ["us-east-1"]},
        resource_policy=(_trusts({"Service": "states.eu-west-1.amazonaws.com"}),),
    ),
    _assume(
        says="external id given",
        source=_DEPUTY,
        expect=BY_IDENTITY,
        who=STRANGER,
        context={"sts:ExternalId": ["12345"]},
        identity=(allow("sts:AssumeRole"),),
        resource_policy=(_trusts({"AWS": OTHER}, Condition={"StringEquals": {"sts:ExternalId": "12345"}}),),
    ),
    _assume(
        says="external id missing",
        source=_DEPUTY,
        expect=NOT_BY_RESOURCE,
        who=STRANGER,
        identity=(allow("sts:AssumeRole"),),
        resource_policy=(_trusts({"AWS": OTHER}, Condition={"StringEquals": {"sts:ExternalId": "12345"}}),),
    ),
    _assume(
        says="trust policy denies",
        source=_TRUST,
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        identity=(allow("sts:*"),),
        resource_policy=(_trusts({"AWS": ACCOUNT}), deny("sts:AssumeRole", None, Principal={"AWS": ROLE_ARN})),
    ),
)


@pytest.mark.parametrize("row", (*KEYS, *TRUST), ids=str)
def test_decision_is_as_documented(row: Row) -> None:
    row.check()
