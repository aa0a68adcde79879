"""Where in the document each construct, and so each resource of the template, comes from.

A binding records the constructs that it makes for a part of the document; every construct below one of them comes
from that part, too, unless a deeper record says otherwise. The templates then tell which logical id stands for which
construct: `Metadata.aws:cdk:path`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdakit.spec.pointer import render_pointer

if TYPE_CHECKING:
    from lambdakit.spec.document import Document, Origin
    from lambdakit.spec.pointer import Pointer

SOURCE_MAP_FILE: Final = "lambdakit-source-map.json"
_VERSION: Final = 1
# What a path of the document leaves out: a construct's resource, and that of a function with all that belongs to it.
_DEFAULTS: Final = ("/Resource", "/Default", "/Function/Resource")


class SourceMap:
    """Pointers into one document by construct path, and the maps of its environments.

    A pointer is one into the document as its stacks see it: with the environment's overlay laid over.
    """

    def __init__(self, document: Document, environments: Sequence[Document] = ()) -> None:
        self._document = document
        self._pointers: dict[str, Pointer] = {}
        self._properties: dict[str, tuple[Pointer, Mapping[str, Any]]] = {}
        self._stacks: dict[str, SourceMap] = {}
        for each in environments:
            self._stacks |= dict.fromkeys(each.stack_names, SourceMap(each))

    @property
    def environment(self) -> str:
        """The environment whose stacks it is about; empty for the document's own."""
        return self._document.environment

    def of(self, construct_path: str) -> SourceMap:
        """The map of the stacks of which one holds the construct; this one for what lies in no environment's."""
        return self._stacks.get(construct_path.partition("/")[0], self)

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

    def record_properties(self, construct_path: str, pointer: Pointer, properties: Mapping[str, Any]) -> None:
        """Notes that the document writes these properties of the construct's resource itself, at `pointer`."""
        self._properties[construct_path] = (pointer, properties)

    def origin_of_property(self, construct_path: str, steps: Sequence[str]) -> Pointer | None:
        """The pointer of a resource's property where the document writes it itself, else that of the construct.

        steps: the property's keys in the template, places in lists as numbers in text.
        """
        pointer, written = self._written(construct_path)
        found = _within(written, steps)
        return (*pointer, *found) if found else self.origin(construct_path)

    def writes(self, construct_path: str) -> Pointer:
        """Where the document writes properties of the construct's resource itself; empty where it does not."""
        return self._written(construct_path)[0]

    def _written(self, construct_path: str) -> tuple[Pointer, Mapping[str, Any]]:
        for path in (construct_path, *(construct_path.removesuffix(end) for end in _DEFAULTS)):
            if path in self._properties:
                return self._properties[path]
        return (), {}

    def place(self, pointer: Pointer) -> tuple[int | None, int | None]:
        """Line and column of the pointer's value, or of the nearest above it that is written; else None twice."""
        found = self.written(pointer)
        return (None, None) if found is None else (found.line, found.column)

    def written(self, pointer: Pointer) -> Origin | None:
        """Where the pointer's value is written, or the nearest above it that is; None for the whole document."""
        return self._document.origin(pointer)

    def write(self, assembly: Path, stacks: Mapping[str, Path]) -> None:
        """Writes the source map into the assembly.

        stacks: the template's file by the stack's name.
        """
        entries = {stack: dict(self.of(stack)._entries(stack, template)) for stack, template in stacks.items()}
        content: dict[str, object] = {"version": _VERSION, "stacks": entries}
        if self._stacks:
            # What of the stacks is the document's own, and what an environment's.
            content["base"] = list(self._document.stack_names)
        text = json.dumps(content, indent=1, sort_keys=True)
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
            origin = None if pointer is None else self.written(pointer)
            # What belongs to the whole document has no place in it.
            if origin is None:
                continue
            place: dict[str, str | int | None] = {
                "pointer": render_pointer(origin.pointer),
                "line": origin.line,
                "column": origin.column,
            }
            if origin.file:
                place["path"] = origin.file
            yield logical_id, place


def _within(value: Any, steps: Sequence[str]) -> Pointer:
    """As many of the steps as the value has."""
    found: list[str | int] = []
    for step in steps:
        if isinstance(value, dict) and step in value:
            found.append(step)
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            found.append(int(step))
            value = value[int(step)]
        else:
            break
    return tuple(found)
