"""Tables behind a GraphQL API: every operation of a request handler's document, and what its role may not do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from tests.fakes.graphql_apis import Served, graphql_api, resolver, source
from tests.fakes.plain_assembly import Resources, table
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-graphql-tables")

SCHEMA: Final = """
type Query { run(document: AWSJSON!): AWSJSON asReader(document: AWSJSON!): AWSJSON typed(id: ID!): AWSJSON }
"""
REQUEST: Final = "$util.toJson($ctx.args.document)"
RESPONSE: Final = """
#if($ctx.error) $util.error($ctx.error.message, $ctx.error.type, $ctx.result) #end
$util.toJson($ctx.result)
"""


def _resources() -> Resources:
    placed = {"DynamoDBConfig": {"TableName": {"Ref": "Items"}, "AwsRegion": {"Ref": "AWS::Region"}}}
    reading = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"Fn::GetAtt": ["Items", "Arn"]}}
    handlers = {"RequestMappingTemplate": REQUEST, "ResponseMappingTemplate": RESPONSE}
    return {
        **table("Items"),
        **graphql_api("Api", SCHEMA),
        **source("Api", "items", "AMAZON_DYNAMODB", **placed),
        **source("Api", "reading", "AMAZON_DYNAMODB", reading, **placed),
        **resolver("Api", "Query.run", "items", **handlers),
        **resolver("Api", "Query.asReader", "reading", **handlers),
    }


class Table:
    """The table, asked through the API."""

    def __init__(self, api: Served) -> None:
        self.api = api
        self.name = api.physical_id("Items")

    def run(self, operation: str, *, field: str = "run", **more: Any) -> Any:
        """What an operation gives."""
        data = self.body(operation, field=field, **more)
        assert "errors" not in data, data["errors"]
        found = data["data"][field]
        return None if found is None else json.loads(found)

    def error(self, operation: str, *, field: str = "run", **more: Any) -> Mapping[str, Any]:
        """The error of an operation."""
        body = self.body(operation, field=field, **more)
        (error,) = body["errors"]
        assert body["data"] == {field: None}
        found: Mapping[str, Any] = error
        return found

    def body(self, operation: str, *, field: str, **more: Any) -> Any:
        """The answer to an operation."""
        document = json.dumps({"version": "2018-05-29", "operation": operation, **more})
        return self.api.ask(f"query ($document: AWSJSON!) {{ {field}(document: $document) }}", {"document": document})

    def put(self, identity: str, **attributes: Any) -> Any:
        """Puts an item whose further attributes have types."""
        return self.run("PutItem", key={"id": {"S": identity}}, attributeValues=attributes)


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture(scope="module")
def items(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    stacks = Stacks(harness, tmp_path_factory.mktemp("graphql"), "graphql-tables")
    yield Table(Served(harness, stacks.deploy(_resources()), "Api"))
    stacks.destroy()


def _key(identity: str) -> dict[str, Any]:
    return {"id": {"S": identity}}


def _absent(**more: Any) -> dict[str, Any]:
    return {"expression": "attribute_not_exists(id)", **more}


class TestItems:
    def test_an_item_is_put_and_got_with_its_types(self, items: Table) -> None:
        given = {
            "text": {"S": "a"},
            "count": {"N": 5},
            "half": {"N": "0.5"},
            "yes": {"BOOL": True},
            "none": {"NULL": None},
            "set": {"SS": ["x"]},
            "numbers": {"NS": [1, 2]},
            "list": {"L": [{"N": 1}, {"S": "b"}]},
            "map": {"M": {"in": {"N": 2}}},
            "binary": {"B": "YWJj"},
        }
        plain = {
            **{"id": "types", "text": "a", "count": 5, "half": 0.5, "yes": True, "none": None, "set": ["x"]},
            **{"list": [1, "b"], "map": {"in": 2}, "binary": "YWJj"},
        }

        put = items.put("types", **given)
        got = items.run("GetItem", key=_key("types"), consistentRead=True)

        assert sorted(put.pop("numbers")) == sorted(got.pop("numbers")) == [1, 2]
        assert put == got == plain

    def test_what_is_not_there_is_null(self, items: Table) -> None:
        assert items.run("GetItem", key=_key("nothing")) is None

    def test_a_projection_leaves_out_the_rest(self, items: Table) -> None:
        items.put("projected", a={"N": 1}, b={"N": 2})

        projection = {"expression": "#a", "expressionNames": {"#a": "a"}}

        assert items.run("GetItem", key=_key("projected"), projection=projection) == {"a": 1}

    def test_an_update_gives_the_item_as_it_is_then(self, items: Table) -> None:
        items.put("updated", a={"N": 1}, b={"S": "kept"})
        update = {
            "expression": "SET #a = #a + :one",
            "expressionNames": {"#a": "a"},
            "expressionValues": {":one": {"N": 1}},
        }

        assert items.run("UpdateItem", key=_key("updated"), update=update) == {"id": "updated", "a": 2, "b": "kept"}

    def test_a_deletion_gives_what_was_there(self, items: Table) -> None:
        items.put("deleted", a={"N": 1})

        assert items.run("DeleteItem", key=_key("deleted")) == {"id": "deleted", "a": 1}
        assert items.run("DeleteItem", key=_key("deleted")) is None

    @pytest.mark.parametrize(
        ("operation", "more"),
        [
            ("GetItem", {}),
            ("GetItem", {"key": {"id": "plain"}}),
            ("PutItem", {"key": {"id": {"S": "a"}}, "attributeValues": {"a": {"X": 1}}}),
            ("UpdateItem", {"key": {"id": {"S": "a"}}}),
            ("Query", {}),
            ("BatchGetItem", {"tables": {"a": {"keys": 1}}}),
            ("Nonsense", {}),
        ],
    )
    def test_a_document_that_is_none_is_refused(self, items: Table, operation: str, more: Any) -> None:
        assert items.error(operation, **more)["errorType"] == "MappingTemplate"

    def test_an_error_of_the_table_goes_to_the_response_handler(self, items: Table) -> None:
        error = items.error("GetItem", key={"other": {"S": "a"}})

        assert error["errorType"].startswith("DynamoDB:")

    def test_synchronization_is_refused(self, items: Table) -> None:
        assert "versioned" in items.error("Sync")["message"]


class TestConditions:
    def test_a_condition_that_fails_shows_what_is_there(self, items: Table) -> None:
        items.put("taken", a={"N": 1})

        error = items.error("PutItem", key=_key("taken"), attributeValues={"a": {"N": 2}}, condition=_absent())

        assert error["errorType"] == "DynamoDB:ConditionalCheckFailedException"
        assert error["data"] == {"id": "taken", "a": 1}
        assert items.run("GetItem", key=_key("taken"))["a"] == 1

    def test_it_may_be_told_not_to_show_it(self, items: Table) -> None:
        items.put("hidden", a={"N": 1})
        condition = _absent(returnValuesOnConditionCheckFailure=False)

        error = items.error("PutItem", key=_key("hidden"), attributeValues={"a": {"N": 2}}, condition=condition)

        assert error["data"] is None

    def test_a_put_of_what_is_there_already_is_done(self, items: Table) -> None:
        items.put("again", a={"N": 1}, at={"S": "then"})
        given = {"a": {"N": 1}, "at": {"S": "now"}}

        put = items.run("PutItem", key=_key("again"), attributeValues=given, condition=_absent(equalsIgnore=["at"]))
        error = items.error("PutItem", key=_key("again"), attributeValues=given, condition=_absent())

        assert put == {"id": "again", "a": 1, "at": "then"}
        assert error["errorType"] == "DynamoDB:ConditionalCheckFailedException"

    def test_a_deletion_of_what_is_not_there_is_done(self, items: Table) -> None:
        condition = {"expression": "attribute_exists(id)"}

        assert items.run("DeleteItem", key=_key("never"), condition=condition) is None

    def test_an_update_with_a_condition_takes_its_names_and_values(self, items: Table) -> None:
        items.put("versioned", version={"N": 1})
        update = {
            "expression": "SET #v = :new",
            "expressionNames": {"#v": "version"},
            "expressionValues": {":new": {"N": 2}},
        }
        condition = {
            "expression": "#w = :old",
            "expressionNames": {"#w": "version"},
            "expressionValues": {":old": {"N": 1}},
        }

        first = items.run("UpdateItem", key=_key("versioned"), update=update, condition=condition)
        error = items.error("UpdateItem", key=_key("versioned"), update=update, condition=condition)

        assert first["version"] == 2
        assert error["errorType"] == "DynamoDB:ConditionalCheckFailedException"

    def test_a_function_for_conditions_is_refused(self, items: Table) -> None:
        condition = _absent(conditionalCheckFailedHandler={"strategy": "Custom", "lambdaArn": "arn"})

        assert "Reject" in items.error("PutItem", key=_key("any"), attributeValues={}, condition=condition)["message"]


@pytest.fixture(scope="module")
def _filled(items: Table) -> None:
    for number in range(4):
        items.put(f"page-{number}", page={"N": number})


@pytest.mark.usefixtures("_filled")
class TestPages:
    def test_a_query_gives_items_of_a_key(self, items: Table) -> None:
        query = {
            "expression": "#id = :id",
            "expressionNames": {"#id": "id"},
            "expressionValues": {":id": {"S": "page-1"}},
        }

        assert items.run("Query", query=query) == {
            "items": [{"id": "page-1", "page": 1}],
            "nextToken": None,
            "scannedCount": 1,
        }

    def test_a_scan_goes_on_where_it_stopped(self, items: Table) -> None:
        found, token = [], None
        filtered = {
            "expression": "begins_with(#id, :page)",
            "expressionNames": {"#id": "id"},
            "expressionValues": {":page": {"S": "page-"}},
        }
        for _ in range(50):
            answer = items.run("Scan", limit=2, filter=filtered, **({"nextToken": token} if token else {}))
            found += [item["id"] for item in answer["items"]]
            token = answer["nextToken"]
            if token is None:
                break

        assert sorted(found) == [f"page-{number}" for number in range(4)]

    def test_a_made_up_token_is_refused(self, items: Table) -> None:
        assert items.error("Scan", nextToken="nonsense")["errorType"] == "BadRequestException"


class TestBatches:
    def test_items_are_put_got_and_deleted_together(self, items: Table) -> None:
        given = [{"id": {"S": f"batch-{number}"}, "n": {"N": number}} for number in range(2)]
        plain = [{"id": f"batch-{number}", "n": number} for number in range(2)]
        keys = [_key("batch-1"), _key("batch-missing"), _key("batch-0")]

        put = items.run("BatchPutItem", tables={items.name: given})
        got = items.run("BatchGetItem", tables={items.name: {"keys": keys, "consistentRead": True}})
        gone = items.run("BatchDeleteItem", tables={items.name: keys[:1]})

        assert put == {"data": {items.name: plain}, "unprocessedItems": {items.name: []}}
        assert got == {"data": {items.name: [plain[1], None, plain[0]]}, "unprocessedKeys": {items.name: []}}
        assert gone == {"data": {items.name: [{"id": "batch-1"}]}, "unprocessedKeys": {items.name: []}}
        assert items.run("GetItem", key=_key("batch-1")) is None


class TestTransactions:
    def test_items_are_written_and_read_together(self, items: Table) -> None:
        items.put("counted", n={"N": 1})
        update = {"expression": "SET n = :n", "expressionValues": {":n": {"N": 2}}}

        written = items.run(
            "TransactWriteItems",
            transactItems=[
                {"table": items.name, "operation": "PutItem", "key": _key("new"), "attributeValues": {"a": {"N": 1}}},
                {"table": items.name, "operation": "UpdateItem", "key": _key("counted"), "update": update},
            ],
        )
        read = items.run(
            "TransactGetItems",
            transactItems=[{"table": items.name, "key": _key(each)} for each in ("new", "counted", "missing")],
        )

        assert written == {"keys": [{"id": "new"}, {"id": "counted"}], "cancellationReasons": None}
        assert read["items"] == [{"id": "new", "a": 1}, {"id": "counted", "n": 2}, None]

    def test_one_that_fails_takes_all_back_and_says_why(self, items: Table) -> None:
        items.put("there", n={"N": 1})

        error = items.error(
            "TransactWriteItems",
            transactItems=[
                {"table": items.name, "operation": "PutItem", "key": _key("first"), "attributeValues": {}},
                {"table": items.name, "operation": "ConditionCheck", "key": _key("there"), "condition": _absent()},
            ],
        )

        assert error["errorType"] == "DynamoDB:TransactionCanceledException"
        reasons = [reason["type"] for reason in error["data"]["cancellationReasons"]]
        assert reasons == ["None", "ConditionalCheckFailed"]
        assert items.run("GetItem", key=_key("first")) is None


class TestRoles:
    def test_a_data_source_does_what_its_role_may(self, items: Table) -> None:
        items.put("read", a={"N": 1})

        assert items.run("GetItem", field="asReader", key=_key("read")) == {"id": "read", "a": 1}

    def test_a_data_source_does_nothing_else(self, items: Table) -> None:
        error = items.error("DeleteItem", field="asReader", key=_key("read"))

        assert "dynamodb:DeleteItem" in error["message"]
        assert items.run("GetItem", key=_key("read")) is not None
