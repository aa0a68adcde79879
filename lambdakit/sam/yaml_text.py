"""A document's value as YAML: one key a line, short lists and plain values behind their keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.spec.yaml_scalars import read_plain_scalar

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./$(][A-Za-z0-9_./$()@+ -]*(?:[{}?*][A-Za-z0-9_./$()@+ {}?*-]*)?")
# YAML 1.2.2, section 5.1: what may stand in a document; line breaks of other alphabets would end a line.
_UNPRINTABLE: Final = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_INDENT: Final = "  "


def yaml_text(value: Mapping[str, object]) -> str:
    """The mapping as a document."""
    return "\n".join(_mapping(value, "")) + "\n"


def _mapping(value: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            yield f"{indent}{_scalar(key)}:"
            yield from _mapping(item, indent + _INDENT)
        else:
            yield f"{indent}{_scalar(key)}: {_flow(item)}"


def _flow(value: object) -> str:
    # Of what stands in brackets all texts are quoted: commas and braces mean something there.
    if isinstance(value, Mapping | list):
        return _quoted(value)
    return _scalar(value)


def _scalar(value: object) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    is_plain = _PLAIN.fullmatch(value) is not None and not value.endswith(" ")
    return value if is_plain and isinstance(read_plain_scalar(value), str) else _quoted(value)


def _quoted(value: object) -> str:
    """JSON, which is YAML where all characters may stand in a document."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\U{ord(found[0]):08x}", text)
