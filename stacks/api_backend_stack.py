"""The orders of `patterns/api_backend` as CDK code: the same template as the document's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from lambdakit import ApiBackend, LambdaFunction
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import Cors
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableAccess, TableProperties

if TYPE_CHECKING:
    from constructs import Construct

ORDERS = Path(__file__).parents[1] / "patterns" / "api_backend" / "functions" / "orders"


class OrdersBackend(ApiBackend):
    """The backend with this team's settings for every function: what `defaults` says in the document."""

    def make_function(self, name: str, properties: FunctionProperties) -> LambdaFunction:
        """The function with the team's settings, whatever its route says."""
        return super().make_function(
            name,
            replace(
                properties,
                runtime=lambda_.Runtime.PYTHON_3_13,
                architecture=lambda_.Architecture.ARM_64,
                memory_size=512,
                timeout=10,
                tracing=lambda_.Tracing.ACTIVE,
            ),
        )


class ApiBackendStack(Stack):
    """API Gateway -> Lambda -> DynamoDB, for orders."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.orders = OrdersBackend(
            self,
            "orders",
            routes={
                "POST /orders": _route("create_order", "app.create", "read_write"),
                "GET /orders": _route("list_orders", "app.list_all", "read"),
                "GET /orders/{order_id}": _route("read_order", "app.read", "read"),
                "DELETE /orders/{order_id}": _route("delete_order", "app.delete", "read_write"),
            },
            table=TableProperties(partition_key="order_id"),
            cors=Cors(allow_origins=["https://example.com"]),
        )
        acknowledge(self.orders, {"AwsSolutions-APIG4": "The shop takes orders from everybody, without an account."})


def _route(name: str, handler: str, table_access: TableAccess) -> Route:
    return Route(name=name, function=FunctionProperties(code=ORDERS, handler=handler), table_access=table_access)
