"""S3.

Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"; API Reference, "CopyObject",
"PutObject", "DeleteObjects" (their sections on permissions); Service Authorization Reference, "Amazon S3".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from lambdakit.harness.iam.actions.s3_keys import Keys, existing_tag_keys, request_keys, request_tags
from lambdakit.harness.iam.actions.s3_operations import ON_BUCKET, ON_OBJECT
from lambdakit.harness.iam.api_call import ApiCall, listed
from lambdakit.harness.iam.rules import Need, Rules

_OBJECTS_MAX: Final = 1000  # API Reference, "DeleteObjects"
_GRANTS: Final = (
    *("x-amz-acl", "x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write"),
    "x-amz-grant-write-acp",
)
# The operations that make an object, for which headers need actions of their own.
_MAKES_OBJECT: Final = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})


def bucket_arn(call: ApiCall, bucket: str) -> str:
    """A bucket's ARN has neither region nor account; an access point stands for a bucket by its own."""
    return bucket if bucket.startswith("arn:") else f"arn:{call.partition}:s3:::{bucket}"


def object_arn(call: ApiCall, bucket: str, key: str) -> str:
    """The ARN of an object."""
    return f"{bucket}/object/{key}" if bucket.startswith("arn:") else f"{bucket_arn(call, bucket)}/{key}"


def _needs(call: ApiCall) -> Sequence[Need] | None:
    bucket, key = call.text("Bucket"), call.text("Key")
    if call.operation == "ListBuckets":
        # User Guide, "Controlling access to a bucket with user policies", lets a group list its buckets by a policy for
        # `arn:aws:s3:::*`, as a great many policies do. The IAM User Guide says of the same, under "NotAction", that
        # only `*` will do: who does as the former says is not to be told no.
        return [Need(action="s3:ListAllMyBuckets", resources=(bucket_arn(call, "*"),), keys=request_keys(call, ""))]
    if call.operation == "WriteGetObjectResponse":
        return [Need(action="s3-object-lambda:WriteGetObjectResponse")]
    if not bucket:
        return None
    if call.operation in ON_BUCKET:
        return [_on_bucket(call, f"s3:{ON_BUCKET[call.operation]}", bucket)]
    match call.operation:
        case "CreateBucket":
            return _create_bucket(call, bucket)
        case "CreateSession":
            name = call.arn("s3express", f"bucket/{bucket}")
            return [Need(action="s3express:CreateSession", resources=(name,))]
        case "DeleteObjects":
            return _delete_objects(call, bucket)
    return _on_object(call, bucket, key) if key and call.operation in ON_OBJECT else None


def _on_bucket(call: ApiCall, action: str, bucket: str) -> Need:
    return Need(action=action, resources=(bucket_arn(call, bucket),), keys=request_keys(call, bucket))


def _on_object(call: ApiCall, bucket: str, key: str) -> Sequence[Need]:
    version = call.text("VersionId")
    plain, versioned = ON_OBJECT[call.operation]
    resources = (object_arn(call, bucket, key),)
    keys = request_keys(call, bucket)
    if call.operation in _MAKES_OBJECT or call.operation == "CompleteMultipartUpload":
        keys["s3:objectcreationoperation"] = ("false" if call.operation == "CreateMultipartUpload" else "true",)
    else:
        keys |= existing_tag_keys(call, bucket, key, version)
    needs = [Need(action=f"s3:{versioned if version else plain}", resources=resources, keys=keys)]

    def also(action: str) -> None:
        needs.append(Need(action=f"s3:{action}", resources=resources, keys=keys))

    if call.operation == "GetObjectAttributes":
        also("GetObjectVersionAttributes" if version else "GetObjectAttributes")
    if call.operation in ("CopyObject", "UploadPartCopy"):
        needs = [*_read_source(call), *needs]
    if call.operation in _MAKES_OBJECT:
        for action in _made_besides(call):
            also(action)
    if _bypasses_retention(call):
        also("BypassGovernanceRetention")
    return needs


def _made_besides(call: ApiCall) -> list[str]:
    """What the headers of a new object need besides `s3:PutObject`."""
    headers = call.request.headers
    actions = []
    if any(name in headers for name in _GRANTS):
        actions.append("PutObjectAcl")
    if request_tags(call) or (call.operation == "CopyObject" and _copied_tags(call)):
        actions.append("PutObjectTagging")
    if "x-amz-object-lock-mode" in headers or "x-amz-object-lock-retain-until-date" in headers:
        actions.append("PutObjectRetention")
    if "x-amz-object-lock-legal-hold" in headers:
        actions.append("PutObjectLegalHold")
    return actions


def _read_source(call: ApiCall) -> Sequence[Need]:
    """Reading what is copied; its tags as well, where it has any and they are copied."""
    bucket, key, version = _source(call)
    if not bucket or not key:
        return []
    keys: Keys = {**request_keys(call, bucket), **existing_tag_keys(call, bucket, key, version)}
    resources = (object_arn(call, bucket, key),)
    needs = [Need(action="s3:GetObjectVersion" if version else "s3:GetObject", resources=resources, keys=keys)]
    if call.operation == "CopyObject" and _copied_tags(call):
        action = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
        needs.append(Need(action=action, resources=resources, keys=keys))
    return needs


def _copied_tags(call: ApiCall) -> bool:
    if call.request.headers.get("x-amz-tagging-directive") == "REPLACE":
        return False
    return bool(call.lookups.object_tags(*_source(call)))


def _source(call: ApiCall) -> tuple[str, str, str]:
    """Bucket, key and version of `x-amz-copy-source`: `/bucket/key?versionId=v`; or `arn:…/object/key`."""
    path, _, version = call.request.headers.get("x-amz-copy-source").partition("?versionId=")
    path = unquote(path)
    if path.startswith("arn:"):
        bucket, _, key = path.partition("/object/")
        return bucket, key, version
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key, version


def _create_bucket(call: ApiCall, bucket: str) -> Sequence[Need]:
    headers = call.request.headers
    actions = ["CreateBucket"]
    if any(name in headers for name in _GRANTS):
        actions.append("PutBucketAcl")
    if headers.get("x-amz-bucket-object-lock-enabled").lower() == "true":
        actions += ["PutBucketObjectLockConfiguration", "PutBucketVersioning"]
    if "x-amz-object-ownership" in headers:
        actions.append("PutBucketOwnershipControls")
    needs = [_on_bucket(call, f"s3:{action}", bucket) for action in actions]
    location = call.members.get("LocationConstraint")
    if isinstance(location, str) and location:
        needs = [
            Need(action=need.action, resources=need.resources, keys={**need.keys, "s3:locationconstraint": (location,)})
            for need in needs
        ]
    return needs


def _delete_objects(call: ApiCall, bucket: str) -> Sequence[Need] | None:
    """Each object by itself: S3 refuses those that are not allowed, and deletes the others."""
    resources: dict[str, list[str]] = {}
    for entry in listed(call.members.get("Object"))[:_OBJECTS_MAX]:
        key: Any = entry.get("Key") if isinstance(entry, dict) else None
        if isinstance(key, str) and key:
            action = "s3:DeleteObjectVersion" if entry.get("VersionId") else "s3:DeleteObject"
            resources.setdefault(action, []).append(object_arn(call, bucket, key))
    if not resources:
        return None
    if _bypasses_retention(call):
        resources["s3:BypassGovernanceRetention"] = [arn for arns in resources.values() for arn in arns]
    keys = request_keys(call, bucket)
    return [Need(action=action, resources=tuple(dict.fromkeys(arns)), keys=keys) for action, arns in resources.items()]


def _bypasses_retention(call: ApiCall) -> bool:
    return call.request.headers.get("x-amz-bypass-governance-retention").lower() == "true"


S3: Final = Rules(every=_needs)
