"""What a stream is to its poller: shards, and records that are read by position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record.

    number: its place in the shard; grows. identifier: as the function names it when it reports that it failed.
    order_key: records of one key are handled in their order. text: the record in the event, as JSON.
    event, data: what filters look at; empty for a mapping without filters.
    """

    number: int
    identifier: str
    order_key: str
    arrived_at: datetime
    text: str
    event: Mapping[str, Any]
    data: str | None

    @property
    def size(self) -> int:
        """How much of an event it takes, in bytes."""
        return len(self.text) + 2 if self.text.isascii() else len(self.text.encode()) + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A shard. parents: what has to be read to its end before. is_closed: no more records will come."""

    id: str
    parents: tuple[str, ...] = ()
    is_closed: bool = False


class StreamSource(Protocol):
    """A stream as one mapping reads it.

    data_key: the member of a record that filters see as its data; empty where they see records as they are.
    passes_other_forms: whether data that is not of a filter's form, JSON or text, is no reason to keep a record back.
    retention: how long it keeps records; those that are older are gone.
    """

    data_key: str
    passes_other_forms: bool

    @property
    def retention(self) -> timedelta:
        """How long it keeps records."""

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` whenever there may be something new; `forget` ends it."""

    def forget(self, watcher: Callable[[], None]) -> None:
        """Ends what `watch` began."""

    def shards(self) -> Sequence[Shard] | None:
        """Its shards, parents first; None without the stream."""

    def now(self) -> int:
        """The number that every record to come is above."""

    def read(self, shard_id: str, *, after: int, limit: int, role_arn: str) -> Sequence[Record]:
        """Up to `limit` records that stand after a number. role_arn: who they are read by."""

    def permissions(self) -> Sequence[tuple[str, str]]:
        """The actions that the execution role needs, each with the resource."""

    def payload(self, records: Sequence[Record], members: Mapping[str, Any]) -> bytes:
        """The event for the function. members: what it has beside the records."""

    def reported(self, item: object) -> str | None:
        """What `Record.identifier` is of an `itemIdentifier` that a function reported; None for no identifier."""

    def batch_info(self, shard_id: str, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """The member of an on-failure destination's record that tells of a batch: its name and content."""
