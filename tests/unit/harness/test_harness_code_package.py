"""Packages out of directories, zip files and inline source; hostile ones come to nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.package_files import InvalidPackage

LINK = 0o120777
FILE = 0o100644


@pytest.fixture
def store(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path / "store")


def _zip(*entries: tuple[str, bytes, int], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            entry.external_attr = mode << 16
            entry.compress_type = compression
            archive.writestr(entry, content)
    return buffer.getvalue()


def _tree(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def _nothing_is_left(tmp_path: Path) -> bool:
    return list((tmp_path / "store").iterdir()) == [] and not (tmp_path / "evil").exists()


class TestDirectory:
    def _source(self, tmp_path: Path, name: str = "source") -> Path:
        source = tmp_path / name
        (source / "lib").mkdir(parents=True)
        (source / "app.py").write_text("def handler(event, context): pass\n")
        (source / "lib" / "ü.txt").write_bytes(b"\x00\xff")
        return source

    def test_it_is_copied(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)

        package = store.from_directory(source)

        assert _tree(package.directory) == _tree(source)
        assert package.size == sum(len(content) for content in _tree(source).values())
        assert len(base64.b64decode(package.sha256)) == 32

    def test_later_changes_of_the_source_do_not_reach_it(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)
        package = store.from_directory(source)

        (source / "app.py").write_text("changed")

        assert (package.directory / "app.py").read_text() != "changed"

    def test_the_same_content_is_the_same_package(self, store: CodeStore, tmp_path: Path) -> None:
        first, second = (store.from_directory(self._source(tmp_path, name)) for name in ("one", "two"))

        assert first == second

    @pytest.mark.parametrize(
        "change",
        [
            lambda source: (source / "app.py").write_text("other"),
            lambda source: (source / "app.py").rename(source / "app2.py"),
            lambda source: (source / "app.py").chmod(0o755),
            lambda source: (source / "new").write_text(""),
            lambda source: (source / "lib" / "ü.txt").unlink(),
        ],
        ids=["content", "name", "executable", "added", "removed"],
    )
    def test_another_content_is_another_package(
        self, store: CodeStore, tmp_path: Path, change: Callable[[Path], object]
    ) -> None:
        source = self._source(tmp_path)
        before = store.from_directory(source)

        change(source)

        after = store.from_directory(source)
        assert after.directory != before.directory
        assert after.sha256 != before.sha256

    def test_moving_bytes_from_a_name_to_a_content_is_another_package(self, store: CodeStore, tmp_path: Path) -> None:
        for name, content in (("one", {"a": "bc"}), ("two", {"ab": "c"}), ("three", {"a": "b", "c": ""})):
            (tmp_path / name).mkdir()
            for file, text in content.items():
                (tmp_path / name / file).write_text(text)

        packages = [store.from_directory(tmp_path / name) for name in ("one", "two", "three")]

        assert len({package.sha256 for package in packages}) == 3

    def test_executables_stay_executable_and_everything_can_be_read(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)
        (source / "bootstrap").write_text("#!/bin/sh\n")
        (source / "bootstrap").chmod(0o700)
        (source / "app.py").chmod(0o600)

        package = store.from_directory(source)

        modes = {path.name: path.stat().st_mode & 0o777 for path in package.directory.rglob("*")}
        assert modes == {"bootstrap": 0o755, "app.py": 0o644, "lib": 0o755, "ü.txt": 0o644}

    def test_links_are_followed(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)
        (source / "file").symlink_to("app.py")
        (source / "folder").symlink_to("lib")

        package = store.from_directory(source)

        assert (package.directory / "file").read_bytes() == (source / "app.py").read_bytes()
        assert (package.directory / "folder" / "ü.txt").read_bytes() == b"\x00\xff"
        assert not any(path.is_symlink() for path in package.directory.rglob("*"))

    def test_a_change_behind_a_linked_folder_is_another_package(self, store: CodeStore, tmp_path: Path) -> None:
        source, behind = self._source(tmp_path), tmp_path / "behind"
        behind.mkdir()
        (behind / "data").write_text("old")
        (source / "folder").symlink_to(behind)
        before = store.from_directory(source)

        (behind / "data").write_text("new")

        assert (store.from_directory(source).directory / "folder" / "data").read_text() == "new"
        assert (before.directory / "folder" / "data").read_text() == "old"

    def test_a_link_that_leads_nowhere_is_left_out(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)
        (source / "broken").symlink_to("missing")

        assert "broken" not in _tree(store.from_directory(source).directory)

    def test_a_link_into_its_own_folder_is_refused(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)
        (source / "lib" / "again").symlink_to("..")

        with pytest.raises(InvalidPackage, match="lib/again leads into a directory that holds it"):
            store.from_directory(source)

    def test_what_is_no_file_is_refused_rather_than_read(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)
        os.mkfifo(source / "pipe")

        with pytest.raises(InvalidPackage, match="pipe is neither a file nor a directory"):
            store.from_directory(source)

    def test_a_missing_directory_is_refused(self, store: CodeStore, tmp_path: Path) -> None:
        with pytest.raises(InvalidPackage, match="no directory at"):
            store.from_directory(tmp_path / "missing")

    def test_more_than_may_be_unpacked_is_refused_without_reading_it(self, store: CodeStore, tmp_path: Path) -> None:
        source = self._source(tmp_path)
        with (source / "big").open("wb") as file:
            file.truncate(250 * 1024 * 1024)

        with pytest.raises(InvalidPackage, match="Unzipped size must be smaller than 262144000 bytes"):
            store.from_directory(source)


class TestZip:
    def test_it_is_unpacked_once(self, store: CodeStore) -> None:
        content = _zip(("app.py", b"x = 1", FILE), ("lib/", b"", 0o040755), ("lib/a/b.txt", b"b", FILE))

        first, second = store.from_zip(content), store.from_zip(content)

        assert first == second
        assert _tree(first.directory) == {"app.py": b"x = 1", "lib/a/b.txt": b"b"}
        assert first.sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert first.size == len(content)

    @pytest.mark.parametrize(
        ("mode", "unpacked"), [(0o100644, 0o644), (0o100755, 0o755), (0o100700, 0o755), (0o100600, 0o644), (0, 0o644)]
    )
    def test_executables_stay_executable(self, store: CodeStore, mode: int, unpacked: int) -> None:
        package = store.from_zip(_zip(("bootstrap", b"#!/bin/sh", mode)))

        assert (package.directory / "bootstrap").stat().st_mode & 0o777 == unpacked

    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_both_usual_methods_are_read(self, store: CodeStore, compression: int) -> None:
        package = store.from_zip(_zip(("a", b"x" * 1000, FILE), compression=compression))

        assert (package.directory / "a").read_bytes() == b"x" * 1000

    def test_links_within_are_kept(self, store: CodeStore) -> None:
        package = store.from_zip(
            _zip(("lib/libx.so", b"../real/libx.so.1", LINK), ("real/libx.so.1", b"elf", FILE), ("dir", b"real", LINK))
        )

        assert (package.directory / "lib" / "libx.so").is_symlink()
        assert (package.directory / "lib" / "libx.so").read_bytes() == b"elf"
        assert (package.directory / "dir" / "libx.so.1").read_bytes() == b"elf"

    def test_an_empty_zip_is_an_empty_package(self, store: CodeStore) -> None:
        assert _tree(store.from_zip(_zip()).directory) == {}

    @pytest.mark.parametrize(
        "entries",
        [
            [("../evil", b"x", FILE)],
            [("a/../../evil", b"x", FILE)],
            [("/tmp/evil", b"x", FILE)],
            [("..\\evil", b"x", FILE)],
            [("..", b"", 0o040755)],
            [("link", b"/etc/passwd", LINK)],
            [("link", b"../evil", LINK)],
            [("a/link", b"../../evil", LINK)],
            [("link", b"..", LINK), ("link/evil", b"x", FILE)],
            # Each of these links looks harmless by its text, and leads out through another one.
            [("d/up", b"..", LINK), ("out", b"d/up/..", LINK)],
            [("out", b"d/up/..", LINK), ("d/up", b"..", LINK)],
            [("d/up", b"..", LINK), ("out", b"d/up/..", LINK), ("out/evil", b"x", FILE)],
            [("d/up", b"..", LINK), ("f", b"d/up/../evil", LINK), ("f", b"x", FILE)],
            [("a", b"b", LINK), ("b", b"..", LINK), ("a/c", b"evil", LINK)],
        ],
    )
    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_what_would_leave_the_directory_is_refused(
        self, store: CodeStore, tmp_path: Path, entries: list[tuple[str, bytes, int]]
    ) -> None:
        with pytest.raises(InvalidPackage):
            store.from_zip(_zip(*entries))

        assert _nothing_is_left(tmp_path)

    @pytest.mark.parametrize(
        "entries",
        [
            [("a", b"x", FILE), ("a/b", b"x", FILE)],
            [("a/b", b"x", FILE), ("a", b"x", FILE)],
            [("a", b"x", FILE), ("a", b"b", LINK)],
            [("x" * 300, b"x", FILE)],
            [("link", b"\xff\xfe", LINK)],
            [("link", b"", LINK)],
        ],
    )
    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_what_no_file_system_holds_is_refused(
        self, store: CodeStore, tmp_path: Path, entries: list[tuple[str, bytes, int]]
    ) -> None:
        with pytest.raises(InvalidPackage, match="Could not unzip uploaded file"):
            store.from_zip(_zip(*entries))

        assert _nothing_is_left(tmp_path)

    def test_a_bomb_is_refused_by_what_it_says(self, store: CodeStore, tmp_path: Path) -> None:
        block = b"\x00" * (50 * 1024 * 1024)
        content = _zip(*((str(number), block, FILE) for number in range(6)))

        with pytest.raises(InvalidPackage, match="Unzipped size must be smaller than 262144000 bytes"):
            store.from_zip(content)

        assert len(content) < 1024 * 1024
        assert _nothing_is_left(tmp_path)

    @pytest.mark.parametrize("declared", [0, 10, 999, 1001])
    def test_a_size_that_is_a_lie_is_refused(self, store: CodeStore, tmp_path: Path, declared: int) -> None:
        content = _zip(("a", b"x" * 1000, FILE))
        # The size stands in the local header and in the central directory.
        content = content.replace(struct.pack("<L", 1000), struct.pack("<L", declared))

        with pytest.raises(InvalidPackage, match="Could not unzip uploaded file"):
            store.from_zip(content)

        assert _nothing_is_left(tmp_path)

    def test_a_password_is_refused(self, store: CodeStore, tmp_path: Path) -> None:
        content = bytearray(_zip(("a", b"x" * 100, FILE)))
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            content[content.index(signature) + offset] |= 1

        with pytest.raises(InvalidPackage, match="Could not unzip uploaded file"):
            store.from_zip(bytes(content))

        assert _nothing_is_left(tmp_path)

    @pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 17])
    def test_what_is_no_zip_is_refused(self, store: CodeStore, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(InvalidPackage, match="Could not unzip uploaded file"):
            store.from_zip(content)

        assert _nothing_is_left(tmp_path)

    def test_an_entry_without_a_name_is_refused(self, store: CodeStore, tmp_path: Path) -> None:
        with pytest.raises(InvalidPackage, match="Could not unzip uploaded file"):
            store.from_zip(_zip(("a.py", b"x", FILE), ("", b"x", FILE)))

        assert _nothing_is_left(tmp_path)

    @given(damage=st.lists(st.tuples(st.integers(min_value=0), st.binary(min_size=1, max_size=4)), min_size=1))
    def test_a_damaged_zip_is_unpacked_or_refused_and_leaves_nothing_outside(
        self, tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, bytes]]
    ) -> None:
        content = bytearray(_zip(("a.py", b"x = 1\n" * 50, FILE), ("b/c", b"c", FILE), ("l", b"b/c", LINK)))
        for place, bytes_ in damage:
            start = place % len(content)
            content[start : start + len(bytes_)] = bytes_
        outside = tmp_path_factory.mktemp("damaged")
        store = CodeStore(outside / "store")

        try:
            package = store.from_zip(bytes(content))
        except InvalidPackage:
            assert list((outside / "store").iterdir()) == []
        else:
            assert package.directory.parent == outside / "store"
        assert [path.name for path in outside.iterdir()] == ["store"]

    def test_a_refused_package_does_not_stand_in_the_way_of_a_good_one(self, store: CodeStore) -> None:
        good = _zip(("app.py", b"x = 1", FILE))
        with pytest.raises(InvalidPackage):
            store.from_zip(good[:-30])

        assert _tree(store.from_zip(good).directory) == {"app.py": b"x = 1"}


class TestInline:
    # CloudFormation: the file is called index, and the runtime decides its ending.
    @pytest.mark.parametrize(
        ("runtime", "name"), [("python3.13", "index.py"), ("nodejs22.x", "index.js"), ("nodejs24.x", "index.js")]
    )
    def test_it_is_one_file(self, store: CodeStore, runtime: str, name: str) -> None:
        package = store.from_inline("# ü\n", runtime)

        assert _tree(package.directory) == {name: "# ü\n".encode()}

    @pytest.mark.parametrize(
        ("runtime", "source", "name"),
        [
            ("python3.13", "import json\nimport cfnresponse  # answers", "cfnresponse.py"),
            ("python3.13", "def handler(e, c):\n    import cfnresponse", "cfnresponse.py"),
            ("python3.13", "import json, cfnresponse", "cfnresponse.py"),
            ("python3.13", "import cfnresponse, json", "cfnresponse.py"),
            ("python3.13", "import boto3 as aws, os.path,cfnresponse", "cfnresponse.py"),
            ("python3.13", "from cfnresponse import send", ""),
            ("python3.13", "import cfnresponses", ""),
            ("python3.13", "import json, cfnresponse as answer", ""),
            ("nodejs22.x", 'const r = require("cfn-response");', "cfn-response.js"),
            ("nodejs22.x", "var response = require('cfn-response')", "cfn-response.js"),
            ("nodejs22.x", "// cfn-response", ""),
        ],
    )
    def test_cfn_response_is_there_for_what_loads_it(
        self, store: CodeStore, runtime: str, source: str, name: str
    ) -> None:
        package = store.from_inline(source, runtime)

        assert sorted(_tree(package.directory))[:-1] == ([name] if name else [])

    def test_the_same_source_is_the_same_package(self, tmp_path: Path) -> None:
        first, second = (CodeStore(tmp_path / name).from_inline("x", "python3.13") for name in ("a", "b"))

        assert first.sha256 == second.sha256
