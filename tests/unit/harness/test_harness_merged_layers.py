"""Layers laid over one another, as `/opt` shows them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from lambdakit.harness.runtime.code_package import CodeStore

LINK = 0o120777
FILE = 0o100644


@pytest.fixture
def store(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path / "store")


def _zip(*entries: tuple[str, bytes, int]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _tree(directory: Path) -> dict[str, bytes]:
    paths = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


class TestMerged:
    def _layers(self, store: CodeStore, *trees: dict[str, tuple[bytes, int]]) -> list[Path]:
        return [
            store.from_zip(_zip(*((name, content, mode) for name, (content, mode) in tree.items()))).directory
            for tree in trees
        ]

    def test_a_later_layer_wins(self, store: CodeStore) -> None:
        layers = self._layers(
            store,
            {"python/a.py": (b"one", FILE), "python/b.py": (b"one", FILE)},
            {"python/b.py": (b"two", FILE), "bin/run": (b"two", 0o100755)},
        )

        merged = store.merged(layers)

        assert _tree(merged) == {"python/a.py": b"one", "python/b.py": b"two", "bin/run": b"two"}
        assert (merged / "bin" / "run").stat().st_mode & 0o777 == 0o755
        assert store.merged(layers) == merged

    def test_the_order_makes_another_directory(self, store: CodeStore) -> None:
        one, two = self._layers(store, {"a": (b"one", FILE)}, {"a": (b"two", FILE)})

        assert _tree(store.merged([one, two])) == {"a": b"two"}
        assert _tree(store.merged([two, one])) == {"a": b"one"}

    def test_links_files_and_folders_of_one_name_replace_one_another(self, store: CodeStore) -> None:
        layers = self._layers(
            store,
            {
                "lib/x.so": (b"x.so.1", LINK),
                "lib/x.so.1": (b"one", FILE),
                "f": (b"one", FILE),
                "d/i": (b"one", FILE),
                "l": (b"f", LINK),
            },
            {
                "lib/x.so": (b"x.so.2", LINK),
                "lib/x.so.2": (b"two", FILE),
                "f/i": (b"two", FILE),
                "d": (b"two", FILE),
                "l": (b"two", FILE),
            },
        )

        merged = store.merged(layers)

        assert _tree(merged) == {
            "lib/x.so": b"two",
            "lib/x.so.1": b"one",
            "lib/x.so.2": b"two",
            "f/i": b"two",
            "d": b"two",
            "l": b"two",
        }
        assert (layers[0] / "f").read_bytes() == b"one"

    def test_one_layer_is_used_as_it_is(self, store: CodeStore) -> None:
        (layer,) = self._layers(store, {"a": (b"x", FILE)})

        assert store.merged([layer]) == layer

    def test_layers_of_one_name_in_two_places_are_not_the_same(self, store: CodeStore, tmp_path: Path) -> None:
        def layers(place: str) -> list[Path]:
            made = [tmp_path / place / name for name in ("one", "two")]
            for layer in made:
                layer.mkdir(parents=True)
                (layer / "place").write_text(place)
            return made

        first, second = store.merged(layers("here")), store.merged(layers("there"))

        assert [_tree(first), _tree(second)] == [{"place": b"here"}, {"place": b"there"}]
