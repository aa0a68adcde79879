"""Wait conditions: a stack goes on once somebody has sent signals to the URL of a handle.

Source: AWS CloudFormation User Guide, "Create wait conditions in a CloudFormation template"; CloudFormation Template
Reference, "AWS::CloudFormation::WaitCondition".
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import DeploymentError
from tests.fakes.plain_assembly import Resources, function, write_stack
from tests.fakes.wired_harness import Answer, WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-wait-conditions")

HANDLE: Resources = {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
SIGNALLER = """
import json, urllib.request

def handler(event, context):
    for status, unique_id, content in event["ResourceProperties"]["Signals"]:
        body = {"Status": status, "UniqueId": unique_id, "Reason": "because", "Data": content}
        url = event["ResourceProperties"]["Url"]
        request = urllib.request.Request(url, json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""})
        urllib.request.urlopen(request)
    answer = {"Status": "SUCCESS", "PhysicalResourceId": "signaller"}
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request)
"""


def condition(*depends_on: str, **properties: Any) -> Resources:
    given = {"Handle": {"Ref": "Handle"}, "Timeout": "300", **properties}
    return {
        "Condition": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "DependsOn": list(depends_on),
            "Properties": {key: value for key, value in given.items() if value is not None},
        }
    }


def signalled(*signals: tuple[str, str, object], **properties: Any) -> Resources:
    """A function that sends the signals while the stack is made."""
    return {
        **HANDLE,
        **function("Signaller", SIGNALLER),
        "Signals": {
            "Type": "Custom::Signals",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Signaller", "Arn"]},
                "Url": {"Ref": "Handle"},
                "Signals": [list(signal) for signal in signals],
            },
        },
        **condition("Signals", **properties),
    }


class Deployments:
    """Deploys stacks in the background, so that a test may do something meanwhile."""

    def __init__(self, harness: WiredHarness, directory: Path) -> None:
        self.harness, self._directory = harness, directory
        self._threads: list[threading.Thread] = []
        self._made: list[Mapping[str, Any]] = []
        self.problem: DeploymentError | None = None

    def deploy(self, resources: Resources, name: str = "waiting") -> Mapping[str, Any]:
        """The outputs of a stack."""
        data = {"Data": {"Fn::GetAtt": ["Condition", "Data"]}}
        made = self.harness.deploy(write_stack(self._directory / name, name, resources, **data))
        self._made.append(made)
        outputs: Mapping[str, Any] = made["stacks"][name]["outputs"]
        return outputs

    def begin(self, resources: Resources) -> str:
        """Begins a deployment, and returns the URL that it waits for."""

        def run() -> None:
            try:
                self.deploy(resources)
            except DeploymentError as problem:
                self.problem = problem

        after = self.harness.position()
        self._threads.append(threading.Thread(target=run, name="deployment"))
        self._threads[-1].start()
        note = waited_for(self.harness, after)
        return note.split(" at ")[1].split(" until ")[0]

    def signal(self, url: str, status: str = "SUCCESS", unique_id: str = "ID1", **more: Any) -> Answer:
        """Sends a signal from outside."""
        body = json.dumps({"Status": status, "UniqueId": unique_id, "Reason": "done", "Data": "all", **more})
        return self.put(url, body.encode())

    def put(self, url: str, body: bytes, method: str = "PUT", **headers: str) -> Answer:
        path = url.removeprefix(f"http://127.0.0.1:{self.harness.port}")
        return self.harness.request(method, path, headers, body)

    def end(self) -> None:
        """Waits for what was begun."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def outputs(self) -> Mapping[str, Any]:
        """Of the one stack."""
        (made,) = self._made
        outputs: Mapping[str, Any] = made["stacks"]["waiting"]["outputs"]
        return outputs

    def remove(self) -> None:
        self.end()
        for made in self._made:
            self.harness.destroy(made)


def waited_for(harness: WiredHarness, after: int = 0) -> str:
    """What the trace says of a condition that waits, once there is one."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for event in harness.events("RuntimeNote", after=after):
            if event["note"].startswith("waits for "):
                return str(event["note"])
    raise AssertionError(f"nothing waits: {harness.events('RuntimeNote', after=after)}")


@pytest.fixture
def deployments(harness: WiredHarness, tmp_path: Path) -> Iterator[Deployments]:
    made = Deployments(harness, tmp_path)
    yield made
    made.remove()


def test_a_function_of_the_stack_sends_the_signal(deployments: Deployments) -> None:
    signals = ("SUCCESS", "a", "one"), ("SUCCESS", "a", "again"), ("SUCCESS", "b", {"n": "two"})

    outputs = deployments.deploy(signalled(*signals, Count=2))

    assert json.loads(outputs["Data"]) == {"a": "one", "b": {"n": "two"}}


def test_a_signal_comes_from_outside(deployments: Deployments) -> None:
    url = deployments.begin({**HANDLE, **condition(Count=2)})

    assert deployments.signal(url, unique_id="Signal1", Data="first").status == 200
    assert deployments.signal(url, unique_id="Signal1", Data="again").status == 200
    assert deployments.signal(url, unique_id="Signal2", Data="second").status == 200
    deployments.end()

    assert json.loads(deployments.outputs()["Data"]) == {"Signal1": "first", "Signal2": "second"}


def test_a_failure_takes_the_stack_back(deployments: Deployments) -> None:
    url = deployments.begin({**HANDLE, **condition(Count=2)})
    deployments.signal(url)
    deployments.signal(url, "FAILURE", "ID2", Reason="disk full")
    deployments.end()

    assert deployments.problem is not None
    assert "WaitCondition received failed message: 'disk full' for uniqueId: ID2" in str(deployments.problem)
    assert deployments.signal(url).status == 403


def test_the_time_is_the_clocks(deployments: Deployments) -> None:
    url = deployments.begin({**HANDLE, **condition(Count=2, Timeout="3600")})
    deployments.signal(url)
    deployments.put(url, b"no signal at all")

    assert deployments.harness.call("POST", "clock", {"advance_seconds": 3600}).status == 200
    deployments.end()

    assert deployments.problem is not None
    assert "WaitCondition timed out. Received 1 conditions when expecting 2" in str(deployments.problem)
    assert "a message was no signal: it is no JSON" in str(deployments.problem)


@pytest.mark.parametrize(
    ("method", "headers", "code"),
    [("PUT", {"Content-Type": "application/json"}, "SignatureDoesNotMatch"), ("POST", {}, "AccessDenied")],
)
def test_only_a_put_without_a_content_type_is_taken(
    deployments: Deployments, method: str, headers: Mapping[str, str], code: str
) -> None:
    url = deployments.begin({**HANDLE, **condition()})

    refused = deployments.put(url, b"{}", method, **headers)
    deployments.signal(url)

    assert (refused.status, code in refused.body.decode()) == (403, True)


def test_nobody_waits_for_machines_that_run_nowhere(deployments: Deployments) -> None:
    user_data = {"Fn::Base64": {"Fn::Sub": "curl -X PUT ${Handle}"}}
    instance = {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "ami-12c6146b", "UserData": user_data}}
    after = deployments.harness.position()

    outputs = deployments.deploy({**HANDLE, "Machine": instance, **condition("Machine")})

    assert outputs["Data"] == "{}"
    (note,) = [event["note"] for event in deployments.harness.events("RuntimeNote", after=after)]
    assert note == "not waited for: its handle's URL went to AWS::EC2::Instance alone, which run nowhere here"


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"Timeout": None}, "Timeout is required"),
        ({"Timeout": "43201"}, "Timeout is 43201, and must be a number of seconds up to 43200"),
        ({"Count": "two"}, "Count is two, and must be a whole number"),
        ({"Handle": "https://example.com/handle"}, "Invalid wait condition handle: 'https://example.com/handle'"),
    ],
)
def test_a_condition_that_is_not_in_order_is_refused(
    deployments: Deployments, properties: Mapping[str, Any], problem: str
) -> None:
    with pytest.raises(DeploymentError) as refused:
        deployments.deploy({**HANDLE, **condition(**properties)})

    assert problem in str(refused.value)


def test_a_harness_that_ends_waits_for_nothing(tmp_path: Path) -> None:
    with WiredHarness() as harness:
        deployments = Deployments(harness, tmp_path)
        template = {"Resources": {**HANDLE, **condition()}}
        harness.aws("cloudformation").create_stack(StackName="endless", TemplateBody=json.dumps(template))
        waited_for(harness)
        code = harness.close()

    assert (code, deployments.problem) == (0, None)


def test_no_condition_is_updated(deployments: Deployments, tmp_path: Path) -> None:
    stacks = deployments.harness.aws("cloudformation")
    template = {"Resources": {**HANDLE, **condition(Count=0)}}
    stacks.create_stack(StackName="fixed", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="fixed", WaiterConfig={"Delay": 1})

    changed = {"Resources": {**HANDLE, **condition(Count=0, Timeout="20")}}
    stacks.update_stack(StackName="fixed", TemplateBody=json.dumps(changed))
    deployments.harness.drain()

    events = stacks.describe_stack_events(StackName="fixed")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("AWS::CloudFormation::WaitCondition is not supported" in reason for reason in reasons)
    stacks.delete_stack(StackName="fixed")
    deployments.harness.drain()
