"""Every import obeys the table of floors, and the check of it finds those that do not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.floors import FLOORS, floor_violations

_ROOT: Final = Path(__file__).parents[2]

# What a file holds -> what is wrong with it, on its line 1 unless said otherwise.
_FORBIDDEN: Final = [
    pytest.param("errors.py", "import lambdakit.limits", "errors may not import lambdakit.limits", id="up"),
    pytest.param("limits.py", "from lambdakit import clock", "limits may not import lambdakit.clock", id="by name"),
    pytest.param("limits.py", "from . import clock", "limits may not import lambdakit.clock", id="relative"),
    pytest.param("limits.py", "from .spec import document", "limits may not import lambdakit.spec.document", id="dots"),
    pytest.param("spec/document.py", "import moto", "spec may not import moto", id="third party"),
    pytest.param("spec/document.py", "import ruamel", "spec may not import ruamel", id="more than named"),
    pytest.param(
        "constructs/table.py",
        "from lambdakit.spec.document import D",
        "constructs may not import lambdakit.spec.document",
        id="constructs see spec",
    ),
    *(
        pytest.param(
            f"harness/{part}/x.py", f"import {module}", f"harness.{part} may not import {module}", id=f"{part} {module}"
        )
        for part in ("runtime", "invocation", "lambda_service", "routing", "deployment")
        for module in ("aws_cdk", "jsii", "constructs", "moto")
    ),
    *(
        pytest.param(
            "harness/endpoint.py",
            f"import lambdakit.{package}",
            f"harness.endpoint may not import lambdakit.{package}",
            id=f"harness sees {package}",
        )
        for package in ("spec.document", "constructs.table", "compiler.synthesize", "session.harness")
    ),
    *(
        pytest.param(
            f"harness/{importer}/x.py",
            f"import lambdakit.harness.{imported}.y",
            f"harness.{importer} may not import lambdakit.harness.{imported}.y",
            id=f"{importer} sees {imported}",
        )
        for importer, imported in [
            ("runtime", "invocation"),
            ("invocation", "lambda_service"),
            ("lambda_service", "routing"),
            ("routing", "delivery"),
            ("delivery", "event_source_mapping"),
            ("event_source_mapping", "routing"),
            ("routing", "deployment"),
            ("iam", "runtime"),
            ("network", "iam"),
            ("moto_state", "iam"),
        ]
    ),
    pytest.param(
        "harness/account.py", "import moto.sqs.models", "harness.account may not import moto.sqs.models", id="insides"
    ),
    pytest.param(
        "compiler/synthesize.py",
        "import lambdakit.compiler.compile",
        "compiler may not import lambdakit.compiler.compile",
        id="parent sees child",
    ),
    pytest.param("compiler/child_process.py", "import aws_cdk", "compiler may not import aws_cdk", id="parent, CDK"),
    pytest.param(
        "session/harness.py",
        "import lambdakit.harness.server",
        "session may not import lambdakit.harness.server",
        id="session sees the harness",
    ),
    pytest.param(
        "cli/application.py",
        "import lambdakit.constructs.table",
        "cli may not import lambdakit.constructs.table",
        id="command line sees constructs",
    ),
    pytest.param(
        "harness/runtime/inside/zygote.py",
        "import lambdakit.errors",
        "harness.runtime.inside may not import lambdakit.errors",
        id="inside the sandbox",
    ),
    pytest.param("new.py", "", "no row of the table of floors covers lambdakit.new", id="not in the table"),
]


def test_every_import_obeys_the_table() -> None:
    found = floor_violations(_ROOT)

    assert not found, "\n".join(found)


@pytest.mark.parametrize(("file", "text", "problem"), _FORBIDDEN)
def test_forbidden_import_is_found(tmp_path: Path, file: str, text: str, problem: str) -> None:
    tree = _tree(tmp_path, {file: text, "clock.py": "", "spec/document.py": text if file == "spec/document.py" else ""})

    assert floor_violations(tree) == [f"lambdakit/{file}:1: {problem}"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def later():\n    import boto3", id="in a function"),
        pytest.param("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import boto3", id="for types only"),
        pytest.param("import importlib\nimportlib.import_module('boto3')", id="by name"),
        pytest.param("try:\n    import boto3\nexcept ImportError:\n    pass", id="attempted"),
    ],
)
def test_hidden_import_is_found(tmp_path: Path, text: str) -> None:
    tree = _tree(tmp_path, {"spec/document.py": text})

    found = floor_violations(tree)

    assert len(found) == 1
    assert found[0].endswith("spec may not import boto3")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("trace.py", "import json\nfrom lambdakit.clock import Clock", id="ground"),
        pytest.param("spec/rules/rule.py", "from lambdakit.spec.document import D", id="own package"),
        pytest.param("spec/yaml.py", "from ruamel.yaml.events import Event", id="below a third party's name"),
        pytest.param("harness/account.py", "from moto.core.request import Request", id="moto's public entry"),
        pytest.param("harness/moto_state/logs.py", "from moto.logs.models import x", id="moto's insides"),
        pytest.param("harness/runtime/inside/zygote.py", "import kernel", id="script beside it"),
        pytest.param("compiler/bindings/function.py", "import aws_cdk", id="child's side"),
    ],
)
def test_allowed_import_is_left_alone(tmp_path: Path, file: str, text: str) -> None:
    tree = _tree(tmp_path, {file: text, "harness/runtime/inside/kernel.py": ""})

    assert floor_violations(tree) == []


def test_table_names_only_rows_that_it_has() -> None:
    named = {name for floor in FLOORS.values() for name in (*floor.imports, *floor.refuses)} - {"*"}

    assert named <= FLOORS.keys()


def test_table_has_no_circles() -> None:
    compiler_child = {row for row in FLOORS if "jsii" in FLOORS[row].third_party}
    order: list[str] = []

    def visit(row: str, path: tuple[str, ...]) -> None:
        assert row not in path, " -> ".join((*path, row))
        if row not in order:
            for below in FLOORS[row].imports:
                if below != "*" and not {row, below} <= compiler_child:
                    visit(below, (*path, row))
            order.append(row)

    for row in FLOORS:
        visit(row, ())

    assert set(order) == FLOORS.keys()


def _tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / "lambdakit" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
