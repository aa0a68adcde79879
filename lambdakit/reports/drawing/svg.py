"""An architecture as an SVG picture of its own, without scripts, fonts or anything else from elsewhere.

Source: W3C, "Scalable Vector Graphics (SVG) 2".
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from lambdakit.reports.architecture import Architecture, Edge, Node
from lambdakit.reports.drawing.layout import Item, Layout, layout
from lambdakit.reports.node_kinds import Kind

_CHARACTER: Final = 7.2  # pixels of one character at 12 px in a common sans-serif face, on the safe side
_SMALL: Final = 6.0  # the same at 10 px
_HEIGHT: Final = 40.0
_ROW: Final = 60.0
_GAP: Final = 90.0
_MARGIN: Final = 24.0
_WIDTH_MIN: Final = 90.0
_APART: Final = 9.0  # how far two arrows that face each other are from the middle
_LABEL_MAX: Final = 44

# Kind -> fill and stroke. Others are grey.
_COLOURS: Final = {
    Kind.API: ("#f3e8ff", "#7e22ce"),
    Kind.ROUTE: ("#faf5ff", "#a855f7"),
    Kind.FUNCTION: ("#ffedd5", "#c2410c"),
    Kind.TABLE: ("#dbeafe", "#1d4ed8"),
    Kind.DATABASE: ("#dbeafe", "#1d4ed8"),
    Kind.BUCKET: ("#dcfce7", "#15803d"),
    Kind.FILES: ("#dcfce7", "#15803d"),
    Kind.QUEUE: ("#fce7f3", "#be185d"),
    Kind.TOPIC: ("#fce7f3", "#be185d"),
    Kind.BUS: ("#fce7f3", "#be185d"),
    Kind.SCHEDULE: ("#fce7f3", "#be185d"),
    Kind.STATE_MACHINE: ("#fce7f3", "#be185d"),
    Kind.STREAM: ("#ede9fe", "#6d28d9"),
    Kind.DELIVERY: ("#ede9fe", "#6d28d9"),
}
_GREY: Final = ("#f1f5f9", "#475569")
_FAILURE: Final = "#b91c1c"
_INK: Final = "#334155"
_STYLE: Final = (
    "text{font-family:Helvetica,Arial,sans-serif;font-size:12px;fill:#0f172a}"
    "text.small{font-size:10px;fill:#475569}"
    "text.edge{font-size:10px;paint-order:stroke;stroke:#ffffff;stroke-width:4px;stroke-linejoin:round}"
)


def svg(architecture: Architecture) -> str:
    """The picture, as the text of a file."""
    placed = layout(architecture)
    nodes = {node.id: node for node in architecture.nodes}
    widths = _column_widths(placed, nodes)
    centres, width, height = _centres(placed, widths)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(width)}" height="{_number(height)}"'
        f' viewBox="0 0 {_number(width)} {_number(height)}" role="img" aria-label="architecture">',
        f"<style>{_STYLE}</style>",
        f"<defs>{_marker('arrow', _INK)}{_marker('failure', _FAILURE)}</defs>",
        f'<rect width="{_number(width)}" height="{_number(height)}" fill="#ffffff"/>',
    ]
    labels: list[str] = []
    pairs = {(edge.start, edge.end) for edge in architecture.edges}
    for edge, route in zip(architecture.edges, placed.routes, strict=True):
        shift = 0.0 if (edge.end, edge.start) not in pairs else _APART if edge.start < edge.end else -_APART
        path, label = _edge(edge, [(x, y + shift) for x, y in (centres[item] for item in route)], nodes)
        lines.append(path)
        labels += label
    for name, node in nodes.items():
        lines += _node(node, centres[name])
    # Last, so that no line crosses them.
    return "\n".join([*lines, *labels, "</svg>"]) + "\n"


def _column_widths(placed: Layout, nodes: Mapping[str, Node]) -> list[float]:
    return [
        max([_WIDTH_MIN, *(_width(nodes[item]) for item in column if isinstance(item, str))])
        for column in placed.columns
    ]


def _centres(placed: Layout, widths: Sequence[float]) -> tuple[dict[Item, tuple[float, float]], float, float]:
    """The middle of each item, and the picture's width and height."""
    tallest = max((len(column) for column in placed.columns), default=0)
    centres: dict[Item, tuple[float, float]] = {}
    left = _MARGIN
    for column, width in zip(placed.columns, widths, strict=True):
        top = _MARGIN + (tallest - len(column)) * _ROW / 2
        for index, item in enumerate(column):
            centres[item] = (left + width / 2, top + index * _ROW + _ROW / 2)
        left += width + _GAP
    return centres, max(left - _GAP + _MARGIN, 2 * _MARGIN), tallest * _ROW + 2 * _MARGIN


def _node(node: Node, centre: tuple[float, float]) -> Iterator[str]:
    x, y = centre
    width = _width(node)
    fill, stroke = _COLOURS.get(node.kind, _GREY)
    dashes = ' stroke-dasharray="4 3"' if node.is_outside else ""
    radius = _HEIGHT / 2 if node.kind is Kind.ROUTE else 6
    yield "<g>"
    yield f"<title>{_text(node.kind)} {_text(node.label)}</title>"
    yield (
        f'<rect x="{_number(x - width / 2)}" y="{_number(y - _HEIGHT / 2)}" width="{_number(width)}"'
        f' height="{_number(_HEIGHT)}" rx="{_number(radius)}" fill="{fill}" stroke="{stroke}"{dashes}/>'
    )
    is_route = node.kind is Kind.ROUTE
    middle = f'x="{_number(x)}" text-anchor="middle"'
    yield f'<text {middle} y="{_number(y + 4 if is_route else y - 2)}">{_text(_short(node.label))}</text>'
    if not is_route:
        yield f'<text {middle} y="{_number(y + 12)}" class="small">{_text(node.kind)}</text>'
    yield "</g>"


def _edge(
    edge: Edge,
    points: list[tuple[float, float]],
    nodes: Mapping[str, Node],
) -> tuple[str, list[str]]:
    """The path of an arrow, and its label. It leaves and enters boxes at the sides that face each other."""
    start, end = nodes[edge.start], nodes[edge.end]
    sign = 1 if points[0][0] <= points[-1][0] else -1
    points[0] = (points[0][0] + sign * _width(start) / 2, points[0][1])
    points[-1] = (points[-1][0] - sign * (_width(end) / 2 + 2), points[-1][1])
    path = f"M{_point(points[0])}"
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        middle = (x1 + x2) / 2
        path += f" C{_point((middle, y1))} {_point((middle, y2))} {_point((x2, y2))}"
    colour, marker = (_FAILURE, "failure") if edge.is_failure else (_INK, "arrow")
    dashes = ' stroke-dasharray="5 4"' if edge.is_failure else ""
    line = f'<path d="{path}" fill="none" stroke="{colour}"{dashes} marker-end="url(#{marker})"/>'
    if not edge.label:
        return line, []
    (x1, y1), (x2, y2) = points[-2], points[-1]
    x, y = _number((x1 + x2) / 2), _number((y1 + y2) / 2 - 3)
    return line, [f'<text class="edge" x="{x}" y="{y}" text-anchor="middle">{_text(_short(edge.label))}</text>']


def _marker(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
    )


def _width(node: Node) -> float:
    return max(_WIDTH_MIN, len(_short(node.label)) * _CHARACTER + 20, len(node.kind) * _SMALL + 20)


def _short(text: str) -> str:
    return text if len(text) <= _LABEL_MAX else f"{text[: _LABEL_MAX - 1]}…"


def _text(text: str) -> str:
    """Text of an XML document; characters that XML does not have are left out."""
    return escape("".join(character for character in text if character >= " " and character not in "\ufffe\uffff"))


def _point(point: tuple[float, float]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
