"""Secrets Manager. A secret is named by name, by ARN, or by its ARN without the six random characters at its end.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Secrets Manager"; Secrets
Manager User Guide, "Permissions policy examples for AWS Secrets Manager" (`secretsmanager:VersionStage`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall, listed
from lambdakit.harness.iam.rules import Need, Rules

_SECRETS_MAX: Final = 20  # API Reference, "BatchGetSecretValue": SecretIdList


def secret_arn(call: ApiCall, secret: str) -> str:
    """The ARN of a secret; of one that is not there, what its ARN would be without the random characters."""
    known = call.lookups.secret_arn(call.account_id, call.region, secret)
    if known or secret.startswith("arn:"):
        return known or secret
    return call.arn("secretsmanager", f"secret:{secret}")


def _secret(call: ApiCall) -> Sequence[str]:
    if call.operation == "CreateSecret":
        name = call.text("Name")
        return [call.arn("secretsmanager", f"secret:{name}")] if name else []
    secret = call.text("SecretId")
    return [secret_arn(call, secret)] if secret else []


def _get_value(call: ApiCall) -> Sequence[Need] | None:
    secrets = _secret(call)
    if not secrets:
        return None
    version = call.text("VersionStage") or ("" if call.text("VersionId") else "AWSCURRENT")
    keys = {"secretsmanager:versionstage": (version,)} if version else {}
    return [Need(action="secretsmanager:GetSecretValue", resources=tuple(secrets), keys=keys)]


def _batch_get(call: ApiCall) -> Sequence[Need] | None:
    """Each secret that is named has to be allowed by itself; a filter needs the list of secrets."""
    secrets = [one for one in listed(call.members.get("SecretIdList"))[:_SECRETS_MAX] if isinstance(one, str) and one]
    needs = [Need(action="secretsmanager:BatchGetSecretValue")]
    if call.members.get("Filters"):
        needs.append(Need(action="secretsmanager:ListSecrets"))
    needs += [
        Need(
            action="secretsmanager:GetSecretValue",
            resources=(secret_arn(call, secret),),
            keys={"secretsmanager:secretid": (secret,), "secretsmanager:versionstage": ("AWSCURRENT",)},
        )
        for secret in secrets
    ]
    return needs


def _more_keys(call: ApiCall) -> Mapping[str, tuple[str, ...]]:
    """The function that rotates the secret, as policies for such functions ask for it.

    Source: Secrets Manager User Guide, "Lambda rotation function execution role permissions for AWS Secrets Manager".
    """
    secret = call.text("SecretId")
    function = call.lookups.rotation_function(secret_arn(call, secret)) if secret else ""
    return {"secretsmanager:resource/allowrotationlambdaarn": (function,)} if function else {}


SECRETS_MANAGER: Final = Rules(
    more_keys=_more_keys,
    resources={"Secret": _secret},
    readers={"GetSecretValue": _get_value, "BatchGetSecretValue": _batch_get},
)
