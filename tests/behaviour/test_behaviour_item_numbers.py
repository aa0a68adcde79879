"""Numbers come out of DynamoDB as it keeps them, whatever form they were written in.

Source: as in `lambdakit.harness.moto_state.item_numbers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.moto_state.item_numbers import plain_number
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-tables")

PLAIN = [
    *(("0", "0"), ("-0", "0"), ("0.0", "0"), ("+5", "5"), ("5.", "5"), (".5", "0.5"), ("-0.50", "-0.5")),
    *(("00042", "42"), ("1.50", "1.5"), ("100", "100"), ("1.5E2", "150"), ("1e3", "1000"), ("12e-3", "0.012")),
    *(("1E125", "1" + "0" * 125), ("1E-130", "0." + "0" * 129 + "1"), ("-1.0", "-1"), ("10.10", "10.1")),
]


@pytest.fixture(scope="module")
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("dynamodb")
    client.create_table(
        TableName="numbers",
        KeySchema=[{"AttributeName": "n", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    yield client
    client.delete_table(TableName="numbers")


def _item(client: Any, number: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get_item(TableName="numbers", Key={"n": {"N": number}}).get("Item", {})
    return found


@pytest.mark.parametrize(("written", "read"), PLAIN)
def test_a_number_is_trimmed(written: str, read: str) -> None:
    assert plain_number(written) == read


@pytest.mark.parametrize("text", ["", "a", "NaN", "Infinity", "1E999999"])
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert plain_number(text) == text


def test_numbers_are_read_as_they_are_kept(client: Any) -> None:
    inner = {"M": {"x": {"L": [{"N": "1e2"}]}}}
    client.put_item(
        TableName="numbers", Item={"n": {"N": "1.0"}, "v": {"N": "2.50"}, "s": {"NS": ["3.0", "4"]}, "m": inner}
    )

    assert _item(client, "1") == {
        "n": {"N": "1"},
        "v": {"N": "2.5"},
        "s": {"NS": ["3", "4"]},
        "m": {"M": {"x": {"L": [{"N": "100"}]}}},
    }
    found = client.scan(
        TableName="numbers", FilterExpression="contains(s, :n)", ExpressionAttributeValues={":n": {"N": "3.00"}}
    )
    assert found["Count"] == 1
    records = _newest_records(client)
    assert records[-1]["dynamodb"]["NewImage"]["v"] == {"N": "2.5"}


@pytest.mark.parametrize(("change", "sum_"), [("0.50", "2"), ("1e3", "1001.5"), ("-1.50", "0")])
def test_a_sum_has_no_zeroes_at_its_end(client: Any, change: str, sum_: str) -> None:
    client.put_item(TableName="numbers", Item={"n": {"N": "7"}, "v": {"N": "1.50"}})

    for expression in ("SET v = v + :c", "ADD w :c"):
        told = client.update_item(
            TableName="numbers",
            Key={"n": {"N": "7.0"}},
            UpdateExpression=expression,
            ExpressionAttributeValues={":c": {"N": change}},
            ReturnValues="ALL_NEW",
        )["Attributes"]

    assert (told["v"]["N"], told["w"]["N"]) == (sum_, plain_number(change))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
        ({"L": [{"N": "0." + "1" * 39}]}, "Attempting to store more than 38 significant digits in a Number"),
        ({"N": "1E126"}, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ({"NS": ["1", "x"]}, "The parameter cannot be converted to a numeric value: x"),
        (
            {"NS": ["1", "1.0"]},
            "One or more parameter values were invalid: Input collection [1, 1.0] contains duplicates.",
        ),
        ({"SS": ["a", "a"]}, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
    ],
    ids=["digits", "digits-within", "magnitude", "no-number", "same-numbers", "same-texts"],
)
def test_what_cannot_be_kept_is_refused(client: Any, value: dict[str, Any], text: str) -> None:
    with pytest.raises(ClientError) as refused:
        client.put_item(TableName="numbers", Item={"n": {"N": "8"}, "v": value})

    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert refused.value.response["Error"]["Message"] == text
    assert _item(client, "8") == {}


@pytest.mark.parametrize("value", [{"N": "1" * 38}, {"N": "1" + "0" * 100}, {"N": "9.9E125"}, {"NS": ["1", "-1"]}])
def test_what_just_can_be_kept_is(client: Any, value: dict[str, Any]) -> None:
    client.put_item(TableName="numbers", Item={"n": {"N": "9"}, "v": value})

    assert _item(client, "9")["v"].keys() == value.keys()


def _newest_records(client: Any) -> list[dict[str, Any]]:
    """What the stream of the table holds."""
    table = client.describe_table(TableName="numbers")["Table"]
    streams = _streams(client)
    (shard,) = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=table["LatestStreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
    return records


def _streams(client: Any) -> Any:
    import boto3

    return boto3.client(
        "dynamodbstreams",
        endpoint_url=client.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="ADMINISTRATOR",
        aws_secret_access_key="-",
    )
