"""How a deployment to a function goes: its hooks are asked, and the alias moves step by step.

    checked -> BeforeAllowTraffic -> a shift, then its minutes, for each step -> AfterAllowTraffic -> over
    an alarm, a hook, a refusal, a request to stop -> over, and another deployment that moves the alias back at once

While traffic moves the alias stays on the old version and the new one is an additional version with a weight; the hooks
are not asked when a deployment moves back. Neither is on a page; both are what `GetAlias` and the log of a hook show
during deployments on AWS. One thread at a time works at a deployment; it comes to rest in the clock's timers.

Source: AWS CodeDeploy User Guide, "Deployments on an AWS Lambda compute platform", "AppSpec 'hooks' section for an AWS
Lambda deployment", "Redeploy and roll back a deployment with CodeDeploy", "Monitoring deployments with CloudWatch
alarms".
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.app_spec import AFTER, BEFORE, write_app_spec
from lambdakit.harness.delivery.code_deployment_endings import (
    FAILED,
    HOOK_FAILED,
    NOT_HEARD_OF,
    STOPPED,
    WRONG_VERSION,
    Ended,
    Ending,
    alarmed,
    failure,
    not_allowed,
)
from lambdakit.harness.delivery.code_deployments import (
    ALLOW,
    EVENTS,
    IN_PROGRESS,
    PENDING,
    SKIPPED,
    SUCCEEDED,
    Deployment,
    Hook,
    new_id,
)
from lambdakit.harness.delivery.function_aliases import DENIED, FunctionAliases
from lambdakit.harness.delivery.function_calls import Caller, CallRefused, FunctionCalls
from lambdakit.harness.delivery.traffic_shifts import Shift
from lambdakit.harness.invocation.shipment import Clients as RoleClients
from lambdakit.trace import TraceLog, TrafficShifted, TrafficShiftEnded

SESSION: Final = "codedeploy"
_NOW: Final = timedelta()
_WHOLE: Final = 100
# Source: User Guide, "Troubleshoot Amazon ECS deployment issues" (the same hooks): a status within one hour.
_HOOK: Final = timedelta(hours=1)
_LOOK_SECONDS: Final = 0.02
_ROLLED_BACK: Final = "Deployment {id} terminated. Automatic rollback is triggered with a DeploymentId {other}."


class DeploymentRuns:
    """Runs deployments.

    group_of: the deployment group of one, as the API shows it; empty when it is gone. keep: takes a new deployment.
    role_clients: in a session of a role. submit: runs a job on another thread.
    """

    def __init__(
        self,
        calls: FunctionCalls,
        aliases: FunctionAliases,
        role_clients: RoleClients,
        *,
        group_of: Callable[[Deployment], Any],
        keep: Callable[[Deployment], None],
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._calls = calls
        self._aliases = aliases
        self._clients = role_clients
        self._group_of = group_of
        self._keep = keep
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._submit = submit
        self._lock = threading.Lock()

    def start(self, deployment: Deployment) -> None:
        """Runs a deployment behind the caller's back, by the clock."""
        self._later(deployment)

    def run(self, deployment: Deployment) -> None:
        """Runs a deployment that waits for nothing to its end."""
        self._work(deployment)

    def stop(self, deployment: Deployment, ending: Ending, rolls_back: bool | None = None) -> None:
        """Ends a deployment soon. rolls_back: whether the alias moves back; None for what its group says."""
        with self._lock:
            if deployment.is_over or deployment.ending is not None:
                return
            deployment.ending = ending
            deployment.rolls_back = rolls_back
        self._later(deployment)

    def forget(self, deployment: Deployment) -> None:
        """Nothing more happens to a deployment."""
        with self._lock:
            deployment.status = deployment.status if deployment.is_over else STOPPED
            self._wait(deployment, None)

    def look_again(self, deployment: Deployment) -> None:
        """Something changed that a deployment may be waiting for, or stops at."""
        with self._lock:
            deployment.has_news = True
        self._later(deployment)

    def _later(self, deployment: Deployment) -> None:
        if deployment.waits_for_nothing:
            return  # whoever runs it is at work, and looks after each step
        what = f"deployment {deployment.id}"
        self._activity.begin(what)

        def job() -> None:
            try:
                self._work(deployment)
            finally:
                self._activity.end(what)

        self._submit(job)

    def _work(self, deployment: Deployment) -> None:
        with self._lock:
            if deployment.at_work or deployment.is_over:
                return  # who is at work looks at what there is to look at after each step
            deployment.at_work = True
            deployment.started, deployment.status = deployment.started or self._clock.now(), IN_PROGRESS
        pause: timedelta | None = _NOW
        while pause is not None:
            pause = self._step(deployment)
            with self._lock:
                if (deployment.ending is not None or deployment.has_news) and not deployment.is_over:
                    deployment.has_news = False
                    continue
                if pause is None or (pause > _NOW and not deployment.waits_for_nothing):
                    deployment.at_work = False
                    self._wait(deployment, pause)
                    return

    def _wait(self, deployment: Deployment, pause: timedelta | None) -> None:
        if deployment.timer is not None:
            deployment.timer.cancel()
            deployment.timer = None
        if pause is not None:
            label = f"deployment {deployment.id}"
            due = self._clock.now() + pause
            deployment.timer = self._clock.schedule(due, lambda: self._later(deployment), label=label)

    def _step(self, deployment: Deployment) -> timedelta | None:
        """The next thing to do; how long to wait after it, None when the deployment is over."""
        try:
            if deployment.ending is None:
                deployment.ending = self._alarmed(deployment)
            if deployment.ending is not None:
                self._end(deployment)
                return None
            return self._go_on(deployment)
        except Ended as ended:
            deployment.ending = deployment.ending or ended.ending
            self._end(deployment)
            return None
        except Exception as error:  # whatever a client raises: the deployment fails, and says why
            deployment.ending = failure("INTERNAL_ERROR", f"{type(error).__name__}: {error}")
            self._end(deployment)
            return None

    def _go_on(self, deployment: Deployment) -> timedelta | None:
        now = self._clock.now()
        if deployment.events[BEFORE].status == PENDING:
            self._check(deployment)
        if deployment.due is not None and now < deployment.due and not deployment.waits_for_nothing:
            return deployment.due - now
        last = len(deployment.steps) + 1
        if deployment.at in (0, last):
            waiting = self._ask(deployment, BEFORE if deployment.at == 0 else AFTER)
            if waiting:
                return waiting
        else:
            deployment.due = self._shift(deployment, deployment.steps[deployment.at - 1], now)
        deployment.at += 1
        if deployment.at <= last:
            return _NOW if deployment.due is None else max(deployment.due - now, _NOW)
        self._over(deployment, SUCCEEDED)
        return None

    def _check(self, deployment: Deployment) -> None:
        """The alias has to be where the deployment begins."""
        spec = deployment.spec
        try:
            version = self._aliases.version(spec.function, spec.alias, deployment.place, _caller(deployment))
        except CallRefused as refused:
            raise _refused(deployment, refused) from None
        if version != spec.current:
            raise Ended(WRONG_VERSION)

    def _shift(self, deployment: Deployment, step: Shift, now: datetime) -> datetime | None:
        """Moves the alias; when its next step is due, None for at once."""
        event = deployment.events[ALLOW]
        event.started = event.started or now
        event.status = IN_PROGRESS
        self._move(deployment, step.percent)
        self._trace.append(
            TrafficShifted(
                deployment=deployment.id,
                function=deployment.spec.function,
                alias=deployment.spec.alias,
                version=deployment.spec.target,
                percent=step.percent,
                minutes=step.minutes,
                waited=not deployment.waits_for_nothing,
            )
        )
        if step is deployment.steps[-1]:
            event.status, event.ended = SUCCEEDED, self._clock.now()
        return self._clock.now() + timedelta(minutes=step.minutes) if step.minutes else None

    def _move(self, deployment: Deployment, percent: float) -> None:
        spec = deployment.spec
        whole = percent >= _WHOLE
        try:
            self._aliases.move(
                spec.function,
                spec.alias,
                deployment.place,
                _caller(deployment),
                version=spec.target if whole else spec.current,
                weights={} if whole else {spec.target: percent / _WHOLE},
            )
        except CallRefused as refused:
            raise _refused(deployment, refused) from None
        deployment.percent = percent

    def _ask(self, deployment: Deployment, name: str) -> timedelta:
        """Has a hook say whether to go on; how long it may still take, nothing once it has said so."""
        event, function = deployment.events[name], deployment.spec.hooks.get(name)
        if function is None:
            event.status, event.started, event.ended = SUCCEEDED, self._clock.now(), self._clock.now()
            return _NOW
        hook = deployment.hook
        if hook is None:
            now = self._clock.now()
            event.status, event.started = IN_PROGRESS, now
            hook = Hook(id=secrets.token_urlsafe(48), event=name, function=function, due=now + _HOOK)
            deployment.hooks.append(hook)
            self._call(deployment, hook)
        if deployment.quiet is not None:
            limit = self._clock.monotonic() + _HOOK.total_seconds()
            while not hook.reported.wait(_LOOK_SECONDS) and not deployment.quiet():
                if self._clock.monotonic() >= limit:
                    break
        if hook.result is None:
            left = hook.due - self._clock.now()
            if left > _NOW and not deployment.waits_for_nothing:
                return left
            event.message = hook.problem
            raise Ended(NOT_HEARD_OF)
        if hook.result != SUCCEEDED:
            raise Ended(HOOK_FAILED)
        event.status, event.ended = SUCCEEDED, self._clock.now()
        return _NOW

    def _call(self, deployment: Deployment, hook: Hook) -> None:
        """Calls the function. What it returns says nothing: only `PutLifecycleEventHookExecutionStatus` does.

        Whether AWS calls it synchronously is on no page; here it is, so that its end is known.
        """
        payload = {"DeploymentId": deployment.id, "LifecycleEventHookExecutionId": hook.id}
        try:
            answer = self._calls.call(hook.function, json.dumps(payload).encode(), _caller(deployment))
        except CallRefused as refused:
            raise _refused(deployment, refused) from None
        if answer.failed:
            hook.problem = f"{answer.error_type}: {answer.error_message}"

    def _alarmed(self, deployment: Deployment) -> Ending | None:
        """Why the alarms of a deployment stop it; None when they do not."""
        held = deployment.given.get("overrideAlarmConfiguration") or self._group_of(deployment).get(
            "alarmConfiguration"
        )
        names = [str(alarm["name"]) for alarm in (held or {}).get("alarms") or ()]
        if not names or not (held or {}).get("enabled"):
            return None
        client = self._clients("cloudwatch", deployment.place[1], role=deployment.role_arn)
        try:
            found = client.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        except (ClientError, BotoCoreError):
            ignored = bool((held or {}).get("ignorePollAlarmFailure"))
            return None if ignored else not_allowed(deployment.role_arn, "AmazonCloudWatch")
        alarms = [*found.get("MetricAlarms", ()), *found.get("CompositeAlarms", ())]
        active = [alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM"]
        return alarmed(active) if active else None

    def _end(self, deployment: Deployment) -> None:
        """Ends a deployment that did not succeed, and moves the alias back where that is wanted."""
        ending = deployment.ending
        assert ending is not None
        for name in EVENTS:
            event = deployment.events[name]
            if event.status == IN_PROGRESS:
                event.status, event.ended = FAILED, self._clock.now()
                event.message = event.message or ending.message
            elif event.status == PENDING:
                event.status = SKIPPED
        if self._rolls_back(deployment, ending):
            self._roll_back(deployment)
        self._over(deployment, ending.status)

    def _rolls_back(self, deployment: Deployment, ending: Ending) -> bool:
        if deployment.rolls_back is not None:
            return deployment.rolls_back
        own = deployment.given.get("autoRollbackConfiguration")
        held = own or self._group_of(deployment).get("autoRollbackConfiguration") or {}
        return bool(held.get("enabled")) and ending.cause in (held.get("events") or ())

    def _roll_back(self, deployment: Deployment) -> None:
        """Another deployment, of what was before; its hooks are not asked. Where nothing moved yet, nothing moves."""
        spec = deployment.spec
        before = dataclasses.replace(spec, current=spec.target, target=spec.current, hooks={})
        now = self._clock.now()
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": write_app_spec(before)}}
        back = Deployment(
            id=new_id(),
            place=deployment.place,
            application=deployment.application,
            group=deployment.group,
            group_id=deployment.group_id,
            config=deployment.config,
            role_arn=deployment.role_arn,
            spec=before,
            steps=(),
            given={"revision": revision},
            created=now,
            creator="codeDeployRollback",
            started=now,
            rolls_back_which=deployment.id,
        )
        message = _ROLLED_BACK.format(id=deployment.id, other=back.id)
        back.rollback_message = deployment.rollback_message = message
        deployment.rolled_back_by = back.id
        self._keep(back)
        try:
            if deployment.percent:
                self._move(back, _WHOLE)
        except Ended as ended:
            back.ending = ended.ending
            for event in back.events.values():
                event.status = SKIPPED
            self._over(back, FAILED)
            return
        for event in back.events.values():
            event.status, event.started, event.ended = SUCCEEDED, now, self._clock.now()
        self._over(back, SUCCEEDED)

    def _over(self, deployment: Deployment, status: str) -> None:
        deployment.status, deployment.completed = status, self._clock.now()
        ending = deployment.ending
        self._trace.append(
            TrafficShiftEnded(
                deployment=deployment.id,
                function=deployment.spec.function,
                alias=deployment.spec.alias,
                status=status,
                reason="" if ending is None else f"{ending.code}: {ending.message}",
            )
        )


def _refused(deployment: Deployment, refused: CallRefused) -> Ended:
    """Lambda would not do what CodeDeploy asked it for."""
    if refused.code == DENIED:
        return Ended(not_allowed(deployment.role_arn, "AWSLambda"))
    return Ended(failure("INVALID_LAMBDA_FUNCTION", refused.message))


def _caller(deployment: Deployment) -> Caller:
    return Caller(role_arn=deployment.role_arn, session=SESSION)
