"""A document with raw resources and overrides, deployed: what it says in CloudFormation's own words is what runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment

DOCUMENT: Final = """\
application: shop
parameters: {Prefix: {default: shop}}
conditions: {IsShop: !Equals [!Ref Prefix, shop], IsElsewhere: !Not [!Condition IsShop]}
mappings: {Delays: {all: {seconds: 0}}}
outputs:
  JobsUrl: {value: !Ref Jobs, description: where orders go}
  SpareUrl: {value: !Ref Spare, condition: IsElsewhere}
cloudformation:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Join ["-", [!Ref Prefix, jobs]]
      DelaySeconds: !FindInMap [Delays, all, seconds]
      RedrivePolicy: {deadLetterTargetArn: !GetAtt failed.Arn, maxReceiveCount: 2}
  Spare: {Type: AWS::SQS::Queue, Condition: IsElsewhere}
  Sending:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: sending
      Roles: [!Ref create_order/Role]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Jobs.Arn}]
  Receiving:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: receiving
      Roles: [!Ref keep/Role]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
            Resource: !Sub "${Jobs.Arn}"
          - {Effect: Allow, Action: "dynamodb:PutItem", Resource: !GetAtt orders/Table.Arn}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    DependsOn: Receiving
    Properties: {EventSourceArn: !GetAtt Jobs.Arn, FunctionName: !Ref keep, BatchSize: !If [IsShop, 5, 1]}
resources:
  failed: {kind: queue, overrides: {.: {MessageRetentionPeriod: 3600}}}
functions:
  keep:
    code: code
    handler: app.keep
    overrides: {.: {Environment: {Variables: {TABLE: !Ref orders/Table}}}}
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      POST /orders: {name: create_order, code: code, handler: app.create, environment: {GREETING: hello}}
    overrides:
      create_order: {MemorySize: 256, Environment: {Variables: {JOBS_URL: !Ref Jobs}}}
"""
CODE: Final = """\
import json, os, boto3

def create(event, context):
    sent = boto3.client("sqs").send_message(QueueUrl=os.environ["JOBS_URL"], MessageBody=os.environ["GREETING"])
    return {"statusCode": 202, "body": json.dumps({"memory": context.memory_limit_in_mb, "id": sent["MessageId"]})}

def keep(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    for record in event["Records"]:
        table.put_item(Item={"order_id": record["messageId"], "text": record["body"]})
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("shop")
    (project / "code").mkdir()
    (project / "code" / "app.py").write_text(CODE)
    (project / "lambdakit.yaml").write_text(DOCUMENT)
    return project


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


@pytest.fixture(scope="module")
def shop(harness: Harness, project: Path) -> Deployment:
    return harness.deploy(project / "lambdakit.yaml")


def test_a_function_sends_to_the_raw_queue_that_an_override_told_it_of(harness: Harness, shop: Deployment) -> None:
    with shop.http() as http:
        answer = http.post("/orders")
    harness.drain()

    assert answer.status_code == 202
    assert answer.json()["memory"] == "256"
    table = harness.client("dynamodb").scan(TableName=shop.outputs["shop"]["OrdersTableName"])
    assert [(item["order_id"]["S"], item["text"]["S"]) for item in table["Items"]] == [(answer.json()["id"], "hello")]
    assert shop.permissions.denied == set()


def test_the_raw_resources_are_what_was_written(harness: Harness, shop: Deployment) -> None:
    resources, sqs = shop.stacks["shop"].resources, harness.client("sqs")
    (mapping,) = harness.client("lambda").list_event_source_mappings()["EventSourceMappings"]

    assert resources["Jobs"].physical_id.endswith("/shop-jobs")
    assert shop.outputs["shop"]["JobsUrl"].endswith("/shop-jobs")
    assert "Spare" not in resources
    assert "SpareUrl" not in shop.outputs["shop"]
    assert mapping["BatchSize"] == 5
    failed = sqs.get_queue_attributes(
        QueueUrl=shop.outputs["shop"]["FailedQueueUrl"], AttributeNames=["MessageRetentionPeriod"]
    )
    assert failed["Attributes"]["MessageRetentionPeriod"] == "3600"
