"""moto's event buses: what is put on them is handed over, and who keeps rules in mind is told of every change.

moto's own deliveries, archives and replays end with it. Five things of moto are mended as its module is loaded:
patterns and schedules that EventBridge refuses were kept; targets were not looked at; TestEventPattern answered
nothing; a bus of another account was looked for in the sender's; a replay that is over could be cancelled.

Private surface used: of `moto.events.models` `events_backends`, `EventsBackend` with `put_events`, `put_rule`,
`delete_rule`, `enable_rule`, `disable_rule`, `put_targets`, `remove_targets`, `delete_event_bus`, `create_archive`,
`update_archive`, `cancel_replay`, `event_buses`, `archives`, `replays`, `destinations`, `connections`,
`Rule.send_to_targets` and `Replay.replay_events` with their objects' attributes; `moto.events.notifications.
_send_safe_notification`; `moto.events.responses.EventsHandler.test_event_pattern`.
Canary: tests/unit/harness/test_harness_moto_event_buses.py.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final, Protocol

from lambdakit.arn import partition_of
from lambdakit.harness.moto_state.api_fault import ApiFault, told_by_moto
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

DEFAULT: Final = "default"
COMPLETED: Final = "COMPLETED"
_MODELS: Final = "moto.events.models"
_CHANGES_RULES: Final = ("delete_rule", "enable_rule", "disable_rule", "remove_targets", "delete_event_bus")

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusPlace:
    """Where a bus is."""

    account_id: str
    region: str
    name: str = DEFAULT

    @property
    def arn(self) -> str:
        """The ARN of the bus."""
        return f"arn:{partition_of(self.region)}:events:{self.region}:{self.account_id}:event-bus/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusRule:
    """A rule. pattern, schedule: as they were written; empty without. targets: as `PutTargets` takes them."""

    place: BusPlace
    name: str
    arn: str
    pattern: str
    schedule: str
    is_enabled: bool
    role_arn: str
    targets: Sequence[Given] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BusReplay:
    """A replay that was asked for. start, end: of the archived events' times. rules: ARNs; empty for all."""

    place: BusPlace
    name: str
    archive: str
    start: datetime
    end: datetime
    rules: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDestination:
    """Where HTTP calls of a rule go. authorization: the kind. parameters: of the connection, as it was made."""

    endpoint: str
    method: str
    authorization: str = ""
    parameters: Given = field(default_factory=dict)


class BusFront(Protocol):
    """Who answers for EventBridge. `ApiFault` from any of them refuses the request."""

    def put_events(self, account_id: str, region: str, entries: Sequence[Given]) -> Sequence[Given]:
        """The entries of the answer to PutEvents."""

    def check_rule(self, bus: str, pattern: str | None, schedule: str | None) -> None:
        """Refuses a rule that is not in order."""

    def check_targets(self, present: Sequence[Given], given: Sequence[Given]) -> None:
        """Refuses targets that are not in order. present: those that the rule has already."""

    def check_pattern(self, pattern: str | None) -> None:
        """Refuses the pattern of an archive."""

    def test_pattern(self, pattern: str, event: str) -> bool:
        """The answer to TestEventPattern."""

    def rules_changed(self, account_id: str, region: str) -> None:
        """Something about the rules there is not as it was."""

    def replay(self, replay: BusReplay) -> None:
        """Begins a replay."""


class Buses:
    """The buses of all accounts. Make it before moto's module is loaded, or while nobody uses it."""

    def __init__(self, front: BusFront) -> None:
        self._front = front
        # Read once until something changes, since every event is met with all rules of its bus: with moto's own object,
        # so that a bus that was made anew is read anew, and how many changes there had been.
        self._read: dict[BusPlace, tuple[Any, int, Sequence[BusRule]]] = {}
        self._changes = 0
        change_when_loaded(self._change)

    def rules(self, place: BusPlace) -> Sequence[BusRule] | None:
        """The rules of a bus, in the order they were made; None when there is no such bus."""
        bus = _bus(place)
        if bus is None:
            return None
        changes, known = self._changes, self._read.get(place)
        if known is None or known[0] is not bus or known[1] != changes:
            rules = [_rule(place, rule) for rule in list(bus.rules.values()) if not rule.managed_by]
            known = self._read[place] = (bus, changes, rules)
        return known[2]

    def is_watched(self, place: BusPlace) -> bool:
        """Whether a bus has any rule or archive."""
        bus = _bus(place)
        return bus is not None and (bool(bus.rules) or bool(_archives(place)))

    def rule(self, place: BusPlace, name: str) -> BusRule | None:
        """One rule; None when it is gone."""
        bus = _bus(place)
        rule = None if bus is None else bus.rules.get(name)
        return None if rule is None else _rule(place, rule)

    def places(self) -> Iterator[tuple[str, str]]:
        """Account and region of everything there is."""
        for account_id, regions in list((_backends() or {}).items()):
            for region in list(regions):
                yield account_id, region

    def archive(self, place: BusPlace, event: object, is_meant: Callable[[str], bool]) -> None:
        """Puts an event into every archive of the bus whose pattern means it. is_meant: asked with each pattern."""
        for archive in _archives(place):
            if not archive.event_pattern.dump() or is_meant(archive.event_pattern.dump()):
                archive.events.append(event)

    def archived(self, replay: BusReplay) -> Sequence[Any]:
        """What the archive of a replay holds, in the order in which it came."""
        return [event for one in _archives(replay.place) if one.name == replay.archive for event in list(one.events)]

    def forget_archived(self) -> None:
        """Empties every archive."""
        for regions in list((_backends() or {}).values()):
            for backend in list(regions.values()):
                for archive in list(backend.archives.values()):
                    archive.events.clear()

    def end_replay(self, replay: BusReplay, at: datetime) -> None:
        """Says that a replay is over, unless somebody cancelled it."""
        backend = _backend(replay.place.account_id, replay.place.region)
        kept = None if backend is None else backend.replays.get(replay.name)
        models = loaded(_MODELS)
        if kept is not None and models is not None and kept.state is models.ReplayState.RUNNING:
            kept.state, kept.end_time = models.ReplayState.COMPLETED, at.timestamp()

    def api_destination(self, account_id: str, region: str, name: str) -> ApiDestination | None:
        """An API destination with its connection; None when either is gone."""
        backend = _backend(account_id, region)
        kept = None if backend is None else backend.destinations.get(name)
        if backend is None or kept is None:
            return None
        connection = next((one for one in backend.connections.values() if one.arn == kept.connection_arn), None)
        if connection is None:
            return None
        return ApiDestination(
            endpoint=kept.invocation_endpoint,
            method=kept.http_method,
            authorization=connection.authorization_type,
            parameters=connection.auth_parameters or {},
        )

    def _change(self, module: ModuleType) -> None:
        changed: Any = module
        if module.__name__ == _MODELS:
            self._change_models(changed)
        elif module.__name__ == "moto.events.responses":
            self._change_responses(changed)
        elif module.__name__ == "moto.events.notifications":
            changed._send_safe_notification = _deliver_nothing

    def _change_responses(self, responses: Any) -> None:
        front = self._front

        def test_event_pattern(handler: Any) -> str:
            with told_by_moto():
                matches = front.test_pattern(handler._get_param("EventPattern"), handler._get_param("Event"))
            return json.dumps({"Result": matches})

        responses.EventsHandler.test_event_pattern = test_event_pattern

    def _change_models(self, models: Any) -> None:
        front, backend_class = self._front, models.EventsBackend
        checks = _Checks(front)
        models.Rule.send_to_targets = functools.wraps(models.Rule.send_to_targets)(_deliver_nothing)

        def put_events(backend: Any, events: Sequence[Given]) -> Sequence[Given]:
            with told_by_moto():
                return front.put_events(backend.account_id, backend.region_name, events or [])

        def replay_events(replay: Any, archive: Any) -> None:
            replay.state = models.ReplayState.RUNNING
            front.replay(_replay(replay, archive))

        def changed(backend: Any) -> None:
            self._changes += 1
            front.rules_changed(backend.account_id, backend.region_name)

        _replace(backend_class, "put_events", put_events)
        _replace(models.Replay, "replay_events", replay_events)
        _around(backend_class, "put_rule", before=checks.rule, after=changed)
        _around(backend_class, "put_targets", before=checks.targets, after=changed)
        _around(backend_class, "create_archive", before=checks.archive)
        _around(backend_class, "update_archive", before=checks.archive)
        _around(backend_class, "cancel_replay", before=_check_cancelling)
        for name in _CHANGES_RULES:
            _around(backend_class, name, after=changed)


class _Checks:
    """What is asked before moto changes something, with the arguments of its method."""

    def __init__(self, front: BusFront) -> None:
        self._front = front

    def rule(self, backend: Any, given: Given) -> None:
        """Of `put_rule`; rules that services make for themselves are in order."""
        bus = backend._normalize_event_bus_arn(given.get("event_bus_arn"))
        if not given.get("managed_by"):
            self._front.check_rule(bus, given.get("event_pattern"), given.get("scheduled_expression"))

    def targets(self, backend: Any, given: Given) -> None:
        """Of `put_targets`; a rule that is not there, moto refuses."""
        bus = backend.event_buses.get(backend._normalize_event_bus_arn(given["event_bus_arn"]))
        rule = None if bus is None else bus.rules.get(given["name"])
        if rule is not None and not rule.managed_by:
            self._front.check_targets(rule.targets, given["targets"])

    def archive(self, backend: Any, given: Given) -> None:
        """Of `create_archive` and `update_archive`."""
        del backend
        self._front.check_pattern(given.get("event_pattern"))


def _check_cancelling(backend: Any, given: Given) -> None:
    kept = backend.replays.get(given["name"])
    if kept is not None and kept.state.value == COMPLETED:
        raise ApiFault("IllegalStatusException", f"Replay {given['name']} is not in a valid state for this operation.")


def _replace(owner: Any, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, functools.wraps(getattr(owner, name))(method))


def _around(
    owner: Any,
    name: str,
    *,
    before: Callable[[Any, Given], None] | None = None,
    after: Callable[[Any], None] | None = None,
) -> None:
    """Has a method of moto's asked for before, with its arguments by name, and told of after it went well."""
    method = getattr(owner, name)
    own = getattr(method, "__wrapped__", method)
    signature = inspect.signature(own)

    @functools.wraps(own)
    def around(backend: Any, *arguments: Any, **options: Any) -> Any:
        if before is not None:
            with told_by_moto():
                before(backend, signature.bind(backend, *arguments, **options).arguments)
        answer = own(backend, *arguments, **options)
        if after is not None:
            after(backend)
        return answer

    setattr(owner, name, around)


def _deliver_nothing(*_: object, **__: object) -> None:
    """Instead of moto's own deliveries."""


def _backends() -> Any:
    """None as long as nobody called the service: importing it takes a while."""
    models = loaded(_MODELS)
    return None if models is None else models.events_backends


def _backend(account_id: str, region: str) -> Any:
    backends = _backends()
    return None if backends is None else backends[account_id][region]


def _bus(place: BusPlace) -> Any:
    backend = _backend(place.account_id, place.region)
    return None if backend is None else backend.event_buses.get(place.name)


def _archives(place: BusPlace) -> Sequence[Any]:
    backend = _backend(place.account_id, place.region)
    kept = [] if backend is None else list(backend.archives.values())
    return [archive for archive in kept if archive.event_bus_name == place.name and archive.state == "ENABLED"]


def _rule(place: BusPlace, rule: Any) -> BusRule:
    return BusRule(
        place=place,
        name=rule.name,
        arn=rule.arn,
        pattern=rule.event_pattern.dump() or "",
        schedule=rule.scheduled_expression or "",
        is_enabled=rule.state != "DISABLED",
        role_arn=rule.role_arn or "",
        targets=[dict(target) for target in list(rule.targets)],
    )


def _replay(replay: Any, archive: Any) -> BusReplay:
    return BusReplay(
        place=BusPlace(account_id=replay.account_id, region=replay.region, name=archive.event_bus_name),
        name=replay.name,
        archive=archive.name,
        start=moment_of(replay.event_start_time),
        end=moment_of(replay.event_end_time),
        rules=list(replay.destination.get("FilterArns") or ()),
    )


def moment_of(value: Any) -> datetime:
    """A timestamp as a JSON protocol has it, seconds or ISO 8601. ValueError for neither."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
