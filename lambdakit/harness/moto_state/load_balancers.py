"""moto's application load balancers, read in process: listeners with their rules, and target groups, as plain data.

moto checks the values of a rule's conditions and does not know that they may be expressions; here it does.

Private surface used: `moto.elbv2.models.elbv2_backends[account][region]` with `load_balancers`, `target_groups` and the
attributes read below; `ELBv2Backend._validate_conditions`.
Canary: tests/unit/harness/test_harness_load_balancer_state.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.harness.moto_state.writes import last_write, watch_writes
from lambdakit.records import dataclass

DEFAULT_PRIORITY: Final = 50_001  # one above the highest that a rule may have


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a request has to have. field: `path-pattern`, `host-header` …; one of the values is enough.

    values: patterns, methods, CIDR blocks. pairs: of a query, key and value; an empty key means any.
    header: the name of a header field, for `http-header`. regexes: expressions instead of patterns.
    """

    field: str
    values: tuple[str, ...] = ()
    header: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    regexes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedGroup:
    """A target group of a forward action. weight: 0 to 999."""

    arn: str
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is done with a request. type: `forward`, `redirect`, `fixed-response`, `authenticate-cognito` ….

    groups: of a forward. sticky_seconds: how long a client keeps its group; 0 for not at all.
    settings: what the action's own configuration says, by the service's names.
    """

    type: str
    groups: tuple[WeightedGroup, ...] = ()
    sticky_seconds: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """actions: in their order; the last one answers. conditions: all of them have to be met; none in a default rule."""

    arn: str
    priority: int
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerListener:
    """rules: the lowest priority first, the default rule last. protocol: `HTTP` or `HTTPS`.

    attributes: `routing.http.response.…`, as text.
    """

    arn: str
    port: int
    protocol: str
    rules: tuple[Rule, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def group_arns(self) -> frozenset[str]:
        """The target groups that its rules lead to."""
        return frozenset(group.arn for rule in self.rules for action in rule.actions for group in action.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTarget:
    """id: an ARN, an address or an instance. port: 0 for a function."""

    id: str
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How targets are asked whether they are well. codes: such as `200` or `200-299,301`."""

    path: str
    interval_seconds: int
    timeout_seconds: int
    healthy_threshold: int
    unhealthy_threshold: int
    codes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """target_type: `lambda`, `ip`, `instance` or `alb`. health_check: None when it is switched off."""

    arn: str
    name: str
    target_type: str
    targets: tuple[GroupTarget, ...]
    multi_value_headers: bool = False
    health_check: HealthCheck | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """An application load balancer. listeners: by port. groups: those of its account and region, by ARN.

    attributes: as text, by their names.
    """

    arn: str
    name: str
    dns_name: str
    region: str
    listeners: Mapping[int, BalancerListener]
    groups: Mapping[str, TargetGroup]
    attributes: Mapping[str, str] = field(default_factory=dict)


class LoadBalancers:
    """The application load balancers of all accounts, read again only after something was written to moto."""

    def __init__(self) -> None:
        watch_writes()
        change_when_loaded(_take_expressions)
        self._kept: tuple[int, Mapping[str, LoadBalancer]] = (-1, {})

    def by_arn(self, arn: str) -> LoadBalancer | None:
        """The balancer as it is now; None when there is none."""
        return self._all().get(arn)

    def by_host(self, host: str) -> LoadBalancer | None:
        """The balancer with a DNS name, in whatever case; None when there is none."""
        wanted = host.lower()
        return next((found for found in self._all().values() if found.dns_name.lower() == wanted), None)

    def all(self) -> Sequence[LoadBalancer]:
        """Every balancer."""
        return list(self._all().values())

    def of_listener(self, arn: str) -> tuple[LoadBalancer, BalancerListener] | None:
        """The listener with its balancer; None when there is none."""
        for balancer in self._all().values():
            for listener in balancer.listeners.values():
                if listener.arn == arn:
                    return balancer, listener
        return None

    def group(self, arn: str) -> TargetGroup | None:
        """A target group that some rule of a balancer leads to; None for any other."""
        for balancer in self._all().values():
            if arn in balancer.groups and any(arn in each.group_arns for each in balancer.listeners.values()):
                return balancer.groups[arn]
        return None

    def _all(self) -> Mapping[str, LoadBalancer]:
        number = last_write()
        if self._kept[0] != number:
            self._kept = (number, {balancer.arn: balancer for balancer in _read()})
        return self._kept[1]


def targets_host(group_arn: str) -> str:
    """The name under which the targets of a group that are no functions can be bound to a server of this machine."""
    name, _, number = group_arn.partition(":targetgroup/")[2].partition("/")
    return f"{name}.{number}.targetgroup.internal".lower()


def read_condition(condition: Mapping[str, Any]) -> Condition:
    """A condition as the service's API has it. Source: Elastic Load Balancing API Reference, "RuleCondition"."""
    name = str(condition.get("Field", ""))
    configs = {key: value for key, value in condition.items() if key.endswith("Config") and isinstance(value, Mapping)}
    config: Mapping[str, Any] = next(iter(configs.values()), {})
    given = config.get("Values") or condition.get("Values") or ()
    regexes = tuple(map(str, config.get("RegexValues") or condition.get("RegexValues") or ()))
    if name == "query-string":
        pairs = tuple((str(pair.get("Key") or ""), str(pair.get("Value", ""))) for pair in given)
        return Condition(field=name, pairs=pairs)
    header = str(config.get("HttpHeaderName") or "")
    return Condition(field=name, values=tuple(map(str, given)), header=header, regexes=regexes)


def read_actions(actions: Sequence[Mapping[str, Any]]) -> tuple[Action, ...]:
    """Actions as the service's API has them, in their order."""
    return tuple(_action(action) for action in sorted(actions, key=lambda action: int(action.get("Order") or 0)))


def _take_expressions(module: ModuleType) -> None:
    if module.__name__ != "moto.elbv2.models" or hasattr(module, "lambdakit_takes_expressions"):
        return
    module.lambdakit_takes_expressions = True  # type: ignore[attr-defined]  # once for all harnesses of a process
    backend = module.ELBv2Backend
    validate = backend._validate_conditions

    def validated(self: Any, conditions: Sequence[Mapping[str, Any]] | None) -> None:
        validate(self, [_with_values(condition) for condition in conditions or ()])

    backend._validate_conditions = validated


def _with_values(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition whose expressions stand where moto looks for values."""
    found = dict(condition)
    for name, config in condition.items():
        if isinstance(config, Mapping) and config.get("RegexValues") and not config.get("Values"):
            found[name] = {**config, "Values": config["RegexValues"]}
    if condition.get("RegexValues") and not condition.get("Values"):
        found["Values"] = condition["RegexValues"][:1]
    return found


def _read() -> Iterator[LoadBalancer]:
    backends = getattr(loaded("moto.elbv2.models"), "elbv2_backends", None)
    for _, regions in list((backends or {}).items()):
        for region, backend in list(regions.items()):
            balancers = [found for found in list(backend.load_balancers.values()) if found.type == "application"]
            if not balancers:
                continue
            groups = {arn: _group(group) for arn, group in list(backend.target_groups.items())}
            for balancer in balancers:
                yield LoadBalancer(
                    arn=balancer.arn,
                    name=balancer.name,
                    dns_name=balancer.dns_name,
                    region=region,
                    listeners={
                        int(listener.port): _listener(listener) for listener in list(balancer.listeners.values())
                    },
                    groups=groups,
                    attributes=_text(balancer.attrs),
                )


def _listener(listener: Any) -> BalancerListener:
    rules = [
        Rule(
            arn=rule.arn,
            priority=int(rule.priority),
            conditions=tuple(map(read_condition, rule.conditions)),
            actions=read_actions([action.data for action in rule.actions]),
        )
        for rule in list(listener.rules.values())
        if not rule.is_default
    ]
    default = Rule(
        arn=f"{listener.arn}/default",
        priority=DEFAULT_PRIORITY,
        conditions=(),
        actions=read_actions([action.data for action in listener.default_actions]),
    )
    return BalancerListener(
        arn=listener.arn,
        port=int(listener.port),
        protocol=listener.protocol,
        rules=(*sorted(rules, key=lambda rule: rule.priority), default),
        attributes=_text(listener.attributes),
    )


def _action(action: Mapping[str, Any]) -> Action:
    kind = str(action.get("Type", ""))
    if kind != "forward":
        settings: Mapping[str, Any] = next((value for key, value in action.items() if key.endswith("Config")), {})
        return Action(type=kind, settings=dict(settings))
    config = action.get("ForwardConfig") or {}
    groups = [
        WeightedGroup(arn=str(group["TargetGroupArn"]), weight=int(group.get("Weight", 1)))
        for group in config.get("TargetGroups") or ()
    ]
    if not groups and action.get("TargetGroupArn"):
        groups = [WeightedGroup(arn=str(action["TargetGroupArn"]))]
    sticky = config.get("TargetGroupStickinessConfig") or {}
    seconds = int(sticky.get("DurationSeconds") or 0) if _is_true(sticky.get("Enabled")) else 0
    return Action(type=kind, groups=tuple(groups), sticky_seconds=seconds)


def _group(group: Any) -> TargetGroup:
    check = HealthCheck(
        path=group.health_check_path or "/",
        interval_seconds=int(group.health_check_interval_seconds),
        timeout_seconds=int(group.health_check_timeout_seconds),
        healthy_threshold=int(group.healthy_threshold_count),
        unhealthy_threshold=int(group.unhealthy_threshold_count),
        codes=str((getattr(group, "matcher", None) or {}).get("HttpCode") or "200"),
    )
    return TargetGroup(
        arn=group.arn,
        name=group.name,
        target_type=group.target_type,
        targets=tuple(
            GroupTarget(id=str(target["Id"]), port=int(target.get("Port") or 0))
            for target in list(group.targets.values())
        ),
        multi_value_headers=_is_true(group.attributes.get("lambda.multi_value_headers.enabled")),
        health_check=check if _is_true(group.health_check_enabled) else None,
    )


def _text(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in list(attributes.items())}


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
