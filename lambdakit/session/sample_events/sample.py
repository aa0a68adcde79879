"""What a sample event is made from, and the values that samples share."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import fields
from enum import StrEnum
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.records import dataclass

# 2026-01-15T12:00:00Z: every sample tells of this moment.
EPOCH_SECONDS: Final = 1_768_478_400
EPOCH_MS: Final = EPOCH_SECONDS * 1000
ISO_SECONDS: Final = "2026-01-15T12:00:00Z"
ISO_MILLISECONDS: Final = "2026-01-15T12:00:00.000Z"
# As API Gateway writes it.
REQUEST_TIME: Final = "15/Jan/2026:12:00:00 +0000"
SOURCE_IP: Final = "192.0.2.10"  # of a block that is kept for documentation, RFC 5737
USER_AGENT: Final = "example-client/1.0"
TRACE_ID: Final = "Root=1-6968d6c0-0123456789abcdef01234567"

_IDS: Final = uuid.UUID("6f0f3f0c-2a76-5d0e-9d6e-6c616d62646b")

JsonObject = dict[str, Any]


class Arrival(StrEnum):
    """How an event reaches its function."""

    PULLED = "pulled"
    ASYNCHRONOUS = "asynchronous"
    SYNCHRONOUS = "synchronous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The telling parts of an event. None: the source's own value.

    body: what was sent: a message's or request's body, a record's data, an event's detail.
    message: what was published or logged. key: of an object or of a record. count: how many records.
    """

    account_id: str = "123456789012"
    region: str = "us-east-1"
    count: int | None = None
    body: str | None = None
    message: str | None = None
    bucket: str | None = None
    key: str | None = None
    method: str | None = None
    path: str | None = None

    def given(self) -> tuple[str, ...]:
        """The names of what differs from the defaults."""
        plain = Choices()
        return tuple(each.name for each in fields(self) if getattr(self, each.name) != getattr(plain, each.name))

    def numbers(self) -> range:
        """One number for each record."""
        return range(1 if self.count is None else self.count)

    def text(self, name: str, default: str) -> str:
        """A choice, or `default` without one. An empty text is one."""
        value = getattr(self, name)
        return default if value is None else str(value)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the account and the region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def global_arn(self, service: str, resource: str, *, account_id: str = "") -> str:
        """An ARN that names no region."""
        return f"arn:{self.partition}:{service}::{account_id}:{resource}"

    @property
    def partition(self) -> str:
        """Source: AWS General Reference, "Amazon Resource Names (ARNs)"."""
        return partition_of(self.region)

    @property
    def role_arn(self) -> str:
        """An execution role."""
        return self.global_arn("iam", "role/example-role", account_id=self.account_id)

    @property
    def function_arn(self) -> str:
        """The function that gets the event."""
        return self.arn("lambda", "function:example-function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A source's event. takes: the choices that the event shows, by the names of `Choices`."""

    summary: str
    arrives: Arrival
    takes: tuple[str, ...]
    make: Callable[[Choices], Any]


def identifier(kind: str, number: int = 0) -> str:
    """A UUID that stays the same."""
    return str(uuid.uuid5(_IDS, f"{kind} {number}"))


def hexadecimal(kind: str, digits: int, number: int = 0) -> str:
    """Hexadecimal digits that stay the same."""
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()[:digits]


def md5(text: str) -> str:
    """As services tell it of bodies and objects."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def encoded(text: str) -> str:
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode()
