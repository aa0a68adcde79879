"""Function URLs as origins with an access control: CloudFront signs its requests to them.

Source: Amazon CloudFront Developer Guide, "Restrict access to an AWS Lambda function URL origin" (the service
principal, `AWS:SourceArn`; with PUT and POST the viewer states the hash of the body, since Lambda takes no unsigned
payloads).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.routing.distribution.bucket_origin import SERVICE
from lambdakit.harness.routing.distribution.configuration import Origin
from lambdakit.harness.routing.distribution.messages import EdgeRequest, without
from lambdakit.harness.routing.distribution.origins import region_of_url
from lambdakit.harness.routing.distribution.parts import Parts

_HASH: Final = "x-amz-content-sha256"


class FunctionUrlSignature:
    """Signs requests. sign_in: what CloudFront signs with on behalf of a distribution. region: where none is named."""

    def __init__(self, parts: Parts, sign_in: Callable[[str, str], Credentials], region: str) -> None:
        self._parts = parts
        self._sign_in = sign_in
        self._region = region

    def signed(self, request: EdgeRequest, origin: Origin, distribution_arn: str) -> EdgeRequest:
        """The request with its signature, if the origin has an access control for function URLs that signs."""
        part = self._parts.find("OriginAccessControl", origin.access_control)
        config = {} if part is None else part.properties.get("OriginAccessControlConfig") or {}
        if config.get("OriginAccessControlOriginType") != "lambda" or config.get("SigningBehavior") == "never":
            return request
        if config.get("SigningBehavior") == "no-override" and request.header("authorization"):
            return request
        fields = without(request.headers, "authorization", "x-amz-date", "x-amz-security-token")
        stated = request.header(_HASH) or hashlib.sha256(b"").hexdigest()
        asked = AWSRequest(
            method=request.method,
            url=f"https://{request.header('host')}{request.target}",
            headers={"Host": request.header("host"), _HASH: stated},
        )
        credentials = self._sign_in(SERVICE, distribution_arn)
        keys = ReadOnlyCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        SigV4Auth(keys, "lambda", region_of_url(origin.domain) or self._region).add_auth(asked)
        added = [(name, value) for name, value in asked.headers.items() if name.lower() != "host"]
        return request.with_headers([*without(fields, _HASH), *added])
