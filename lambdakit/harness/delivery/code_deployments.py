"""What CodeDeploy knows of a deployment to a function, and how its API shows it.

Source: AWS CodeDeploy API Reference, "DeploymentInfo", "LambdaTarget", "LifecycleEvent", "RollbackInfo".
"""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from lambdakit.clock import Timer
from lambdakit.harness.delivery.app_spec import AFTER, BEFORE, AppSpec
from lambdakit.harness.delivery.code_deployment_endings import FAILED, STOPPED, Ending
from lambdakit.harness.delivery.traffic_shifts import Shift

ALLOW: Final = "AllowTraffic"
EVENTS: Final = (BEFORE, ALLOW, AFTER)
PENDING, IN_PROGRESS, SUCCEEDED, SKIPPED = "Pending", "InProgress", "Succeeded", "Skipped"
Place = tuple[str, str]


class DeployRefused(Exception):
    """A request that the service refuses. code: as the API names it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class LifecycleEvent:
    """A part of a deployment."""

    name: str
    status: str = PENDING
    started: datetime | None = None
    ended: datetime | None = None
    message: str = ""

    def shown(self) -> Mapping[str, Any]:
        """As the API has it."""
        code = {SUCCEEDED: "Success", FAILED: "UnknownError"}.get(self.status)
        given = {
            "lifecycleEventName": self.name,
            "status": self.status,
            "startTime": seconds(self.started),
            "endTime": seconds(self.ended),
            "diagnostics": {"errorCode": code, "message": self.message} if code else None,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class Hook:
    """A call of a function that is to say whether the deployment goes on. result: None until it did."""

    id: str
    event: str
    function: str
    due: datetime
    result: str | None = None
    problem: str = ""
    reported: threading.Event = dataclasses.field(default_factory=threading.Event)


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class Deployment:
    """A deployment. steps: how traffic moves. at: the next of its steps, counted over hooks and shifts.

    given: the request. quiet: for one that waits for no minutes: whether nothing is under way, so that no hook can be
    heard of any more; None for one that goes by the clock. ending: how it is to end, once known.
    has_news: something changed while a thread was at work at it.
    """

    id: str
    place: Place
    application: str
    group: str
    group_id: str
    config: str
    role_arn: str
    spec: AppSpec
    steps: Sequence[Shift]
    given: Mapping[str, Any]
    created: datetime
    creator: str = "user"
    status: str = "Created"
    quiet: Callable[[], bool] | None = None
    started: datetime | None = None
    completed: datetime | None = None
    at: int = 0
    percent: float = 0
    due: datetime | None = None
    hooks: list[Hook] = dataclasses.field(default_factory=list)
    ending: Ending | None = None
    rolls_back: bool | None = None
    rolled_back_by: str = ""
    rolls_back_which: str = ""
    rollback_message: str = ""
    at_work: bool = False
    has_news: bool = False
    timer: Timer | None = None
    events: dict[str, LifecycleEvent] = dataclasses.field(
        default_factory=lambda: {name: LifecycleEvent(name=name) for name in EVENTS}
    )

    @property
    def hook(self) -> Hook | None:
        """The hook that was asked last, where its event is still open."""
        return self.hooks[-1] if self.hooks and self.events[self.hooks[-1].event].status == IN_PROGRESS else None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in (SUCCEEDED, FAILED, STOPPED)

    @property
    def waits_for_nothing(self) -> bool:
        """Whether its minutes are not waited for."""
        return self.quiet is not None

    @property
    def problem(self) -> str:
        """Why it did not succeed, in the service's words; empty when it did."""
        return "" if self.ending is None else self.ending.message

    @property
    def application_name(self) -> str:
        """By the name that moto's own records have it by."""
        return self.application

    @property
    def deployment_group_name(self) -> str:
        """By the name that moto's own records have it by."""
        return self.group

    def shown(self, group: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """As `GetDeployment` has it. group: its deployment group; None when that is gone."""
        held = group or {}
        state = {"Created": "Pending", STOPPED: FAILED}.get(self.status, self.status)
        ending = self.ending
        given = {
            "applicationName": self.application,
            "deploymentGroupName": self.group,
            "deploymentConfigName": self.config,
            "deploymentId": self.id,
            "revision": self.given["revision"],
            "status": self.status,
            "errorInformation": None if ending is None else {"code": ending.code, "message": ending.message},
            "createTime": seconds(self.created),
            "startTime": seconds(self.started),
            "completeTime": seconds(self.completed),
            "deploymentOverview": {
                name: int(name == state) for name in (PENDING, IN_PROGRESS, SUCCEEDED, FAILED, SKIPPED, "Ready")
            },
            "description": self.given.get("description"),
            "creator": self.creator,
            "ignoreApplicationStopFailures": False,
            "updateOutdatedInstancesOnly": False,
            "autoRollbackConfiguration": self.given.get("autoRollbackConfiguration")
            or held.get("autoRollbackConfiguration"),
            "overrideAlarmConfiguration": self.given.get("overrideAlarmConfiguration"),
            "rollbackInfo": self._rollback() or None,
            "deploymentStyle": held.get("deploymentStyle"),
            "instanceTerminationWaitTimeStarted": False,
            "computePlatform": "Lambda",
        }
        return {name: value for name, value in given.items() if value is not None}

    def target(self, prefix: str) -> Mapping[str, Any]:
        """As `GetDeploymentTarget` has it. prefix: what the name of a function follows in its ARN."""
        spec = self.spec
        status = {"Created": "Pending", STOPPED: FAILED}.get(self.status, self.status)
        return {
            "deploymentTargetType": "LambdaFunction",
            "lambdaTarget": {
                "deploymentId": self.id,
                "targetId": self.target_id,
                "targetArn": prefix + spec.function,
                "status": status,
                "lastUpdatedAt": seconds(self.completed or self.started or self.created),
                "lifecycleEvents": [self.events[name].shown() for name in EVENTS],
                "lambdaFunctionInfo": {
                    "functionName": spec.function,
                    "functionAlias": spec.alias,
                    "currentVersion": spec.current,
                    "targetVersion": spec.target,
                    "targetVersionWeight": self.percent / 100,
                },
            },
        }

    @property
    def target_id(self) -> str:
        """The function, by which the API names what is deployed to. Source: "BatchGetDeploymentTargets"."""
        return self.spec.function

    def _rollback(self) -> Mapping[str, str]:
        info = {
            "rollbackDeploymentId": self.rolled_back_by,
            "rollbackTriggeringDeploymentId": self.rolls_back_which,
            "rollbackMessage": self.rollback_message,
        }
        return {name: value for name, value in info.items() if value}


def seconds(moment: datetime | None) -> float | None:
    """A time as the API's JSON has it."""
    return None if moment is None else moment.timestamp()


def new_id() -> str:
    """An id in the form of the service's."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "d-" + "".join(secrets.choice(alphabet) for _ in range(9))
