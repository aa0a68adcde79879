"""Requests as botocore signs and sends them, read as the endpoint reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Secrets

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.wire import Headers, Request

HOST = "127.0.0.1:4566"

SIGNERS: Mapping[str, Callable[..., Any]] = {
    "header": auth.SigV4Auth,
    "s3 header": auth.S3SigV4Auth,
    "query": auth.SigV4QueryAuth,
    "s3 query": auth.S3SigV4QueryAuth,
}


def signed(
    credentials: Credentials,
    *,
    method: str = "POST",
    path: str = "/",
    query: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    service: str = "dynamodb",
    region: str = "us-east-1",
    signer: str = "header",
) -> Request:
    """A request that the credentials signed. A credential without a session token signs like a user's key."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    made = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    secrets = Secrets(credentials.access_key_id, credentials.secret_access_key, credentials.session_token or None)
    if signer == "version 2 query":
        auth.HmacV1QueryAuth(secrets).add_auth(made)
    elif signer == "version 2 header":
        auth.HmacV1Auth(secrets).add_auth(made)
    else:
        SIGNERS[signer](secrets, service, region).add_auth(made)
    return received(made, body)


def received(made: AWSRequest, body: bytes = b"") -> Request:
    """What the endpoint sees of a request of botocore's."""
    parts = urlsplit(made.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    names = [(str(name), str(value)) for name, value in made.headers.items()]
    return Request(method=made.method, target=target, headers=Headers([*names, ("Host", HOST)]), body=body)


def changed(request: Request, **changes: Any) -> Request:
    """The same request with other parts. headers: those that are replaced; None as a value leaves one out."""
    replaced = {name.lower(): value for name, value in changes.pop("headers", {}).items()}
    kept = [(name, value) for name, value in request.headers.items if name.lower() not in replaced]
    new = [(name, value) for name, value in replaced.items() if value is not None]
    parts = {"method": request.method, "target": request.target, "body": request.body, **changes}
    return Request(headers=Headers([*kept, *new]), **parts)
