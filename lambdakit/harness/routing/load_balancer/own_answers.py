"""What a load balancer answers by itself: pages of its own, and why.

Source: Application Load Balancers guide, "Troubleshoot your Application Load Balancers" for the status codes; "Access
logs for your Application Load Balancer", "Error reason codes" for the words in front of each problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.harness.wire import Response

SERVER: Final = ("Server", "awselb/2.0")

_PHRASES: Final[Mapping[int, str]] = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    401: "Authorization Required",
    405: "Not Allowed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    463: "",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    561: "",
}


class BalancerRefused(Exception):
    """The balancer answers for itself. problem: why, for the trace."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.response = page(status)
        self.problem = problem


def page(status: int, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """The page for a status, in HTML."""
    title = f"{status} {_PHRASES[status]}".rstrip()
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    )
    body = "\r\n".join(lines).encode()
    return Response(status=status, headers=[SERVER, ("Content-Type", "text/html"), *headers], body=body)
