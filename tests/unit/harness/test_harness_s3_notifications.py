"""Which events a bucket's configuration means, what it may say, and how keys are written."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.s3_destinations import overlap_of
from lambdakit.harness.delivery.s3_records import customer_id, encoded_key
from lambdakit.harness.moto_state.bucket_notifications import NotificationRule


def rule(*events: str, prefix: str = "", suffix: str = "") -> NotificationRule:
    return NotificationRule(
        id="r",
        kind="Queue",
        target="arn:aws:sqs:us-east-1:1:q",
        events=[f"s3:{event}" for event in events],
        prefix=prefix,
        suffix=suffix,
    )


@pytest.mark.parametrize(
    ("events", "event", "means"),
    [
        (["ObjectCreated:*"], "ObjectCreated:Put", True),
        (["ObjectCreated:*"], "ObjectCreated:CompleteMultipartUpload", True),
        (["ObjectCreated:Put"], "ObjectCreated:Put", True),
        (["ObjectCreated:Put"], "ObjectCreated:Post", False),
        (["ObjectCreated:*"], "ObjectRemoved:Delete", False),
        (["ObjectRemoved:DeleteMarkerCreated"], "ObjectRemoved:Delete", False),
        (["ObjectTagging:*", "ObjectAcl:Put"], "ObjectAcl:Put", True),
    ],
)
def test_events(events: Sequence[str], event: str, means: bool) -> None:
    assert rule(*events).means(event, "key") is means


@pytest.mark.parametrize(
    ("prefix", "suffix", "key", "means"),
    [
        ("", "", "anything", True),
        ("in/", "", "in/x", True),
        ("in/", "", "out/in/x", False),
        ("", ".jpg", "a.jpg", True),
        ("", ".jpg", "a.JPG", False),
        ("in/", ".jpg", "in/a.jpg", True),
        ("in/", ".jpg", "in/a.png", False),
    ],
)
def test_keys(prefix: str, suffix: str, key: str, means: bool) -> None:
    assert rule("ObjectCreated:*", prefix=prefix, suffix=suffix).means("ObjectCreated:Put", key) is means


_AMBIGUOUS = "Configuration is ambiguously defined"
_OVERLAP = "Configurations overlap"


@pytest.mark.parametrize(
    ("one", "other", "problem"),
    [
        (rule("ObjectCreated:*"), rule("ObjectCreated:*"), _OVERLAP),
        (rule("ObjectCreated:*"), rule("ObjectCreated:Put"), _OVERLAP),
        (rule("ObjectCreated:Put"), rule("ObjectCreated:Copy"), ""),
        (rule("ObjectCreated:*"), rule("ObjectRemoved:*"), ""),
        (rule("ObjectCreated:*"), rule("ObjectCreated:*", prefix="images"), _AMBIGUOUS),
        (rule("ObjectCreated:Put", prefix="images/"), rule("ObjectCreated:Put", prefix="logs/"), ""),
        (rule("ObjectCreated:*", suffix="jpg"), rule("ObjectCreated:Put", suffix="pg"), _AMBIGUOUS),
        (rule("ObjectCreated:Put", suffix=".jpg"), rule("ObjectCreated:Put", suffix=".png"), ""),
        (
            rule("ObjectCreated:Put", prefix="images", suffix=".jpg"),
            rule("ObjectCreated:Put", prefix="images", suffix=".png"),
            "",
        ),
        (
            rule("ObjectCreated:*", prefix="images", suffix="jpg"),
            rule("ObjectCreated:Put", suffix="jpg"),
            _AMBIGUOUS,
        ),
        (rule("ObjectCreated:Put", prefix="image/"), rule("ObjectRemoved:*", prefix="image/"), ""),
    ],
)
def test_overlaps(one: NotificationRule, other: NotificationRule, problem: str) -> None:
    """Source: Amazon S3 User Guide, "Configuring event notifications using object key name filtering", its examples."""
    assert overlap_of([one, other]).startswith(problem)
    assert bool(overlap_of([other, one])) is bool(problem)


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("red flower.jpg", "red+flower.jpg"),
        ("a/b-c_d.e", "a/b-c_d.e"),
        ("year=2026/x", "year%3D2026/x"),
        ("a+b", "a%2Bb"),
        ("ü&%", "%C3%BC%26%25"),
        ("(1)", "%281%29"),
    ],
)
def test_written_keys(key: str, written: str) -> None:
    assert encoded_key(key) == written


@given(st.text(min_size=1, alphabet=st.characters(blacklist_categories=["Cs"])))
def test_a_written_key_can_be_read(key: str) -> None:
    assert unquote_plus(encoded_key(key)) == key


def test_an_owner_has_one_id() -> None:
    assert customer_id("123456789012") == customer_id("123456789012") != customer_id("123456789013")
    assert len(customer_id("123456789012")) == 14
