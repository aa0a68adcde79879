"""What a response headers policy adds to answers and takes from them.

In come the properties of `AWS::CloudFront::ResponseHeadersPolicy`, or the ids of managed ones.
Source: Amazon CloudFront Developer Guide, "Understand response headers policies", "Use managed response headers
policies"; the Fetch standard, "CORS protocol" (which headers answer which requests).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse, Fields, without
from lambdakit.records import dataclass

Properties = Mapping[str, Any]

_METHODS: Final = ("GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedHeader:
    """overrides: whether the origin's header of the name goes."""

    name: str
    value: str
    overrides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsHeaders:
    """origins: as the policy has them, a star among them. max_age: empty without one.

    exposes_in_preflight_only: so the managed policies. Source: "CORS-With-Preflight" ("For preflight requests …
    CloudFront adds all three of the following headers … For simple CORS requests, CloudFront adds only …").
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: str = ""
    overrides: bool = False
    exposes_in_preflight_only: bool = False

    def added(self, request: EdgeRequest) -> list[AddedHeader]:
        """What answers a request of another origin; nothing for any other request.

        A preflight request is told what it asks for; the others what they may read.
        """
        origin = request.header("origin")
        allowed = self._origin(origin) if origin else ""
        if not allowed:
            return []
        found = [("Access-Control-Allow-Origin", allowed)]
        if self.credentials:
            found.append(("Access-Control-Allow-Credentials", "true"))
        if request.method == "OPTIONS" and request.header("access-control-request-method"):
            found.append(("Access-Control-Allow-Methods", ", ".join(self.methods)))
            found.append(("Access-Control-Allow-Headers", ", ".join(self.allowed)))
            found.append(("Access-Control-Max-Age", self.max_age))
            found.append(("Access-Control-Expose-Headers", ", ".join(self.exposed)))
        elif not self.exposes_in_preflight_only:
            found.append(("Access-Control-Expose-Headers", ", ".join(self.exposed)))
        return [AddedHeader(name=name, value=value, overrides=self.overrides) for name, value in found if value]

    def _origin(self, origin: str) -> str:
        if "*" in self.origins:
            return "*"
        return origin if any(_is_origin(origin, allowed) for allowed in self.origins) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeadersPolicy:
    """removed: in lower case; they go before anything is added."""

    cors: CorsHeaders | None = None
    added: tuple[AddedHeader, ...] = ()
    removed: tuple[str, ...] = ()

    def apply(self, request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
        """The answer with the policy's headers."""
        fields = without(response.headers, *self.removed)
        for header in [*self.added, *(self.cors.added(request) if self.cors else ())]:
            fields = _with(fields, header)
        return dataclasses.replace(response, headers=fields)


def response_headers_policy(properties: Properties) -> ResponseHeadersPolicy:
    """The policy of a template. properties: its `ResponseHeadersPolicyConfig`."""
    cors = properties.get("CorsConfig")
    custom = [
        AddedHeader(name=str(each["Header"]), value=str(each["Value"]), overrides=_flag(each.get("Override")))
        for each in _items(properties.get("CustomHeadersConfig"))
    ]
    security = _security(properties.get("SecurityHeadersConfig") or {})
    removed = (str(each["Header"]).lower() for each in _items(properties.get("RemoveHeadersConfig")))
    return ResponseHeadersPolicy(
        cors=None if cors is None else _cors(cors), added=(*security, *custom), removed=tuple(removed)
    )


def _cors(given: Properties) -> CorsHeaders:
    methods = tuple(_items(given.get("AccessControlAllowMethods")))
    age = given.get("AccessControlMaxAgeSec")
    return CorsHeaders(
        origins=tuple(_items(given.get("AccessControlAllowOrigins"))),
        methods=_METHODS if "ALL" in methods else methods,
        allowed=tuple(_items(given.get("AccessControlAllowHeaders"))),
        exposed=tuple(_items(given.get("AccessControlExposeHeaders"))),
        credentials=_flag(given.get("AccessControlAllowCredentials")),
        max_age="" if age is None else str(age),
        overrides=_flag(given.get("OriginOverride")),
    )


def _security(given: Properties) -> list[AddedHeader]:
    values: dict[str, tuple[str, Callable[[Properties], str]]] = {
        "ContentSecurityPolicy": ("Content-Security-Policy", lambda each: str(each["ContentSecurityPolicy"])),
        "ContentTypeOptions": ("X-Content-Type-Options", lambda each: "nosniff"),
        "FrameOptions": ("X-Frame-Options", lambda each: str(each["FrameOption"])),
        "ReferrerPolicy": ("Referrer-Policy", lambda each: str(each["ReferrerPolicy"])),
        "StrictTransportSecurity": ("Strict-Transport-Security", _transport_security),
        "XSSProtection": ("X-XSS-Protection", _script_protection),
    }
    return [
        AddedHeader(name=name, value=value(given[member]), overrides=_flag(given[member].get("Override")))
        for member, (name, value) in values.items()
        if given.get(member) is not None
    ]


def _transport_security(given: Properties) -> str:
    parts = [f"max-age={given['AccessControlMaxAgeSec']}"]
    parts += ["includeSubDomains"] if _flag(given.get("IncludeSubdomains")) else []
    parts += ["preload"] if _flag(given.get("Preload")) else []
    return "; ".join(parts)


def _script_protection(given: Properties) -> str:
    if not _flag(given.get("Protection")):
        return "0"
    parts = ["1"]
    parts += ["mode=block"] if _flag(given.get("ModeBlock")) else []
    parts += [f"report={given['ReportUri']}"] if given.get("ReportUri") else []
    return "; ".join(parts)


def _with(fields: Fields, header: AddedHeader) -> Fields:
    lower = header.name.lower()
    if any(name.lower() == lower for name, _ in fields):
        if not header.overrides:
            return fields
        fields = without(fields, lower)
    return (*fields, (header.name, header.value))


def _is_origin(origin: str, allowed: str) -> bool:
    """A star is the leftmost part of a domain alone. Without a scheme, either is meant."""
    scheme, separator, rest = allowed.rpartition("://")
    scheme_given, _, host = origin.rpartition("://")
    if separator and scheme != scheme_given:
        return False
    if rest.startswith("*."):
        return re.fullmatch(r"[A-Za-z0-9.-]+", host.removesuffix(rest[1:])) is not None and host.endswith(rest[1:])
    return host == rest


def _items(value: object) -> Sequence[Any]:
    if isinstance(value, Mapping):
        value = value.get("Items")
    return value if isinstance(value, list) else ()


def _flag(value: object) -> bool:
    return str(value).lower() == "true"


_SIMPLE: Final = CorsHeaders(origins=("*",))
_PREFLIGHT: Final = CorsHeaders(origins=("*",), methods=_METHODS, exposed=("*",), exposes_in_preflight_only=True)
_SECURITY: Final = (
    AddedHeader(name="Referrer-Policy", value="strict-origin-when-cross-origin"),
    AddedHeader(name="Strict-Transport-Security", value="max-age=31536000"),
    AddedHeader(name="X-Content-Type-Options", value="nosniff", overrides=True),
    AddedHeader(name="X-Frame-Options", value="SAMEORIGIN"),
    AddedHeader(name="X-XSS-Protection", value="1; mode=block"),
)

MANAGED_RESPONSE_HEADERS_POLICIES: Final[Mapping[str, ResponseHeadersPolicy]] = {
    "60669652-455b-4ae9-85a4-c4c02393f86c": ResponseHeadersPolicy(cors=_SIMPLE),
    "67f7725c-6f97-4210-82d7-5512b31e9d03": ResponseHeadersPolicy(added=_SECURITY),
    "e61eb60c-9c35-4d20-a928-2b84e02af89c": ResponseHeadersPolicy(cors=_SIMPLE, added=_SECURITY),
    "5cc3b908-e619-4b99-88e5-2cf7f45965bd": ResponseHeadersPolicy(cors=_PREFLIGHT),
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63": ResponseHeadersPolicy(cors=_PREFLIGHT, added=_SECURITY),
}
