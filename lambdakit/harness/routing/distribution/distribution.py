"""A distribution's front door: a viewer's request in, content from the cache or an origin out.

    limits -> behaviour by path -> protocol, method, signature -> viewer-request function -> cache
        -> (origin-request function -> origin, or the group's second one -> origin-response function) -> error pages
        -> response headers policy -> viewer-response function

Two doors lead here: one stands for HTTPS, the other for HTTP. TLS ends before both.
Source: Amazon CloudFront Developer Guide, "Request and response behavior for custom origins", "Generate custom error
responses", "Specify a default root object", "Lambda@Edge: CloudFront events that can trigger a function".
"""

from __future__ import annotations

import base64
import dataclasses
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from lambdakit.clock import Clock
from lambdakit.harness.routing.distribution.behaviors import behavior_of
from lambdakit.harness.routing.distribution.cache import Cache, kept_seconds
from lambdakit.harness.routing.distribution.configuration import Behavior, DistributionConfiguration, ErrorResponse
from lambdakit.harness.routing.distribution.fetching import Fetching, Visit
from lambdakit.harness.routing.distribution.messages import EdgeFailed, EdgeRequest, EdgeResponse, without
from lambdakit.harness.routing.distribution.origin_request import cache_key
from lambdakit.harness.routing.distribution.pages import failure, redirect, sent
from lambdakit.harness.routing.distribution.partial import CONDITIONAL, as_conditioned, as_ranged
from lambdakit.harness.routing.distribution.parts import Parts
from lambdakit.harness.routing.distribution.policies import CachePolicy, Selections, older_policy
from lambdakit.harness.routing.traced_request import answer_to
from lambdakit.harness.wire import Request, Response
from lambdakit.records import dataclass
from lambdakit.trace import RequestReceived, TraceLog

_DOOR: Final = "distribution"
_FIRST_ERROR: Final = 400
# Source: the first page above, "Maximum length of a request and maximum length of a URL".
_REQUEST_BYTES_MAX: Final = 20_480
_URL_BYTES_MAX: Final = 8_192
_DEFAULT_ERROR: Final = ErrorResponse()
_REDIRECTED: Final = ("GET", "HEAD")
_LOOPBACK: Final = ("127.0.0.1", "localhost")
# Failures of functions, which no origin returned: that they are not kept is not said by a page.
_OF_FUNCTIONS: Final = ("LambdaExecutionError", "LambdaLimitExceeded", "LambdaValidationError")


class ViewerEvents(Protocol):
    """The functions that viewer events invoke. See `EdgeFunctions`."""

    def viewer_request(self, visit: Visit, request: EdgeRequest) -> EdgeRequest | EdgeResponse:
        """The request as a function leaves it, or the answer that it gives. EdgeFailed."""

    def viewer_response(self, visit: Visit, request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
        """The answer as a function leaves it. EdgeFailed."""


class ViewerSignatures(Protocol):
    """Signed URLs and cookies. See `TrustedKeys`."""

    def admitted(self, behavior: Behavior, request: EdgeRequest, hosts: tuple[str, ...]) -> EdgeRequest:
        """The request without what was for the distribution alone. EdgeFailed for one that is not let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Policies:
    cache: CachePolicy
    origin_request: Selections | None


class Distribution:
    """Serves one distribution. configuration: as it is now; None once it is deleted.

    localize: the URL on this machine of one that is served here.
    """

    def __init__(
        self,
        *,
        configuration: Callable[[], DistributionConfiguration | None],
        parts: Parts,
        fetching: Fetching,
        events: ViewerEvents,
        signatures: ViewerSignatures,
        cache: Cache,
        localize: Callable[[str], str],
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._parts = parts
        self._fetching = fetching
        self._events = events
        self._signatures = signatures
        self._cache = cache
        self._localize = localize
        self._trace = trace
        self._clock = clock

    def serve(self, request: Request, environment: str = "") -> Response:
        """The answer to a viewer who came by HTTPS. environment: which execution environment asks; all are alike."""
        del environment
        return self._served(request, "https")

    def serve_plain(self, request: Request, environment: str = "") -> Response:
        """The same of a viewer who came by HTTP."""
        del environment
        return self._served(request, "http")

    def _served(self, request: Request, protocol: str) -> Response:
        configuration = self._configuration()
        request_id = base64.urlsafe_b64encode(secrets.token_bytes(39)).decode()
        received = RequestReceived(
            request_id=request_id,
            door=_DOOR,
            resource="" if configuration is None else configuration.id,
            method=request.method,
            path=request.target,
        )
        started = self._clock.monotonic()
        self._trace.append(received)
        asked = EdgeRequest(
            method=request.method,
            uri=request.path,
            query=request.query,
            headers=tuple(request.headers.items),
            body=request.body,
            peer=request.peer,
            scheme=protocol,
        )
        try:
            response = self._answer(configuration, asked, request_id, protocol)
        except EdgeFailed as failed:
            response = failed.response
        duration = (self._clock.monotonic() - started) * 1000
        self._trace.append(answer_to(received, status=response.status, duration_ms=duration, problem=response.problem))
        return sent(response, request_id=request_id, method=request.method)

    def _answer(
        self, configuration: DistributionConfiguration | None, request: EdgeRequest, request_id: str, protocol: str
    ) -> EdgeResponse:
        if configuration is None or not configuration.enabled:
            raise failure(403, "The distribution is not enabled.")
        _check_limits(request)
        behavior = behavior_of(configuration, request.uri)
        if protocol == "http" and behavior.viewer_protocol != "allow-all":
            return self._for_https(configuration, behavior, request)
        if request.method not in behavior.methods:
            # No page of the guide tells the status; that it is 403 is widely reported of the service itself.
            text = (
                "This distribution is not configured to allow the HTTP request method that was used for this request."
            )
            raise failure(403, text)
        visit = Visit(configuration=configuration, behavior=behavior, request_id=request_id, viewer_ip=request.peer[0])
        hosts = _hosts(configuration, request)
        admitted = self._signatures.admitted(behavior, request, hosts)
        made = self._events.viewer_request(visit, admitted)
        if isinstance(made, EdgeResponse):
            return made
        if made.uri == "/" and configuration.root:
            made = dataclasses.replace(made, uri=f"/{configuration.root}")
        response, is_error = self._content(visit, made)
        response = self._with_policy_headers(behavior, made, response)
        if is_error:
            return response
        return self._events.viewer_response(visit, made, response)

    def _for_https(
        self, configuration: DistributionConfiguration, behavior: Behavior, request: EdgeRequest
    ) -> EdgeResponse:
        """Source: "Viewer protocol policy"; that only reading is redirected by 301, and 307 else, is not said there."""
        if behavior.viewer_protocol == "https-only":
            raise failure(403, "The distribution takes requests by HTTPS only.")
        location = self._localize(f"https://{configuration.domain}{request.target}")
        response = redirect(location)
        return response if request.method in _REDIRECTED else dataclasses.replace(response, status=307)

    def _content(self, visit: Visit, request: EdgeRequest) -> tuple[EdgeResponse, bool]:
        """What a viewer gets, and whether it is an error or a page in place of one."""
        response = self._kept_or_fetched(visit, request)
        if response.status < _FIRST_ERROR:
            return as_ranged(request, response), False
        rule = visit.configuration.errors.get(response.status)
        if rule is not None and rule.page:
            response = self._error_page(visit, request, response, rule)
        return (response if response.source in _OF_FUNCTIONS else dataclasses.replace(response, source="Error")), True

    def _error_page(
        self, visit: Visit, request: EdgeRequest, response: EdgeResponse, rule: ErrorResponse
    ) -> EdgeResponse:
        """The page of the first behaviour that takes its path; where that fails, its error instead."""
        method = request.method if request.method == "HEAD" else "GET"
        wanted = EdgeRequest(
            method=method,
            uri=rule.page,
            query="",
            headers=without(request.headers, "range", "content-type", *CONDITIONAL),
            peer=request.peer,
            scheme=request.scheme,
        )
        behavior = behavior_of(visit.configuration, rule.page)
        found = self._kept_or_fetched(dataclasses.replace(visit, behavior=behavior), wanted)
        if found.status >= _FIRST_ERROR:
            return found
        return dataclasses.replace(found, status=rule.status or response.status, problem=response.problem)

    def _kept_or_fetched(self, visit: Visit, request: EdgeRequest) -> EdgeResponse:
        policies = self._policies(visit.behavior)
        is_cached = request.method in ("GET", "HEAD", *visit.behavior.cached_methods) and request.method in (
            *_REDIRECTED,
            "OPTIONS",
        )
        key = cache_key(request, policies.cache, visit.behavior.target)
        found = self._cache.find(key) if is_cached else None
        if found is not None:
            response, age = found
            headers = (*without(response.headers, "age"), ("Age", str(age)))
            return as_conditioned(request, dataclasses.replace(response, headers=headers, source="Hit"))
        may_keep = is_cached and request.method != "HEAD" and not request.header("range")
        is_decided_here = may_keep and policies.cache.most > 0
        asked = request.with_headers(without(request.headers, *CONDITIONAL)) if is_decided_here else request
        response = self._fetching.fetch(visit, asked, policies.cache, policies.origin_request)
        if may_keep and response.source not in _OF_FUNCTIONS:
            rule = visit.configuration.errors.get(response.status, _DEFAULT_ERROR)
            seconds = kept_seconds(response, policies.cache, self._clock.now(), error_seconds=rule.keep_seconds)
            self._cache.keep(key, request.target, response, seconds)
        return as_conditioned(request, response) if is_decided_here else response

    def _policies(self, behavior: Behavior) -> _Policies:
        more = behavior.origin_request_policy
        if not behavior.cache_policy:
            return _Policies(cache=older_policy(behavior.older), origin_request=None)
        cache = self._parts.cache_policy(behavior.cache_policy)
        selections = self._parts.origin_request_policy(more) if more else None
        if cache is None or (more and selections is None):
            unknown = behavior.cache_policy if cache is None else more
            raise failure(502, "The distribution has no such policy.", problem=f"nothing is known of policy {unknown}")
        return _Policies(cache=cache, origin_request=selections)

    def _with_policy_headers(self, behavior: Behavior, request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
        if not behavior.response_headers_policy:
            return response
        policy = self._parts.response_headers_policy(behavior.response_headers_policy)
        if policy is None:
            unknown = behavior.response_headers_policy
            raise failure(502, "The distribution has no such policy.", problem=f"nothing is known of policy {unknown}")
        return policy.apply(request, response)


def _hosts(configuration: DistributionConfiguration, request: EdgeRequest) -> tuple[str, ...]:
    """The names by which a viewer may know the distribution, that of its door on this machine among them."""
    host = request.header("host").lower()
    names = (configuration.domain, *configuration.aliases)
    return (*names, host) if host.partition(":")[0] in _LOOPBACK else names


def _check_limits(request: EdgeRequest) -> None:
    """Source: the guide's first page above: bodies of GET requests, lengths."""
    if request.method == "GET" and request.body:
        raise failure(403, "A GET request that includes a body is not allowed.")
    length = len(request.target) + sum(len(name) + len(value) for name, value in request.headers)
    if length > _REQUEST_BYTES_MAX or len(request.target) > _URL_BYTES_MAX:
        raise failure(413, "The request is too long.")
