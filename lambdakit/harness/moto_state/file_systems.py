"""moto's file systems: what an access point leads to.

Private surface used: `efs_backends[account][region].access_points[id]` with `file_system_id` and `root_directory`.
Canary: tests/unit/harness/test_harness_moto_contents.py.
"""

from __future__ import annotations

from typing import Any

from lambdakit.harness.moto_state.loaded import loaded


def access_point(arn: str) -> tuple[str, str] | None:
    """The file system that an access point leads to, by its id, and the root directory there; None without such a one.

    Source: Amazon EFS User Guide, "Working with Amazon EFS access points" (the root directory, and its default `/`).
    """
    models: Any = loaded("moto.efs.models")
    parts = arn.split(":", 5)
    if models is None or len(parts) != 6 or not parts[5].startswith("access-point/"):
        return None
    # Asking as usual would make what is not there.
    backend = (dict.get(models.efs_backends, parts[4]) or {}).get(parts[3])
    found = None if backend is None else backend.access_points.get(parts[5].removeprefix("access-point/"))
    if found is None:
        return None
    return found.file_system_id, found.root_directory.get("Path") or "/"
