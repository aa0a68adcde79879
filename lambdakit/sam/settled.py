"""A document without what its own rules refuse: of each thing refused the least that can be left out goes.

The rules know more than what reads a template: which directories there are, what a handler names, what a source takes.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.records import dataclass
from lambdakit.sam.yaml_text import yaml_text
from lambdakit.spec.document import load
from lambdakit.spec.pointer import Pointer, parse_pointer

# Without these the whole they belong to is nothing.
_NEEDED: Final = frozenset(
    {"code", "handler", "kind", "source", "function", "routes", "schedule", "event_pattern", "type", "partition_key"}
)
_ROUNDS_MAX: Final = 200
# Without any of them there is nothing to deploy.
_PARTS: Final = ("functions", "patterns", "resources", "cloudformation")
# A handler's file may be what a build makes of another, and what refuses it is mended where it stands.
_KEPT: Final = "LK138"
# Sections whose parts mean something else when something of them is gone.
_WHOLE: Final = frozenset({"cloudformation", "outputs", "conditions", "mappings", "parameters"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """document: valid but for handlers that are not there yet; empty when nothing is left.

    told: where what is left out, or such a handler, came from, and why.
    """

    document: Mapping[str, object]
    told: tuple[tuple[Pointer, str], ...]


def settled(document: Mapping[str, object], directory: Path, origins: Mapping[Pointer, Pointer]) -> Settled:
    """The document, valid in `directory` as `Settled` says. origins: pointer in it -> pointer in what it was made from.

    DocumentError when what is refused cannot be left out.
    """
    value: dict[str, Any] = copy.deepcopy(dict(document))
    told: list[tuple[Pointer, str]] = []
    for _ in range(_ROUNDS_MAX):
        value = {key: part for key, part in value.items() if part or key not in _PARTS}
        if not any(key in value for key in _PARTS):
            return Settled(document={}, told=tuple(told))
        error = _refusal(value, directory)
        found = error.diagnostics if error is not None else ()
        refused = [diagnostic for diagnostic in found if diagnostic.code != _KEPT]
        if error is None or not refused:
            kept = [(_origin(parse_pointer(one.pointer), origins), _told_of_handler(one)) for one in found]
            return Settled(document=value, told=(*told, *kept))
        gone: list[Pointer] = []
        for diagnostic in refused:
            pointer = parse_pointer(diagnostic.pointer)
            if any(pointer[: len(other)] == other for other in gone):
                continue
            gone.append(_close(value, pointer) or _remove(value, pointer, error))
            told.append((_origin(pointer, origins), _told(diagnostic, gone[-1])))
            if isinstance(gone[-1][-1], int):
                break  # the places behind it are others now
    raise error if error is not None else AssertionError


def _refusal(value: Mapping[str, object], directory: Path) -> DocumentError | None:
    with tempfile.NamedTemporaryFile(
        "w", dir=directory, prefix=".lambdakit-", suffix=".yaml", encoding="utf-8"
    ) as file:
        file.write(yaml_text(value))
        file.flush()
        try:
            load(Path(file.name))
        except DocumentError as error:
            return error
    return None


def _close(value: dict[str, Any], pointer: Pointer) -> Pointer | None:
    """Lets only signed requests in where an API's authorizer is refused: without one, everybody would be."""
    match pointer:
        case ("patterns", str() as key, "api", "authorizer", *_):
            api = value["patterns"][key]["api"]
            if api.get("authorizer") != {"kind": "iam"}:
                api["authorizer"] = {"kind": "iam"}
                return pointer[:4]
            return _remove_pattern(value, key)
    return None


def _remove_pattern(value: dict[str, Any], key: str) -> Pointer:
    del value["patterns"][key]
    return "patterns", key


def _remove(value: dict[str, Any], pointer: Pointer, error: DocumentError) -> Pointer:
    """Leaves out the value at a pointer, or the whole that it is needed for. Where it stood."""
    if pointer[:1] and pointer[0] in _WHOLE:
        pointer = pointer[:2]
    while len(pointer) > 1 and (pointer[-1] in _NEEDED or not _is_there(value, pointer)):
        pointer = pointer[:-1]
    if len(pointer) < 2:
        raise error
    owner: Any = value
    for step in pointer[:-1]:
        owner = owner[step]
    del owner[pointer[-1]]
    # An API without routes, and what is left of a list, is nothing either.
    if not owner and len(pointer) > 2:
        return _remove(value, pointer[:-1], error)
    return pointer


def _is_there(value: Any, pointer: Pointer) -> bool:
    for step in pointer:
        is_item = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not is_item and not (isinstance(value, dict) and step in value):
            return False
        value = value[step]
    return True


def _origin(pointer: Pointer, origins: Mapping[Pointer, Pointer]) -> Pointer:
    for length in range(len(pointer), 0, -1):
        if pointer[:length] in origins:
            return origins[pointer[:length]]
    return ("Globals", "Function")


def _told(diagnostic: Diagnostic, gone: Pointer) -> str:
    what = ".".join(str(step) for step in gone)
    return f"{what} is left out: {diagnostic.problem}"


def _told_of_handler(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.pointer} is kept, and refused until it is there: {diagnostic.problem}"
