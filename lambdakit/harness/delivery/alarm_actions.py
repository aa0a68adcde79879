"""What an alarm does when its state changes: functions, topics and the default bus are told.

Source: Amazon CloudWatch User Guide, "Alarm actions", "Invoke a Lambda function from an alarm" (the principal
`lambda.alarms.cloudwatch.amazonaws.com`), "Alarm events and EventBridge"; Amazon SNS Developer Guide, "Example cases
for Amazon SNS access control" (the principal `cloudwatch.amazonaws.com`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from lambdakit.harness.delivery.alarm_messages import (
    Transition,
    event_detail,
    function_event,
    topic_message,
    topic_subject,
)
from lambdakit.harness.delivery.deliveries import DROPPED, Deliveries
from lambdakit.harness.delivery.delivery import Delivery
from lambdakit.trace import EventNotDelivered, TraceLog

_WHAT: Final = "alarm action"
DETAIL_TYPE: Final = "CloudWatch Alarm State Change"


class PutAwsEvent(Protocol):
    """Puts an event of an AWS service on the default bus of an account and region."""

    def __call__(
        self,
        *,
        account_id: str,
        region: str,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str],
        time: datetime,
    ) -> None:
        """Returns at once; rules are matched behind the caller's back."""


class AlarmActions:
    """Acts on changes. put_event: absence drops what is meant for EventBridge."""

    def __init__(self, deliveries: Deliveries, trace: TraceLog, put_event: PutAwsEvent | None) -> None:
        self._deliveries = deliveries
        self._trace = trace
        self._put_event = put_event
        self._kinds: Mapping[str, Callable[[Transition, str], Delivery]] = {
            "lambda": _for_function,
            "sns": _for_topic,
        }

    def act(self, change: Transition) -> None:
        """Does what follows from a change. Returns at once."""
        alarm = change.alarm
        if alarm.actions_enabled:
            for action in alarm.actions.get(alarm.state.value, ()):
                self._one(change, action)
        if self._put_event is None:
            return
        self._put_event(
            account_id=alarm.account_id,
            region=alarm.region,
            source="aws.cloudwatch",
            detail_type=DETAIL_TYPE,
            detail=event_detail(change),
            resources=[alarm.arn],
            time=alarm.state.at,
        )

    def _one(self, change: Transition, action: str) -> None:
        parts = action.split(":")
        kind = self._kinds.get(parts[2]) if len(parts) > 5 else None
        if kind is not None:
            self._deliveries.send(kind(change, action))
            return
        self._trace.append(
            EventNotDelivered(
                source=change.alarm.arn,
                target=action,
                what=_WHAT,
                reason="nothing is done by this kind of action here",
                attempts=0,
                settled=DROPPED,
            )
        )


def _for_function(change: Transition, action: str) -> Delivery:
    return Delivery(
        source=change.alarm.arn,
        account_id=change.alarm.account_id,
        service="lambda.alarms.cloudwatch.amazonaws.com",
        target=action,
        payload=json.dumps(function_event(change)).encode(),
        what=_WHAT,
    )


def _for_topic(change: Transition, action: str) -> Delivery:
    return Delivery(
        source=change.alarm.arn,
        account_id=change.alarm.account_id,
        service="cloudwatch.amazonaws.com",
        target=action,
        payload=json.dumps(topic_message(change)).encode(),
        what=_WHAT,
        parameters={"Subject": topic_subject(change)},
    )
