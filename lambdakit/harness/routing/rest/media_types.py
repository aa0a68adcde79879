"""What counts as binary for a REST API, and compressed bodies.

Source: API Gateway Developer Guide, "Binary media types for REST APIs in API Gateway", "Content type conversions in API
Gateway", "Return binary media from a Lambda proxy integration in API Gateway" (the first media type of `Accept`),
"Payload compression for REST APIs in API Gateway".
"""

from __future__ import annotations

import dataclasses
import gzip
import io
import re
import zlib

from lambdakit.harness.moto_state.rest_definition import RestApiDefinition
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Headers, Request, Response
from lambdakit.limits import HTTP_API_PAYLOAD_BYTES_MAX

_JSON = "application/json"
# RFC 9110, 12.4.2.
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


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


def decompressed(request: Request) -> Request:
    """A request whose compressed body is read as what it stands for, whether or not the API compresses its answers.

    Refused for a coding that API Gateway does not know, a body that is not what its coding says, and one of more than
    10 MB: no page says whether the quota counts the body as it came or what it stands for; here it counts both.
    Source: API Gateway Developer Guide, "Payload compression for REST APIs in API Gateway" (request payloads are
    decompressed by default), "Call an API method with a compressed payload in API Gateway" (415).
    """
    encoding = request.headers.get("content-encoding").strip().lower()
    if encoding in ("", "identity") or not request.body:
        return request
    if encoding not in ("gzip", "deflate"):
        raise Refused("UNSUPPORTED_MEDIA_TYPE", f"the content coding {encoding} is not supported")
    try:
        body = _unpacked(request.body, encoding)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused("UNSUPPORTED_MEDIA_TYPE", f"the body is not {encoding}: {error}") from None
    if len(body) > HTTP_API_PAYLOAD_BYTES_MAX:
        raise Refused("REQUEST_TOO_LARGE", "the decompressed body is over 10 MB")
    kept = [pair for pair in request.headers.items if pair[0].lower() != "content-encoding"]
    return dataclasses.replace(request, headers=Headers(kept), body=body)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """What a body stands for, no further than shows that it is too long: a few bytes may stand for gigabytes."""
    if encoding == "gzip":
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            return packed.read(HTTP_API_PAYLOAD_BYTES_MAX + 1)
    packer = zlib.decompressobj()
    content = packer.decompress(body, HTTP_API_PAYLOAD_BYTES_MAX + 1)
    if not packer.eof and len(content) <= HTTP_API_PAYLOAD_BYTES_MAX:
        raise EOFError("it ends too early")
    return content


def compressed(api: RestApiDefinition, request: Request, response: Response) -> Response:
    """An answer as its client accepts it, where it is as long as the API compresses."""
    least = api.minimum_compression_bytes
    if least is None or len(response.body) < least or not response.body:
        return response
    if any(name.lower() == "content-encoding" for name, _ in response.headers):
        return response
    encoding = _accepted(request.headers.get("accept-encoding"))
    if encoding in (None, "identity"):
        return response
    body = gzip.compress(response.body, mtime=0) if encoding == "gzip" else zlib.compress(response.body)
    return dataclasses.replace(response, headers=[*response.headers, ("content-encoding", encoding)], body=body)


def _accepted(accept_encoding: str) -> str | None:
    """The coding that a client likes best; None where that is none that is known, or where it names none.

    Of codings that it likes alike, the first that is known.
    Source: API Gateway Developer Guide, "Enable payload compression for an API in API Gateway" (the coding of the
    highest priority has to be a supported one; weights), "Receive an API response with a compressed payload in API
    Gateway" (`*` alone, as where there is no such header, names no coding).
    """
    best: dict[float, list[str]] = {}
    for part in accept_encoding.split(","):
        name, _, parameter = part.partition(";")
        weight = _WEIGHT.fullmatch(parameter.replace(" ", "").lower())
        best.setdefault(float(weight[1]) if weight else 1.0, []).append(name.strip().lower())
    highest = max(best)
    return next((name for name in best[highest] if highest > 0 and name in ("gzip", "deflate", "identity")), None)


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
