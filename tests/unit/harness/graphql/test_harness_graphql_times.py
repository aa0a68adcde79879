"""Times, ids, XML and header fields of `util`: the guide's examples, Java's patterns, and hostile input."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.routing.graphql.evaluation.functions.date_patterns import parts_of
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.functions.subscription_filters import subscription_filter
from lambdakit.harness.routing.graphql.evaluation.functions.times import time_functions
from lambdakit.harness.routing.graphql.evaluation.functions.unique_ids import auto_ksuid, auto_ulid
from lambdakit.harness.routing.graphql.evaluation.functions.xml_maps import to_json_string, to_map

_NOW = datetime(2018, 2, 6, 19, 1, 35, 749_000, tzinfo=UTC)
_MILLISECONDS = 1517943695758
_CONDITIONS = {
    "percentageUp": {"lte": 50, "gte": 20},
    "and": [{"title": {"ne": "Book1"}}, {"downvotes": {"gt": 2000}}],
    "or": [{"author": {"eq": "Admin"}}, {"isPublished": {"eq": False}}],
}


def _time(name: str, *given: Any) -> Any:
    return time_functions(_NOW)[name](*given)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [  # Source: AppSync Developer Guide, "Time helpers in $util.time"
        ("nowISO8601", (), "2018-02-06T19:01:35.749Z"),
        ("nowEpochSeconds", (), 1517943695),
        ("nowEpochMilliSeconds", (), 1517943695749),
        ("nowFormatted", ("yyyy-MM-dd HH:mm:ssZ",), "2018-02-06 19:01:35+0000"),
        ("nowFormatted", ("yyyy-MM-dd HH:mm:ssZ", "+08:00"), "2018-02-07 03:01:35+0800"),
        ("nowFormatted", ("yyyy-MM-dd HH:mm:ssZ", "Australia/Perth"), "2018-02-07 03:01:35+0800"),
        ("epochMilliSecondsToSeconds", (_MILLISECONDS,), 1517943695),
        ("epochMilliSecondsToISO8601", (_MILLISECONDS,), "2018-02-06T19:01:35.758Z"),
        ("epochMilliSecondsToFormatted", (_MILLISECONDS, "yyyy-MM-dd HH:mm:ssZ"), "2018-02-06 19:01:35+0000"),
        ("epochMilliSecondsToFormatted", (_MILLISECONDS, "yyyy-MM-dd HH:mm:ssZ", "+08:00"), "2018-02-07 03:01:35+0800"),
        ("parseISO8601ToEpochMilliSeconds", ("2018-02-01T17:21:05.180+08:00",), 1517476865180),
        ("parseFormattedToEpochMilliSeconds", ("2018-02-02 01:19:22+0800", "yyyy-MM-dd HH:mm:ssZ"), 1517505562000),
        (
            "parseFormattedToEpochMilliSeconds",
            ("2018-02-02 01:19:22", "yyyy-MM-dd HH:mm:ss", "+08:00"),
            1517505562000,
        ),
        ("nowFormatted", ("yyyy-MM-dd[XXX]", "-07:00:30"), "2018-02-06-07:00"),
        ("nowFormatted", ("yyyy-MM-dd'T'HH:mm:ss[XXXXX]", "-07:00:30"), "2018-02-06T12:01:05-07:00:30"),
        # Java SE 8 API, DateTimeFormatter
        ("nowFormatted", ("EEE, d MMM yy h:mm a", "UTC"), "Tue, 6 Feb 18 7:01 PM"),
        ("nowFormatted", ("EEEE MMMM EEEEE MMMMM",), "Tuesday February T F"),
        ("nowFormatted", ("D DDD Q QQQ QQQQ w W e",), "37 037 1 Q1 1st quarter 6 2 3"),
        ("nowFormatted", ("H k K S SSS n A 'o''clock' ''",), "19 19 7 7 749 749000000 68495749 o'clock '"),
        ("nowFormatted", ("X x XX Z ZZZZ ZZZZZ O OOOO",), "Z +00 Z +0000 GMT Z GMT GMT"),
        (
            "nowFormatted",
            ("X x XX Z ZZZZ ZZZZZ O VV z", "Asia/Kolkata"),
            "+0530 +0530 +0530 +0530 GMT+05:30 +05:30 GMT+5:30 Asia/Kolkata IST",
        ),
        ("nowFormatted", ("YYYY-MM-dd",), "2018-02-06"),
        ("parseFormattedToEpochMilliSeconds", ("6 Feb 18 7:01:35.749 pm Z", "d MMM yy h:mm:ss.SSS a X"), 1517943695749),
        (
            "parseFormattedToEpochMilliSeconds",
            ("Tuesday, 2018-02-06 Asia/Kolkata", "EEEE, yyyy-MM-dd VV"),
            1517855400000,
        ),
        ("parseFormattedToEpochMilliSeconds", ("2018-02-06", "yyyy-MM-dd['T'HH:mm]", "UTC"), 1517875200000),
        ("parseFormattedToEpochMilliSeconds", ("2018-02-06T01:02", "yyyy-MM-dd['T'HH:mm]", "UTC"), 1517878920000),
    ],
)
def test_times_are_written_and_read(name: str, values: tuple[Any, ...], expected: object) -> None:
    assert _time(name, *values) == expected


def test_the_last_days_of_a_year_may_belong_to_the_next() -> None:
    # 2018-12-30 is a Sunday, whose week has the first of January
    functions = time_functions(datetime(2018, 12, 30, tzinfo=UTC))

    assert functions["nowFormatted"]("YYYY-w yyyy") == "2019-1 2018"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("nowFormatted", ("b",)),
        ("nowFormatted", ("'x",)),
        ("nowFormatted", ("]",)),
        ("nowFormatted", ("yyyy{",)),
        ("nowFormatted", ("M" * 6,)),
        ("nowFormatted", ("d" * 20,)),
        ("nowFormatted", ("y" * 600,)),
        ("nowFormatted", ("[" * 100 + "]" * 100,)),
        ("nowFormatted", ("yyyy", "Mars/Olympus")),
        ("nowFormatted", ("yyyy", "../../etc/passwd")),
        ("nowFormatted", ("yyyy", "+19:00")),
        ("nowFormatted", (None,)),
        ("epochMilliSecondsToISO8601", (10**18,)),
        ("epochMilliSecondsToISO8601", (float("inf"),)),
        ("epochMilliSecondsToISO8601", (float("nan"),)),
        ("epochMilliSecondsToISO8601", ("1",)),
        ("parseISO8601ToEpochMilliSeconds", ("2018-02-01",)),
        ("parseISO8601ToEpochMilliSeconds", ("2018-02-01T00:00:00",)),
        ("parseISO8601ToEpochMilliSeconds", ("2018-13-01T00:00:00Z",)),
        ("parseFormattedToEpochMilliSeconds", ("2018", "yyyy", "UTC")),
        ("parseFormattedToEpochMilliSeconds", ("2018-02-30", "yyyy-MM-dd", "UTC")),
        ("parseFormattedToEpochMilliSeconds", ("2018-02-03", "yyyy-MM-dd")),
        ("parseFormattedToEpochMilliSeconds", ("x" * 1000, "yyyy", "UTC")),
        ("parseFormattedToEpochMilliSeconds", ("1", "A", "UTC")),
    ],
)
def test_what_is_no_time_is_refused(name: str, values: tuple[Any, ...]) -> None:
    with pytest.raises(FunctionFailed):
        _time(name, *values)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-17 * 60, 17 * 60))
def test_a_time_comes_back_from_its_text(when: datetime, minutes: int) -> None:
    moment = when.replace(tzinfo=UTC, microsecond=when.microsecond // 1000 * 1000)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    pattern = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"

    text = _time("epochMilliSecondsToFormatted", milliseconds, pattern, f"{sign}{hours:02d}:{rest:02d}")

    assert _time("parseFormattedToEpochMilliSeconds", text, pattern) == milliseconds
    assert _time("parseISO8601ToEpochMilliSeconds", text) == milliseconds


@given(st.text(st.sampled_from("yMdHhmsSaEXZVzO'[]-: T{#b"), max_size=12))
def test_any_pattern_is_read_or_refused(pattern: str) -> None:
    try:
        parts_of(pattern)
        text = _time("nowFormatted", pattern)
        _time("parseFormattedToEpochMilliSeconds", text, pattern, "UTC")
    except FunctionFailed:
        return


class TestIds:
    def test_ids_have_their_form_and_differ(self) -> None:
        ulids = {auto_ulid(_NOW) for _ in range(100)}
        ksuids = {auto_ksuid(_NOW) for _ in range(100)}

        assert len(ulids) == len(ksuids) == 100
        assert all(re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", each) for each in ulids)
        assert all(re.fullmatch(r"[0-9A-Za-z]{27}", each) for each in ksuids)

    def test_ids_sort_by_their_time(self) -> None:
        later = _NOW + timedelta(seconds=2)

        assert auto_ulid(_NOW) < auto_ulid(later)
        assert auto_ksuid(_NOW) < auto_ksuid(later)
        assert auto_ulid(_NOW)[:10] == "01C5P7XAC5"


class TestXml:
    def test_elements_of_a_name_are_a_list(self) -> None:
        # "XML helpers in $util.xml"
        xml = """<?xml version="1.0" encoding="UTF-8"?>
<posts>
<post>
  <id>1</id>
  <title>Getting started with GraphQL</title>
</post>
<post>
  <id>2</id>
  <title>Getting started with AWS AppSync</title>
</post>
</posts>"""
        expected = {
            "posts": {
                "post": [
                    {"id": 1, "title": "Getting started with GraphQL"},
                    {"id": 2, "title": "Getting started with AWS AppSync"},
                ]
            }
        }
        assert to_map(xml) == expected
        assert json.loads(to_json_string(xml)) == expected
        assert json.loads(json.loads(to_json_string(xml, True))) == expected

    @pytest.mark.parametrize(
        "xml",
        [
            *("", "<a>", "<a/><b/>", "x", None, "<a>" * 1000 + "</a>" * 1000),
            '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        ],
    )
    def test_what_is_no_document_is_refused(self, xml: object) -> None:
        with pytest.raises(FunctionFailed):
            to_map(xml)


class TestSubscriptionFilters:
    """Source: AppSync Developer Guide, "Transformation helpers in $util.transform", "Subscription filter arguments"."""

    @staticmethod
    def _short(made: dict[str, Any]) -> list[list[str]]:
        return [
            [f"{each['fieldName']} {each['operator']}" for each in group["filters"]] for group in made["filterGroup"]
        ]

    def test_alternatives_are_groups(self) -> None:
        both = ["title ne", "downvotes gt"]

        assert self._short(subscription_filter(_CONDITIONS)) == [
            ["percentageUp lte", *both, "author eq"],
            ["percentageUp lte", *both, "isPublished eq"],
            ["percentageUp gte", *both, "author eq"],
            ["percentageUp gte", *both, "isPublished eq"],
        ]

    def test_ignored_fields_are_left_out_and_one_rule_holds(self) -> None:
        rules = {"upvotes": {"gte": 250}, "author": {"eq": "Person1"}}
        both = ["title ne", "downvotes gt", "isPublished eq"]
        ignored = ["percentageUp", "author"]

        assert self._short(subscription_filter(_CONDITIONS, ignored)) == [both]
        assert self._short(subscription_filter(_CONDITIONS, ignored, rules)) == [
            [*both, "upvotes gte"],
            [*both, "author eq"],
        ]

    def test_too_many_groups_are_refused(self) -> None:
        with pytest.raises(FunctionFailed, match="groups"):
            subscription_filter({"and": [{"a": {"eq": 1, "ne": 2}}] * 11})
