"""How a service says that it could not use the key of what it is to touch: denied, disabled, or gone.

Every service says it in its own way. Source of the codes: the APIs' references, named at each row, as botocore's models
have them. The sentences of Secrets Manager, Parameter Store and DynamoDB are what their users report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.harness.iam.authorization import Authorization, Decision
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.moto_state.encryption_keys import NOT_FOUND, key_named
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRefusal:
    """An error of a service. code: as clients see it."""

    code: str
    message: str
    status: int = 400


def kms_sentence(principal: Principal, decision: Decision) -> str:
    """What KMS says of a denial, which services pass on as it is: none of their own ways to write actions counts.

    Source: Amazon SQS Developer Guide, "Troubleshoot an access denied error in Amazon SQS".
    """
    reason = decision.reason.value.format(action=decision.action)
    who = principal.caller_arn or principal.service or principal.kind
    return f"User: {who} is not authorized to perform: {decision.action} on resource: {decision.resource} {reason}"


def key_denied(service: str, action: str, denial: str) -> KeyRefusal:
    """How `service` says that its caller may not use the key that it needs.

    service: the request's signing name. action: the denied one, such as `kms:Decrypt`. denial: `kms_sentence`.
    """
    code, status = _DENIED.get(service, ("AccessDeniedException", 400))
    if service == "secretsmanager":
        return KeyRefusal(code=code, message="Access to KMS is not allowed", status=status)
    if service == "ssm" and action == "kms:Decrypt":
        return KeyRefusal(code=code, message=_NO_SUCH_CIPHERTEXT, status=status)
    if service == "dynamodb":
        return KeyRefusal(code=code, message=f"KMS key access denied error: {denial}", status=status)
    return KeyRefusal(code=code, message=denial, status=status)


def unusable_key(service: str, uses: Sequence[Authorization]) -> KeyRefusal | None:
    """How `service` says that a key of `uses` cannot be used by anybody; None where all can, or it is not certain how.

    uses: those of `key_use`. Disabled keys of tables are not certain: DynamoDB notices within an hour.
    """
    codes = _UNUSABLE.get(service)
    if codes is None:
        return None
    for use in uses:
        for resource in use.resources:
            key = key_named(resource, "", "")
            state = "Enabled" if key is None else key.state
            if state != "Enabled":
                return _unusable(service, codes, use.action, resource, state)
    return None


def _unusable(service: str, codes: Mapping[str, str], action: str, arn: str, state: str) -> KeyRefusal:
    code = codes.get(state, codes["*"])
    if service == "secretsmanager":
        verb = "decrypt" if action == "kms:Decrypt" else "encrypt"
        code = "DecryptionFailure" if verb == "decrypt" else "EncryptionFailure"
        return KeyRefusal(
            code=code, message=f"Secrets Manager can't {verb} the protected secret text using the provided KMS key."
        )
    if state == NOT_FOUND:
        subject = "Alias" if ":alias/" in arn else "Key"
        return KeyRefusal(
            code=code, message=f"{subject} {arn} is not found." if subject == "Alias" else f"Key '{arn}' does not exist"
        )
    # AWS KMS API Reference, "DisabledException", "KMSInvalidStateException"; the state as the key's own sentence has it
    return KeyRefusal(code=code, message=f"{arn} is {_STATES.get(state, state)}.")


_NO_SUCH_CIPHERTEXT: Final = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are "
    "not allowed to access."
)
_STATES: Final = {"Disabled": "disabled", "PendingDeletion": "pending deletion", "PendingImport": "pending import"}

# Signing name -> code and status. Source: API references of the services, "Errors" of the operations that use a key:
# SQS "SendMessage" and Amazon SQS Developer Guide, "Troubleshoot an access denied error"; SNS "Publish"; Kinesis
# "PutRecord"; S3 "Error responses" (AccessDenied).
_DENIED: Final[Mapping[str, tuple[str, int]]] = {
    "kinesis": ("KMSAccessDeniedException", 400),
    "s3": ("AccessDenied", 403),
    "secretsmanager": ("AccessDeniedException", 400),
    "sns": ("KMSAccessDenied", 400),
    "sqs": ("KMS.AccessDeniedException", 400),
    "ssm": ("AccessDeniedException", 400),
}

# Signing name -> the key's state -> code; `*` for every other state. Source: as above; for SSM the AWS KMS Developer
# Guide, "How AWS Systems Manager Parameter Store uses AWS KMS" ("Troubleshooting"); for Secrets Manager the API
# reference, "GetSecretValue", "CreateSecret".
_UNUSABLE: Final[Mapping[str, Mapping[str, str]]] = {
    "kinesis": {
        "Disabled": "KMSDisabledException",
        NOT_FOUND: "KMSNotFoundException",
        "*": "KMSInvalidStateException",
    },
    "s3": {
        "Disabled": "KMS.DisabledException",
        NOT_FOUND: "KMS.NotFoundException",
        "*": "KMS.KMSInvalidStateException",
    },
    "secretsmanager": {"*": ""},
    "sns": {"Disabled": "KMSDisabled", NOT_FOUND: "KMSNotFound", "*": "KMSInvalidState"},
    "sqs": {
        "Disabled": "KMS.DisabledException",
        NOT_FOUND: "KMS.NotFoundException",
        "*": "KMS.InvalidStateException",
    },
    "ssm": {"*": "InvalidKeyId"},
}
