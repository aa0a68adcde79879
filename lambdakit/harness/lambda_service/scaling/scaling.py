"""Scales provisioned concurrency as Application Auto Scaling does: at scheduled times, and by its utilization.

    a write to the service -> sync: a timer for each scheduled action, the targets that a policy tracks
    a scheduled time       -> new bounds, the capacity within them, the next timer
    a measurement          -> a look at the end of this minute, and of each one for as long as there is any to look at

Nothing runs while nothing is registered.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.lambda_service.scaling.capacity import Capacity, ScalingActivity, named_function, unqualified
from lambdakit.harness.lambda_service.scaling.target_tracking import (
    Tracking,
    Utilization,
    read_tracking,
    wanted_capacity,
)
from lambdakit.harness.moto_state.scaling import (
    ScalableTarget,
    ScheduledAction,
    forget_what_has_no_target,
    scalable_target,
    scalable_targets,
    scheduled_actions,
    set_bounds,
    tracking_policies,
)
from lambdakit.harness.schedule_expression import InvalidSchedule, Schedule, parse_schedule
from lambdakit.trace import RuntimeNote, TraceLog

_MINUTE = timedelta(minutes=1)
_Place = tuple[str, str]
_Owner = tuple[str, str]


@dataclass(slots=True)
class _Tracked:
    """A target with policies. out_at, in_at: when it was scaled last; None for never."""

    target: ScalableTarget
    policies: Sequence[Tracking]
    utilization: Utilization = field(default_factory=Utilization)
    out_at: datetime | None = None
    in_at: datetime | None = None


class ProvisionedScaling:
    """Application Auto Scaling's work for Lambda.

    in_use: the utilization of a function's (ARN) version or alias at this moment, 0 to 1; 0 for an idle one.
    """

    def __init__(
        self, *, capacity: Capacity, clock: Scheduler, trace: TraceLog, in_use: Callable[[str, str], float]
    ) -> None:
        self._capacity = capacity
        self._clock = clock
        self._trace = trace
        self._in_use = in_use
        self._timers: dict[_Place, dict[tuple[str, str], Timer]] = {}
        self._tracked: dict[_Owner, _Tracked] = {}
        self._look: Timer | None = None
        self._noted: set[str] = set()
        self._lock = threading.RLock()

    def sync(self, account_id: str, region: str) -> None:
        """Follows what the service holds now: bounds, scheduled actions, policies."""
        with self._lock:
            forget_what_has_no_target(account_id, region)
            targets = scalable_targets(account_id, region)
            for target in targets:
                self._capacity.keep_within_bounds(target)
            self._schedule_all(account_id, region)
            self._track_all(account_id, region, targets)

    def used(self, arn: str, qualifier: str, utilization: float) -> None:
        """Takes a measurement of a version or alias, by its function's ARN."""
        if (arn, qualifier) not in self._tracked:
            return
        with self._lock:
            tracked = self._tracked.get((arn, qualifier))
            if tracked is not None:
                tracked.utilization.add(self._clock.now(), utilization)
                self._look_again()

    def activities(self, account_id: str, region: str, resource_id: str = "") -> Sequence[ScalingActivity]:
        """The latest changes of capacity, newest first. resource_id: of which target; empty for all."""
        return self._capacity.activities(account_id, region, resource_id)

    def _schedule_all(self, account_id: str, region: str) -> None:
        for timer in self._timers.pop((account_id, region), {}).values():
            timer.cancel()
        now = self._clock.now()
        for action in scheduled_actions(account_id, region):
            try:
                schedule = parse_schedule(action.schedule, zone=action.zone, any_plural=True)
            except InvalidSchedule as invalid:
                self._note(action.resource_id, f"scheduled action {action.name} never runs: {invalid.reason}")
                continue
            begin = now if action.start is None else max(now, action.start - timedelta(microseconds=1))
            self._schedule((account_id, region), action, schedule, after=begin)

    def _schedule(self, place: _Place, action: ScheduledAction, schedule: Schedule, *, after: datetime) -> None:
        due = schedule.next_after(after, since=action.start or action.created)
        if due is None or (action.end is not None and due > action.end):
            return
        timer = self._clock.schedule(
            due,
            functools.partial(self._apply, place, action, schedule, due),
            label=f"scheduled action {action.name} of {action.resource_id}",
            recurring=schedule.recurring,
        )
        self._timers.setdefault(place, {})[action.resource_id, action.name] = timer

    def _apply(self, place: _Place, action: ScheduledAction, schedule: Schedule, due: datetime) -> None:
        with self._lock:
            if action not in scheduled_actions(*place):
                return  # changed or deleted in the very moment
            self._schedule(place, action, schedule, after=due)
            target = scalable_target(*place, action.resource_id)
            if target is None or "ScheduledScalingSuspended" in target.suspended:
                return
            least = target.min_capacity if action.min_capacity is None else action.min_capacity
            most = target.max_capacity if action.max_capacity is None else action.max_capacity
            set_bounds(target, least, most)
            changed = scalable_target(*place, action.resource_id)
            if changed is not None:
                self._capacity.keep_within_bounds(changed)
                self._track_all(*place, scalable_targets(*place))

    def _track_all(self, account_id: str, region: str, targets: Sequence[ScalableTarget]) -> None:
        """Whoever measures reads without the lock, so what is tracked is replaced and not changed."""
        place = account_id, region
        before = self._tracked
        tracked = {owner: one for owner, one in before.items() if (one.target.account_id, one.target.region) != place}
        policies = tracking_policies(account_id, region)
        for target in targets:
            of_target = [policy for policy in policies if policy.resource_id == target.resource_id]
            read = []
            for policy in of_target:
                tracking = read_tracking(policy.name, policy.configuration)
                if tracking is None:
                    self._note(target.resource_id, f"nothing scales by policy {policy.name}: its metric is not watched")
                else:
                    read.append(tracking)
            if read:
                named = named_function(target)
                owner = unqualified(named), named.qualifier
                one = before.get(owner) or _Tracked(target, read)
                one.target, one.policies = target, read
                tracked[owner] = one
        self._tracked = tracked
        if not tracked and self._look is not None:
            self._look.cancel()
            self._look = None

    def _look_again(self) -> None:
        if self._look is None:
            end = self._clock.now().replace(second=0, microsecond=0) + _MINUTE
            label = "utilization of provisioned concurrency"
            self._look = self._clock.schedule(
                end, functools.partial(self._minute_ends, end), label=label, recurring=True
            )

    def _minute_ends(self, end: datetime) -> None:
        with self._lock:
            self._look = None
            for (arn, qualifier), tracked in self._tracked.items():
                # An invocation that runs for longer than a minute is measured in each of them.
                if not tracked.utilization.measured(end - _MINUTE) and (now := self._in_use(arn, qualifier)) > 0:
                    tracked.utilization.add(end - _MINUTE, now)
                self._evaluate(tracked, end)
                tracked.utilization.forget_before(end)
            if any(not tracked.utilization.empty for tracked in self._tracked.values()):
                self._look_again()

    def _evaluate(self, tracked: _Tracked, at: datetime) -> None:
        """One policy is enough to scale out; all must agree to scale in.

        Source: Application Auto Scaling User Guide, "How target tracking scaling works": the largest capacity wins.
        """
        if tracked.utilization.empty or self._capacity.in_progress(tracked.target):
            return
        current = self._capacity.current(tracked.target)
        wanted = {policy.name: wanted_capacity(policy, tracked.utilization, at, current) for policy in tracked.policies}
        policy = max(tracked.policies, key=lambda each: wanted[each.name])
        target = tracked.target
        capacity = max(target.min_capacity, min(target.max_capacity, wanted[policy.name]))
        if capacity > current and _is_over(tracked.out_at, policy.out_cooldown_seconds, at):
            if "DynamicScalingOutSuspended" not in target.suspended:
                tracked.out_at = at
                self._capacity.set(target, capacity, _cause(policy, target, "AlarmHigh"))
        elif capacity < current and _is_over(tracked.in_at, policy.in_cooldown_seconds, at):
            if "DynamicScalingInSuspended" not in target.suspended:
                tracked.in_at = at
                self._capacity.set(target, capacity, _cause(policy, target, "AlarmLow"))

    def _note(self, resource_id: str, note: str) -> None:
        if note not in self._noted:
            self._noted.add(note)
            self._trace.append(RuntimeNote(function=resource_id.split(":")[1], note=note))


def _is_over(since: datetime | None, seconds: float, at: datetime) -> bool:
    return since is None or at - since >= timedelta(seconds=seconds)


def _cause(policy: Tracking, target: ScalableTarget, alarm: str) -> str:
    return f"monitor alarm TargetTracking-{target.resource_id}-{alarm} in state ALARM triggered policy {policy.name}"
