"""The header fields that a load balancer adds, changes and leaves out before it passes a request on.

Source: Application Load Balancers guide, "HTTP headers and Application Load Balancers", "Request tracing for your
Application Load Balancer", "Edit attributes for your Application Load Balancer" (`routing.http.…`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from lambdakit.harness.moto_state.load_balancers import BalancerListener
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused
from lambdakit.harness.runtime.random_ids import random_hex
from lambdakit.harness.wire import Request

_ADDRESSES_MAX: Final = 30
_VALID_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_OWN: Final = frozenset(
    {"host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "transfer-encoding"}
)


def passed_fields(
    request: Request, listener: BalancerListener, attributes: Mapping[str, str], *, host: str, at: datetime
) -> list[tuple[str, str]]:
    """The request's fields as a target sees them, names in lower case, in the order they came, then those added.

    attributes: the balancer's. host: with a port where the client's has one. BalancerRefused.
    """
    fields = [(name.lower(), value) for name, value in request.headers.items if _is_kept(name, attributes)]
    kept = [(name, value) for name, value in fields if name not in _OWN]
    added = [
        ("host", host),
        ("x-amzn-trace-id", trace_id(request.headers.get("x-amzn-trace-id"), at)),
        *_forwarded_for(request, attributes),
        ("x-forwarded-port", str(listener.port)),
        ("x-forwarded-proto", listener.protocol.lower()),
    ]
    return [*kept, *added]


def check_forwarded_for(request: Request) -> None:
    """BalancerRefused for a client's own list of addresses that is too long."""
    addresses = [part for value in request.headers.all("x-forwarded-for") for part in value.split(",")]
    if len(addresses) > _ADDRESSES_MAX:
        raise BalancerRefused(463, f"X-Forwarded-For has {len(addresses)} addresses; {_ADDRESSES_MAX} is the most")


def trace_id(given: str, at: datetime) -> str:
    """The field by which a request is traced: a new root, or the client's own with the balancer's part before it."""
    own = f"1-{int(at.timestamp()):08x}-{random_hex(24)}"
    parts = [part for part in given.split(";") if part and not part.strip().startswith("Self=")]
    if any(part.strip().startswith("Root=") for part in parts):
        return ";".join([f"Self={own}", *parts])
    return ";".join([f"Root={own}", *parts])


def _forwarded_for(request: Request, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    mode = attributes.get("routing.http.xff_header_processing.mode", "append")
    given = request.headers.all("x-forwarded-for")
    if mode == "remove":
        return []
    if mode == "preserve":
        return [("x-forwarded-for", value) for value in given]
    address, port = request.peer
    with_port = attributes.get("routing.http.xff_client_port.enabled") == "true"
    return [("x-forwarded-for", ", ".join([*given, f"{address}:{port}" if with_port else address]))]


def _is_kept(name: str, attributes: Mapping[str, str]) -> bool:
    drops = attributes.get("routing.http.drop_invalid_header_fields.enabled") == "true"
    return not drops or _VALID_NAME.fullmatch(name) is not None
