"""Patterns: what they match, and that none of them is slow."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.iam.matching import ANY, ONE, Matcher, any_of, arn_like, is_plain, like, resource_like, wildcards

_LETTERS = st.text(alphabet="ab:*?.\n", max_size=12)
_ARN = "arn:aws:sqs:us-east-1:123456789012:jobs"


def _expression(pattern: str) -> str:
    """What the wildcards mean, as a regular expression that may be slow."""
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)


@given(pattern=_LETTERS, text=_LETTERS)
def test_like_matches_what_the_wildcards_mean(pattern: str, text: str) -> None:
    expected = re.fullmatch(_expression(pattern), text, re.DOTALL) is not None

    assert like(wildcards(pattern))(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a*b", "ab", True),
        ("a*b", "axb", True),
        ("a*b", "xb", False),
        ("a*b", "ax", False),
        ("ab*ba", "aba", False),
        ("a*", "a", True),
        ("a*", "b", False),
        ("*b", "ab", True),
        ("*b", "ba", False),
        ("a*b*c", "a1b2c", True),
        ("a*b*b", "ab", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("?*?", "a", False),
        ("?*?", "ab", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_like_matches_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert like(wildcards(pattern))(text) is expected


@given(pattern=_LETTERS, text=_LETTERS)
def test_resource_pattern_matches_no_more_than_its_wildcards(pattern: str, text: str) -> None:
    if resource_like(wildcards(pattern))(text):
        assert like(wildcards(pattern))(text)


@given(parts=st.lists(st.text(alphabet="ab*?", max_size=4), min_size=6, max_size=7), text=st.text("ab:", max_size=16))
def test_star_within_a_segment_stays_there(parts: list[str], text: str) -> None:
    pattern = ":".join(parts)
    *heads, tail = pattern.split(":", 5)
    bounded = [_expression(head.removesuffix("*")).replace(".", "[^:]") + ".*" * head.endswith("*") for head in heads]

    expected = re.fullmatch(":".join([*bounded, _expression(tail)]), text, re.DOTALL) is not None

    assert resource_like(wildcards(pattern))(text) is expected


@pytest.mark.parametrize("make", [like, resource_like, arn_like])
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("*a" * 500 + "*b", "a" * 2000, id="many stars"),
        pytest.param("*a*a*a*a*b", "a" * 2000, id="few stars"),
        pytest.param("?*" * 500 + "b", "a" * 2000, id="alternating"),
        pytest.param("*" + "a?" * 500 + "b", "a" * 2000, id="single wildcards behind a star"),
        pytest.param("*" + "a" * 999 + "*b", "a" * 2000, id="a long piece"),
        pytest.param("arn:*a:*a:*a:*a:" + "*a" * 200 + "b", "arn:" + "a:" * 1000, id="every segment goes on"),
        pytest.param("*:*:*:*:*:b", ":" * 2000, id="stars and colons"),
        pytest.param("*:*:*:*:*:*b", ":" * 2000, id="stars and colons with a star at the end"),
        pytest.param("?a*:?a*:a?*:a*:a*:" + "*a?" * 100 + "b", "aa:" * 600, id="all of it"),
    ],
)
def test_adversarial_pattern_takes_bounded_time(make: Callable[[str], Matcher], pattern: str, text: str) -> None:
    matches = make(wildcards(pattern))
    before = time.process_time()

    found = matches(text)

    assert not found
    assert time.process_time() - before < 1.0


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "anything", True),
        ("arn:aws:sqs:*:*:jobs", _ARN, True),
        ("arn:aws:sqs:*:*:jobs", _ARN + ":more", False),
        ("arn:aws:sqs:*:*:*", _ARN, True),
        ("arn:*:sqs:us-east-1:123456789012:jobs", _ARN, True),
        ("arn:aws:sqs:us-east-1:123456789012", _ARN, False),
    ],
)
def test_arn_parts_are_compared_one_by_one(pattern: str, text: str, expected: bool) -> None:
    assert arn_like(wildcards(pattern))(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a:*b", "a:xb", True),
        ("a:*b", "a:xb:c", False),
        ("a:*b", "b:xb", False),
        ("a:*b", "a:c:xb", False),
        ("a?:b", "ax:b", True),
        ("a?:b", "ax:c", False),
        ("a?:b", "ax:b:c", False),
        ("a?:b*", "ax:b:c", True),
        ("a?:b*", "ax:c:b", False),
        ("a*:b", "a:x:y:b", True),
        ("a*:b", "a:x:y:b:c", False),
        ("a*:b?", "a:x:bx", True),
        ("a*:?b*", "a:x:xb:y", True),
        ("a*", "a", True),
        ("arn:a*", "arn:aws:s3", True),
    ],
)
def test_resource_pattern_of_few_segments(pattern: str, text: str, expected: bool) -> None:
    assert resource_like(wildcards(pattern))(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "news", True),
        ("arn:*:*:*:*:*", "arn:aws:sns", False),
        ("arn:*:*", "arn:aws:sns", False),
        ("a", "a", False),
    ],
)
def test_what_is_no_arn_is_like_none(pattern: str, text: str, expected: bool) -> None:
    assert arn_like(wildcards(pattern))(text) is expected


def test_marks_are_no_plain_text() -> None:
    assert is_plain("a*?") and not is_plain(f"a{ANY}") and not is_plain(f"{ONE}b")


@pytest.mark.parametrize("text", ["exact", "liked"])
def test_any_of_takes_exact_texts_and_patterns(text: str) -> None:
    both = any_of([like(wildcards("li*"))], frozenset({"exact"}))

    assert both(text)
    assert not both("other")
