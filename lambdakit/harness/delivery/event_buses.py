"""EventBridge: an event comes to a bus, is matched against its rules, and goes to their targets.

    PutEvents, a service of ours, another bus, a replay -> `receive` -> archives
                                                             |-> the enabled rules whose pattern means it
                                                                   -> each target, through `Deliveries`

An event is matched in the thread of who puts it, so that its deliveries are under way before the sender hears back.

Source: Amazon EventBridge User Guide, "How Amazon EventBridge works", "Sending events between event buses in the same
account and Region" and "Archiving and replaying events".
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lambdakit.arn import Arn
from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery import rule_checks
from lambdakit.harness.delivery.api_destination import ApiDestinations
from lambdakit.harness.delivery.bus_event import BusEvent, envelope_event, new_event
from lambdakit.harness.delivery.deliveries import DROPPED, Deliveries
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.put_events import EntryRefused, check_entries, event_of, place_of
from lambdakit.harness.delivery.rule_schedules import RuleSchedules
from lambdakit.harness.delivery.rule_targets import EVENT, delivery_to, treatment_of
from lambdakit.harness.event_pattern import EventPattern, InvalidPattern, compile_pattern
from lambdakit.harness.moto_state.event_buses import Buses, BusPlace, BusReplay, BusRule
from lambdakit.trace import EventNotDelivered, TraceLog

_PATTERNS_KEPT = 4096


class EventBuses:
    """Starts with the harness. Make it before moto's services are loaded.

    submit: runs a job on another thread.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        *,
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._deliveries = deliveries
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._submit = submit
        # Patterns are kept as they are compiled: a rule's is met with every event of its bus.
        self._pattern = functools.lru_cache(_PATTERNS_KEPT)(_compiled)
        self._buses = Buses(self)
        self._schedules = RuleSchedules(self._buses, clock=clock, due=self._send)
        self._destinations = ApiDestinations(self._buses, deliveries.targets)
        deliveries.targets.serve("events", self._send_on)

    def put_aws_event(
        self,
        account_id: str,
        region: str,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
        time: datetime | None = None,
    ) -> None:
        """Puts an event of an AWS service on the default bus. Absence of `time`: it happens now."""
        place = BusPlace(account_id=account_id, region=region)
        if not self._buses.is_watched(place):
            return
        event = new_event(
            source=source,
            detail_type=detail_type,
            account_id=account_id,
            region=region,
            detail=detail,
            received=self._clock.now(),
            time=time,
            resources=resources,
        )
        self.receive(place, event)

    def receive(self, place: BusPlace, event: BusEvent, *, only: Collection[str] = ()) -> None:
        """Takes an event to the rules of a bus. only: the ARNs of those that are asked; empty for all."""
        rules = self._buses.rules(place)
        if rules is None:
            # User Guide, "Sending events with PutEvents": an event for a bus that is not there is dropped.
            self._tell(event, str(event.values["source"]), place.arn, "there is no such event bus")
            return
        if "replay-name" not in event.values:
            self._buses.archive(place, event, lambda pattern: self._means(pattern, event))
        for rule in rules:
            if rule.is_enabled and rule.pattern and (not only or rule.arn in only) and self._means(rule.pattern, event):
                self._send(rule, event)

    def reset(self) -> None:
        """Begins anew: archives are empty, and rates are counted from now."""
        self._buses.forget_archived()
        self._schedules.reset()

    def put_events(self, account_id: str, region: str, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        """The entries of the answer to PutEvents."""
        check_entries(entries)
        return [self._put(account_id, region, entry) for entry in entries]

    def check_rule(self, bus: str, pattern: str | None, schedule: str | None) -> None:
        """Refuses a rule that is not in order."""
        rule_checks.check_rule(bus, pattern, schedule)

    def check_targets(self, present: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> None:
        """Refuses targets that are not in order."""
        rule_checks.check_targets(present, given)

    def check_pattern(self, pattern: str | None) -> None:
        """Refuses the pattern of an archive."""
        if pattern:
            rule_checks.compiled(pattern)

    def test_pattern(self, pattern: str, event: str) -> bool:
        """The answer to TestEventPattern."""
        return rule_checks.pattern_means(pattern, event)

    def rules_changed(self, account_id: str, region: str) -> None:
        """Follows what changed."""
        self._schedules.sync(account_id, region)

    def replay(self, replay: BusReplay) -> None:
        """Sends the events of an archive again, soon. Source: EventBridge API Reference, "StartReplay"."""
        what = f"replay {replay.name}"

        def run() -> None:
            try:
                self._replay(replay)
            finally:
                self._buses.end_replay(replay, self._clock.now())
                self._activity.end(what)

        self._activity.begin(what)
        self._submit(run)

    def _replay(self, replay: BusReplay) -> None:
        for event in self._buses.archived(replay):
            if replay.start <= event.time <= replay.end:
                values = {**event.values, "replay-name": replay.name}
                again = envelope_event(values, received=self._clock.now(), trace_id=event.trace_id)
                self.receive(replay.place, again, only=replay.rules)

    def _put(self, account_id: str, region: str, entry: Mapping[str, Any]) -> dict[str, str]:
        place = place_of(entry, account_id, region)
        try:
            event = event_of(entry, account_id=account_id, region=place.region, now=self._clock.now())
        except EntryRefused as refused:
            return {"ErrorCode": refused.code, "ErrorMessage": refused.message}
        self.receive(place, event)
        return {"EventId": event.id}

    def _means(self, pattern: str, event: BusEvent) -> bool:
        compiled = self._pattern(pattern)
        return compiled is not None and compiled.matches_values(event.values)

    def _send(self, rule: BusRule, event: BusEvent) -> None:
        """Sends an event to the targets of a rule."""
        for target in rule.targets:
            arn = str(target["Arn"])
            reason = self._not_served(arn)
            if reason:
                self._tell(event, rule.arn, arn, reason)
                continue
            delivery, problem = delivery_to(rule, target, event)
            treatment = treatment_of(rule, target, event)
            if problem is None:
                self._deliveries.send(delivery, treatment)
            else:
                self._deliveries.give_up(delivery, treatment, problem)

    def _not_served(self, arn: str) -> str:
        """Why nothing can be sent to a target from here; empty when it can."""
        resource = arn.split(":", 5)[-1]
        if ":events:" in arn and resource.startswith("api-destination/"):
            return self._destinations.outside(arn)
        if not self._deliveries.targets.serves(arn) or (":events:" in arn and not resource.startswith("event-bus/")):
            return "targets of this kind do not run here"
        return ""

    def _send_on(self, delivery: Delivery, target: Arn) -> None:
        """Sends to a bus or an API destination."""
        event = delivery.parameters.get(EVENT)
        if target.resource.startswith("api-destination/"):
            self._destinations.send(delivery, target)
        elif isinstance(event, BusEvent):
            self._to_bus(delivery, target, event)
        else:
            self._put_by(delivery, target)

    def _put_by(self, delivery: Delivery, target: Arn) -> None:
        """Puts the event that a service other than a bus makes: an object with the envelope's names."""
        self._deliveries.targets.permit(delivery, "events:PutEvents", delivery.target)
        given = json.loads(delivery.payload)
        entry = {
            "Source": given["source"],
            "DetailType": given["detail-type"],
            "Detail": json.dumps(given["detail"]),
            "Resources": given.get("resources", []),
            "EventBusName": delivery.target,
            "TraceHeader": delivery.trace_id,
        }
        answer = self._put(delivery.account_id or target.account, target.region, entry)
        if "ErrorCode" in answer:
            raise NotDelivered(answer["ErrorCode"], answer["ErrorMessage"], is_final=True)

    def _to_bus(self, delivery: Delivery, target: Arn, event: BusEvent) -> None:
        """An event goes on as it is: with its id, its time, and the account and region that it came from."""
        place = BusPlace(
            account_id=target.account, region=target.region, name=target.resource.removeprefix("event-bus/")
        )
        self._deliveries.targets.permit(delivery, "events:PutEvents", delivery.target)
        if event.came_from:
            # User Guide, "Sending events between event buses": not from one bus over another to a third.
            raise NotDelivered(
                "HOP", f"the event came by {event.came_from}, and is not sent to a third bus", is_final=True
            )
        if self._buses.rules(place) is None:
            raise NotDelivered("ResourceNotFoundException", f"{place.arn} does not exist", is_final=True)
        self.receive(place, replace(event, received=self._clock.now(), came_from=delivery.source))

    def _tell(self, event: BusEvent, source: str, target: str, reason: str) -> None:
        self._trace.append(
            EventNotDelivered(source=source, target=target, what=event.what, reason=reason, attempts=0, settled=DROPPED)
        )


def _compiled(pattern: str) -> EventPattern | None:
    """A pattern; None for one that was kept before anybody checked it."""
    try:
        return compile_pattern(pattern)
    except InvalidPattern:
        return None
