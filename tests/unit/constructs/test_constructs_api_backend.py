from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import App, Environment, RemovalPolicy, Stack, assertions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import ApiProperties, Cors, Throttle
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TABLE_ACTIONS, TableAccess, TableProperties

pytestmark = pytest.mark.xdist_group("cdk")

TABLE = TableProperties(partition_key="id")


def template(stack: Stack) -> Mapping[str, Any]:
    rendered: Mapping[str, Any] = assertions.Template.from_stack(stack).to_json()
    return rendered


def of_type(stack: Stack, type_name: str) -> dict[str, Any]:
    return {
        logical_id: resource
        for logical_id, resource in template(stack)["Resources"].items()
        if resource["Type"] == type_name
    }


def source_arn(permission: Mapping[str, Any]) -> str:
    parts: list[Any] = permission["Properties"]["SourceArn"]["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else "<>" for part in parts)


def test_each_route_invokes_its_function_through_the_alias(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={
            "GET /orders": Route(name="list_orders", function=function),
            "POST /orders": Route(name="create_order", function=function),
        },
    )

    aliases = of_type(stack, "AWS::Lambda::Alias")
    integrations = of_type(stack, "AWS::ApiGatewayV2::Integration")
    assert {each["Properties"]["IntegrationUri"]["Ref"] for each in integrations.values()} == set(aliases)
    assert {each["Properties"]["PayloadFormatVersion"] for each in integrations.values()} == {"2.0"}
    assert {each["Properties"]["RouteKey"] for each in of_type(stack, "AWS::ApiGatewayV2::Route").values()} == {
        "GET /orders",
        "POST /orders",
    }


@pytest.mark.parametrize(
    ("route_key", "arn_ends_with"),
    [
        ("GET /orders", "/*/GET/orders"),
        ("DELETE /orders/{id}", "/*/DELETE/orders/*"),
        ("ANY /orders/{id}/lines", "/*/*/orders/*/lines"),
        ("POST /{proxy+}", "/*/POST/*"),
        ("GET /", "/*/GET/"),
        ("$default", "/*/*"),
    ],
)
def test_the_api_may_invoke_a_function_for_its_own_route_only(
    stack: Stack, function: FunctionProperties, route_key: str, arn_ends_with: str
) -> None:
    ApiBackend(stack, "orders", routes={route_key: Route(name="answer", function=function)})

    (permission,) = of_type(stack, "AWS::Lambda::Permission").values()
    (alias,) = of_type(stack, "AWS::Lambda::Alias")
    assert permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
    assert permission["Properties"]["FunctionName"] == {"Ref": alias}
    assert source_arn(permission) == f"arn:<>:execute-api:<>:<>:<>{arn_ends_with}"


@pytest.mark.parametrize("access", ["read", "write", "read_write"])
def test_table_access_is_exactly_the_actions_it_names_on_the_table(
    stack: Stack, function: FunctionProperties, access: TableAccess
) -> None:
    ApiBackend(
        stack, "orders", routes={"GET /": Route(name="answer", function=function, table_access=access)}, table=TABLE
    )

    (table,) = of_type(stack, "AWS::DynamoDB::GlobalTable")
    (policy,) = of_type(stack, "AWS::IAM::Policy").values()
    statement = policy["Properties"]["PolicyDocument"]["Statement"][-1]
    assert statement == {
        "Action": list(TABLE_ACTIONS[access]),
        "Effect": "Allow",
        "Resource": {"Fn::GetAtt": [table, "Arn"]},
    }
    assert not any("*" in action for action in statement["Action"])


def test_only_functions_with_access_know_the_table(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={
            "GET /": Route(name="health", function=function),
            "GET /orders": Route(name="list_orders", function=function, table_access="read"),
            "GET /other": Route(
                name="other", function=replace(function, environment={"TABLE_NAME": "mine"}), table_access="read"
            ),
        },
        table=TABLE,
    )

    (table,) = of_type(stack, "AWS::DynamoDB::GlobalTable")
    variables = [
        each["Properties"].get("Environment", {}).get("Variables")
        for each in of_type(stack, "AWS::Lambda::Function").values()
    ]
    assert variables == [None, {"TABLE_NAME": {"Ref": table}}, {"TABLE_NAME": "mine"}]


def test_table_has_the_stated_defaults(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(stack, "orders", routes={"GET /": Route(function=function)}, table=TABLE)

    (table,) = of_type(stack, "AWS::DynamoDB::GlobalTable").values()
    (replica,) = table["Properties"]["Replicas"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert replica["DeletionProtectionEnabled"] is False


def test_table_settings_reach_the_table(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={"GET /": Route(function=function)},
        table=TableProperties(
            partition_key="customer",
            sort_key=dynamodb.Attribute(name="placed", type=dynamodb.AttributeType.NUMBER),
            time_to_live_attribute="expires",
            point_in_time_recovery=False,
            removal_policy=RemovalPolicy.DESTROY,
            encryption=dynamodb.TableEncryptionV2.dynamo_owned_key(),
            deletion_protection=True,
        ),
    )

    (table,) = of_type(stack, "AWS::DynamoDB::GlobalTable").values()
    (replica,) = table["Properties"]["Replicas"]
    assert table["DeletionPolicy"] == "Delete"
    assert table["Properties"]["KeySchema"] == [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "placed", "KeyType": "RANGE"},
    ]
    assert table["Properties"]["AttributeDefinitions"] == [
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "placed", "AttributeType": "N"},
    ]
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": False}
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert replica["DeletionProtectionEnabled"] is True


def test_an_existing_table_is_used_with_its_indexes_and_its_key(function: FunctionProperties) -> None:
    # The CDK wants the region for a table under a key of one's own.
    app = App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False)
    stack = Stack(app, "shop", env=Environment(account="123456789012", region="us-east-1"))
    key = kms.Key(stack, "key")
    table = dynamodb.TableV2(
        stack,
        "mine",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        encryption=dynamodb.TableEncryptionV2.customer_managed_key(key),
        global_secondary_indexes=[
            dynamodb.GlobalSecondaryIndexPropsV2(
                index_name="by_day",
                partition_key=dynamodb.Attribute(name="day", type=dynamodb.AttributeType.STRING),
            )
        ],
    )

    backend = ApiBackend(stack, "orders", routes={"GET /": Route(function=function, table_access="read")}, table=table)

    statements = next(iter(of_type(stack, "AWS::IAM::Policy").values()))["Properties"]["PolicyDocument"]["Statement"]
    (logical_id,) = of_type(stack, "AWS::DynamoDB::GlobalTable")
    arn = {"Fn::GetAtt": [logical_id, "Arn"]}
    assert backend.table is table
    assert [arn, {"Fn::Join": ["", [arn, "/index/*"]]}] in [each["Resource"] for each in statements]
    assert any("kms:Decrypt" in each["Action"] for each in statements)
    assert template(stack)["Outputs"]["OrdersTableName"]["Value"] == {"Ref": logical_id}


def test_an_existing_function_is_wired_as_it_is_and_granted_access(stack: Stack, function: FunctionProperties) -> None:
    mine = LambdaFunction(stack, "mine", **function.keywords())

    backend = ApiBackend(
        stack, "orders", routes={"GET /": Route(function=mine.alias, table_access="read")}, table=TABLE
    )

    (alias,) = of_type(stack, "AWS::Lambda::Alias")
    (integration,) = of_type(stack, "AWS::ApiGatewayV2::Integration").values()
    (policy,) = of_type(stack, "AWS::IAM::Policy").values()
    assert backend.functions == {}
    assert integration["Properties"]["IntegrationUri"] == {"Ref": alias}
    assert list(TABLE_ACTIONS["read"]) in [
        each["Action"] for each in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def test_routes_share_a_function_by_its_name(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={"GET /old": Route(function="answer"), "GET /new": Route(name="answer", function=function)},
    )

    assert len(of_type(stack, "AWS::Lambda::Function")) == 1
    assert sorted(map(source_arn, of_type(stack, "AWS::Lambda::Permission").values())) == [
        "arn:<>:execute-api:<>:<>:<>/*/GET/new",
        "arn:<>:execute-api:<>:<>:<>/*/GET/old",
    ]


def test_the_api_is_throttled_logged_and_kept_finite(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={"GET /": Route(function=function)},
        throttle=Throttle(rate_limit=5, burst_limit=10),
        log_retention=7,
    )

    (stage,) = of_type(stack, "AWS::ApiGatewayV2::Stage").values()
    destination = stage["Properties"]["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"][0]
    assert stage["Properties"]["StageName"] == "$default"
    assert stage["Properties"]["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 10, "ThrottlingRateLimit": 5}
    assert of_type(stack, "AWS::Logs::LogGroup")[destination]["Properties"] == {"RetentionInDays": 7}
    assert "$context.requestId" in stage["Properties"]["AccessLogSettings"]["Format"]


def test_cors_defaults_to_the_methods_of_the_routes(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={"POST /": Route(function=function), "GET /": Route(function=function)},
        cors=Cors(allow_origins=["https://example.com"]),
    )

    (api,) = of_type(stack, "AWS::ApiGatewayV2::Api").values()
    assert api["Properties"]["CorsConfiguration"] == {
        "AllowOrigins": ["https://example.com"],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["content-type", "authorization"],
    }


def test_cors_settings_reach_the_api(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(
        stack,
        "orders",
        routes={"GET /": Route(function=function)},
        cors=Cors(
            allow_origins=["https://example.com"],
            allow_methods=["*"],
            allow_headers=["x-key"],
            expose_headers=["x-request-id"],
            allow_credentials=True,
            max_age=0,
        ),
    )

    (api,) = of_type(stack, "AWS::ApiGatewayV2::Api").values()
    assert api["Properties"]["CorsConfiguration"] == {
        "AllowOrigins": ["https://example.com"],
        "AllowMethods": ["*"],
        "AllowHeaders": ["x-key"],
        "ExposeHeaders": ["x-request-id"],
        "AllowCredentials": True,
        "MaxAge": 0,
    }


def test_outputs_belong_to_the_stack_under_the_patterns_name(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(stack, "order_desk", routes={"GET /": Route(function=function)}, table=TABLE)

    assert {"OrderDeskUrl", "OrderDeskTableName"} == set(template(stack)["Outputs"])


def test_nothing_is_made_that_was_not_asked_for(stack: Stack, function: FunctionProperties) -> None:
    ApiBackend(stack, "orders", routes={"GET /": Route(function=function)})

    types = sorted(each["Type"] for each in template(stack)["Resources"].values())
    assert types == [
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::Logs::LogGroup",
    ]


def test_a_subclass_changes_one_part_and_keeps_the_rest(stack: Stack, function: FunctionProperties) -> None:
    class Desk(ApiBackend):
        def make_table(self, properties: TableProperties) -> dynamodb.ITable:
            return super().make_table(replace(properties, time_to_live_attribute="expires"))

        def make_function(self, name: str, properties: FunctionProperties) -> LambdaFunction:
            return super().make_function(name, replace(properties, memory_size=256))

        def make_api(self, properties: ApiProperties) -> Any:
            return super().make_api(replace(properties, throttle=Throttle(rate_limit=1, burst_limit=1)))

        def permissions(self, name: str, function: LambdaFunction, table_access: TableAccess | None) -> None:
            super().permissions(name, function, "read_write" if name == "admin" else table_access)

    desk = Desk(
        stack, "desk", routes={"GET /": Route(name="admin", function=function, table_access="read")}, table=TABLE
    )

    (table,) = of_type(stack, "AWS::DynamoDB::GlobalTable").values()
    (stage,) = of_type(stack, "AWS::ApiGatewayV2::Stage").values()
    (made,) = of_type(stack, "AWS::Lambda::Function").values()
    (policy,) = of_type(stack, "AWS::IAM::Policy").values()
    assert table["Properties"]["TimeToLiveSpecification"]["AttributeName"] == "expires"
    assert made["Properties"]["MemorySize"] == 256
    assert stage["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"] == 1
    assert policy["Properties"]["PolicyDocument"]["Statement"][-1]["Action"] == list(TABLE_ACTIONS["read_write"])
    assert isinstance(desk.functions["admin"].alias, lambda_.Alias)
