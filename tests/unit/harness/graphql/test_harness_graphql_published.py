"""What of a mutation's result is published, and under which names."""

from __future__ import annotations

from typing import Any, Final

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from lambdakit.harness.routing.graphql.execution.operation import Asked, Operation, read_operation
from lambdakit.harness.routing.graphql.realtime.published import published
from lambdakit.harness.routing.graphql.schema.built import built_schema

_SCHEMA: Final = """
type Query { nothing: String }
type Mutation { add(id: ID): Note  all: [[Note]]  name: String  either: Either }
type Note { id: ID text: String child: Note children: [Note] }
type Other { name: ID }
union Either = Note | Other
"""


def _published(query: str, data: Any) -> list[tuple[str, Any]]:
    asked = Asked(query=query, name=None, variables={})
    return list(published(read_operation(asked, built_schema(_SCHEMA), introspects=True, depth_max=0), data))


@pytest.mark.parametrize(
    ("query", "data", "found"),
    [
        (
            "mutation { add { id child { id } ...F } } fragment F on Note { child { text } }",
            {"add": {"id": "1", "child": {"id": "2", "text": "t"}}},
            [("add", {"id": "1", "child": {"id": "2", "text": "t"}})],
        ),
        (
            "mutation { add { children { id } ... on Note { children { text } } } }",
            {"add": {"children": [{"id": "1", "text": "t"}, None]}},
            [("add", {"children": [{"id": "1", "text": "t"}, None]})],
        ),
        (
            "mutation { add { id } add { text } }",
            {"add": {"id": "1", "text": "t"}},
            [("add", {"id": "1", "text": "t"})],
        ),
        (
            "mutation { a: add(id: 1) { x: id } b: add(id: 2) { x: text } }",
            {"a": {"x": "1"}, "b": {"x": "t"}},
            [("add", {"id": "1"}), ("add", {"text": "t"})],
        ),
        (
            "mutation { add { id: text text: id } }",
            {"add": {"id": "t", "text": "1"}},
            [("add", {"text": "t", "id": "1"})],
        ),
        (
            "mutation { add { ...F @skip(if: true) id } } fragment F on Note { text }",
            {"add": {"id": "1"}},
            [("add", {"id": "1"})],
        ),
        (
            "mutation { either { ... on Note { x: id } ... on Other { x: name } } }",
            {"either": {"x": "n"}},
            [("either", {"id": "n", "name": "n"})],
        ),
        ("mutation { all { x: id } }", {"all": [[{"x": "1"}], None]}, [("all", [[{"id": "1"}], None])]),
        ("mutation { all { id } }", {"all": []}, [("all", [])]),
        ("mutation { name }", {"name": ""}, [("name", "")]),
        ("mutation { name add { id } }", {"name": None, "add": None}, []),
        ("mutation { name }", None, []),
    ],
)
def test_results_by_the_names_of_fields(query: str, data: Any, found: list[tuple[str, Any]]) -> None:
    assert _published(query, data) == found


def test_a_fragment_is_looked_into_once() -> None:
    spreads = " ".join(f"fragment F{each} on Note {{ ...F{each + 1} ...F{each + 1} }}" for each in range(60))
    query = f"mutation {{ add {{ ...F0 }} }} {spreads} fragment F60 on Note {{ id }}"
    document = parse(query)
    operation = Operation(
        asked=Asked(query=query, name=None, variables={}),
        document=document,
        node=next(each for each in document.definitions if isinstance(each, OperationDefinitionNode)),
        fragments={each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)},
    )

    assert list(published(operation, {"add": {"id": "1"}})) == [("add", {"id": "1"})]  # or 2 to the power of 60 times
