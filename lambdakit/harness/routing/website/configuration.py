"""A bucket's website configuration, and the redirects that it asks for.

In come the members of a `WebsiteConfiguration`, read from its XML; out goes where a key is redirected to. Nothing here
knows of requests.
Source: Amazon S3 API Reference, "WebsiteConfiguration", "RoutingRule", "Condition", "Redirect"; Amazon S3 User Guide,
"(Optional) Configuring a webpage redirect".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from lambdakit.records import dataclass

_MOVED: Final = 301
# What may stand in a path as it is. Source: RFC 3986, 3.3.
_SAFE: Final = "/-._~!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Where to, and with which status. host, protocol: absence keeps the request's.

    key, prefix: instead of the whole key, or of what the rule's condition named of it; None for neither.
    """

    host: str = ""
    protocol: str = ""
    status: int = _MOVED
    key: str | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """prefix: keys that begin otherwise are not meant. error: the status that is meant; 0 for whatever comes."""

    redirect: Redirect
    prefix: str = ""
    error: int = 0

    def meets(self, key: str, status: int = 0) -> bool:
        """Whether a key is meant. status: of the error that it would be answered with; 0 before anything is known."""
        return key.startswith(self.prefix) and self.error == status

    def location(self, key: str, *, host: str, protocol: str) -> str:
        """The URL that a key is redirected to. host, protocol: the request's."""
        redirect = self.redirect
        if redirect.key is not None:
            key = redirect.key
        elif redirect.prefix is not None:
            key = redirect.prefix + key[len(self.prefix) :]
        return f"{redirect.protocol or protocol}://{redirect.host or host}/{quoted(key.removeprefix('/'))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebsiteConfiguration:
    """index: what is asked for below a path that ends in a slash. error: the key of the error document; empty for none.

    redirect_all: where every request goes; None without that. rules: the first one that is met counts.
    """

    index: str = ""
    error: str = ""
    redirect_all: RoutingRule | None = None
    rules: tuple[RoutingRule, ...] = ()

    def rule_for(self, key: str, status: int = 0) -> RoutingRule | None:
        """The first rule that is met; see `RoutingRule.meets`."""
        return next((rule for rule in self.rules if rule.meets(key, status)), None)


def quoted(key: str) -> str:
    """A key as it stands in a URL's path."""
    return quote(key, safe=_SAFE)


def read_configuration(members: Mapping[str, Any]) -> WebsiteConfiguration:
    """The configuration that XML with these members is."""
    everything = members.get("RedirectAllRequestsTo")
    rules = _members(members, "RoutingRules").get("RoutingRule") or ()
    return WebsiteConfiguration(
        index=str(_members(members, "IndexDocument").get("Suffix", "")),
        error=str(_members(members, "ErrorDocument").get("Key", "")),
        redirect_all=None if everything is None else RoutingRule(redirect=_redirect(members, "RedirectAllRequestsTo")),
        rules=tuple(_rule(rule) for rule in (rules if isinstance(rules, list) else [rules]) if isinstance(rule, dict)),
    )


def _rule(given: Mapping[str, Any]) -> RoutingRule:
    condition = _members(given, "Condition")
    return RoutingRule(
        redirect=_redirect(given, "Redirect"),
        prefix=str(condition.get("KeyPrefixEquals", "")),
        error=_number(condition.get("HttpErrorCodeReturnedEquals"), 0),
    )


def _redirect(members: Mapping[str, Any], name: str) -> Redirect:
    given = _members(members, name)
    return Redirect(
        host=str(given.get("HostName", "")),
        protocol=str(given.get("Protocol", "")),
        status=_number(given.get("HttpRedirectCode"), _MOVED),
        key=given.get("ReplaceKeyWith"),
        prefix=given.get("ReplaceKeyPrefixWith"),
    )


def _members(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = members.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(value: object, otherwise: int) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else otherwise
