from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_dynamodb as dynamodb

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import GlobalSecondaryIndex, TableProperties
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


def test_a_table_with_indexes_is_read_by_them(stack: Stack, function: FunctionProperties) -> None:
    number = dynamodb.Attribute(name="at", type=dynamodb.AttributeType.NUMBER)

    ApiBackend(
        stack,
        "orders",
        table=TableProperties(
            partition_key="id",
            global_secondary_indexes=[
                GlobalSecondaryIndex(index_name="by_customer", partition_key="customer", sort_key=number),
                GlobalSecondaryIndex(
                    index_name="by_day",
                    partition_key="day",
                    projection_type="include",
                    non_key_attributes=["total"],
                ),
            ],
        ),
        routes={"GET /": Route(name="read", function=function, table_access="read")},
    )

    template = assertions.Template.from_stack(stack)
    ((table_id, table),) = template.find_resources("AWS::DynamoDB::GlobalTable").items()
    properties: Mapping[str, Any] = table["Properties"]
    by_customer, by_day = properties["GlobalSecondaryIndexes"]
    assert by_customer["KeySchema"] == [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ]
    assert by_customer["Projection"] == {"ProjectionType": "ALL"}
    assert by_day["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]}
    (policy,) = template.find_resources("AWS::IAM::Policy").values()
    resources = policy["Properties"]["PolicyDocument"]["Statement"][-1]["Resource"]
    arn = {"Fn::GetAtt": [table_id, "Arn"]}
    assert resources == [arn, {"Fn::Join": ["", [arn, "/index/*"]]}]


@pytest.mark.parametrize(
    ("indexes", "says"),
    [
        ([GlobalSecondaryIndex(index_name="ab", partition_key="a")], "[0].index_name: 'ab' is no name of an index"),
        (
            [GlobalSecondaryIndex(index_name="abc", partition_key="a")] * 2,
            "[1].index_name: 'abc' is the name of another index",
        ),
        (
            [GlobalSecondaryIndex(index_name="abc", partition_key="a", sort_key="a")],
            "[0].sort_key: 'a' is the index's partition key already",
        ),
        (
            [GlobalSecondaryIndex(index_name="abc", partition_key="a", projection_type="include")],
            "[0].non_key_attributes: 0 attributes with the projection include",
        ),
        (
            [GlobalSecondaryIndex(index_name="abc", partition_key="a", non_key_attributes=["b"])],
            "[0].non_key_attributes: 1 attributes with the projection all",
        ),
        (
            [GlobalSecondaryIndex(index_name=f"index{place}", partition_key="a") for place in range(21)],
            ": 21 indexes are above 20, the most a table may have",
        ),
    ],
)
def test_indexes_that_cannot_be_are_refused(
    stack: Stack, function: FunctionProperties, indexes: list[GlobalSecondaryIndex], says: str
) -> None:
    with pytest.raises(SynthesisError) as refused:
        ApiBackend(
            stack,
            "orders",
            table=TableProperties(partition_key="id", global_secondary_indexes=indexes),
            routes={"GET /": Route(name="read", function=function)},
        )

    assert f"shop/orders.table.global_secondary_indexes{says}" in str(refused.value)
