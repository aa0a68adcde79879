"""moto's private classes still have the shape that `moto_state.table_streams` and `item_expiry` rely on and mend.

A test that passes without the mending says that moto has caught up, and that the mending can go.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.moto_state import contents
from lambdakit.harness.moto_state.item_expiry import ItemExpiry
from lambdakit.harness.moto_state.item_values import encoded_item, item_bytes, plain_item
from lambdakit.harness.moto_state.table_streams import ItemChange, TableStreams

pytestmark = pytest.mark.xdist_group("moto")

_PLACE = ("555566667777", "eu-west-1")


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=_PLACE[0], region=_PLACE[1])


@pytest.fixture
def clock() -> Iterator[HarnessClock]:
    clock = HarnessClock()
    yield clock
    clock.close()


@pytest.fixture
def streams() -> TableStreams:
    return TableStreams()


@pytest.fixture
def table(account: Account, streams: TableStreams) -> Iterator[str]:
    """The stream's ARN."""
    dynamodb = account.client("dynamodb")
    made = dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    yield made["TableDescription"]["LatestStreamArn"]
    dynamodb.delete_table(TableName="t")


def put(account: Account, key: str, **more: Any) -> None:
    account.client("dynamodb").put_item(TableName="t", Item={"k": {"S": key}, **more})


def told(streams: TableStreams, arn: str) -> list[ItemChange]:
    return list(streams.read(arn, after=0, limit=1_000))


def test_changes_at_once_have_a_number_each(account: Account, streams: TableStreams, table: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(account, str(number)), range(100)))

    numbers = [change.number for change in told(streams, table)]
    assert len(set(numbers)) == 100
    assert numbers == sorted(numbers)
    assert all(21 <= len(str(number)) <= 40 for number in numbers)


def test_an_image_does_not_change_with_its_item(account: Account, streams: TableStreams, table: str) -> None:
    put(account, "a", m={"M": {"l": {"L": [{"N": "1"}]}}})
    account.client("dynamodb").update_item(
        TableName="t",
        Key={"k": {"S": "a"}},
        UpdateExpression="SET m.l[0] = :n",
        ExpressionAttributeValues={":n": {"N": "2"}},
    )

    first, second = told(streams, table)
    assert first.new is not None
    assert first.new["m"] == {"M": {"l": {"L": [{"N": "1"}]}}}
    assert second.old == first.new
    assert second.new is not None
    assert second.new["m"] == {"M": {"l": {"L": [{"N": "2"}]}}}


def test_statements_of_partiql_are_told(account: Account, streams: TableStreams, table: str) -> None:
    dynamodb = account.client("dynamodb")
    dynamodb.execute_statement(Statement="INSERT INTO t VALUE {'k': 'a', 'n': 1}")
    dynamodb.execute_statement(Statement="DELETE FROM t WHERE k = 'a'")

    assert [change.event_name for change in told(streams, table)] == ["INSERT", "REMOVE"]


def test_who_watches_is_told_before_the_write_answers(account: Account, streams: TableStreams, table: str) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(len(told(streams, table)))

    streams.watch(table, look)
    put(account, "a")
    put(account, "a")  # changes nothing
    requests = [{"PutRequest": {"Item": {"k": {"S": key}}}} for key in "bcd"]
    account.client("dynamodb").batch_write_item(RequestItems={"t": requests})
    streams.forget(table, look)
    put(account, "e")

    assert seen == [1, 4]


def test_a_stream_that_is_off_or_gone_is_none(account: Account, streams: TableStreams, table: str) -> None:
    assert streams.shard(table) is not None
    assert streams.shard(table.replace("/t/", "/other/")) is None
    assert streams.shard(f"{table}9") is None

    account.client("dynamodb").update_table(TableName="t", StreamSpecification={"StreamEnabled": False})
    put(account, "a")

    assert told(streams, table) == []


def test_what_was_taken_is_brought_back_and_no_number_comes_again(
    account: Account, streams: TableStreams, table: str
) -> None:
    put(account, "kept")
    taken = contents.items(*_PLACE, "t")
    put(account, "gone")
    gone = told(streams, table)[-1].number

    assert contents.restore_items(*_PLACE, "t", taken)
    put(account, "new")

    kept, new = told(streams, table)
    assert [kept.keys, new.keys] == [{"k": {"S": "kept"}}, {"k": {"S": "new"}}]
    assert new.number > gone


def test_items_expire_by_the_clock_and_begin_anew_after_a_reset(
    account: Account, streams: TableStreams, table: str, clock: HarnessClock
) -> None:
    expiry = ItemExpiry(streams, clock)
    now = int(clock.now().timestamp())
    account.client("dynamodb").update_time_to_live(
        TableName="t", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    put(account, "kept", until={"N": str(now + 100)})
    taken = contents.items(*_PLACE, "t")
    put(account, "early", until={"N": str(now + 50)})
    clock.advance(timedelta(seconds=60))
    assert [change.by_service for change in told(streams, table)] == [False, False, True]

    contents.restore_items(*_PLACE, "t", taken)
    expiry.reset()
    clock.advance(timedelta(seconds=60))

    assert [(change.event_name, change.by_service) for change in told(streams, table)][-1] == ("REMOVE", True)
    assert account.client("dynamodb").scan(TableName="t")["Count"] == 0


@pytest.mark.parametrize("value", [{"S": "soon"}, {"N": "1000"}, {"N": "1e300"}, {"N": "99999999999999"}])
def test_what_is_no_time_to_come_never_expires(
    account: Account, streams: TableStreams, table: str, clock: HarnessClock, value: dict[str, str]
) -> None:
    """Source: Amazon DynamoDB Developer Guide, "Using time to live (TTL) in DynamoDB"."""
    ItemExpiry(streams, clock)
    account.client("dynamodb").update_time_to_live(
        TableName="t", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )

    if value != {"N": "1e300"}:  # moto takes no number of that size
        put(account, "stays", until=value)

    assert clock.scheduled() == []


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "New item!"}, 9),
        ({"S": "é"}, 2),
        ({"N": "0"}, 1),
        ({"N": "101"}, 3),
        ({"N": "1000"}, 2),
        ({"N": "-27"}, 3),
        ({"N": "0.05"}, 2),
        ({"B": b"abc"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}, {"N": "1"}]}, 8),
        ({"M": {"a": {"S": "b"}}}, 6),
    ],
)
def test_the_size_of_a_value(value: dict[str, Any], size: int) -> None:
    """Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats"."""
    assert item_bytes({"": value}) == size


def test_binary_values_are_bytes_and_base64_in_json() -> None:
    item = plain_item({"b": {"B": "AAE="}, "l": {"L": [{"BS": [b"x", "eQ=="]}]}})

    assert item == {"b": {"B": b"\x00\x01"}, "l": {"L": [{"BS": [b"x", b"y"]}]}}
    assert encoded_item(item) == {"b": {"B": "AAE="}, "l": {"L": [{"BS": ["eA==", "eQ=="]}]}}
