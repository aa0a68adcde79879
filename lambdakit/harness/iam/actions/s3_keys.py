"""S3's condition keys of a request.

Source: Amazon S3 User Guide, "Bucket policy examples using condition keys" and "Amazon S3 Signature Version 4
authentication specific policy keys"; Service Authorization Reference, "Condition keys for Amazon S3".
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from lambdakit.harness.iam.api_call import ApiCall

Keys = dict[str, tuple[str, ...]]

_HEADERS: Final = (
    *("x-amz-acl", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp"),
    *("x-amz-grant-write", "x-amz-grant-write-acp", "x-amz-metadata-directive", "x-amz-object-ownership"),
    *("x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-storage-class"),
    *("x-amz-server-side-encryption-customer-algorithm", "x-amz-website-redirect-location", "x-amz-content-sha256"),
    *("if-match", "if-none-match"),
)
_RENAMED: Final[Mapping[str, str]] = {
    "x-amz-object-lock-mode": "s3:object-lock-mode",
    "x-amz-object-lock-legal-hold": "s3:object-lock-legal-hold",
    "x-amz-object-lock-retain-until-date": "s3:object-lock-retain-until-date",
}
_QUERY: Final[Mapping[str, str]] = {
    "prefix": "s3:prefix",
    "delimiter": "s3:delimiter",
    "max-keys": "s3:max-keys",
    "versionId": "s3:versionid",
}
_TAGS_MAX: Final = 50


def request_keys(call: ApiCall, bucket: str) -> Keys:
    """The keys that headers and query give. `s3:TlsVersion` is that of the HTTPS which the request stands for."""
    headers = call.request.headers
    keys: Keys = {f"s3:{name}": (headers.get(name),) for name in _HEADERS if name in headers}
    keys |= {key: (headers.get(name),) for name, key in _RENAMED.items() if name in headers}
    keys |= {key: (call.query[name],) for name, key in _QUERY.items() if name in call.query}
    keys["s3:resourceaccount"] = (call.lookups.bucket_account(bucket) or call.account_id,)
    keys["s3:tlsversion"] = ("1.3",)
    keys.update(_signature_keys(call))
    tags = request_tags(call)
    keys |= {f"s3:requestobjecttag/{name.lower()}": (value,) for name, value in tags.items()}
    if tags:
        keys["s3:requestobjecttagkeys"] = tuple(tags)
    return keys


def request_tags(call: ApiCall) -> Mapping[str, str]:
    """The tags that a request gives an object: in a header, or in the body of PutObjectTagging."""
    header = call.request.headers.get("x-amz-tagging")
    try:
        tags = dict(parse_qsl(header, keep_blank_values=True, max_num_fields=_TAGS_MAX))
    except ValueError:
        return {}
    body = call.members.get("TagSet") if call.operation == "PutObjectTagging" else None
    entries = body.get("Tag") if isinstance(body, dict) else None
    for entry in (entries if isinstance(entries, list) else [entries])[:_TAGS_MAX]:
        if isinstance(entry, dict) and isinstance(entry.get("Key"), str):
            value = entry.get("Value")
            tags[entry["Key"]] = value if isinstance(value, str) else ""
    return tags


def existing_tag_keys(call: ApiCall, bucket: str, key: str, version: str) -> Keys:
    """`s3:ExistingObjectTag/…`: the tags that the object has."""
    tags = call.lookups.object_tags(bucket, key, version)
    return {f"s3:existingobjecttag/{name.lower()}": (value,) for name, value in tags.items()}


def _signature_keys(call: ApiCall) -> Keys:
    if call.request.headers.get("authorization").startswith("AWS4-"):
        return {"s3:authtype": ("REST-HEADER",), "s3:signatureversion": ("AWS4-HMAC-SHA256",)}
    if "X-Amz-Signature" not in call.query:
        return {}
    keys: Keys = {"s3:authtype": ("REST-QUERY-STRING",), "s3:signatureversion": ("AWS4-HMAC-SHA256",)}
    try:
        signed = datetime.strptime(call.query.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return keys
    return {**keys, "s3:signatureage": (str(int((time.time() - signed.timestamp()) * 1000)),)}
