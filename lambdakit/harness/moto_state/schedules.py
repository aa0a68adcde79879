"""moto's schedules of EventBridge Scheduler: read as they are, and told of when they change.

Three things of moto are mended as its modules are loaded: schedules that the Scheduler refuses were kept, one in a
group that is not there failed, and `ActionAfterCompletion` of an update was lost.

Private surface used: of `moto.scheduler.models` `scheduler_backends`, `EventBridgeSchedulerBackend` with
`create_schedule`, `update_schedule`, `delete_schedule`, `delete_schedule_group` and `schedule_groups[name].schedules`,
and the attributes of `Schedule`; `moto.scheduler.responses.EventBridgeSchedulerResponse.update_schedule`.
Canary: tests/unit/harness/test_harness_moto_schedules.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final, Protocol

from lambdakit.harness.moto_state.api_fault import told_by_moto
from lambdakit.harness.moto_state.event_buses import moment_of
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

_MODELS: Final = "moto.scheduler.models"
_RESPONSES: Final = "moto.scheduler.responses"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSchedule:
    """A schedule. target: as the API takes it. window_minutes: of a flexible time window; 0 without.

    since: when it was made or last changed. start, end: None without.
    """

    account_id: str
    region: str
    group: str
    name: str
    arn: str
    expression: str
    zone: str
    is_enabled: bool
    since: datetime
    target: Mapping[str, Any]
    window_minutes: int = 0
    start: datetime | None = None
    end: datetime | None = None
    is_deleted_when_complete: bool = False


class SchedulerFront(Protocol):
    """Who answers for the Scheduler."""

    def check_schedule(self, given: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
        """Refuses, by `ApiFault`, a schedule that is not in order. given: moto's names of the API's members."""

    def schedules_changed(self, account_id: str, region: str) -> None:
        """Something about the schedules there is not as it was."""


class Schedules:
    """The schedules of all accounts. Make it before moto's module is loaded, or while nobody uses it."""

    def __init__(self, front: SchedulerFront) -> None:
        self._front = front
        change_when_loaded(self._change)

    def schedules(self, account_id: str, region: str) -> Iterator[KeptSchedule]:
        """Those of a region."""
        models = loaded(_MODELS)
        groups = {} if models is None else models.scheduler_backends[account_id][region].schedule_groups
        for group in list(groups.values()):
            for schedule in list(group.schedules.values()):
                yield _kept(account_id, region, schedule)

    def places(self) -> Iterator[tuple[str, str]]:
        """Account and region of everything there is."""
        models = loaded(_MODELS)
        for account_id, regions in list((models.scheduler_backends if models is not None else {}).items()):
            for region in list(regions):
                yield account_id, region

    def schedule(self, account_id: str, region: str, group: str, name: str) -> KeptSchedule | None:
        """One schedule; None when it is gone."""
        found = self._find(account_id, region, group, name)
        return None if found is None else _kept(account_id, region, found)

    def delete(self, schedule: KeptSchedule) -> None:
        """Deletes a schedule; nothing happens when it is gone."""
        models = loaded(_MODELS)
        if models is not None and self._find(schedule.account_id, schedule.region, schedule.group, schedule.name):
            backend = models.scheduler_backends[schedule.account_id][schedule.region]
            backend.delete_schedule(schedule.group, schedule.name)

    @staticmethod
    def _find(account_id: str, region: str, group: str, name: str) -> Any:
        models = loaded(_MODELS)
        if models is None:
            return None
        kept = models.scheduler_backends[account_id][region].schedule_groups.get(group)
        return None if kept is None else kept.schedules.get(name)

    def _change(self, module: ModuleType) -> None:
        changed: Any = module
        if module.__name__ == _MODELS:
            for name in ("create_schedule", "update_schedule"):
                self._watch(changed.EventBridgeSchedulerBackend, name, check=True)
            for name in ("delete_schedule", "delete_schedule_group"):
                self._watch(changed.EventBridgeSchedulerBackend, name, check=False)
        elif module.__name__ == _RESPONSES:
            _keep_action(changed.EventBridgeSchedulerResponse)

    def _watch(self, backend_class: Any, name: str, *, check: bool) -> None:
        front = self._front
        method: Callable[..., Any] = getattr(backend_class, name)
        own = getattr(method, "__wrapped__", method)

        @functools.wraps(own)
        def watched(backend: Any, *arguments: Any, **options: Any) -> Any:
            if check:
                with told_by_moto():
                    front.check_schedule(options, backend.schedule_groups)
                options["state"] = options.get("state") or "ENABLED"
            answer = own(backend, *arguments, **options)
            front.schedules_changed(backend.account_id, backend.region_name)
            return answer

        setattr(backend_class, name, watched)


def _keep_action(response_class: Any) -> None:
    method = response_class.update_schedule
    own = getattr(method, "__wrapped__", method)

    @functools.wraps(own)
    def update_schedule(response: Any) -> Any:
        answer = own(response)
        name = response.uri.split("?")[0].split("/")[-1]
        kept = response.scheduler_backend.get_schedule(response._get_param("GroupName"), name)
        kept.action_after_completion = response._get_param("ActionAfterCompletion")
        return answer

    response_class.update_schedule = update_schedule


def _kept(account_id: str, region: str, schedule: Any) -> KeptSchedule:
    window = schedule.flexible_time_window or {}
    return KeptSchedule(
        account_id=account_id,
        region=region,
        group=schedule.group_name,
        name=schedule.name,
        arn=schedule.arn,
        expression=schedule.schedule_expression,
        zone=schedule.schedule_expression_timezone or "UTC",
        is_enabled=schedule.state != "DISABLED",
        since=datetime.fromtimestamp(schedule.last_modified_date, UTC),
        target=dict(schedule.target),
        window_minutes=int(window.get("MaximumWindowInMinutes") or 0) if window.get("Mode") == "FLEXIBLE" else 0,
        start=None if schedule.start_date is None else moment_of(schedule.start_date),
        end=None if schedule.end_date is None else moment_of(schedule.end_date),
        is_deleted_when_complete=schedule.action_after_completion == "DELETE",
    )
