"""What moto keeps of Application Auto Scaling for Lambda's provisioned concurrency, read and changed in process.

Private surface used: `moto.applicationautoscaling.models.applicationautoscaling_backends[account][region]` with
`targets[dimension][resource id]`, `policies` by key and the list `scheduled_actions`, and the attributes of what they
hold. Canary: tests/unit/harness/test_harness_moto_scaling.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.records import dataclass

DIMENSION: Final = "lambda:function:ProvisionedConcurrency"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalableTarget:
    """A version or alias that is scaled. resource_id: `function:NAME:QUALIFIER`.

    suspended: which of `DynamicScalingInSuspended`, `DynamicScalingOutSuspended`, `ScheduledScalingSuspended` are so.
    """

    account_id: str
    region: str
    resource_id: str
    min_capacity: int
    max_capacity: int
    suspended: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    """New bounds at a time. Absence of a bound or a time: as it is, or without end."""

    name: str
    resource_id: str
    schedule: str
    zone: str
    created: datetime
    start: datetime | None = None
    end: datetime | None = None
    min_capacity: int | None = None
    max_capacity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingPolicy:
    """A target tracking policy. configuration: `TargetTrackingScalingPolicyConfiguration`, as it was sent."""

    name: str
    resource_id: str
    configuration: Mapping[str, Any] = field(default_factory=dict)


def scalable_target(account_id: str, region: str, resource_id: str) -> ScalableTarget | None:
    """A registered target; None when there is none."""
    backend = _backend(account_id, region)
    target = None if backend is None else backend.targets.get(DIMENSION, {}).get(resource_id)
    return None if target is None else _target(account_id, region, target)


def scalable_targets(account_id: str, region: str) -> Sequence[ScalableTarget]:
    """Every registered target."""
    backend = _backend(account_id, region)
    targets = () if backend is None else list(backend.targets.get(DIMENSION, {}).values())
    return [_target(account_id, region, target) for target in targets]


def set_bounds(target: ScalableTarget, min_capacity: int, max_capacity: int) -> None:
    """Changes between what a target is scaled; nothing happens when it is gone."""
    backend = _backend(target.account_id, target.region)
    kept = None if backend is None else backend.targets.get(DIMENSION, {}).get(target.resource_id)
    if kept is not None:
        kept.update(min_capacity, max_capacity, None)


def scheduled_actions(account_id: str, region: str) -> Sequence[ScheduledAction]:
    """Every scheduled action, in the order in which they were made."""
    backend = _backend(account_id, region)
    kept = () if backend is None else [one for one in backend.scheduled_actions if one.scalable_dimension == DIMENSION]
    return [_action(one) for one in kept]


def tracking_policies(account_id: str, region: str) -> Sequence[TrackingPolicy]:
    """Every target tracking policy."""
    backend = _backend(account_id, region)
    return [
        TrackingPolicy(
            name=policy.policy_name,
            resource_id=policy.resource_id,
            configuration=policy.target_tracking_scaling_policy_configuration or {},
        )
        for policy in (() if backend is None else list(backend.policies.values()))
        if policy.scalable_dimension == DIMENSION and policy.policy_type == "TargetTrackingScaling"
    ]


def forget_what_has_no_target(account_id: str, region: str) -> None:
    """Deletes policies and scheduled actions whose target is not registered any more.

    Source: Application Auto Scaling API Reference, "DeregisterScalableTarget": they go with it. moto keeps them.
    """
    backend = _backend(account_id, region)
    if backend is None:
        return
    targets = backend.targets.get(DIMENSION, {})

    def is_left(one: Any) -> bool:
        return one.scalable_dimension == DIMENSION and one.resource_id not in targets

    backend.scheduled_actions = [one for one in backend.scheduled_actions if not is_left(one)]
    for key in [key for key, policy in backend.policies.items() if is_left(policy)]:
        del backend.policies[key]


def _backend(account_id: str, region: str) -> Any:
    """None as long as nobody called the service: importing it takes a while."""
    models = loaded("moto.applicationautoscaling.models")
    return None if models is None else models.applicationautoscaling_backends[account_id][region]


def _target(account_id: str, region: str, target: Any) -> ScalableTarget:
    suspended = target.suspended_state or {}
    return ScalableTarget(
        account_id=account_id,
        region=region,
        resource_id=target.resource_id,
        min_capacity=int(target.min_capacity or 0),
        max_capacity=int(target.max_capacity or 0),
        suspended=frozenset(name for name, is_so in suspended.items() if is_so is True),
    )


def _action(action: Any) -> ScheduledAction:
    bounds = action.scalable_target_action or {}
    return ScheduledAction(
        name=action.scheduled_action_name,
        resource_id=action.resource_id,
        schedule=action.schedule or "",
        zone=action.timezone or "UTC",
        created=datetime.fromtimestamp(action.creation_time, UTC),
        start=_moment(action.start_time),
        end=_moment(action.end_time),
        min_capacity=bounds.get("MinCapacity"),
        max_capacity=bounds.get("MaxCapacity"),
    )


def _moment(value: Any) -> datetime | None:
    """A timestamp as the JSON protocol has it: seconds, or ISO 8601."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
