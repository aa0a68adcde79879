"""Items that DynamoDB deletes by itself: when the harness's clock passes the time to live that stands in them.

moto keeps the setting and deletes nothing. AWS deletes within a few days of the time; here it is the time itself.
Source: Amazon DynamoDB Developer Guide, "Using time to live (TTL) in DynamoDB": a number of seconds since 1970, no more
than five years past.
Private surface used: of `moto.dynamodb.models` `dynamodb_backends`, `DynamoDBBackend.update_item` and
`update_time_to_live`; of `moto.dynamodb.models.table` `Table` with `ttl`, `all_items`, `put_item` and `delete_item`.
Canary: tests/unit/harness/test_harness_moto_table_streams.py.
"""

from __future__ import annotations

import functools
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any, Final

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.harness.moto_state.table_streams import TableStreams

_BACKENDS: Final = "moto.dynamodb.models"
_TABLES: Final = "moto.dynamodb.models.table"
_PAST_MAX: Final = timedelta(days=5 * 365)

# When, and what tells items of one time apart; of which table: account, region, name; which item.
_Entry = tuple[datetime, int, tuple[str, str, str], Any, Any]


class ItemExpiry:
    """Deletes what is due. Make it after `TableStreams`, before moto's modules are loaded."""

    def __init__(self, streams: TableStreams, clock: Scheduler) -> None:
        self._streams = streams
        self._clock = clock
        self._waiting: list[_Entry] = []
        self._numbers = itertools.count()
        self._timer: Timer | None = None
        change_when_loaded(self._mend)

    def reset(self) -> None:
        """Begins anew with what the tables hold now."""
        models: Any = loaded(_BACKENDS)
        with self._streams.lock:
            self._waiting.clear()
            if models is not None:
                for account in list(models.dynamodb_backends.values()):
                    for backend in list(account.values()):
                        for table in list(backend.tables.values()):
                            self._note_all(table)
            self._set_timer()

    def _mend(self, module: ModuleType) -> None:
        models: Any = module
        if module.__name__ == _TABLES:
            self._mend_table(models.Table)
        elif module.__name__ == _BACKENDS:
            self._mend_backend(models.DynamoDBBackend)

    def _mend_table(self, table_class: Any) -> None:
        put = _original(table_class.put_item)

        @functools.wraps(put)
        def put_item(table: Any, *arguments: Any, **named: Any) -> Any:
            item = put(table, *arguments, **named)
            self._note(table, item)
            return item

        table_class.put_item = put_item

    def _mend_backend(self, backend_class: Any) -> None:
        # What stands there already is `TableStreams`'s, and stays within.
        update, set_up = backend_class.update_item, backend_class.update_time_to_live

        def update_item(backend: Any, table_name: str, *arguments: Any, **named: Any) -> Any:
            item = update(backend, table_name, *arguments, **named)
            self._note(backend.get_table(table_name), item)
            return item

        def update_time_to_live(backend: Any, table_name: str, ttl_spec: Any) -> None:
            set_up(backend, table_name, ttl_spec)
            with self._streams.lock:
                self._note_all(backend.get_table(table_name))
                self._set_timer()

        update_item.__wrapped__ = _original(update)  # type: ignore[attr-defined]  # as functools.wraps would
        update_time_to_live.__wrapped__ = _original(set_up)  # type: ignore[attr-defined]  # as functools.wraps would
        backend_class.update_item, backend_class.update_time_to_live = update_item, update_time_to_live

    def _note_all(self, table: Any) -> None:
        if _attribute(table):
            for item in table.all_items():
                self._add(table, item)

    def _note(self, table: Any, item: Any) -> None:
        if _attribute(table):
            with self._streams.lock:
                self._add(table, item)
                self._set_timer()

    def _add(self, table: Any, item: Any) -> None:
        due = _due(table, item)
        if due is None or due < self._clock.now() - _PAST_MAX:
            return
        place = (table.account_id, table.region_name, table.name)
        heapq.heappush(self._waiting, (due, next(self._numbers), place, item.hash_key, item.range_key))

    def _set_timer(self) -> None:
        due = self._waiting[0][0] if self._waiting else None
        if self._timer is not None and not self._timer.cancelled and self._timer.due == due:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer = self._clock.schedule(due, self._delete_due, label="time to live of DynamoDB items")

    def _delete_due(self) -> None:
        with self._streams.writing(by_service=True):
            now = self._clock.now()
            while self._waiting and self._waiting[0][0] <= now:
                _, _, place, hash_key, range_key = heapq.heappop(self._waiting)
                table = _table(place)
                item = None if table is None or not _attribute(table) else table.get_item(hash_key, range_key)
                due = None if item is None else _due(table, item)
                if due is not None and due <= now:
                    table.delete_item(hash_key, range_key)
            self._timer = None
            self._set_timer()


def _original(function: Any) -> Any:
    return getattr(function, "__wrapped__", function)


def _table(place: tuple[str, str, str]) -> Any:
    account_id, region, name = place
    backends: Any = getattr(loaded(_BACKENDS), "dynamodb_backends")  # noqa: B009  # a name of moto's
    return backends[account_id][region].tables.get(name)


def _attribute(table: Any) -> str:
    """The name of the attribute that holds the time; empty while the setting is off."""
    return str(table.ttl.get("AttributeName", "")) if table.ttl.get("TimeToLiveStatus") == "ENABLED" else ""


def _due(table: Any, item: Any) -> datetime | None:
    """When an item goes; None for never: no such attribute, no number, or beyond all time."""
    value = item.attrs.get(_attribute(table))
    if value is None or value.type != "N":
        return None
    try:
        return datetime.fromtimestamp(int(Decimal(str(value.value))), UTC)
    except (ValueError, OverflowError, OSError):
        return None
