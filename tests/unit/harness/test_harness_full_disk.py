"""Packages for which the disk has no room: told as that, and nothing of them is left to fill it."""

from __future__ import annotations

import errno
import io
import os
import re
import resource
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.package_files import InvalidPackage
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.harness.runtime.system_refusals import told_as_unavailable


@pytest.fixture
def store(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path / "store")


@contextmanager
def _files_no_longer_than(count: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_package_without_room_is_told_and_leaves_nothing(store: CodeStore, tmp_path: Path, number: int) -> None:
    def fill(building: Path) -> None:
        building.mkdir()
        (building / "half.bin").write_bytes(b"x")
        raise OSError(number, os.strerror(number))

    with pytest.raises(InvalidPackage, match=re.escape(os.strerror(number))):
        store.derived("name", fill)

    assert list((tmp_path / "store").iterdir()) == []


def test_a_zip_file_without_room_is_not_called_corrupt(store: CodeStore, tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.bin", b"x" * 100_000)

    with _files_no_longer_than(10_000), pytest.raises(InvalidPackage, match=r"no room .*: File too large"):
        store.from_zip(content.getvalue())

    assert list((tmp_path / "store").iterdir()) == []


def test_a_directory_without_room_leaves_nothing(store: CodeStore, tmp_path: Path) -> None:
    (tmp_path / "asset").mkdir()
    (tmp_path / "asset" / "big.bin").write_bytes(b"x" * 100_000)

    with _files_no_longer_than(10_000), pytest.raises(InvalidPackage, match=r"no room .*: File too large"):
        store.from_directory(tmp_path / "asset")

    assert list((tmp_path / "store").iterdir()) == []


@pytest.mark.parametrize(
    "refused", [OSError(errno.ENOSPC, "No space left on device"), InvalidPackage("no room for it")]
)
def test_what_is_refused_while_an_environment_is_made_is_no_fault_of_the_harness(refused: Exception) -> None:
    with pytest.raises(RuntimeUnavailable, match="no execution environment could be made: "), told_as_unavailable():
        raise refused
