"""moto's Aurora clusters of the storage type `aurora-iopt1`, which moto has no size for.

Private surface used: `moto.rds.models.DBCluster.default_allocated_storage`. Canary:
tests/unit/harness/provisioners/test_provisioner_recorded_services.py.
Source: Amazon RDS API Reference, "CreateDBCluster" (StorageType); "DBCluster" (AllocatedStorage: "for all database
engines except Aurora"; Aurora's is always 1).
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_MODELS: Final = "moto.rds.models"
_GIBIBYTES: Final = 1


def size_aurora() -> None:
    """From now on they have Aurora's. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ != _MODELS:
        return
    cluster: Any = vars(module)["DBCluster"]
    own = cluster.default_allocated_storage

    @functools.wraps(own)
    def default_allocated_storage(engine: str, storage_type: str) -> int:
        return _GIBIBYTES if storage_type.startswith("aurora") else int(own(engine, storage_type))

    cluster.default_allocated_storage = staticmethod(default_allocated_storage)
