"""What the names and first bytes of a package's binaries tell."""

from __future__ import annotations

from pathlib import Path

from lambdakit.harness.runtime.binary_files import binaries_below
from tests.fakes.fake_wheels import shared_library


class TestSearch:
    def test_links_are_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "real/libcore.so").write_bytes(shared_library("x86_64"))
        (tmp_path / "real/loop").symlink_to(tmp_path)
        (tmp_path / "libcore.so").symlink_to("real/libcore.so")

        assert [binary.path for binary in binaries_below(tmp_path)] == ["real/libcore.so"]

    def test_names_and_heads_tell_what_a_binary_is_for(self, tmp_path: Path) -> None:
        names = {
            "a.cpython-313-aarch64-linux-gnu.so": ("aarch64", 13, True),
            "b.cpython-39-x86_64-linux-gnu.so": ("x86_64", 9, True),
            "c.cpython-313t-x86_64-linux-gnu.so": ("x86_64 (t build)", 13, True),
            "d.abi3.so": ("x86_64", None, True),
            "e.so": ("x86_64", None, False),
            "libf-1.2.so.3.4": ("x86_64", None, False),
        }
        for name, (machine, _, _) in names.items():
            (tmp_path / name).write_bytes(shared_library(machine.split()[0]))
        for ignored in ("notes.so.txt", "so", "x.sox"):
            (tmp_path / ignored).write_bytes(shared_library("x86_64"))

        found = {binary.path: (binary.machine, binary.minor, binary.is_tagged) for binary in binaries_below(tmp_path)}

        assert found == names
