"""The shape of a JSON value: its members' names and their kinds, without what stands in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lambdakit.session.sample_events.generate import sample_event
from lambdakit.session.sample_events.samples import SAMPLES

SHAPES = Path(__file__).with_name("event_shapes.json")

_KINDS = {str: "text", bool: "flag", int: "number", float: "number", type(None): "null"}


def shape(value: Any) -> Any:
    """Objects keep their names, lists are `[shape of the items]`, everything else is the name of its kind.

    Items of several shapes stand beside each other, each once.
    """
    if isinstance(value, dict):
        return {name: shape(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        shapes = {json.dumps(shape(item)): shape(item) for item in value}
        return [shapes[text] for text in sorted(shapes)]
    return _KINDS[type(value)]


def names(value: Any, prefix: str = "") -> set[str]:
    """The path of every member, such as `Records[].body`."""
    if isinstance(value, dict):
        found = {f"{prefix}.{name}".lstrip(".") for name in value}
        return found.union(*(names(item, f"{prefix}.{name}".lstrip(".")) for name, item in value.items()))
    if isinstance(value, list):
        return set().union(*(names(item, f"{prefix}[]") for item in value))
    return set()


def write() -> None:
    """Writes the expected shape of every sample, a source a line: `python -m tests.fakes.event_shapes`."""
    lines = [f"{json.dumps(name)}: {json.dumps(shape(sample_event(name)))}" for name in SAMPLES]
    SHAPES.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def expected() -> dict[str, Any]:
    """Source -> the shape that its sample has to have."""
    shapes: dict[str, Any] = json.loads(SHAPES.read_text())
    return shapes


if __name__ == "__main__":
    write()
