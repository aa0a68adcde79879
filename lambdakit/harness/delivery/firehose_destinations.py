"""What destinations of delivery streams that speak HTTP have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from lambdakit.harness.delivery.firehose_records import FirehoseRecord
from lambdakit.harness.delivery.firehose_requests import EndpointAnswer, EndpointRequest, NoAnswer
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records that go in one request. id, made_at: the same for each attempt. attempt: which one it is, from 1.

    since: what the time for retries is counted from.
    """

    stream_arn: str
    id: str
    records: Sequence[FirehoseRecord]
    made_at: datetime
    since: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A record that a destination did not take. code, message: as the error output has them."""

    record: FirehoseRecord
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request. again: tried again while there is time; failed: at once into the error output.

    lost: not even there. delivered: how many records the destination took.
    """

    delivered: int = 0
    again: Sequence[Undelivered] = ()
    failed: Sequence[Undelivered] = ()
    lost: Sequence[Undelivered] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a role has to be allowed. role_arn: empty where a stream has none, and nothing is asked for."""

    role_arn: str
    action: str
    resource: str


class Destination(Protocol):
    """A destination."""

    @property
    def target(self) -> str:
        """How traces call it."""

    @property
    def missing(self) -> str:
        """Why it has no address; empty when it has one."""

    @property
    def trouble(self) -> str:
        """Why no request can be made of it just now; empty when one can."""

    @property
    def grants(self) -> Sequence[Grant]:
        """What is asked for before a request is made."""

    @property
    def retries_from_failure(self) -> bool:
        """Whether the time for retries begins when the first attempt has failed, instead of with it."""

    def request(self, batch: Batch) -> EndpointRequest:
        """The request for a batch."""

    def read(self, answer: EndpointAnswer, batch: Batch) -> Outcome:
        """What an answer says of the records."""

    def unanswered(self, why: NoAnswer | None) -> tuple[str, str]:
        """Code and message for a request without an answer. why: None when nothing stands for the destination."""

    def denied(self, reason: str) -> tuple[str, str]:
        """Code and message for a permission that is not there, or for `trouble`."""

    def described(self, record: FirehoseRecord) -> Mapping[str, str]:
        """What the error output says of a record beside what it says for every destination."""


def all_of(records: Sequence[FirehoseRecord], code: str, message: str) -> Sequence[Undelivered]:
    """Records that failed for one and the same reason."""
    return [Undelivered(record=record, code=code, message=message) for record in records]
