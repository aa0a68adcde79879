"""Inline policies of users, groups and roles without a version, which IAM takes and moto refuses.

AWS SAM's policy templates write such policies. A customer managed policy needs a version there as here.

Private surface used: `moto.iam.models.IAMBackend.put_role_policy`, `put_user_policy`, `put_group_policy`, their
`get_role`, `get_user` and `get_group`, and `policies` of what those return.
Canary: tests/unit/harness/iam/test_iam_moto_inline_policies.py.

Source: IAM User Guide, "IAM JSON policy elements: Version": without one it is 2008-10-17.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_CURRENT: Final = "2012-10-17"


def take_inline_policies() -> None:
    """From now on they are taken, and kept as given, whenever moto is loaded. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != "moto.iam.models":
        return
    backend: Any = module.IAMBackend
    for kind in ("role", "user", "group"):
        name = f"put_{kind}_policy"
        setattr(backend, name, _taking(getattr(backend, name), f"get_{kind}"))


def _taking(put: Callable[..., None], holder: str) -> Callable[..., None]:
    own: Callable[..., None] = getattr(put, "__wrapped__", put)

    @functools.wraps(own)
    def put_policy(backend: Any, name: str, policy_name: str, policy_json: str) -> None:
        checked = _with_version(policy_json)
        own(backend, name, policy_name, checked)
        if checked != policy_json:
            getattr(backend, holder)(name).policies[policy_name] = policy_json

    return put_policy


def _with_version(policy_json: str) -> str:
    """What moto checks; the same text for a policy that names the current version, or is none."""
    try:
        policy = json.loads(policy_json)
    except ValueError:
        return policy_json
    if not isinstance(policy, dict) or policy.get("Version", "2008-10-17") != "2008-10-17":
        return policy_json
    return json.dumps({**policy, "Version": _CURRENT})
