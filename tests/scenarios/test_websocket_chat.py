"""A chat as users of the CDK build it: a WebSocket API, functions, a table of who is there, permissions enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import connect

from lambdakit import Harness
from lambdakit.errors import HarnessError
from lambdakit.trace import AccessDenied, RequestAnswered, ServiceCalled

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.sync.client import ClientConnection

    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

HANDLERS = """
import json, os, boto3

members = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def join(event, context):
    members.put_item(Item={"connection": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}

def leave(event, context):
    members.delete_item(Key={"connection": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}

def say(event, context):
    told = event["requestContext"]
    clients = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{told['domainName']}/{told['stage']}")
    for member in members.scan()["Items"]:
        if member["connection"] != told["connectionId"]:
            clients.post_to_connection(ConnectionId=member["connection"], Data=event["body"].encode())
    return {"statusCode": 200, "body": "said"}

def announce(event, context):
    clients = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["CALLBACK"])
    for member in members.scan()["Items"]:
        clients.post_to_connection(ConnectionId=member["connection"], Data=json.dumps(event).encode())
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture(scope="module")
def chat(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    deployment = harness.deploy(_stack(tmp_path_factory.mktemp("chat")))
    yield deployment
    deployment.destroy()


def _stack(directory: Path) -> Any:
    import aws_cdk as cdk
    from aws_cdk import aws_apigatewayv2 as gateway
    from aws_cdk import aws_apigatewayv2_integrations as integrations
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_lambda as lambda_

    stack = cdk.Stack(cdk.App(outdir=str(directory)), "chat")
    table = dynamodb.TableV2(
        stack,
        "Members",
        partition_key=dynamodb.Attribute(name="connection", type=dynamodb.AttributeType.STRING),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )

    def function(name: str) -> lambda_.Function:
        made = lambda_.Function(
            stack,
            name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler=f"index.{name.lower()}",
            code=lambda_.Code.from_inline(HANDLERS),
            environment={"TABLE": table.table_name},
            timeout=cdk.Duration.seconds(20),
        )
        table.grant_read_write_data(made)
        return made

    join, leave, say, announce = (function(name) for name in ("Join", "Leave", "Say", "Announce"))

    def route(to: lambda_.Function) -> gateway.WebSocketRouteOptions:
        return gateway.WebSocketRouteOptions(integration=integrations.WebSocketLambdaIntegration(f"To{to.node.id}", to))

    api = gateway.WebSocketApi(
        stack,
        "Room",
        connect_route_options=route(join),
        disconnect_route_options=route(leave),
    )
    api.add_route("say", integration=integrations.WebSocketLambdaIntegration("ToSay", say), return_response=True)
    api.add_route("shout", integration=integrations.WebSocketLambdaIntegration("ToAnnounce", announce))
    stage = gateway.WebSocketStage(stack, "Live", web_socket_api=api, stage_name="live", auto_deploy=True)
    api.grant_manage_connections(say)
    announce.add_environment("CALLBACK", stage.callback_url)
    cdk.CfnOutput(stack, "Url", value=stage.url)
    cdk.CfnOutput(stack, "Callback", value=stage.callback_url)
    return stack


def _connection(chat: Deployment) -> Any:
    return connect(chat.outputs["chat"]["Url"], proxy=None, open_timeout=30)


def _hear(connection: ClientConnection) -> Any:
    return connection.recv(30)


def test_what_one_says_the_others_hear(harness: Harness, chat: Deployment) -> None:
    message = json.dumps({"action": "say", "text": "hello"})

    with _connection(chat) as ada, _connection(chat) as eve, _connection(chat) as bob:
        ada.send(message)

        assert _hear(ada) == "said"
        assert [_hear(eve), _hear(bob)] == [message] * 2
    harness.drain()

    assert harness.client("dynamodb").scan(TableName=_table(chat))["Count"] == 0
    answers = [event for event in harness.trace.of(RequestAnswered) if event.door == "websocket_api"]
    assert sorted(event.path for event in answers) == sorted(["$connect", "$disconnect"] * 3 + ["say"])
    assert {event.status for event in answers} == {200}
    posts = [event for event in harness.trace.of(ServiceCalled) if event.operation == "PostToConnection"]
    assert [event.status for event in posts] == [200, 200]


def test_a_function_without_the_grant_reaches_nobody(harness: Harness, chat: Deployment) -> None:
    with _connection(chat) as ada:
        ada.send(json.dumps({"action": "shout"}))

        assert json.loads(_hear(ada))["message"] == "Internal server error"
    harness.drain()

    denied = [event for event in harness.trace.of(AccessDenied) if event.action == "execute-api:ManageConnections"]
    assert len(denied) == 1
    assert "@connections" in denied[0].resource


def test_a_test_speaks_to_a_client(harness: Harness, chat: Deployment) -> None:
    url = chat.outputs["chat"]["Url"]
    with _connection(chat) as ada:
        harness.drain()
        (member,) = harness.client("dynamodb").scan(TableName=_table(chat))["Items"]
        connection_id = member["connection"]["S"]

        for endpoint_url in (url, chat.outputs["chat"]["Callback"]):
            manager = harness.client("apigatewaymanagementapi", endpoint_url=endpoint_url)
            manager.post_to_connection(ConnectionId=connection_id, Data=b"from the test")
            assert _hear(ada) == "from the test"


def test_the_api_is_told_with_the_url_of_its_stage(chat: Deployment) -> None:
    api = chat.api()

    assert (api.kind, api.url) == ("websocket_api", chat.outputs["chat"]["Url"])
    assert api.url.startswith("ws://127.0.0.1:")
    with pytest.raises(HarnessError, match=r"is a WebSocket API, which answers no HTTP requests \[LK545\]"):
        chat.http()


def _table(chat: Deployment) -> str:
    resources = chat.stacks["chat"].resources.values()
    return next(each.physical_id for each in resources if each.type.startswith("AWS::DynamoDB::"))
