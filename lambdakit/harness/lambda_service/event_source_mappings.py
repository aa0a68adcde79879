"""Event source mappings as the API keeps them: which source, which function, how.

What polls is told of every change; what is polled, and how, is no matter of this file.
Source: AWS Lambda API Reference, "CreateEventSourceMapping" and "UpdateEventSourceMapping".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any

from lambdakit.arn import partition_of
from lambdakit.harness.lambda_service.event_source_rules import complete_settings, source_kind
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.lambda_service.function_table import FunctionTable
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceMapping:
    """A mapping.

    function_arn: with the qualifier when one was named. source_arn: empty for a Kafka cluster of one's own.
    settings: the API's members, such as `BatchSize` and `FilterCriteria`, with the source's defaults filled in.
    result: what came of the last polling, in AWS's words; empty where none is told.
    """

    uuid: str
    region: str
    account_id: str
    function_arn: str
    source_arn: str
    enabled: bool
    settings: Mapping[str, Any]
    last_modified: datetime
    result: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The mapping's own ARN."""
        return (
            f"arn:{partition_of(self.region)}:lambda:{self.region}:{self.account_id}:event-source-mapping:{self.uuid}"
        )

    @property
    def state(self) -> str:
        """`Enabled` or `Disabled`; nothing here takes long enough to be seen on its way."""
        return "Enabled" if self.enabled else "Disabled"


class EventSourceMappings:
    """All mappings of an account. Whoever watches is told the UUID of one that came, changed or went."""

    def __init__(self, table: FunctionTable) -> None:
        self._table = table
        self._mappings: dict[str, EventSourceMapping] = {}
        self._watchers: list[Callable[[str], None]] = []

    def watch(self, on_changed: Callable[[str], None]) -> None:
        """Calls `on_changed` with the UUID of each mapping that came, changed or went."""
        self._watchers.append(on_changed)

    def create(
        self,
        named: FunctionName,
        source_arn: str,
        *,
        enabled: bool = True,
        settings: Mapping[str, Any],
        tags: Mapping[str, str] | None = None,
    ) -> EventSourceMapping:
        """Adds a mapping.

        settings: what was given, without defaults; see `complete_settings` for what is refused.
        ResourceNotFoundException without the function, ResourceConflictException when the two are mapped already.
        """
        completed = complete_settings(source_arn, settings)
        with self._table.lock:
            self._table.version(named)
            self._refuse_duplicate(named, source_arn, completed)
            kind = source_kind(source_arn, settings)
            mapping = EventSourceMapping(
                uuid=str(uuid.uuid4()),
                region=named.region,
                account_id=self._table.account_id,
                function_arn=named.arn,
                source_arn=source_arn,
                enabled=enabled,
                settings=completed,
                last_modified=self._table.now(),
                result="No records processed" if kind.positions else "",
                tags=dict(tags or {}),
            )
            self._mappings[mapping.uuid] = mapping
        self._tell(mapping.uuid)
        return mapping

    def update(
        self,
        mapping_id: str,
        *,
        named: FunctionName | None = None,
        enabled: bool | None = None,
        settings: Mapping[str, Any],
    ) -> EventSourceMapping:
        """Changes a mapping; None and members that are not given leave as it was. Refuses what `create` does."""
        with self._table.lock:
            current = self.get(mapping_id)
            if named is not None:
                self._table.version(named)
            changed = replace(
                current,
                function_arn=current.function_arn if named is None else named.arn,
                enabled=current.enabled if enabled is None else enabled,
                settings=complete_settings(current.source_arn, {**current.settings, **settings}),
                last_modified=self._table.now(),
            )
            self._mappings[mapping_id] = changed
        self._tell(mapping_id)
        return changed

    def delete(self, mapping_id: str) -> EventSourceMapping:
        """Removes a mapping and returns it as it was. ResourceNotFoundException when there is none."""
        with self._table.lock:
            mapping = self.get(mapping_id)
            del self._mappings[mapping_id]
        self._tell(mapping_id)
        return mapping

    def get(self, mapping_id: str) -> EventSourceMapping:
        """A mapping. ResourceNotFoundException when there is none."""
        found = self._mappings.get(mapping_id)
        if found is None:
            raise ServiceFault("ResourceNotFoundException", "The resource you requested does not exist.")
        return found

    def find(self, mapping_id: str) -> EventSourceMapping | None:
        """A mapping; None when there is none."""
        return self._mappings.get(mapping_id)

    def all(self) -> Sequence[EventSourceMapping]:
        """Every mapping, in the order they were made."""
        with self._table.lock:
            return list(self._mappings.values())

    def retag(self, mapping_id: str, tags: Mapping[str, str]) -> None:
        """Replaces the tags of a mapping. ResourceNotFoundException when there is none."""
        with self._table.lock:
            self._mappings[mapping_id] = replace(self.get(mapping_id), tags=dict(tags))

    def report(self, mapping_id: str, result: str) -> None:
        """Keeps what came of the last polling; nothing happens when the mapping is gone."""
        with self._table.lock:
            mapping = self._mappings.get(mapping_id)
            if mapping is not None:
                self._mappings[mapping_id] = replace(mapping, result=result)

    def _refuse_duplicate(self, named: FunctionName, source_arn: str, settings: Mapping[str, Any]) -> None:
        """The texts, blanks included, are AWS's, as users of SAM (issue 1320) and Chalice (issue 2146) report them."""
        for other in self._mappings.values():
            same_source = other.source_arn == source_arn and other.settings.get("Topics") == settings.get("Topics")
            if not source_arn or not same_source or _unqualified(other.function_arn) != _unqualified(named.arn):
                continue
            if ":sqs:" in source_arn:
                begin = (
                    f'An event source mapping with SQS arn (" {source_arn} ") and function (" {named.name} ") already'
                )
            else:
                begin = (
                    f'The event source arn (" {source_arn} ") and function (" {named.name} ") provided mapping already'
                )
            raise ServiceFault(
                "ResourceConflictException",
                f"{begin} exists. Please update or delete the existing mapping with UUID {other.uuid}",
            )

    def _tell(self, mapping_id: str) -> None:
        for on_changed in self._watchers:
            on_changed(mapping_id)


def _unqualified(function_arn: str) -> str:
    return ":".join(function_arn.split(":")[:7])
