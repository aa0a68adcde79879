"""What an extension asks for when it subscribes to telemetry: read, checked, and told what is wrong with it.

In: the body of `PUT /2022-07-01/telemetry`, or of the older Logs API's `PUT /2020-08-15/logs`. Out: a `Subscription`,
or every problem at once. Knows nothing of sockets, of time or of who asks.
Source: AWS Lambda Developer Guide, "Lambda Telemetry API reference", "Accessing real-time telemetry data for extensions
using the Telemetry API" (destination, buffering) and "Using the Lambda Logs API". The ranges of `maxItems` and
`timeoutMs` are the latter two pages'; texts of the reference page of 2023 had them the wrong way round.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from lambdakit.records import dataclass

TYPES = ("platform", "function", "extension")
MAX_ITEMS = range(1_000, 10_001)
MAX_BYTES = range(262_144, 1_048_577)
TIMEOUT_MS = range(25, 30_001)
MAX_ITEMS_DEFAULT = 10_000
MAX_BYTES_DEFAULT = 262_144
TIMEOUT_MS_DEFAULT = 1_000

# The only names that lead to the environment itself; extensions of AWS's own samples listen on the shorter one.
HOSTS = ("sandbox.localdomain", "sandbox")
_RESERVED_PORT = 9001  # the Runtime API's
_PORTS = range(1, 65_536)


class Api(StrEnum):
    """Which of the two APIs was asked; an extension uses one of them."""

    TELEMETRY = "Telemetry"
    LOGS = "Logs"


PATHS = {"/2022-07-01/telemetry": Api.TELEMETRY, "/2020-08-15/logs": Api.LOGS}
_SCHEMAS = {
    Api.TELEMETRY: ("2022-07-01", "2022-12-13", "2025-01-29"),
    Api.LOGS: ("2020-08-15", "2021-03-18"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What is to be sent, where to, and in which portions.

    types: a selection of `TYPES`, as named. method: `POST` or `PUT`; empty for TCP, where each event is a line.
    port, target: of the listener inside the environment.
    """

    api: Api
    schema_version: str
    types: tuple[str, ...]
    max_items: int = MAX_ITEMS_DEFAULT
    max_bytes: int = MAX_BYTES_DEFAULT
    timeout_seconds: float = TIMEOUT_MS_DEFAULT / 1000
    method: str = "POST"
    port: int
    target: str = "/"
    host: str = HOSTS[0]


class InvalidSubscription(Exception):
    """A request that cannot be served. The text names every problem, as AWS's own does."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))


def read_subscription(api: Api, body: bytes) -> Subscription:
    """The subscription that `body` describes. InvalidSubscription when it is none."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidSubscription(["the body is not valid JSON"]) from None
    if not isinstance(request, dict):
        raise InvalidSubscription(["the body is not a JSON object"])
    problems: list[str] = []
    schema_version = _schema_version(api, request, problems)
    method, host, port, target = _destination(api, request.get("destination"), problems)
    types = _types(request.get("types"), problems)
    max_items, max_bytes, timeout_ms = _buffering(request.get("buffering"), problems)
    if problems:
        raise InvalidSubscription(problems)
    return Subscription(
        api=api,
        schema_version=schema_version,
        types=types,
        max_items=max_items,
        max_bytes=max_bytes,
        timeout_seconds=timeout_ms / 1000,
        method=method,
        port=port,
        target=target,
        host=host,
    )


def _schema_version(api: Api, request: Mapping[str, Any], problems: list[str]) -> str:
    """The Telemetry API has to be told; the Logs API's default is its first."""
    known = _SCHEMAS[api]
    version = request.get("schemaVersion")
    if version is None and api is Api.LOGS:
        return known[0]
    if version is None:
        problems.append("schemaVersion is not provided")
    elif version not in known:
        problems.append(f"schemaVersion {version!r} is not one of {', '.join(known)}")
    return str(version)


def _types(types: object, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(types, list) or not types:
        problems.append("types should not be empty")
        return ()
    unknown = [name for name in types if name not in TYPES]
    if unknown:
        problems.append(f"types has {', '.join(map(repr, unknown))}, and only {', '.join(TYPES)} can be subscribed to")
        return ()
    return tuple(dict.fromkeys(types))


def _destination(api: Api, destination: object, problems: list[str]) -> tuple[str, str, int, str]:
    """Method, host, port and target."""
    nothing = ("", "", 0, "")
    if not isinstance(destination, dict):
        problems.append("destination is not provided")
        return nothing
    match destination.get("protocol"):
        case "HTTP":
            return (_method(api, destination, problems), *_address(destination.get("URI"), problems))
        case "TCP":
            return ("", HOSTS[0], _port(destination.get("port"), "port", problems), "")
        case protocol:
            problems.append(f"protocol {protocol!r} is neither HTTP nor TCP")
            return nothing


def _method(api: Api, destination: Mapping[str, Any], problems: list[str]) -> str:
    """Only the Logs API offers a choice."""
    method = destination.get("method", "POST") if api is Api.LOGS else "POST"
    if method not in ("POST", "PUT"):
        problems.append(f"method {method!r} is neither POST nor PUT")
    return str(method)


def _address(uri: object, problems: list[str]) -> tuple[str, int, str]:
    if not isinstance(uri, str) or not uri:
        problems.append("URI is not provided")
        return "", 0, ""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        problems.append(f"URI {uri!r} is not valid")
        return "", 0, ""
    if parts.scheme != "http":
        problems.append(f"URI scheme {parts.scheme!r} is not http")
    if parts.hostname not in HOSTS:
        problems.append(f"URI host {parts.hostname or ''!r} is not {HOSTS[0]}")
    if not (uri.isascii() and uri.isprintable()) or " " in uri:
        problems.append(f"URI {uri!r} is not valid")
    target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    return parts.hostname or "", _port(port, "URI port", problems), target


def _port(port: object, name: str, problems: list[str]) -> int:
    if port is None:
        problems.append(f"{name} is not provided")
        return 0
    if not isinstance(port, int) or isinstance(port, bool) or port not in _PORTS:
        problems.append(f"{name} {port!r} is not from 1 to 65535")
        return 0
    if port == _RESERVED_PORT:
        problems.append(f"{name} {port} is reserved")
    return port


def _buffering(buffering: object, problems: list[str]) -> tuple[int, int, int]:
    if buffering is None:
        buffering = {}
    if not isinstance(buffering, dict):
        problems.append("buffering is not an object")
        buffering = {}
    return (
        _within(buffering, "maxItems", MAX_ITEMS, MAX_ITEMS_DEFAULT, problems),
        _within(buffering, "maxBytes", MAX_BYTES, MAX_BYTES_DEFAULT, problems),
        _within(buffering, "timeoutMs", TIMEOUT_MS, TIMEOUT_MS_DEFAULT, problems),
    )


def _within(values: Mapping[str, Any], name: str, allowed: range, default: int, problems: list[str]) -> int:
    value = values.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        problems.append(f"{name} {value!r} is not from {allowed[0]} to {allowed[-1]}")
        return default
    return value
