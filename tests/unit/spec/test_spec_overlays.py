"""Overlays by themselves: what comes together, where it is written, and that nothing written breaks the reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.errors import DocumentError
from lambdakit.spec.codes import CODES
from lambdakit.spec.document import load
from lambdakit.spec.overlays import laid_over
from lambdakit.spec.yaml_composer import compose
from lambdakit.spec.yaml_nodes import MappingNode, ScalarNode, plain_value
from tests.fakes.overlaid_document import BASE


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("project")
    (directory / "code").mkdir()
    (directory / "code" / "app.py").touch()
    return directory


@pytest.mark.parametrize(
    ("pointer", "removed"),
    [
        ("defaults.vpc", False),
        ("network.vpc", True),
        ("patterns.orders.api.authorizer", True),
        ("patterns.orders.routes.GET.authorizer", False),
        ("patterns.orders.routes.GET.environment.authorizer", True),
        ("resources.jobs.dead_letter_queue", False),
        ("functions.work.dead_letter_queue", True),
        ("defaults.tags.vpc", True),
    ],
)
def test_none_is_the_keys_own_word_where_it_has_one(pointer: str, removed: bool) -> None:
    below, above = (_tree(pointer, leaf) for leaf in ("a", "none"))

    value, _, _ = plain_value(laid_over(_node(below), "x", _node(above)).root)

    assert value == _expected(below, above) if removed else value == above


def _tree(pointer: str, leaf: str) -> Any:
    value: Any = leaf
    for key in reversed(pointer.split(".")):
        value = {key: value}
    return value


# Keys of one letter, so that overlays meet what they are laid over.
_KEYS = st.sampled_from(["a", "b", "c"])
_TREES = st.recursive(
    st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
_OVERLAYS = st.recursive(
    st.integers(0, 9) | st.just("none") | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


def _expected(base: Any, overlay: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(overlay, dict)):
        return overlay
    merged = dict(base)
    for key, value in overlay.items():
        if value == "none":
            merged.pop(key, None)
        else:
            merged[key] = _expected(base[key], value) if key in base else value
    return merged


def _node(value: Any) -> MappingNode:
    # JSON is YAML; none stands without quotes.
    root, findings = compose(json.dumps(value).replace('"none"', "none"))
    assert isinstance(root, MappingNode) and not findings
    return root


@given(st.dictionaries(_KEYS, _TREES, max_size=3), st.dictionaries(_KEYS, _OVERLAYS, max_size=3))
@settings(deadline=None)
def test_mappings_come_together_key_by_key_and_everything_else_is_replaced(
    base: dict[str, Any], overlay: dict[str, Any]
) -> None:
    overlaid = laid_over(_node({"defaults": base}), "x", _node({"defaults": overlay}))

    value, _, _ = plain_value(overlaid.root)

    assert value == _expected({"defaults": base}, {"defaults": overlay})


@given(st.dictionaries(_KEYS, _TREES, max_size=3), st.dictionaries(_KEYS, _OVERLAYS, max_size=3))
@settings(deadline=None)
def test_every_value_keeps_the_place_where_it_is_written(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    below, above = _node({"defaults": base}), _node({"defaults": overlay})
    overlaid = laid_over(below, "x", above)

    def check(node: Any, pointer: tuple[str, ...]) -> None:
        if isinstance(node, MappingNode):
            for key, entry in node.entries.items():
                check(entry.node, (*pointer, key))
        elif isinstance(node, ScalarNode):
            mark, is_own = overlaid.place(pointer)
            assert mark == node.mark
            assert overlaid.touches(pointer) or not is_own

    check(overlaid.root, ())


_PIECES = [
    *("none", "{}", "[]", "5", "text", '"none"', "null", "true", "*a", "&a {}", "!Ref a", "{<<: *a}", "{Ref: a}"),
    *("{a: none}", "{kind: sqs}", "{partition_key: id}", "{code: x}", "[none]", "{orders: none}", "{orders: {}}"),
]
_PATHS = [
    *(["defaults"], ["defaults", "timeout"], ["patterns"], ["patterns", "orders"], ["patterns", "orders", "table"]),
    *(
        ["patterns", "orders", "routes"],
        ["patterns", "orders", "routes", "GET /orders"],
        ["patterns", "jobs", "source"],
    ),
    *(["patterns", "jobs", "source", "kind"], ["network"], ["layers"], ["parameters"], ["parameters", "Stage"]),
    *(["account"], ["region"], ["environments"], ["include"], ["application"], ["resources"], ["cloudformation"], []),
]


@st.composite
def _broken(draw: st.DrawFn) -> str:
    lines = []
    for number in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(_PATHS))
        value = draw(st.sampled_from(_PIECES))
        for key in reversed(path):
            value = f"{{{json.dumps(key)}: {value}}}"
        lines.append(f"  e{number}: {value}\n")
    return "".join(lines)


@given(_broken())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_overlay_loads_or_is_refused(project: Path, environments: str) -> None:
    (project / "lambdakit.yaml").write_text(BASE + environments)
    try:
        load(project / "lambdakit.yaml")
    except DocumentError as error:
        assert error.diagnostics
        for diagnostic in error.diagnostics:
            assert diagnostic.code in CODES
            # What an overlay does is told in it, whose lines these are.
            assert diagnostic.line is None or diagnostic.line >= BASE.count("\n")
