"""Rules of AWS Config with functions of one's own: run when what they are for changes, and when their time comes.

    a request changes a resource -> its item differs from the one before -> every rule that is for it runs
    a rule is put                -> it runs once for all that is there
    a timer of the clock         -> a rule that is evaluated at times runs

What is recorded is what moto describes as AWS Config does (see `config_items`); the recorder is taken to be on. Nothing
is compared while there is no rule. Rules of AWS's own are kept, and never run.

Source: AWS Config Developer Guide, "Evaluating Resources with AWS Config Rules", "AWS Config Custom Lambda Rules"; API
Reference, "PutConfigRule", "StartConfigRulesEvaluation".
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.delivery.alarm_actions import PutAwsEvent
from lambdakit.harness.delivery.config_evaluations import Evaluations
from lambdakit.harness.delivery.config_events import (
    CHANGE,
    SCHEDULED,
    Change,
    Evaluation,
    change_event,
    compliance_change,
    content_of,
    in_scope,
    scheduled_event,
)
from lambdakit.harness.delivery.deliveries import Deliveries
from lambdakit.harness.delivery.delivery import Delivery
from lambdakit.harness.delivery.function_calls import Caller, CallRefused, FunctionCalls
from lambdakit.harness.moto_state.config_items import RECORDED, ConfigItems, Item
from lambdakit.harness.moto_state.config_rules import ConfigRule, ConfigRules, Place

_PRINCIPAL: Final = "config.amazonaws.com"
_HOURS: Final[Mapping[str, int]] = {
    "One_Hour": 1,
    "Three_Hours": 3,
    "Six_Hours": 6,
    "Twelve_Hours": 12,
    "TwentyFour_Hours": 24,
}
_Items = Mapping[tuple[str, str], Item]


class ConfigRuleRuns:
    """Runs the rules of all accounts. Make it before moto's service is loaded. put_event: absence drops events."""

    def __init__(
        self, deliveries: Deliveries, calls: FunctionCalls, *, clock: Scheduler, put_event: PutAwsEvent | None
    ) -> None:
        self._deliveries = deliveries
        self._calls = calls
        self._clock = clock
        self._put_event = put_event
        self._timers: dict[str, list[Timer]] = {}  # by the rule's ARN
        self._seen: dict[Place, _Items] = {}
        self._lock = threading.RLock()
        self._evaluations = Evaluations(
            lambda: self._rules, now=clock.now, evaluated=self._evaluated, start=self._run_now
        )
        self._items = ConfigItems(self._changed)
        self._rules = ConfigRules(self)

    def problem(self, place: Place, function: str) -> str | None:
        """See `ConfigRuleWatch`."""
        text = (
            f"The AWS Lambda function {function} cannot be invoked. Check the specified function ARN, and check the "
            "function's permissions"
        )
        try:
            return text if self._calls.allowed(function, Caller(service=_PRINCIPAL, account_id=place[0])) else None
        except CallRefused:
            return text

    def rule_put(self, rule: ConfigRule) -> None:
        """See `ConfigRuleWatch`."""
        with self._lock:
            self._seen.setdefault(rule.place, self._items.all(rule.place, ()))
        self._plan(rule)
        self._run_now(rule)

    def rule_deleted(self, rule: ConfigRule) -> None:
        """See `ConfigRuleWatch`."""
        self._cancel(rule.arn)
        self._evaluations.forget(rule)

    def serve(self, operation: str, place: Place, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `ConfigRuleWatch`."""
        return self._evaluations.serve(operation, place, given)

    def reset(self) -> None:
        """Begins anew, with the rules that are there."""
        for arn in list(self._timers):
            self._cancel(arn)
        self._evaluations.forget()
        with self._lock:
            self._seen.clear()
        for rule in self._rules.all():
            self.rule_put(rule)

    def _plan(self, rule: ConfigRule) -> None:
        self._cancel(rule.arn)
        for trigger in rule.triggers:
            if trigger.message_type == SCHEDULED:
                self._set(rule, timedelta(hours=_HOURS[trigger.frequency or rule.frequency or "TwentyFour_Hours"]))

    def _set(self, rule: ConfigRule, step: timedelta) -> None:
        due = self._clock.now() + step
        label = f"evaluation of rule {rule.name}"
        timer = self._clock.schedule(due, functools.partial(self._is_due, rule, step), label=label, recurring=True)
        with self._lock:
            self._timers.setdefault(rule.arn, []).append(timer)

    def _is_due(self, rule: ConfigRule, step: timedelta) -> None:
        found = self._rules.find(rule.place, rule.name)
        if found is not None:
            self._set(found, step)
            self._run_at_time(found)

    def _cancel(self, arn: str) -> None:
        with self._lock:
            timers = self._timers.pop(arn, [])
        for timer in timers:
            timer.cancel()

    def _run_now(self, rule: ConfigRule) -> None:
        """Runs a rule as for all that is there, whatever its triggers are."""
        kinds = {trigger.message_type for trigger in rule.triggers}
        if CHANGE in kinds:
            for item in self._items.all(rule.place, rule.resource_types).values():
                self._run_for(rule, Change(before=item, after=item), is_change=False)
        if SCHEDULED in kinds:
            self._run_at_time(rule)

    def _run_at_time(self, rule: ConfigRule) -> None:
        at = self._clock.now()
        self._send(rule, scheduled_event(rule, self._evaluations.token(rule), at), SCHEDULED)

    def _run_for(self, rule: ConfigRule, change: Change, *, is_change: bool) -> None:
        if in_scope(rule, change.item):
            token, at = self._evaluations.token(rule), self._clock.now()
            self._send(rule, change_event(rule, change, token, at, is_change=is_change), CHANGE)

    def _send(self, rule: ConfigRule, payload: bytes, what: str) -> None:
        self._deliveries.send(
            Delivery(
                source=rule.arn,
                account_id=rule.account_id,
                service=_PRINCIPAL,
                target=rule.function,
                payload=payload,
                what=what,
            )
        )

    def _changed(self, account_id: str, service: str) -> None:
        """Told after each request that may have changed an item."""
        rules = [
            rule for rule in self._rules.all(account_id) if any(one.message_type == CHANGE for one in rule.triggers)
        ]
        types = {name for name, owner in RECORDED.items() if owner == service}
        for place in {rule.place for rule in rules}:
            for change in self._changes(place, types):
                for rule in rules:
                    if rule.place == place:
                        self._run_for(rule, change, is_change=True)

    def _changes(self, place: Place, types: set[str]) -> list[Change]:
        with self._lock:
            before = self._seen.get(place, {})
            after = self._items.all(place, types)
            self._seen[place] = {key: item for key, item in before.items() if key[0] not in types} | dict(after)
        known = {key: item for key, item in before.items() if key[0] in types}
        return [
            Change(before=known.get(key), after=after.get(key))
            for key in sorted(known.keys() | after.keys())
            if key not in known or key not in after or content_of(known[key]) != content_of(after[key])
        ]

    def _evaluated(self, rule: ConfigRule, old: Evaluation | None, new: Evaluation) -> None:
        if self._put_event is None or (old is not None and old.compliance == new.compliance):
            return
        self._put_event(
            account_id=rule.account_id,
            region=rule.region,
            source="aws.config",
            detail_type="Config Rules Compliance Change",
            detail=compliance_change(rule, old, new),
            resources=[],
            time=new.recorded,
        )
