"""The way back from a resource to the line of the document that asked for it.

The compiler writes `lambdakit-source-map.json` into the assemblies that it makes; others have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Final

from lambdakit.assembly.assembly_directory import read_json
from lambdakit.assembly.codes import MALFORMED_SOURCE_MAP
from lambdakit.assembly.place import Place, shown
from lambdakit.records import dataclass

SOURCE_MAP: Final = "lambdakit-source-map.json"

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlace:
    """A place in a document.

    document: path of the file, which may be one that the document includes; empty when the map does not name it.
    line, column: counted from 1.
    """

    pointer: str
    line: int
    column: int
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMap:
    """stacks: stack name -> logical id -> place. Empty for an assembly that was not made from a document."""

    stacks: Mapping[str, Mapping[str, SourcePlace]]

    def place(self, stack: str, logical_id: str) -> SourcePlace | None:
        """Where the document asks for a resource; None when it is not known."""
        return self.stacks.get(stack, {}).get(logical_id)


def read_source_map(path: Path, shown_path: str) -> SourceMap:
    """The map in a file, empty when there is no such file. AssemblyError when it is malformed."""
    if not path.exists():
        return SourceMap(stacks={})
    place = Place(path=shown_path, code=MALFORMED_SOURCE_MAP)
    content = place.mapping(read_json(path, shown_path))
    version = content.get("version")
    if version != _VERSION or isinstance(version, bool):
        raise (place / "version").error(
            f"{shown(version)} is not {_VERSION}, the version that can be read", hint="compile the document again"
        )
    document = content.get("document", "")
    if not isinstance(document, str):
        raise (place / "document").error(f"{shown(document)} is not a string")
    stacks = (place / "stacks").mapping(content.get("stacks"))
    return SourceMap(stacks={name: _stack(value, document, place / "stacks" / name) for name, value in stacks.items()})


def _stack(value: object, document: str, place: Place) -> Mapping[str, SourcePlace]:
    return {
        logical_id: _source_place(entry, document, place / logical_id)
        for logical_id, entry in place.mapping(value).items()
    }


def _source_place(value: object, document: str, place: Place) -> SourcePlace:
    entry = place.mapping(value)
    pointer = entry.get("pointer")
    if not isinstance(pointer, str):
        raise (place / "pointer").error(f"{shown(pointer)} is not a string")
    path = entry.get("path", "")
    if not isinstance(path, str):
        raise (place / "path").error(f"{shown(path)} is not a string")
    return SourcePlace(
        pointer=pointer,
        line=_count(entry, "line", place),
        column=_count(entry, "column", place),
        # Of another file than the document it is relative to the document's directory.
        document=str(PurePath(document).parent / path) if path else document,
    )


def _count(entry: Mapping[str, object], key: str, place: Place) -> int:
    value = entry.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise (place / key).error(f"{shown(value)} is not a whole number from 1 on")
    return value
