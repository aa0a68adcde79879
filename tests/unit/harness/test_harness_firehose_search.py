"""The names of indexes, and the ids of documents, that delivery streams write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lambdakit.harness.delivery.firehose_records import FirehoseRecord
from lambdakit.harness.delivery.firehose_search import document_id, index_name

_MOMENT = datetime(2016, 2, 25, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rotation", "name"),
    [
        ("NoRotation", "myindex"),
        ("OneHour", "myindex-2016-02-25-13"),
        ("OneDay", "myindex-2016-02-25"),
        ("OneWeek", "myindex-2016-w09"),
        ("OneMonth", "myindex-2016-02"),
    ],
)
def test_the_index_of_a_document(rotation: str, name: str) -> None:
    """Source: Amazon Data Firehose Developer Guide, "Configure index rotation for OpenSearch Service".

    Its example has the week 08, which its own rules do not give: 2016 began on a Friday, so that its first week ended
    on 2 January, and the ninth on 27 February.
    """
    assert index_name("myindex", rotation, _MOMENT) == name


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (datetime(2020, 8, 15, tzinfo=UTC), "2020-w33"),
        (datetime(2020, 8, 16, tzinfo=UTC), "2020-w34"),
        (datetime(2021, 12, 25, tzinfo=UTC), "2021-w52"),
        (datetime(2021, 12, 26, tzinfo=UTC), "2022-w01"),
        (datetime(2022, 1, 1, tzinfo=UTC), "2022-w01"),
        (datetime(2022, 1, 2, tzinfo=UTC), "2022-w02"),
        (datetime(2022, 12, 31, tzinfo=UTC), "2022-w53"),
    ],
)
def test_weeks_begin_on_sunday_and_the_first_has_a_saturday_of_the_year(day: datetime, week: str) -> None:
    assert index_name("i", "OneWeek", day) == f"i-{week}"


def test_the_time_of_an_index_is_utc() -> None:
    there = datetime(2016, 2, 26, 1, tzinfo=timezone(timedelta(hours=2)))

    assert index_name("i", "OneHour", there) == "i-2016-02-25-23"


@pytest.mark.parametrize(
    ("record_id", "found"), [(f"{7:056d}000000", f"{7:056d}.0"), (f"{7:056d}000000.3", f"{7:056d}.3")]
)
def test_the_id_of_a_document(record_id: str, found: str) -> None:
    record = FirehoseRecord(id=record_id, arrived_at=_MOMENT, raw=b"", data=b"")

    assert document_id(record) == found
