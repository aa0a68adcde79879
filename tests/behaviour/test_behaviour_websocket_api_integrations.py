"""What a WebSocket API leads to besides functions, what its stages say, and when its connections end with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.plain_assembly import Resources, function, role, write_stack
from tests.fakes.websocket_apis import answering, client, hear, refusal, say, websocket_api
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-websocket-api-integrations")

ECHO = """
import json

def handler(event, context):
    if event.get("fail"):
        raise LookupError("known: " + event["fail"])
    return event if "made" in event else {"statusCode": 200, "body": json.dumps(event)}
"""
LOG: Final = {
    "id": "$context.connectionId",
    "route": "$context.routeKey",
    "type": "$context.eventType",
    "status": "$context.status",
    "message": "$context.messageId",
    "error": "$context.error.message",
    "nothing": "$context.nobody",
}
OK: Final = {"200": '{"statusCode": 200}'}


class Deployed:
    """The deployed API. received: what its HTTP endpoint got."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any], receiver: HttpReceiver) -> None:
        self.harness = harness
        self.deployment = deployment
        self.receiver = receiver
        self.outputs: dict[str, str] = deployment["stacks"]["integrations"]["outputs"]
        self.url = self.outputs["Url"]


def _lambda_uri(name: str) -> dict[str, Any]:
    path = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    return {"Fn::Sub": f"{path}arn:aws:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}/invocations"}


def _service(action: str, template: str, **more: Any) -> dict[str, Any]:
    return {
        "IntegrationType": "AWS",
        "IntegrationMethod": "POST",
        "IntegrationUri": {"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:{action}"},
        "CredentialsArn": {"Fn::GetAtt": ["ServiceRole", "Arn"]},
        "RequestTemplates": {"$default": template},
        "TemplateSelectionExpression": "\\$default",
        **more,
    }


def _response(of: str, key: str, template: str) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGatewayV2::IntegrationResponse",
        "Properties": {
            "ApiId": {"Ref": "Api"},
            "IntegrationId": {"Ref": f"Api{of}Integration"},
            "IntegrationResponseKey": key,
            "ResponseTemplates": {"$default": template},
            "TemplateSelectionExpression": "\\$default",
        },
    }


def _resources(url: str) -> Resources:
    mock = {"IntegrationType": "MOCK", "RequestTemplates": OK, "TemplateSelectionExpression": "200"}
    queue = "Action=SendMessage&MessageBody=$util.urlEncode($input.json('$.text'))"
    made = '{"made": $input.json("$"), "by": "$context.connectionId", "stage": "$stageVariables.colour"}'
    routes = {
        "$connect": mock,
        "$default": mock,
        "http": {
            "IntegrationType": "HTTP_PROXY",
            "IntegrationMethod": "PUT",
            "IntegrationUri": f"{url}/items/{{id}}",
            "RequestParameters": {
                "integration.request.header.connection-id": "context.connectionId",
                "integration.request.header.fixed": "'a text'",
                "integration.request.querystring.colour": "stageVariables.colour",
                "integration.request.path.id": "route.request.body.item.id",
            },
        },
        "outside": {
            "IntegrationType": "HTTP_PROXY",
            "IntegrationMethod": "GET",
            "IntegrationUri": "https://example.com",
        },
        "queue": _service(
            "sqs:path/${AWS::AccountId}/${Queue.QueueName}",
            queue,
            RequestParameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        ),
        "table": _service(
            "dynamodb:action/PutItem",
            '{"TableName": "items", "Item": {"id": {"S": "$input.path(\'$.id\')"}}}',
        ),
        "function": {
            "IntegrationType": "AWS",
            "IntegrationMethod": "POST",
            "IntegrationUri": _lambda_uri("plain"),
            "RequestTemplates": {"made": made, "failing": '{"fail": "$input.path(\'$.why\')"}'},
            "TemplateSelectionExpression": "${request.body.kind}",
        },
        "variable": {"IntegrationType": "AWS_PROXY", "IntegrationUri": _lambda_uri("${!stageVariables.function}")},
        "strict": {"IntegrationType": "MOCK", "PassthroughBehavior": "NEVER"},
        "nowhere": {"IntegrationType": "AWS_PROXY", "IntegrationUri": _lambda_uri("missing")},
        "limited": mock,
    }
    answers = {name: f"{name.title()}" for name in (*routes,) if not name.startswith("$")}
    resources: Resources = (
        function("Plain", ECHO, FunctionName="plain")
        | {"ServiceRole": role(service="apigateway.amazonaws.com")}
        | {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}
        | {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {}}}
        | {
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "items",
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            }
        }
        | websocket_api(
            "Api",
            routes,
            StageVariables={"colour": "blue", "function": "plain"},
            AccessLogSettings={"DestinationArn": {"Fn::GetAtt": ["Logs", "Arn"]}, "Format": json.dumps(LOG)},
            RouteSettings={"limited": {"ThrottlingRateLimit": 0.002, "ThrottlingBurstLimit": 1}},
        )
        | {
            "QueueSaid": _response(
                "Queue", "$default", '{"id": $input.json("$.SendMessageResponse.SendMessageResult.MessageId")}'
            ),
            "TableSaid": _response("Table", "/4\\d\\d/", '{"refused": $input.json("$.__type")}'),
            "TableStored": _response("Table", "$default", '{"stored": true}'),
            "FunctionFailed": _response("Function", "/known:.*/", '{"failed": $input.json("$.errorMessage")}'),
        }
    )
    for word in answers.values():
        resources |= answering("Api", word)
    return resources


@pytest.fixture(scope="module")
def deployed(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with HttpReceiver((201, b'{"from": "http"}')) as receiver:
        outputs = {
            "Url": {"Fn::Sub": "wss://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"},
            "Queue": {"Ref": "Queue"},
            "Logs": {"Ref": "Logs"},
            "ApiId": {"Ref": "Api"},
        }
        resources = _resources(receiver.url)
        assembly = write_stack(tmp_path_factory.mktemp("assembly"), "integrations", resources, **outputs)
        made = Deployed(harness, harness.deploy(assembly), receiver)
        yield made
        harness.destroy(made.deployment)


def _said(deployed: Deployed, **message: Any) -> Any:
    with client(deployed.url) as connection:
        say(connection, **message)
        return hear(connection)


class TestBackends:
    def test_a_proxy_of_an_http_endpoint(self, deployed: Deployed) -> None:
        said = _said(deployed, action="http", item={"id": "7"})

        got = deployed.receiver.received[-1]
        assert said == {"from": "http"}
        assert (got.method, got.path) == ("PUT", "/items/7?colour=blue")
        assert json.loads(got.body) == {"action": "http", "item": {"id": "7"}}
        assert (len(got.headers["connection-id"]), got.headers["fixed"]) == (16, "a text")

    def test_a_queue(self, deployed: Deployed) -> None:
        said = _said(deployed, action="queue", text="hello & goodbye")

        (message,) = deployed.harness.aws("sqs").receive_message(QueueUrl=deployed.outputs["Queue"])["Messages"]
        assert (json.loads(message["Body"]), message["MessageId"]) == ("hello & goodbye", said["id"])

    def test_a_table(self, deployed: Deployed) -> None:
        assert _said(deployed, action="table", id="a") == {"stored": True}
        assert deployed.harness.aws("dynamodb").get_item(TableName="items", Key={"id": {"S": "a"}})["Item"]

    def test_what_a_service_refuses(self, deployed: Deployed) -> None:
        assert "ValidationException" in _said(deployed, action="table", id="")["refused"]

    def test_a_function_that_is_no_proxy(self, deployed: Deployed) -> None:
        said = _said(deployed, action="function", kind="made")

        assert said["made"] == {"action": "function", "kind": "made"}
        assert (len(said["by"]), said["stage"]) == (16, "blue")

    def test_a_functions_error_is_matched_by_its_message(self, deployed: Deployed) -> None:
        assert _said(deployed, action="function", kind="failing", why="x") == {"failed": "known: x"}

    def test_a_function_that_a_stage_variable_names(self, deployed: Deployed) -> None:
        said = _said(deployed, action="variable")

        assert said["stageVariables"] == {"colour": "blue", "function": "plain"}

    @pytest.mark.parametrize(
        ("route", "message"),
        [
            ("outside", "Internal server error"),
            ("nowhere", "Internal server error"),
            ("strict", "Unsupported Media Type"),
        ],
    )
    def test_what_cannot_be_asked_is_told(self, deployed: Deployed, route: str, message: str) -> None:
        before = deployed.harness.position()

        assert _said(deployed, action=route)["message"] == message
        answers = deployed.harness.events("RequestAnswered", after=before)
        assert [bool(each["problem"]) for each in answers if each["method"] == "MESSAGE"] == [True]


class TestStages:
    def test_a_route_may_be_throttled(self, deployed: Deployed) -> None:
        with client(deployed.url) as connection:
            for waited_seconds in (0, 590):
                deployed.harness.call("POST", "clock", {"advance_seconds": waited_seconds})
                say(connection, action="limited")
                say(connection, action="strict")
                assert hear(connection)["message"] == "Unsupported Media Type"
            say(connection, action="limited")
            assert hear(connection)["message"] == "Too Many Requests"

    def test_every_exchange_has_a_line_in_the_access_log(self, deployed: Deployed) -> None:
        with client(deployed.url) as connection:
            say(connection, action="strict")
            connection_id = hear(connection)["connectionId"]

        lines = [line for line in _access_log(deployed) if line["id"] == connection_id]
        assert [(line["type"], line["route"], line["status"], line["error"]) for line in lines] == [
            ("CONNECT", "$connect", "200", "-"),
            ("MESSAGE", "strict", "415", "Unsupported Media Type"),
        ]
        assert [len(line["message"]) for line in lines] == [1, 16]
        assert {line["nothing"] for line in lines} == {"-"}

    def test_connections_and_messages_are_counted(self, deployed: Deployed) -> None:
        _said(deployed, action="strict")

        sums = {name: _sum(deployed, name) for name in ("ConnectCount", "MessageCount", "ExecutionError")}

        assert all(value >= 1 for value in sums.values()), sums


class TestLifetime:
    @pytest.fixture
    def plain(self, harness: WiredHarness, tmp_path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        """URL and deployment of an API without functions."""
        deployment = harness.deploy(_plain(tmp_path / "one"))
        yield deployment["stacks"]["plain"]["outputs"]["Url"], deployment
        if deployment.get("status") != "gone":
            harness.destroy(deployment)

    def test_it_is_told_with_its_stage(self, plain: tuple[str, dict[str, Any]]) -> None:
        url, deployment = plain

        (api,) = deployment["apis"]

        assert (api["kind"], api["name"], api["url"]) == ("websocket_api", "Api", url)
        assert url.startswith("ws://127.0.0.1:")

    def test_a_reset_ends_connections(self, harness: WiredHarness, plain: tuple[str, dict[str, Any]]) -> None:
        url, deployment = plain
        with client(url) as connection:
            harness.reset(deployment)

            _assert_going_away(connection)
        with client(url):
            pass

    def test_a_destroyed_api_is_gone(self, harness: WiredHarness, plain: tuple[str, dict[str, Any]]) -> None:
        url, deployment = plain
        with client(url) as connection:
            harness.destroy(deployment)
            deployment["status"] = "gone"

            _assert_going_away(connection)
        with pytest.raises(ConnectionRefusedError), client(url):
            pass

    def test_an_update_of_the_api_ends_connections(
        self, harness: WiredHarness, plain: tuple[str, dict[str, Any]], tmp_path: Path
    ) -> None:
        url, deployment = plain
        changed = str(_plain(tmp_path / "two", StageVariables={"a": "b"}))
        with client(url) as connection:
            assert harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": changed}).status == 200

            _assert_going_away(connection)
        with client(url):
            pass

    def test_an_api_that_was_made_by_calls(self, harness: WiredHarness) -> None:
        gateway = harness.aws("apigatewayv2")
        made = gateway.create_api(Name="made", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.x")
        gateway.create_stage(ApiId=made["ApiId"], StageName="live")
        url = f"ws://127.0.0.1:{harness.port}/_lambdakit/apis/{made['ApiId']}/live"
        try:
            with client(url) as connection:
                say(connection, x="anything")

                assert hear(connection)["message"] == "Forbidden"
        finally:
            gateway.delete_api(ApiId=made["ApiId"])
        assert refusal(url).status_code == 403

    def test_a_custom_domain_leads_to_a_stage(self, harness: WiredHarness, tmp_path: Path) -> None:
        domain = {
            "DomainName": "chat.example.test",
            "DomainNameConfigurations": [{"CertificateArn": "arn:aws:acm:::c/1"}],
        }
        mapping = {
            "ApiId": {"Ref": "Api"},
            "DomainName": {"Ref": "Domain"},
            "Stage": {"Ref": "ApiStage"},
            "ApiMappingKey": "v1",
        }
        resources = websocket_api("Api", {"$default": {"IntegrationType": "MOCK"}}) | {
            "Domain": {"Type": "AWS::ApiGatewayV2::DomainName", "Properties": domain},
            "Mapping": {"Type": "AWS::ApiGatewayV2::ApiMapping", "Properties": mapping},
        }
        url = {"Fn::Sub": "wss://${Domain}/v1"}
        deployment = harness.deploy(write_stack(tmp_path, "domain", resources, Url=url))
        try:
            at_domain = deployment["stacks"]["domain"]["outputs"]["Url"]
            assert at_domain.startswith("ws://127.0.0.1:")
            with client(at_domain) as connection:
                say(connection, x=1)
            assert refusal(at_domain.replace("/v1", "/v2")).status_code == 403
        finally:
            harness.destroy(deployment)

    def test_a_harness_ends_with_connections_open(self, tmp_path: Path) -> None:
        with WiredHarness() as short:
            url = short.deploy(_plain(tmp_path))["stacks"]["plain"]["outputs"]["Url"]
            with client(url) as connection:
                started = datetime.now(UTC)
                assert short.close() == 0

                _assert_going_away(connection)
        assert datetime.now(UTC) - started < timedelta(seconds=10)


def _plain(directory: Path, **stage: Any) -> Path:
    url = {"Fn::Sub": "wss://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"}
    resources = websocket_api("Api", {"$default": {"IntegrationType": "MOCK"}}, **stage)
    return write_stack(directory, "plain", resources, Url=url)


def _assert_going_away(connection: Any) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        connection.recv(20)
    assert closed.value.rcvd == Close(1001, "Going away")


def _access_log(deployed: Deployed) -> list[dict[str, str]]:
    deployed.harness.drain()
    events = deployed.harness.aws("logs").filter_log_events(logGroupName=deployed.outputs["Logs"])["events"]
    return [json.loads(event["message"]) for event in events]


def _sum(deployed: Deployed, metric: str) -> float:
    now = datetime.now(UTC)
    points = deployed.harness.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName=metric,
        Dimensions=[{"Name": "ApiId", "Value": deployed.outputs["ApiId"]}, {"Name": "Stage", "Value": "prod"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(point["Sum"]) for point in points)
