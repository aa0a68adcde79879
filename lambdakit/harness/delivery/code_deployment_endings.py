"""How deployments to functions end that do not succeed, in CodeDeploy's codes and words.

Source: AWS CodeDeploy API Reference, "ErrorInformation" (the codes); User Guide, "Troubleshoot Amazon ECS deployment
issues" (the same hooks: what is not heard of within an hour). The texts of a failed hook, of active alarms, of a role
without a permission and of an alias at another version are those of the service's own answers, as people report them;
which code goes with a hook that is not heard of, and how CloudWatch is called there, is not confirmed by a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.records import dataclass

FAILED: Final = "Failed"
STOPPED: Final = "Stopped"
# The events of an automatic rollback. Source: API Reference, "AutoRollbackConfiguration".
ON_FAILURE: Final = "DEPLOYMENT_FAILURE"
ON_ALARM: Final = "DEPLOYMENT_STOP_ON_ALARM"
ON_REQUEST: Final = "DEPLOYMENT_STOP_ON_REQUEST"
_NOT_ALLOWED: Final = (
    "The IAM role {role} does not give you permission to perform operations in the following AWS service: {service}. "
    "Contact your AWS administrator if you need help. If you are an AWS administrator, you can grant permissions to "
    "your users or groups by creating IAM policies."
)
_ALARMS: Final = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected "
    "deployments have been stopped. Activated alarms: {alarms}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a deployment ends. cause: the event of an automatic rollback that it is."""

    status: str
    code: str
    message: str
    cause: str


class Ended(Exception):
    """A deployment cannot go on."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.message)
        self.ending = ending


def failure(code: str, message: str) -> Ending:
    """It failed."""
    return Ending(status=FAILED, code=code, message=message, cause=ON_FAILURE)


def not_allowed(role_arn: str, service: str) -> Ending:
    """Its role may not do what is to be done. service: as CodeDeploy calls it."""
    return failure("IAM_ROLE_PERMISSIONS", _NOT_ALLOWED.format(role=role_arn, service=service))


def alarmed(names: Sequence[str]) -> Ending:
    """Alarms went off."""
    message = _ALARMS.format(alarms=" ".join(f"<{name}>" for name in sorted(names)))
    return Ending(status=STOPPED, code="ALARM_ACTIVE", message=message, cause=ON_ALARM)


def stopped() -> Ending:
    """Somebody stopped it."""
    return Ending(status=STOPPED, code="MANUAL_STOP", message="Deployment was stopped by the user.", cause=ON_REQUEST)


HOOK_FAILED: Final = failure(
    "HOOK_EXECUTION_FAILURE",
    "The deployment failed because one or more of the lifecycle event validation functions failed.",
)
NOT_HEARD_OF: Final = failure(
    "TIMEOUT",
    "The deployment timed out while waiting for a status callback. CodeDeploy expects a status callback within one "
    "hour after a deployment hook is invoked.",
)
_APP_SPEC: Final = (
    "The deployment failed because the AppSpec file that specifies the AWS Lambda deployment configuration is missing "
    "or has an invalid configuration. {why}"
)
WRONG_VERSION: Final = failure(
    "INVALID_LAMBDA_CONFIGURATION",
    _APP_SPEC.format(why="The Lambda function alias version does not match the current version in AppSpec file."),
)


def app_spec_invalid(why: str) -> Ending:
    """The AppSpec file cannot be used."""
    return failure("INVALID_LAMBDA_CONFIGURATION", _APP_SPEC.format(why=why))
