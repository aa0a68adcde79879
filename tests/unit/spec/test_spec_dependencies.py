"""Which parts of an application come before which."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.spec.application import Application
from lambdakit.spec.dependencies import Use, dependencies, in_order, part_names
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.definition_file import DEFINITION_BYTES_MAX

FUNCTION = {"code": "code", "handler": "app.handler"}
PATTERN = {"kind": "event_processing", "source": {"kind": "sqs"}, "function": FUNCTION}


def _application(**sections: Any) -> Application:
    return Application.model_validate({"application": "shop", "patterns": {"work": PATTERN}, **sections})


def test_parts_keep_the_document_s_order_where_none_needs_another(tmp_path: Path) -> None:
    application = _application(functions={"b": FUNCTION, "a": FUNCTION})

    assert in_order(dependencies(application, tmp_path)) == [
        ("functions", "b"),
        ("functions", "a"),
        ("patterns", "work"),
    ]


def test_what_a_function_is_granted_comes_before_it(tmp_path: Path) -> None:
    application = _application(
        resources={"jobs": {"kind": "queue"}},
        functions={
            "first": {**FUNCTION, "grants": {"second": "invoke", "jobs": "publish"}},
            "second": {**FUNCTION, "on_success": "work"},
        },
    )

    needed = dependencies(application, tmp_path)

    assert needed["functions", "first"] == {
        ("functions", "second"): Use("second", ("functions", "first", "grants", "second"))
    }
    assert in_order(needed) == [("patterns", "work"), ("functions", "second"), ("functions", "first")]


def test_a_pattern_comes_behind_the_pattern_whose_function_it_invokes(tmp_path: Path) -> None:
    function = {**FUNCTION, "grants": {"list_orders": "invoke"}}
    orders = {"kind": "api_backend", "routes": {"GET /": {**FUNCTION, "name": "list_orders"}}}
    application = _application(patterns={"work": {**PATTERN, "function": function}, "orders": orders})

    assert in_order(dependencies(application, tmp_path)) == [("patterns", "orders"), ("patterns", "work")]


def test_a_state_machine_comes_behind_what_its_definition_and_its_grants_name(tmp_path: Path) -> None:
    (tmp_path / "flow.asl.json").write_text('{"StartAt": "${first} ${other}", "States": {}}')
    application = _application(
        resources={
            "flow": {
                "kind": "state_machine",
                "definition": "flow.asl.json",
                "substitutions": {"other": "second", "unused": "third"},
                "grants": {"work": "invoke"},
            }
        },
        functions={name: FUNCTION for name in ("first", "second", "third")},
    )

    assert dependencies(application, tmp_path)["resources", "flow"] == {
        ("patterns", "work"): Use("work", ("resources", "flow", "grants", "work")),
        ("functions", "first"): Use("first", ("resources", "flow", "definition")),
        ("functions", "second"): Use("second", ("resources", "flow", "substitutions", "other")),
    }


def test_a_state_machine_comes_before_a_function_whose_own_statements_name_it(tmp_path: Path) -> None:
    (tmp_path / "flow.asl.json").write_text('{"StartAt": "A", "States": {}}')
    statement = {"actions": ["states:ListExecutions"], "resources": ["*", "jobs", "flow"]}
    application = _application(
        resources={"jobs": {"kind": "queue"}, "flow": {"kind": "state_machine", "definition": "flow.asl.json"}},
        functions={"first": {**FUNCTION, "initial_policy": [statement]}},
    )

    assert dependencies(application, tmp_path)["functions", "first"] == {
        ("resources", "flow"): Use("flow", ("functions", "first", "initial_policy", 0, "resources", 2))
    }


@pytest.mark.parametrize("content", [None, b"no JSON", b"\xff"], ids=["missing", "no JSON", "no text"])
def test_a_definition_that_cannot_be_read_names_nothing(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "flow.asl.json").write_bytes(content)
    application = _application(resources={"flow": {"kind": "state_machine", "definition": "flow.asl.json"}})

    assert dependencies(application, tmp_path)["resources", "flow"] == {}


def _link_out(place: Path) -> None:
    place.symlink_to("/dev/zero")


def _pipe(place: Path) -> None:
    os.mkfifo(place)


def _too_large(place: Path) -> None:
    place.write_text(json.dumps({"StartAt": "${work}", "States": {}, "Comment": "x" * DEFINITION_BYTES_MAX}))


def _nested_without_end(place: Path) -> None:
    branches = "[" * 970 + "]" * 970
    place.write_text(f'{{"StartAt": "${{work}}", "States": {{"A": {{"Branches": {branches}}}}}}}')


@pytest.mark.parametrize("make", [_link_out, _pipe, _too_large, _nested_without_end])
def test_a_hostile_definition_names_nothing_and_takes_no_time(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "flow.asl.json")
    application = _application(resources={"flow": {"kind": "state_machine", "definition": "flow.asl.json"}})

    assert dependencies(application, tmp_path)["resources", "flow"] == {}


def test_a_definition_outside_the_project_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "flow.asl.json").write_text('{"StartAt": "${work}", "States": {}}')
    (tmp_path / "project").mkdir()
    application = _application(resources={"flow": {"kind": "state_machine", "definition": "../flow.asl.json"}})

    assert dependencies(application, tmp_path / "project")["resources", "flow"] == {}


def test_a_resource_s_name_goes_before_a_function_s() -> None:
    application = _application(resources={"work": {"kind": "queue"}}, functions={"reserve": FUNCTION})

    assert part_names(application) == {"reserve": ("functions", "reserve")}


def test_a_circle_is_told_with_its_parts(tmp_path: Path) -> None:
    application = _application(
        functions={
            "start": {**FUNCTION, "grants": {"one": "invoke"}},
            "one": {**FUNCTION, "grants": {"two": "invoke"}},
            "two": {**FUNCTION, "on_failure": "one"},
        }
    )

    with pytest.raises(ValueError, match="functions") as caught:
        in_order(dependencies(application, tmp_path))

    assert caught.value.args == (("functions", "one"), ("functions", "two"), ("functions", "one"))


def test_a_way_may_be_longer_than_calls_may_be_deep() -> None:
    parts: list[Pointer] = [("functions", part) for part in range(5_000)]
    needed = {part: {other: Use("", ())} for part, other in pairwise(parts)}

    assert in_order(needed) == parts[::-1]


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_every_part_is_there_once_and_behind_what_it_needs(edges: set[tuple[int, int]]) -> None:
    """Edges lead to smaller numbers, so that there is no circle."""
    needed: dict[Pointer, dict[Pointer, Use]] = {
        ("functions", part): {
            ("functions", other): Use("", ()) for one, other in sorted(edges) if one == part and other < part
        }
        for part in reversed(range(10))
    }

    ordered = in_order(needed)

    assert sorted(ordered) == sorted(needed)
    assert all(ordered.index(other) < ordered.index(part) for part, others in needed.items() for other in others)
