"""A YAML text composed into nodes, in bounded time, memory and depth.

Reads ruamel.yaml's stream of events rather than its nodes: its composer recurses, resolves YAML 1.1 where a
directive asks for it, and follows aliases without counting. Here the nesting is a list, and everything that an
alias stands for is counted, so that a few lines of nested aliases cannot ask for more than `VALUES_MAX` values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from lambdakit.spec.finding import Finding, Mark
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.wording import quoted
from lambdakit.spec.yaml_nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from lambdakit.spec.yaml_scalars import read_plain_scalar
from lambdakit.spec.yaml_short_forms import SHORT_FORMS, long_form, takes_short_forms
from lambdakit.spec.yaml_syntax import syntax_finding

VALUES_MAX: Final = 50_000
DEPTH_MAX: Final = 64

_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_COLLECTION_TAGS = frozenset({"!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_SCALAR_TAGS: dict[str, tuple[type, ...]] = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (float, int),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}


def compose(text: str) -> tuple[Node | None, list[Finding]]:
    """The document's root, None when there is no document or reading had to stop, and what was wrong."""
    composer = _Composer()
    try:
        for event in _events(text):
            composer.take(event)
            if composer.stopped:
                break
    except _ParserFailure as failure:
        return None, [*composer.findings, syntax_finding(failure.cause, text, composer.read)]
    return (None if composer.stopped else composer.root), composer.findings


class _ParserFailure(Exception):
    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _events(text: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    # On malformed input the parser also lets built-in exceptions through: an OverflowError for "\UFFFFFFFF", an
    # IndexError or AssertionError for some directives. Its only input is the text, so each means bad YAML.
    except (YAMLError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _ParserFailure(error) from error


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end was not read yet."""

    mark: Mark
    anchor: str | None
    is_mapping: bool
    function: str | None = None  # whose argument it is, by a short form
    weight: int = 1
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: list[MappingNode] = field(default_factory=list)
    key: tuple[str, Mark, bool] | None = None  # text, place, whether it is the merge key
    skips_value: bool = False


class _Composer:
    """Takes one event after the other.

    root, findings, stopped: what came of them. read: how far they came.
    """

    def __init__(self) -> None:
        self.read = Mark(1, 1)
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.stopped = False
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}  # None while the anchored node is still open
        self._values = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        self.read = _mark(event)
        match event:
            case DocumentStartEvent():
                self._begin_document(_mark(event))
            case ScalarEvent():
                self._scalar(event)
            case AliasEvent():
                self._alias(str(event.anchor), _mark(event))
            case SequenceStartEvent() | MappingStartEvent():
                self._begin(event, is_mapping=isinstance(event, MappingStartEvent))
            case SequenceEndEvent() | MappingEndEvent():
                self._end()

    def _begin_document(self, mark: Mark) -> None:
        self._documents += 1
        if self._documents == 2:
            self._refuse(
                "LK108", mark, "a second YAML document", "keep one application in a file, without a second ---"
            )
            self.stopped = True

    def _scalar(self, event: Any) -> None:
        mark = _mark(event)
        plain = event.style is None
        text = str(event.value)
        tag = _tag(event)
        function = self._function(tag)
        if function is not None:
            tag = "!"
        value = read_plain_scalar(text) if plain and tag not in _STRING_TAGS else text
        is_refused = False
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._refuse("LK102", mark, "the text holds half of a surrogate pair, which is no character")
            value = text = text.encode("utf-8", "replace").decode()
            is_refused = True
        if tag is not None and tag not in _STRING_TAGS and not isinstance(value, _SCALAR_TAGS.get(tag, ())):
            self._refuse_tag(tag, mark)
            is_refused = True
        node: Node = ScalarNode(value, text, mark, is_refused, is_plain=plain)
        if function is not None:
            node = long_form(function, node, mark)
        self._anchor(event.anchor, node)
        self._add(node, is_merge_key=plain and text == "<<")

    def _alias(self, name: str, mark: Mark) -> None:
        if name not in self._anchors:
            close = nearest(name, self._anchors)
            hint = f"write *{close}" if close else "put text that begins with * in quotes"
            self._refuse("LK106", mark, f"*{name} has no anchor &{name} before it", hint)
            self._add(ScalarNode(None, "*" + name, mark, is_refused=True), is_merge_key=False)
            return
        node = self._anchors[name]
        if node is None:
            self._refuse(
                "LK106", mark, f"*{name} stands within what &{name} names, so it has no end", "name a value above it"
            )
            self.stopped = True
            return
        self._add(node, is_merge_key=False)

    def _begin(self, event: Any, *, is_mapping: bool) -> None:
        mark = _mark(event)
        if len(self._open) == DEPTH_MAX:
            self._stop(mark, f"more than {DEPTH_MAX} lists and mappings within one another")
            return
        tag = _tag(event)
        function = self._function(tag)
        if function is None and tag is not None and tag not in _COLLECTION_TAGS:
            self._refuse_tag(tag, mark)
        if event.anchor is not None:
            self._anchors[str(event.anchor)] = None
        self._open.append(_Open(mark, event.anchor, is_mapping, function))

    def _end(self) -> None:
        ended = self._open.pop()
        node: Node
        if ended.is_mapping:
            node = MappingNode(_with_merged(ended), ended.mark, ended.weight)
        else:
            node = ListNode(tuple(ended.items), ended.mark, ended.weight)
        # What it holds was counted when it was added.
        values = 1
        if ended.function is not None:
            node = long_form(ended.function, node, ended.mark)
            values = 2
        self._anchor(ended.anchor, node)
        self._add(node, is_merge_key=False, values=values)

    def _anchor(self, name: str | None, node: Node) -> None:
        if name is not None:
            self._anchors[str(name)] = node

    def _add(self, node: Node, *, is_merge_key: bool, values: int | None = None) -> None:
        """Puts a complete node where it belongs. values: how many it adds to the document; its weight when None."""
        self._values += node.weight if values is None else values
        if self._values > VALUES_MAX:
            self._stop(node.mark, f"more than {VALUES_MAX} values, those behind aliases counted")
            return
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.weight += node.weight
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.skips_value:
            parent.skips_value = False
        elif parent.key is None:
            self._key(parent, node, is_merge_key=is_merge_key)
        else:
            self._value(parent, *parent.key, node)
            parent.key = None

    def _key(self, parent: _Open, node: Node, *, is_merge_key: bool) -> None:
        if not isinstance(node, ScalarNode):
            kind = "list" if isinstance(node, ListNode) else "mapping"
            hint = "put a key that begins with { or [ in quotes"
            self._refuse("LK108", node.mark, f"a {kind} cannot be a key", hint)
            parent.skips_value = True
        else:
            parent.key = (node.text, node.mark, is_merge_key)

    def _value(self, parent: _Open, key: str, mark: Mark, is_merge_key: bool, node: Node) -> None:
        if is_merge_key:
            self._merge(parent, mark, node)
        elif key in parent.entries:
            first = parent.entries[key].mark
            problem = f"the key {quoted(key)} is given twice, first in line {first.line}"
            pointer = (*self._pointer()[:-1], key)
            hint = "keep one of the two"
            self.findings.append(Finding(code="LK105", problem=problem, hint=hint, pointer=pointer, mark=mark))
        else:
            parent.entries[key] = Entry(mark, node)

    def _merge(self, parent: _Open, mark: Mark, node: Node) -> None:
        sources = node.items if isinstance(node, ListNode) else (node,)
        for source in sources:
            if isinstance(source, MappingNode):
                parent.merged.append(source)
            elif not (isinstance(source, ScalarNode) and source.is_refused):
                hint = "write <<: *name, where &name stands at a mapping"
                self._refuse("LK108", mark, "<< merges mappings, and something else is given", hint)

    def _function(self, tag: str | None) -> str | None:
        """The function of CloudFormation's that the tag calls here; None when it is none, or not taken here."""
        if tag is None or tag not in SHORT_FORMS or not takes_short_forms(self._pointer()):
            return None
        return SHORT_FORMS[tag]

    def _refuse_tag(self, tag: str, mark: Mark) -> None:
        if takes_short_forms(self._pointer()):
            close = nearest(tag[1:], [name[1:] for name in SHORT_FORMS])
            hint = f"write !{close}" if close else "put text that begins with ! in quotes"
            self._refuse("LK122", mark, f"{quoted(tag)} is no function of CloudFormation's", hint)
            return
        written = tag.replace("tag:yaml.org,2002:", "!!")
        hint = "write a plain value; put text that begins with ! in quotes"
        if tag in SHORT_FORMS:
            hint = "CloudFormation's functions stand below overrides, cloudformation and outputs; texts take ${Name}"
        self._refuse("LK108", mark, f"the tag {quoted(written)} does not fit here, documents use plain values", hint)

    def _refuse(self, code: str, mark: Mark, problem: str, hint: str = "") -> None:
        self.findings.append(Finding(code=code, problem=problem, hint=hint, pointer=self._pointer(), mark=mark))

    def _stop(self, mark: Mark, problem: str) -> None:
        hint = "no application needs as much; look for aliases that name each other"
        self.findings.append(Finding(code="LK107", problem=problem, hint=hint, mark=mark))
        self.stopped = True

    def _pointer(self) -> Pointer:
        steps: list[str | int] = []
        for opened in self._open:
            if not opened.is_mapping:
                steps.append(len(opened.items))
            elif opened.key is not None:
                steps.append(opened.key[0])
        return tuple(steps)


def _with_merged(ended: _Open) -> dict[str, Entry]:
    """The mapping's own entries and those it merges; its own go first, then the earlier merged one.

    Source: "Merge Key Language-Independent Type for YAML Version 1.1", yaml.org/type/merge.html.
    """
    entries = dict(ended.entries)
    for source in ended.merged:
        for key, entry in source.entries.items():
            entries.setdefault(key, entry)
    return entries


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _tag(event: Any) -> str | None:
    return None if event.tag is None else str(event.tag)
