"""API Gateway tasks of state machines, against APIs of the harness.

Source, unless a test says another: AWS Step Functions Developer Guide, "Create API Gateway REST APIs with Step
Functions".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.http_apis import api, route, stage, to_function
from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.rest_assembly import invocable, proxied, rest_api
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-state-machine-apis")

ACCOUNT, REGION = "123456789012", "us-east-1"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine"
ECHO = """
import json

def handler(event, context):
    if event.get("httpMethod") == "DELETE":
        return {"statusCode": 409, "body": '{"message": "taken"}'}
    told = {name: event.get(name) for name in (
        "httpMethod", "path", "rawPath", "body", "multiValueQueryStringParameters", "rawQueryString",
    )}
    headers = event.get("multiValueHeaders") or event["headers"]
    told["headers"] = {name.lower(): value for name, value in headers.items()}
    told["identity"] = (event["requestContext"].get("identity") or {}).get("userArn")
    return {
        "statusCode": 201,
        "body": json.dumps(told),
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {"x-many": ["a", "b"]},
    }
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def _by_policy(machine: str) -> dict[str, Any]:
    """A resource policy as the guide's "IAM policies for calls to API Gateway" has it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "states.amazonaws.com"},
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": {"StringEquals": {"aws:SourceArn": [f"{MACHINE}:{machine}"]}},
            }
        ],
    }


def _apis() -> Resources:
    signed = {**proxied("Echo"), "AuthorizationType": "AWS_IAM"}
    return {
        **function("Echo", ECHO),
        **rest_api("Rest", {"ANY /open/{proxy+}": proxied("Echo"), "GET /signed": signed}),
        **invocable("Echo", "Rest"),
        **rest_api("Policied", {"GET /signed": signed}, Policy=_by_policy("friend")),
        **invocable("Echo", "Policied"),
        **api("Http"),
        **stage("Http"),
        **route("Http", "Items", "ANY /items/{proxy+}", to_function("Echo")),
        **invocable("Echo", "Http"),
    }


class Machines:
    """Runs one API Gateway task as a machine."""

    def __init__(self, harness: WiredHarness, outputs: Mapping[str, str]) -> None:
        self.harness, self.hosts = harness, outputs
        self._states = harness.aws("stepfunctions")
        harness.aws("iam").create_role(RoleName="machine", AssumeRolePolicyDocument=json.dumps(TRUST))

    def allow(self, *statements: Mapping[str, Any]) -> None:
        """From now on the machine's role may do this and nothing else."""
        nothing = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [*statements, nothing]}
        self.harness.aws("iam").put_role_policy(RoleName="machine", PolicyName="p", PolicyDocument=json.dumps(policy))

    def host(self, name: str) -> str:
        """What a task calls an API."""
        return f"{self.hosts[name]}.execute-api.{REGION}.amazonaws.com"

    def begin(self, api_name: str, given: Mapping[str, Any], *, name: str, pattern: str, **more: Any) -> str:
        """The ARN of an execution."""
        task = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::apigateway:invoke{pattern}",
            "Parameters": {"ApiEndpoint": self.host(api_name), "Method": "GET", **given},
            "End": True,
            **more,
        }
        states = {"Call": task, **({"Caught": {"Type": "Succeed"}} if "Catch" in task else {})}
        self._machine = self._states.create_state_machine(
            name=name,
            definition=json.dumps({"StartAt": "Call", "States": states}),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
        )["stateMachineArn"]
        begun: str = self._states.start_execution(stateMachineArn=self._machine)["executionArn"]
        self.harness.drain()
        return begun

    def end(self, execution: str) -> dict[str, Any]:
        """The execution, described; its machine is gone afterwards."""
        self.harness.drain()
        described = dict(self._states.describe_execution(executionArn=execution))
        self._states.delete_state_machine(stateMachineArn=self._machine)
        return described

    def run(self, api_name: str, given: Mapping[str, Any], *, name: str = "caller", **more: Any) -> dict[str, Any]:
        """The execution, described once it has ended."""
        return self.end(self.begin(api_name, given, name=name, pattern="", **more))


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with WiredHarness(enforce_iam="on") as harness:
        names = ("Rest", "Policied", "Http")
        assembly = write_stack(
            tmp_path_factory.mktemp("apis"), "apis", _apis(), **{name: {"Ref": name} for name in names}
        )
        outputs = harness.deploy(assembly)["stacks"]["apis"]["outputs"]
        yield Machines(harness, {name: outputs[name] for name in names})


def output(described: Mapping[str, Any]) -> Any:
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


def test_a_rest_api_is_called_with_all_that_the_task_says(machines: Machines) -> None:
    result = output(
        machines.run(
            "Rest",
            {
                "Method": "POST",
                "Stage": "prod",
                "Path": "/open/a b/c",
                "Headers": {"X-Many": ["v1", "v2"], "x-one": "v"},
                "QueryParameters": {"billId": ["1", "2"], "q": "a b"},
                "RequestBody": {"name": "n", "category": None, "deep": [{"x": None}]},
            },
        )
    )

    told = result["ResponseBody"]
    assert (result["StatusCode"], result["StatusText"]) == (201, "Created")
    assert {name.lower(): values for name, values in result["Headers"].items()}["x-many"] == ["a", "b"]
    assert (told["httpMethod"], told["path"]) == ("POST", "/open/a%20b/c")
    assert told["multiValueQueryStringParameters"] == {"billId": ["1", "2"], "q": ["a b"]}
    assert (told["headers"]["x-many"], told["headers"]["x-one"]) == (["v1", "v2"], ["v"])
    assert told["headers"]["content-type"] == ["application/json"]
    assert json.loads(told["body"]) == {"name": "n", "deep": [{}]}


def test_null_values_are_sent_where_the_task_says_so(machines: Machines) -> None:
    given = {"Method": "PUT", "Stage": "prod", "Path": "open/x", "RequestBody": {"a": None}, "AllowNullValues": True}

    assert json.loads(output(machines.run("Rest", given))["ResponseBody"]["body"]) == {"a": None}


def test_an_http_api_is_called_at_its_default_stage(machines: Machines) -> None:
    result = output(
        machines.run("Http", {"Method": "POST", "Path": "items/7", "RequestBody": "text", "QueryParameters": {"n": 1}})
    )

    told = result["ResponseBody"]
    assert (told["rawPath"], told["rawQueryString"], told["body"]) == ("/items/7", "n=1", "text")


def test_an_api_that_was_made_by_its_own_api_is_called(machines: Machines) -> None:
    gateway = machines.harness.aws("apigatewayv2")
    made = gateway.create_api(Name="by-hand", ProtocolType="HTTP")["ApiId"]
    target = gateway.create_integration(
        ApiId=made,
        IntegrationType="AWS_PROXY",
        IntegrationUri=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none",
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=made, RouteKey="GET /x", Target=f"integrations/{target}")
    gateway.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)

    described = machines.run("Rest", {"ApiEndpoint": f"{made}.execute-api.{REGION}.amazonaws.com", "Path": "x"})

    # There is no such function, which the API says.
    assert described["error"] == "ApiGateway.500"
    gateway.delete_api(ApiId=made)


def test_a_status_that_is_no_success_is_the_error(machines: Machines) -> None:
    given = {"Method": "DELETE", "Stage": "prod", "Path": "open/x"}

    failed = machines.run("Rest", given)
    caught = machines.run("Rest", given, Catch=[{"ErrorEquals": ["ApiGateway.409"], "Next": "Caught"}])

    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "ApiGateway.409", '{"message": "taken"}')
    assert output(caught)["Error"] == "ApiGateway.409"


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"ApiEndpoint": "https://x.execute-api.us-east-1.amazonaws.com"}, "States.Runtime", "<API ID>.execute-api"),
        ({"ApiEndpoint": "none1.execute-api.us-east-1.amazonaws.com"}, "ApiGateway.UnknownHostException", "none1"),
        ({"Headers": {"Authorization": "x"}}, "States.Runtime", "Authorization"),
        ({"Headers": {"X-Forwarded-For": "x"}}, "States.Runtime", "X-Forwarded-For"),
        ({"AuthType": "IAM_AUTH"}, "States.Runtime", "IAM_AUTH"),
        ({"Method": "HEADS"}, "States.Runtime", "HEADS"),
    ],
)
def test_a_task_that_is_not_in_order_fails(machines: Machines, given: Mapping[str, Any], error: str, told: str) -> None:
    described = machines.run("Rest", {"Stage": "prod", "Path": "open/x", **given})

    assert (described["status"], described["error"]) == ("FAILED", error)
    assert told in described["cause"]


SIGNED = {"Stage": "prod", "Path": "signed"}


def test_the_machines_role_signs_and_may_or_may_not(machines: Machines) -> None:
    by_role = {**SIGNED, "AuthType": "IAM_ROLE"}
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{machines.hosts['Rest']}/prod/GET/signed"

    machines.allow()
    unsigned, refused = machines.run("Rest", SIGNED), machines.run("Rest", by_role)
    machines.allow({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn})
    result = output(machines.run("Rest", by_role))

    assert (unsigned["error"], refused["error"]) == ("ApiGateway.403", "ApiGateway.403")
    assert "Missing Authentication Token" in unsigned["cause"]
    assert "assumed-role/machine/states is not authorized to perform: execute-api:Invoke" in refused["cause"]
    assert result["ResponseBody"]["identity"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/machine/states"


def test_a_signed_request_keeps_the_tasks_own_headers_and_query(machines: Machines) -> None:
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{machines.hosts['Rest']}/*"
    machines.allow({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn})

    given = {"QueryParameters": {"b": ["2", "1"], "a": "x y"}, "Headers": {"X-Many": ["v1", "v2"]}}
    told = output(machines.run("Rest", {**SIGNED, "AuthType": "IAM_ROLE", **given}))["ResponseBody"]

    assert told["multiValueQueryStringParameters"] == {"a": ["x y"], "b": ["2", "1"]}
    assert told["headers"]["x-many"] == ["v1", "v2"]


def test_a_resource_policy_lets_one_machine_in(machines: Machines) -> None:
    machines.allow()
    by_policy = {**SIGNED, "AuthType": "RESOURCE_POLICY"}

    friend = machines.run("Policied", by_policy, name="friend")
    stranger = machines.run("Policied", by_policy, name="stranger")
    other_api = machines.run("Rest", by_policy, name="friend")

    assert output(friend)["StatusCode"] == 201
    assert (stranger["error"], other_api["error"]) == ("ApiGateway.403", "ApiGateway.403")


def test_a_task_waits_for_the_token_that_it_sent(machines: Machines) -> None:
    headers = {"TaskToken.$": "States.Array($$.Task.Token)"}
    given = {"Method": "POST", "Stage": "prod", "Path": "open/x", "Headers": headers, "RequestBody": {"id": 1}}
    execution = machines.begin("Rest", given, name="waiting", pattern=".waitForTaskToken")
    states = machines.harness.aws("stepfunctions")

    history = states.get_execution_history(executionArn=execution)["events"]
    submitted = next(event["taskSubmittedEventDetails"] for event in history if event["type"] == "TaskSubmitted")
    told = json.loads(submitted["output"])["ResponseBody"]
    states.send_task_success(taskToken=told["headers"]["tasktoken"][0], output='{"paid": true}')

    assert output(machines.end(execution)) == {"paid": True}


def test_a_token_that_is_refused_fails_with_its_own_error(machines: Machines) -> None:
    headers = {"TaskToken.$": "States.Array($$.Task.Token)"}
    given = {"Method": "POST", "Stage": "prod", "Path": "open/x", "Headers": headers}
    execution = machines.begin("Rest", given, name="refused", pattern=".waitForTaskToken")
    states = machines.harness.aws("stepfunctions")

    history = states.get_execution_history(executionArn=execution)["events"]
    submitted = next(event["taskSubmittedEventDetails"] for event in history if event["type"] == "TaskSubmitted")
    token = json.loads(submitted["output"])["ResponseBody"]["headers"]["tasktoken"][0]
    states.send_task_failure(taskToken=token, error="Declined", cause="no money")
    ended = machines.end(execution)

    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Declined", "no money")
