"""Cloud assemblies that are broken, or mean harm: one clear error each, never another exception."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lambdakit.assembly.cloud_assembly import read_assembly
from lambdakit.errors import AssemblyError, Diagnostic

STACK: Mapping[str, object] = {
    "type": "aws:cloudformation:stack",
    "environment": "aws://unknown-account/unknown-region",
    "properties": {"templateFile": "Shop.template.json"},
}
ASSETS: Mapping[str, object] = {"type": "cdk:asset-manifest", "properties": {"file": "Shop.assets.json"}}


def write(directory: Path, artifacts: object, *, version: object = "55.0.0") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "manifest.json").write_text(json.dumps({"version": version, "artifacts": artifacts}))
    (directory / "Shop.template.json").write_text('{"Resources": {}}')
    return directory


def refused(directory: Path) -> Diagnostic:
    with pytest.raises(AssemblyError) as caught:
        read_assembly(directory)
    return caught.value.diagnostics[0]


@pytest.mark.parametrize(
    "name, code", [("nowhere", "LK220"), ("file.yaml", "LK220"), ("empty", "LK221"), ("n" * 300, "LK220")]
)
def test_directory_that_is_no_assembly_is_refused(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "file.yaml").touch()
    (tmp_path / "empty").mkdir()

    diagnostic = refused(tmp_path / name)

    assert (diagnostic.code, diagnostic.path) == (code, str(tmp_path / name))
    assert "cdk synth" in diagnostic.hint


def test_project_directory_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text("{}")
    assert "deploy the project directory" in refused(tmp_path).hint

    write(tmp_path / "cdk.out", {})
    assert "cdk.out" in refused(tmp_path).hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"version": "55.0.0", "artifacts": {"Shop": {"type": "aws:clo',
        b"not json",
        b"\xff\xfe\x00",
        b"\x80abc",
        b'{"version": NaN}',
        b'{"version": "55.0.0", "minCliVersion": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=["empty", "cut off", "text", "utf-16", "latin-1", "nan", "infinity", "surrogate", "huge number", "deep"],
)
def test_manifest_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)

    diagnostic = refused(tmp_path)

    assert diagnostic.code == "LK222"
    assert diagnostic.path == str(tmp_path / "manifest.json")


def test_damaged_json_is_located(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{\n  "version": "55.0.0",\n  "artifacts": {')

    diagnostic = refused(tmp_path)

    assert (diagnostic.line, diagnostic.column) == (3, 17)


@pytest.mark.parametrize("levels, code", [(90, "LK223"), (200, "LK226")], ids=["deep", "too deep"])
def test_depth_is_bounded(tmp_path: Path, levels: int, code: str) -> None:
    (tmp_path / "manifest.json").write_text("[" * levels + "]" * levels)

    assert refused(tmp_path).code == code


@pytest.mark.parametrize(
    "artifacts, pointer",
    [
        ([], "artifacts"),
        ({"Shop": []}, "artifacts.Shop"),
        ({"Shop": {}}, "artifacts.Shop.type"),
        ({"Shop": {**STACK, "type": 1}}, "artifacts.Shop.type"),
        ({"Shop": {**STACK, "properties": "x"}}, "artifacts.Shop.properties"),
        ({"Shop": {**STACK, "properties": {}}}, "artifacts.Shop.properties.templateFile"),
        ({"Shop": {**STACK, "dependencies": "x"}}, "artifacts.Shop.dependencies"),
        ({"Shop": {**STACK, "dependencies": [1]}}, "artifacts.Shop.dependencies[0]"),
        ({"Shop": {**STACK, "dependencies": ["Nope"]}}, "artifacts.Shop.dependencies"),
        ({"Shop": {**STACK, "environment": None}}, "artifacts.Shop.environment"),
        ({"Shop": {**STACK, "environment": "aws://prod/eu-west-1"}}, "artifacts.Shop.environment"),
        ({"Shop": {**STACK, "displayName": 1}}, "artifacts.Shop.displayName"),
        ({"Shop": {**STACK, "metadata": []}}, "artifacts.Shop.metadata"),
        ({"Shop": {**STACK, "metadata": {"/Shop": {}}}}, "artifacts.Shop.metadata./Shop"),
        ({"Shop": {**STACK, "additionalMetadataFile": 1}}, "artifacts.Shop.additionalMetadataFile"),
        ({"A": {"type": "cdk:cloud-assembly", "properties": {}}}, "artifacts.A.properties.directoryName"),
        ({"A": {"type": "cdk:asset-manifest"}}, "artifacts.A.properties.file"),
    ],
)
def test_wrong_type_is_named_with_its_pointer(tmp_path: Path, artifacts: object, pointer: str) -> None:
    diagnostic = refused(write(tmp_path, artifacts))

    assert (diagnostic.pointer, diagnostic.code) == (pointer, "LK223")


@pytest.mark.parametrize(
    "key, value",
    [
        ("stackName", 1),
        ("tags", {"a": 1}),
        ("parameters", []),
        ("terminationProtection", "yes"),
        ("notificationArns", {}),
    ],
)
def test_wrong_property_is_named(tmp_path: Path, key: str, value: object) -> None:
    properties = {"templateFile": "Shop.template.json", key: value}

    diagnostic = refused(write(tmp_path, {"Shop": {**STACK, "properties": properties}}))

    assert diagnostic.pointer.startswith(f"artifacts.Shop.properties.{key}")


@pytest.mark.parametrize(
    "version, code", [("14.0.0", "LK227"), ("1.0.0", "LK227"), ("x", "LK223"), (55, "LK223"), ("", "LK223")]
)
def test_schema_that_cannot_be_read_is_refused(tmp_path: Path, version: object, code: str) -> None:
    assert refused(write(tmp_path, {}, version=version)).code == code


def test_circle_of_artifacts_is_named(tmp_path: Path) -> None:
    artifacts = {"A": {**STACK, "dependencies": ["B"]}, "B": {**STACK, "dependencies": ["A"]}}

    diagnostic = refused(write(tmp_path, artifacts))

    assert diagnostic.code == "LK228"
    assert "A -> B -> A" in diagnostic.problem


def in_template(directory: Path, path: str) -> None:
    write(directory, {"Shop": {**STACK, "properties": {"templateFile": path}}})


def in_asset_manifest(directory: Path, path: str) -> None:
    write(directory, {"A": {"type": "cdk:asset-manifest", "properties": {"file": path}}})


def in_nested_assembly(directory: Path, path: str) -> None:
    write(directory, {"A": {"type": "cdk:cloud-assembly", "properties": {"directoryName": path}}})


def in_metadata(directory: Path, path: str) -> None:
    write(directory, {"Shop": {**STACK, "additionalMetadataFile": path}})


def in_asset(directory: Path, path: str) -> None:
    write(directory, {"Shop.assets": ASSETS})
    files = {"a": {"source": {"path": path, "packaging": "zip"}, "destinations": {}}}
    (directory / "Shop.assets.json").write_text(json.dumps({"version": "55.0.0", "files": files}))


def in_image(directory: Path, path: str) -> None:
    write(directory, {"Shop.assets": ASSETS})
    images = {"a": {"source": {"directory": path}, "destinations": {}}}
    (directory / "Shop.assets.json").write_text(json.dumps({"version": "55.0.0", "dockerImages": images}))


def in_legacy_asset(directory: Path, path: str) -> None:
    entry = {"type": "aws:cdk:asset", "data": {"id": "a", "path": path, "packaging": "zip"}}
    write(directory, {"Shop": {**STACK, "metadata": {"/Shop": [entry]}}})


WAYS = [
    in_template,
    in_asset_manifest,
    in_nested_assembly,
    in_metadata,
    in_asset,
    in_image,
    in_legacy_asset,
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "path, code",
    [
        ("../secret", "LK225"),
        ("x/../../secret", "LK225"),
        ("/etc/passwd", "LK225"),
        ("..", "LK225"),
        ("link", "LK225"),
        ("link-to-directory/passwd", "LK225"),
        ("nowhere", "LK224"),
        ("a\0b", "LK224"),
        ("loop", "LK224"),
        ("x" * 5000, "LK224"),
    ],
)
def test_path_outside_or_nowhere_is_refused(
    tmp_path: Path, way: Callable[[Path, str], None], path: str, code: str
) -> None:
    (tmp_path / "secret").mkdir()
    directory = tmp_path / "cdk.out"
    way(directory, path)
    (directory / "link").symlink_to(tmp_path / "secret")
    (directory / "link-to-directory").symlink_to("/etc")
    (directory / "loop").symlink_to(directory / "loop")

    assert refused(directory).code == code


def test_directory_in_the_place_of_a_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    in_template(tmp_path, "folder")

    assert refused(tmp_path).code == "LK224"


def test_pipe_in_the_place_of_a_template_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    in_template(tmp_path, "pipe")

    assert refused(tmp_path).code == "LK224"


def test_template_above_50_mb_is_refused(tmp_path: Path) -> None:
    in_template(tmp_path, "big.json")
    with (tmp_path / "big.json").open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)

    assert refused(tmp_path).code == "LK226"


def test_assembly_nested_in_itself_is_refused(tmp_path: Path) -> None:
    in_nested_assembly(tmp_path, ".")

    assert refused(tmp_path).code == "LK226"


def test_malformed_template_is_refused_with_its_own_path(tmp_path: Path) -> None:
    in_template(tmp_path, "Bad.template.json")
    (tmp_path / "Bad.template.json").write_text('{"Resources": {"Queue": {}}}')

    diagnostic = refused(tmp_path)

    assert diagnostic.path == str(tmp_path / "Bad.template.json")
    assert (diagnostic.pointer, diagnostic.code) == ("Resources.Queue", "LK230")


def test_everything_wrong_is_reported_at_once(tmp_path: Path) -> None:
    write(
        tmp_path, {"A": {**STACK, "properties": {"templateFile": "a"}}, "B": {**STACK, "environment": "x"}, "C": ASSETS}
    )

    with pytest.raises(AssemblyError) as caught:
        read_assembly(tmp_path)

    assert sorted(item.code for item in caught.value.diagnostics) == ["LK223", "LK224", "LK224"]


def test_two_stages_may_not_have_a_stack_of_one_id(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir(parents=True)
        write(tmp_path / name, {"Shop": STACK})
    nested = {name: {"type": "cdk:cloud-assembly", "properties": {"directoryName": name}} for name in ("one", "two")}

    assert "two stacks" in refused(write(tmp_path, nested)).problem
