"""Findings of security checks that a construct has on purpose, each with its reason.

In: a construct, rules and reasons. Out: the CDK's acknowledgements (`Validations.acknowledge`), by which a finding
moves to the suppressed ones of the validation report, with its reason. They cover the construct and all below it, and
leave templates as they are.
Nothing is said, and no call to Node.js made, unless cdk-nag is imported before the constructs are made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from aws_cdk import Acknowledgment, Stack, Validations

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

_CHECKS: Final = "cdk_nag"
# The CDK's own validation among its plugins.
_OWN: Final = "CloudFormation-Validate"
# What the AwsSolutions pack calls a `*` in a policy; the Serverless pack has no rule of it.
_WILDCARD: Final = "AwsSolutions-IAM5"


def is_checked() -> bool:
    """Whether somebody is going to check what is made, so that it is worth saying why it is so."""
    return _CHECKS in sys.modules


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Says why findings below `scope` are none. reasons: by rule, `AwsSolutions-S1`."""
    if not reasons or not is_checked():
        return
    Validations.of(scope).acknowledge(
        *(Acknowledgment(id=_with_pack(rule), reason=reason) for rule, reason in reasons.items())
    )


def acknowledge_for_cdk(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """The same for rules of the CDK's own validation, which always runs, so that this always calls Node.js."""
    Validations.of(scope).acknowledge(
        *(Acknowledgment(id=f"{_OWN}::{rule}", reason=reason) for rule, reason in reasons.items())
    )


def acknowledge_wildcard(scope: IConstruct, resource: str, reason: str) -> None:
    """Says why policies below `scope` name this resource with a `*` in it. resource: as in the policy."""
    if is_checked():
        shown = _flat(Stack.of(scope).resolve(resource))
        acknowledge(scope, {f"{_WILDCARD}[Resource::{shown}]": reason})


def acknowledge_grant(grantee: iam.IGrantable, resource: str, reason: str) -> None:
    """The same for the policies of the role that the grantee acts by, and for nothing else."""
    if not is_checked():
        return
    principal = grantee.grant_principal
    # What is no construct has no policy here either. A role that is imported is of no class of its own.
    if hasattr(principal, "node"):
        acknowledge_wildcard(cast("IConstruct", principal), resource, reason)


def _with_pack(rule: str) -> str:
    """With its pack in front, the CDK finds it in any report, and keeps the reason there.

    Source: aws-cdk-lib 2.275, core/lib/validation/private/validation-id.ts
    """
    return f"{rule.partition('-')[0]}::{rule}"


def _flat(value: Any) -> str:
    """What cdk-nag makes of an ARN with references in it. Source: cdk-nag 3.0.2, src/utils/flatten-cfn-reference.ts"""
    match value:
        case str():
            return value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Fn::GetAtt": [logical_id, attribute]}:
            return f"<{_flat(logical_id)}.{_flat(attribute)}>"
        case {"Ref": logical_id}:
            return f"<{_flat(logical_id)}>"
    return json.dumps(value, separators=(",", ":"))
