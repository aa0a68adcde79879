"""EventBridge Scheduler: each schedule calls its target whenever it is due.

    schedules of moto -> a timer each -> the moment (later within a flexible window) -> its target, through `Deliveries`

Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler", "Configuring flexible time
windows", "Deleting a schedule after completion"; EventBridge Scheduler API Reference, "CreateSchedule".
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.clock import Scheduler
from lambdakit.harness.delivery.deliveries import Deliveries
from lambdakit.harness.delivery.rule_schedules import LATE_MAX
from lambdakit.harness.delivery.schedule_checks import check_schedule
from lambdakit.harness.delivery.schedule_targets import Call, ScheduleTargets
from lambdakit.harness.delivery.timetable import Timetable
from lambdakit.harness.invocation.shipment import Clients as RoleClients
from lambdakit.harness.moto_state.schedules import KeptSchedule, Schedules
from lambdakit.harness.schedule_expression import InvalidSchedule, Once, Schedule, parse_schedule
from lambdakit.trace import TraceLog

_MOMENT: Final = timedelta(microseconds=1)


class EventBridgeScheduler:
    """Starts with the harness. Make it before moto's services are loaded. role_clients: make clients of a role."""

    def __init__(self, deliveries: Deliveries, *, clock: Scheduler, trace: TraceLog, role_clients: RoleClients) -> None:
        self._clock = clock
        self._targets = ScheduleTargets(deliveries, role_clients, trace)
        self._timetable = Timetable(clock)
        self._schedules = Schedules(self)

    def check_schedule(self, given: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
        """Refuses a schedule that is not in order."""
        check_schedule(given, groups)

    def schedules_changed(self, account_id: str, region: str) -> None:
        """Follows the schedules of a region."""
        self._sync(account_id, region)

    def reset(self) -> None:
        """Begins anew: rates are counted from now, and do not call at once."""
        self._timetable.clear()
        now = self._clock.now()
        for account_id, region in self._schedules.places():
            self._sync(account_id, region, since=now)

    def _sync(self, account_id: str, region: str, *, since: datetime | None = None) -> None:
        live = {one.arn: one for one in self._schedules.schedules(account_id, region) if one.is_enabled}
        self._timetable.keep(live.keys(), among=f"arn:{partition_of(region)}:scheduler:{region}:{account_id}:")
        for arn, kept in live.items():
            plan = _plan(kept)
            if since is not None:
                # The plan stays that of the schedule, so that the next look at it changes nothing.
                self._start(replace(kept, since=since), plan, at_once=False)
            elif self._timetable.plan(arn) != plan:
                self._start(kept, plan, at_once=True)

    def _start(self, kept: KeptSchedule, plan: tuple[Any, ...], *, at_once: bool) -> None:
        try:
            schedule = parse_schedule(kept.expression, zone=kept.zone, any_plural=True)
        except (InvalidSchedule, ValueError):
            return
        # User Guide, "Rate-based schedules": without a start date, the target is called at once.
        begin = kept.start if kept.start is not None and not isinstance(schedule, Once) else None
        since = begin or kept.since
        after = max(since, self._clock.now()) if begin or not at_once else since
        if begin is not None and begin >= self._clock.now():
            after = begin - _MOMENT
        elif begin is None and at_once:
            after = since - _MOMENT
        self._put(kept, schedule, plan, since=since, after=after)

    def _put(
        self, kept: KeptSchedule, schedule: Schedule, plan: tuple[Any, ...], *, since: datetime, after: datetime
    ) -> None:
        due = schedule.next_after(after, since=since)
        if due is not None and not isinstance(schedule, Once) and kept.end is not None and due > kept.end:
            due = None
        moment = None if due is None else due + _delay(kept, due)

        def fire() -> None:
            if due is None:
                return
            current = self._schedules.schedule(kept.account_id, kept.region, kept.group, kept.name)
            if current is None or not current.is_enabled:
                return
            window = timedelta(minutes=kept.window_minutes)
            late = max(due, self._clock.now() - window - LATE_MAX)
            self._put(kept, schedule, plan, since=since, after=late)
            self._targets.call(current, Call(schedule=current, due=due))
            if current.is_deleted_when_complete and self._is_complete(kept, schedule, since, late):
                self._schedules.delete(current)

        self._timetable.put(
            kept.arn, plan, moment, fire, label=f"schedule {kept.name}", recurring=not isinstance(schedule, Once)
        )

    @staticmethod
    def _is_complete(kept: KeptSchedule, schedule: Schedule, since: datetime, after: datetime) -> bool:
        following = schedule.next_after(after, since=since)
        return following is None or (kept.end is not None and following > kept.end)


def _plan(kept: KeptSchedule) -> tuple[Any, ...]:
    """What the times of a schedule follow from."""
    return (kept.expression, kept.zone, kept.since, kept.start, kept.end, kept.window_minutes)


def _delay(kept: KeptSchedule, due: datetime) -> timedelta:
    """How far into its window a call is made: anywhere, but the same each time that all else is."""
    if not kept.window_minutes:
        return timedelta()
    drawn = random.Random(f"{kept.arn} {due.timestamp()}").random()
    return timedelta(seconds=int(drawn * kept.window_minutes * 60))
