"""Expressions and statements that resolvers' code makes of objects: DynamoDB's, OpenSearch's, SQL's, subscriptions'."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.routing.graphql.evaluation.functions.dynamodb_requests import DYNAMODB_REQUESTS
from lambdakit.harness.routing.graphql.evaluation.functions.dynamodb_values import (
    DYNAMODB_VALUES,
    from_s3_object,
    item_value,
    to_dynamodb,
)
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.functions.filter_expressions import filter_expression
from lambdakit.harness.routing.graphql.evaluation.functions.search_queries import search_query
from lambdakit.harness.routing.graphql.evaluation.functions.sql_results import rows
from lambdakit.harness.routing.graphql.evaluation.functions.sql_statements import mysql_request, postgres_request
from lambdakit.harness.routing.graphql.evaluation.functions.update_expressions import update_expression

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=20,
)


def _for_the_sdk(value: Any) -> Any:
    """A value as the SDK has it: numbers are texts, and nothing is true."""
    ((kind, inner),) = value.items()
    match kind:
        case "N":
            return {"N": str(inner)}
        case "NULL":
            return {"NULL": True}
        case "L":
            return {"L": [_for_the_sdk(each) for each in inner]}
        case "M":
            return {"M": {name: _for_the_sdk(each) for name, each in inner.items()}}
    return {kind: inner}


class TestValues:
    @given(_JSON)
    def test_every_value_comes_back_as_it_was(self, value: Any) -> None:
        assert TypeDeserializer().deserialize(_for_the_sdk(to_dynamodb(value))) == value
        json.dumps(to_dynamodb(value))

    @given(_JSON.filter(lambda value: not (isinstance(value, dict) and value.keys() & {"SS", "NS", "BS"})))
    def test_items_have_the_same_values_but_for_sets(self, value: Any) -> None:
        assert item_value([value]) == to_dynamodb([value]) or "S" in json.dumps(value)

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [  # Source: AppSync Developer Guide, "DynamoDB helpers in util.dynamodb"
            ("toString", "foo", {"S": "foo"}),
            ("toStringSet", ["foo", "bar"], {"SS": ["foo", "bar"]}),
            ("toNumber", 12345, {"N": 12345}),
            ("toNumberSet", [1, 23, 4.56], {"NS": [1, 23, 4.56]}),
            ("toBinary", "foo", {"B": "foo"}),
            ("toBinarySet", ["foo"], {"BS": ["foo"]}),
            ("toBoolean", True, {"BOOL": True}),
            ("toList", ["foo", {"bar": "baz"}], {"L": [{"S": "foo"}, {"M": {"bar": {"S": "baz"}}}]}),
            ("toMap", {"foo": 1}, {"M": {"foo": {"N": 1}}}),
            ("toMapValues", {"foo": ["boop"]}, {"foo": {"L": [{"S": "boop"}]}}),
        ],
    )
    def test_each_type_has_its_function(self, name: str, value: object, expected: object) -> None:
        assert DYNAMODB_VALUES[name](value) == expected
        assert DYNAMODB_VALUES[name](None) is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("toString", 1),
            ("toNumber", "1"),
            ("toNumber", True),
            ("toBoolean", "x"),
            ("toStringSet", [1]),
            ("toMapValues", []),
        ],
    )
    def test_a_value_of_another_type_is_refused(self, name: str, value: object) -> None:
        with pytest.raises(FunctionFailed):
            DYNAMODB_VALUES[name](value)

    @given(st.tuples(*[st.text(st.characters(codec="ascii"), max_size=12)] * 4))
    def test_an_object_of_s3_comes_back(self, parts: tuple[str, str, str, str]) -> None:
        made = DYNAMODB_VALUES["toS3Object"](*parts)

        assert from_s3_object(made) == dict(zip(("key", "bucket", "region", "version"), parts, strict=True))
        assert json.loads(made["S"])["s3"]["key"] == parts[0]

    def test_an_object_of_s3_is_read_as_the_guide_writes_it(self) -> None:
        text = '{ "s3" : { "key" : "foo", "bucket" : "bar", "region" : "baz", "version" = "beep" } }'

        assert from_s3_object(text) == {"key": "foo", "bucket": "bar", "region": "baz", "version": "beep"}


class TestFilters:
    @pytest.mark.parametrize(
        ("conditions", "expression"),
        [
            ({"title": {"contains": "Hello World"}}, "contains(#title, :title_contains)"),  # the guide's example
            ({"a": {"eq": 1}, "b": {"ne": 2}}, "#a = :a_eq AND #b <> :b_ne"),
            ({"a": {"ge": 1, "lt": 2}}, "#a >= :a_ge AND #a < :a_lt"),
            ({"or": [{"a": {"eq": 1}}, {"a": {"eq": 2}}]}, "(#a = :or_0_a_eq OR #a = :or_1_a_eq)"),
            ({"and": {"a": {"eq": 1}}}, "#a = :and_0_a_eq"),
            ({"not": {"a": {"eq": 1}}}, "NOT (#a = :not_a_eq)"),
            ({"not": {"or": [{"a": {"eq": 1}}, {"b": {"eq": 2}}]}}, "NOT (#a = :not_or_0_a_eq OR #b = :not_or_1_b_eq)"),
            ({"or": [{"a": {"eq": 1}, "b": {"eq": 2}}]}, "(#a = :or_0_a_eq AND #b = :or_0_b_eq)"),
            ({"a": {"between": [1, 2]}}, "#a BETWEEN :a_between_0 AND :a_between_1"),
            ({"a": {"in": [1, 2]}}, "#a IN (:a_in_0, :a_in_1)"),
            ({"a": {"attributeExists": False}}, "attribute_not_exists(#a)"),
            ({"a": {"attributeType": "stringSet"}}, "attribute_type(#a, :a_attributeType)"),
            ({"a": {"size": {"gt": 1}}}, "size(#a) > :a_size_gt"),
            ({"a": {"b": {"eq": 1}}}, "#a.#b = :a_b_eq"),
            ({"a": None, "or": []}, ""),
            ({}, ""),
        ],
    )
    def test_conditions_are_written(self, conditions: object, expression: str) -> None:
        assert filter_expression(conditions)["expression"] == expression

    def test_names_that_differ_have_placeholders_that_do(self) -> None:
        found = filter_expression({"a-b": {"eq": 1}, "a.b": {"eq": 2}, "a_b": {"eq": 3}})

        assert sorted(found["expressionNames"].values()) == ["a-b", "a.b", "a_b"]
        assert sorted(each["N"] for each in found["expressionValues"].values()) == [1, 2, 3]

    @pytest.mark.parametrize(
        "conditions",
        [
            *([], "x", {"a": 1}, {"a": {"like": 1}}, {"a": {"in": []}}, {"a": {"between": [1]}}, {"or": [1]}),
            {"a": {"attributeType": "text"}},
        ],
    )
    def test_what_is_no_condition_is_refused(self, conditions: object) -> None:
        with pytest.raises(FunctionFailed):
            filter_expression(conditions)

    def test_depth_has_a_bound(self) -> None:
        conditions: dict[str, Any] = {"a": {"eq": 1}}
        for _ in range(200):
            conditions = {"and": [conditions]}

        with pytest.raises(FunctionFailed, match="too deep"):
            filter_expression(conditions)

    def test_many_names_that_look_alike_take_no_longer(self) -> None:
        names = [chr(0x4E00 + number) for number in range(20_000)]
        begun = time.process_time()

        filtered = filter_expression({name: {"eq": 1} for name in names})
        updated = update_expression(dict.fromkeys(names, 1))

        assert sorted(filtered["expressionNames"].values()) == sorted(updated["expressionNames"].values()) == names
        assert time.process_time() - begun < 5

    @given(st.dictionaries(st.text(min_size=1, max_size=6), _JSON, max_size=4))
    def test_any_object_is_an_expression_or_refused(self, conditions: dict[str, Any]) -> None:
        try:
            found = filter_expression(conditions)
        except FunctionFailed:
            return
        assert all(name in found["expression"] for name in found["expressionNames"])


class TestUpdates:
    def test_placeholders_are_the_services(self) -> None:
        assert update_expression({"title": "my-project-foo"}) == {
            "expression": "SET #expName_1 = :expValue_1",
            "expressionNames": {"#expName_1": "title"},
            "expressionValues": {":expValue_1": {"S": "my-project-foo"}},
        }

    @pytest.mark.parametrize(
        "update", [[], {"a": {"_type": "shrink", "_payload": 1}}, {"a": {"_type": "append", "_payload": 1}}]
    )
    def test_what_is_no_update_is_refused(self, update: object) -> None:
        with pytest.raises(FunctionFailed):
            update_expression(update)


class TestRequests:
    @pytest.mark.parametrize(
        ("name", "payload"),
        [
            *(("get", None), ("get", {}), ("put", {"key": {}}), ("query", {}), ("query", {"query": {"a": {}}})),
            *(
                ("query", {"query": {"a": {"contains": 1}}}),
                ("batchGet", {"tables": []}),
                ("batchPut", {"tables": {"a": 1}}),
            ),
            *(("transactWrite", {"items": [{}]}), ("transactWrite", {"items": [{"other": {}}]}), ("transactGet", {})),
            ("get", {"key": {"a": 1}, "projection": ["a..b"]}),
        ],
    )
    def test_a_request_without_its_parts_is_refused(self, name: str, payload: object) -> None:
        with pytest.raises(FunctionFailed):
            DYNAMODB_REQUESTS[name](payload)

    def test_settings_that_are_null_are_left_out(self) -> None:
        assert DYNAMODB_REQUESTS["scan"]({"limit": None, "nextToken": None, "filter": None}) == {"operation": "Scan"}

    def test_synchronization_keeps_its_settings(self) -> None:
        assert DYNAMODB_REQUESTS["sync"]({"limit": 5, "lastSync": 7}) == {
            "operation": "Sync",
            "limit": 5,
            "lastSync": 7,
        }


def test_search_queries_are_the_guides() -> None:
    # "Transformation helpers in util.transform"
    conditions = {"upvotes": {"ne": 15, "range": [10, 20]}, "title": {"eq": "hihihi", "wildcard": "h*i"}}

    assert search_query(conditions) == {
        "bool": {
            "must": [
                {
                    "bool": {
                        "must": [
                            {"bool": {"must_not": {"term": {"upvotes": 15}}}},
                            {"range": {"upvotes": {"gte": 10, "lte": 20}}},
                        ]
                    }
                },
                {"bool": {"must": [{"term": {"title": "hihihi"}}, {"wildcard": {"title": "h*i"}}]}},
            ]
        }
    }


def _made(kind: str, **payload: Any) -> dict[str, Any]:
    return {"_sql": kind, "payload": payload}


class TestStatements:
    @pytest.mark.parametrize(
        ("statement", "text"),
        [  # Source: AppSync Developer Guide, "Built-in modules", "Amazon RDS module functions"
            (_made("select", table="persons"), 'SELECT * FROM "persons"'),
            (_made("select", table="private.persons"), 'SELECT * FROM "private"."persons"'),
            (
                _made("select", table="persons", columns=["id", "persons.name"]),
                'SELECT "id", "persons"."name" FROM "persons"',
            ),
            (
                _made("select", table="persons", columns=["id"], limit=10, offset=40),
                'SELECT "id" FROM "persons" LIMIT :P0 OFFSET :P1',
            ),
            (
                _made("select", table="p", orderBy=[{"column": "name"}, {"column": "id", "dir": "DESC"}]),
                'SELECT * FROM "p" ORDER BY "name", "id" DESC',
            ),
            (
                _made("select", table="p", where={"name": {"eq": "S"}, "id": {"gt": 10}}),
                'SELECT * FROM "p" WHERE "name" = :P0 AND "id" > :P1',
            ),
            (
                _made("select", table="p", where={"or": [{"name": {"eq": "S"}}, {"id": {"gt": 10}}]}),
                'SELECT * FROM "p" WHERE "name" = :P0 OR "id" > :P1',
            ),
            (
                _made("select", table="p", where={"not": [{"name": {"eq": "S"}}, {"id": {"gt": 10}}]}),
                'SELECT * FROM "p" WHERE NOT ("name" = :P0 AND "id" > :P1)',
            ),
            (
                _made("insert", table="persons", values={"name": "a"}, returning="*"),
                'INSERT INTO "persons" ("name") VALUES (:P0) RETURNING *',
            ),
            (
                _made("update", table="persons", values={"name": "a"}, where={"id": {"eq": 3}}, returning=["id"]),
                'UPDATE "persons" SET "name" = :P0 WHERE "id" = :P1 RETURNING "id"',
            ),
            (_made("remove", table="p", where={"id": {"eq": 1}}), 'DELETE FROM "p" WHERE "id" = :P0'),
        ],
    )
    def test_statements_are_written(self, statement: object, text: str) -> None:
        assert postgres_request([statement])["statements"] == [text]

    def test_two_statements_share_their_parameters(self) -> None:
        first = _made("insert", table="persons", values={"name": "a"})
        second = _made("select", table="persons", where={"id": {"eq": 1}}, limit=1)

        assert mysql_request([first, second]) == {
            "statements": [
                "INSERT INTO `persons` (`name`) VALUES (:P0)",
                "SELECT * FROM `persons` WHERE `id` = :P1 LIMIT :P2",
            ],
            "variableMap": {":P0": "a", ":P1": 1, ":P2": 1},
            "variableTypeHintMap": {},
        }

    def test_hints_and_templates_are_parameters(self) -> None:
        hint = {"_sql": "hint", "hint": "JSON", "value": [1, 2]}
        raw = {"_sql": "raw", "texts": ["select ", "->2 as ", ""], "values": [hint, "x"]}

        assert postgres_request([raw]) == {
            "statements": ["select :P0->2 as :P1"],
            "variableMap": {":P0": "[1,2]", ":P1": "x"},
            "variableTypeHintMap": {":P0": "JSON"},
        }

    @given(st.text(max_size=30), st.text(min_size=1, max_size=30))
    def test_no_value_and_no_name_gets_into_the_statement(self, value: str, name: str) -> None:
        request = postgres_request([_made("select", table="t", where={name: {"eq": value}})])

        (text,) = request["statements"]
        quoted = ".".join(part if part == "*" else '"' + part.replace('"', '""') + '"' for part in name.split("."))
        assert text == f'SELECT * FROM "t" WHERE {quoted} = :P0' or name in ("and", "or", "not")
        assert list(request["variableMap"].values()) in ([value], [])

    @pytest.mark.parametrize(
        "statements",
        [
            [],
            [None],
            ["a", "b", "c"],
            [1],
            [{"_sql": "other"}],
            [_made("select", table=1)],
            [_made("insert", table="t")],
        ],
    )
    def test_what_is_no_statement_is_refused(self, statements: list[object]) -> None:
        with pytest.raises(FunctionFailed):
            postgres_request(statements)

    def test_rows_of_changes_are_not_for_mysql(self) -> None:
        with pytest.raises(FunctionFailed, match="MySQL"):
            mysql_request([_made("remove", table="t", returning="*")])


class TestRows:
    def test_rows_have_the_names_of_their_columns(self) -> None:
        # "Amazon RDS helpers in $util.rds"
        result = {
            "sqlStatementResults": [
                {
                    "numberOfRecordsUpdated": 0,
                    "records": [[{"stringValue": "Mark Twain"}, {"isNull": True}, {"longValue": 3}]],
                    "columnMetadata": [{"label": "author", "name": "a"}, {"name": "title"}, {"label": "n"}],
                },
                {"numberOfRecordsUpdated": 1, "generatedFields": []},
            ]
        }
        expected = [[{"author": "Mark Twain", "title": None, "n": 3}], []]

        assert rows(result) == expected
        assert rows(json.dumps(result)) == expected

    @pytest.mark.parametrize("result", [None, "x", [], {}, "[" * 100_000])
    def test_what_is_no_result_is_refused(self, result: object) -> None:
        with pytest.raises(FunctionFailed):
            rows(result)
