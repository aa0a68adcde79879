"""Amazon Inspector of the caller's own account, where a request names none: moto fails at it.

Private surface used: `moto.inspector2.models.Inspector2Backend` with `account_id`, `enable`, `disable` and
`batch_get_account_status`.
Canary: tests/behaviour/test_behaviour_inspections.py.

Source: Amazon Inspector API Reference, "Enable", "Disable" and "BatchGetAccountStatus" (`accountIds` is not required).
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.inspector2.models"


def inspect_own_account() -> None:
    """From now on the caller's account is meant where none is named. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _MODELS:
        return
    backend: Any = vars(module)["Inspector2Backend"]
    for name in ("enable", "disable", "batch_get_account_status"):
        setattr(backend, name, _of_own_account(getattr(backend, name)))


def _of_own_account(own: Any) -> Any:
    @functools.wraps(own)
    def operation(backend: Any, account_ids: list[str] | None, *more: Any) -> Any:
        return own(backend, account_ids or [backend.account_id], *more)

    return operation
