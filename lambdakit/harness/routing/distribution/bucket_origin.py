"""A bucket as an origin: its REST API, asked as the distribution, as an origin access identity, or as nobody.

Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin" (the service principal and
`AWS:SourceArn` of an origin access control; the principal of an origin access identity).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lambdakit.harness.iam.principal import ANONYMOUS, Principal
from lambdakit.harness.iam.s3_address import s3_path
from lambdakit.harness.moto_state.websites import home_of_bucket
from lambdakit.harness.routing.distribution.configuration import Origin
from lambdakit.harness.routing.distribution.messages import EdgeRequest, without
from lambdakit.harness.routing.distribution.pages import failure
from lambdakit.harness.routing.distribution.parts import Parts
from lambdakit.harness.wire import Headers, Request, Response

# Beside what is the bucket's own, what would make the request one of another service's API.
_KEPT_BACK: Final = ("authorization", "cookie", "host", "smithy-protocol", "x-amz-account-id", "x-amz-target")
SERVICE: Final = "cloudfront.amazonaws.com"
# Read by moto, which wants to see that a request is signed; who asks is decided without it.
_SIGNED: Final = (
    "AWS4-HMAC-SHA256 Credential=CLOUDFRONT/20200101/{region}/s3/aws4_request, SignedHeaders=host, Signature=-"
)


class BucketOrigin:
    """Asks buckets.

    ask: the AWS APIs of the harness, with a request and who makes it. acting: CloudFront on behalf of a distribution.
    is_enforced: whether permissions are; where they are not, moto has to see a signature of anybody.
    """

    def __init__(
        self,
        parts: Parts,
        ask: Callable[[Request, Principal], Response],
        acting: Callable[[str, str], Principal],
        *,
        is_enforced: bool,
    ) -> None:
        self._parts = parts
        self._ask = ask
        self._acting = acting
        self._is_enforced = is_enforced

    def names(self, domain: str) -> bool:
        """Whether a domain is that of a bucket's REST API."""
        return _bucket(domain) != ""

    def ask(self, request: EdgeRequest, origin: Origin, distribution_arn: str) -> Response:
        """The bucket's answer."""
        bucket = _bucket(origin.domain)
        home = home_of_bucket(bucket)
        region = "us-east-1" if home is None else home.region
        account_id = distribution_arn.split(":")[4] if home is None else home.account_id
        principal = self._principal(request, origin, distribution_arn, account_id)
        fields = list(without(request.headers, *_KEPT_BACK))
        if principal is not ANONYMOUS or not self._is_enforced:
            fields.append(("Authorization", _SIGNED.format(region=region)))
        asked = Request(
            method=request.method,
            target=f"/{bucket}{request.target}",
            headers=Headers([("Host", f"s3.{region}.amazonaws.com"), *fields]),
            body=request.body,
            peer=request.peer,
        )
        return self._ask(asked, principal)

    def _principal(self, request: EdgeRequest, origin: Origin, distribution_arn: str, account_id: str) -> Principal:
        if origin.access_control:
            part = self._parts.find("OriginAccessControl", origin.access_control)
            config = {} if part is None else part.properties.get("OriginAccessControlConfig") or {}
            behavior = str(config.get("SigningBehavior", "always"))
            if part is None:
                problem = f"there is no origin access control {origin.access_control}"
                raise failure(502, "CloudFront wasn't able to sign the request.", problem=problem)
            if behavior == "no-override" and request.header("authorization"):
                problem = (
                    "a viewer's own signature (no-override) is not passed on to a bucket here: let CloudFront sign"
                )
                raise failure(403, "CloudFront wasn't able to sign the request.", problem=problem)
            return ANONYMOUS if behavior == "never" else self._acting(SERVICE, distribution_arn)
        if origin.identity:
            return self._identity(origin.identity, account_id)
        return ANONYMOUS

    def _identity(self, identity: str, account_id: str) -> Principal:
        """The bucket's policy decides about it as about one of its own account, which has no policies of its own."""
        part = self._parts.find("CloudFrontOriginAccessIdentity", identity)
        arn = f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity}"
        canonical = "" if part is None else str(part.attributes.get("S3CanonicalUserId", ""))
        return Principal(
            kind="user", account_id=account_id, arn=arn, caller_arn=arn, user_id=identity, canonical_user=canonical
        )


def _bucket(domain: str) -> str:
    """The bucket in a name such as `site.s3.eu-west-1.amazonaws.com`; empty for any other."""
    path = s3_path(Request(method="GET", target="/", headers=Headers([("host", domain)])))
    return path.strip("/")
