"""moto's own triggers, disarmed as it loads: it never finds a function to call, and S3 tells nobody.

SNS, CloudWatch Logs, Secrets Manager, S3 and the streams of moto look for functions in moto's own Lambda, where there
are none, and some fail a caller's request over it. Events reach functions by our own hands only.

Private surface used: `moto.awslambda.utils.get_backend`, which every caller imports when it runs;
`moto.s3.notifications.send_event` and `send_test_event`; `moto.s3.models.FakeBucket.get_permission`;
`moto.kms.responses.validate_policy`.
Canary: tests/unit/harness/test_harness_moto_contents.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import Change, change_when_loaded


class NoFunctions:
    """Stands where moto's services look for Lambda: every function is there, and nothing is done with it."""

    def get_function(self, function_name_or_arn: str, qualifier: str | None = None) -> NoFunctions:
        """A function, whatever its name."""
        del function_name_or_arn, qualifier
        return self

    def invoke(self, *_: object, **__: object) -> None:
        """Runs nothing."""

    def send_sns_message(self, *_: object, **__: object) -> None:
        """Delivers nothing."""

    def send_log_event(self, *_: object, **__: object) -> None:
        """Delivers nothing."""

    def send_sqs_batch(self, *_: object, **__: object) -> bool:
        """Delivers nothing; the messages stay."""
        return False

    def send_kinesis_batch(self, *_: object, **__: object) -> None:
        """Delivers nothing."""

    def send_dynamodb_items(self, *_: object, **__: object) -> bool:
        """Delivers nothing; the records stay."""
        return False


_NO_FUNCTIONS: Final = NoFunctions()


def disarm() -> None:
    """moto's triggers are disarmed as their modules are loaded, or at once where they are. Idempotent."""
    change_when_loaded(_disarm)


def _disarm(module: ModuleType) -> None:
    change = _DISARMING.get(module.__name__)
    if change is not None:
        change(module)


def _disarm_functions(utils: Any) -> None:
    """No service of moto finds its Lambda any more."""
    utils.get_backend = _no_functions


def _disarm_notifications(notifications: Any) -> None:
    """Objects come and go without a notification."""
    notifications.send_event = _tell_nobody
    notifications.send_test_event = _tell_nobody


def _disarm_bucket_policies(models: Any) -> None:
    """No bucket policy refuses what nobody checked.

    moto reads a policy without its conditions: "deny without TLS", which nearly every bucket says, denied everything.
    """
    models.FakeBucket.get_permission = _neutral


def _disarm_key_policies(responses: Any) -> None:
    """moto reads a key's policy without conditions and principals, and one denial was everybody's."""
    responses.validate_policy = _tell_nobody


# Module -> what is done to it once it is loaded.
_DISARMING: Final[Mapping[str, Change]] = {
    "moto.awslambda.utils": _disarm_functions,
    "moto.kms.responses": _disarm_key_policies,
    "moto.s3.models": _disarm_bucket_policies,
    "moto.s3.notifications": _disarm_notifications,
}


def _neutral(bucket: Any, action: str, resource: str) -> Any:
    from moto.iam.access_control import PermissionResult

    del bucket, action, resource
    return PermissionResult.NEUTRAL


def _no_functions(account_id: str, region: str) -> NoFunctions:
    del account_id, region
    return _NO_FUNCTIONS


def _tell_nobody(*_: Any, **__: Any) -> None:
    """Instead of a notification."""
