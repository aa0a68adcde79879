"""`environments`: a document with the overlay of one environment laid over it.

Mappings come together key by key, everything else is replaced. `none` without quotes removes a key that the document
writes, but where the key itself takes the word, and in what the overlay alone has: there it is what
it would be in a document.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.records import dataclass
from lambdakit.spec.environments import SECTIONS
from lambdakit.spec.finding import Finding, Mark
from lambdakit.spec.nearest import nearest
from lambdakit.spec.node_merging import are_merged, mapping
from lambdakit.spec.none_words import NONE, keys_with_none
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.yaml_nodes import Entry, ListNode, MappingNode, Marks, Node, ScalarNode

ENVIRONMENTS: Final = "environments"
# Where the same key is a mapping: below these, none removes it.
_MAPPINGS: Final = frozenset({("api", "authorizer"), ("network", "vpc")})
# Where the word stands among names: the queue that no failed message goes to.
_AMONG_NAMES: Final = ("resources", "dead_letter_queue")
# Their keys are the user's own names.
_NAMED_BY_USER: Final = frozenset({"environment", "tags"})
_DEFAULTS: Final = "defaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaid:
    """name: the environment's. base: the document without environments. overlay: what is laid over it.

    root: both. findings: what is wrong with the overlay by itself, with pointers into the whole document.
    """

    name: str
    base: MappingNode
    overlay: MappingNode
    root: MappingNode
    findings: tuple[Finding, ...]

    def place(self, pointer: Pointer, *, at_key: bool = False) -> tuple[Mark, bool]:
        """The place of the value at a pointer into `root`, and whether the overlay wrote it.

        A mapping that both write stands where the document has it.
        """
        is_own = self._is_own(pointer)
        marks = Marks(self.overlay if is_own else self.root)
        return marks.place(pointer, at_key=at_key), is_own

    def written_at(self, pointer: Pointer) -> Pointer:
        """The pointer into the whole document that a pointer into `root` stands for."""
        return (ENVIRONMENTS, self.name, *pointer) if self._is_own(pointer) else pointer

    def cause(self, pointer: Pointer) -> Pointer:
        """The part of the overlay that most likely makes a value of the document wrong, as a pointer into the overlay.

        As far as both go the same way, then on while there is one way only. Where they do not even meet in one part of
        a section, another section is the cause: the defaults, which every function has, or the only other one.
        """
        steps: list[str | int] = []
        for step in pointer:
            if _at(self.overlay, (*steps, step)) is None:
                break
            steps.append(step)
        if len(steps) < min(len(pointer), 2):
            others = [section for section in self.overlay.entries if section not in steps]
            steps = [_DEFAULTS] if _DEFAULTS in others else [*others] if len(others) == 1 else [] if others else steps
        node = _at(self.overlay, tuple(steps))
        while isinstance(node, MappingNode) and len(node.entries) == 1:
            ((key, entry),) = node.entries.items()
            node = entry.node
            steps.append(key)
        return tuple(steps)

    def touches(self, pointer: Pointer) -> bool:
        """Whether the overlay has something at the pointer."""
        return _at(self.overlay, pointer) is not None

    def _is_own(self, pointer: Pointer) -> bool:
        below: Node | None = self.base
        above: Node | None = self.overlay
        for step in pointer:
            below, above = _child(below, step), _child(above, step)
            if above is None:
                return False
            if below is None or not are_merged(below, above):
                return True
        return False


def overlays(root: MappingNode) -> Iterator[tuple[str, Entry, MappingNode]]:
    """Name, entry and overlay of each environment whose overlay is a mapping."""
    environments = root.entries.get(ENVIRONMENTS)
    if environments is None or not isinstance(environments.node, MappingNode):
        return
    for name, entry in environments.node.entries.items():
        if isinstance(entry.node, MappingNode):
            yield name, entry, entry.node


def laid_over(root: MappingNode, name: str, written: MappingNode) -> Overlaid:
    """The document with the overlay of the environment called `name`; what is no section is left out of both."""
    base = mapping({key: entry for key, entry in root.entries.items() if key != ENVIRONMENTS}, root.mark)
    sections = {key: entry for key, entry in written.entries.items() if key in SECTIONS and _is_section(entry.node)}
    overlay = mapping(sections, written.mark)
    findings: list[Finding] = []
    merged = _merged(base, overlay, (), (ENVIRONMENTS, name), findings)
    return Overlaid(name=name, base=base, overlay=overlay, root=merged, findings=tuple(findings))


def _is_section(node: Node) -> bool:
    # What is neither is refused where the environments are validated.
    return isinstance(node, MappingNode) or _is_none(node)


def _merged(
    base: MappingNode, overlay: MappingNode, pointer: Pointer, above: Pointer, findings: list[Finding]
) -> MappingNode:
    entries = dict(base.entries)
    for key, entry in overlay.entries.items():
        below = (*pointer, key)
        other = entries.get(key)
        if _is_none(entry.node) and _removes(below):
            if other is None:
                findings.append(_removes_nothing(key, base, (*above, *below), entry))
            entries.pop(key, None)
        elif other is not None and are_merged(other.node, entry.node):
            assert isinstance(other.node, MappingNode) and isinstance(entry.node, MappingNode)
            entries[key] = Entry(other.mark, _merged(other.node, entry.node, below, above, findings))
        else:
            entries[key] = entry
    return mapping(entries, base.mark)


def _is_none(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.is_plain and node.value == NONE


def _removes(pointer: Pointer) -> bool:
    above, key = pointer[-2] if len(pointer) > 1 else "", pointer[-1]
    if (pointer[0], key) == _AMONG_NAMES:
        return False
    return key not in keys_with_none() or above in _NAMED_BY_USER or (above, key) in _MAPPINGS


def _removes_nothing(key: str, base: MappingNode, pointer: Pointer, entry: Entry) -> Finding:
    close = nearest(key, base.entries)
    hint = f"write {close}: none" if close else 'leave it out; for the text itself, write "none" in quotes'
    problem = f"none removes {key}, which the document does not write here"
    return Finding(code="LK156", problem=problem, hint=hint, pointer=pointer, mark=entry.mark)


def _at(root: Node, pointer: Pointer) -> Node | None:
    node: Node | None = root
    for step in pointer:
        node = _child(node, step)
    return node


def _child(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(step, str) and step in node.entries:
        return node.entries[step].node
    if isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None
