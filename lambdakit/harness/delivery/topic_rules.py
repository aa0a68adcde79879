"""IoT rules: a message that is published goes, as each rule makes it, to the rule's actions.

What an action cannot do is done by the rule's error action instead, and is told.

Source: AWS IoT Core Developer Guide, "Rules for AWS IoT", "Error handling (error action)", "Basic Ingest".
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.clock import milliseconds
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.delivery import NotDelivered
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.delivery.topic_actions import Occasion, TopicActions
from lambdakit.harness.delivery.topic_sql import InvalidSql, Statement
from lambdakit.harness.delivery.topic_sql_values import Message, read_message
from lambdakit.harness.invocation.shipment import Clients
from lambdakit.harness.moto_state.topic_rules import Place, TopicRule, TopicRules
from lambdakit.trace import EventDelivered, EventNotDelivered, TraceLog

_WHAT: Final = "IoT rule"
_BASIC_INGEST: Final = "$aws/rules/"
# Guide, "AWS IoT Core quotas": a message does not go through rules for ever.
_REPUBLISHED_MAX: Final = 10


class TopicRuleActions:
    """Acts on what is published. submit: runs a job on another thread."""

    def __init__(
        self,
        targets: Targets,
        clients: Clients,
        *,
        now: Callable[[], datetime],
        submit: Callable[[Callable[[], None]], None],
        activity: Activity,
        trace: TraceLog,
    ) -> None:
        self._now = now
        self._submit = submit
        self._activity = activity
        self._trace = trace
        self._here = threading.local()
        self._actions = TopicActions(targets, clients, self.published)
        self._rules = TopicRules(self.published, problem)

    def published(self, place: Place, topic: str, payload: bytes) -> None:
        """Takes a message. Returns at once."""
        depth = getattr(self._here, "depth", 0)
        only = ""
        if topic.startswith(_BASIC_INGEST):
            only, _, topic = topic.removeprefix(_BASIC_INGEST).partition("/")
        message = read_message(topic, payload, milliseconds(self._now()))
        for rule in self._rules.enabled(place):
            if only and rule.name != only:
                continue
            statement = Statement(rule.sql)
            if statement.takes(message, by_name=bool(only)):
                self._start(rule, statement, message, depth)

    def _start(self, rule: TopicRule, statement: Statement, message: Message, depth: int) -> None:
        what = f"{_WHAT} {rule.name}"

        def run() -> None:
            self._here.depth = depth + 1
            try:
                self._run(rule, statement, message)
            finally:
                self._here.depth = 0
                self._activity.end(what)

        if depth >= _REPUBLISHED_MAX:
            self._tell(rule, rule.arn, f"a message was republished {depth} times")
            return
        self._activity.begin(what)
        self._submit(run)

    def _run(self, rule: TopicRule, statement: Statement, message: Message) -> None:
        try:
            payload = statement.result(message)
        except InvalidSql as invalid:
            self._tell(rule, rule.arn, str(invalid))
            return
        failures = []
        for action in rule.actions:
            for kind, settings in action.items():
                failure = self._try(rule, kind, settings, message, payload)
                if failure is not None:
                    failures.append(failure)
        if failures:
            self._error_action(rule, message, failures)

    def _try(
        self, rule: TopicRule, kind: str, settings: Mapping[str, Any], message: Message, payload: bytes
    ) -> dict[str, str] | None:
        """What an action failed with, as the error action is told; None when it was done."""
        try:
            target = self._actions.do(kind, Occasion(rule=rule, settings=settings, message=message, payload=payload))
        except NotDelivered as failed:
            self._tell(rule, kind, str(failed))
            return {"failedAction": f"{kind[:1].upper()}{kind[1:]}Action", "errorMessage": str(failed)}
        self._trace.append(EventDelivered(source=rule.arn, target=target, what=_WHAT))
        return None

    def _error_action(self, rule: TopicRule, message: Message, failures: Sequence[Mapping[str, str]]) -> None:
        """Source: Guide, "Error handling (error action)", "Error action message format"."""
        told = {
            "ruleName": rule.name,
            "topic": message.topic,
            "cloudwatchTraceId": str(uuid.uuid4()),
            "clientId": "N/A",
            "base64OriginalPayload": base64.b64encode(message.payload).decode(),
            "failures": list(failures),
        }
        for kind, settings in rule.error_action.items():
            self._try(rule, kind, settings, message, json.dumps(told).encode())

    def _tell(self, rule: TopicRule, target: str, reason: str) -> None:
        self._trace.append(
            EventNotDelivered(source=rule.arn, target=target, what=_WHAT, reason=reason, attempts=1, settled="dropped")
        )


def problem(sql: str) -> str:
    """Why a rule with this statement cannot be run here; empty when it can."""
    try:
        Statement(sql)
    except InvalidSql as invalid:
        return str(invalid)
    return ""
