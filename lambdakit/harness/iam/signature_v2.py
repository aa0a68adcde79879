"""Signatures that S3 still takes beside Version 4: Version 2, and the policy of a form that a browser posts.

boto3 presigns with Version 2 where neither the region nor the caller asks for Version 4.
Source: Amazon S3 User Guide, "Authenticating requests (AWS signature version 2)", "Signing and authenticating REST
requests"; Amazon S3 API Reference, "Authenticating Requests: Browser-Based Uploads Using POST".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Final
from urllib.parse import unquote, unquote_plus

from lambdakit.harness.iam.posted_form import form_fields, is_form
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

# Parts of the query that belong to the resource.
_SUBRESOURCES: Final = frozenset(
    {"accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location"}
    | {"logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment"}
    | {"response-cache-control", "response-content-disposition", "response-content-encoding"}
    | {"response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type"}
    | {"storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website"}
)
_HEADER: Final = re.compile(r"AWS ([^:\s]+):(\S+)")
_VIRTUAL_HOST: Final = re.compile(r"(.+?)\.s3[.-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSignature:
    """expires: seconds since 1970 until when a presigned request may be used; empty for one that is not presigned."""

    access_key_id: str
    value: str
    token: str
    expires: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedPolicy:
    """The signature of a form. policy: in Base64, as it was signed. scope: of Version 4; empty for Version 2.

    expiration: when the policy ends, as it says; empty when it says nothing.
    """

    access_key_id: str
    value: str
    token: str
    policy: str
    scope: str
    expiration: str


def read_old_signature(request: Request) -> OldSignature | None:
    """The Version 2 signature of a request to S3; None when it has none."""
    header = _HEADER.fullmatch(request.headers.get("authorization"))
    if header is not None:
        token = request.headers.get("x-amz-security-token")
        return OldSignature(access_key_id=header[1], value=header[2], token=token)
    if "AWSAccessKeyId=" not in request.query:
        return None
    given = _query(request)
    return OldSignature(
        access_key_id=given["AWSAccessKeyId"],
        value=given.get("Signature", ""),
        token=given.get("x-amz-security-token") or request.headers.get("x-amz-security-token"),
        expires=given.get("Expires", "0"),
    )


def is_right(request: Request, signature: OldSignature, secret: str) -> bool:
    """Whether `signature` is what `secret` makes of `request`."""
    query = _query(request) if signature.expires else {}
    told = {name.lower(): ",".join(request.headers.all(name.lower())) for name, _ in request.headers.items}
    told |= {name: value for name, value in query.items() if name in ("content-md5", "content-type")}
    amazon = {name: value for name, value in (told | query).items() if name.startswith("x-amz-")}
    date = signature.expires or ("" if "x-amz-date" in amazon else told.get("date", ""))
    text = "".join(
        [
            f"{request.method}\n{told.get('content-md5', '')}\n{told.get('content-type', '')}\n{date}\n",
            *(f"{name}:{amazon[name]}\n" for name in sorted(amazon)),
            _resource(request),
        ]
    )
    made = base64.b64encode(hmac.digest(secret.encode(), text.encode("latin-1", "replace"), "sha1"))
    return hmac.compare_digest(made, signature.value.encode("utf-8", "replace"))


def read_posted_policy(request: Request) -> PostedPolicy | None:
    """The signature that a posted form carries; None when the request is no such form, or has no policy."""
    if not is_form(request):
        return None
    fields = form_fields(request)
    policy = fields.get("policy", "")
    if not policy:
        return None
    key, _, scope = fields.get("x-amz-credential", "").partition("/")
    return PostedPolicy(
        access_key_id=key or fields.get("awsaccesskeyid", ""),
        value=fields.get("x-amz-signature", "") or fields.get("signature", ""),
        token=fields.get("x-amz-security-token", ""),
        policy=policy,
        scope=scope,
        expiration=_expiration(policy),
    )


def is_policy_right(posted: PostedPolicy, secret: str, signing_key: bytes) -> bool:
    """Whether the form's signature is right. signing_key: of its scope, for Version 4."""
    if posted.scope:
        made = hmac.new(signing_key, posted.policy.encode(), hashlib.sha256).hexdigest().encode()
    else:
        made = base64.b64encode(hmac.digest(secret.encode(), posted.policy.encode(), "sha1"))
    return hmac.compare_digest(made, posted.value.encode("utf-8", "replace"))


def _query(request: Request) -> dict[str, str]:
    split = (pair.partition("=") for pair in request.query.split("&") if pair)
    return {unquote_plus(name): unquote_plus(value) for name, _, value in split}


def _resource(request: Request) -> str:
    split = (pair.partition("=") for pair in request.query.split("&") if pair)
    own = sorted((name, equals, unquote(value)) for name, equals, value in split if name in _SUBRESOURCES)
    # The bucket belongs to the resource, wherever the request has it.
    virtual = _VIRTUAL_HOST.match(request.headers.get("host"))
    path = f"/{virtual[1]}{request.path}" if virtual else request.path
    return path + ("?" + "&".join(name + equals + value for name, equals, value in own) if own else "")


def _expiration(policy: str) -> str:
    try:
        told = json.loads(base64.b64decode(policy))
    except (ValueError, RecursionError):
        return ""
    return str(told.get("expiration", "")) if isinstance(told, dict) else ""
