"""What a method's integration is sent, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from lambdakit.harness.wire import Response
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendRequest:
    """A request as its integration gets it. path: values for the variables of the integration's URI, decoded.

    query: decoded, in order. headers: those that are sent beside what frames the message.
    """

    method: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The last value of a field, given in lower case; empty without one."""
        values = [value for key, value in self.headers if key.lower() == name]
        return values[-1] if values else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendAnswer:
    """An integration's answer. is_function: whether a Lambda function gave it.

    error_message: what a function failed with; empty when it did not.
    """

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    is_function: bool = False
    error_message: str = ""
    request_id: str = ""

    def header(self, name: str) -> str:
        """The last value of a field, given in lower case; empty without one."""
        values = [value for key, value in self.headers if key.lower() == name]
        return values[-1] if values else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestIntegrated:
    """The answer for the client. status: the integration's own; None where none was asked.

    request_id: the integration's, for the access log; empty for none.
    """

    response: Response
    status: int | None = None
    request_id: str = ""
