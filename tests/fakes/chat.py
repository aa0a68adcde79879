"""A chat behind a WebSocket API: functions that say what they were asked, keep who is there, and speak to everybody."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3

from tests.fakes.plain_assembly import Resources, function, table, write_stack
from tests.fakes.websocket_apis import answering, hear, say, websocket_api
from tests.fakes.wired_harness import WiredHarness

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

UPGRADE: Final = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "ZXhhbXBsZS1leGFtcGxlLQ==",
    "Sec-WebSocket-Version": "13",
}
# Tells of every event, and of nothing else, to whoever listens; what a message says decides what is answered, and after
# which other message's mark in the table.
ECHO = """
import json, os, time, boto3

def handler(event, context):
    message = event.get("body") or "{}"
    message = json.loads(message) if message.startswith("{") else {}
    if message.get("fail"):
        raise LookupError("a secret")
    if message.get("malformed"):
        return message["malformed"]
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    while "after" in message and "Item" not in table.get_item(Key={"id": message["after"]}):
        time.sleep(0.05)
    if "id" in message:
        table.put_item(Item={"id": message["id"], "event": json.dumps(event)})
    return {"statusCode": message.get("status", 200), "body": json.dumps(event)}
"""

# Keeps who is connected in a table, as every chat does; says what `$connect` and `$disconnect` were.
ROOM = """
import json, os, boto3

members = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    told = event["requestContext"]
    if told["eventType"] == "CONNECT":
        query = event.get("queryStringParameters") or {}
        members.put_item(Item={"id": told["connectionId"], "event": json.dumps(event)})
        headers = {"Sec-WebSocket-Protocol": query["protocol"]} if "protocol" in query else {}
        if "greet" in query:
            clients = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{told['domainName']}/{told['stage']}")
            try:
                clients.post_to_connection(ConnectionId=told["connectionId"], Data=b"too early")
            except clients.exceptions.GoneException as gone:
                headers["Sec-WebSocket-Protocol"] = str(gone.response["ResponseMetadata"]["HTTPStatusCode"])
        return {"statusCode": int(query.get("status", 200)), "headers": headers, "body": "not to be seen"}
    if told["eventType"] == "DISCONNECT":
        members.put_item(Item={"id": "left " + told["connectionId"], "event": json.dumps(event)})
        members.delete_item(Key={"id": told["connectionId"]})
        return {"statusCode": 200}
"""

# Sends what it gets to everybody but the sender, at the address that the message names or that its event tells.
SPREAD = """
import json, os, boto3

members = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    told, message = event["requestContext"], json.loads(event["body"])
    urls = {"event": f"https://{told['domainName']}/{told['stage']}", "variable": os.environ["CALLBACK"]}
    clients = boto3.client("apigatewaymanagementapi", endpoint_url=urls[message["by"]])
    reached = 0
    for item in members.scan()["Items"]:
        if item["id"] == told["connectionId"] or item["id"].startswith("left "):
            continue
        try:
            clients.post_to_connection(ConnectionId=item["id"], Data=json.dumps({"said": message["text"]}).encode())
            reached += 1
        except clients.exceptions.GoneException:
            members.delete_item(Key={"id": item["id"]})
    return {"statusCode": 200, "body": json.dumps({"reached": reached})}
"""


# The same in JavaScript, without the SDK: a request to the host that the event tells.
SCRIPT = """
const https = require("node:https");

exports.handler = (event) => new Promise((resolve, reject) => {
  const { domainName, stage, connectionId } = event.requestContext;
  const path = `/${stage}/%40connections/${encodeURIComponent(connectionId)}`;
  const sent = https.request({ host: domainName, port: 443, path, method: "POST" }, (answer) => {
    answer.resume();
    answer.on("end", () => resolve({ statusCode: 200, body: JSON.stringify({ status: answer.statusCode }) }));
  });
  sent.on("error", reject);
  sent.end(JSON.stringify("from a script"));
});
"""


class Chat:
    """A deployed API. url: of its stage."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        outputs = deployment["stacks"]["chat"]["outputs"]
        self.url: str = outputs["Url"]
        self.callback: str = outputs["Callback"]
        self.table: str = outputs["Table"]
        self.port = urlsplit(self.url).port or 0
        (self.api,) = deployment["apis"]
        self.api_id: str = self.api["api_id"]

    def kept(self, key: str) -> dict[str, Any] | None:
        """The event that stands in the table under a key; None without one."""
        item = self.harness.aws("dynamodb").get_item(TableName=self.table, Key={"id": {"S": key}}).get("Item")
        return None if item is None else json.loads(item["event"]["S"])

    def left(self, connection_id: str) -> dict[str, Any] | None:
        """The event of a connection's end; None while there is none."""
        return self.kept(f"left {connection_id}")

    def ended(self, connection_id: str) -> tuple[int, str]:
        """Code and reason of a connection's end."""
        event = self.left(connection_id)
        assert event is not None
        context = event["requestContext"]
        return context["disconnectStatusCode"], context["disconnectReason"]

    def advance(self, **step: float) -> None:
        """Moves the clock and waits for what came due."""
        answer = self.harness.call("POST", "clock", {"advance_seconds": timedelta(**step).total_seconds()})
        assert answer.status == 200, answer.body

    def manager(self) -> Any:
        """A client of `@connections`, as the account's administrator."""
        session = boto3.session.Session(aws_access_key_id="A", aws_secret_access_key="-", region_name="us-east-1")
        return session.client("apigatewaymanagementapi", endpoint_url=self.callback)


def _resources() -> Resources:
    echo, room, spread, script = ({"Fn::GetAtt": [name, "Arn"]} for name in ("Echo", "Room", "Spread", "Script"))
    kept = {"TABLE": {"Ref": "Table"}}
    address = {"Fn::Sub": "https://${Chat}.execute-api.${AWS::Region}.amazonaws.com/prod"}
    routes = {
        "$connect": room,
        "$disconnect": room,
        "$default": echo,
        "spread": spread,
        "one-way": echo,
        "script": script,
    }
    return (
        function("Echo", ECHO, Timeout=20, Environment={"Variables": kept})
        | function("Room", ROOM, Environment={"Variables": kept})
        | function("Spread", SPREAD, Environment={"Variables": {**kept, "CALLBACK": address}})
        | function("Script", SCRIPT, Runtime="nodejs22.x")
        | table("Table")
        | websocket_api("Chat", routes)
        | answering("Chat", "Default")
        | answering("Chat", "Spread")
        | answering("Chat", "Script")
    )


def deployed_chat(harness: WiredHarness, directory: Path) -> Chat:
    """The API, deployed."""
    host = "${Chat}.execute-api.${AWS::Region}.amazonaws.com/prod"
    outputs = {
        "Url": {"Fn::Sub": f"wss://{host}"},
        "Callback": {"Fn::Sub": f"https://{host}"},
        "Table": {"Ref": "Table"},
    }
    return Chat(harness, harness.deploy(write_stack(directory, "chat", _resources(), **outputs)))


def id_of(connection: ClientConnection) -> str:
    """The id of a connection, by asking."""
    say(connection, action="who")
    return str(hear(connection)["requestContext"]["connectionId"])


def opening(path: str) -> bytes:
    """A request for a WebSocket connection."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in UPGRADE.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def masked(text: bytes) -> bytes:
    """A short text as a client's frame."""
    assert len(text) < 126
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


def raw_connection(chat: Chat, connected: socket.socket) -> str:
    """Its id, once the handshake and one message are over."""
    connected.settimeout(20)
    connected.sendall(opening("/prod") + masked(b'{"action": "who"}'))
    said = until(connected, b'"isBase64Encoded": false}')
    return str(json.loads(said[said.index(b'{"requestContext"') :])["requestContext"]["connectionId"])


def until(connected: socket.socket, text: bytes) -> bytes:
    """What is received until a text was in it."""
    said = b""
    while text not in said:
        data = connected.recv(65_536)
        assert data, said
        said += data
    return said


def until_closed(connected: socket.socket) -> bytes:
    """What is received until the other side ends."""
    said = b""
    while data := connected.recv(65_536):
        said += data
    return said
