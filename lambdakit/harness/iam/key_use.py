"""What a request needs of KMS because what it touches is encrypted with a customer's key.

In: what a request needs of its own service. Out: the calls of KMS that the service makes for the caller, with the
caller's permissions: each on the key, by `kms:ViaService`, with the encryption context that the service gives.

Nothing is needed for a key that AWS manages (its policy lets the whole account use it through the service), and none
of the caller where a service uses a key by a grant or as itself: CloudWatch Logs, Data Firehose, a function's
environment variables, an event bus. Step Functions' use of keys is not told here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final
from urllib.parse import unquote

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.moto_state.encryption_keys import (
    EncryptionKey,
    default_key_of_bucket,
    key_given_for_object,
    key_named,
    key_of_object,
    key_of_resource,
    key_of_upload,
    keys_of_parameters,
    secret_version,
)
from lambdakit.records import dataclass

_DECRYPT: Final = ("kms:Decrypt",)
_GENERATE: Final = ("kms:GenerateDataKey",)
_BOTH: Final = (*_GENERATE, *_DECRYPT)
# Source: Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest usage notes" ("Key policy for a customer
# managed key": what DynamoDB requires of whoever selects the key).
_SELECT_FOR_TABLE: Final = (
    *("kms:DescribeKey", "kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant"),
)
# Source: AWS Secrets Manager User Guide, "Secret encryption and decryption" ("Validating access to the KMS key").
_VALIDATES: Final = "RequestToValidateKeyAccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A service's calls of KMS. encryption: the encryption context; None for calls that have none."""

    key: EncryptionKey | None
    actions: Sequence[str]
    encryption: Mapping[str, str] = field(default_factory=dict)


def key_use(authorizations: Sequence[Authorization], call: ApiCall) -> tuple[Authorization, ...]:
    """What `call`, which needs `authorizations`, needs of KMS besides; empty where no customer's key has a part in it.

    Its resources are keys' ARNs, or what an unknown key was called; `key_refusals.unusable_key` tells of those.
    """
    found: dict[tuple[str, str, tuple[str, ...]], Authorization] = {}
    for service, use in _uses(authorizations, call):
        if use.key is None or use.key.aws_managed:
            continue
        keys = context_of_use(use.key, service, caller_account=call.account_id, encryption=use.encryption)
        for action in use.actions:
            wanted = Authorization(action=action, resources=(use.key.arn,), context=keys)
            found.setdefault((action, use.key.arn, tuple(use.encryption.values())), wanted)
    return tuple(found.values())


def context_of_use(
    key: EncryptionKey, service: str, *, caller_account: str, encryption: Mapping[str, str]
) -> Mapping[str, tuple[str, ...]]:
    """The condition keys of a call of KMS that a service makes for somebody. caller_account: empty for a service.

    Source: AWS KMS Developer Guide, "AWS KMS condition keys"; IAM User Guide, "AWS global condition context keys"
    (`aws:ViaAWSService`).
    """
    keys: dict[str, tuple[str, ...]] = {
        "kms:viaservice": (f"{service}.{key.region}.amazonaws.com",),
        "aws:requestedregion": (key.region,),
        "aws:securetransport": ("true",),
    }
    if caller_account:
        keys["kms:calleraccount"] = (caller_account,)
        keys["aws:viaawsservice"] = ("true",)
        keys["aws:calledvia"] = keys["aws:calledviafirst"] = keys["aws:calledvialast"] = (f"{service}.amazonaws.com",)
    for name, value in encryption.items():
        keys[f"kms:encryptioncontext:{name.lower()}"] = (value,)
    if encryption:
        keys["kms:encryptioncontextkeys"] = tuple(encryption)
    return keys


def _uses(authorizations: Sequence[Authorization], call: ApiCall) -> Iterator[tuple[str, _Use]]:
    for wanted in authorizations:
        service, _, action = wanted.action.partition(":")
        reader = _READERS.get(service)
        if reader is not None:
            for resource in wanted.resources:
                for use in reader(action, resource, call):
                    yield service, use


def _of_queue(action: str, arn: str, call: ApiCall) -> Iterator[_Use]:
    """Source: Amazon SQS Developer Guide, "Key management" ("Configuring AWS KMS permissions")."""
    del call
    actions = {"SendMessage": _BOTH, "ReceiveMessage": _DECRYPT}.get(action)
    if actions is not None:
        yield _Use(key=key_of_resource(arn), actions=actions, encryption={"aws:sqs:arn": arn})


def _of_topic(action: str, arn: str, call: ApiCall) -> Iterator[_Use]:
    """Source: Amazon SNS Developer Guide, "Key management" ("Allow a user to send messages to a topic with SSE")."""
    del call
    if action == "Publish":
        yield _Use(key=key_of_resource(arn), actions=_BOTH, encryption={"aws:sns:topicArn": arn})


def _of_stream(action: str, arn: str, call: ApiCall) -> Iterator[_Use]:
    """Source: Amazon Kinesis Data Streams Developer Guide, "Permissions to use user-generated KMS keys"."""
    del call
    actions = _GENERATE if action in ("PutRecord", "PutRecords") else _DECRYPT
    if action in ("PutRecord", "PutRecords", "GetRecords", "SubscribeToShard") and ":stream/" in arn:
        stream = arn.partition("/consumer/")[0]
        yield _Use(key=key_of_resource(stream), actions=actions, encryption={"aws:kinesis:arn": stream})


def _of_table(action: str, arn: str, call: ApiCall) -> Iterator[_Use]:
    """Access to items decrypts the table's key as the caller; to create a table is to select its key.

    Source: Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest usage notes" ("Monitoring DynamoDB
    interaction with AWS KMS": the user of `Decrypt` is who accesses the table; "DynamoDB encryption context").
    """
    table = arn.partition("/index/")[0]
    if action in _ITEM_ACTIONS:
        key = key_of_resource(table)
        if key is not None:
            yield _Use(key=key, actions=_DECRYPT, encryption=_encryption_of_table(table))
    elif action in ("CreateTable", "UpdateTable"):
        given = call.members.get("SSESpecification")
        key_id = given.get("KMSMasterKeyId") if isinstance(given, dict) else None
        if isinstance(key_id, str):
            key = key_named(key_id, call.account_id, call.region)
            yield _Use(key=key, actions=_SELECT_FOR_TABLE, encryption=_encryption_of_table(table))


def _encryption_of_table(table: str) -> Mapping[str, str]:
    return {
        "aws:dynamodb:tableName": table.rpartition("/")[2],
        "aws:dynamodb:subscriberId": table.split(":", 5)[4] if table.startswith("arn:") else "",
    }


def _of_secret(action: str, arn: str, call: ApiCall) -> Iterator[_Use]:
    """Source: AWS Secrets Manager User Guide, "Secret encryption and decryption"."""
    changes_value = bool(call.members.get("SecretString") or call.members.get("SecretBinary"))
    key_id = call.text("KmsKeyId")
    if action == "GetSecretValue":
        version = call.text("VersionId") or secret_version(arn, call.text("VersionStage") or "AWSCURRENT")
        encryption = {"SecretARN": arn, "SecretVersionId": version}
        yield _Use(key=key_of_resource(arn), actions=_DECRYPT, encryption=encryption)
        return
    if action not in ("CreateSecret", "PutSecretValue", "UpdateSecret"):
        return
    key = key_named(key_id, call.account_id, call.region) if key_id else key_of_resource(arn)
    if key_id and action != "PutSecretValue":
        yield _Use(key=key, actions=_BOTH, encryption={"SecretARN": arn, "SecretVersionId": _VALIDATES})
    if changes_value:
        encryption = {"SecretARN": arn, "SecretVersionId": call.text("ClientRequestToken")}
        yield _Use(key=key, actions=_GENERATE, encryption=encryption)


def _of_parameter(action: str, arn: str, call: ApiCall) -> Iterator[_Use]:
    """Source: AWS KMS Developer Guide, "How AWS Systems Manager Parameter Store uses AWS KMS"."""
    if action == "PutParameter":
        if call.text("Type") == "SecureString" or (not call.text("Type") and keys_of_parameters(arn)):
            key = key_named(call.text("KeyId") or "alias/aws/ssm", call.account_id, call.region)
            actions = _GENERATE if call.text("Tier") == "Advanced" else ("kms:Encrypt",)
            yield _Use(key=key, actions=actions, encryption={"PARAMETER_ARN": arn})
    elif action.startswith("GetParameter") and call.members.get("WithDecryption") is True:
        named = f"{arn}/" if action == "GetParametersByPath" else arn
        for parameter, key in keys_of_parameters(named).items():
            yield _Use(key=key, actions=_DECRYPT, encryption={"PARAMETER_ARN": parameter})


def _of_object(action: str, arn: str, call: ApiCall) -> Iterator[_Use]:
    """A part is encrypted with the key of the parts before it, which have to be decrypted.

    Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)" ("Encryption context");
    "Multipart upload API and permissions"; Amazon S3 API Reference, "PutObject", "GetObject", "CopyObject".
    """
    bucket, _, name = arn.split(":", 5)[-1].partition("/")
    if not name:
        return
    if action in ("GetObject", "GetObjectVersion"):
        if call.operation == "HeadObject":  # tells of the object without decrypting it
            return
        version = call.query.get("versionId", "")
        if "CopySource" in call.members:
            version = unquote(call.text("CopySource").partition("?versionId=")[2])
        yield from _in_bucket(key_of_object(bucket, name, version), _DECRYPT, arn)
    elif action != "PutObject":
        return
    elif call.operation in ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload"):
        yield from _in_bucket(key_of_upload(bucket, call.query.get("uploadId", "")), _DECRYPT, arn)
    elif call.operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
        headers = call.request.headers
        algorithm = headers.get("x-amz-server-side-encryption")
        key = default_key_of_bucket(bucket)
        if algorithm:
            key_id = headers.get("x-amz-server-side-encryption-aws-kms-key-id")
            whole = headers.get("x-amz-server-side-encryption-bucket-key-enabled")
            key = key_given_for_object(bucket, algorithm, key_id, whole)
        yield from _in_bucket(key, _GENERATE, arn)


def _in_bucket(key: EncryptionKey | None, actions: Sequence[str], arn: str) -> Iterator[_Use]:
    if key is not None:
        subject = arn.partition("/")[0] if key.whole_bucket else arn
        yield _Use(key=key, actions=actions, encryption={"aws:s3:arn": subject})


# Source: Service Authorization Reference, "Actions … for Amazon DynamoDB": those on the items of a table.
_ITEM_ACTIONS: Final = frozenset(
    {
        *("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query"),
        *("Scan", "UpdateItem", "PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
    }
)

_READERS: Final[Mapping[str, Callable[[str, str, ApiCall], Iterator[_Use]]]] = {
    "dynamodb": _of_table,
    "kinesis": _of_stream,
    "s3": _of_object,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
    "ssm": _of_parameter,
}
