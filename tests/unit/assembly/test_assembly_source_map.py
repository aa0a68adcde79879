"""The way back from a resource to the document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambdakit.assembly.source_map import SourcePlace, read_source_map
from lambdakit.errors import AssemblyError

ENTRY = {"pointer": "patterns.orders.table", "line": 12, "column": 5}


def write(directory: Path, content: object) -> Path:
    path = directory / "lambdakit-source-map.json"
    path.write_text(json.dumps(content))
    return path


def test_resource_leads_back_to_the_document(tmp_path: Path) -> None:
    path = write(tmp_path, {"version": 1, "stacks": {"shop": {"Table": ENTRY}}})

    source_map = read_source_map(path, "m.json")

    assert source_map.place("shop", "Table") == SourcePlace(pointer="patterns.orders.table", line=12, column=5)
    assert source_map.place("shop", "Other") is None
    assert source_map.place("other", "Table") is None


def test_map_may_name_its_document(tmp_path: Path) -> None:
    path = write(tmp_path, {"version": 1, "document": "shop/lambdakit.yaml", "stacks": {"shop": {"Table": ENTRY}}})

    place = read_source_map(path, "m.json").place("shop", "Table")

    assert place is not None
    assert place.document == "shop/lambdakit.yaml"


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ("shop/lambdakit.yaml", "shop/parts/orders.yaml"),
        ("lambdakit.yaml", "parts/orders.yaml"),
        ("", "parts/orders.yaml"),
    ],
)
def test_place_may_lie_in_another_file(tmp_path: Path, document: str, shown: str) -> None:
    entry = {**ENTRY, "path": "parts/orders.yaml"}
    path = write(tmp_path, {"version": 1, "document": document, "base": "shop", "stacks": {"shop": {"Table": entry}}})

    place = read_source_map(path, "m.json").place("shop", "Table")

    assert place is not None
    assert place.document == shown


def test_assembly_without_map_knows_no_place(tmp_path: Path) -> None:
    assert read_source_map(tmp_path / "absent.json", "m.json").place("shop", "Table") is None


@pytest.mark.parametrize(
    "content, pointer",
    [
        ([], ""),
        ({"stacks": {}}, "version"),
        ({"version": 2, "stacks": {}}, "version"),
        ({"version": True, "stacks": {}}, "version"),
        ({"version": 1}, "stacks"),
        ({"version": 1, "stacks": {"shop": []}}, "stacks.shop"),
        ({"version": 1, "stacks": {}, "document": 1}, "document"),
        ({"version": 1, "stacks": {"shop": {"T": {"line": 1, "column": 1}}}}, "stacks.shop.T.pointer"),
        ({"version": 1, "stacks": {"shop": {"T": {**ENTRY, "line": 0}}}}, "stacks.shop.T.line"),
        ({"version": 1, "stacks": {"shop": {"T": {**ENTRY, "path": 1}}}}, "stacks.shop.T.path"),
        ({"version": 1, "stacks": {"shop": {"T": {**ENTRY, "column": "5"}}}}, "stacks.shop.T.column"),
    ],
)
def test_malformed_map_is_refused(tmp_path: Path, content: object, pointer: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        read_source_map(write(tmp_path, content), "m.json")

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.path, diagnostic.pointer, diagnostic.code) == ("m.json", pointer, "LK245")
