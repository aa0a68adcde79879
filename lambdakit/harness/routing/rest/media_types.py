"""What counts as binary for a REST API, and compressed bodies.

Source: API Gateway Developer Guide, "Binary media types for REST APIs in API Gateway", "Content type conversions in API
Gateway", "Return binary media from a Lambda proxy integration in API Gateway" (the first media type of `Accept`),
"Payload compression for REST APIs in API Gateway".
"""

from __future__ import annotations

import dataclasses
import gzip
import zlib

from lambdakit.harness.moto_state.rest_definition import RestApiDefinition
from lambdakit.harness.wire import Headers, Request, Response

_JSON = "application/json"


def is_binary(api: RestApiDefinition, media_type: str) -> bool:
    """Whether a media type is among the API's binary ones. media_type: as a header field has it; empty for none."""
    wanted = _bare(media_type)
    family = wanted.partition("/")[0]
    known = [_bare(each) for each in api.binary_media_types]
    return "*/*" in known or (bool(wanted) and (wanted in known or f"{family}/*" in known))


def is_binary_request(api: RestApiDefinition, request: Request) -> bool:
    """Whether a request's body is passed on as bytes."""
    return is_binary(api, request.headers.get("content-type") or _JSON)


def is_binary_answer(api: RestApiDefinition, request: Request) -> bool:
    """Whether a proxy integration's answer goes out as bytes: the first media type that its client accepts says so.

    Source: API Gateway Developer Guide, "Binary media types for REST APIs in API Gateway" ("the first `Accept` header
    from clients"; where that cannot be chosen, as in a browser, the API's binary media types have to be `*/*`).
    """
    return is_binary(api, request.headers.get("accept").partition(",")[0])


def decompressed(api: RestApiDefinition, request: Request) -> Request:
    """A request whose compressed body is read as what it stands for, where the API compresses at all.

    ValueError for a body that is not what its `Content-Encoding` says.
    """
    encoding = request.headers.get("content-encoding").strip().lower()
    if api.minimum_compression_bytes is None or encoding not in ("gzip", "deflate") or not request.body:
        return request
    try:
        body = gzip.decompress(request.body) if encoding == "gzip" else zlib.decompress(request.body)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"the body is not {encoding}: {error}") from None
    kept = [pair for pair in request.headers.items if pair[0].lower() != "content-encoding"]
    return dataclasses.replace(request, headers=Headers(kept), body=body)


def compressed(api: RestApiDefinition, request: Request, response: Response) -> Response:
    """An answer as its client accepts it, where it is as long as the API compresses."""
    least = api.minimum_compression_bytes
    if least is None or len(response.body) < least or not response.body:
        return response
    if any(name.lower() == "content-encoding" for name, _ in response.headers):
        return response
    encoding = _accepted(request.headers.get("accept-encoding"))
    if encoding is None:
        return response
    body = gzip.compress(response.body, mtime=0) if encoding == "gzip" else zlib.compress(response.body)
    return dataclasses.replace(response, headers=[*response.headers, ("content-encoding", encoding)], body=body)


def _accepted(accept_encoding: str) -> str | None:
    """The first encoding that a client names and that is known; None for none."""
    for part in accept_encoding.split(","):
        name, _, weight = part.partition(";")
        name = name.strip().lower()
        if weight.replace(" ", "") in ("q=0", "q=0.0"):
            continue
        if name in ("gzip", "*"):
            return "gzip"
        if name == "deflate":
            return "deflate"
        if name == "identity":
            return None
    return None


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
