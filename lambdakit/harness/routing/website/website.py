"""A website's front door: a path in, the bucket's object, its index, its error document or a redirect out.

    method -> redirect of everything -> rules by prefix -> object or index -> rules by error -> error document

Who reads is nobody in particular, over HTTP: the bucket's policy and lists have to let everybody read.
Source: Amazon S3 User Guide, "Website endpoints", "Configuring an index document", "Configuring a custom error
document", "(Optional) Configuring a webpage redirect", "Setting permissions for website access".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from lambdakit.clock import Clock
from lambdakit.harness.routing.traced_request import answer_to
from lambdakit.harness.routing.website.configuration import WebsiteConfiguration, quoted
from lambdakit.harness.routing.website.pages import WebsiteError, error_of, moved, page
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.wire import Headers, Request, Response, may_have_body
from lambdakit.records import dataclass
from lambdakit.trace import RequestReceived, TraceLog

_DOOR: Final = "website"
_FOUND: Final = 302
_MOVED: Final = 301
_FIRST_ERROR: Final = 400
_REDIRECT_LOCATION: Final = "x-amz-website-redirect-location"
# A website endpoint takes no signatures and has no subresources: nothing of that kind is passed on.
_KEPT_BACK: Final = frozenset({"authorization", "cookie", "host", "content-length", "transfer-encoding"})
# What a visitor wants of the object that is not there says nothing of the error document.
_OF_THE_OBJECT: Final = frozenset(
    {"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"}
)


class _Answered(Exception):
    """The answer is an error so far. error: of the REST API's. final: whether no rule or document changes it."""

    def __init__(self, error: WebsiteError, *, final: bool = False) -> None:
        super().__init__(error.code)
        self.error = error
        self.final = final


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    request: Request
    configuration: WebsiteConfiguration
    key: str
    host: str


class Website:
    """Serves the website of one bucket.

    configuration: as it is now; None for a bucket without one, LookupError for no bucket.
    ask: S3's REST API, for nobody in particular. localize: the URL on this machine of one that is served here.
    """

    def __init__(
        self,
        *,
        bucket: str,
        region: str,
        configuration: Callable[[], WebsiteConfiguration | None],
        ask: Callable[[Request], Response],
        localize: Callable[[str], str],
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._bucket = bucket
        self._s3_host = f"s3.{region}.amazonaws.com"
        self._configuration = configuration
        self._ask = ask
        self._localize = localize
        self._trace = trace
        self._clock = clock

    def serve(self, request: Request, environment: str = "") -> Response:
        """The answer. environment: which execution environment asks; a website treats all alike."""
        del environment
        request_id, started = random_uuid(), self._clock.monotonic()
        received = RequestReceived(
            request_id=request_id, door=_DOOR, resource=self._bucket, method=request.method, path=request.target
        )
        self._trace.append(received)
        problem = ""
        try:
            response = self._answer(request)
        except _Answered as answered:
            response, problem = page(answered.error), answered.error.message
        if request.method == "HEAD":
            response = _without_body(response)
        duration = (self._clock.monotonic() - started) * 1000
        self._trace.append(answer_to(received, status=response.status, duration_ms=duration, problem=problem))
        return response

    def _answer(self, request: Request) -> Response:
        configuration = self._configured()
        key = unquote(request.path).removeprefix("/")
        visit = _Visit(request=request, configuration=configuration, key=key, host=request.headers.get("host"))
        if configuration.redirect_all is not None:
            return self._moved(configuration.redirect_all.location(key, host=visit.host, protocol="http"))
        if request.method not in ("GET", "HEAD"):
            # "Website endpoints": "Supports only GET and HEAD requests on objects".
            message = "The specified method is not allowed against this resource."
            facts = [("Method", request.method), ("ResourceType", "OBJECT")]
            raise _Answered(WebsiteError(status=405, code="MethodNotAllowed", message=message, facts=facts))
        rule = configuration.rule_for(key)
        if rule is not None:
            location = rule.location(key, host=visit.host, protocol="http")
            return self._moved(location, rule.redirect.status)
        response, asked = self._object(visit)
        if response.status < _FIRST_ERROR:
            return self._of_object(visit, response)
        error = error_of(response, key=asked)
        rule = configuration.rule_for(key, error.status)
        if rule is not None:
            location = rule.location(key, host=visit.host, protocol="http")
            return self._moved(location, rule.redirect.status)
        return self._error_page(visit, error)

    def _configured(self) -> WebsiteConfiguration:
        try:
            configuration = self._configuration()
        except LookupError:
            facts = [("BucketName", self._bucket)]
            raise _Answered(
                WebsiteError(
                    status=404, code="NoSuchBucket", message="The specified bucket does not exist", facts=facts
                )
            ) from None
        if configuration is None:
            message = "The specified bucket does not have a website configuration"
            facts = [("BucketName", self._bucket)]
            raise _Answered(WebsiteError(status=404, code="NoSuchWebsiteConfiguration", message=message, facts=facts))
        return configuration

    def _object(self, visit: _Visit) -> tuple[Response, str]:
        """S3's answer for what the path means, and the key that was asked for.

        Source: "Configuring an index document" ("Index document and folders"): a path without the slash is redirected
        to the one with it, where that has an index document and the path itself is no key.
        """
        configuration, key = visit.configuration, visit.key
        if not key or key.endswith("/"):
            key += configuration.index
            return self._get(visit.request, key), key
        response = self._get(visit.request, key)
        if response.status not in (403, 404):
            return response, key
        below = self._get(dataclasses.replace(visit.request, method="HEAD"), f"{key}/{configuration.index}")
        if below.status < _FIRST_ERROR:
            return moved(_FOUND, f"/{quoted(key)}/"), key
        return response, key

    def _of_object(self, visit: _Visit, response: Response) -> Response:
        """The object, or where its metadata leads: "The website then interprets the object as a 301 redirect"."""
        del visit
        location = Headers(response.headers).get(_REDIRECT_LOCATION)
        if location:
            return self._moved(location)
        return response

    def _error_page(self, visit: _Visit, error: WebsiteError) -> Response:
        """The error document with the error's status, else S3's own page."""
        document = visit.configuration.error
        if not document or error.status >= 500:
            raise _Answered(error)
        plain = Headers([field for field in visit.request.headers.items if field[0].lower() not in _OF_THE_OBJECT])
        found = self._get(dataclasses.replace(visit.request, method="GET", headers=plain), document)
        if found.status < 300:
            headers = [field for field in found.headers if field[0].lower() not in ("etag", "last-modified")]
            return dataclasses.replace(found, status=error.status, headers=headers)
        return page(error, about_document=error_of(found, key=document))

    def _get(self, request: Request, key: str) -> Response:
        headers = [
            (name, value)
            for name, value in request.headers.items
            if name.lower() not in _KEPT_BACK and not name.lower().startswith("x-amz-")
        ]
        asked = Request(
            method=request.method,
            target=f"/{self._bucket}/{quoted(key)}",
            headers=Headers([("host", self._s3_host), *headers]),
            peer=request.peer,
        )
        return self._ask(asked)

    def _moved(self, location: str, status: int = _MOVED) -> Response:
        return moved(status, self._localize(location))


def _without_body(response: Response) -> Response:
    """The answer to HEAD: with the length of what GET would get, which is S3's own for an object."""
    length = str(len(response.body)) if response.body else Headers(response.headers).get("content-length")
    headers = [field for field in response.headers if field[0].lower() != "content-length"]
    if length and may_have_body(response.status):
        headers.append(("Content-Length", length))
    return dataclasses.replace(response, headers=headers, body=b"")
