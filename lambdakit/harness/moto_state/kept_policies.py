"""Queues keep their policy when other attributes are set, as on AWS; moto takes it away.

Private surface used: `moto.sqs.models.Queue._set_attributes` and `_policy_json`.
Canary: tests/unit/harness/iam/test_iam_moto_kept_policies.py, which says when moto no longer needs it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from lambdakit.harness.moto_state.loaded import change_when_loaded


def keep_policies() -> None:
    """From now on queues keep them, whenever moto is loaded. Idempotent."""
    change_when_loaded(_mend)


def _mend(module: ModuleType) -> None:
    if module.__name__ == "moto.sqs.models":
        queue: Any = module.Queue
        queue._set_attributes = _keeping(queue._set_attributes)


def _keeping(set_attributes: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(set_attributes)
    def set_and_keep(queue: Any, attributes: Mapping[str, Any], *arguments: Any, **options: Any) -> None:
        policy = None if "Policy" in attributes else getattr(queue, "_policy_json", None)
        set_attributes(queue, attributes, *arguments, **options)
        if policy is not None:
            queue._policy_json = policy

    return set_and_keep
