"""moto's alarms and the data they look at: told when either changes, read and set in process.

moto keeps alarms and never evaluates them; a new one it calls `OK`, where AWS has `INSUFFICIENT_DATA`, and one that is
put again it makes anew, where AWS keeps the state. It has neither `PutCompositeAlarm` nor `DescribeAlarmHistory`.

Private surface used: of `moto.cloudwatch.models.CloudWatchBackend` `alarms`, `metric_data` and the methods named in
`Alarms._change`; `moto.cloudwatch.exceptions.ValidationError`; the state and `history` of an `Alarm`; of
`moto.cloudwatch.responses.CloudWatchResponse` `cloudwatch_backend`, `_get_param` and that it finds an operation by its
method. Canary: tests/unit/harness/test_harness_moto_other_services.py.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final, Protocol

from lambdakit.harness.moto_state.alarm_records import (
    Alarm,
    AlarmMetric,
    AlarmState,
    Datum,
    Place,
    read_alarm,
    read_datum,
    read_state,
    utc,
)
from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded

_BEGINNING: Final = "Unchecked: Initial alarm creation"
# Whose measurements are written once, with all the dimensions that apply; see `moto_state.metrics`.
_WRITTEN_ONCE: Final = "AWS/Lambda"
_HISTORY_PAGE: Final = 100

MetricName = tuple[str, str]


class AlarmWatch(Protocol):
    """Who hears of changes, in the thread of who makes them."""

    def problem(self, given: Mapping[str, Any], metrics: Sequence[AlarmMetric]) -> str | None:
        """Why an alarm on metrics is not taken; None when it is. given: the arguments of moto's method."""

    def alarms_changed(self, place: Place, names: Sequence[str]) -> None:
        """Alarms were put or deleted."""

    def data_put(self, place: Place, data: Mapping[MetricName, datetime]) -> None:
        """Something was measured; for each metric, the earliest time of it."""

    def state_set(self, alarm: Alarm, previous: AlarmState) -> None:
        """Somebody set a state by hand."""


class Alarms:
    """The alarms of all accounts. Make it before moto's CloudWatch is loaded."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._watch: AlarmWatch | None = None
        change_when_loaded(self._change)

    def watch(self, watch: AlarmWatch) -> None:
        """From now on `watch` hears of what changes."""
        self._watch = watch

    def find(self, place: Place, name: str) -> Alarm | None:
        """An alarm by name or ARN; None without one."""
        backend = _backend(place)
        found = None if backend is None else backend.alarms.get(name.rpartition(":alarm:")[2])
        return None if found is None else read_alarm(found, place)

    def all(self, place: Place) -> Sequence[Alarm]:
        """The alarms of an account in a region."""
        backend = _backend(place)
        return [] if backend is None else [read_alarm(alarm, place) for alarm in list(backend.alarms.values())]

    def places(self) -> Sequence[Place]:
        """Where there are alarms."""
        return [place for place, backend in _backends() if backend.alarms]

    def set_state(self, alarm: Alarm, state: AlarmState) -> None:
        """Sets an alarm's state, with an entry in its history where it changed. Nothing when the alarm is gone."""
        backend = _backend(alarm.place)
        found = None if backend is None else backend.alarms.get(alarm.name)
        if found is None:
            return
        if found.state_value != state.value:
            _note_state(found, read_state(found), state)
        _set(found, state)

    def data(self, place: Place, metric: AlarmMetric, since: datetime) -> Sequence[Datum]:
        """What was measured of a metric since then."""
        backend = _backend(place)
        if backend is None:
            return []
        wanted = set(metric.dimensions.items())
        once = metric.namespace == _WRITTEN_ONCE
        found = []
        for datum in _of_metric(backend, (metric.namespace, metric.name)):
            dimensions = {(one.name, one.value) for one in datum.dimensions}
            if metric.unit and datum.unit != metric.unit:
                continue
            if (wanted <= dimensions if once else wanted == dimensions) and utc(datum.timestamp) >= since:
                found.append(read_datum(datum))
        return found

    def forget(self) -> None:
        """Every alarm as it began, and nothing measured."""
        at = self._now()
        for _, backend in _backends():
            backend.metric_data.clear()
            for alarm in backend.alarms.values():
                _begin(alarm, at)

    def _change(self, module: ModuleType) -> None:
        if module.__name__ == "moto.cloudwatch.models":
            backend: Any = vars(module)["CloudWatchBackend"]
            backend.put_metric_alarm = _around(backend.put_metric_alarm, self._put_alarm)
            backend.delete_alarms = _around(backend.delete_alarms, self._delete_alarms)
            backend.put_metric_data = _around(backend.put_metric_data, self._put_data)
            backend.set_alarm_state = _around(backend.set_alarm_state, self._set_by_hand)
        elif module.__name__ == "moto.cloudwatch.responses":
            response: Any = vars(module)["CloudWatchResponse"]
            response.put_composite_alarm = response.put_metric_alarm
            response.describe_alarm_history = _describe_history

    def _put_alarm(self, backend: Any, own: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        before = backend.alarms.get(arguments[0] if arguments else named["name"])
        alarm = own(*arguments, **named)
        problem = None
        if self._watch is not None and not alarm.rule:
            problem = self._watch.problem(named, read_alarm(alarm, _place(backend)).metrics)
        if problem is not None:
            _put_back(backend, alarm.name, before)
            raise _invalid(problem)
        at = self._now()
        if before is None:
            _begin(alarm, at)
            _note(alarm, at, "ConfigurationUpdate", f'Alarm "{alarm.name}" created', {"type": "Create"})
        else:
            _set(alarm, read_state(before))
            alarm.history = before.history
            _note(alarm, at, "ConfigurationUpdate", f'Alarm "{alarm.name}" updated', {"type": "Update"})
        if self._watch is not None:
            self._watch.alarms_changed(_place(backend), [alarm.name])
        return alarm

    def _delete_alarms(self, backend: Any, own: Callable[..., Any], names: Sequence[str]) -> None:
        own(names)
        if self._watch is not None:
            self._watch.alarms_changed(_place(backend), list(names))

    def _put_data(self, backend: Any, own: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        before = len(backend.metric_data)
        own(*arguments, **named)
        if self._watch is None or not backend.alarms:
            return
        put: dict[MetricName, datetime] = {}
        for datum in backend.metric_data[before:]:
            key, at = (datum.namespace, datum.name), utc(datum.timestamp)
            put[key] = min(put.get(key, at), at)
        self._watch.data_put(_place(backend), put)

    def _set_by_hand(self, backend: Any, own: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        name = arguments[0] if arguments else named["alarm_name"]
        found = backend.alarms.get(name)
        previous = None if found is None else read_state(found)
        own(*arguments, **named)
        if found is None or previous is None:
            return
        found.state_reason_data = found.state_reason_data or ""
        found.state_updated_timestamp = _naive(self._now())
        del found.history[-1]  # moto's own entry, which has the state from before alone
        if found.state_value != previous.value:
            _note_state(found, previous, read_state(found))
        if self._watch is not None:
            self._watch.state_set(read_alarm(found, _place(backend)), previous)


def _put_back(backend: Any, name: str, before: Any) -> None:
    if before is None:
        del backend.alarms[name]
    else:
        backend.alarms[name] = before


def _invalid(problem: str) -> Exception:
    from moto.cloudwatch.exceptions import ValidationError

    return ValidationError(problem)


def _around(own: Callable[..., Any], then: Callable[..., Any]) -> Callable[..., Any]:
    """A method that `then` answers, which gets moto's own."""
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def around(backend: Any, *arguments: Any, **named: Any) -> Any:
        return then(backend, functools.partial(own, backend), *arguments, **named)

    return around


def _backends() -> Iterable[tuple[Place, Any]]:
    models: Any = loaded("moto.cloudwatch.models")
    if models is None:
        return
    for account_id, regions in list(models.cloudwatch_backends.items()):
        for region, backend in list(regions.items()):
            yield (account_id, region), backend


def _backend(place: Place) -> Any:
    """A place's backend; None while nobody has used it."""
    return next((backend for found, backend in _backends() if found == place), None)


def _place(backend: Any) -> Place:
    return str(backend.account_id), str(backend.region_name)


def _of_metric(backend: Any, metric: MetricName) -> Sequence[Any]:
    """What was put of a metric. It is sorted out once, as it comes, so that looking again costs nothing."""
    nothing: dict[MetricName, list[Any]] = {}
    length, index = getattr(backend, "lambdakit_index", (0, nothing))
    data = backend.metric_data
    if len(data) < length:
        length, index = 0, nothing
    for datum in data[length:]:
        index.setdefault((datum.namespace, datum.name), []).append(datum)
    backend.lambdakit_index = len(data), index
    found: Sequence[Any] = index.get(metric, ())
    return found


def _set(alarm: Any, state: AlarmState) -> None:
    alarm.state_value = state.value
    alarm.state_reason = state.reason
    alarm.state_reason_data = state.reason_data
    alarm.state_updated_timestamp = _naive(state.at)


def _begin(alarm: Any, at: datetime) -> None:
    alarm.history = []
    _set(alarm, AlarmState(value="INSUFFICIENT_DATA", reason=_BEGINNING, reason_data="", at=at))


def _note_state(alarm: Any, old: AlarmState, new: AlarmState) -> None:
    summary = f"Alarm updated from {old.value} to {new.value}"
    _note(alarm, new.at, "StateUpdate", summary, {"oldState": _told(old), "newState": _told(new)})


def _told(state: AlarmState) -> dict[str, Any]:
    told: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    return {**told, "stateReasonData": json.loads(state.reason_data)} if state.reason_data else told


def _note(alarm: Any, at: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> None:
    alarm.history.append(
        {
            "AlarmName": alarm.name,
            "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
            "Timestamp": at,
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}),
        }
    )


def _describe_history(response: Any) -> Any:
    """`DescribeAlarmHistory`, as a method of moto's front end. Source: CloudWatch API Reference."""
    from moto.core.responses import ActionResult

    wanted, kind = response._get_param("AlarmName"), response._get_param("HistoryItemType")
    begin, end = response._get_param("StartDate"), response._get_param("EndDate")
    items = [
        item
        for alarm in list(response.cloudwatch_backend.alarms.values())
        for item in alarm.history
        if wanted in (None, alarm.name)
        and kind in (None, item["HistoryItemType"])
        and (begin is None or utc(begin) <= item["Timestamp"])
        and (end is None or item["Timestamp"] <= utc(end))
    ]
    newest_first = (response._get_param("ScanBy") or "TimestampDescending") == "TimestampDescending"
    items.sort(key=lambda item: item["Timestamp"], reverse=newest_first)
    start = int(response._get_param("NextToken") or 0)
    most = int(response._get_param("MaxRecords") or _HISTORY_PAGE)
    answer: dict[str, Any] = {"AlarmHistoryItems": items[start : start + most]}
    if start + most < len(items):
        answer["NextToken"] = str(start + most)
    return ActionResult(answer)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
