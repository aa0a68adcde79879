"""STS.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Security Token Service"; STS
API Reference, "GetCallerIdentity" and "GetSessionToken": no permissions are required; IAM User Guide, "Pass session
tags in AWS STS" and "Monitor and control actions taken with assumed roles" (`sts:SetSourceIdentity`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.request_context import request_tags
from lambdakit.harness.iam.rules import Need, Rules


def _assume_role(call: ApiCall) -> Sequence[Need] | None:
    role = call.text("RoleArn")
    if not role.startswith("arn:"):
        return None
    needs = [Need(action=f"sts:{call.operation}", resources=(role,))]
    if request_tags(call) or call.members.get("TransitiveTagKeys"):
        needs.append(Need(action="sts:TagSession", resources=(role,)))
    if call.text("SourceIdentity"):
        needs.append(Need(action="sts:SetSourceIdentity", resources=(role,)))
    return needs


def _federation(call: ApiCall) -> Sequence[Need] | None:
    name = call.text("Name")
    if not name:
        return None
    user = call.arn("sts", f"federated-user/{name}", region="")
    needs = [Need(action="sts:GetFederationToken", resources=(user,))]
    return [*needs, Need(action="sts:TagSession", resources=(user,))] if request_tags(call) else needs


def _own_session(call: ApiCall) -> Sequence[Need]:
    return [Need(action=f"sts:{call.operation}", resources=("*",))]


STS: Final = Rules(
    # Who presents a web identity or an assertion has no identity of AWS: the role's trust policy decides alone.
    actions={
        "AssumeRoleWithSAML": (),
        "AssumeRoleWithWebIdentity": (),
        "GetCallerIdentity": (),
        "GetSessionToken": (),
    },
    readers={
        "AssumeRole": _assume_role,
        "GetFederationToken": _federation,
        "GetDelegatedAccessToken": _own_session,
        "GetWebIdentityToken": _own_session,
    },
)
