"""Functions that send to a queue by its URL: the SDK for JavaScript takes the URL's host as its endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit import Harness
from tests.fakes.plain_assembly import function, write_stack

NODE = """
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
const client = new SQSClient({});
exports.handler = async (event) =>
  (await client.send(new SendMessageCommand({ QueueUrl: process.env[event], MessageBody: event }))).MessageId;
"""
PYTHON = """
import boto3, os
def handler(event, context):
    return boto3.client("sqs").send_message(QueueUrl=os.environ[event], MessageBody=event)["MessageId"]
"""
_WRITTEN = "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${Jobs.QueueName}"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


@pytest.mark.parametrize(
    ("runtime", "source"), [("nodejs22.x", NODE), ("python3.13", PYTHON)], ids=["Node.js", "Python"]
)
def test_message_arrives_by_every_form_of_the_url(harness: Harness, tmp_path: Path, runtime: str, source: str) -> None:
    urls = {
        "REF": {"Ref": "Jobs"},
        "ATTRIBUTE": {"Fn::GetAtt": ["Jobs", "QueueUrl"]},
        "WRITTEN": {"Fn::Sub": _WRITTEN},
    }
    resources = {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {}},
        **function("Sends", source, Runtime=runtime, Environment={"Variables": urls}),
    }
    name = f"urls-{runtime.partition('.')[0]}"
    deployment = harness.deploy(write_stack(tmp_path, name, resources, Url={"Ref": "Jobs"}))

    for form in urls:
        deployment.function("Sends").invoke(form).raise_for_error()

    url = deployment.outputs[name]["Url"]
    messages = harness.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in messages) == sorted(urls)
    assert url.startswith(f"{harness.endpoint_url}/123456789012/")

    deployment.destroy()
