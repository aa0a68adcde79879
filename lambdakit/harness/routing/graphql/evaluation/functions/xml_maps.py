"""XML as maps: `util.xml.toMap` and `util.xml.toJsonString`.

Elements of one name are a list; a text that is a number or a boolean is one, as the guide's `"id": 1` shows. Attributes
stand beside the elements, and the text of what has both is its `content`; this is not confirmed by a page.
Source: AppSync Developer Guide, "XML helpers in $util.xml".
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from xml.parsers import expat

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_DEPTH_MAX: Final = 200
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d{0,18})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,18})(?:\.\d{1,18})?(?:[eE][-+]?\d{1,3})?")
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


def to_map(xml: Any) -> dict[str, Any]:
    """The document as a map of its root element."""
    if not isinstance(xml, str):
        raise FunctionFailed("xml: a text is wanted")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    # Entities of a document's own can grow without bound, or name files.
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(xml.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise FunctionFailed(f"xml: {error}") from None
    return reader.root


def to_json_string(xml: Any, string_encode: Any = False) -> str:
    """The document as JSON. string_encode: once more as a text in JSON."""
    text = json.dumps(to_map(xml), separators=(",", ":"), ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if string_encode is True else text


class _Reader:
    """Takes what the parser finds."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[tuple[dict[str, Any], list[str]]] = [(self.root, [])]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if len(self._open) > _DEPTH_MAX:
            raise FunctionFailed("xml: nested too deep")
        self._open.append(({key: _plain(value) for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        """Text between elements."""
        self._open[-1][1].append(text)

    def end(self, name: str) -> None:
        """An element ends."""
        members, parts = self._open.pop()
        text = "".join(parts).strip()
        if members and text:
            members["content"] = _plain(text)
        value: Any = members or (_plain(text) if text else "")
        siblings = self._open[-1][0]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

    def refuse(self, *_: object) -> None:
        """A document type."""
        raise FunctionFailed("xml: a document type is not read")


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
