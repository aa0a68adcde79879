"""Methods of REST APIs as targets of rules and pipes.

Source: Amazon EventBridge User Guide, "Amazon API Gateway targets in Amazon EventBridge", "Amazon EventBridge Pipes
targets"; EventBridge API Reference, "HttpParameters".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_bus import EventBus
from tests.fakes.plain_assembly import Resources, function, role
from tests.fakes.rest_assembly import invocable, proxied, rest_api
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-api-targets")

_ANSWER = 'def handler(event, context): return {"statusCode": 200, "body": "taken"}'
_REFUSE = 'def handler(event, context): return {"statusCode": 400, "body": "no"}'
_METHOD_ARN = "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Orders}/prod/%s"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


def api(method: str, source: str = _ANSWER, **properties: Any) -> Resources:
    """A REST API with one method, in front of one function."""
    methods = {method: {**proxied("Taker"), **properties}}
    return function("Taker", source) | rest_api("Orders", methods) | invocable("Taker", "Orders")


def rule(method: str, *, signed_by: str = "", **target: Any) -> Resources:
    """A rule for events of `shop` with one target."""
    given = {"Id": "api", "Arn": {"Fn::Sub": _METHOD_ARN % method}, **target}
    if signed_by:
        given["RoleArn"] = {"Fn::GetAtt": [signed_by, "Arn"]}
    properties = {"EventPattern": {"source": ["shop"]}, "Targets": [given]}
    return {"Rule": {"Type": "AWS::Events::Rule", "Properties": properties}}


def test_a_rule_sends_its_event_to_a_method(harness: WiredHarness, stacks: Stacks) -> None:
    http = {
        "PathParameterValues": ["$.detail.id"],
        "HeaderParameters": {"x-shop": "1"},
        "QueryStringParameters": {"from": "rule one"},
    }
    stacks.deploy(
        api("POST /orders/{id}") | rule("POST/orders/*", HttpParameters={**http, "PathParameterValues": ["7"]})
    )
    before = harness.position()

    EventBus(harness).put({"id": "7"})

    [request] = harness.payloads(after=before)
    assert (request["httpMethod"], request["path"]) == ("POST", "/orders/7")
    assert request["pathParameters"] == {"id": "7"}
    assert request["queryStringParameters"] == {"from": "rule one"}
    assert request["headers"]["x-shop"] == "1"
    assert json.loads(request["body"])["detail"] == {"id": "7"}
    assert harness.events("EventDelivered", after=before)


@pytest.mark.parametrize("granted", [True, False])
def test_a_method_that_asks_for_a_signature_gets_the_roles(
    harness: WiredHarness, stacks: Stacks, granted: bool
) -> None:
    action = "execute-api:Invoke" if granted else "execute-api:ManageConnections"
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    caller = {"Caller": role(statement, service="events.amazonaws.com")}
    stacks.deploy(api("POST /", AuthorizationType="AWS_IAM") | caller | rule("POST/", signed_by="Caller"))
    before = harness.position()

    EventBus(harness).put({})

    assert len(harness.payloads(after=before)) == granted
    refused = harness.events("EventNotDelivered", after=before)
    assert [event["settled"] for event in refused] == ([] if granted else ["dropped"])
    assert all("execute-api:Invoke" in event["reason"] for event in refused)


def test_what_a_method_refuses_is_not_sent_again(harness: WiredHarness, stacks: Stacks) -> None:
    stacks.deploy(api("POST /", _REFUSE) | rule("POST/"))
    before = harness.position()

    EventBus(harness).put({})

    [refused] = harness.events("EventNotDelivered", after=before)
    assert (refused["attempts"], refused["settled"]) == (1, "dropped")
    assert "answered 400" in refused["reason"]


def test_a_pipe_sends_each_record_to_a_method(harness: WiredHarness, stacks: Stacks) -> None:
    reads = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    allowed = {"Effect": "Allow", "Action": [*reads, "execute-api:Invoke"], "Resource": "*"}
    pipe = {
        "Source": {"Fn::GetAtt": ["In", "Arn"]},
        "Target": {"Fn::Sub": _METHOD_ARN % "POST/orders/*"},
        "RoleArn": {"Fn::GetAtt": ["Piping", "Arn"]},
        "TargetParameters": {
            "InputTemplate": '{"order": <$.body.id>}',
            "HttpParameters": {"PathParameterValues": ["$.body.id"]},
        },
    }
    resources: Resources = {
        "In": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Piping": role(allowed, service="pipes.amazonaws.com"),
        "Pipe": {"Type": "AWS::Pipes::Pipe", "Properties": pipe},
    }
    deployment = stacks.deploy(api("POST /orders/{id}", AuthorizationType="AWS_IAM") | resources)
    before = harness.position()

    url = physical_id(deployment, "In")
    harness.aws("sqs").send_message(QueueUrl=url, MessageBody='{"id": 7}')
    harness.drain()

    [request] = harness.payloads(after=before)
    assert (request["path"], json.loads(request["body"])) == ("/orders/7", {"order": 7})
