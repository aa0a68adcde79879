from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.reports.architecture import Architecture, Edge, Node
from lambdakit.reports.drawing.layout import layout
from lambdakit.reports.drawing.mermaid import mermaid
from lambdakit.reports.drawing.svg import svg
from lambdakit.reports.node_kinds import Kind

SHOP = Architecture(
    nodes=(
        Node(id="shop_Fn", kind=Kind.FUNCTION, label="create_order"),
        Node(id="shop_T", kind=Kind.TABLE, label="orders/Table"),
        Node(id="shop_Q", kind=Kind.QUEUE, label="failed"),
        Node(id="outside_iot", kind=Kind.OUTSIDE, label="iot", is_outside=True),
    ),
    edges=(
        Edge(start="shop_Fn", end="shop_T", label="writes", is_flow=False),
        Edge(start="shop_Fn", end="shop_Q", label="failures", is_failure=True, is_flow=False),
        Edge(start="outside_iot", end="shop_Fn"),
    ),
)


def test_mermaid_is_a_flowchart() -> None:
    assert mermaid(SHOP) == (
        "flowchart LR\n"
        '  n_shop_Fn("create_order<br/><i>function</i>")\n'
        '  n_shop_T[("orders/Table<br/><i>table</i>")]\n'
        '  n_shop_Q[["failed<br/><i>queue</i>"]]\n'
        '  n_outside_iot["iot<br/><i>outside</i>"]\n'
        '  n_shop_Fn -->|"writes"| n_shop_T\n'
        '  n_shop_Fn -.->|"failures"| n_shop_Q\n'
        "  n_outside_iot --> n_shop_Fn\n"
        "  classDef outside stroke-dasharray: 4 3\n"
        "  class n_outside_iot outside\n"
    )


def test_what_events_come_from_stands_left_of_what_they_lead_to() -> None:
    columns = layout(SHOP).columns

    assert columns == (("outside_iot",), ("shop_Fn",), ("shop_T", "shop_Q"))


def test_circle_is_broken_where_something_is_read_back() -> None:
    architecture = Architecture(
        nodes=(Node(id="fn", kind=Kind.FUNCTION, label="f"), Node(id="bucket", kind=Kind.BUCKET, label="b")),
        edges=(Edge(start="fn", end="bucket", label="reads", is_flow=False), Edge(start="bucket", end="fn")),
    )

    assert layout(architecture).columns == (("bucket",), ("fn",))


@pytest.mark.parametrize("label", ['a"b', "a#b;", "<script>", "x & y", "`code`", "two\nlines", "end", "[x](y)"])
def test_labels_cannot_break_the_pictures(label: str) -> None:
    architecture = Architecture(
        nodes=(Node(id="a", kind=Kind.FUNCTION, label=label), Node(id="end", kind=Kind.QUEUE, label="q")),
        edges=(Edge(start="a", end="end", label=label),),
    )

    lines = mermaid(architecture).splitlines()
    texts = [element.text for element in ElementTree.fromstring(svg(architecture)).iter() if element.text]

    assert len(lines) == 4
    assert re.fullmatch(r'  n_a\("[^"<>`]*<br/><i>function</i>"\)', lines[1])
    assert re.fullmatch(r'  n_a -->\|"[^"<>`]*"\| n_end', lines[3])
    assert "".join(label.split()) in {"".join(text.split()) for text in texts}


GRAPHS = st.integers(1, 12).flatmap(
    lambda size: st.lists(
        st.tuples(st.integers(0, size - 1), st.integers(0, size - 1), st.booleans()).filter(lambda e: e[0] != e[1]),
        max_size=25,
        unique_by=lambda e: e[:2],
    ).map(lambda edges: (size, edges))
)


@given(GRAPHS)
def test_every_graph_is_laid_out(graph: tuple[int, list[tuple[int, int, bool]]]) -> None:
    size, pairs = graph
    architecture = Architecture(
        nodes=tuple(Node(id=f"n{number}", kind=Kind.FUNCTION, label=str(number)) for number in range(size)),
        edges=tuple(Edge(start=f"n{start}", end=f"n{end}", is_flow=flow) for start, end, flow in pairs),
    )

    placed = layout(architecture)

    column = {item: number for number, items in enumerate(placed.columns) for item in items}
    assert {item for item in column if isinstance(item, str)} == {node.id for node in architecture.nodes}
    for edge, route in zip(architecture.edges, placed.routes, strict=True):
        assert (route[0], route[-1]) == (edge.start, edge.end)
        assert all(abs(column[one] - column[other]) == 1 for one, other in itertools.pairwise(route))
    ElementTree.fromstring(svg(architecture))
