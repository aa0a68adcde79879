"""A small project, a compiler that checks, and a look at this process's children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lambdakit.compiler.synthesize import Compiler

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


@pytest.fixture(scope="session")
def checking_compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compiler]:
    """A compiler that has cdk-nag and cfn-lint look at every assembly as well."""
    pytest.importorskip("cdk_nag")
    with Compiler(check=True, cache_directory=tmp_path_factory.mktemp("cache")) as compiler:
        yield compiler


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """The process ids of this process's children that have not been waited for."""

    def read() -> set[int]:
        found = [Path(task, "children").read_text().split() for task in Path("/proc/self/task").iterdir()]
        return {int(pid) for pids in found for pid in pids}

    return read
