"""Provisioned concurrency that follows what is used of it, and the clock.

Source: Lambda Developer Guide, "Configuring provisioned concurrency for a function", Application Auto Scaling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_applicationautoscaling as scaling

from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import TimeZone
    from aws_cdk import aws_lambda as lambda_


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCapacity:
    """From the moments of `schedule` on, other bounds hold.

    schedule: `cron(0 8 ? * MON-FRI *)`, `rate(…)` or `at(…)`.
    min_capacity, max_capacity: absent, as they were; one of them has to be there.
    time_zone: absent, UTC.
    """

    schedule: str
    min_capacity: int | None = None
    max_capacity: int | None = None
    time_zone: TimeZone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedScaling:
    """How many environments are kept initialised behind the alias.

    max_capacity: at most. min_capacity: at least; absent, 1.
    utilization_target: the share of them that is in use, 0.1 to 0.9, which is held; absent, 0.7; None, schedules only.
    schedules: absent, none.
    """

    max_capacity: int
    min_capacity: int = 1
    utilization_target: float | None = 0.7
    schedules: Sequence[ScheduledCapacity] = ()


def add_scaling(alias: lambda_.Alias, settings: ProvisionedScaling) -> None:
    """Lets Application Auto Scaling set the alias's provisioned concurrency."""
    target = alias.add_auto_scaling(min_capacity=settings.min_capacity, max_capacity=settings.max_capacity)
    if settings.utilization_target is not None:
        target.scale_on_utilization(utilization_target=settings.utilization_target)
    for index, each in enumerate(settings.schedules):
        target.scale_on_schedule(
            f"Schedule{index}",
            schedule=scaling.Schedule.expression(each.schedule),
            min_capacity=each.min_capacity,
            max_capacity=each.max_capacity,
            time_zone=each.time_zone,
        )


def scaling_problems(pointer: str, settings: ProvisionedScaling) -> Iterator[Diagnostic]:
    """What Application Auto Scaling would refuse. Its predefined metric wants a target of 0.1 to 0.9."""
    if settings.min_capacity < 1:
        yield Diagnostic(
            pointer=f"{pointer}.min_capacity",
            problem=f"{settings.min_capacity} is below 1, the least Lambda keeps initialised",
            code="LK401",
            hint="min_capacity: 1",
        )
    if settings.max_capacity < settings.min_capacity:
        yield Diagnostic(
            pointer=f"{pointer}.max_capacity",
            problem=f"{settings.max_capacity} is below min_capacity, {settings.min_capacity}",
            code="LK405",
            hint=f"max_capacity: {settings.min_capacity}",
        )
    target = settings.utilization_target
    if target is not None and not 0.1 <= target <= 0.9:
        yield Diagnostic(
            pointer=f"{pointer}.utilization_target",
            problem=f"{target:g} is outside 0.1 to 0.9, what Application Auto Scaling holds for Lambda",
            code="LK401",
            hint="utilization_target: 0.7",
        )
    for index, each in enumerate(settings.schedules):
        place = f"{pointer}.schedules[{index}]"
        if each.min_capacity is None and each.max_capacity is None:
            yield Diagnostic(
                pointer=place,
                problem="has neither min_capacity nor max_capacity, so it changes nothing",
                code="LK405",
                hint="give one of them",
            )
        if not each.schedule.startswith(("cron(", "rate(", "at(")):
            yield Diagnostic(
                pointer=f"{place}.schedule",
                problem=f"{each.schedule!r} is no schedule: cron(…), rate(…) or at(…)",
                code="LK401",
                hint="schedule: cron(0 8 ? * MON-FRI *)",
            )
