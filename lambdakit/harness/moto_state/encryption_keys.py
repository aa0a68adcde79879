"""The KMS keys of moto's resources, read in process: which key encrypts what, and in which state it is.

Private surface used: of `moto.<service>.models.<service>_backends[account][region]` a queue's and a topic's
`kms_master_key_id`, a table's `sse_specification`, a stream's `encryption_type` and `key_id`, a secret's `kms_key_id`
and `versions`, a parameter's `parameter_type` and `keyid`; a bucket's `encryption`, `keys` and `multiparts`; a key's
`key_state` and `aliases`. Canary: tests/unit/harness/iam/test_iam_key_use.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.harness.moto_state.resource_policies import backend_of, bucket_named, find_key, secret_in
from lambdakit.records import dataclass

NOT_FOUND: Final = "NotFound"

_MANAGED: Final = "alias/aws/"
_KMS_OF_S3: Final = frozenset({"aws:kms", "aws:kms:dsse"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionKey:
    """A KMS key that encrypts something.

    arn: of the key; of an unknown one as it would be, or its alias'.
    state: such as `Enabled`, `Disabled` or `PendingDeletion`; `NotFound` for an unknown one.
    aws_managed: it belongs to a service, which everybody in the account may use it through.
    region: where what it encrypts is. whole_bucket: S3 uses it for the bucket, not object by object.
    """

    arn: str
    state: str
    aws_managed: bool = False
    region: str = ""
    whole_bucket: bool = False


def key_named(identifier: str, account_id: str, region: str) -> EncryptionKey | None:
    """The key of an id, an ARN, or an alias' name or ARN; None for an empty name."""
    if not identifier:
        return None
    key = find_key(identifier, account_id, region)
    if key is not None:
        managed = any(name.startswith(_MANAGED) for name in list(key.aliases))
        return EncryptionKey(arn=key.arn, state=str(key.key_state), aws_managed=managed, region=region)
    arn = identifier
    if not identifier.startswith("arn:"):
        resource = identifier if identifier.startswith("alias/") else f"key/{identifier.removeprefix('key/')}"
        arn = f"arn:{partition_of(region)}:kms:{region}:{account_id}:{resource}"
    if arn.split(":", 5)[-1].startswith(_MANAGED):  # AWS makes it with its first use
        return EncryptionKey(arn=arn, state="Enabled", aws_managed=True, region=region)
    return EncryptionKey(arn=arn, state=NOT_FOUND, region=region)


def key_of_resource(arn: str) -> EncryptionKey | None:
    """The key that a queue, topic, table, stream or secret is encrypted with; None for one of AWS's own, or none."""
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return None
    _, _, service, region, account_id, resource = parts
    read = _KEY_IDS.get(service)
    backend = None if read is None else backend_of(service, account_id, region)
    if read is None or backend is None:
        return None
    return key_named(str(read(backend, arn, resource) or ""), account_id, region)


def default_key_of_bucket(bucket_name: str) -> EncryptionKey | None:
    """The key that new objects of a bucket get; None where KMS has no part in it."""
    bucket = bucket_named(bucket_name)
    rule = _default_encryption(bucket)
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    if default.get("SSEAlgorithm") not in _KMS_OF_S3:
        return None
    return _key_in_bucket(bucket, default.get("KMSMasterKeyID"), whole_bucket=_is_true(rule.get("BucketKeyEnabled")))


def key_given_for_object(bucket_name: str, algorithm: str, key_id: str, whole_bucket: str) -> EncryptionKey | None:
    """The key that a request asks to encrypt an object with; None where KMS has no part in it.

    Source: Amazon S3 API Reference, "PutObject" (without a key id it is the one that AWS manages).
    """
    bucket = bucket_named(bucket_name)
    if bucket is None or algorithm not in _KMS_OF_S3:
        return None
    by_default = _is_true(_default_encryption(bucket).get("BucketKeyEnabled"))
    return _key_in_bucket(bucket, key_id, whole_bucket=_is_true(whole_bucket) if whole_bucket else by_default)


def key_of_object(bucket_name: str, name: str, version_id: str = "") -> EncryptionKey | None:
    """The key that an object is encrypted with; None where KMS has no part in it, or there is no such object."""
    bucket = bucket_named(bucket_name)
    versions = [] if bucket is None else bucket.keys.getlist(name, [])
    wanted = [held for held in versions if not version_id or str(held.version_id) == version_id]
    if not wanted or getattr(wanted[-1], "encryption", None) not in _KMS_OF_S3:
        return None
    held = wanted[-1]
    return _key_in_bucket(bucket, held.kms_key_id, whole_bucket=_is_true(getattr(held, "bucket_key_enabled", None)))


def key_of_upload(bucket_name: str, upload_id: str) -> EncryptionKey | None:
    """The key that the parts of an upload are encrypted with; None where KMS has no part in it."""
    bucket = bucket_named(bucket_name)
    upload = None if bucket is None else bucket.multiparts.get(upload_id)
    if upload is None:
        return None
    if upload.sse_encryption:
        return key_given_for_object(bucket_name, str(upload.sse_encryption), upload.kms_key_id or "", "")
    return default_key_of_bucket(bucket_name)


def keys_of_parameters(arn: str) -> Mapping[str, EncryptionKey]:
    """The keys of the SecureStrings that an ARN names, by their own ARNs. An ARN may end in `*`, or be a path."""
    parts = arn.split(":", 5)
    backend = backend_of("ssm", parts[4], parts[3]) if len(parts) == 6 else None
    if backend is None:
        return {}
    before, _, name = arn.partition(":parameter/")
    found = {}
    for known, versions in list(dict.items(backend._parameters)):
        bare = known.removeprefix("/")
        path = name.rstrip("*/")
        if bare != path and not (name.endswith(("*", "/")) and (not path or bare.startswith(f"{path}/"))):
            continue
        if versions and versions[-1].parameter_type == "SecureString":
            key = key_named(str(versions[-1].keyid or ""), parts[4], parts[3])
            if key is not None:
                found[f"{before}:parameter/{bare}"] = key
    return found


def secret_version(arn: str, stage: str) -> str:
    """The id of the version of a secret that has a stage such as `AWSCURRENT`; empty when none has."""
    parts = arn.split(":", 5)
    backend = backend_of("secretsmanager", parts[4], parts[3]) if len(parts) == 6 else None
    secret = None if backend is None else secret_in(backend, arn)
    versions: Mapping[str, Any] = getattr(secret, "versions", None) or {}
    return next((name for name, held in list(versions.items()) if stage in held.get("version_stages", ())), "")


def _key_in_bucket(bucket: Any, key_id: Any, *, whole_bucket: bool) -> EncryptionKey | None:
    identifier = str(key_id or f"{_MANAGED}s3")
    key = key_named(identifier, bucket.account_id, bucket.region_name)
    return None if key is None else replace(key, region=bucket.region_name, whole_bucket=whole_bucket)


def _default_encryption(bucket: Any) -> Mapping[str, Any]:
    rule = ((bucket.encryption or {}) if bucket is not None else {}).get("Rule") or {}
    if isinstance(rule, list):
        rule = rule[0] if rule else {}
    return rule if isinstance(rule, Mapping) else {}


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _of_queue(backend: Any, arn: str, resource: str) -> Any:
    del arn
    return getattr(backend.queues.get(resource), "kms_master_key_id", None)


def _of_topic(backend: Any, arn: str, resource: str) -> Any:
    del resource
    return getattr(backend.topics.get(arn), "kms_master_key_id", None)


def _of_table(backend: Any, arn: str, resource: str) -> Any:
    del arn
    table = backend.tables.get(resource.removeprefix("table/").partition("/")[0])
    specification = getattr(table, "sse_specification", None) or {}
    return specification.get("KMSMasterKeyId") if specification.get("Enabled") else None


def _of_stream(backend: Any, arn: str, resource: str) -> Any:
    del arn
    stream = backend.streams.get(resource.removeprefix("stream/").partition("/")[0])
    return stream.key_id if stream is not None and stream.encryption_type == "KMS" else None


def _of_secret(backend: Any, arn: str, resource: str) -> Any:
    del resource
    return getattr(secret_in(backend, arn), "kms_key_id", None)


_KEY_IDS: Final[Mapping[str, Callable[[Any, str, str], Any]]] = {
    "dynamodb": _of_table,
    "kinesis": _of_stream,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}
