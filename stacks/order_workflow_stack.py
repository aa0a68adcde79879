"""Orders: an API starts a workflow for each, which takes back what it did when it cannot go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from lambdakit import ApiBackend, LambdaFunction
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.encrypted_queue import make_queue
from lambdakit.constructs.failure_destinations import END_OF_THE_PATH
from lambdakit.constructs.function_acknowledgements import acknowledge_no_dead_letters
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.output_names import stack_output
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableProperties, grant_table_access, make_table
from stacks.order_workflow.workflow import OrderWorkflow, Steps

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from constructs import Construct

_WORKFLOW_HEARS = "The workflow waits for the answer, and deals with the error itself."
FUNCTIONS = Path(__file__).parent / "order_workflow" / "functions"


class OrderWorkflowStack(Stack):
    """API Gateway -> Lambda -> Step Functions -> Lambda -> DynamoDB and SQS."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.orders = make_table(self, "OrdersTable", TableProperties(partition_key="order_id"))
        self.stock = make_table(self, "StockTable", TableProperties(partition_key="sku"))
        self.accounts = make_table(self, "AccountsTable", TableProperties(partition_key="customer_id"))
        self.stuck = make_queue(self, "StuckQueue")
        acknowledge(self.stuck, END_OF_THE_PATH)
        # What the warehouse received five times and did not take is somebody's to look at, too.
        self.warehouse = make_queue(
            self, "WarehouseQueue", dead_letter_queue=sqs.DeadLetterQueue(queue=self.stuck, max_receive_count=5)
        )
        stock = (self.stock, "STOCK_TABLE_NAME")
        accounts = (self.accounts, "ACCOUNTS_TABLE_NAME")
        carrier = LambdaFunction(self, "choose_carrier", code=FUNCTIONS / "steps", handler="delivery.choose_carrier")
        acknowledge_no_dead_letters(carrier, _WORKFLOW_HEARS)
        self.workflow = OrderWorkflow(
            self,
            "Workflow",
            steps=Steps(
                reserve=self._moving("reserve", "stock.reserve", *stock),
                charge=self._moving("charge", "payment.charge", *accounts),
                choose_carrier=carrier,
                refund=self._moving("refund", "payment.refund", *accounts),
                release=self._moving("release", "stock.release", *stock),
            ),
            orders=self.orders,
            warehouse=self.warehouse,
            stuck=self.stuck,
        ).state_machine
        self.api = ApiBackend(
            self,
            "orders",
            routes={
                "POST /orders": Route(
                    name="place_order",
                    function=FunctionProperties(
                        code=FUNCTIONS / "api",
                        handler="app.place",
                        environment={
                            "STOCK_TABLE_NAME": self.stock.table_name,
                            "WORKFLOW_ARN": self.workflow.state_machine_arn,
                        },
                        initial_policy=[
                            iam.PolicyStatement(
                                actions=["states:StartExecution"], resources=[self.workflow.state_machine_arn]
                            )
                        ],
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
        acknowledge(self.api, {"AwsSolutions-APIG4": "The shop takes orders from everybody, without an account."})
        grant_table_access(self.stock, self.api.functions["place_order"].role, "read")
        for suffix, value, what in (
            ("StockTableName", self.stock.table_name, "Goods: sku, price in cents, grams, available"),
            ("AccountsTableName", self.accounts.table_name, "Customers: customer_id, credit in cents"),
            ("WarehouseQueueUrl", self.warehouse.queue_url, "Orders to be sent"),
            ("StuckQueueUrl", self.stuck.queue_url, "Orders that somebody has to look at"),
            ("WorkflowArn", self.workflow.state_machine_arn, "The workflow"),
        ):
            stack_output(self.api, suffix, value=value, description=what)

    def _moving(self, name: str, handler: str, table: dynamodb.ITable, variable: str) -> LambdaFunction:
        """A function that moves goods or money in `table`, in one transaction with the order's own item."""
        function = LambdaFunction(
            self,
            name,
            code=FUNCTIONS / "steps",
            handler=handler,
            environment={"ORDERS_TABLE_NAME": self.orders.table_name, variable: table.table_name},
        )
        for each in (self.orders, table):
            each.grant(function.role, "dynamodb:UpdateItem")
        acknowledge_no_dead_letters(function, _WORKFLOW_HEARS)
        return function
