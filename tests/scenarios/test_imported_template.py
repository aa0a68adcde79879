"""A template of CloudFormation's as a team has it: read in, deployed, and every function started by what starts it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.sam.conversion import convert
from lambdakit.sam.template_file import read_template_file
from lambdakit.sam.yaml_text import yaml_text

pytestmark = [pytest.mark.exhaustive, pytest.mark.xdist_group("cdk")]

TEMPLATE = Path(__file__).parents[1] / "fakes" / "team_templates" / "cloudformation_shop.yaml"
ORDERS = """
import json, os, boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def create(event, context):
    order = json.loads(event["body"])
    table.put_item(Item=order)
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=event["body"])
    return {"statusCode": 201}


def read(event, context):
    return {"statusCode": 200, "body": json.dumps(table.get_item(Key=event["pathParameters"])["Item"])}
"""
WORKERS = """
import boto3, json, os


def handler(event, context):
    if "Records" in event and "body" in event["Records"][0]:
        for record in event["Records"]:
            key = json.loads(record["body"])["id"]
            boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=b"order")
"""


def test_it_runs_as_it_did(tmp_path: Path) -> None:
    for name, code in (("orders", ORDERS), ("workers", WORKERS)):
        (tmp_path / "src" / name).mkdir(parents=True)
        (tmp_path / "src" / name / "app.py").write_text(code)
    template = Path(shutil.copy(TEMPLATE, tmp_path / "template.yaml"))
    document = tmp_path / "lambdakit.yaml"
    document.write_text(yaml_text(convert(read_template_file(template), document).document))

    with Harness() as harness:
        deployment = harness.deploy(document)
        with deployment.http() as http:
            created = http.post("/orders", json={"id": "a1"})
            read = http.get("/orders/a1")
        harness.drain(timeout=30)
        bucket = "archive-123456789012-dev"
        harness.client("s3").put_object(Bucket=bucket, Key="incoming/a", Body=b"a")
        topic = harness.client("sns").list_topics()["Topics"][0]["TopicArn"]
        harness.client("sns").publish(TopicArn=topic, Message="hello")
        harness.clock.advance(days=1)
        harness.drain(timeout=30)

        names = ("create", "read", "jobs", "nightly", "uploaded", "notice")
        started = {name: len(deployment.function(name).invocations) for name in names}
        stored = harness.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert (created.status_code, json.loads(read.text)) == (201, {"id": "a1"})
    assert started == dict.fromkeys(names, 1)
    assert [each["Key"] for each in stored] == ["a1", "incoming/a"]
