"""A small project, and a look at this process's children."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

DOCUMENT = """\
application: shop
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, table_access: read}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "code").mkdir(parents=True)
    (project / "code" / "app.py").write_text("def handler(event, context): return event\n")
    (project / "lambdakit.yaml").write_text(DOCUMENT)
    return project / "lambdakit.yaml"


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """The process ids of this process's children that have not been waited for."""

    def read() -> set[int]:
        found = [Path(task, "children").read_text().split() for task in Path("/proc/self/task").iterdir()]
        return {int(pid) for pids in found for pid in pids}

    return read
