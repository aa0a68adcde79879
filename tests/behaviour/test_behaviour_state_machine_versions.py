"""Versions and aliases of state machines: what an execution of one runs, and how they are deployed.

Source: AWS Step Functions Developer Guide, "State machine versions in Step Functions workflows", "State machine
aliases in Step Functions workflows" and "How Step Functions associates executions with a version or alias".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.fakes.boto3_sessions import session_of
from tests.fakes.cloudformation import CloudFormation
from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.plain_assembly import role
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:versioned"


def definition(result: object) -> str:
    return json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "Result": result, "End": True}}})


class Versions:
    """A machine that was changed once; version 1 is of what it was before."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.states = harness, harness.aws("stepfunctions")
        self.states.create_state_machine(name="versioned", definition=definition("old"), roleArn=ROLE)
        self.states.publish_state_machine_version(stateMachineArn=MACHINE)
        self.states.update_state_machine(stateMachineArn=MACHINE, definition=definition("new"))

    def route(self, **weights: int) -> list[dict[str, Any]]:
        return [{"stateMachineVersionArn": f"{MACHINE}:{name[1:]}", "weight": it} for name, it in weights.items()]

    def listed(self) -> list[str]:
        found = self.states.list_state_machine_versions(stateMachineArn=MACHINE)["stateMachineVersions"]
        return [version["stateMachineVersionArn"] for version in found]

    def run(self, arn: str) -> dict[str, Any]:
        """An execution that has ended."""
        execution = self.states.start_execution(stateMachineArn=arn)["executionArn"]
        self.harness.drain()
        found: dict[str, Any] = self.states.describe_execution(executionArn=execution)
        return found

    def refusal(self, operation: str, **given: Any) -> str:
        with pytest.raises(ClientError) as refused:
            getattr(self.states, operation)(**given)
        return str(refused.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as harness:
        harness.aws("stepfunctions").list_state_machines()  # so that the interpreter is loaded, which takes a while
        yield harness


@pytest.fixture
def versions(harness: WiredHarness) -> Iterator[Versions]:
    versions = Versions(harness)
    yield versions
    versions.states.delete_state_machine(stateMachineArn=MACHINE)


def test_a_revision_has_one_version(versions: Versions) -> None:
    publish = versions.states.publish_state_machine_version
    first = publish(stateMachineArn=MACHINE)
    assert publish(stateMachineArn=MACHINE, description="the same")["stateMachineVersionArn"] == f"{MACHINE}:2"
    assert first["stateMachineVersionArn"] == f"{MACHINE}:2"
    assert versions.listed() == [f"{MACHINE}:2", f"{MACHINE}:1"]

    changed = versions.states.update_state_machine(stateMachineArn=MACHINE, definition=definition("newer"))

    assert versions.refusal("publish_state_machine_version", stateMachineArn=MACHINE, revisionId="INITIAL") == (
        "ConflictException"
    )
    found = publish(stateMachineArn=MACHINE, revisionId=changed["revisionId"])["stateMachineVersionArn"]
    assert found == f"{MACHINE}:3"
    assert versions.states.describe_state_machine(stateMachineArn=found)["revisionId"] == changed["revisionId"]


def test_an_execution_runs_what_the_version_is_of(versions: Versions) -> None:
    unqualified, version = versions.run(MACHINE), versions.run(f"{MACHINE}:1")

    assert (json.loads(unqualified["output"]), json.loads(version["output"])) == ("new", "old")
    assert "stateMachineVersionArn" not in unqualified
    assert (version["stateMachineArn"], version["stateMachineVersionArn"]) == (MACHINE, f"{MACHINE}:1")
    assert "stateMachineAliasArn" not in version
    assert versions.refusal("start_execution", stateMachineArn=f"{MACHINE}:7") == "StateMachineDoesNotExist"


def test_one_of_an_alias_runs_what_it_routes_to_and_is_listed_with_it(versions: Versions) -> None:
    versions.states.publish_state_machine_version(stateMachineArn=MACHINE)
    made = versions.states.create_state_machine_alias(name="live", routingConfiguration=versions.route(v1=100))
    alias = made["stateMachineAliasArn"]

    before = versions.run(alias)
    versions.states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=versions.route(v2=100))
    after = versions.run(alias)

    assert (json.loads(before["output"]), json.loads(after["output"])) == ("old", "new")
    assert (before["stateMachineVersionArn"], before["stateMachineAliasArn"]) == (f"{MACHINE}:1", alias)
    versions.run(f"{MACHINE}:1")
    for arn, count in ((alias, 2), (f"{MACHINE}:1", 2), (f"{MACHINE}:2", 1), (MACHINE, 3)):
        listed = versions.states.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")["executions"]
        assert len(listed) == count, arn
    pages = versions.states.get_paginator("list_executions").paginate(stateMachineArn=alias, maxResults=1)
    assert [execution["stateMachineAliasArn"] for page in pages for execution in page["executions"]] == [alias, alias]


def test_weights_send_executions_to_both_versions(versions: Versions) -> None:
    versions.states.publish_state_machine_version(stateMachineArn=MACHINE)
    alias = versions.states.create_state_machine_alias(name="both", routingConfiguration=versions.route(v1=50, v2=50))
    arn = alias["stateMachineAliasArn"]

    for _ in range(40):
        versions.states.start_execution(stateMachineArn=arn)
    versions.harness.drain()

    listed = versions.states.list_executions(stateMachineArn=arn)["executions"]
    assert {execution["stateMachineVersionArn"] for execution in listed} == {f"{MACHINE}:1", f"{MACHINE}:2"}


def test_an_alias_keeps_its_version_and_its_name(versions: Versions) -> None:
    made = versions.states.create_state_machine_alias(name="live", routingConfiguration=versions.route(v1=100))
    versions.states.publish_state_machine_version(stateMachineArn=MACHINE)

    again = versions.states.create_state_machine_alias(name="live", routingConfiguration=versions.route(v1=100))

    assert again["stateMachineAliasArn"] == made["stateMachineAliasArn"]
    other = versions.route(v2=100)
    assert versions.refusal("create_state_machine_alias", name="live", routingConfiguration=other) == (
        "ConflictException"
    )
    first = {"stateMachineVersionArn": f"{MACHINE}:1"}
    assert versions.refusal("delete_state_machine_version", **first) == "ConflictException"
    versions.states.delete_state_machine_alias(stateMachineAliasArn=made["stateMachineAliasArn"])
    versions.states.delete_state_machine_version(**first)
    versions.states.delete_state_machine_version(**first)
    assert versions.listed() == [f"{MACHINE}:2"]


def test_an_express_one_runs_a_version_while_it_is_waited_for(harness: WiredHarness) -> None:
    states = harness.aws("stepfunctions")
    made = states.create_state_machine(
        name="quick", definition=definition("old"), roleArn=ROLE, type="EXPRESS", publish=True
    )
    states.update_state_machine(stateMachineArn=made["stateMachineArn"], definition=definition("new"))

    plain = Config(inject_host_prefix=False)  # the SDK would ask a host called `sync-127.0.0.1`
    endpoint = f"http://127.0.0.1:{harness.port}"
    client = session_of("ADMINISTRATOR", "-").client("stepfunctions", endpoint_url=endpoint, config=plain)
    found = client.start_sync_execution(stateMachineArn=made["stateMachineVersionArn"])

    assert json.loads(found["output"]) == "old"
    states.delete_state_machine(stateMachineArn=made["stateMachineArn"])


def stack(result: str) -> dict[str, Any]:
    """A machine with a version of each revision, and an alias that a rule starts."""
    publish = {
        "StateMachineArn": {"Ref": "M"},
        "StateMachineRevisionId": {"Fn::GetAtt": ["M", "StateMachineRevisionId"]},
    }
    route = [{"StateMachineVersionArn": {"Ref": "V"}, "Weight": 100}]
    target = {"Id": "1", "Arn": {"Ref": "Live"}, "RoleArn": {"Fn::GetAtt": ["Starter", "Arn"]}}
    only_the_machine = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": {"Ref": "M"}}
    machine = {"DefinitionString": definition(result), "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    return {
        "Resources": {
            "Role": role(service="states.amazonaws.com"),
            "Starter": role(only_the_machine, service="events.amazonaws.com"),
            "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            "V": {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": publish},
            "Live": {
                "Type": "AWS::StepFunctions::StateMachineAlias",
                "Properties": {"Name": "live", "RoutingConfiguration": route},
            },
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {"EventPattern": {"source": ["versioned"]}, "Targets": [target]},
            },
        },
        "Outputs": {"Alias": {"Value": {"Ref": "Live"}}, "Version": {"Value": {"Ref": "V"}}},
    }


def test_a_deployed_alias_follows_its_stack_and_is_started_by_who_may_start_its_machine(harness: WiredHarness) -> None:
    cloudformation, states = CloudFormation(harness, "versioned"), harness.aws("stepfunctions")

    def told() -> tuple[str, str, list[tuple[str, str]]]:
        """Alias, version, and version and output of each execution that the rule's events started."""
        event = {"Source": "versioned", "DetailType": "now", "Detail": "{}"}
        harness.aws("events").put_events(Entries=[event])
        harness.drain()
        outputs = cloudformation.outputs()
        ended = [
            states.describe_execution(executionArn=execution["executionArn"])
            for execution in states.list_executions(stateMachineArn=outputs["Alias"])["executions"]
        ]
        runs = [(execution["stateMachineVersionArn"], execution["output"]) for execution in ended]
        return outputs["Alias"], outputs["Version"], runs

    cloudformation.create(stack("old"), Capabilities=["CAPABILITY_IAM"])
    assert cloudformation.status() == "CREATE_COMPLETE", cloudformation.reasons()
    alias, first, runs = told()
    assert runs == [(first, '"old"')]

    cloudformation.update(stack("new"), Capabilities=["CAPABILITY_IAM"])

    same_alias, second, runs = told()
    assert (same_alias, second != first) == (alias, True)
    assert runs == [(second, '"new"'), (first, '"old"')]
    machine = alias.rpartition(":")[0]
    listed = states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [version["stateMachineVersionArn"] for version in listed] == [second]
    cloudformation.delete()
    assert states.list_state_machines()["stateMachines"] == []
