"""Where in the document each construct, and so each resource of the template, comes from.

A binding records the constructs that it makes for a part of the document; every construct below one of them comes
from that part, too, unless a deeper record says otherwise. The templates then tell which logical id stands for which
construct: `Metadata.aws:cdk:path`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdakit.spec.pointer import render_pointer

if TYPE_CHECKING:
    from lambdakit.spec.document import Document
    from lambdakit.spec.pointer import Pointer

SOURCE_MAP_FILE: Final = "lambdakit-source-map.json"
_VERSION: Final = 1


class SourceMap:
    """Pointers into one document by construct path."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._pointers: dict[str, Pointer] = {}

    def record(self, construct_path: str, pointer: Pointer) -> None:
        """Notes that the construct, with all below it, comes from the part of the document at `pointer`."""
        self._pointers[construct_path] = pointer

    def origin(self, construct_path: str) -> Pointer | None:
        """The pointer recorded for the construct or the nearest above it; None when there is none."""
        path = construct_path
        while path:
            if path in self._pointers:
                return self._pointers[path]
            path = path.rpartition("/")[0]
        return None

    def place(self, pointer: Pointer) -> tuple[int | None, int | None]:
        """Line and column of the pointer's value, or of the nearest above it that is written; else None twice."""
        for length in range(len(pointer), -1, -1):
            if (found := self._document.place(render_pointer(pointer[:length]))) is not None:
                return found
        return None, None

    def write(self, assembly: Path, stacks: Mapping[str, Path]) -> None:
        """Writes the source map into the assembly.

        stacks: the template's file by the stack's name.
        """
        entries = {stack: dict(self._entries(stack, template)) for stack, template in stacks.items()}
        text = json.dumps({"version": _VERSION, "stacks": entries}, indent=1, sort_keys=True)
        (assembly / SOURCE_MAP_FILE).write_text(text + "\n", encoding="utf-8")

    def _entries(self, stack: str, template_file: Path) -> Iterator[tuple[str, dict[str, str | int | None]]]:
        template: dict[str, Any] = json.loads(template_file.read_text(encoding="utf-8"))
        paths = {
            **{output: f"{stack}/{output}" for output in template.get("Outputs", {})},
            **{
                logical_id: resource.get("Metadata", {}).get("aws:cdk:path", "")
                for logical_id, resource in template.get("Resources", {}).items()
            },
        }
        for logical_id, path in paths.items():
            pointer = self.origin(path)
            if pointer is None:
                continue
            line, column = self.place(pointer)
            # What belongs to the whole document has no place in it.
            if line is None:
                continue
            yield logical_id, {"pointer": render_pointer(pointer), "line": line, "column": column}
