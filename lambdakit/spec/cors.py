"""Cross-origin requests of an API or of a function's own address."""

import re
from typing import Annotated, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.model import Model
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import patterned_text

# Source: MDN Web Docs and RFC 6454, an origin is scheme, host and port; RFC 9110, a field name is a token.
_ORIGIN_PATTERN = r"^(?:\*|[a-z][a-z0-9+.-]*://[^/?#\s]+)$"
_HEADER_PATTERN = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"


def _origin_of(text: str) -> str:
    address = text.strip()
    if "://" not in address:
        address = f"https://{address}"
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]+", address)
    return found[0].lower() if found else ""


Origin = Annotated[
    str,
    patterned_text(
        _ORIGIN_PATTERN,
        allowed="an origin: * or a scheme and a host such as https://example.com, without a path",
        longest=512,
        mend=_origin_of,
    ),
]
HeaderName = Annotated[str, patterned_text(_HEADER_PATTERN, allowed="a name of a header, or *", longest=256)]
CorsMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"]
MaxAge = Annotated[
    int, duration(minimum=0, maximum=limits.CORS_MAX_AGE_SECONDS_MAX, what="time a preflight answer is kept")
]


class Cors(Model):
    """Cross-origin requests that the API answers by itself; it then replaces what functions say about them.

    max_age: seconds; None leaves it to the browser.
    Source: API Gateway Developer Guide, "Configure CORS for HTTP APIs".
    """

    allow_origins: Annotated[list[Origin], Field(min_length=1)] = Field(
        description="origins that may call", examples=[["https://example.com"]]
    )
    allow_methods: list[CorsMethod] = Field(
        default_factory=lambda: [], description="methods that they may use", examples=[["GET", "POST"]]
    )
    allow_headers: list[HeaderName] = Field(
        default_factory=lambda: [], description="request headers that they may send", examples=[["authorization"]]
    )
    expose_headers: list[HeaderName] = Field(
        default_factory=lambda: [], description="response headers that they may read", examples=[["x-request-id"]]
    )
    allow_credentials: bool = Field(default=False, description="whether requests may carry credentials")
    max_age: MaxAge | None = Field(
        default=None, description="how long a browser keeps the answer to a preflight request", examples=["1h"]
    )
