"""Rules with a schedule: an event of their own whenever they are due.

Source: Amazon EventBridge User Guide, "Creating a rule that runs on a schedule in Amazon EventBridge" (default bus,
UTC, from the making of the rule on); AWS Lambda Developer Guide, "Invoke a Lambda function on a schedule" (the event).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from lambdakit.clock import Scheduler
from lambdakit.harness.delivery.bus_event import BusEvent, new_event
from lambdakit.harness.delivery.timetable import Timetable
from lambdakit.harness.moto_state.event_buses import Buses, BusPlace, BusRule
from lambdakit.harness.schedule_expression import InvalidSchedule, Schedule, parse_schedule

# A machine that was asleep does not make up for what was due meanwhile.
LATE_MAX: Final = timedelta(seconds=90)


class RuleSchedules:
    """The timers of rules. due: told of a rule with its event."""

    def __init__(self, buses: Buses, *, clock: Scheduler, due: Callable[[BusRule, BusEvent], None]) -> None:
        self._buses = buses
        self._clock = clock
        self._due = due
        self._timetable = Timetable(clock)

    def sync(self, account_id: str, region: str) -> None:
        """Follows the rules of a region: those that are new or changed are counted from now."""
        place = BusPlace(account_id=account_id, region=region)
        live = {rule.arn: rule for rule in self._buses.rules(place) or () if rule.schedule and rule.is_enabled}
        partition = place.arn.partition(":events:")[0]
        self._timetable.keep(live.keys(), among=f"{partition}:events:{region}:{account_id}:")
        for arn, rule in live.items():
            if self._timetable.plan(arn) != rule.schedule:
                self._start(rule)

    def reset(self) -> None:
        """Counts every rate from now."""
        self._timetable.clear()
        for account_id, region in self._buses.places():
            self.sync(account_id, region)

    def _start(self, rule: BusRule) -> None:
        try:
            schedule = parse_schedule(rule.schedule, kinds=("rate", "cron"))
        except InvalidSchedule:
            return
        now = self._clock.now()
        self._plan(rule, schedule, since=now, after=now)

    def _plan(self, rule: BusRule, schedule: Schedule, *, since: datetime, after: datetime) -> None:
        due = schedule.next_after(after, since=since)

        def fire() -> None:
            if due is None:
                return
            current = self._buses.rule(rule.place, rule.name)
            self._plan(rule, schedule, since=since, after=max(due, self._clock.now() - LATE_MAX))
            if current is not None and current.is_enabled:
                self._due(current, scheduled_event(current, due, self._clock.now()))

        self._timetable.put(rule.arn, rule.schedule, due, fire, label=f"rule {rule.name}", recurring=True)


def scheduled_event(rule: BusRule, due: datetime, now: datetime) -> BusEvent:
    """The event of a rule that is due."""
    return new_event(
        source="aws.events",
        detail_type="Scheduled Event",
        account_id=rule.place.account_id,
        region=rule.place.region,
        detail={},
        received=now,
        time=due,
        resources=[rule.arn],
    )
