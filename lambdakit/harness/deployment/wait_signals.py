"""Signals to wait conditions: the URLs of their handles, what is sent there, and who was given which URL.

On AWS such a URL is a pre-signed one of S3; here the harness's endpoint serves it.
Source: AWS CloudFormation User Guide, "Create wait conditions in a CloudFormation template".
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from lambdakit.harness.wire import Request, Response
from lambdakit.records import dataclass

_PLACE: Final = "/_lambdakit/wait-conditions/"
_PATH: Final = re.compile(rf"{_PLACE}([A-Za-z0-9_-]+)")
# They are given the URL for others, whose properties are looked at as well, or to wait themselves.
_PASSING_ON: Final = frozenset({"AWS::CloudFormation::Stack", "AWS::CloudFormation::WaitCondition"})
_ENCODED: Final = "UserData"
_STATUSES: Final = frozenset({"SUCCESS", "FAILURE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What somebody sent. is_success: false for `FAILURE`. content: its `Data`."""

    unique_id: str
    is_success: bool
    reason: str
    content: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Handle:
    """signals: by their unique id, the first one of each. holders: the types of resources that were given the URL."""

    arrived: threading.Event
    signals: dict[str, Signal] = field(default_factory=dict)
    holders: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)


class WaitSignals:
    """The handles of all wait conditions of one harness."""

    def __init__(self) -> None:
        self._handles: dict[str, _Handle] = {}
        self._lock = threading.Lock()
        self.is_closed = False

    def open(self, endpoint_url: str) -> str:
        """A new handle's URL. endpoint_url: of the harness, without a trailing slash."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._handles[token] = _Handle(arrived=threading.Event())
        return f"{endpoint_url}{_PLACE}{token}"

    def forget(self, url: str) -> None:
        """A handle is gone; what is sent there is refused from now on."""
        with self._lock:
            self._handles.pop(_token(url), None)

    def given(self, type_name: str, properties: Mapping[str, Any]) -> None:
        """Takes note of a resource that is made: it may have been given the URL of a handle."""
        with self._lock:
            handles = dict(self._handles)
        if not handles or type_name in _PASSING_ON:
            return
        written = " ".join(_texts(properties))
        for token, handle in handles.items():
            if f"{_PLACE}{token}" in written:
                handle.holders.add(type_name)

    def holders(self, url: str) -> Sequence[str]:
        """The types of the resources that were given a handle's URL."""
        handle = self._handles.get(_token(url))
        return [] if handle is None else sorted(handle.holders)

    def is_open(self, url: str) -> bool:
        """Whether there is a handle with this URL."""
        return _token(url) in self._handles

    def signals(self, url: str) -> Sequence[Signal]:
        """What was sent to a handle so far, but for retransmissions, in the order in which it came."""
        handle = self._handles.get(_token(url))
        return [] if handle is None else list(handle.signals.values())

    def unreadable(self, url: str) -> Sequence[str]:
        """What is wrong with each message that was no signal."""
        handle = self._handles.get(_token(url))
        return [] if handle is None else list(handle.unreadable)

    def wait(self, url: str, seconds: float) -> None:
        """Returns when something is sent to a handle, or after a while of real time."""
        handle = self._handles.get(_token(url))
        if handle is not None and handle.arrived.wait(seconds):
            handle.arrived.clear()

    def close(self) -> None:
        """Nobody waits any more. Idempotent."""
        self.is_closed = True
        for handle in list(self._handles.values()):
            handle.arrived.set()

    def serve(self, request: Request) -> Response | None:
        """The answer to a request to a handle; None for any other path."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        handle = self._handles.get(match[1])
        if handle is None or request.method != "PUT":
            return _refused("AccessDenied", "Access Denied")
        # "The Content-Type header must be an empty string or omitted."
        if request.headers.get("content-type"):
            problem = "The request signature we calculated does not match the signature you provided: Content-Type"
            return _refused("SignatureDoesNotMatch", problem)
        self._take(handle, request.body)
        return Response(status=200)

    def _take(self, handle: _Handle, body: bytes) -> None:
        signal = _read(body)
        with self._lock:
            if isinstance(signal, str):
                handle.unreadable.append(signal)
            else:
                handle.signals.setdefault(signal.unique_id, signal)
        handle.arrived.set()


def _texts(value: object, name: str = "") -> Iterator[str]:
    """Every text in a resource's properties. Those of machines have theirs in Base64."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, str(key))
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member, name)
    elif isinstance(value, str):
        yield value
        if name == _ENCODED:
            with contextlib.suppress(ValueError):
                yield base64.b64decode(value, validate=True).decode("utf-8", "replace")


def _read(body: bytes) -> Signal | str:
    """The signal, or what is wrong with it."""
    try:
        given = json.loads(body)
    except ValueError as error:
        return f"it is no JSON: {error}"
    if not isinstance(given, dict) or given.get("Status") not in _STATUSES:
        return "its Status is neither SUCCESS nor FAILURE"
    if not given.get("UniqueId"):
        return "it has no UniqueId"
    return Signal(
        unique_id=str(given["UniqueId"]),
        is_success=given["Status"] == "SUCCESS",
        reason=str(given.get("Reason") or ""),
        content=given.get("Data"),
    )


def _refused(code: str, message: str) -> Response:
    """Source: Amazon S3 API Reference, "Error responses"."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status=403, headers=[("Content-Type", "application/xml")], body=body.encode())


def _token(url: str) -> str:
    return url.rpartition("/")[2]
