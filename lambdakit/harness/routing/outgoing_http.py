"""Requests that APIs send on to URLs of this machine, and to the AWS APIs that are served here.

Source: RFC 9110, 7.6.1 (what is not passed on); API Gateway Developer Guide, "Quotas" (10 MB of payload).
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from lambdakit.harness.network.bindings import Target
from lambdakit.harness.wire import Response
from lambdakit.limits import HTTP_API_PAYLOAD_BYTES_MAX
from lambdakit.records import dataclass

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_OF_CONNECTION: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)

# AWS General Reference, "Service endpoints" (a service and a region, or a service of all regions); Amazon S3 User
# Guide, "Virtual hosting of general purpose buckets". Servers of users have names below the same domain.
_AWS_API: Final = re.compile(
    r"(?:(?:[a-z0-9.-]+\.)?s3|[a-z0-9-]+(?:\.dualstack)?)\.[a-z]{2,4}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?"
    r"|(?:[a-z0-9.-]+\.)?s3\.amazonaws\.com|(?:sts|iam)\.amazonaws\.com"
)
# What the harness answers itself, whatever the host.
_OWN: Final = "_lambdakit/"

Bound = Callable[[], Mapping[str, Mapping[int, Target]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a request is sent. name: what its `Host` says; absence: host and port."""

    host: str
    port: int
    name: str = ""


class NothingCame(Exception):
    """No answer. in_time: whether that was known before the limit."""

    def __init__(self, problem: str, *, in_time: bool) -> None:
        super().__init__(problem)
        self.in_time = in_time


class AnswerTooLarge(Exception):
    """An answer of more than an API passes on."""


def address_of(url: str, bound: Bound = lambda: {}, endpoint_url: str = "") -> Address | None:
    """Where requests for a URL go; None when they go nowhere.

    bound: the servers that tests named for hosts, by host and port. They are spoken to without TLS, whatever the URL.
    endpoint_url: where the AWS APIs are served, a bucket's own host among them; empty for nowhere. Nobody signs what is
    sent there, so that it is anonymous.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme == "http" and host in _LOOPBACK:
        return Address(host=host, port=80 if port is None else port)
    ports = bound().get(host, {}) if parts.scheme in ("http", "https") else {}
    wanted = port or (443 if parts.scheme == "https" else 80)
    target = ports.get(wanted) or next(iter(ports.values()), None)
    # Hosts that functions may go out to are among them as well; an API does not.
    is_here = target is not None and (target.host in _LOOPBACK or target.host.startswith("127."))
    if target is not None and is_here:
        return Address(host=target.host, port=target.port)
    if endpoint_url and parts.scheme in ("http", "https") and _AWS_API.fullmatch(host):
        here = urlsplit(endpoint_url)
        return Address(host=here.hostname or "", port=here.port or 80, name=host)
    return None


def not_sent_to(url: str) -> str:
    """Why a request does not go to a URL, and what to do about that."""
    return (
        f"the harness sends requests to loopback addresses, its own APIs and bound hosts only, not to {url}: "
        "have what runs there listen on http://127.0.0.1:PORT, or bind its host with harness.bind"
    )


def sent(
    address: Address,
    method: str,
    target: str,
    *,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    limit_seconds: float,
) -> Response:
    """The answer of whoever listens at an address. NothingCame, AnswerTooLarge.

    target: path and query, percent-encoded. headers: those that speak of the connection are left out, of the answer's
    too, but for the length that an answer to HEAD tells of what GET would get.
    """
    host, port = address.host, address.port
    if address.name and unquote(target).lstrip("/").startswith(_OWN):
        raise NothingCame(f"{target} is no path of {address.name} here, but one of the harness's own", in_time=True)
    passed = [(name, value) for name, value in headers if name.lower() not in _OF_CONNECTION]
    connection = http.client.HTTPConnection(host, port, timeout=limit_seconds)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", address.name or f"{host}:{port}"), *passed]:
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read(HTTP_API_PAYLOAD_BYTES_MAX + 1)
    except TimeoutError:
        problem = f"nothing came from {host}:{port} within {limit_seconds:g} seconds"
        raise NothingCame(problem, in_time=False) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NothingCame(f"{host}:{port}: {error or type(error).__name__}", in_time=True) from None
    finally:
        connection.close()
    if len(content) > HTTP_API_PAYLOAD_BYTES_MAX:
        raise AnswerTooLarge("the answer is over 10 MB")
    dropped = _OF_CONNECTION - {"content-length"} if method == "HEAD" else _OF_CONNECTION
    kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in dropped]
    return Response(status=answer.status, headers=kept, body=content)
