"""Integrations of HTTP APIs beside functions: other HTTP endpoints and AWS services, and what is mapped on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.fakes.http_apis import api, route, stage, to_function
from tests.fakes.plain_assembly import Resources, function, role, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-http-api-integrations")

ECHO = """
import json
def handler(event, context):
    headers = {"x-one": "1", "x-two": "2"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(event)}
"""
_SQS = "{http://queue.amazonaws.com/doc/2012-11-05/}"


class Backend(BaseHTTPRequestHandler):
    """Tells what it was asked."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        told = {"method": self.command, "path": self.path, "body": body.decode(), "headers": dict(self.headers.items())}
        content = json.dumps(told).encode()
        self.send_response(418 if self.path.startswith("/teapot") else 200)
        self.send_header("X-Backend", "yes")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _answer  # the names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever, name="backend", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def _proxy(uri: object, method: str = "ANY", **properties: Any) -> dict[str, Any]:
    return {
        "IntegrationType": "HTTP_PROXY",
        "IntegrationUri": uri,
        "IntegrationMethod": method,
        "PayloadFormatVersion": "1.0",
        **properties,
    }


def _service(subtype: str, of_role: str = "Role", **parameters: object) -> dict[str, Any]:
    return {
        "IntegrationType": "AWS_PROXY",
        "IntegrationSubtype": subtype,
        "CredentialsArn": {"Fn::GetAtt": [of_role, "Arn"]},
        "PayloadFormatVersion": "1.0",
        "RequestParameters": parameters,
    }


_MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


def _resources(backend: str) -> Resources:
    queue = {"Ref": "Queue"}
    changes = {
        "append:header.X-Added": "a-$context.stage",
        "overwrite:header.x-old": "$request.querystring.new",
        "remove:header.x-gone": "''",
        "append:querystring.page": "2",
        "overwrite:querystring.from": "${request.body.user.name}/${request.path.id}/$stageVariables.color",
        "remove:querystring.secret": "''",
        "overwrite:path": "/other/$request.path.id",
    }
    answers = {
        "200": {
            "ResponseParameters": [
                {"Destination": "append:header.x-one", "Source": "more"},
                {"Destination": "overwrite:header.x-two", "Source": "$response.header.x-one-$context.requestId"},
                {"Destination": "overwrite:header.x-path", "Source": "$response.body.rawPath"},
                {"Destination": "remove:header.content-type", "Source": "''"},
                {"Destination": "overwrite:statuscode", "Source": "202"},
            ]
        }
    }
    return (
        function("Echo", ECHO)
        | api("Api")
        | stage("Api", StageVariables={"color": "blue", "backend": backend, "fn": "Echo"})
        | {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
            "Role": role(service="apigateway.amazonaws.com"),
            "Poor": role({"Effect": "Deny", "Action": "*", "Resource": "*"}, service="apigateway.amazonaws.com"),
            "Foreign": role(service="lambda.amazonaws.com"),
            "MachineRole": role(service="states.amazonaws.com"),
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]}, "DefinitionString": _MACHINE},
            },
        }
        | {
            "Call": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Fn::GetAtt": ["Echo", "Arn"]},
                    "Principal": "apigateway.amazonaws.com",
                },
            }
        }
        | route("Api", "Mapped", "POST /mapped/{id}", to_function("Echo", RequestParameters=changes))
        | route("Api", "Answered", "GET /answered", to_function("Echo", ResponseParameters=answers))
        | route("Api", "ByRole", "GET /by-role", to_function("Echo", CredentialsArn={"Fn::GetAtt": ["Role", "Arn"]}))
        | route("Api", "ByPoor", "GET /by-poor", to_function("Echo", CredentialsArn={"Fn::GetAtt": ["Poor", "Arn"]}))
        | route("Api", "Proxy", "ANY /proxy/{proxy+}", _proxy(f"{backend}/base/{{proxy}}?fixed=1"))
        | route("Api", "Variable", "GET /variable", _proxy("${stageVariables.backend}/v"))
        | route("Api", "Teapot", "GET /teapot", _proxy(f"{backend}/teapot"))
        | route("Api", "Posted", "GET /posted", _proxy(f"{backend}/posted", "POST"))
        | route("Api", "Outside", "GET /outside", _proxy("https://example.com/"))
        | route("Api", "Nobody", "GET /nobody", _proxy("http://127.0.0.1:1/"))
        | route(
            "Api",
            "Itself",
            "GET /itself",
            _proxy({"Fn::Sub": "https://${Api}.execute-api.us-east-1.amazonaws.com/teapot"}),
        )
        | route("Api", "Send", "POST /send", _service("SQS-SendMessage", QueueUrl=queue, MessageBody="$request.body"))
        | route("Api", "Poorly", "POST /poorly", _service("SQS-SendMessage", "Poor", QueueUrl=queue, MessageBody="x"))
        | route(
            "Api", "Foreignly", "POST /foreign", _service("SQS-SendMessage", "Foreign", QueueUrl=queue, MessageBody="x")
        )
        | route(
            "Api", "Receive", "GET /receive", _service("SQS-ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages="10")
        )
        | route(
            "Api",
            "Delete",
            "POST /delete",
            _service("SQS-DeleteMessage", QueueUrl=queue, ReceiptHandle="$request.body.handle"),
        )
        | route("Api", "Purge", "POST /purge", _service("SQS-PurgeQueue", QueueUrl=queue))
        | route(
            "Api",
            "Event",
            "POST /event",
            _service(
                "EventBridge-PutEvents",
                Source="shop",
                DetailType="$request.body.type",
                Detail="$request.body.detail",
                EventBusName={"Ref": "Bus"},
            ),
        )
        | route(
            "Api",
            "Put",
            "POST /put",
            _service(
                "Kinesis-PutRecord",
                StreamName={"Ref": "Stream"},
                Data="$request.body.data",
                PartitionKey="$request.body.key",
            ),
        )
        | route(
            "Api",
            "Start",
            "POST /start",
            _service("StepFunctions-StartExecution", StateMachineArn={"Ref": "Machine"}, Input="$request.body"),
        )
        | route(
            "Api",
            "Stop",
            "POST /stop",
            _service("StepFunctions-StopExecution", ExecutionArn="$request.body.arn", Cause="enough"),
        )
    )


class World:
    """harness, its API's client, and the stack's outputs."""

    def __init__(self, harness: WiredHarness, outputs: dict[str, str], http: httpx.Client) -> None:
        self.harness = harness
        self.outputs = outputs
        self.http = http

    def problem(self, path: str, **request: Any) -> tuple[int, Any, str]:
        """Status, body, and what the trace says of it."""
        before = self.harness.position()
        answer = self.http.request(request.pop("method", "GET"), path, **request)
        (answered,) = self.harness.events("RequestAnswered", after=before)
        return answer.status_code, answer.json(), answered["problem"]


@pytest.fixture(scope="module")
def world(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    outputs = {
        "Url": {"Fn::GetAtt": ["Api", "ApiEndpoint"]},
        "Queue": {"Ref": "Queue"},
        "Stream": {"Ref": "Stream"},
        "Machine": {"Ref": "Machine"},
    }
    with WiredHarness(enforce_iam="on") as harness:
        assembly = write_stack(tmp_path_factory.mktemp("a"), "mapped", _resources(backend), **outputs)
        found = harness.deploy(assembly)["stacks"]["mapped"]["outputs"]
        with httpx.Client(base_url=found["Url"], timeout=60) as http:
            yield World(harness, found, http)


class TestParameterMapping:
    def test_a_request_is_changed_before_the_function_sees_it(self, world: World) -> None:
        event = world.http.post(
            "/mapped/7?new=n&secret=s&page=1&from=x",
            headers={"x-old": "o", "x-gone": "g", "x-added": "first"},
            json={"user": {"name": "ann"}},
        ).json()

        assert event["headers"]["x-added"] == "first,a-$default"
        assert event["headers"]["x-old"] == "n"
        assert "x-gone" not in event["headers"]
        assert event["queryStringParameters"] == {"new": "n", "page": "1,2", "from": "ann/7/blue"}
        assert event["rawQueryString"] == "new=n&page=1&page=2&from=ann%2F7%2Fblue"
        assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/other/7"
        assert event["pathParameters"] == {"id": "7"}

    def test_an_answer_is_changed_before_the_client_sees_it(self, world: World) -> None:
        answer = world.http.get("/answered")

        assert answer.status_code == 202
        assert answer.headers.get_list("x-one") == ["1", "more"]
        assert answer.headers["x-path"] == "/answered"
        assert "content-type" not in answer.headers

    def test_a_role_calls_the_function_where_one_is_named(self, world: World) -> None:
        assert world.http.get("/by-role").status_code == 200
        status, body, problem = world.problem("/by-poor")
        assert (status, body) == (500, {"message": "Internal Server Error"})
        assert "explicit deny" in problem


class TestHttpProxy:
    def test_path_query_headers_and_body_go_on(self, world: World) -> None:
        answer = world.http.put(
            "/proxy/a/b%20c?x=1", content=b"hi", headers={"x-mine": "1", "Connection": "keep-alive"}
        )

        seen = answer.json()
        headers = {name.lower(): value for name, value in seen["headers"].items()}
        assert (answer.status_code, answer.headers["x-backend"]) == (200, "yes")
        assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/base/a/b%20c?fixed=1&x=1", "hi")
        assert (headers["x-mine"], "connection" in headers) == ("1", False)
        assert headers["x-amzn-trace-id"].startswith("Root=1-")
        assert "for=127.0.0.1" in headers["forwarded"]

    def test_the_backend_s_status_is_the_answer_s(self, world: World) -> None:
        assert world.http.get("/teapot").status_code == 418

    def test_the_integration_s_method_is_used(self, world: World) -> None:
        assert world.http.get("/posted").json()["method"] == "POST"

    def test_a_stage_variable_may_name_the_backend(self, world: World) -> None:
        assert world.http.get("/variable").json()["path"] == "/v"

    def test_another_api_of_the_harness_is_reached(self, world: World) -> None:
        assert world.http.get("/itself").status_code == 418

    @pytest.mark.parametrize(("path", "text"), [("/outside", "loopback"), ("/nobody", "127.0.0.1:1")])
    def test_what_cannot_be_reached_is_unavailable(self, world: World, path: str, text: str) -> None:
        status, body, problem = world.problem(path)

        assert (status, body) == (503, {"message": "Service Unavailable"})
        assert text in problem


class TestServices:
    def test_a_message_is_sent_received_and_deleted(self, world: World) -> None:
        sent = world.http.post("/send", content='{"a": "<1>"}')
        received = world.http.get("/receive")

        message = ElementTree.fromstring(received.content).find(f".//{_SQS}Message")
        assert sent.status_code == 200
        assert ElementTree.fromstring(sent.content).findtext(f".//{_SQS}MessageId")
        assert message is not None
        assert message.findtext(f"{_SQS}Body") == '{"a": "<1>"}'
        handle = message.findtext(f"{_SQS}ReceiptHandle")
        assert world.http.post("/delete", json={"handle": handle}).status_code == 200
        assert world.http.post("/purge").status_code == 200

    def test_a_role_without_the_permission_is_the_service_s_refusal(self, world: World) -> None:
        answer = world.http.post("/poorly")

        assert answer.status_code == 403
        assert b"AccessDenied" in answer.content

    def test_a_role_of_somebody_else_cannot_be_assumed(self, world: World) -> None:
        status, body, problem = world.problem("/foreign", method="POST")

        assert (status, body) == (500, {"message": "Internal Server Error"})
        assert "sts:AssumeRole" in problem

    def test_an_event_is_put(self, world: World) -> None:
        answer = world.http.post("/event", json={"type": "made", "detail": {"id": 1}})

        assert answer.status_code == 200
        assert answer.json()["FailedEntryCount"] == 0
        assert answer.json()["Entries"][0]["EventId"]

    def test_what_a_request_lacks_is_a_bad_request(self, world: World) -> None:
        answer = world.http.post("/event", json={"detail": {}})

        assert (answer.status_code, answer.json()) == (400, {"message": "Bad Request"})

    def test_a_record_is_put(self, world: World) -> None:
        answer = world.http.post("/put", json={"data": "aGVsbG8=", "key": "k"})

        kinesis = world.harness.aws("kinesis")
        shard = {"StreamName": world.outputs["Stream"], "ShardId": answer.json()["ShardId"]}
        iterator = kinesis.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        (record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
        assert (record["Data"], record["PartitionKey"]) == (b"hello", "k")
        assert world.http.post("/put", json={"data": "%", "key": "k"}).status_code == 400

    def test_an_execution_is_started_and_stopped(self, world: World) -> None:
        started = world.http.post("/start", json={"a": 1}).json()

        found = world.harness.aws("stepfunctions").describe_execution(executionArn=started["executionArn"])
        assert json.loads(found["input"]) == {"a": 1}
        assert isinstance(started["startDate"], float)
        stopped = world.http.post("/stop", json={"arn": started["executionArn"]})
        assert stopped.status_code in (200, 400)
