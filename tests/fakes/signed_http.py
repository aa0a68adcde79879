"""Requests of httpx, signed as clients of IAM-guarded front doors sign them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    import httpx


def sign(
    request: httpx.Request, key: Mapping[str, str], *, service: str = "execute-api", region: str = "us-east-1"
) -> httpx.Request:
    """The request with its signature. key: an access key of IAM's, or credentials of STS's."""
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken"))
    headers = {name: request.headers[name] for name in ("host", "content-type") if name in request.headers}
    made = AWSRequest(method=request.method, url=str(request.url), data=request.content, headers=headers)
    SigV4Auth(credentials, service, region).add_auth(made)
    request.headers.update({name: str(value) for name, value in made.headers.items()})
    return request
