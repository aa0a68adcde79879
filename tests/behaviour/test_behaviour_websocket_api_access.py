"""Who may connect to a WebSocket API, and who may use its connections: permissions are enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fakes.http_apis import authorizer, authorizer_uri, permission
from tests.fakes.plain_assembly import Resources, function, role, write_stack
from tests.fakes.websocket_apis import answering, client, hear, refusal, say, websocket_api
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-websocket-api-access")

ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""

GUARD = """
import json

def handler(event, context):
    said = event["queryStringParameters"]["token"]
    if said == "raise":
        raise Exception("Unauthorized")
    if said == "fail":
        raise Exception("a secret")
    if said.startswith("{"):
        return json.loads(said)
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if said == "allow" else "Deny",
                 "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    route = event["requestContext"]["routeKey"]
    context = {"number": 1, "flag": True, "text": "a", "route": route, "type": event["type"]}
    return {"principalId": "me", "policyDocument": policy, "context": context}
"""

# Sends to its own client, and tells how that went.
TELL = """
import json, boto3
from botocore.exceptions import ClientError

def handler(event, context):
    told = event["requestContext"]
    clients = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{told['domainName']}/{told['stage']}")
    operation = json.loads(event["body"])["operation"]
    more = {"Data": b'"sent"'} if operation == "post_to_connection" else {}
    try:
        getattr(clients, operation)(ConnectionId=told["connectionId"], **more)
    except ClientError as error:
        return {"statusCode": 200, "body": json.dumps(error.response["Error"])}
    return {"statusCode": 200, "body": json.dumps("done")}
"""

_API: Final = "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:"


class Door:
    """The deployed APIs. urls: of their stages, by name."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.outputs: dict[str, str] = deployment["stacks"]["access"]["outputs"]
        self.urls = {name: self.outputs[name] for name in ("Guarded", "Signed")}


def _user(name: str, resource: str) -> Resources:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": {"Fn::Sub": resource}}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        name: {
            "Type": "AWS::IAM::User",
            "Properties": {"UserName": name, "Policies": [{"PolicyName": "own", "PolicyDocument": policy}]},
        }
    }


def _of(api: str, what: str) -> dict[str, str]:
    """The ARN of something of an API's."""
    return {"Fn::Sub": f"{_API}${{{api}}}/{what}"}


def _resources() -> Resources:
    echo, private, tell, mute = ({"Fn::GetAtt": [name, "Arn"]} for name in ("Echo", "Private", "Tell", "Mute"))
    sources = ["route.request.querystring.token", "route.request.header.X-Forwarded-Proto"]  # the door adds the second
    guard = {"AuthorizerUri": authorizer_uri("Guard"), "IdentitySource": sources}
    custom = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Tokens"}}
    routes = {"$connect": echo, "$default": echo, "private": private, "tell": tell, "mute": mute}
    post_only = {
        "Effect": "Allow",
        "Action": "execute-api:ManageConnections",
        "Resource": {"Fn::Sub": _API + "${Guarded}/prod/POST/@connections/*"},
    }
    logs = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    resources = (
        function("Echo", ECHO)
        | function("Private", ECHO)
        | function("Guard", GUARD)
        | function("Tell", TELL)
        | function("Mute", TELL)
        | websocket_api("Guarded", routes, route_connect=custom)
        | authorizer("Guarded", "Tokens", "REQUEST", **guard)
        | websocket_api("Signed", {"$connect": echo, "$default": echo}, route_connect={"AuthorizationType": "AWS_IAM"})
        | permission("EchoMay", "Echo", _of("Guarded", "*"))
        | permission("TellMay", "Tell", _of("Guarded", "*tell"))
        | permission("MuteMay", "Mute", _of("Guarded", "prod/mute"))
        | permission("EchoMayOfSigned", "Echo", _of("Signed", "prod/*"))
        | permission("GuardMay", "Guard", _of("Guarded", "authorizers/${Tokens}"))
        | _user("ada", _API + "${Signed}/prod/$connect")
        | _user("eve", _API + "${Signed}/other/*")
    )
    for name, word in (("Guarded", "Default"), ("Guarded", "Tell"), ("Guarded", "Mute"), ("Signed", "Default")):
        resources |= answering(name, word)
    return resources | {"TellRole": role(post_only, logs), "MuteRole": role(logs)}


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture(scope="module")
def door(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    host = ".execute-api.${AWS::Region}.amazonaws.com/prod"
    urls = {name: {"Fn::Sub": f"wss://${{{name}}}{host}"} for name in ("Guarded", "Signed")}
    assembly = write_stack(tmp_path_factory.mktemp("assembly"), "access", _resources(), **urls)
    deployed = Door(harness, harness.deploy(assembly))
    yield deployed
    harness.destroy(deployed.deployment)


class TestLambdaAuthorizers:
    def test_what_it_tells_counts_for_the_whole_connection(self, door: Door) -> None:
        with client(f"{door.urls['Guarded']}?token=allow") as connection:
            say(connection, action="who")
            context = hear(connection)["requestContext"]

        assert context["authorizer"] == {
            "principalId": "me",
            "number": "1",
            "flag": "true",
            "text": "a",
            "route": "$connect",
            "type": "REQUEST",
        }

    @pytest.mark.parametrize(
        ("query", "status", "message"),
        [
            pytest.param("", 401, "Unauthorized", id="no identity source"),
            pytest.param("?token=", 401, "Unauthorized", id="an empty identity source"),
            pytest.param("?token=raise", 401, "Unauthorized", id="it says Unauthorized"),
            pytest.param("?token=deny", 403, "Forbidden", id="it denies"),
            pytest.param("?token=fail", 500, "Internal server error", id="it fails"),
            pytest.param("?token={}", 500, "Internal server error", id="it says nothing"),
            pytest.param('?token={"isAuthorized":true}', 500, "Internal server error", id="a simple response"),
        ],
    )
    def test_who_is_not_let_in(self, door: Door, query: str, status: int, message: str) -> None:
        answer = refusal(door.urls["Guarded"] + query.replace('"', "%22"))

        assert (answer.status_code, json.loads(answer.body or b"")["message"]) == (status, message)


class TestSignatures:
    def test_who_may_invoke_is_let_in(self, door: Door) -> None:
        headers = _signed(door, "ada")

        with client(door.urls["Signed"], additional_headers=headers) as connection:
            say(connection, action="who")
            identity = hear(connection)["requestContext"]["identity"]

        assert identity["userArn"] == "arn:aws:iam::123456789012:user/ada"
        assert identity["accountId"] == "123456789012"
        assert identity["accessKey"] in headers["Authorization"]

    def test_who_may_not_is_not(self, door: Door) -> None:
        assert refusal(door.urls["Signed"], additional_headers=_signed(door, "eve")).status_code == 403

    def test_nobody_is_let_in_without_a_signature(self, door: Door) -> None:
        assert refusal(door.urls["Signed"]).status_code == 403

    def test_a_forged_signature(self, door: Door) -> None:
        headers = _signed(door, "ada")
        forged = {**headers, "Authorization": headers["Authorization"][:-4] + "0000"}

        assert refusal(door.urls["Signed"], additional_headers=forged).status_code == 403


class TestPermissions:
    def test_a_function_that_the_api_may_not_call(self, door: Door) -> None:
        before = door.harness.position()
        with client(f"{door.urls['Guarded']}?token=allow") as connection:
            say(connection, action="private")

            assert hear(connection)["message"] == "Internal server error"
        (answer,) = [each for each in door.harness.events("RequestAnswered", after=before) if each["problem"]]
        assert "lambda:InvokeFunction" in answer["problem"]

    @pytest.mark.parametrize(
        ("route", "operation", "is_allowed"),
        [
            ("tell", "post_to_connection", True),
            ("tell", "get_connection", False),
            ("tell", "delete_connection", False),
            ("mute", "post_to_connection", False),
        ],
    )
    def test_connections_are_managed_by_who_may(self, door: Door, route: str, operation: str, is_allowed: bool) -> None:
        with client(f"{door.urls['Guarded']}?token=allow") as connection:
            say(connection, action=route, operation=operation)
            said = hear(connection)
            if is_allowed:
                assert {said, hear(connection)} == {"sent", "done"}
                return

        assert said["Code"] == "AccessDeniedException"
        assert (
            "execute-api:ManageConnections on resource: arn:aws:execute-api:us-east-1:123456789012:" in said["Message"]
        )
        verb = operation.partition("_")[0].upper()
        assert f"/prod/{verb}/@connections/" in said["Message"]

    def test_a_role_of_the_stack_posts_from_a_test(self, door: Door) -> None:
        assumed = door.harness.aws("sts").assume_role(
            RoleArn=f"arn:aws:iam::123456789012:role/{_physical(door, 'TellRole')}", RoleSessionName="test"
        )["Credentials"]
        session = boto3.session.Session(
            assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"], region_name="us-east-1"
        )
        url = door.urls["Guarded"].replace("ws://", "http://")
        manager = session.client("apigatewaymanagementapi", endpoint_url=url)
        with client(f"{door.urls['Guarded']}?token=allow") as connection:
            say(connection, action="who")
            connection_id = hear(connection)["requestContext"]["connectionId"]

            manager.post_to_connection(ConnectionId=connection_id, Data=b'"hello"')
            assert hear(connection) == "hello"
            with pytest.raises(manager.exceptions.ClientError, match="ManageConnections"):
                manager.get_connection(ConnectionId=connection_id)


def _physical(door: Door, logical_id: str) -> str:
    return str(door.deployment["stacks"]["access"]["resources"][logical_id]["physical_id"])


def _signed(door: Door, user: str) -> Mapping[str, str]:
    """The headers of a handshake with the API that asks for signatures."""
    key = door.harness.aws("iam").create_access_key(UserName=user)["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    made = AWSRequest(method="GET", url=door.urls["Signed"].replace("ws://", "http://"))
    SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(made)
    return {name: str(value) for name, value in made.headers.items()}
