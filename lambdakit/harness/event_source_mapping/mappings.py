"""The pollers of all mappings: one for each that is enabled, as long as it is.

Whatever changes a mapping tells its store, which tells this; a changed mapping gets a new poller.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from lambdakit.harness.event_source_mapping.calls import Poller, Surroundings
from lambdakit.harness.event_source_mapping.sent_records import source_service
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.store import FunctionStore

# Makes the poller of a mapping.
MakePoller = Callable[[EventSourceMapping, Surroundings], Poller]


class MappingPollers:
    """Starts and stops pollers.

    pollers: what makes them, by the service in the source's ARN; a source without one is not pulled from.
    """

    def __init__(self, stores: FunctionStores, pollers: Mapping[str, MakePoller], around: Surroundings) -> None:
        self._stores = stores
        self._make = pollers
        self._around = around
        self._running: dict[str, Poller] = {}
        self._lock = threading.RLock()
        self._closed = False
        stores.each(self._watch)

    def reset(self) -> None:
        """Begins anew with every mapping that is there, after the account was put back to an earlier state."""
        with self._lock:
            for poller in self._running.values():
                poller.stop()
            self._running.clear()
        for store in self._stores.all():
            self._start_all(store)

    def close(self) -> None:
        """Stops every poller. Idempotent."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, {}
        for poller in running.values():
            poller.stop()

    def _watch(self, store: FunctionStore) -> None:
        store.event_source_mappings.watch(lambda mapping_id: self._changed(store, mapping_id))

    def _start_all(self, store: FunctionStore) -> None:
        for mapping in store.event_source_mappings.all():
            self._changed(store, mapping.uuid)

    def _changed(self, store: FunctionStore, mapping_id: str) -> None:
        mapping = store.event_source_mappings.find(mapping_id)
        with self._lock:
            before = self._running.pop(mapping_id, None)
            if before is not None:
                before.stop()
            if mapping is None or not mapping.enabled or self._closed:
                return
            make = self._make.get(source_service(mapping))
            if make is None:
                return
            poller = self._running[mapping_id] = make(mapping, self._around)
        poller.start()
