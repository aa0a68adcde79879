"""Health checks of functions behind load balancers: asked again and again by the harness's clock.

They are off unless a target group switches them on. A group has one function, and requests go to it whether it is well
or not, as they do on AWS when no target is; what the checks find stands in the trace.
Source: Application Load Balancers guide, "Use Lambda functions as targets of an Application Load Balancer" (enable
health checks), "Health checks for Application Load Balancer target groups".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.activity import Activity
from lambdakit.harness.moto_state.load_balancers import HealthCheck, TargetGroup
from lambdakit.trace import TargetHealthChanged, TraceLog


@dataclass(slots=True, kw_only=True)
class _Course:
    """How a group's checks went. in_a_row: how many of the last ones had the same outcome, `well`."""

    timer: Timer
    check: HealthCheck
    well: bool = True
    in_a_row: int = 0
    state: str = "initial"


class HealthChecks:
    """Asks functions whether they are well.

    group: a target group as it is now, if a rule of a balancer leads to it; None for any other.
    ask: a function's status for a path. submit: runs work in another thread.
    """

    def __init__(
        self,
        *,
        group: Callable[[str], TargetGroup | None],
        ask: Callable[[TargetGroup, str], int],
        clock: Scheduler,
        activity: Activity,
        submit: Callable[[Callable[[], None]], None],
        trace: TraceLog,
    ) -> None:
        self._group = group
        self._ask = ask
        self._clock = clock
        self._activity = activity
        self._submit = submit
        self._trace = trace
        self._courses: dict[str, _Course] = {}
        self._lock = threading.Lock()

    def follow(self, group_arn: str) -> None:
        """Begins with what a group says now, or ends where it says nothing. Idempotent."""
        group = self._group(group_arn)
        check = None if group is None or group.target_type != "lambda" else group.health_check
        with self._lock:
            course = self._courses.get(group_arn)
            if course is not None and course.check == check:
                return
            if course is not None:
                course.timer.cancel()
                del self._courses[group_arn]
            if check is not None:
                self._courses[group_arn] = _Course(timer=self._scheduled_locked(group_arn, check), check=check)

    def state(self, group_arn: str) -> str:
        """`initial`, `healthy` or `unhealthy`; `unavailable` without checks."""
        course = self._courses.get(group_arn)
        return "unavailable" if course is None else course.state

    def _scheduled_locked(self, group_arn: str, check: HealthCheck) -> Timer:
        due = self._clock.now() + timedelta(seconds=check.interval_seconds)
        label = f"health check of {group_arn.partition(':targetgroup/')[2].partition('/')[0]}"
        return self._clock.schedule(due, lambda: self._due(group_arn, label), label=label, recurring=True)

    def _due(self, group_arn: str, label: str) -> None:
        group = self._group(group_arn)
        check = None if group is None else group.health_check
        with self._lock:
            course = self._courses.get(group_arn)
            if course is None:
                return
            if group is None or check is None:
                del self._courses[group_arn]
                return
            course.check = check
            course.timer = self._scheduled_locked(group_arn, check)
        self._activity.begin(label)

        def asked() -> None:
            try:
                self._found(group_arn, group, check, self._ask(group, check.path))
            finally:
                self._activity.end(label)

        self._submit(asked)

    def _found(self, group_arn: str, group: TargetGroup, check: HealthCheck, status: int) -> None:
        well = _is_among(status, check.codes)
        with self._lock:
            course = self._courses.get(group_arn)
            if course is None:
                return
            course.in_a_row = course.in_a_row + 1 if course.well == well else 1
            course.well = well
            before = course.state
            # A target that is new is well after one check.
            needed = (1 if before == "initial" else check.healthy_threshold) if well else check.unhealthy_threshold
            if course.in_a_row >= needed:
                course.state = "healthy" if well else "unhealthy"
            changed = course.state != before
            state = course.state
        if changed and group.targets:
            target = group.targets[0].id
            self._trace.append(TargetHealthChanged(target_group=group.name, target=target, state=state, status=status))


def _is_among(status: int, codes: str) -> bool:
    """Whether a status is one of `200`, `200,202` or `200-299`."""
    for part in codes.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= status <= int(high if high.isdigit() else low):
            return True
    return False
