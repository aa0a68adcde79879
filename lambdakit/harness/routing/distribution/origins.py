"""Origins: who answers a request that no cache could, as far as they are on this machine.

In: a request with its headers, and an origin. Out: its answer. What a domain leads to:
    a bucket's REST API          the AWS APIs of the harness, signed as the distribution, an identity, or nobody
    an API, a function URL, a load balancer, a website, a custom domain       its front door
    a host that a test bound     that server
    anything else                nowhere: 502, and the trace says why

Source: Amazon CloudFront Developer Guide, "Use various origins with CloudFront distributions", "HTTP 502 status code
(Bad Gateway)", "HTTP 504 status code (Gateway Timeout)".
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Final, Protocol

from lambdakit.harness.routing.distribution.configuration import Origin
from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse, answered, without
from lambdakit.harness.routing.distribution.pages import failure
from lambdakit.harness.routing.distribution.whole_answer import whole
from lambdakit.harness.routing.exchange import told
from lambdakit.harness.routing.function_calls import FunctionTimedOut
from lambdakit.harness.routing.outgoing_http import (
    AnswerTooLarge,
    Bound,
    NothingCame,
    address_of,
    not_sent_to,
    sent,
)
from lambdakit.harness.wire import Headers, Request, Response

_API: Final = re.compile(
    r"[a-z0-9]+\.(?:execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|lambda-url\.[a-z0-9-]+\.on\.aws)"
)
_FUNCTION_URL: Final = re.compile(r"[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws")
_LOCAL: Final = re.compile(r"127\.0\.0\.1:(\d{1,5})")
_CANNOT_CONNECT: Final = "CloudFront wasn't able to connect to the origin."

Handler = Callable[[Request], Response]


class Doors(Protocol):
    """The front doors of the harness."""

    def of_domain(self, domain: str) -> Handler | None:
        """Who answers at a domain's front door; None where there is none."""

    def is_distribution(self, domain: str) -> bool:
        """Whether the domain is that of a distribution."""


class BucketOrigins(Protocol):
    """Buckets as origins. See `BucketOrigin`."""

    def names(self, domain: str) -> bool:
        """Whether a domain is that of a bucket's REST API."""

    def ask(self, request: EdgeRequest, origin: Origin, distribution_arn: str) -> Response:
        """The bucket's answer."""


class UrlSignatures(Protocol):
    """Signs requests to function URLs. See `FunctionUrlSignature`."""

    def signed(self, request: EdgeRequest, origin: Origin, distribution_arn: str) -> EdgeRequest:
        """The request with its signature, if the origin has an access control that signs."""


class Origins:
    """Asks them. bound: the servers that tests named for hosts. within: gives up on a call after some seconds."""

    def __init__(
        self,
        *,
        doors: Doors,
        buckets: BucketOrigins,
        signatures: UrlSignatures,
        bound: Bound,
        within: Callable[[float, Callable[[], Response]], Response],
    ) -> None:
        self._doors = doors
        self._buckets = buckets
        self._signatures = signatures
        self._bound = bound
        self._within = within

    def ask(self, request: EdgeRequest, origin: Origin, distribution_arn: str) -> EdgeResponse:
        """The origin's answer. EdgeFailed where there is none. request: with the origin's headers already."""
        if request.header("content-length"):  # a function may have given another body
            length = ("Content-Length", str(len(request.body)))
            request = request.with_headers((*without(request.headers, "content-length"), length))
        if origin.path:
            request = dataclasses.replace(request, uri=origin.path + request.uri)
        if self._doors.is_distribution(origin.domain):
            problem = f"{origin.domain} is a distribution, which is not served as the origin of another"
            raise failure(502, _CANNOT_CONNECT, problem=problem)
        if origin.is_s3 and self._buckets.names(origin.domain):
            return answered(self._buckets.ask(request, origin, distribution_arn))
        handler = self._doors.of_domain(origin.domain)
        if handler is None:
            return self._over_network(request, origin)
        if _is_for_another_host(request, origin):
            # "AllViewerExceptHostHeader": they expect their own name there; what they answer is what they answer to
            # any name that is not theirs.
            return answered(told(403, "Forbidden"))
        request = self._signatures.signed(request, origin, distribution_arn)
        return self._at_door(handler, request, origin)

    def _at_door(self, handler: Handler, request: EdgeRequest, origin: Origin) -> EdgeResponse:
        asked = Request(
            method=request.method,
            target=request.target,
            headers=Headers(request.headers),
            body=request.body,
            peer=request.peer,
        )
        try:
            response = self._within(origin.read_seconds, lambda: whole(handler(asked)))
        except FunctionTimedOut as late:
            raise failure(504, "CloudFront got no answer from the origin in time.", problem=str(late)) from None
        if response.takes_over is not None:
            problem = "connections by WebSocket are not served through a distribution: connect to the API itself"
            raise failure(502, _CANNOT_CONNECT, problem=problem)
        return answered(response)

    def _over_network(self, request: EdgeRequest, origin: Origin) -> EdgeResponse:
        is_plain = origin.protocol == "http-only"
        port = origin.http_port if is_plain else origin.https_port
        url = f"{'http' if is_plain else 'https'}://{origin.domain}:{port}"
        address = None if _LOCAL.match(origin.domain) else address_of(url, self._bound)
        if address is None:
            raise failure(502, _CANNOT_CONNECT, problem=not_sent_to(url))
        try:
            response = sent(
                dataclasses.replace(address, name=request.header("host")),
                request.method,
                request.target,
                headers=request.headers,
                body=request.body,
                limit_seconds=origin.read_seconds,
            )
        except NothingCame as problem:
            raise failure(502 if problem.in_time else 504, _CANNOT_CONNECT, problem=str(problem)) from None
        except AnswerTooLarge as problem:
            raise failure(502, _CANNOT_CONNECT, problem=str(problem)) from None
        return answered(response)


def region_of_url(domain: str) -> str:
    """The region in the name of a function URL; empty for any other domain."""
    named = _FUNCTION_URL.fullmatch(domain)
    return "" if named is None else named[1]


def _is_for_another_host(request: EdgeRequest, origin: Origin) -> bool:
    host = request.header("host").lower()
    return _API.fullmatch(origin.domain) is not None and host != origin.domain
