"""An architecture as the text of a Mermaid flowchart.

Source: Mermaid documentation, "Flowcharts - Basic Syntax": node shapes, entity codes in labels, dotted links.
"""

from __future__ import annotations

from typing import Final

from lambdakit.reports.architecture import Architecture, Edge, Node
from lambdakit.reports.node_kinds import Kind

# Kind -> what stands before and behind a node's quoted label. Others are boxes.
_SHAPES: Final = {
    Kind.API: ("{{", "}}"),
    Kind.ROUTE: ("([", "])"),
    Kind.FUNCTION: ("(", ")"),
    Kind.TABLE: ("[(", ")]"),
    Kind.BUCKET: ("[(", ")]"),
    Kind.DATABASE: ("[(", ")]"),
    Kind.QUEUE: ("[[", "]]"),
    Kind.STREAM: ("[[", "]]"),
    Kind.DELIVERY: ("[[", "]]"),
    Kind.TOPIC: (">", "]"),
    Kind.SCHEDULE: ("((", "))"),
}
_BOX: Final = ("[", "]")
# Characters that end a quoted label, or begin an entity, a tag or Markdown -> their entity codes.
_ENTITIES: Final = {
    "#": "#35;",
    "&": "#amp;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "`": "#96;",
    "\\": "#92;",
}
_OUTSIDE: Final = "outside"


def mermaid(architecture: Architecture) -> str:
    """The flowchart, from left to right."""
    lines = ["flowchart LR", *(f"  {_node(node)}" for node in architecture.nodes)]
    lines += [f"  {_edge(edge)}" for edge in architecture.edges]
    outside = [_id(node.id) for node in architecture.nodes if node.is_outside]
    if outside:
        lines += [f"  classDef {_OUTSIDE} stroke-dasharray: 4 3", f"  class {','.join(outside)} {_OUTSIDE}"]
    return "\n".join(lines) + "\n"


def _node(node: Node) -> str:
    before, behind = _SHAPES.get(node.kind, _BOX)
    kind = "" if node.kind is Kind.ROUTE else f"<br/><i>{node.kind}</i>"
    return f'{_id(node.id)}{before}"{_escaped(node.label)}{kind}"{behind}'


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.is_failure else "-->"
    label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
    return f"{_id(edge.start)} {arrow}{label} {_id(edge.end)}"


def _id(text: str) -> str:
    # A name alone may be a word of the language, such as `end`.
    return f"n_{text}"


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in " ".join(text.split()))
