"""What else is wrong with a document that is not YAML: it is read again without the block that cannot be read.

The key of the block stays, with nothing behind it, as an empty value, so that nothing is said of what it may hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lambdakit.records import dataclass
from lambdakit.spec.finding import Finding
from lambdakit.spec.yaml_composer import compose
from lambdakit.spec.yaml_nodes import Node

_MISSING: Final = "LK110"
_SYNTAX: Final = frozenset({"LK103", "LK104"})
_KEY: Final = re.compile(r"""( *)(?:"[^"]*"|'[^']*'|[^\s#"'{\[\]},&*!|>%@`-][^#{\[\]}]*?|[A-Z]+ /[^:]*):(?=\s|$)""")
# Reading takes a second for 200 KB, and whoever has made ten such mistakes mends them first.
_LENGTH_MAX: Final = 100_000
_READINGS_MAX: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """root: of what can be read; None when nothing can. findings: about both.

    lines: from 1, of what cannot be read. around: those of the keys around it, below which it may have more keys.
    """

    root: Node | None
    findings: list[Finding]
    lines: frozenset[int] = frozenset()
    around: frozenset[int] = frozenset()

    def hides(self, finding: Finding, line: int) -> bool:
        """Whether it is about a place that was not read, or says that something is missing which may stand there."""
        if finding in self.findings:
            return False
        return line in self.lines or (finding.code == _MISSING and line in self.around)


def read_around(text: str, findings: list[Finding]) -> Recovered:
    """The document without its blocks that are not YAML. findings: what came of reading it whole."""
    told = [finding for finding in findings if finding.code in _SYNTAX]
    if not told or len(text) > _LENGTH_MAX:
        return Recovered(root=None, findings=findings)
    lines, gone, around, fault = text.splitlines(), frozenset[int](), frozenset[int](), told[-1]
    left = _READINGS_MAX
    while left > 0:
        found = None
        blocks = list(_blocks(lines, fault))
        for place, (first, last) in enumerate(blocks):
            if left == 0:
                break
            left -= 1
            without = _without(lines, first, last)
            root, others = compose("\n".join(without) + "\n")
            next_fault = next((other for other in others if other.code in _SYNTAX), None)
            found = without, gone | set(range(first, last + 1)), root, others, next_fault
            outer = {1, *(number for number, _ in blocks[place + 1 :])}
            if root is not None or (next_fault is not None and _line(next_fault) > last):
                break
            found = None
        if found is None:
            break
        lines, gone, root, others, next_fault = found
        around |= outer
        if root is not None:
            return Recovered(root=root, findings=[*told, *_apart(others, gone)], lines=gone, around=around)
        if next_fault is None:
            break
        told.append(next_fault)
        fault = next_fault
    return Recovered(root=None, findings=[*findings, *(fault for fault in told if fault not in findings)])


def _apart(findings: list[Finding], gone: frozenset[int]) -> list[Finding]:
    return [finding for finding in findings if _line(finding) not in gone]


def _line(finding: Finding) -> int:
    return finding.mark.line if finding.mark is not None else 0


def _blocks(lines: list[str], fault: Finding) -> Iterator[tuple[int, int]]:
    """First and last line of each block around the mistake, the smallest first; not the document itself."""
    indent: int | None = None
    for number in range(min(_line(fault), len(lines)), 0, -1):
        key = _KEY.match(lines[number - 1])
        if key is None or (indent is not None and len(key[1]) >= indent):
            continue
        indent = len(key[1])
        last = _end(lines, number, indent)
        if last >= _line(fault):
            yield number, last
        if indent == 0:
            return


def _end(lines: list[str], first: int, indent: int) -> int:
    for number in range(first + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip() and not line.lstrip().startswith("#") and not line.startswith("\t"):
            depth = len(line) - len(line.lstrip(" "))
            if depth < indent or (depth == indent and not line.lstrip().startswith("- ")):
                return number - 1
    return len(lines)


def _without(lines: list[str], first: int, last: int) -> list[str]:
    key = _KEY.match(lines[first - 1])
    assert key is not None
    return [*lines[: first - 1], key[0], *([""] * (last - first)), *lines[last:]]
