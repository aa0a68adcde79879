"""The provisioned concurrency of scalable targets: read, set, and told of.

Source: Application Auto Scaling User Guide, "AWS Lambda and Application Auto Scaling" and "Scaling activities for
Application Auto Scaling": a change of the bounds starts an activity as well.
"""

from __future__ import annotations

import collections
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal

from lambdakit.harness.lambda_service.concurrency_settings import ConcurrencySettings
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName
from lambdakit.harness.moto_state.scaling import ScalableTarget
from lambdakit.records import dataclass
from lambdakit.trace import CapacityScaled, TraceLog

# Scaling activities that are kept; AWS keeps those of six weeks.
_ACTIVITIES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingActivity:
    """A change of capacity, or a failed attempt at one. problem: why it failed; empty for one that did not."""

    id: str
    target: ScalableTarget
    capacity: int
    cause: str
    at: datetime
    problem: str = ""

    @property
    def status(self) -> Literal["Successful", "Failed"]:
        """As `DescribeScalingActivities` names it."""
        return "Failed" if self.problem else "Successful"


class Capacity:
    """Sets how many environments versions and aliases keep initialized. settings: of an account."""

    def __init__(
        self, *, settings: Callable[[str], ConcurrencySettings], now: Callable[[], datetime], trace: TraceLog
    ) -> None:
        self._settings = settings
        self._now = now
        self._trace = trace
        self._activities: collections.deque[ScalingActivity] = collections.deque(maxlen=_ACTIVITIES_MAX)

    def current(self, target: ScalableTarget) -> int:
        """What is asked for now; 0 without a configuration."""
        named = named_function(target)
        return self._settings(target.account_id).provisioned(unqualified(named), named.qualifier) or 0

    def in_progress(self, target: ScalableTarget) -> bool:
        """Whether environments of it are still being initialized."""
        named = named_function(target)
        config = self._settings(target.account_id).provisioned_of(unqualified(named)).get(named.qualifier)
        return config is not None and config.status == "IN_PROGRESS"

    def keep_within_bounds(self, target: ScalableTarget) -> None:
        """Scales to the nearest bound where the current capacity is not between them."""
        current = self.current(target)
        if current < target.min_capacity:
            self.set(target, target.min_capacity, f"minimum capacity was set to {target.min_capacity}")
        elif current > target.max_capacity:
            self.set(target, target.max_capacity, f"maximum capacity was set to {target.max_capacity}")

    def set(self, target: ScalableTarget, capacity: int, cause: str) -> None:
        """Asks for `capacity` environments; a refusal is an activity that failed."""
        named, before, settings = named_function(target), self.current(target), self._settings(target.account_id)
        if capacity == before:
            return
        problem = ""
        try:
            if capacity:
                settings.provision(named, capacity)
            else:
                settings.unprovision(named)
        except ServiceFault as fault:
            problem = f"{fault.code}: {fault.message}"
        self._activities.append(
            ScalingActivity(
                id=str(uuid.uuid4()), target=target, capacity=capacity, cause=cause, at=self._now(), problem=problem
            )
        )
        self._trace.append(
            CapacityScaled(
                function=named.name,
                qualifier=named.qualifier,
                before=before,
                capacity=capacity,
                cause=cause,
                problem=problem,
            )
        )

    def activities(self, account_id: str, region: str, resource_id: str = "") -> Sequence[ScalingActivity]:
        """The latest ones, newest first. resource_id: of which target; empty for all."""
        return [
            activity
            for activity in reversed(self._activities)
            if (activity.target.account_id, activity.target.region) == (account_id, region)
            and resource_id in ("", activity.target.resource_id)
        ]


def named_function(target: ScalableTarget) -> FunctionName:
    """The version or alias that a target stands for."""
    _, name, qualifier = target.resource_id.split(":", 2)
    return FunctionName(name=name, qualifier=qualifier, account_id=target.account_id, region=target.region)


def unqualified(named: FunctionName) -> str:
    """The function's ARN."""
    return named.arn.removesuffix(f":{named.qualifier}")
