"""How CodeDeploy moves traffic to a new version of a function: deployment configurations, and the steps of each.

Source: AWS CodeDeploy User Guide, "Working with deployment configurations in CodeDeploy", "Deployment configurations
on an AWS Lambda compute platform"; AWS CodeDeploy API Reference, "TimeBasedCanary", "TimeBasedLinear".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.records import dataclass

LAMBDA: Final = "Lambda"
_WHOLE: Final = 100
_PREFIX: Final = "CodeDeployDefault."
# What a deployment group has that names no configuration. Source: CodeDeploy API Reference, "CreateDeploymentGroup"
# (`CodeDeployDefault.OneAtATime` for instances); for functions the page names none, and `LambdaAllAtOnce` is the one
# that moves all traffic at once.
DEFAULTS: Final[Mapping[str, str]] = {
    LAMBDA: f"{_PREFIX}LambdaAllAtOnce",
    "ECS": f"{_PREFIX}ECSAllAtOnce",
    "Server": f"{_PREFIX}OneAtATime",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A step. percent: of the traffic that the new version has from then on. minutes: until the next step."""

    percent: float
    minutes: int


def shifts(routing: Mapping[str, Any]) -> Sequence[Shift]:
    """The steps of a configuration, the last of which moves everything.

    routing: its `trafficRoutingConfig`.
    """
    canary, linear = routing.get("timeBasedCanary") or {}, routing.get("timeBasedLinear") or {}
    match routing.get("type"):
        case "TimeBasedCanary":
            first = Shift(percent=float(canary["canaryPercentage"]), minutes=int(canary["canaryInterval"]))
            return (first, Shift(percent=_WHOLE, minutes=0))
        case "TimeBasedLinear":
            part, minutes = float(linear["linearPercentage"]), int(linear["linearInterval"])
            steps = []
            moved = part
            while moved < _WHOLE:
                steps.append(Shift(percent=moved, minutes=minutes))
                moved += part
            return (*steps, Shift(percent=_WHOLE, minutes=0))
    return (Shift(percent=_WHOLE, minutes=0),)


def routing_problem(routing: Mapping[str, Any]) -> str | None:
    """Why a `trafficRoutingConfig` cannot be used; None when it can. The words are ours: the reference has none."""
    kinds = {
        "TimeBasedCanary": ("timeBasedCanary", "canaryPercentage", "canaryInterval"),
        "TimeBasedLinear": ("timeBasedLinear", "linearPercentage", "linearInterval"),
    }
    kind = str(routing.get("type"))
    if kind == "AllAtOnce":
        return None
    if kind not in kinds:
        return f"{kind} is not a type of traffic routing"
    part, percentage, interval = kinds[kind]
    settings = routing.get(part) or {}
    if not 0 < int(settings.get(percentage, 0)) < _WHOLE:
        return f"{percentage} of {part} has to be between 1 and 99"
    if int(settings.get(interval, 0)) < 1:
        return f"{interval} of {part} has to be at least 1 minute"
    return None


def predefined() -> Mapping[str, Mapping[str, Any]]:
    """The configurations that every account has, by name, as the API shows them."""
    found: dict[str, Mapping[str, Any]] = {}
    for platform, name in DEFAULTS.items():
        if platform != "Server":
            found[name] = _config(name, platform, {"type": "AllAtOnce"})
    for minutes in (5, 10, 15, 30):
        name = f"{_PREFIX}LambdaCanary10Percent{minutes}Minutes"
        found[name] = _config(name, LAMBDA, _canary(minutes))
    for minutes in (1, 2, 3, 10):
        name = f"{_PREFIX}LambdaLinear10PercentEvery{minutes}Minute{'s' if minutes > 1 else ''}"
        found[name] = _config(name, LAMBDA, _linear(minutes))
    for minutes in (5, 15):
        name = f"{_PREFIX}ECSCanary10Percent{minutes}Minutes"
        found[name] = _config(name, "ECS", _canary(minutes))
    for minutes in (1, 3):
        name = f"{_PREFIX}ECSLinear10PercentEvery{minutes}Minutes"
        found[name] = _config(name, "ECS", _linear(minutes))
    for kind in ("AllAtOnce", "HalfAtATime", "OneAtATime"):
        found[_PREFIX + kind] = {"deploymentConfigName": _PREFIX + kind, "computePlatform": "Server"}
    return found


def _canary(minutes: int) -> Mapping[str, Any]:
    return {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes}}


def _linear(minutes: int) -> Mapping[str, Any]:
    return {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 10, "linearInterval": minutes}}


def _config(name: str, platform: str, routing: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"deploymentConfigName": name, "computePlatform": platform, "trafficRoutingConfig": routing}
