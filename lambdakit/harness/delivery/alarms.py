"""Alarms: evaluated when their metrics' periods end, and what they do when their state changes.

    a measurement    -> a look at the end of its period, and of each one for as long as there is any to look at
    an alarm is put  -> a look at the end of the period
    a look           -> a state; when it is another one: its actions, the event on the default bus, composite alarms

Nothing runs while nothing is measured that an alarm looks at. Looks are timers that `drain` does not wait for.

Source: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms": an alarm is evaluated every minute, one with a
period below a minute every ten seconds; actions are for changes of state alone.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.delivery.alarm_checks import problem_of
from lambdakit.harness.delivery.alarm_evaluation import Missing, State, Terms, judge, samples_needed
from lambdakit.harness.delivery.alarm_messages import (
    Transition,
    composite_reason,
    composite_reason_data,
    period_seconds,
    reason,
    reason_data,
)
from lambdakit.harness.delivery.alarm_rules import AlarmRule, InvalidRule
from lambdakit.harness.delivery.alarm_series import Unserved, check, periods_until, points_until
from lambdakit.harness.moto_state.alarm_records import Alarm, AlarmMetric, AlarmState, Place
from lambdakit.harness.moto_state.alarms import Alarms, MetricName
from lambdakit.trace import AlarmStateChanged, RuntimeNote, TraceLog

_MINUTE: Final = 60
_SHORT_STEP: Final = 10
_A_MINUTE: Final = timedelta(seconds=_MINUTE)
_OF_LAMBDA: Final = "AWS/Lambda"
_Key = tuple[Place, str]
_STATES: Final[Mapping[str, State]] = {"OK": "OK", "ALARM": "ALARM"}
_TREATMENTS: Final[Mapping[str, Missing]] = {
    "notBreaching": "notBreaching",
    "breaching": "breaching",
    "ignore": "ignore",
}


class PromptMetrics(Protocol):
    """The functions' own measurements, which are kept for later unless somebody waits for them."""

    def write_promptly(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """From now on they are written within a moment. begin, end: called before and after."""


class AlarmEvaluation:
    """Evaluates the alarms of all accounts.

    act: does what follows from a change of state; it must come back soon. functions: the functions' measurements.
    begin, end: open and close the piece of work that writing these is.
    """

    def __init__(
        self,
        alarms: Alarms,
        *,
        clock: Scheduler,
        trace: TraceLog,
        act: Callable[[Transition], None],
        functions: PromptMetrics,
        begin: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        self._alarms = alarms
        self._clock = clock
        self._trace = trace
        self._act = act
        self._hurry: Callable[[], None] | None = lambda: functions.write_promptly(begin, end)
        self._watched: dict[Place, dict[MetricName, list[str]]] = {}
        self._timers: dict[_Key, Timer] = {}
        self._noted: set[tuple[_Key, str]] = set()
        self._lock = threading.RLock()
        alarms.watch(self)

    def problem(self, given: Mapping[str, Any], metrics: Sequence[AlarmMetric]) -> str | None:
        """See `AlarmWatch`."""
        return problem_of(given, metrics)

    def alarms_changed(self, place: Place, names: Sequence[str]) -> None:
        """See `AlarmWatch`."""
        with self._lock:
            self._index(place)
            for name in names:
                alarm = self._alarms.find(place, name)
                self._cancel((place, name))
                if alarm is None:
                    continue
                if alarm.rule:
                    self._evaluate_composite(alarm, None)
                elif self._is_served(alarm) and self._is_due(alarm):
                    self._look(alarm, self._clock.now())
            if any(namespace == _OF_LAMBDA for namespace, _ in self._watched.get(place, ())) and self._hurry:
                self._hurry()
                self._hurry = None

    def data_put(self, place: Place, data: Mapping[MetricName, datetime]) -> None:
        """See `AlarmWatch`."""
        with self._lock:
            for metric, earliest in data.items():
                for name in self._watched.get(place, {}).get(metric, ()):
                    alarm = self._alarms.find(place, name)
                    if alarm is not None and self._is_served(alarm):
                        self._look(alarm, earliest)

    def state_set(self, alarm: Alarm, previous: AlarmState) -> None:
        """See `AlarmWatch`."""
        with self._lock:
            if alarm.state.value != previous.value:
                self._changed(Transition(alarm=alarm, previous=previous))
            if not alarm.rule and self._is_served(alarm):
                self._look(alarm, self._clock.now())

    def reset(self) -> None:
        """Begins anew: every alarm has the state of the beginning, and nothing was measured."""
        with self._lock:
            for key in list(self._timers):
                self._cancel(key)
            self._alarms.forget()
            for place in self._alarms.places():
                self.alarms_changed(place, [alarm.name for alarm in self._alarms.all(place)])

    def _index(self, place: Place) -> None:
        index: dict[MetricName, list[str]] = {}
        for alarm in self._alarms.all(place):
            for metric in alarm.metrics:
                if not metric.expression:
                    index.setdefault((metric.namespace, metric.name), []).append(alarm.name)
        self._watched[place] = index

    def _look(self, alarm: Alarm, at: datetime) -> None:
        """Has the alarm evaluated at the end of the period that `at` is in, or at once if that is over."""
        step = _step_seconds(alarm)
        begin = at.replace(microsecond=0) - timedelta(seconds=int(at.timestamp()) % step)
        due = max(begin + timedelta(seconds=step), _floor(self._clock.now(), step))
        key = alarm.place, alarm.name
        planned = self._timers.get(key)
        if planned is not None:
            if planned.due <= due:
                return
            planned.cancel()
        self._timers[key] = self._clock.schedule(
            due, functools.partial(self._evaluate, key, due), label=f"evaluation of alarm {alarm.name}", recurring=True
        )

    def _cancel(self, key: _Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _evaluate(self, key: _Key, end: datetime) -> None:
        place, name = key
        with self._lock:
            self._timers.pop(key, None)
            alarm = self._alarms.find(place, name)
            if alarm is None or alarm.rule:
                return
            try:
                points = points_until(alarm, end, functools.partial(self._alarms.data, place))
            except Unserved as unserved:
                self._note(key, str(unserved))
                return
            terms = _terms(alarm)
            verdict = judge(terms, points, _STATES.get(alarm.state.value, "INSUFFICIENT_DATA"))
            if verdict.state != alarm.state.value:
                told = reason(terms, verdict)
                self._set(alarm, verdict.state, told, reason_data(alarm, terms, verdict, end), end)
            if self._has_data(alarm, end):
                self._look(alarm, end)

    def _is_due(self, alarm: Alarm) -> bool:
        """Whether an alarm that was put is to be looked at, though nothing is measured."""
        return alarm.missing in ("breaching", "notBreaching") or self._has_data(alarm, self._clock.now() - _A_MINUTE)

    def _has_data(self, alarm: Alarm, end: datetime) -> bool:
        """Whether anything was measured that a look at `end`, or a later one, sees."""
        since = periods_until(alarm, end)[0]
        return any(self._alarms.data(alarm.place, metric, since) for metric in alarm.metrics if not metric.expression)

    def _is_served(self, alarm: Alarm) -> bool:
        try:
            check(alarm)
        except Unserved as unserved:
            self._note((alarm.place, alarm.name), str(unserved))
            return False
        return True

    def _set(
        self, alarm: Alarm, value: str, told: str, data: str, at: datetime, children: Sequence[Alarm] = ()
    ) -> None:
        self._alarms.set_state(alarm, AlarmState(value=value, reason=told, reason_data=data, at=at))
        changed = self._alarms.find(alarm.place, alarm.name)
        if changed is not None:
            self._changed(Transition(alarm=changed, previous=alarm.state, children=children))

    def _changed(self, change: Transition) -> None:
        alarm = change.alarm
        self._trace.append(
            AlarmStateChanged(
                alarm=alarm.name,
                arn=alarm.arn,
                previous=change.previous.value,
                state=alarm.state.value,
                reason=alarm.state.reason,
            )
        )
        self._act(change)
        for other in self._alarms.all(alarm.place):
            if other.rule and other.name != alarm.name:
                self._evaluate_composite(other, alarm)

    def _evaluate_composite(self, alarm: Alarm, child: Alarm | None) -> None:
        """child: the alarm that changed; None when the composite one itself was put."""
        try:
            rule = AlarmRule(alarm.rule)
        except InvalidRule as invalid:
            self._note((alarm.place, alarm.name), str(invalid))
            return
        named = [found for name in rule.alarms if (found := self._alarms.find(alarm.place, name)) is not None]
        if child is not None and all(one.name != child.name for one in named):
            return
        states = {key: one.state.value for one in named for key in (one.name, one.arn)}
        value: State = "ALARM" if rule.holds(states.get) else "OK"
        if value == alarm.state.value:
            return
        cause = child or max(named, key=lambda one: one.state.at, default=None)
        told = f"Alarm rule is {value == 'ALARM'}" if cause is None else composite_reason(cause)
        triggering = [cause] if cause is not None else []
        self._set(alarm, value, told, composite_reason_data(triggering), self._clock.now(), triggering)

    def _note(self, key: _Key, problem: str) -> None:
        if (key, problem) not in self._noted:
            self._noted.add((key, problem))
            self._trace.append(RuntimeNote(function="", note=f"alarm {key[1]} is not evaluated: {problem}"))


def _terms(alarm: Alarm) -> Terms:
    assert alarm.threshold is not None
    # CloudWatch API Reference, "PutMetricAlarm": alarms on AWS/DynamoDB ignore missing data, whatever they say.
    of_tables = any(metric.namespace == "AWS/DynamoDB" for metric in alarm.metrics)
    return Terms(
        comparison=alarm.comparison,
        threshold=alarm.threshold,
        periods=alarm.periods,
        needed=alarm.needed,
        missing="ignore" if of_tables else _TREATMENTS.get(alarm.missing, "missing"),
        samples=_samples_needed(alarm),
    )


def _samples_needed(alarm: Alarm) -> float:
    """Of a percentile that is to be left alone without them; 0 for everything else."""
    shown = [metric for metric in alarm.metrics if metric.returned]
    return samples_needed(shown[0].statistic) if alarm.low_samples == "ignore" and len(shown) == 1 else 0


def _step_seconds(alarm: Alarm) -> int:
    return _MINUTE if period_seconds(alarm) >= _MINUTE else _SHORT_STEP


def _floor(at: datetime, step: int) -> datetime:
    return datetime.fromtimestamp(int(at.timestamp()) // step * step, UTC)
