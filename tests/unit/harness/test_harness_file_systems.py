"""The files of file systems: taken, brought back and removed."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.file_systems import access_point
from lambdakit.harness.runtime.file_systems import FileSystems
from lambdakit.harness.runtime.function_configuration import FileSystemMount

_ARN = "arn:aws:elasticfilesystem:eu-west-1:555566667777:access-point/"
_POINTS = {
    "whole": ("fs-1", "/"),
    "part": ("fs-1", "/data/part"),
    "hostile": ("fs-1", "/../../data"),
    "other": ("../x", "/"),
}


@pytest.fixture
def files(tmp_path: Path) -> FileSystems:
    return FileSystems(tmp_path / "file-systems", lambda arn: _POINTS.get(arn.removeprefix(_ARN)))


def _root(files: FileSystems, name: str) -> Path:
    root = files.root_of(f"{_ARN}{name}")
    assert root is not None
    assert (root.path.stat().st_dev, root.path.stat().st_ino) == (root.device, root.inode)
    return root.path


def test_roots_lie_in_their_file_system_and_are_anybodys_to_write(files: FileSystems, tmp_path: Path) -> None:
    whole = _root(files, "whole")

    assert _root(files, "part") == whole / "data" / "part"
    assert _root(files, "hostile") == whole / "data"
    assert _root(files, "other").parent == whole.parent == tmp_path / "file-systems"
    assert _root(files, "part").stat().st_mode & 0o777 == 0o777
    assert _root(files, "elsewhere").parent == whole.parent
    assert files.root_of("arn:aws:s3files:eu-west-1:555566667777:file-system/fs-1/access-point/fsap-1") is None
    assert files.file_system_of(f"{_ARN}elsewhere") == ""
    assert files.file_system_of(f"{_ARN}part") == "fs-1"


@pytest.mark.parametrize("name", ["data", "data/part"])
def test_a_link_in_the_place_of_a_directory_leads_nowhere(files: FileSystems, tmp_path: Path, name: str) -> None:
    whole, part = _root(files, "whole"), _root(files, "part")
    part.rmdir()
    part.parent.rmdir()
    (whole / name).parent.mkdir(exist_ok=True)
    (whole / name).symlink_to(tmp_path)

    with pytest.raises(OSError, match=r"part|data"):
        files.root_of(f"{_ARN}part")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["file-systems"]


def test_what_is_not_mounted_as_on_aws_is_noted(files: FileSystems) -> None:
    mounts = [
        FileSystemMount(arn=f"{_ARN}part", path="/mnt/part"),
        FileSystemMount(arn=f"{_ARN}elsewhere", path="/mnt/elsewhere"),
        FileSystemMount(arn="arn:aws:s3files:x", path="/mnt/s3"),
    ]

    assert files.notes_on(mounts) == (
        f"at /mnt/elsewhere is an empty file system: this account does not have {_ARN}elsewhere",
        "at /mnt/s3 is nothing: only file systems of Amazon EFS are mounted here, not arn:aws:s3files:x",
    )


def test_what_was_taken_comes_back_and_nothing_else_stays(files: FileSystems) -> None:
    whole, part = _root(files, "whole"), _root(files, "part")
    (part / "kept").write_text("1")
    (whole / "link").symlink_to("/etc/passwd")
    taken = files.contents("fs-1")
    inode = part.stat().st_ino
    (part / "kept").write_text("2")
    (part / "new").mkdir()
    (part / "new" / "file").write_text("x")
    (whole / "link").unlink()

    files.bring_back("fs-1", taken)

    assert sorted(path.relative_to(whole).as_posix() for path in whole.rglob("*")) == [
        "data",
        "data/part",
        "data/part/kept",
        "link",
    ]
    assert (part / "kept").read_text() == "1"
    assert os.readlink(whole / "link") == "/etc/passwd"  # noqa: PTH115
    assert part.stat().st_ino == inode  # functions have it at hand


def test_nothing_is_taken_of_what_is_empty_and_bringing_that_back_empties(files: FileSystems) -> None:
    whole = _root(files, "whole")
    assert files.contents("fs-1") is None
    (whole / "a" / "b").mkdir(parents=True)
    (whole / "a" / "b" / "file").write_text("x")
    (whole / "a" / "b").chmod(0o500)

    files.bring_back("fs-1", None)

    assert list(whole.iterdir()) == []


def test_directories_without_files_come_back(files: FileSystems) -> None:
    whole = _root(files, "whole")
    (whole / "cache").mkdir(mode=0o750)
    taken = files.contents("fs-1")

    files.bring_back("fs-1", None)
    files.bring_back("fs-1", taken)

    assert [(path.name, path.stat().st_mode & 0o777) for path in whole.iterdir()] == [("cache", 0o750)]


def test_a_root_that_a_function_shut_is_opened_again(files: FileSystems) -> None:
    part = _root(files, "part")
    (part / "file").write_text("x")
    part.chmod(0)

    files.bring_back("fs-1", None)

    assert part.stat().st_mode & 0o777 == 0o777
    assert list(part.iterdir()) == []


def test_nothing_is_written_taken_or_deleted_behind_a_link(files: FileSystems, tmp_path: Path) -> None:
    whole = _root(files, "whole")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (whole / "folder").mkdir()
    (whole / "folder" / "planted").write_text("p")
    taken = files.contents("fs-1")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                (whole / "new").symlink_to(outside)
                (whole / "new").rename(whole / "folder")

    swapping = threading.Thread(target=swap)
    swapping.start()
    seen = []
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                files.bring_back("fs-1", taken)
            seen += [entry for entry in files.contents("fs-1") or () if entry.content == b"s"]
    finally:
        stop.set()
        swapping.join()

    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    assert seen == []


def test_those_of_elsewhere_are_emptied_by_themselves(files: FileSystems) -> None:
    elsewhere, part = _root(files, "elsewhere"), _root(files, "part")
    for root in (elsewhere, part):
        (root / "file").write_text("x")

    files.empty_elsewhere()

    assert list(elsewhere.iterdir()) == []
    assert [path.name for path in part.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_what_is_no_name_is_no_file_system(files: FileSystems, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no file system"):
        files.contents(name)


def test_removed_and_unknown_file_systems_hold_nothing(files: FileSystems) -> None:
    whole = _root(files, "whole")

    files.remove("fs-1")

    assert not whole.exists()
    assert files.contents("fs-1") is None
    files.bring_back("fs-1", [])


@pytest.mark.xdist_group("moto")
def test_access_points_are_found_by_their_arn() -> None:
    efs = Account(account_id="555566667777", region="eu-west-1").client("efs")
    made = efs.create_file_system(CreationToken="a")["FileSystemId"]
    point = efs.create_access_point(ClientToken="a", FileSystemId=made, RootDirectory={"Path": "/data"})
    bare = efs.create_access_point(ClientToken="b", FileSystemId=made)

    assert access_point(point["AccessPointArn"]) == (made, "/data")
    assert access_point(bare["AccessPointArn"]) == (made, "/")
    assert access_point(f"{point['AccessPointArn']}x") is None
    assert access_point("arn:aws:s3:::bucket") is None
