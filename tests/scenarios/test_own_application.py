"""An application of a user's own: a CDK project whose classes subclass the patterns, deployed and used."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

APP = """
    from dataclasses import replace
    from pathlib import Path

    import aws_cdk as cdk
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_s3 as s3

    from lambdakit import ApiBackend, EventProcessing
    from lambdakit.constructs.event_sources.sqs import SqsSource
    from lambdakit.constructs.function_properties import FunctionProperties
    from lambdakit.constructs.routes import Route
    from lambdakit.constructs.table import TableProperties
    from lambdakit.constructs.targets.dynamodb import DynamoDbTarget

    CODE = Path(__file__).parent / "functions"


    class AuditedBackend(ApiBackend):
        '''Its table is an older one's, every function may be slow, and writes what it did to a bucket.'''

        def __init__(self, scope, id, *, audit, **settings):
            self.audit = audit
            super().__init__(scope, id, **settings)

        def make_table(self, properties):
            return dynamodb.Table(
                self,
                "Table",
                partition_key=dynamodb.Attribute(name="tenant", type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name="order_id", type=dynamodb.AttributeType.STRING),
                billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            )

        def make_function(self, name, properties):
            environment = {**properties.environment, "AUDIT_BUCKET": self.audit.bucket_name}
            return super().make_function(name, replace(properties, timeout=25, environment=environment))

        def permissions(self, name, function, table_access):
            super().permissions(name, function, table_access)
            if table_access != "read":
                self.audit.grant_put(function.role, "audit/*")


    class TeamStack(cdk.Stack):
        def __init__(self, scope, id):
            super().__init__(scope, id)
            audit = s3.Bucket(self, "Audit", removal_policy=cdk.RemovalPolicy.DESTROY)
            self.backend = AuditedBackend(
                self,
                "orders",
                audit=audit,
                table=TableProperties(partition_key="order_id"),
                routes={
                    "POST /orders": Route(
                        name="create",
                        function=FunctionProperties(code=CODE, handler="app.create"),
                        table_access="write",
                    ),
                    "GET /orders/{order_id}": Route(
                        name="read", function=FunctionProperties(code=CODE, handler="app.read"), table_access="read"
                    ),
                },
            )
            EventProcessing(
                self,
                "imports",
                source=SqsSource(),
                function=FunctionProperties(code=CODE, handler="app.take_in"),
                targets={"orders": DynamoDbTarget(table=self.backend.table)},
            )


    app = cdk.App()
    TeamStack(app, "team")
    app.synth()
"""
FUNCTIONS = """
    import json
    import os

    import boto3

    def _table(name="TABLE_NAME"):
        return boto3.resource("dynamodb").Table(os.environ[name])

    def create(event, context):
        order = json.loads(event["body"])
        _table().put_item(Item={"tenant": "a", **order})
        boto3.client("s3").put_object(Bucket=os.environ["AUDIT_BUCKET"], Key=f"audit/{order['order_id']}", Body=b"")
        return {"statusCode": 201, "body": json.dumps(order)}

    def read(event, context):
        key = {"tenant": "a", "order_id": event["pathParameters"]["order_id"]}
        if "audited" in (event.get("queryStringParameters") or {}):
            boto3.client("s3").put_object(Bucket=os.environ["AUDIT_BUCKET"], Key="audit/read", Body=b"")
        return {"statusCode": 200, "body": json.dumps(_table().get_item(Key=key)["Item"])}

    def take_in(event, context):
        for record in event["Records"]:
            _table("ORDERS_TABLE_NAME").put_item(Item={"tenant": "a", **json.loads(record["body"])})
        return {"batchItemFailures": []}
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture(scope="module")
def deployment(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    project = tmp_path_factory.mktemp("team")
    (project / "functions").mkdir()
    (project / "functions" / "app.py").write_text(textwrap.dedent(FUNCTIONS))
    (project / "app.py").write_text(textwrap.dedent(APP))
    (project / "cdk.json").write_text(json.dumps({"app": "python app.py"}))
    return harness.deploy(project)


def test_the_table_of_the_subclass_is_the_patterns(harness: Harness, deployment: Deployment) -> None:
    with deployment.http() as http:
        created = http.post("/orders", json={"order_id": "1"})
        read = http.get("/orders/1")

    assert (created.status_code, read.status_code) == (201, 200)
    assert read.json() == {"tenant": "a", "order_id": "1"}
    table = harness.client("dynamodb").describe_table(TableName=deployment.outputs["team"]["OrdersTableName"])["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["tenant", "order_id"]


def test_another_pattern_takes_what_the_subclass_made(harness: Harness, deployment: Deployment) -> None:
    harness.client("sqs").send_message(
        QueueUrl=deployment.outputs["team"]["ImportsQueueUrl"], MessageBody=json.dumps({"order_id": "2"})
    )
    harness.drain()

    with deployment.http() as http:
        assert http.get("/orders/2").json() == {"tenant": "a", "order_id": "2"}


def test_functions_of_the_subclass_have_its_settings_and_its_permissions(
    harness: Harness, deployment: Deployment
) -> None:
    lambda_ = harness.client("lambda")
    timeouts = {
        name: lambda_.get_function_configuration(FunctionName=deployment.function(f"orders/{name}").name)["Timeout"]
        for name in ("create", "read")
    }

    with deployment.http() as http:
        http.post("/orders", json={"order_id": "3"})
        refused = http.get("/orders/3", params={"audited": "1"})

    assert timeouts == {"create": 25, "read": 25}
    bucket = lambda_.get_function_configuration(FunctionName=deployment.function("orders/create").name)["Environment"][
        "Variables"
    ]["AUDIT_BUCKET"]
    objects = harness.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert "audit/3" in [each["Key"] for each in objects]
    assert refused.status_code == 500  # reading was not granted to write there
    assert {denial.action for denial in deployment.permissions.denied} == {"s3:PutObject"}


def test_it_goes_without_leaving_anything(harness: Harness, deployment: Deployment) -> None:
    names = deployment.outputs["team"]
    s3 = harness.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for each in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            s3.delete_object(Bucket=bucket["Name"], Key=each["Key"])  # which CloudFormation would not, either

    deployment.destroy()

    assert names["OrdersTableName"] not in harness.client("dynamodb").list_tables()["TableNames"]
    assert harness.client("lambda").list_functions()["Functions"] == []
