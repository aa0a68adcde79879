from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from aws_cdk import App, Stack, assertions
from aws_cdk import aws_lambda as lambda_

from lambdakit.compiler.fingerprint import UNREAD_DIRECTORIES, UNREAD_FILES, UNREAD_SUFFIXES
from lambdakit.constructs.code_asset import (
    EXCLUDED_DIRECTORIES,
    EXCLUDED_FILES,
    EXCLUDED_SUFFIXES,
    code_asset,
    code_problems,
)
from lambdakit.limits import PACKAGE_UNZIPPED_BYTES_MAX

pytestmark = pytest.mark.xdist_group("cdk")


def asset_key(code: Path) -> str:
    stack = Stack(App(builtin_cloud_formation_validation=False), "shop")
    lambda_.Function(stack, "f", code=code_asset(code), handler="app.handler", runtime=lambda_.Runtime.PYTHON_3_13)
    (function,) = assertions.Template.from_stack(stack).find_resources("AWS::Lambda::Function").values()
    key: str = function["Properties"]["Code"]["S3Key"]
    return key


def test_what_a_test_run_leaves_behind_changes_no_package(code: Path) -> None:
    before = asset_key(code)

    (code / "__pycache__").mkdir()
    (code / "__pycache__" / "app.cpython-313.pyc").write_bytes(b"bytecode")
    (code / "package" / ".pytest_cache").mkdir(parents=True)
    (code / "package" / ".pytest_cache" / "README.md").write_text("cache")
    (code / ".DS_Store").write_bytes(b"")

    assert asset_key(code) == before


def test_what_the_function_reads_changes_its_package(code: Path) -> None:
    before = asset_key(code)

    (code / "rates.json").write_text("{}")

    assert asset_key(code) != before


def test_code_of_the_cdk_stays_as_it_is() -> None:
    code = lambda_.Code.from_inline("def handler(event, context): pass")

    assert code_asset(code) is code
    assert list(code_problems("code", code)) == []


@pytest.mark.parametrize("name", ["package.zip", "package.jar"])
def test_archives_are_packages(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("app.py", "")

    assert list(code_problems("code", tmp_path / name)) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("nowhere", "nowhere does not exist"),
        ("code/app.py", "app.py is a file, but neither a .zip nor a .jar"),
        ("empty", "empty holds no files"),
    ],
)
def test_what_is_no_package_is_refused(tmp_path: Path, code: Path, path: str, problem: str) -> None:
    (tmp_path / "empty" / "__pycache__").mkdir(parents=True)
    (tmp_path / "empty" / "__pycache__" / "app.pyc").write_bytes(b"bytecode")

    (found,) = code_problems("code", tmp_path / path)

    assert (found.code, found.pointer) == ("LK402", "code")
    assert found.problem.endswith(problem)


def test_a_pipe_in_a_package_is_refused_and_not_waited_for(tmp_path: Path, code: Path) -> None:
    os.mkfifo(code / "pipe")

    (found,) = code_problems("code", code)

    assert (found.code, found.hint) == ("LK402", "move the pipe, socket or device out of the directory")
    assert found.problem.endswith("pipe is neither a file nor a link, and cannot ship")


def test_a_name_that_is_no_text_is_refused(tmp_path: Path, code: Path) -> None:
    (code / os.fsdecode(b"caf\xe9.py")).write_text("")

    (found,) = code_problems("code", code)

    assert (found.code, found.hint) == ("LK402", "rename the file")
    assert found.problem.endswith("caf?.py is not UTF-8, and cannot ship")


@pytest.mark.parametrize(
    ("size", "allowed"), [(PACKAGE_UNZIPPED_BYTES_MAX, True), (PACKAGE_UNZIPPED_BYTES_MAX + 1, False)]
)
def test_packages_are_weighed_unzipped(tmp_path: Path, size: int, allowed: bool) -> None:
    (tmp_path / "code").mkdir()
    with (tmp_path / "code" / "model.bin").open("wb") as sparse:
        sparse.truncate(size)

    found = list(code_problems("code", tmp_path / "code"))

    assert [each.code for each in found] == ([] if allowed else ["LK403"])


def test_the_compilers_cache_reads_what_packages_hold() -> None:
    assert set(EXCLUDED_DIRECTORIES) == UNREAD_DIRECTORIES
    assert set(EXCLUDED_FILES) == UNREAD_FILES
    assert EXCLUDED_SUFFIXES == UNREAD_SUFFIXES
