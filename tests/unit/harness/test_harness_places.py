from __future__ import annotations

import pytest

from lambdakit.harness.deployment.places import Places
from tests.fakes.deployed_stacks import a_function, a_role, created, deployed, role_arn

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-orders-1"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf"


def test_place_is_stack_logical_id_construct_and_line() -> None:
    stacks = deployed(
        a_role("OrdersRole1234", "shop/orders/create_order/Role/Resource"),
        lines={"OrdersRole1234": 31},
        document="patterns/api_backend/lambdakit.yaml",
    )

    place = Places(stacks).of_role(role_arn("OrdersRole1234"))

    assert place == (
        "stack shop: OrdersRole1234 (shop/orders/create_order/Role), patterns/api_backend/lambdakit.yaml:31"
    )


@pytest.mark.parametrize(
    ("path", "lines", "place"),
    [
        pytest.param(None, {}, "stack shop: Role1", id="plain template"),
        pytest.param("shop/Role/Resource", {}, "stack shop: Role1 (shop/Role)", id="CDK app"),
        pytest.param(None, {"Role1": 7}, "stack shop: Role1, line 7", id="document without a name"),
    ],
)
def test_place_says_what_is_known(path: str | None, lines: dict[str, int], place: str) -> None:
    assert Places(deployed(a_role("Role1", path), lines=lines)).of_role(role_arn("Role1")) == place


def test_a_role_of_no_stack_has_no_place() -> None:
    places = Places(deployed(a_role("Role1")))

    assert places.of_role(role_arn("Imported")) == ""
    assert places.of_denial(role_arn("Imported"), "s3:GetObject", "arn:aws:s3:::shop/a") == ""


@pytest.mark.parametrize(
    ("action", "resource", "call"),
    [
        ("dynamodb:GetItem", TABLE, "Table.grant_read_data(create_order)"),
        ("dynamodb:Query", f"{TABLE}/index/by-day", "Table.grant_read_data(create_order)"),
        ("secretsmanager:GetSecretValue", SECRET, "secret.grant_read(create_order)"),
        ("cloudwatch:PutMetricData", "*", "Metric.grant_put_metric_data(create_order)"),
    ],
    ids=["table", "index", "id that is no name", "no resource"],
)
def test_place_of_a_denial_names_the_grant_method(action: str, resource: str, call: str) -> None:
    places = Places(
        deployed(
            a_role("Role1", "shop/orders/create_order/Role/Resource"),
            a_function("Function1", "Role1", "shop/orders/create_order/Function/Resource"),
            created("Table1", "AWS::DynamoDB::Table", TABLE, path="shop/orders/Table/Resource"),
            created("Secret1", "AWS::SecretsManager::Secret", "", path="shop/the-key/Resource", physical_id=SECRET),
        )
    )

    place = places.of_denial(role_arn("Role1"), action, resource)

    assert place == f"stack shop: Role1 (shop/orders/create_order/Role); in the CDK: {call}"


def test_a_resource_of_no_stack_may_be_a_name_that_is_not_right() -> None:
    places = Places(deployed(a_role("Role1")))

    place = places.of_denial(role_arn("Role1"), "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:elsewhere")

    call = "in the CDK: queue.grant_send_messages(Role1)"
    assert place == f"stack shop: Role1; no stack has this queue, is its name right?; {call}"


def test_a_table_called_alike_is_not_meant() -> None:
    places = Places(deployed(a_role("Role1"), created("Table1", "AWS::DynamoDB::Table", TABLE, path="shop/Table/R")))

    place = places.of_denial(role_arn("Role1"), "dynamodb:GetItem", f"{TABLE}23")

    assert place == "stack shop: Role1; no stack has this table, is its name right?; in the CDK: " + (
        "table.grant_read_data(Role1)"
    )


def test_a_role_of_several_functions_is_granted_to_by_itself() -> None:
    places = Places(
        deployed(
            a_role("Role1", "shop/Shared/Resource"),
            a_function("F1", "Role1", "shop/f1/Resource"),
            a_function("F2", "Role1", "shop/f2/Resource"),
        )
    )

    assert places.of_denial(role_arn("Role1"), "s3:GetObject", "arn:aws:s3:::b/a").endswith("bucket.grant_read(Shared)")


def test_no_method_where_none_is_obvious() -> None:
    places = Places(deployed(a_role("Role1")))

    assert places.of_denial(role_arn("Role1"), "dynamodb:DeleteTable", TABLE) == "stack shop: Role1"
