"""Rules of a test, with the queues that their events end in; taken away at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.wired_harness import WiredHarness

ROLE = f"arn:aws:iam::{ACCOUNT}:role/rule"


class EventBus:
    """The bus `bus`, made for the test unless it is the default one."""

    def __init__(self, harness: WiredHarness, bus: str = "default") -> None:
        self.harness, self.name = harness, bus
        self.events, self._sqs = harness.aws("events"), harness.aws("sqs")
        self._rules: list[str] = []
        self._queues: dict[str, str] = {}
        if bus != "default":
            self.events.create_event_bus(Name=bus)
        self.before = harness.position()

    def rule(self, name: str, *targets: Mapping[str, Any], pattern: object = None, **settings: Any) -> str:
        """A rule's ARN. targets: without their `Id`. Absence of `pattern` and schedule: events of `shop`."""
        if pattern is None and "ScheduleExpression" not in settings:
            pattern = {"source": ["shop"]}
        if pattern is not None:
            settings["EventPattern"] = json.dumps(pattern)
        arn = str(self.events.put_rule(Name=name, EventBusName=self.name, **settings)["RuleArn"])
        self._rules.append(name)
        self.target(name, *targets)
        return arn

    def target(self, rule: str, *targets: Mapping[str, Any]) -> None:
        """Gives a rule targets."""
        if targets:
            numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
            self.events.put_targets(Rule=rule, EventBusName=self.name, Targets=numbered)

    def queue(self, name: str, **attributes: str) -> str:
        """A queue's ARN."""
        self._queues[name] = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def messages(self, name: str) -> list[dict[str, Any]]:
        """What is in a queue, taken out of it."""
        found: list[dict[str, Any]] = []
        while True:
            received = self._sqs.receive_message(
                QueueUrl=self._queues[name],
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                AttributeNames=["All"],
            ).get("Messages", [])
            if not received:
                return found
            found += received
            for message in received:
                self._sqs.delete_message(QueueUrl=self._queues[name], ReceiptHandle=message["ReceiptHandle"])

    def bodies(self, name: str) -> list[Any]:
        """The bodies of what is in a queue, as JSON."""
        return [json.loads(message["Body"]) for message in self.messages(name)]

    def put(self, detail: object = None, *, settle: bool = True, **entry: Any) -> str:
        """The id of an event that was put: `Order` of `shop`, unless `entry` says otherwise."""
        text = detail if isinstance(detail, str) else json.dumps({} if detail is None else detail)
        whole = {"Source": "shop", "DetailType": "Order", "Detail": text, "EventBusName": self.name, **entry}
        (answer,) = self.events.put_events(Entries=[whole])["Entries"]
        if settle:
            self.harness.drain()
        return str(answer["EventId"])

    def not_delivered(self) -> Sequence[dict[str, Any]]:
        """What the trace says was not delivered."""
        return self.harness.events("EventNotDelivered", after=self.before)

    def advance(self, **step: float) -> None:
        """Moves the clock."""
        seconds = step.get("seconds", 0) + 60 * step.get("minutes", 0) + 3600 * step.get("hours", 0)
        answer = self.harness.call("POST", "clock", {"advance_seconds": seconds})
        assert answer.status == 200, answer.body
        self.harness.drain()

    def remove(self) -> None:
        """Takes everything away."""
        for name in self._rules:
            held = self.events.list_targets_by_rule(Rule=name, EventBusName=self.name)["Targets"]
            if held:
                ids = [target["Id"] for target in held]
                self.events.remove_targets(Rule=name, EventBusName=self.name, Ids=ids)
            self.events.delete_rule(Name=name, EventBusName=self.name)
        if self.name != "default":
            self.events.delete_event_bus(Name=self.name)
        for url in self._queues.values():
            self._sqs.delete_queue(QueueUrl=url)


def attributes(message: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of a message."""
    return {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
