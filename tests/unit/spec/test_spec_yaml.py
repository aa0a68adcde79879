from __future__ import annotations

import time
from typing import Any

import pytest

from lambdakit.spec.yaml_composer import DEPTH_MAX, VALUES_MAX, compose
from lambdakit.spec.yaml_nodes import Marks, plain_value


def _value(text: str) -> Any:
    root, findings = compose(text)
    assert root is not None, findings
    assert findings == []
    return plain_value(root)[0]


def _codes(text: str) -> list[str]:
    return [finding.code for finding in compose(text)[1]]


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("true", True),
        ("False", False),
        ("tRue", "tRue"),
        ("512", 512),
        ("+1", 1),
        ("-7", -7),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("3.13", 3.13),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.inf", float("-inf")),
        ("1.2.3", "1.2.3"),
        ("python3.13", "python3.13"),
        ("9" * 5_000, "9" * 5_000),
        ("'512'", "512"),
        ('"true"', "true"),
        ("!!str 512", "512"),
        ("! 512", "512"),
        ("!!int 512", 512),
        ("!!float 1", 1),
        ("=", "="),
    ],
)
def test_scalar_is_read_by_the_core_schema(scalar: str, value: object) -> None:
    assert _value(f"a: {scalar}\n") == {"a": value}


def test_a_directive_does_not_bring_old_yaml_back() -> None:
    assert _value("%YAML 1.1\n---\na: yes\n") == {"a": "yes"}


def test_aliases_repeat_values() -> None:
    assert _value("a: &x {b: [1]}\nc: *x\nd: [*x]\n") == {"a": {"b": [1]}, "c": {"b": [1]}, "d": [{"b": [1]}]}


@pytest.mark.parametrize(
    ("merge", "value"),
    [
        ("{<<: *x}", {"a": 1, "b": 2}),
        ("{a: 9, <<: *x}", {"a": 9, "b": 2}),
        ("{<<: *x, a: 9}", {"a": 9, "b": 2}),
        ("{<<: [*x, *y]}", {"a": 1, "b": 2, "c": 4}),
        ("{<<: [*y, *x]}", {"a": 1, "b": 3, "c": 4}),
        ("{<<: *y, <<: *x}", {"a": 1, "b": 3, "c": 4}),
        ("{'<<': 5}", {"<<": 5}),
    ],
)
def test_merges_give_way_to_what_comes_first(merge: str, value: object) -> None:
    text = f"x: &x {{a: 1, b: 2}}\ny: &y {{b: 3, c: 4}}\nz: {merge}\n"

    assert _value(text)["z"] == value


def test_merged_values_keep_the_place_where_they_are_written() -> None:
    root, _ = compose("x: &x\n  a: 1\nz:\n  <<: *x\n")
    assert root is not None

    mark = Marks(root).place(("z", "a"))

    assert (mark.line, mark.column) == (2, 6)


@pytest.mark.parametrize(
    ("pointer", "at_key", "place"),
    [
        ((), False, (1, 1)),
        (("a",), False, (1, 1)),
        (("a", "b"), False, (2, 6)),
        (("a", "b"), True, (2, 3)),
        (("a", "c", 1), False, (5, 9)),
        (("a", "c", 7), False, (3, 3)),
        (("a", "missing", "deeper"), False, (1, 1)),
        (("a", "empty"), False, (6, 3)),
    ],
    ids=str,
)
def test_values_are_found_where_they_stand(
    pointer: tuple[str | int, ...], at_key: bool, place: tuple[int, int]
) -> None:
    root, _ = compose("a:\n  b: 1\n  c:\n    - x\n    -   y\n  empty:\n")
    assert root is not None

    mark = Marks(root).place(pointer, at_key=at_key)

    assert (mark.line, mark.column) == place


def test_findings_do_not_hide_one_another() -> None:
    text = "a: 1\na: 2\nb: *nothing\nc: !Sub x\n[d]: 1\nb: 2\n"

    assert _codes(text) == ["LK105", "LK106", "LK108", "LK108", "LK105"]


@pytest.mark.parametrize("depth", [DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, 100_000])
def test_depth_is_bounded(depth: int) -> None:
    text = "[" * depth + "]" * depth

    assert _codes(text) == ([] if depth <= DEPTH_MAX else ["LK107"])


@pytest.mark.parametrize("values", [VALUES_MAX, VALUES_MAX + 1])
def test_number_of_values_is_bounded(values: int) -> None:
    text = "- a\n" * (values - 1)

    assert _codes(text) == ([] if values <= VALUES_MAX else ["LK107"])


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)),
        "a: &a {k: 1}\n" + "".join(f"b{i}: &a {{<<: *a, k{i}: *a}}\n" for i in range(20_000)),
        "a: &a {"
        + ", ".join(f"k{i}: 1" for i in range(5_000))
        + "}\n"
        + "".join(f"b{i}: {{<<: *a}}\n" for i in range(9_000)),
        "a: &a [1]\nb: [" + "*a, " * 200_000 + "]\n",
    ],
    ids=["laughs", "own ancestor", "merges", "many aliases"],
)
def test_bombs_are_refused_before_they_go_off(text: str) -> None:
    begin = time.perf_counter()

    codes = _codes(text)

    assert codes in (["LK106"], ["LK107"])
    assert time.perf_counter() - begin < 10
