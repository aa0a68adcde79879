"""What a schedule calls: a target of a template, or any operation of an API.

Source: EventBridge Scheduler User Guide, "Using templated targets in EventBridge Scheduler", "Using universal targets
in EventBridge Scheduler", "Adding context attributes" and "Configuring a schedule's dead-letter queue"; EventBridge
Scheduler API Reference, "Target".
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from lambdakit.arn import Arn
from lambdakit.harness.delivery.bus_event import whole_seconds
from lambdakit.harness.delivery.deliveries import DROPPED, Deliveries, Treatment
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.rule_checks import AGE_SECONDS_MAX, RETRIES_MAX
from lambdakit.harness.delivery.rule_targets import exhausted, pause_seconds
from lambdakit.harness.delivery.schedule_checks import universal
from lambdakit.harness.delivery.universal_targets import UniversalTargets
from lambdakit.harness.invocation.shipment import Clients as RoleClients
from lambdakit.harness.moto_state.schedules import KeptSchedule
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.records import dataclass
from lambdakit.trace import EventNotDelivered, TraceLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One time that a schedule is due."""

    schedule: KeptSchedule
    due: datetime

    def execution_id(self, attempt: int) -> str:
        """User Guide, "Adding context attributes": another one for each attempt, as `d32c5kddcf5bb8c3`."""
        drawn = random.Random(f"{self.schedule.arn} {self.due.timestamp()} {attempt}")
        return f"{drawn.getrandbits(64):016x}"

    def filled(self, text: str, attempt: int) -> str:
        """An input with its context attributes."""
        attributes = {
            "<aws.scheduler.schedule-arn>": self.schedule.arn,
            "<aws.scheduler.scheduled-time>": whole_seconds(self.due),
            "<aws.scheduler.execution-id>": self.execution_id(attempt),
            "<aws.scheduler.attempt-number>": str(attempt),
        }
        for name, value in attributes.items():
            text = text.replace(name, value)
        return text

    def notification(self) -> str:
        """What a target gets without an input. API Reference, "Target", `Input`: a default notification.

        Its form is not documented; this is how functions report it, the detail as a text.
        """
        return json.dumps(
            {
                "version": "0",
                "id": random_uuid(),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": self.schedule.account_id,
                "time": whole_seconds(self.due),
                "region": self.schedule.region,
                "resources": [self.schedule.arn],
                "detail": "{}",
            }
        )


class ScheduleTargets:
    """Calls targets. role_clients: make clients of a role."""

    def __init__(self, deliveries: Deliveries, role_clients: RoleClients, trace: TraceLog) -> None:
        self._deliveries = deliveries
        self._trace = trace
        deliveries.targets.serve("scheduler", UniversalTargets(deliveries.targets, role_clients).send)

    def call(self, schedule: KeptSchedule, call: Call) -> None:
        """Calls the target of a schedule soon."""
        arn = str(schedule.target.get("Arn") or "")
        if not self._deliveries.targets.serves(arn):
            self._tell(schedule, arn)
            return
        given = schedule.target.get("Input")
        if given is None:
            given = "{}" if _service(arn) == "events" or universal(arn) else call.notification()
        text = str(given)
        delivery = Delivery(
            source=schedule.arn,
            account_id=schedule.account_id,
            service="scheduler.amazonaws.com",
            role_arn=str(schedule.target.get("RoleArn") or ""),
            target=arn,
            payload=text.encode(),
            what=f"call of schedule {schedule.name}",
            parameters=_parameters(schedule.target, arn),
        )

        def renewed(sent: Delivery, attempt: int) -> Delivery:
            payload = call.filled(text, attempt)
            if _service(arn) == "events":
                payload = _entry(schedule.target, payload)
            return replace(sent, payload=payload.encode())

        self._deliveries.send(delivery, _treatment(schedule, call, text, renewed))

    def _tell(self, schedule: KeptSchedule, arn: str) -> None:
        self._trace.append(
            EventNotDelivered(
                source=schedule.arn,
                target=arn,
                what=f"call of schedule {schedule.name}",
                reason="targets of this kind do not run here",
                attempts=0,
                settled=DROPPED,
            )
        )


def _treatment(schedule: KeptSchedule, call: Call, text: str, renewed: Any) -> Treatment:
    policy = schedule.target.get("RetryPolicy") or {}
    retries, age = policy.get("MaximumRetryAttempts"), policy.get("MaximumEventAgeInSeconds")
    limit = RETRIES_MAX if retries is None else int(retries)

    def attributes(refused: NotDelivered, attempts: int) -> Mapping[str, str]:
        return {
            "ERROR_CODE": refused.code,
            "ERROR_MESSAGE": refused.message or refused.code,
            "EXECUTION_ID": call.execution_id(attempts),
            "EXHAUSTED_RETRY_CONDITION": exhausted(refused, attempts, limit),
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(attempts - 1),
            "SCHEDULED_TIME": whole_seconds(call.due),
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": str(schedule.target["Arn"]),
        }

    return Treatment(
        retries=limit,
        max_age=timedelta(seconds=AGE_SECONDS_MAX if age is None else int(age)),
        pause_seconds=pause_seconds,
        dead_letter_arn=str((schedule.target.get("DeadLetterConfig") or {}).get("Arn") or ""),
        dead_letter_payload=call.filled(text, 1).encode(),
        dead_letter_attributes=attributes,
        renewed=renewed,
    )


def _parameters(target: Mapping[str, Any], arn: str) -> Mapping[str, Any]:
    service = _service(arn)
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        return {"MessageGroupId": group} if group else {}
    if service == "kinesis":
        return {"PartitionKey": str((target.get("KinesisParameters") or {}).get("PartitionKey"))}
    return {}


def _entry(target: Mapping[str, Any], detail: str) -> str:
    """What a bus is sent: the members that the sender for buses looks for."""
    given = target.get("EventBridgeParameters") or {}
    return json.dumps(
        {
            "source": given.get("Source", ""),
            "detail-type": given.get("DetailType", ""),
            "detail": json.loads(detail),
        }
    )


def _service(arn: str) -> str:
    try:
        return Arn.parse(arn).service
    except ValueError:
        return ""
