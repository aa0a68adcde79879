"""moto's topics: what is published is handed over, for each subscription, instead of being delivered by moto.

Private surface used: `moto.sns.models.Subscription.publish` with `arn`, `protocol`, `endpoint`, `account_id`,
`attributes`, `topic.arn`, `_parse_message_structure`. Canary: tests/unit/harness/test_harness_moto_topics.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import field
from types import ModuleType
from typing import Any

from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A message for one subscription, whose filter was not asked yet.

    attributes: the message's, each with `Type` and `Value`. settings: the subscription's attributes, as the API names
    them. group_id, deduplication_id: empty outside FIFO topics.
    """

    topic_arn: str
    subscription_arn: str
    account_id: str
    protocol: str
    endpoint: str
    message: str
    message_id: str
    subject: str
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    group_id: str = ""
    deduplication_id: str = ""


class Topics:
    """Hands over what is published, in the thread of who publishes. Make it before anybody publishes."""

    def __init__(self, on_published: Callable[[Publication], None]) -> None:
        self._on_published = on_published
        change_when_loaded(self._change)

    def _change(self, module: ModuleType) -> None:
        if module.__name__ != "moto.sns.models":
            return
        models: Any = module
        own = getattr(models.Subscription.publish, "__wrapped__", models.Subscription.publish)

        @functools.wraps(own)
        def publish(
            subscription: Any,
            message: str,
            message_id: str,
            subject: str | None = None,
            message_attributes: Mapping[str, Any] | None = None,
            group_id: str | None = None,
            deduplication_id: str | None = None,
            message_structure: str | None = None,
        ) -> None:
            if message_structure == "json":
                message = subscription._parse_message_structure(message, subscription.protocol)
            self._on_published(
                Publication(
                    topic_arn=subscription.topic.arn,
                    subscription_arn=subscription.arn,
                    account_id=subscription.account_id,
                    protocol=subscription.protocol,
                    endpoint=subscription.endpoint,
                    message=message,
                    message_id=message_id,
                    subject=subject or "",
                    attributes=dict(message_attributes or {}),
                    settings=dict(subscription.attributes),
                    group_id=group_id or "",
                    deduplication_id=deduplication_id or "",
                )
            )

        models.Subscription.publish = publish
