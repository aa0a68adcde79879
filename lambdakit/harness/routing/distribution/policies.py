"""Which values of a request make its cache key and go on to its origin: cache and origin request policies.

In come the properties of `AWS::CloudFront::CachePolicy` and `OriginRequestPolicy`, the ids of managed ones, or the
settings of a behaviour of the older form.
Source: Amazon CloudFront Developer Guide, "Understand cache policies", "Understand origin request policies", "Use
managed cache policies", "Use managed origin request policies"; CloudFormation Template Reference,
"AWS::CloudFront::Distribution ForwardedValues".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lambdakit.harness.routing.distribution.wildcards import expression
from lambdakit.records import dataclass

Properties = Mapping[str, Any]

_YEAR: Final = 31_536_000.0
_DAY: Final = 86_400.0
_ALL: Final = frozenset({"all", "allviewer", "allviewerandwhitelistcloudfront"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Some of the headers, cookies or parameters of a query, by name. Headers are named in lower case.

    everything: all but `names`; else `names` alone. added: headers of CloudFront's own that come in addition.
    patterns: names with wildcards, which count beside `names`.
    """

    everything: bool = False
    names: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()

    def takes(self, name: str) -> bool:
        """Whether one of the name is meant."""
        is_named = name in self.names or any(expression(pattern).fullmatch(name) for pattern in self.patterns)
        return is_named is not self.everything


NOTHING: Final = Selection()
EVERYTHING: Final = Selection(everything=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selections:
    """What is meant of each kind. forwards_cookies: whether cookies are known at all, so that answers may set them."""

    headers: Selection = NOTHING
    cookies: Selection = NOTHING
    queries: Selection = NOTHING

    @property
    def forwards_cookies(self) -> bool:
        """Whether any cookie may go on."""
        return self.cookies.everything or bool(self.cookies.names or self.cookies.patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """How long answers are kept, in seconds, and what beside the path tells one from another.

    encodings: of `gzip` and `br`, those that a normalized `Accept-Encoding` may name.
    """

    least: float
    usual: float
    most: float
    key: Selections = Selections()
    encodings: tuple[str, ...] = ()


def cache_policy(properties: Properties) -> CachePolicy:
    """The policy of a template. properties: its `CachePolicyConfig`."""
    parameters = properties.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
    encodings = [("gzip", "EnableAcceptEncodingGzip"), ("br", "EnableAcceptEncodingBrotli")]
    return CachePolicy(
        least=float(properties.get("MinTTL") or 0),
        usual=_seconds(properties.get("DefaultTTL"), _DAY),
        most=_seconds(properties.get("MaxTTL"), _YEAR),
        key=_selections(parameters),
        encodings=tuple(name for name, flag in encodings if str(parameters.get(flag)).lower() == "true"),
    )


def origin_request_policy(properties: Properties) -> Selections:
    """The policy of a template. properties: its `OriginRequestPolicyConfig`."""
    return _selections(properties)


def older_policy(behavior: Properties) -> CachePolicy:
    """What a behaviour without a cache policy says itself: `ForwardedValues` and its own times."""
    given = behavior.get("ForwardedValues") or {}
    cookies, headers = given.get("Cookies") or {}, _lower(given.get("Headers") or ())
    queries = NOTHING
    if str(given.get("QueryString")).lower() == "true":
        keys = frozenset(str(key) for key in given.get("QueryStringCacheKeys") or ())
        queries = Selection(names=keys) if keys else EVERYTHING
    return CachePolicy(
        least=float(behavior.get("MinTTL") or 0),
        usual=_seconds(behavior.get("DefaultTTL"), _DAY),
        most=_seconds(behavior.get("MaxTTL"), _YEAR),
        key=Selections(
            headers=EVERYTHING if "*" in headers else Selection(names=headers),
            cookies=_older_cookies(cookies),
            queries=queries,
        ),
    )


def _older_cookies(given: Properties) -> Selection:
    """Names of the older form may have wildcards.

    Source: Amazon CloudFront Developer Guide, "Values that you specify when you create or update a distribution"
    ("Allowlist cookies"); nothing is said there of the names in policies, which are taken as they are.
    """
    names = [str(name) for name in given.get("WhitelistedNames") or ()]
    patterns = tuple(name for name in names if "*" in name or "?" in name)
    found = _selection(given.get("Forward"), (name for name in names if name not in patterns))
    return dataclasses.replace(found, patterns=patterns) if str(given.get("Forward")).lower() == "whitelist" else found


def _selections(given: Properties) -> Selections:
    headers, cookies, queries = (
        given.get(name) or {} for name in ("HeadersConfig", "CookiesConfig", "QueryStringsConfig")
    )
    return Selections(
        headers=_headers(headers.get("HeaderBehavior"), _lower(headers.get("Headers") or ())),
        cookies=_selection(cookies.get("CookieBehavior"), cookies.get("Cookies") or ()),
        queries=_selection(queries.get("QueryStringBehavior"), queries.get("QueryStrings") or ()),
    )


def _headers(behavior: object, names: frozenset[str]) -> Selection:
    kind = str(behavior or "none").lower()
    if kind == "allviewerandwhitelistcloudfront":
        return Selection(everything=True, added=names)
    if kind == "whitelist":
        return Selection(names=names, added=frozenset(name for name in names if name.startswith("cloudfront-")))
    return _selection(behavior, names)


def _selection(behavior: object, names: Iterable[object]) -> Selection:
    kind, given = str(behavior or "none").lower(), frozenset(str(name) for name in names)
    if kind in _ALL:
        return EVERYTHING
    if kind == "allexcept":
        return Selection(everything=True, names=given)
    return Selection(names=given) if kind == "whitelist" else NOTHING


def _lower(names: Iterable[object]) -> frozenset[str]:
    return frozenset(str(name).lower() for name in names)


def _seconds(value: object, otherwise: float) -> float:
    return otherwise if value is None else float(str(value))


_BOTH: Final = ("gzip", "br")
_OPTIMIZED: Final = CachePolicy(least=1, usual=_DAY, most=_YEAR)
# The headers by which the policies below, that follow the origin's, tell answers from one another.
_ORIGIN_KEYS: Final = Selection(
    names=frozenset({"host", "origin", "x-http-method-override", "x-http-method", "x-method-override"})
)

MANAGED_CACHE_POLICIES: Final[Mapping[str, CachePolicy]] = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": CachePolicy(least=1, usual=_DAY, most=_YEAR, encodings=_BOTH),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": _OPTIMIZED,
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": CachePolicy(least=0, usual=0, most=0),
    "2e54312d-136d-493c-8eb9-b001f22f67d2": CachePolicy(
        least=2,
        usual=2,
        most=600,
        key=Selections(
            headers=Selection(names=frozenset({"authorization", "cloudfront-viewer-country", "host"})),
            cookies=EVERYTHING,
            queries=EVERYTHING,
        ),
        encodings=_BOTH,
    ),
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": CachePolicy(
        least=0,
        usual=_DAY,
        most=_YEAR,
        key=Selections(
            headers=Selection(names=frozenset({"origin"})),
            queries=Selection(names=frozenset({"aws.manifestfilter", "start", "end", "m"})),
        ),
        encodings=("gzip",),
    ),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": CachePolicy(
        least=0, usual=0, most=_YEAR, key=Selections(headers=_ORIGIN_KEYS, cookies=EVERYTHING), encodings=_BOTH
    ),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": CachePolicy(
        least=0,
        usual=0,
        most=_YEAR,
        key=Selections(headers=_ORIGIN_KEYS, cookies=EVERYTHING, queries=EVERYTHING),
        encodings=_BOTH,
    ),
}

_CORS_NAMES: Final = frozenset({"origin", "access-control-request-headers", "access-control-request-method"})
_CLOUDFRONT_2022: Final = frozenset(
    f"cloudfront-{name}"
    for name in (
        *("forwarded-proto", "is-android-viewer", "is-desktop-viewer", "is-ios-viewer", "is-mobile-viewer"),
        *("is-smarttv-viewer", "is-tablet-viewer", "viewer-address", "viewer-http-version"),
    )
)

MANAGED_ORIGIN_REQUEST_POLICIES: Final[Mapping[str, Selections]] = {
    "216adef6-5c7f-47e4-b989-5492eafa07d3": Selections(headers=EVERYTHING, cookies=EVERYTHING, queries=EVERYTHING),
    "33f36d7e-f396-46d9-90e0-52428a34d9dc": Selections(
        headers=Selection(everything=True, added=_CLOUDFRONT_2022), cookies=EVERYTHING, queries=EVERYTHING
    ),
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": Selections(
        headers=Selection(everything=True, names=frozenset({"host"})), cookies=EVERYTHING, queries=EVERYTHING
    ),
    "59781a5b-3903-41f3-afcb-af62929ccde1": Selections(headers=Selection(names=frozenset({"origin"}))),
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": Selections(headers=Selection(names=_CORS_NAMES)),
    "775133bc-15f2-49f9-abea-afb2e0bf67d2": Selections(
        headers=Selection(names=_CORS_NAMES | {"user-agent", "x-forwarded-for"}), queries=EVERYTHING
    ),
    "acba4595-bd28-49b8-b9fe-13317c0390fa": Selections(headers=Selection(names=frozenset({"user-agent", "referer"}))),
}
