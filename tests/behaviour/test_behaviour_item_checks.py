"""Requests that no table of DynamoDB can answer are refused by name, so that no SDK tries them again.

Source: as in `lambdakit.harness.moto_state.item_checks`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.harness.moto_state.item_checks import key_in_filter, problem_of_request
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-tables")

EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
NO_SUCH_KEY = "The provided key element does not match the schema"
KEY = {"pk": {"S": "a"}, "n": {"N": "1"}}
TYPELESS: dict[str, Any] = {"pk": {}, "n": {"N": "1"}}


class Table:
    """A table, asked without what a client checks before it sends."""

    def __init__(self, harness: WiredHarness) -> None:
        self.client = harness.aws("dynamodb")
        self._harness = harness

    def refusal(self, operation: str, **members: Any) -> tuple[int, str, str]:
        """Status, name and message of the answer."""
        signature = "Credential=x/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x"
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}", "content-type": "application/x-amz-json-1.0"}
        answer = self._harness.request(
            "POST", "/", {**headers, "authorization": f"AWS4-HMAC-SHA256 {signature}"}, json.dumps(members).encode()
        )
        told = answer.json()
        return answer.status, str(told.get("__type", "")).rpartition("#")[2], str(told.get("message", ""))


@pytest.fixture(scope="module")
def table(harness: WiredHarness) -> Iterator[Table]:
    made = Table(harness)
    made.client.create_table(
        TableName="notes",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield made
    made.client.delete_table(TableName="notes")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({}, EMPTY),
        ({"S": None}, EMPTY),
        ({"X": "1"}, EMPTY),
        (None, EMPTY),
        ({"M": {"inner": {}}}, EMPTY),
        ({"L": [{"S": "x"}, {}]}, EMPTY),
        ({"S": "x", "N": "1"}, SEVERAL),
        ({"N": "one"}, "The parameter cannot be converted to a numeric value: one"),
        ({"N": ""}, "The parameter cannot be converted to a numeric value"),
        ({"N": "-1.5e+3"}, ""),
        ({"NULL": True}, ""),
        ({"BOOL": False}, ""),
        ({"M": {}}, ""),
        ({"L": []}, ""),
        ({"S": ""}, ""),
    ],
    ids=str,
)
def test_a_value_has_one_type(value: Any, problem: str) -> None:
    assert problem_of_request("PutItem", {"TableName": "t", "Item": {**KEY, "value": value}}) == problem


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("PutItem", {"Item": TYPELESS}),
        ("GetItem", {"Key": TYPELESS}),
        ("DeleteItem", {"Key": TYPELESS}),
        ("UpdateItem", {"Key": TYPELESS}),
        ("UpdateItem", {"Key": KEY, "AttributeUpdates": {"a": {"Action": "PUT", "Value": {}}}}),
        ("Scan", {"ExclusiveStartKey": TYPELESS}),
        ("Query", {"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{}]}}}),
        ("BatchWriteItem", {"RequestItems": {"notes": [{"PutRequest": {"Item": TYPELESS}}]}}),
        ("BatchGetItem", {"RequestItems": {"notes": {"Keys": [TYPELESS]}}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "notes", "Item": TYPELESS}}]}),
        ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "notes", "Key": TYPELESS}}]}),
        ("ExecuteStatement", {"Statement": "SELECT * FROM notes WHERE pk = ?", "Parameters": [{}]}),
    ],
)
def test_values_of_no_type_are_refused_wherever_they_are(table: Table, operation: str, members: dict[str, Any]) -> None:
    assert table.refusal(operation, TableName="notes", **members) == (400, "ValidationException", EMPTY)


def test_a_value_of_an_expression_is_named(table: Table) -> None:
    asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {}}}

    status, _, message = table.refusal("Query", TableName="notes", **asked)

    assert status == 400
    assert message == f"ExpressionAttributeValues contains invalid value: {EMPTY} for key :pk"


@pytest.mark.parametrize(
    "key",
    [{}, {"pk": {"S": "a"}}, {**KEY, "more": {"S": "x"}}, {"pk": {"S": "a"}, "n": {"S": "1"}}, {"id": {"S": "a"}}],
    ids=str,
)
@pytest.mark.parametrize(
    "operation", ["GetItem", "DeleteItem", "UpdateItem", "BatchGetItem", "BatchWriteItem", "TransactGetItems"]
)
def test_a_key_is_the_tables_own(table: Table, operation: str, key: dict[str, Any]) -> None:
    members: dict[str, Any] = {"TableName": "notes", "Key": key}
    if operation == "BatchGetItem":
        members = {"RequestItems": {"notes": {"Keys": [key]}}}
    elif operation == "BatchWriteItem":
        members = {"RequestItems": {"notes": [{"DeleteRequest": {"Key": key}}]}}
    elif operation == "TransactGetItems":
        members = {"TransactItems": [{"Get": members}]}

    assert table.refusal(operation, **members) == (400, "ValidationException", NO_SUCH_KEY)


def test_members_that_are_missing_are_named(table: Table) -> None:
    told = "Value null at '{}' failed to satisfy constraint: Member must not be null"

    assert table.refusal("GetItem", Key=KEY)[2] == f"1 validation error detected: {told.format('tableName')}"
    assert table.refusal("PutItem")[2] == (
        f"2 validation errors detected: {told.format('tableName')}; {told.format('item')}"
    )


def test_what_is_right_is_answered(table: Table) -> None:
    arn = table.client.describe_table(TableName="notes")["Table"]["TableArn"]
    table.client.put_item(TableName="notes", Item={**KEY, "text": {"S": ""}, "more": {"M": {"l": {"L": [{"N": "1"}]}}}})

    found = table.client.get_item(TableName=arn, Key=KEY)["Item"]
    batch = table.client.batch_get_item(RequestItems={"notes": {"Keys": [KEY]}})["Responses"]["notes"]
    table.client.batch_write_item(RequestItems={"notes": [{"DeleteRequest": {"Key": KEY}}]})

    assert found["more"]["M"]["l"]["L"] == [{"N": "1"}]
    assert len(batch) == 1
    assert "Item" not in table.client.get_item(TableName="notes", Key=KEY)


def test_a_table_that_is_not_there_is_told_as_that(table: Table) -> None:
    assert table.refusal("GetItem", TableName="nowhere", Key=KEY)[1] == "ResourceNotFoundException"


@pytest.mark.parametrize(("count", "is_taken"), [(1, True), (25, True), (26, False), (0, False)])
def test_a_batch_writes_twenty_five_items_at_most(table: Table, count: int, is_taken: bool) -> None:
    asked = [{"PutRequest": {"Item": {"pk": {"S": "batch"}, "n": {"N": str(n)}}}} for n in range(count)]

    status, code, message = table.refusal("BatchWriteItem", RequestItems={"notes": asked})

    if is_taken:
        assert status == 200
    else:
        assert (status, code) == (400, "ValidationException")
        assert "Member must have length less than or equal to 25" in message


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_a_value_that_no_expression_uses_is_refused(table: Table, operation: str) -> None:
    key = {"KeyConditionExpression": "pk = :p"} if operation == "Query" else {"FilterExpression": "pk=:p"}
    values = {":p": {"S": "a"}, ":pp": {"S": "b"}}

    given = {"TableName": "notes", **key}
    refused = table.refusal(operation, **given, ExpressionAttributeValues=values)
    status, _, _ = table.refusal(operation, **given, ExpressionAttributeValues={":p": {"S": "a"}})

    assert refused == (
        400,
        "ValidationException",
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:pp}",
    )
    assert status == 200


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"FilterExpression": "n > :x"}, "n"),
        ({"FilterExpression": "a = :x AND (NOT contains( pk , :x))"}, "pk"),
        ({"FilterExpression": "#k = :x", "ExpressionAttributeNames": {"#k": "n"}}, "n"),
        ({"FilterExpression": "a.n = :n AND b[0].pk = :pk AND nn = :x"}, ""),
        ({"FilterExpression": "n(a) = :x"}, ""),
        ({"FilterExpression": "#n = :x", "ExpressionAttributeNames": {"#n": "other"}}, ""),
        ({}, ""),
    ],
)
def test_where_a_filter_names_a_key(members: dict[str, Any], name: str) -> None:
    assert key_in_filter(members, {"pk", "n"}) == name


def test_a_query_does_not_filter_by_its_keys(table: Table) -> None:
    given = {"TableName": "notes", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}

    refused = table.refusal("Query", **given, FilterExpression="n = :p")

    assert refused == (
        400,
        "ValidationException",
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: n",
    )
    assert table.refusal("Query", **given, FilterExpression="shade = :p")[0] == 200
    scanned = {"FilterExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    assert table.refusal("Scan", TableName="notes", **scanned)[0] == 200


@pytest.mark.parametrize(
    ("condition", "operator"),
    [("pk = :p OR n = :n", "OR"), ("pk = :p and not n = :n", "NOT"), ("pk IN (:p, :n)", "IN")],
)
def test_conditions_of_keys_are_joined_by_and_alone(table: Table, condition: str, operator: str) -> None:
    values = {":p": {"S": "a"}, ":n": {"N": "1"}}

    refused = table.refusal(
        "Query", TableName="notes", KeyConditionExpression=condition, ExpressionAttributeValues=values
    )

    assert refused == (400, "ValidationException", f"Invalid operator used in KeyConditionExpression: {operator}")


def test_names_that_begin_like_operators_are_names(table: Table) -> None:
    names, values = {"#or": "pk", "#not": "n"}, {":in": {"S": "a"}, ":or": {"N": "1"}}

    status, _, _ = table.refusal(
        "Query",
        TableName="notes",
        KeyConditionExpression="#or = :in AND #not = :or",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
    )

    assert status == 200
