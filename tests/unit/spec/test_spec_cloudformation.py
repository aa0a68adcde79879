"""CloudFormation's own words in a document: where its short forms are read, and that they mean their long forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.errors import DocumentError
from lambdakit.spec.document import Document, load
from lambdakit.spec.yaml_composer import compose
from lambdakit.spec.yaml_nodes import MappingNode, plain_value
from lambdakit.spec.yaml_short_forms import SHORT_FORMS

PATTERNS = """\
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler}
"""

_TEXT = st.text(alphabet="abcXYZ.:/-_ ${}", min_size=1, max_size=8)
_NAMES = st.sampled_from(sorted(set(SHORT_FORMS) - {"!GetAtt"}))
_TREES: st.SearchStrategy[Any] = st.recursive(
    _TEXT | st.integers(0, 9) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=3), inner, max_size=3)
        | st.tuples(_NAMES, inner.filter(lambda value: isinstance(value, str | list | dict)))
        | st.tuples(st.just("!GetAtt"), st.tuples(st.text("ab/", min_size=1), st.text("cd.", min_size=1)).map(list))
    ),
    max_leaves=12,
)


def _short(tree: Any) -> str:
    """The tree as YAML in one line, calls in their short form."""
    match tree:
        case (str(tag), argument) if isinstance(tree, tuple):
            return f"{tag} {_short(argument)}"
        case list():
            return f"[{', '.join(map(_short, tree))}]"
        case dict():
            return f"{{{', '.join(f'{json.dumps(key)}: {_short(inner)}' for key, inner in tree.items())}}}"
    return json.dumps(tree)


def _long(tree: Any) -> Any:
    """The tree as a value, calls in their long form."""
    match tree:
        case (str(tag), argument) if isinstance(tree, tuple):
            return {SHORT_FORMS[tag]: _long(argument)}
        case list():
            return [_long(inner) for inner in tree]
        case dict():
            return {key: _long(inner) for key, inner in tree.items()}
    return tree


def _read(text: str) -> Any:
    root, findings = compose(text)
    assert root is not None
    assert findings == []
    return plain_value(root)[0]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): return event\n")
    return tmp_path


def _loaded(project: Path, text: str) -> Document:
    (project / "lambdakit.yaml").write_text(text)
    return load(project / "lambdakit.yaml")


@settings(max_examples=150, deadline=None)
@given(_TREES)
def test_short_forms_are_their_long_forms(tree: Any) -> None:
    assert _read(f"outputs: {_short([tree])}") == {"outputs": [_long(tree)]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!GetAtt Jobs.Arn", {"Fn::GetAtt": ["Jobs", "Arn"]}),
        ("!GetAtt Store.Endpoint.Address", {"Fn::GetAtt": ["Store", "Endpoint.Address"]}),
        ("!GetAtt orders/v1.0/Api.Arn", {"Fn::GetAtt": ["orders/v1.0/Api", "Arn"]}),
        ("!GetAtt Jobs", {"Fn::GetAtt": "Jobs"}),
        ("!Ref 5", {"Ref": "5"}),
        ("!Ref true", {"Ref": "true"}),
        ('!GetAZs ""', {"Fn::GetAZs": ""}),
        ("!Sub >-\n    a\n    b", {"Fn::Sub": "a b"}),
        ("!Base64\n    Fn::Sub: x", {"Fn::Base64": {"Fn::Sub": "x"}}),
    ],
)
def test_an_argument_is_read_as_cloudformation_reads_it(text: str, value: object) -> None:
    assert _read(f"cloudformation:\n  value: {text}\n") == {"cloudformation": {"value": value}}


@pytest.mark.parametrize(
    ("before", "taken"),
    [
        ("cloudformation: {A: ", True),
        ("conditions: {A: ", True),
        ("outputs: {A: ", True),
        ("patterns: {orders: {overrides: {Table: ", True),
        ("resources: {jobs: {overrides: {.: ", True),
        ("functions: {work: {overrides: {.: ", True),
        ("network: {overrides: {.: ", True),
        ("environments: {staging: {patterns: {orders: {overrides: {Table: ", True),
        ("environments: {staging: {cloudformation: {A: ", True),
        ("patterns: {orders: {routes: {overrides: ", False),
        ("patterns: {overrides: ", False),
        ("overrides: {Table: ", False),
        ("mappings: {A: ", False),
        ("defaults: {overrides: ", False),
        ("environments: {overrides: ", False),
    ],
)
def test_short_forms_are_read_in_cloudformations_sections_only(before: str, taken: bool) -> None:
    _, findings = compose(f"{before}!Ref A{'}' * before.count('{')}")

    assert [finding.code for finding in findings] == ([] if taken else ["LK108"])


def test_a_short_form_counts_as_what_it_stands_for() -> None:
    text = "cloudformation: {a: &a [" + "!Ref x, " * 100 + "], b: [" + "*a, " * 300 + "]}"

    root, findings = compose(text)

    assert root is None
    assert [finding.code for finding in findings] == ["LK107"]


def test_a_call_stands_where_its_tag_does() -> None:
    root, _ = compose("outputs:\n  Url:\n    value: !Sub text\n")

    assert isinstance(root, MappingNode)
    inner = root.entries["outputs"].node
    assert isinstance(inner, MappingNode)
    url = inner.entries["Url"].node
    assert isinstance(url, MappingNode)
    assert (url.entries["value"].node.mark.line, url.entries["value"].node.mark.column) == (3, 12)


def test_every_kind_of_name_can_be_referred_to(project: Path) -> None:
    text = f"""\
application: shop
parameters: {{Stage: {{default: dev}}}}
network: {{vpc: {{max_azs: 2}}}}
resources: {{shared: {{kind: queue}}}}
functions: {{reserve: {{code: code, handler: app.handler}}}}
cloudformation:
  Jobs: {{Type: AWS::SQS::Queue, DependsOn: Other}}
  Other: {{Type: AWS::SQS::Queue}}
outputs:
  All:
    value: !Join
      - ","
      - - !Ref Stage
        - !Ref AWS::Region
        - !GetAtt Jobs.Arn
        - !GetAtt shared.Arn
        - !GetAtt reserve.Arn
        - !GetAtt list_orders.Arn
        - !GetAtt orders/Table.Arn
        - !GetAtt list_orders/Role.Arn
        - !Ref network/Vpc
        - !Sub ["${{own}} ${{Jobs}} ${{!Plain}}", {{own: !Ref Stage}}]
{PATTERNS}"""

    document = _loaded(project, text)

    assert document.application.cloudformation["Jobs"].DependsOn == ["Other"]


def test_what_a_mistake_took_away_is_not_called_unknown(project: Path) -> None:
    text = (
        f"application: shop\ncloudformation: {{Jobs: {{Type: 5}}}}\noutputs: {{Url: {{value: !Ref Jobs}}}}\n{PATTERNS}"
    )

    with pytest.raises(DocumentError) as caught:
        _loaded(project, text)

    assert [each.code for each in caught.value.diagnostics] == ["LK112"]


@settings(max_examples=100, deadline=None)
@given(_TREES, _TREES)
def test_whatever_is_written_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, one: Any, other: Any) -> None:
    project = tmp_path_factory.mktemp("project")
    text = f"""\
application: shop
conditions: {{Any: {_short(other)}}}
cloudformation: {{Jobs: {{Type: AWS::SQS::Queue, Properties: {{a: {_short(one)}}}}}}}
outputs: {{Url: {{value: {_short(other)}}}}}
{PATTERNS}    overrides: {{Table: {{a: {_short(one)}}}, list_orders: {_short(other)}}}
"""
    (project / "lambdakit.yaml").write_text(text)

    with pytest.raises(DocumentError) as caught:  # for one, there is no code in the project
        load(project / "lambdakit.yaml")

    assert all(each.code.startswith("LK1") and each.line is not None for each in caught.value.diagnostics)
