"""Rotation of secrets: the function is called for four steps, with a version that waits for its value.

    RotateSecret, or a scheduled time -> a version with AWSPENDING -> createSecret, setSecret, testSecret, finishSecret

A step that fails ends the rotation; AWSPENDING stays where it is, and the next rotation takes it up again.

Source: AWS Secrets Manager User Guide, "Rotation by Lambda function", "Rotation schedules", "Troubleshoot AWS Secrets
Manager rotation"; API Reference, "RotateSecret".
"""

from __future__ import annotations

import functools
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.function_calls import Caller, CallRefused, FunctionCalls
from lambdakit.harness.moto_state.secret_rotation import RotationRequest, Secret, SecretRotations
from lambdakit.harness.schedule_expression import InvalidSchedule, parse_schedule
from lambdakit.trace import EventDelivered, EventNotDelivered, TraceLog

STEPS: Final = ("createSecret", "setSecret", "testSecret", "finishSecret")
_PRINCIPAL: Final = "secretsmanager.amazonaws.com"
_DAYS: Final = range(1, 1001)
_NOT_ALLOWED: Final = (
    "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the "
    "principal secretsmanager.amazonaws.com."
)
_UNFINISHED: Final = "A previous rotation isn't complete. That rotation will be reattempted."
_Key = tuple[str, str, str]


class Rotation:
    """Rotates secrets. submit: runs a job on another thread."""

    def __init__(
        self,
        secrets: SecretRotations,
        calls: FunctionCalls,
        *,
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._secrets = secrets
        self._calls = calls
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._submit = submit
        self._timers: dict[_Key, Timer] = {}
        self._running: set[_Key] = set()
        self._lock = threading.Lock()
        self._generation = 0
        secrets.watch(self)

    def rotate(self, request: RotationRequest) -> None:
        """See `RotationWatch`."""
        secret = request.secret
        if secret.is_deleted:
            problem = "You can't perform this operation on the secret because it was marked for deletion."
            raise self._secrets.refuse("InvalidRequestException", problem)
        function = request.function or secret.function
        if not function:
            problem = "No Lambda rotation function ARN is associated with this secret."
            raise self._secrets.refuse("InvalidRequestException", problem)
        rules = self._checked(secret.rules if request.rules is None else request.rules)
        try:
            refused = self._calls.allowed(function, _caller(secret))
        except CallRefused:
            raise self._secrets.refuse(
                "ResourceNotFoundException", f"Lambda function {function} was not found."
            ) from None
        if refused is not None:
            raise self._secrets.refuse("AccessDeniedException", _NOT_ALLOWED)
        now = self._clock.now()
        due = _next(rules, now)
        self._secrets.configure(secret, function, rules, due=due)
        self._plan(secret, due)
        if not request.immediately:
            self._begin(secret, function, request.token, ("testSecret",))
            return
        if secret.pending and secret.pending != request.token:
            self._begin(secret, function, secret.pending, STEPS)
            raise self._secrets.refuse("InvalidRequestException", _UNFINISHED)
        self._begin(secret, function, request.token, STEPS)

    def cancelled(self, secret: Secret) -> None:
        """See `RotationWatch`."""
        self._plan(secret, None)

    def reset(self) -> None:
        """Plans anew what is to be rotated, and does not go on with what is under way."""
        with self._lock:
            self._generation += 1
            timers, self._timers = self._timers, {}
        for timer in timers.values():
            timer.cancel()
        for secret in self._secrets.all():
            due = _next(secret.rules, self._clock.now())
            self._secrets.configure(secret, secret.function, secret.rules, due=due)
            self._plan(secret, due)

    def _checked(self, rules: Mapping[str, Any]) -> Mapping[str, Any]:
        """API Reference, "RotationRulesType": days or a schedule expression, not both."""
        days, expression = rules.get("AutomaticallyAfterDays"), rules.get("ScheduleExpression")
        if days is not None and expression is not None:
            problem = "You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules."
            raise self._secrets.refuse("InvalidParameterException", problem)
        if days is not None and days not in _DAYS:
            problem = "RotationRules.AutomaticallyAfterDays must be within 1-1000."
            raise self._secrets.refuse("InvalidParameterException", problem)
        if expression is not None:
            try:
                schedule = parse_schedule(str(expression), any_plural=True)
            except InvalidSchedule as invalid:
                problem = f"RotationRules.ScheduleExpression is not valid: {invalid.reason}"
                raise self._secrets.refuse("InvalidParameterException", problem) from None
            if not schedule.recurring:
                problem = "RotationRules.ScheduleExpression must be a rate or a cron expression."
                raise self._secrets.refuse("InvalidParameterException", problem)
        return rules

    def _plan(self, secret: Secret, due: datetime | None) -> None:
        key = (*secret.place, secret.arn)
        with self._lock:
            before = self._timers.pop(key, None)
            if before is not None:
                before.cancel()
            if due is not None:
                self._timers[key] = self._clock.schedule(
                    due, functools.partial(self._is_due, key), label=f"rotation of {secret.name}", recurring=True
                )

    def _is_due(self, key: _Key) -> None:
        account_id, region, arn = key
        secret = self._secrets.find((account_id, region), arn)
        if secret is None or secret.is_deleted or not secret.is_enabled:
            return
        due = _next(secret.rules, self._clock.now())
        self._secrets.configure(secret, secret.function, secret.rules, due=due)
        self._plan(secret, due)
        self._begin(secret, secret.function, secret.pending or str(uuid.uuid4()), STEPS)

    def _begin(self, secret: Secret, function: str, token: str, steps: tuple[str, ...]) -> None:
        """Starts the steps behind the caller's back, unless they are under way."""
        key = (*secret.place, secret.arn)
        with self._lock:
            if key in self._running:
                return
            self._running.add(key)
            generation = self._generation
        self._secrets.add_pending(secret, token, self._clock.now())
        what = f"rotation of {secret.name}"

        def run() -> None:
            try:
                self._run(secret, function, token, steps, generation)
            finally:
                with self._lock:
                    self._running.discard(key)
                self._activity.end(what)

        self._activity.begin(what)
        self._submit(run)

    def _run(self, secret: Secret, function: str, token: str, steps: tuple[str, ...], generation: int) -> None:
        for step in steps:
            if generation != self._generation or not self._step(secret, function, token, step):
                break
        else:
            if steps == STEPS:
                self._secrets.finished(secret, self._clock.now())
        if steps != STEPS:
            # API Reference, "RotateSecret" (`RotateImmediately`): the test's version is taken away again.
            self._secrets.drop_pending(secret, token)

    def _step(self, secret: Secret, function: str, token: str, step: str) -> bool:
        """Whether the function did a step."""
        event = {
            "Step": step,
            "SecretId": secret.arn,
            "ClientRequestToken": token,
            "RotationToken": str(uuid.uuid4()),
        }
        try:
            answer = self._calls.call(function, json.dumps(event).encode(), _caller(secret))
        except CallRefused as refused:
            self._tell(secret, function, step, f"{refused.code}: {refused.message}")
            return False
        if answer.failed:
            self._tell(secret, function, step, f"{answer.error_type}: {answer.error_message}")
            return False
        self._trace.append(EventDelivered(source=secret.arn, target=function, what=f"rotation, {step}"))
        return True

    def _tell(self, secret: Secret, function: str, step: str, reason: str) -> None:
        self._trace.append(
            EventNotDelivered(
                source=secret.arn,
                target=function,
                what=f"rotation, {step}",
                reason=reason,
                attempts=1,
                settled="dropped",
            )
        )


def _caller(secret: Secret) -> Caller:
    return Caller(service=_PRINCIPAL, source_arn=secret.arn, account_id=secret.account_id)


def _next(rules: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the next rotation is due; None without a schedule. A window is taken to open and to be used at once."""
    if "ScheduleExpression" in rules:
        return parse_schedule(str(rules["ScheduleExpression"]), any_plural=True).next_after(now, since=now)
    days = rules.get("AutomaticallyAfterDays")
    return None if days is None else now + timedelta(days=int(days))
