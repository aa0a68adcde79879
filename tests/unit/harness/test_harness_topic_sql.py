"""The SQL of IoT rules. Source: AWS IoT Core Developer Guide, "AWS IoT SQL reference"."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.topic_sql import InvalidSql, Statement, Template, matches
from lambdakit.harness.delivery.topic_sql_values import Message, read_message

MESSAGE = read_message(
    "building/1/room/2",
    json.dumps(
        {"t": 21.5, "n": 3, "unit": "C", "on": True, "off": None, "a": {"b": {"c": 7}}, "l": [1, {"x": 2}]}
    ).encode(),
    1767323045000,
)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "meant"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/B", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("+/+", "/a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("a/b/c", "a/b", False),
    ],
)
def test_a_topic_filter(topic_filter: str, topic: str, meant: bool) -> None:
    assert matches(topic_filter, topic) is meant


@pytest.mark.parametrize(
    ("items", "made"),
    [
        ("t", {"t": 21.5}),
        ("t AS temperature, unit", {"temperature": 21.5, "unit": "C"}),
        ("a.b.c", {"c": 7}),
        ("a.b AS inner", {"inner": {"c": 7}}),
        ("l[1].x AS x, l[0] AS first, l[9] AS none", {"x": 2, "first": 1}),
        ("gone, a.gone.more", {}),
        ("topic() AS whole, topic(2) AS building, topic(9) AS none", {"whole": "building/1/room/2", "building": "1"}),
        ("timestamp() AS at", {"at": 1767323045000}),
        (
            "'x' AS text, 5 AS number, -1.5 AS less, true AS yes, null AS nothing",
            {"text": "x", "number": 5, "less": -1.5, "yes": True, "nothing": None},
        ),
        (
            "t * 2 + 1 AS sum, n % 2 AS odd, n - 1 AS less, n / 2 AS half",
            {"sum": 44.0, "odd": 1, "less": 2, "half": 1.5},
        ),
        ("unit + '-' + n AS joined, n / 0 AS none, unit * 2 AS no", {"joined": "C-3"}),
        ("upper(unit) AS u, lower(unit) AS l, length(unit) AS n", {"u": "C", "l": "c", "n": 1}),
        ("t > 20 AS warm", {"warm": True}),
        ("encode(unit, 'base64') AS data", {"data": "Qw=="}),
        ("it''s", None),
    ],
)
def test_what_is_selected(items: str, made: dict[str, Any] | None) -> None:
    if made is None:
        with pytest.raises(InvalidSql):
            Statement(f"SELECT {items} FROM '#'")
        return
    assert json.loads(Statement(f"SELECT {items} FROM '#'").result(MESSAGE)) == made


def test_everything_is_selected_as_it_is() -> None:
    plain = Message(topic="a", payload=b"\x00raw", values=None, milliseconds=0)

    assert Statement("SELECT * FROM 'a'").result(plain) == b"\x00raw"
    assert json.loads(Statement("select *, topic() as t from 'a/#'").result(MESSAGE))["t"] == "building/1/room/2"
    with pytest.raises(InvalidSql, match="JSON object"):
        Statement("SELECT *, 1 AS one FROM 'a'").result(plain)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("t > 21", True),
        ("t >= 21.5 AND n < 4", True),
        ("t < 21 OR unit = 'C'", True),
        ("NOT (unit = 'C')", False),
        ("unit <> 'F'", True),
        ("n = 3.0", True),
        ("n = '3'", False),
        ("on = true", True),
        ("on", True),
        ("n", False),
        ("off = null", True),
        ("gone = 1", False),
        ("NOT gone = 1", False),
        ("gone <> 1", False),
        ("isUndefined(gone)", True),
        ("isNull(off)", True),
        ("unit > 'A'", True),
        ("unit > 1", False),
        ("n IN [1, 2, 3]", True),
        ("unit IN ('F', 'K')", False),
        ("startswith(topic(), 'build')", True),
        ("a.b.c = 7 AND topic(4) = '2'", True),
        ("t > 100 AND t > 0 OR n = 3", True),
    ],
)
def test_a_condition(condition: str, holds: bool) -> None:
    assert Statement(f"SELECT * FROM 'building/+/room/#' WHERE {condition}").takes(MESSAGE) is holds


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("", "SELECT is expected"),
        ("SELECT FROM 'a'", "not expected there"),
        ("SELECT * FORM 'a'", "not expected there"),
        ("SELECT * FROM a", "in quotes"),
        ("SELECT * FROM 'a/#/b'", "# stands for"),
        ("SELECT * FROM 'a/b+'", "\\+ stands for"),
        ("SELECT * FROM 'a' WHERE", "ends too early"),
        ("SELECT * FROM 'a' WHERE t >", "ends too early"),
        ("SELECT * FROM 'a' WHERE (t > 1", "is expected"),
        ("SELECT * FROM 'a' GROUP BY t", "not expected there, or not served"),
        ("SELECT aws_lambda('x', *) AS y FROM 'a'", "function aws_lambda is not served"),
        ("SELECT get_thing_shadow('x', 'y') AS s FROM 'a'", "get_thing_shadow is not served"),
        ("SELECT CASE t WHEN 1 THEN 2 END FROM 'a'", "CASE is not served"),
        ("SELECT (SELECT x FROM l) AS y FROM 'a'", "SELECT is not served"),
        ("SELECT VALUE t FROM 'a'", "VALUE is not served"),
        ("SELECT 1 FROM 'a'", "needs AS and a name"),
        ("SELECT topic(1, 2) AS x FROM 'a'", "does not take 2 arguments"),
        ("SELECT * FROM 'a' WHERE t ~ 1", "'~' is not understood"),
        ("SELECT * FROM 'a' WHERE " + "(" * 60 + "t" + ")" * 60, "nested too deep"),
    ],
)
def test_what_is_not_served_is_named(sql: str, problem: str) -> None:
    with pytest.raises(InvalidSql, match=problem):
        Statement(sql)


def test_a_template_is_filled_in() -> None:
    assert Template("${topic(2)}/${t}-${gone}.json").fill(MESSAGE) == "1/21.5-Undefined.json"
    with pytest.raises(InvalidSql):
        Template("${t +}")


@given(st.text(alphabet="SELCTFROMWHANDab1'()=<>.,*[] ", max_size=50))
def test_any_text_is_a_statement_or_none(text: str) -> None:
    try:
        statement = Statement(f"SELECT a FROM 'x' WHERE {text}")
    except InvalidSql:
        return
    statement.takes(MESSAGE)
    statement.result(MESSAGE)
