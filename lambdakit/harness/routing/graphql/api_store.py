"""All GraphQL APIs of a harness, and the custom domains that lead to them.

Every change is made under the one lock, and counted in the record, so that whoever derived something from it knows.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambdakit.harness.routing.graphql.api_record import ApiRecord


class ApiStore:
    """The APIs by their ids, which are unique across accounts and regions. on_domain: told a domain that changed."""

    def __init__(self) -> None:
        self._apis: dict[str, ApiRecord] = {}
        self._domains: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()
        self.opened: Callable[[ApiRecord], None] = lambda record: None
        self.closed: Callable[[ApiRecord], None] = lambda record: None
        self.domain_opened: Callable[[str], None] = lambda name: None
        self.domain_closed: Callable[[str], None] = lambda name: None

    def find(self, api_id: str) -> ApiRecord | None:
        """An API; None for none."""
        return self._apis.get(api_id)

    def of(self, account_id: str, region: str) -> list[ApiRecord]:
        """The APIs of an account in a region, the oldest first."""
        with self._lock:
            return [api for api in self._apis.values() if (api.account_id, api.region) == (account_id, region)]

    def add(self, record: ApiRecord) -> None:
        """From now on it is there, and served."""
        with self._lock:
            self._apis[record.api_id] = record
        self.opened(record)

    def remove(self, api_id: str) -> ApiRecord | None:
        """It is not there any more; None when it was not."""
        with self._lock:
            record = self._apis.pop(api_id, None)
        if record is not None:
            self.closed(record)
        return record

    @contextlib.contextmanager
    def changing(self, record: ApiRecord) -> Iterator[ApiRecord]:
        """A change of an API: nobody else changes one meanwhile."""
        with self._lock:
            yield record
            record.version += 1

    def domain(self, name: str) -> Mapping[str, Any] | None:
        """A custom domain as AppSync's API gives it, with `apiId` and `owner` besides; None for none."""
        return self._domains.get(name)

    def domains(self) -> list[Mapping[str, Any]]:
        """Every custom domain."""
        with self._lock:
            return list(self._domains.values())

    def put_domain(self, name: str, domain: dict[str, Any]) -> None:
        """Makes or changes a custom domain."""
        with self._lock:
            is_new = name not in self._domains
            self._domains[name] = domain
        if is_new:
            self.domain_opened(name)

    def remove_domain(self, name: str) -> None:
        """Takes a custom domain away."""
        with self._lock:
            there = self._domains.pop(name, None)
        if there is not None:
            self.domain_closed(name)
