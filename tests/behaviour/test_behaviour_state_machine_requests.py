"""HTTP tasks of state machines: what is sent, by whose leave, and what comes of the answer.

Source, unless a test says another: AWS Step Functions Developer Guide, "Call HTTPS APIs in Step Functions workflows".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:caller"
BASIC = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


class Tasks:
    """Runs one HTTP task as a machine of its own, with a connection of its own."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self._states = harness, harness.aws("stepfunctions")
        self.events = harness.aws("events")
        self._made: list[str] = []
        self.connection = ""

    def connect(self, kind: str = "BASIC", parameters: Mapping[str, Any] | None = None) -> str:
        """The ARN of a new connection in the place of the one there was."""
        if self.connection:
            self.events.delete_connection(Name="conn")
        made = self.events.create_connection(
            Name="conn", AuthorizationType=kind, AuthParameters=BASIC if parameters is None else parameters
        )
        self.connection = str(made["ConnectionArn"])
        return self.connection

    def run(self, given: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """The execution of `http:invoke`, described once it has ended."""
        named = {} if {"InvocationConfig", "Authentication"} & given.keys() else self._named()
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::http:invoke",
            "Parameters": {"Method": "GET", **named, **given},
            "End": True,
        }
        return self.run_state({**task, **more})

    def run_state(self, state: Mapping[str, Any], given: object = None) -> dict[str, Any]:
        caught = {"Caught": {"Type": "Succeed"}} if "Catch" in state else {}
        definition = {"StartAt": "Call", "States": {"Call": state, **caught}}
        made = self._states.create_state_machine(name="caller", definition=json.dumps(definition), roleArn=ROLE)
        arn = made["stateMachineArn"]
        begun = self._states.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"]
        self.harness.drain()
        described = dict(self._states.describe_execution(executionArn=begun))
        self._states.delete_state_machine(stateMachineArn=arn)
        return described

    def _named(self) -> dict[str, Any]:
        return {"InvocationConfig": {"ConnectionArn": self.connection or self.connect()}}

    def remove(self) -> None:
        if self.connection:
            self.events.delete_connection(Name="conn")


@pytest.fixture
def tasks(harness: WiredHarness) -> Iterator[Tasks]:
    made = Tasks(harness)
    yield made
    made.remove()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver((200, b'{"id": 7}')) as made:
        yield made


def output(described: Mapping[str, Any]) -> Any:
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


def test_a_request_is_sent_with_what_the_connection_adds(tasks: Tasks, receiver: HttpReceiver) -> None:
    of_connection = {
        "BodyParameters": [{"Key": "BodyParam", "Value": "connection"}],
        "HeaderParameters": [{"Key": "header-param", "Value": "connection"}],
        "QueryStringParameters": [{"Key": "QueryParam", "Value": "of connection"}],
    }
    tasks.connect(parameters={**BASIC, "InvocationHttpParameters": of_connection})

    tasks.run(
        {
            "ApiEndpoint": f"{receiver.url}/path",
            "Method": "POST",
            "Headers": {"Request-Id": "r1", "Header-Param": "machine", "X-Many": ["a", "b"]},
            "QueryParameters": {"QueryParam": "machine", "n": 5, "many": ["x", "y z"]},
            "RequestBody": {"Job": "Engineer", "BodyParam": "machine"},
        }
    )

    (request,) = receiver.received
    assert (request.method, request.path) == ("POST", "/path?n=5&many=x&many=y%20z&QueryParam=of%20connection")
    assert json.loads(request.body) == {"Job": "Engineer", "BodyParam": "connection"}
    expected = {
        "authorization": f"Basic {base64.b64encode(b'u:p').decode()}",
        "request-id": "r1",
        "header-param": "connection",
        "content-type": "application/json; charset=UTF-8",
        "user-agent": f"Amazon|StepFunctions|HttpInvoke|{REGION}",
        "range": "bytes=0-262144",
        "host": receiver.url.removeprefix("http://"),
    }
    assert {name: request.headers[name] for name in expected} == expected


@pytest.mark.parametrize("member", ["InvocationConfig", "Authentication"])
def test_the_answer_is_the_tasks_result(tasks: Tasks, receiver: HttpReceiver, member: str) -> None:
    result = output(tasks.run({"ApiEndpoint": receiver.url, member: {"ConnectionArn": tasks.connect()}}))

    assert (result["StatusCode"], result["StatusText"], result["ResponseBody"]) == (200, "OK", '{"id": 7}')
    assert result["Headers"]["content-length"] == ["9"]
    (request,) = receiver.received
    assert (request.method, request.body) == ("GET", b"")
    assert "content-type" not in request.headers


def test_what_is_called_json_is_a_value(tasks: Tasks) -> None:
    content_type = [("content-type", "application/json; charset=utf-8")]
    with HttpReceiver((201, b'{"id": [7]}'), headers=content_type) as receiver:
        result = output(tasks.run({"ApiEndpoint": receiver.url}))

    assert (result["StatusCode"], result["ResponseBody"]) == (201, {"id": [7]})


@pytest.mark.parametrize(
    ("array_format", "body"),
    [
        (None, b"array%5B0%5D=a%20b&array%5B1%5D=2&meta%5Bdeep%5D=true&none="),
        ("INDICES", b"array%5B0%5D=a%20b&array%5B1%5D=2&meta%5Bdeep%5D=true&none="),
        ("REPEAT", b"array=a%20b&array=2&meta%5Bdeep%5D=true&none="),
        ("COMMAS", b"array=a%20b,2&meta%5Bdeep%5D=true&none="),
        ("BRACKETS", b"array%5B%5D=a%20b&array%5B%5D=2&meta%5Bdeep%5D=true&none="),
    ],
)
def test_a_body_is_sent_as_a_form(tasks: Tasks, receiver: HttpReceiver, array_format: str | None, body: bytes) -> None:
    options = {} if array_format is None else {"RequestEncodingOptions": {"ArrayFormat": array_format}}
    given = {"array": ["a b", 2], "meta": {"deep": True}, "none": None}

    tasks.run(
        {
            "ApiEndpoint": receiver.url,
            "Method": "POST",
            "RequestBody": given,
            "Transform": {"RequestBodyEncoding": "URL_ENCODED", **options},
        }
    )

    (request,) = receiver.received
    assert request.body == body
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_an_api_key_and_a_token_sign_in(tasks: Tasks) -> None:
    tasks.connect("API_KEY", {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}})
    with HttpReceiver() as receiver:
        output(tasks.run({"ApiEndpoint": receiver.url}))

    assert receiver.received[0].headers["x-key"] == "secret"

    with HttpReceiver((200, b'{"access_token": "tok"}'), (200, b"")) as receiver:
        oauth = {
            "ClientParameters": {"ClientID": "id", "ClientSecret": "s"},
            "AuthorizationEndpoint": f"{receiver.url}/token",
            "HttpMethod": "POST",
        }
        tasks.connect("OAUTH_CLIENT_CREDENTIALS", {"OAuthParameters": oauth})
        output(tasks.run({"ApiEndpoint": receiver.url}))

    token, call = receiver.received
    assert token.body == b"grant_type=client_credentials&client_id=id&client_secret=s"
    assert call.headers["authorization"] == "Bearer tok"


def test_a_status_that_is_no_success_can_be_caught_and_tried_again(tasks: Tasks) -> None:
    task = {"Catch": [{"ErrorEquals": ["States.Http.StatusCode.404"], "Next": "Caught"}]}
    with HttpReceiver((404, b"gone")) as receiver:
        caught = output(tasks.run({"ApiEndpoint": receiver.url}, **task))
        failed = tasks.run({"ApiEndpoint": receiver.url})

    assert caught == {"Error": "States.Http.StatusCode.404", "Cause": "gone"}
    assert (failed["status"], failed["error"]) == ("FAILED", "States.Http.StatusCode.404")


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"Headers": {"Authorization": "x"}}, "States.Runtime", "Authorization"),
        ({"Headers": {"X-Amz-Date": "x"}}, "States.Runtime", "X-Amz-Date"),
        ({"Method": "TRACE"}, "States.Runtime", "TRACE"),
        ({"Metod": "GET"}, "States.Runtime", "Metod"),
        ({"Transform": {"RequestBodyEncoding": "GZIP"}}, "States.Runtime", "GZIP"),
        ({"QueryParameters": 5}, "States.Runtime", "QueryParameters"),
        ({"InvocationConfig": {}}, "States.Runtime", "ConnectionArn"),
        (
            {"InvocationConfig": {"ConnectionArn": f"arn:aws:events:{REGION}:{ACCOUNT}:connection/none/1"}},
            "Events.ConnectionResource.ResourceNotFound",
            "connection/none/1",
        ),
    ],
)
def test_a_task_that_is_not_in_order_sends_nothing(
    tasks: Tasks, receiver: HttpReceiver, given: Mapping[str, Any], error: str, told: str
) -> None:
    described = tasks.run({"ApiEndpoint": receiver.url, **given})

    assert (described["status"], described["error"]) == ("FAILED", error)
    assert told in described["cause"]
    assert receiver.received == []


def test_a_body_that_is_a_text_cannot_take_the_connections_parameters(tasks: Tasks, receiver: HttpReceiver) -> None:
    more = {"InvocationHttpParameters": {"BodyParameters": [{"Key": "k", "Value": "v"}]}}
    tasks.connect(parameters={**BASIC, **more})

    described = tasks.run({"ApiEndpoint": receiver.url, "Method": "POST", "RequestBody": "plain"})

    assert (described["error"], receiver.received) == ("States.Runtime", [])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/octet-stream", b"x"), ("image/png", b"x"), ("text/plain", b"\xff\xfe\x00")],
)
def test_an_answer_that_is_no_text_fails(tasks: Tasks, content_type: str, body: bytes) -> None:
    with HttpReceiver((200, body), headers=[("content-type", content_type)]) as receiver:
        described = tasks.run({"ApiEndpoint": receiver.url})

    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")


def test_a_host_elsewhere_is_not_asked_unless_a_test_says_so(tasks: Tasks, receiver: HttpReceiver) -> None:
    given = {"ApiEndpoint": "https://api.partner.example/v1"}
    caught = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}

    described = tasks.run(given, **caught)

    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert 'harness.bind("api.partner.example", …)' in described["cause"]

    bound = {"bind": "api.partner.example", "url": receiver.url}
    assert tasks.harness.call("POST", "outside", bound).status == 200
    output(tasks.run(given))

    (request,) = receiver.received
    assert (request.path, request.headers["host"]) == ("/v1", "api.partner.example")


@pytest.mark.parametrize("pattern", ["waitForTaskToken", "sync"])
def test_an_http_task_waits_for_nothing_else(tasks: Tasks, receiver: HttpReceiver, pattern: str) -> None:
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::http:invoke.{pattern}",
        "Parameters": {"ApiEndpoint": receiver.url, "Method": "GET"},
        "End": True,
    }

    described = tasks.run_state(state)

    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert f"http:invoke.{pattern}" in described["cause"]


def test_arguments_are_expressions(tasks: Tasks, receiver: HttpReceiver) -> None:
    state = {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::http:invoke",
        "Arguments": {
            "ApiEndpoint": f"{{% '{receiver.url}/' & $states.input.id %}}",
            "Method": "PUT",
            "InvocationConfig": {"ConnectionArn": tasks.connect()},
            "RequestBody": "{% {'twice': $states.input.n * 2} %}",
        },
        "Output": "{% $parse($states.result.ResponseBody).id %}",
        "End": True,
    }

    assert output(tasks.run_state(state, {"id": "a", "n": 4})) == 7
    assert (receiver.received[0].path, receiver.received[0].body) == ("/a", b'{"twice":8}')


CALL = {
    "Action": "states:InvokeHTTPEndpoint",
    "Resource": MACHINE,
    "Condition": {
        "StringEquals": {"states:HTTPMethod": "GET"},
        "StringLike": {"states:HTTPEndpoint": "http://127.0.0.1:*"},
    },
}
CREDENTIALS = {"Action": "events:RetrieveConnectionCredentials", "Resource": "arn:aws:events:*:*:connection/conn/*"}
SECRET = {
    "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
    "Resource": "arn:aws:secretsmanager:*:*:secret:events!connection/*",
}


def test_the_machines_role_is_asked_for_each_part_of_it() -> None:
    with WiredHarness(enforce_iam="on") as harness, HttpReceiver() as receiver:
        harness.aws("iam").create_role(RoleName="machine", AssumeRolePolicyDocument=json.dumps(TRUST))
        tasks = Tasks(harness)

        def run(*statements: Mapping[str, Any], method: str = "GET") -> tuple[str, str]:
            allowed = [{"Effect": "Allow", **statement} for statement in statements]
            policy = {"Version": "2012-10-17", "Statement": [*allowed, _nothing()]}
            harness.aws("iam").put_role_policy(RoleName="machine", PolicyName="p", PolicyDocument=json.dumps(policy))
            described = tasks.run({"ApiEndpoint": f"{receiver.url}/x", "Method": method})
            return described["status"], described.get("error", "")

        assert run(CREDENTIALS, SECRET) == ("FAILED", "States.Permissions")
        assert run(CALL, SECRET) == ("FAILED", "Events.ConnectionResource.AccessDenied")
        assert run(CALL, CREDENTIALS) == ("FAILED", "Events.ConnectionResource.AccessDenied")
        assert run(CALL, CREDENTIALS, SECRET, method="POST") == ("FAILED", "States.Permissions")
        assert receiver.received == []
        assert run(CALL, CREDENTIALS, SECRET) == ("SUCCEEDED", "")
        assert len(receiver.received) == 1


def _nothing() -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
