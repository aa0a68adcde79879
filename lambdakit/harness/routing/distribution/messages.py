"""A request and an answer on their way through a distribution: what functions may change of them, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final, Self
from urllib.parse import quote

from lambdakit.harness.wire import Response
from lambdakit.records import dataclass

Fields = tuple[tuple[str, str], ...]

_SENT_AS_IT_IS: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "#?")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRequest:
    """uri: the path, percent-encoded as the viewer sent it. query: without the question mark. headers: in order.

    peer: the viewer's address and port. scheme: by which the viewer came.
    """

    method: str
    uri: str
    query: str
    headers: Fields
    body: bytes = b""
    peer: tuple[str, int] = ("127.0.0.1", 0)
    scheme: str = "https"

    def header(self, name: str) -> str:
        """The first value of a header, given in lower case; empty without one."""
        return first(self.headers, name)

    def with_headers(self, fields: Iterable[tuple[str, str]]) -> Self:
        """The same with other headers."""
        return dataclasses.replace(self, headers=tuple(fields))

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.uri}?{self.query}" if self.query else self.uri


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeResponse:
    """source: who made it, as `X-Cache` begins. problem: why it is not what was asked for, for the trace."""

    status: int
    headers: Fields = ()
    body: bytes = b""
    source: str = "Miss"
    problem: str = ""

    def header(self, name: str) -> str:
        """The first value of a header, given in lower case; empty without one."""
        return first(self.headers, name)


class EdgeFailed(Exception):
    """The distribution answers for itself, with a page of its own."""

    def __init__(self, response: EdgeResponse) -> None:
        super().__init__(response.problem)
        self.response = response


def first(fields: Fields, name: str) -> str:
    """The first value of a header, given in lower case; empty without one."""
    return next((value for key, value in fields if key.lower() == name), "")


def without(fields: Fields, *names: str) -> Fields:
    """The headers but those named, in lower case."""
    return tuple(field for field in fields if field[0].lower() not in names)


def answered(response: Response) -> EdgeResponse:
    """What an origin here answered."""
    return EdgeResponse(status=response.status, headers=tuple(response.headers), body=response.body)


def sendable(uri: str) -> str:
    """A path as it can be sent: what may not stand in one is percent-encoded, as UTF-8.

    Source: Amazon CloudFront Developer Guide, "Restrictions on all edge functions" ("URI, query string, and headers
    encoding").
    """
    return quote(uri, safe=_SENT_AS_IT_IS)
