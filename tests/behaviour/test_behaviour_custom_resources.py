"""Custom resources: the event that the function gets, and what becomes of its answer.

Source: CloudFormation Template Reference, "Custom resource request objects" and "Custom resource response objects".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from lambdakit.session.deployment import Deployment
from lambdakit.trace import InvocationStarted
from tests.fakes.plain_assembly import Resources, function, table, write_stack

pytestmark = pytest.mark.xdist_group("behaviour-custom-resources")

# Answers what the property `Say` holds, and keeps each event it got in the table.
HANDLER = """
import json, os, time, urllib.request
import boto3

def handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    number = table.update_item(
        Key={"id": "count"}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )["Attributes"]["n"]
    table.put_item(Item={"id": f"event-{number}", "event": json.dumps(event)})
    say = json.loads(event["ResourceProperties"].get("Say", "{}"))
    if "raise" in say:
        raise ValueError(say["raise"])
    if say.get("silent"):
        return
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": event.get("PhysicalResourceId", "made-1"),
        "StackId": event["StackId"], "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
        **say.get(event["RequestType"], {}),
    }
    body = say["body"].encode() if "body" in say else json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
"""

# The same for a function that a topic tells.
TOLD = f"""{HANDLER.replace("def handler", "def answer")}
def handler(event, context):
    answer(json.loads(event["Records"][0]["Sns"]["Message"]), context)
"""
# What the CDK's own handlers and cfn-response do: HTTPS to port 443 of the URL's host, whatever its port.
NODE_HANDLER = """
const https = require('https');
exports.handler = async (event) => {
  const { hostname, pathname } = new URL(event.ResponseURL);
  const body = JSON.stringify({
    Status: 'SUCCESS', PhysicalResourceId: 'node-1', StackId: event.StackId, RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    Data: { Variable: String(process.env.LAMBDAKIT_CERTIFICATE_AUTHORITY) },
  });
  const headers = { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = https.request({ hostname, port: 443, path: pathname, method: 'PUT', headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
    request.end(body);
  });
};
"""

# CloudFormation Template Reference, "cfn-response module": the functions do not bring it.
PYTHON_RESPONSE = """
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Variable": "python"}, "given")
"""
PYTHON_FAILURE = """
import cfnresponse
def handler(event, context):
    status = cfnresponse.SUCCESS if event["RequestType"] == "Delete" else cfnresponse.FAILED
    cfnresponse.send(event, context, status, {}, reason="no room")
"""
NODE_TOLD = """
const response = require('cfn-response');
exports.handler = ({ Records: [{ Sns }] }, context) =>
  response.send(JSON.parse(Sns.Message), context, response.SUCCESS, {Variable: 'node'});
"""
NODE_RESPONSE = """
const response = require('cfn-response');
exports.handler = (event, context) => response.send(event, context, response.SUCCESS, {Variable: 'node'});
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


class Custom:
    """One stack with one custom resource, which is deployed, changed and taken away."""

    def __init__(self, harness: Harness, directory: Path) -> None:
        self._harness = harness
        self._directory = directory
        self.deployment: Deployment | None = None

    def deploy(
        self,
        source: str = HANDLER,
        *,
        runtime: str = "python3.13",
        type_: str = "Custom::Mine",
        around: Resources | None = None,
        **properties: Any,
    ) -> Deployment:
        assembly = self._assembly(source, runtime, properties, type_, around)
        self.deployment = self._harness.deploy(assembly)
        return self.deployment

    def update(self, **properties: Any) -> None:
        assert self.deployment is not None
        self.deployment.update(self._assembly(HANDLER, "python3.13", properties))

    def events(self) -> list[dict[str, Any]]:
        """What the function got, in order."""
        items = self._harness.client("dynamodb").scan(TableName=f"events-{self._directory.name}")["Items"]
        numbered = {item["id"]["S"]: item["event"]["S"] for item in items if "event" in item}
        return [json.loads(numbered[f"event-{number}"]) for number in range(1, len(numbered) + 1)]

    def _assembly(
        self,
        source: str,
        runtime: str,
        properties: Mapping[str, Any],
        type_: str = "Custom::Mine",
        around: Resources | None = None,
    ) -> Path:
        """around: what is created before it."""
        name = self._directory.name
        resources: Resources = {
            **table("Events", TableName=f"events-{name}"),
            **function("Handler", source, Runtime=runtime, Environment={"Variables": {"TABLE": {"Ref": "Events"}}}),
            "Mine": {
                "Type": type_,
                "Properties": {"ServiceToken": {"Fn::GetAtt": ["Handler", "Arn"]}, **properties},
                "DependsOn": list(around or ()),
            },
            **(around or {}),
        }
        outputs: dict[str, Any] = {"Ref": {"Ref": "Mine"}}
        if '"Data"' in str(properties.get("Say")) or runtime.startswith("nodejs"):
            outputs["Data"] = {"Fn::GetAtt": ["Mine", "Variable"]}
        return write_stack(self._directory, f"custom-{name}", resources, **outputs)


@pytest.fixture
def custom(harness: Harness, tmp_path: Path) -> Iterator[Custom]:
    stack = Custom(harness, tmp_path)
    yield stack
    if stack.deployment is not None:
        stack.deployment.destroy()


def _say(**said: Any) -> str:
    return json.dumps(said)


class TestRequests:
    def test_creation(self, custom: Custom) -> None:
        deployment = custom.deploy(Number=5, Flag=True, Nested={"List": [1, "two"]})

        (event,) = custom.events()
        stack = next(iter(deployment.stacks.values()))
        arn = stack.resources["Handler"].attributes["Arn"]
        assert event.pop("ResponseURL").startswith("http://127.0.0.1:")
        assert len(event.pop("RequestId")) == 36
        assert event == {
            "RequestType": "Create",
            "ServiceToken": arn,
            "StackId": stack.stack_id,
            "LogicalResourceId": "Mine",
            "ResourceType": "Custom::Mine",
            # Every number and truth value comes as text.
            "ResourceProperties": {
                "ServiceToken": arn,
                "Number": "5",
                "Flag": "true",
                "Nested": {"List": ["1", "two"]},
            },
        }

    def test_an_identity_provider_s_thumbprint_is_told_as_nothing_is_looked_up_outside(self, custom: Custom) -> None:
        custom.deploy(type_="Custom::AWSCDKOpenIdConnectProvider", Url="https://token.actions.githubusercontent.com")

        (event,) = custom.events()
        (thumbprint,) = event["ResourceProperties"]["ThumbprintList"]
        assert len(thumbprint) == 40

    def test_an_update_brings_the_old_properties(self, custom: Custom) -> None:
        custom.deploy(Size=1)

        custom.update(Size=2)

        _, event = custom.events()
        assert (event["RequestType"], event["PhysicalResourceId"]) == ("Update", "made-1")
        assert event["ResourceProperties"]["Size"] == "2"
        assert event["OldResourceProperties"]["Size"] == "1"

    def test_nothing_is_asked_when_nothing_differs(self, custom: Custom) -> None:
        custom.deploy(Size=1)

        custom.update(Size="1")

        assert len(custom.events()) == 1

    def test_another_physical_id_replaces_it_and_the_old_one_is_deleted_afterwards(self, custom: Custom) -> None:
        custom.deploy(Size=1)

        custom.update(Size=2, Say=_say(Update={"PhysicalResourceId": "made-2"}))

        assert custom.deployment is not None
        kinds = [(event["RequestType"], event.get("PhysicalResourceId")) for event in custom.events()]
        assert kinds == [("Create", None), ("Update", "made-1"), ("Delete", "made-1")]
        assert next(iter(custom.deployment.outputs.values()))["Ref"] == "made-2"

    def test_destruction(self, custom: Custom, harness: Harness) -> None:
        deployment = custom.deploy()
        before = len(harness.trace.events)

        deployment.destroy()

        deleted = [event for event in harness.trace.events[before:] if isinstance(event, InvocationStarted)]
        (event,) = [json.loads(event.payload) for event in deleted]
        assert (event["RequestType"], event["PhysicalResourceId"]) == ("Delete", "made-1")


class TestAnswers:
    def test_data_is_what_getatt_gives(self, custom: Custom) -> None:
        deployment = custom.deploy(Say=_say(Create={"PhysicalResourceId": "mine", "Data": {"Variable": "value"}}))

        assert next(iter(deployment.outputs.values())) == {"Ref": "mine", "Data": "value"}

    def test_node_handlers_answer_by_https_on_port_443(self, custom: Custom) -> None:
        deployment = custom.deploy(NODE_HANDLER, runtime="nodejs24.x")

        # The certificate comes by a variable that the function never sees.
        assert next(iter(deployment.outputs.values())) == {"Ref": "node-1", "Data": "undefined"}

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (
                {"Create": {"Status": "FAILED", "Reason": "no such zone"}},
                r"Received response status \[FAILED\] from custom resource. Message returned: no such zone",
            ),
            ({"raise": "boom"}, r'its function failed without an answer to the ResponseURL: {"errorMessage": "boom"'),
            ({"silent": True}, "CloudFormation did not receive a response from your Custom Resource"),
            ({"body": "no json"}, "Invalid response object"),
            ({"body": "x" * 4097}, "Response object is too long"),
            ({"Create": {"PhysicalResourceId": ""}}, "Invalid PhysicalResourceId"),
        ],
    )
    def test_a_failure_is_told_and_everything_taken_back(
        self, custom: Custom, harness: Harness, said: dict[str, Any], told: str
    ) -> None:
        with pytest.raises(DeploymentError, match=told) as failed:
            custom.deploy(Say=json.dumps(said))

        (diagnostic,) = failed.value.diagnostics
        assert diagnostic.pointer == "Resources.Mine"
        assert harness.client("dynamodb").list_tables()["TableNames"] == []

    def test_what_failed_to_be_created_is_asked_to_be_deleted(self, custom: Custom, harness: Harness) -> None:
        before = len(harness.trace.events)

        with pytest.raises(DeploymentError):
            custom.deploy(Say=_say(Create={"Status": "FAILED", "PhysicalResourceId": "half"}))

        started = [event for event in harness.trace.events[before:] if isinstance(event, InvocationStarted)]
        asked = [json.loads(event.payload) for event in started]
        assert [(event["RequestType"], event.get("PhysicalResourceId")) for event in asked] == [
            ("Create", None),
            ("Delete", "half"),
        ]

    def test_a_failed_update_is_taken_back_by_another_one(self, custom: Custom) -> None:
        custom.deploy(Size=1)

        with pytest.raises(DeploymentError, match="Message returned: never"):
            custom.update(Size=2, Say=_say(Update={"Status": "FAILED", "Reason": "never"}))

        assert custom.deployment is not None
        custom.update(Size=1)  # nothing differs
        asked = custom.events()
        assert [event["RequestType"] for event in asked] == ["Create", "Update", "Update"]
        assert [event["ResourceProperties"]["Size"] for event in asked] == ["1", "2", "1"]
        assert [event.get("OldResourceProperties", {}).get("Size") for event in asked] == [None, "1", "2"]

    @pytest.mark.parametrize(
        ("token", "problem"),
        [
            ("arn:aws:sqs:us-east-1:123456789012:queue", "is not the ARN of a function or of a topic"),
            ("arn:aws:sns:us-east-1:123456789012:topic", "its topic could not be told: .*NotFound"),
        ],
    )
    def test_a_service_token_that_nobody_listens_to(self, custom: Custom, token: str, problem: str) -> None:
        with pytest.raises(DeploymentError, match=problem) as refused:
            custom.deploy(ServiceToken=token)

        assert refused.value.diagnostics[0].pointer == "Resources.Mine.Properties.ServiceToken"

    @pytest.mark.parametrize("seconds", [0, 3601, "soon", 1.5])
    def test_its_time_is_one_to_3600_seconds(self, custom: Custom, seconds: object) -> None:
        with pytest.raises(DeploymentError, match="is not a whole number from 1 to 3600") as refused:
            custom.deploy(ServiceTimeout=seconds)

        assert refused.value.diagnostics[0].pointer == "Resources.Mine.Properties.ServiceTimeout"


class TestTopics:
    """Custom resource request objects: a service token is the ARN of a topic or of a function."""

    @pytest.fixture
    def listening(self) -> Resources:
        """A topic, to which the function listens."""
        handler = {"Fn::GetAtt": ["Handler", "Arn"]}
        permission = {"Action": "lambda:InvokeFunction", "FunctionName": handler, "Principal": "sns.amazonaws.com"}
        subscription = {"TopicArn": {"Ref": "Topic"}, "Protocol": "lambda", "Endpoint": handler}
        return {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "May": {"Type": "AWS::Lambda::Permission", "Properties": permission},
            "Listens": {"Type": "AWS::SNS::Subscription", "Properties": subscription, "DependsOn": "May"},
        }

    def test_a_function_that_listens_is_asked(self, custom: Custom, listening: Resources, harness: Harness) -> None:
        before = len(harness.trace.events)
        deployment = custom.deploy(
            TOLD, around=listening, ServiceToken={"Ref": "Topic"}, Say=_say(Create={"Data": {"Variable": "found"}})
        )

        stack = next(iter(deployment.stacks.values()))
        assert deployment.outputs[stack.name]["Data"] == "found"
        custom.deployment = None
        deployment.destroy()
        started = [event for event in harness.trace.events[before:] if isinstance(event, InvocationStarted)]
        records = [json.loads(event.payload)["Records"][0]["Sns"] for event in started]
        asked = [json.loads(record["Message"]) for record in records]
        assert {record["Subject"] for record in records} == {"AWS CloudFormation custom resource request"}
        assert [(event["RequestType"], event.get("PhysicalResourceId")) for event in asked] == [
            ("Create", None),
            ("Delete", "made-1"),
        ]
        assert {event["ServiceToken"] for event in asked} == {stack.resources["Topic"].physical_id}

    def test_one_in_node_answers_over_https(self, custom: Custom, listening: Resources) -> None:
        deployment = custom.deploy(
            NODE_TOLD, runtime="nodejs22.x", around=listening, ServiceToken={"Ref": "Topic"}, type_="Custom::Told"
        )

        assert next(iter(deployment.outputs.values()))["Data"] == "node"

    @pytest.mark.parametrize("say", [{"raise": "never"}, {"silent": True}])
    def test_one_that_does_not_answer(self, custom: Custom, listening: Resources, say: dict[str, Any]) -> None:
        with pytest.raises(DeploymentError, match="did not receive a response from your Custom Resource"):
            custom.deploy(TOLD, around=listening, ServiceToken={"Ref": "Topic"}, Say=_say(**say))

    def test_nobody_listens(self, custom: Custom) -> None:
        topic: Resources = {"Topic": {"Type": "AWS::SNS::Topic"}}

        with pytest.raises(DeploymentError, match="did not receive a response from your Custom Resource"):
            custom.deploy(around=topic, ServiceToken={"Ref": "Topic"})


class TestResponseModule:
    """CloudFormation Template Reference, "cfn-response module"."""

    def test_python_answers_with_it(self, custom: Custom) -> None:
        deployment = custom.deploy(PYTHON_RESPONSE, Say='"Data"')

        outputs = next(iter(deployment.outputs.values()))
        assert (outputs["Ref"], outputs["Data"]) == ("given", "python")

    def test_node_answers_with_it_by_the_name_of_its_log_stream(self, custom: Custom) -> None:
        deployment = custom.deploy(NODE_RESPONSE, runtime="nodejs22.x")

        outputs = next(iter(deployment.outputs.values()))
        assert outputs["Data"] == "node"
        assert "[$LATEST]" in outputs["Ref"]

    def test_its_reason_is_told(self, custom: Custom) -> None:
        with pytest.raises(DeploymentError, match="no room"):
            custom.deploy(PYTHON_FAILURE)
