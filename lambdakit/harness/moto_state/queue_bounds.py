"""Attributes that no queue of SQS can have, refused as SQS refuses them: moto takes them.

Private surface used: `moto.sqs.models.SQSBackend.create_queue` and `set_queue_attributes`, `Queue.BASE_ATTRIBUTES`,
`FIFO_ATTRIBUTES` and `KMS_ATTRIBUTES`; `moto.sqs.exceptions` `InvalidAttributeName`, `InvalidAttributeValue` and
`InvalidParameterValue`. Canary: tests/behaviour/test_behaviour_bounds.py.

Source: Amazon SQS API Reference, "CreateQueue", "SetQueueAttributes"; Amazon SQS Developer Guide, "Configuring a
dead-letter queue using the console" (maximum receives: 1 to 1,000), whose text for an error is not confirmed by a page.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "DeduplicationScope": frozenset({"messageGroup", "queue"}),
    "FifoThroughputLimit": frozenset({"perQueue", "perMessageGroupId"}),
}
_FURTHER: Final = frozenset({"RedriveAllowPolicy"})
_RECEIVES_MIN, _RECEIVES_MAX = 1, 1_000
_SUFFIX: Final = ".fifo"
_NAME: Final = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"


def bound_queues() -> None:
    """From now on such attributes are refused. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != "moto.sqs.models":
        return
    backend: Any = vars(module)["SQSBackend"]
    own = getattr(backend.create_queue, "__wrapped__", backend.create_queue)
    own_set = getattr(backend.set_queue_attributes, "__wrapped__", backend.set_queue_attributes)
    queue: Any = vars(module)["Queue"]
    known = {*queue.BASE_ATTRIBUTES, *queue.FIFO_ATTRIBUTES, *queue.KMS_ATTRIBUTES, *_FURTHER}

    @functools.wraps(own)
    def create(held: Any, name: str, tags: dict[str, str] | None = None, **attributes: Any) -> Any:
        given = {key: value for key, value in attributes.items() if key != "region"}
        _check(given, known)
        is_fifo = str(given.get("FifoQueue", "false")).lower() == "true"
        if name.endswith(_SUFFIX) and not is_fifo:
            raise _exceptions().InvalidParameterValue(_NAME)
        return own(held, name, tags, **attributes)

    @functools.wraps(own_set)
    def set_attributes(held: Any, queue_name: str, attributes: dict[str, Any]) -> Any:
        _check(attributes, known)
        return own_set(held, queue_name, attributes)

    backend.create_queue, backend.set_queue_attributes = create, set_attributes


def _check(attributes: Mapping[str, Any], known: set[str]) -> None:
    for name, value in attributes.items():
        if name not in known:
            raise _exceptions().InvalidAttributeName(name)
        if value is None:
            continue
        if name in _RANGES and not _within(value, *_RANGES[name]):
            raise _exceptions().InvalidAttributeValue(name)
        if name in _WORDS and value not in _WORDS[name]:
            raise _exceptions().InvalidAttributeValue(name)
        if name == "RedrivePolicy" and value:
            _check_redrive(value)


def _check_redrive(text: Any) -> None:
    """moto itself refuses one that is no JSON, or lacks a part."""
    try:
        policy = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return
    receives = policy.get("maxReceiveCount") if isinstance(policy, dict) else None
    if receives is not None and not _within(receives, _RECEIVES_MIN, _RECEIVES_MAX):
        raise _exceptions().InvalidParameterValue(
            f"Value {text} for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: "
            f"{receives}, valid values are from {_RECEIVES_MIN} to {_RECEIVES_MAX} both inclusive."
        )


def _within(value: Any, least: int, most: int) -> bool:
    try:
        return least <= int(value) <= most
    except (TypeError, ValueError):
        return False


def _exceptions() -> Any:
    from moto.sqs import exceptions

    return exceptions
