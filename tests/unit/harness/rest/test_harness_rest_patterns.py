"""Java's regular expressions, run within bounds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.harness.routing.rest.java_patterns import PatternRefused, matches, replaced, split


@pytest.mark.parametrize(
    ("pattern", "text", "whole"),
    [
        ("4\\d{2}", "404", True),
        ("4\\d{2}", "4040", False),
        ("400|404", "404", True),
        (".*not found.*", "it was not found here", True),
        (".*not found.*", "it was\nnot found", False),
        ("(.|\\n)*not found(.|\\n)*", "it was\nnot found", True),
        ("(\\n|.)+", "a\nb", True),
        ("(?:.|\\r|\\n)+", "a\r\nb", True),
        ("[\\s\\S]*a[\\s\\S]*", "x\na\n", True),
        ("\\[BadRequest\\].*", "[BadRequest] no", True),
        ("^(?!ok).*$", "bad", True),
        ("(?i)ERROR.*", "error: x", True),
        ("\\p{Upper}\\p{Alpha}+", "Error", True),
        ("(-?\\d)+", "1-23", True),
        ("(\\w+\\s?)+", "three words", True),
        ("Error: (?<code>\\d+)", "Error: 7", True),
        ("(", "", None),
        ("[a[b]]", "a", None),
        ("[a&&b]", "a", None),
        ("[\\p{Alpha}_]+", "a_B", True),
        ("\\[a\\[", "[a[", True),
        ("[\\[\\]]+", "[]", True),
        ("a{99999999999}", "", None),
        ("x" * 5000, "", None),
    ],
)
def test_an_expression_matches_the_whole_text(pattern: str, text: str, whole: bool | None) -> None:
    if whole is None:
        with pytest.raises(PatternRefused):
            matches(pattern, text)
    else:
        assert matches(pattern, text) is whole


@pytest.mark.parametrize(
    ("pattern", "new", "text", "result"),
    [
        ("\\\\'", "'", "it\\'s", "it's"),
        ("(a)(b)?", "<$1$2>", "ab a", "<ab> <a>"),
        ("a", "\\$1\\\\", "a", "$1\\"),
        ("\\s+", " ", "a \n b", "a b"),
        ("a", "$1", "a", None),
    ],
)
def test_what_is_found_is_replaced(pattern: str, new: str, text: str, result: str | None) -> None:
    if result is None:
        with pytest.raises(PatternRefused):
            replaced(pattern, new, text)
    else:
        assert replaced(pattern, new, text) == result


@pytest.mark.parametrize(
    ("pattern", "text", "parts"),
    [(",", "a,b,,", ["a", "b"]), (",", "", [""]), ("", "ab", ["a", "b"]), (",", ",a", ["", "a"]), ("x", "a", ["a"])],
)
def test_a_text_is_split(pattern: str, text: str, parts: list[str]) -> None:
    assert split(pattern, text) == parts


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+b", "(a*)*b", "(a|aa)+b", "(.|a)+b", "(a{1,9})+b", "(a?a)+b", "(a{1,99}){1,99}b", "(a?){30}a{30}"),
        *("a?" * 40 + "a" * 40, ".*.*.*.*.*b", "((a)+|b)+c", "(?:(?:a|a))*b", "(?<x>a|a)*b", "([a-z]+)*b"),
    ],
)
def test_what_may_take_for_ever_is_refused_and_nothing_else_takes_long(pattern: str) -> None:
    started = time.process_time()

    with pytest.raises(PatternRefused):
        matches(pattern, "a" * 5_000)

    assert time.process_time() - started < 1


@settings(max_examples=200, deadline=2_000)
@given(pattern=st.text(alphabet="ab(|)*+?{}[]^$.\\n1,:=", max_size=12), text=st.text(alphabet="ab\n", max_size=200))
def test_every_expression_ends_soon(pattern: str, text: str) -> None:
    try:
        assert matches(pattern, text) in (True, False)
        assert isinstance(replaced(pattern, "x", text), str)
    except PatternRefused as refused:
        assert str(refused)
