from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.source_map import SourceMap
from lambdakit.compiler.template_lint import lint_templates
from lambdakit.spec.document import load


@pytest.fixture
def source_map(document: Path) -> SourceMap:
    source_map = SourceMap(load(document))
    source_map.record("shop/orders", ("patterns", "orders"))
    source_map.record("shop/orders/Table", ("patterns", "orders", "table"))
    return source_map


def write(assembly: Path, **properties: Any) -> Path:
    """An assembly whose one template holds a queue of the table's part."""
    queue = {
        "Type": "AWS::SQS::Queue",
        "Properties": properties,
        "Metadata": {"aws:cdk:path": "shop/orders/Table/Queue/Resource"},
    }
    assembly.mkdir()
    (assembly / "shop.template.json").write_text(json.dumps({"Resources": {"Queue": queue}}))
    return assembly


def test_a_finding_is_told_at_the_documents_line(tmp_path: Path, source_map: SourceMap) -> None:
    assembly = write(tmp_path / "out", VisibilityTimeout=1_000_000)

    found = lint_templates(assembly, source_map, path="lambdakit.yaml", is_acknowledged=lambda path, rule: False)

    (error,) = found.errors
    assert found.warnings == ()
    assert (error.path, error.line, error.code, error.pointer) == (
        "lambdakit.yaml",
        5,
        "LK422",
        "patterns.orders.table",
    )
    assert error.problem.startswith("1000000 is greater than the maximum of 43200")
    assert "(rule E3034 of cfn-lint, at Queue Properties.VisibilityTimeout)" in error.problem
    assert 'acknowledge: {"E3034": your reason}' in error.hint


def test_a_warning_is_no_error(tmp_path: Path, source_map: SourceMap) -> None:
    assembly = write(tmp_path / "out", VisibilityTimeout=30)
    template = json.loads((assembly / "shop.template.json").read_text())
    unused = {"Parameters": {"Unused": {"Type": "String"}}}
    (assembly / "shop.template.json").write_text(json.dumps({**template, **unused}))

    found = lint_templates(assembly, source_map, path="lambdakit.yaml", is_acknowledged=lambda path, rule: False)

    assert found.errors == ()
    (warning,) = found.warnings
    assert "(rule W2001 of cfn-lint, at Parameters.Unused)" in warning.problem


def test_what_is_acknowledged_is_no_finding(tmp_path: Path, source_map: SourceMap) -> None:
    assembly = write(tmp_path / "out", VisibilityTimeout=1_000_000)
    asked: list[tuple[str, str]] = []

    def is_acknowledged(construct_path: str, rule: str) -> bool:
        asked.append((construct_path, rule))
        return True

    found = lint_templates(assembly, source_map, path="lambdakit.yaml", is_acknowledged=is_acknowledged)

    assert (found.errors, found.warnings) == ((), ())
    assert asked == [("shop/orders/Table/Queue/Resource", "E3034")]


def test_what_belongs_to_no_resource_is_told_of_the_whole_document(tmp_path: Path, source_map: SourceMap) -> None:
    assembly = write(tmp_path / "out", VisibilityTimeout=30)
    template = json.loads((assembly / "shop.template.json").read_text())
    (assembly / "shop.template.json").write_text(
        json.dumps({**template, "Outputs": {"Name": {"Value": {"Ref": "No"}}}})
    )

    found = lint_templates(assembly, source_map, path="lambdakit.yaml", is_acknowledged=lambda path, rule: False)

    (error,) = found.errors
    assert (error.pointer, error.code) == ("", "LK422")
    assert "at Outputs.Name.Value" in error.problem
