"""moto's own deliveries, made only where the target's policy lets the service in.

What moto delivers by itself is what SNS sends to queues, and what EventBridge's rules send to queues and log groups;
`triggers` has disarmed the rest. A delivery that is refused is dropped, as AWS drops it (without a dead-letter queue),
and told.

Private surface used: `moto.sns.models.Subscription.publish` with `protocol`, `endpoint`, `topic`,
`_filter_policy_matcher`; `moto.events.models.Rule._send_to_sqs_queue` and `_send_to_cw_log_group` with `arn`,
`account_id`, `region_name`. Canary: tests/unit/harness/iam/test_iam_guarded_deliveries.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a service is about to do. service: its principal. actions: all of them are needed, on `resource`, an ARN.

    source_arn: on whose behalf. target_arn: of the queue or log group.
    """

    service: str
    actions: Sequence[str]
    resource: str
    source_arn: str
    target_arn: str


# Why a delivery may not be made; empty when it may.
Judge = Callable[[Delivery], str]
# Told of a delivery that was dropped: source ARN, target ARN, reason.
Refused = Callable[[str, str, str], None]

_Method = Callable[..., None]


class GuardedDeliveries:
    """Asks before each delivery, from `begin` to `end`, wherever moto's modules are loaded in between."""

    def __init__(self, judge: Judge, refused: Refused) -> None:
        self._judge = judge
        self._refused = refused
        self._is_on = False
        self._is_built_in = False

    def begin(self) -> None:
        """From now on every delivery is asked for. Idempotent."""
        self._is_on = True
        if not self._is_built_in:
            self._is_built_in = True
            change_when_loaded(self._change)

    def end(self) -> None:
        """From now on nothing is asked for any more. Idempotent."""
        self._is_on = False

    def _change(self, module: ModuleType) -> None:
        for owner, method, describe in _DELIVERIES.get(module.__name__, ()):
            changed: Any = getattr(module, owner)
            setattr(changed, method, self._asking(getattr(changed, method), describe))

    def _asking(self, deliver: _Method, describe: Callable[..., Delivery | None]) -> _Method:
        @functools.wraps(deliver)
        def ask_and_deliver(sender: Any, *arguments: Any, **options: Any) -> None:
            delivery = describe(sender, *arguments, **options) if self._is_on else None
            reason = "" if delivery is None else self._judge(delivery)
            if delivery is not None and reason:
                self._refused(delivery.source_arn, delivery.target_arn, reason)
                return
            deliver(sender, *arguments, **options)

        return ask_and_deliver


def _notification(subscription: Any, message: str, *_: Any, **options: Any) -> Delivery | None:
    """What a subscription sends to its queue; None for one of another protocol, and for what its filter keeps back."""
    if subscription.protocol != "sqs":
        return None
    matcher = subscription._filter_policy_matcher
    if matcher is not None and not matcher.matches(options.get("message_attributes"), message):
        return None
    return Delivery(
        service="sns.amazonaws.com",
        actions=("sqs:SendMessage",),
        resource=subscription.endpoint,
        source_arn=subscription.topic.arn,
        target_arn=subscription.endpoint,
    )


def _message_of_rule(rule: Any, queue_name: str, *_: Any, **__: Any) -> Delivery:
    queue = f"arn:aws:sqs:{rule.region_name}:{rule.account_id}:{queue_name}"
    return Delivery(
        service="events.amazonaws.com",
        actions=("sqs:SendMessage",),
        resource=queue,
        source_arn=rule.arn,
        target_arn=queue,
    )


def _line_of_rule(rule: Any, group_name: str, *_: Any, **__: Any) -> Delivery:
    """Source: Amazon EventBridge User Guide, "Using resource-based policies" ("CloudWatch Logs permissions")."""
    group = f"arn:aws:logs:{rule.region_name}:{rule.account_id}:log-group:{group_name}"
    return Delivery(
        service="events.amazonaws.com",
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resource=f"{group}:log-stream:*",
        source_arn=rule.arn,
        target_arn=group,
    )


# Module -> class and method that deliver, and what a call of it is about.
_DELIVERIES: Final[Mapping[str, Sequence[tuple[str, str, Callable[..., Delivery | None]]]]] = {
    "moto.events.models": (
        ("Rule", "_send_to_sqs_queue", _message_of_rule),
        ("Rule", "_send_to_cw_log_group", _line_of_rule),
    ),
    "moto.sns.models": (("Subscription", "publish", _notification),),
}
