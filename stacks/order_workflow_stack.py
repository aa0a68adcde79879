"""The orders of `patterns/order_workflow` as CDK code: what the document gives, with the workflow as constructs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Stack

from lambdakit import ApiBackend, LambdaFunction
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.grants import Grant
from lambdakit.constructs.lone_function import lone_function
from lambdakit.constructs.resources.queue import shared_queue
from lambdakit.constructs.resources.shared import shared_output
from lambdakit.constructs.resources.table import shared_table
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableProperties
from stacks.order_states import OrderWorkflow, Steps

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from constructs import Construct

FUNCTIONS = Path(__file__).parents[1] / "patterns" / "order_workflow" / "functions"
KEPT_SECONDS_OF_STUCK_ORDERS = 14 * 24 * 60 * 60


class OrderWorkflowStack(Stack):
    """API Gateway -> Lambda -> Step Functions -> Lambda -> DynamoDB and SQS."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.orders = shared_table(self, "orders", TableProperties(partition_key="order_id"))
        self.stock = shared_table(self, "stock", TableProperties(partition_key="sku"))
        self.accounts = shared_table(self, "accounts", TableProperties(partition_key="customer_id"))
        self.stuck = shared_queue(self, "stuck", retention_period=KEPT_SECONDS_OF_STUCK_ORDERS, is_last=True)
        # What the warehouse received five times and did not take is somebody's to look at, too.
        self.warehouse = shared_queue(self, "warehouse", dead_letter_queue=self.stuck)
        self.workflow = OrderWorkflow(
            self,
            "workflow",
            steps=Steps(
                reserve=self._step("reserve", "stock.reserve", stock=self.stock),
                charge=self._step("charge", "payment.charge", accounts=self.accounts),
                choose_carrier=self._step("choose_carrier", "delivery.choose_carrier"),
                refund=self._step("refund", "payment.refund", accounts=self.accounts),
                release=self._step("release", "stock.release", stock=self.stock),
            ),
            orders=self.orders,
            warehouse=self.warehouse,
            stuck=self.stuck,
        ).state_machine
        shared_output(self, "workflow", "StateMachineArn", self.workflow.state_machine_arn)
        self.shop = ApiBackend(
            self,
            "shop",
            routes={
                "POST /orders": Route(
                    name="place_order",
                    function=FunctionProperties(
                        code=FUNCTIONS / "api",
                        handler="app.place",
                        grants={"stock": Grant(self.stock, "read"), "workflow": Grant(self.workflow, "invoke")},
                    ),
                    table_access="read_write",
                ),
                "GET /orders/{order_id}": Route(
                    name="read_order",
                    function=FunctionProperties(code=FUNCTIONS / "api", handler="app.read"),
                    table_access="read",
                ),
            },
            table=self.orders,
        )
        acknowledge(self.shop, {"AwsSolutions-APIG4": "The shop takes orders from everybody, without an account."})

    def _step(self, name: str, handler: str, **moved_in: dynamodb.TableV2) -> LambdaFunction:
        """A step. moved_in: what it moves goods or money in, in one transaction with the order's own item."""
        tables = {"orders": self.orders, **moved_in} if moved_in else {}
        return lone_function(
            self,
            name,
            FunctionProperties(
                code=FUNCTIONS / "steps",
                handler=handler,
                grants={each: Grant(table, "write") for each, table in tables.items()},
            ),
        )
