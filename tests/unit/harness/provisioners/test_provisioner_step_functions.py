"""`AWS::StepFunctions::*`, read back through the Step Functions API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_ROLE = "arn:aws:iam::111122223333:role/r"


def _states(kind: str) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": kind, "End": True}}}


def _machine(provisioning: Provisioning, created: Created) -> Any:
    states, arn = provisioning.client("stepfunctions"), created.provisioned.physical_id
    found = states.describe_state_machine(stateMachineArn=arn)
    tags = states.list_tags_for_resource(resourceArn=arn)["tags"]
    return {
        "Definition": json.loads(found["definition"]),
        "Level": found.get("loggingConfiguration", {}).get("level", "OFF"),
        "Tracing": found.get("tracingConfiguration", {}).get("enabled", False),
        "Type": found["type"],
        "Role": found["roleArn"],
        "Tags": {tag["key"]: tag["value"] for tag in tags},
    }


def _alias(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("stepfunctions").describe_state_machine_alias(
        stateMachineAliasArn=created.provisioned.physical_id
    )
    weights = [(item["stateMachineVersionArn"], item["weight"]) for item in found["routingConfiguration"]]
    return {"Weights": weights, "Description": found.get("description", "")}


def _activity(provisioning: Provisioning, created: Created) -> Any:
    states, arn = provisioning.client("stepfunctions"), created.provisioned.physical_id
    name = states.describe_activity(activityArn=arn)["name"]
    return {
        "Name": name,
        "Tags": {tag["key"]: tag["value"] for tag in states.list_tags_for_resource(resourceArn=arn)["tags"]},
    }


ROWS = [
    Row(
        type="AWS::StepFunctions::StateMachine",
        first={
            "StateMachineName": "orders",
            "RoleArn": _ROLE,
            "DefinitionString": '{"StartAt": "A", "States": {"A": {"Type": "${Kind}", "End": true}}}',
            "DefinitionSubstitutions": {"Kind": "Pass"},
            "StateMachineType": "EXPRESS",
            "Tags": [{"Key": "team", "Value": "a"}],
            "TracingConfiguration": {"Enabled": "true"},
        },
        second={
            "StateMachineName": "orders",
            "RoleArn": _ROLE + "2",
            "Definition": _states("Succeed"),
            "StateMachineType": "EXPRESS",
            "LoggingConfiguration": {
                "Level": "ALL",
                "Destinations": [
                    {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:g:*"}}
                ],
            },
        },
        read=_machine,
        shows=(
            {"Definition": _states("Pass"), "Type": "EXPRESS", "Tags": {"team": "a"}, "Tracing": True, "Level": "OFF"},
            {"Definition": _states("Succeed"), "Role": _ROLE + "2", "Tags": {}, "Tracing": False, "Level": "ALL"},
        ),
    ),
    Row(
        type="AWS::StepFunctions::StateMachineAlias",
        first={"Name": "live", "RoutingConfiguration": [{"StateMachineVersionArn": "@One", "Weight": "100"}]},
        second={"Name": "live", "DeploymentPreference": {"StateMachineVersionArn": "@Two", "Type": "ALL_AT_ONCE"}},
        read=_alias,
        shows=({}, {}),
        needs={
            "Machine": ("AWS::StepFunctions::StateMachine", {"RoleArn": _ROLE, "Definition": _states("Pass")}),
            "One": ("AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": "@Machine"}),
            "Two": ("AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": "@Machine", "Description": "2"}),
        },
    ),
    Row(
        type="AWS::StepFunctions::Activity",
        first={"Name": "work", "Tags": [{"Key": "team", "Value": "a"}]},
        second={"Name": "work"},
        read=_activity,
        shows=({"Name": "work", "Tags": {"team": "a"}}, {"Tags": {}}),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_alias_routes_to_the_versions_it_names(provisioning: Provisioning) -> None:
    provisioning.create(
        "AWS::StepFunctions::StateMachine", {"RoleArn": _ROLE, "Definition": _states("Pass")}, logical_id="M"
    )
    one, two = (
        provisioning.create("AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": "@M"}, logical_id=name)
        for name in ("One", "Two")
    )
    weights = [{"StateMachineVersionArn": "@One", "Weight": 90}, {"StateMachineVersionArn": "@Two", "Weight": 10}]
    alias = provisioning.create(
        "AWS::StepFunctions::StateMachineAlias", {"Name": "live", "RoutingConfiguration": weights}
    )

    arns = (one.provisioned.physical_id, two.provisioned.physical_id)
    assert _alias(provisioning, alias)["Weights"] == [(arns[0], 90), (arns[1], 10)]
    assert arns[0] != arns[1]


@pytest.mark.parametrize("place", ["asset", "bucket"])
def test_definition_is_read_where_it_lies(provisioning: Provisioning, tmp_path: Path, place: str) -> None:
    text = json.dumps(_states("${Kind}"))
    if place == "asset":
        (tmp_path / "definition.json").write_text(text)
        provisioning.files["assets", "d.json"] = tmp_path / "definition.json"
    else:
        provisioning.create("AWS::S3::Bucket", {"BucketName": "assets"}, logical_id="Bucket")
        provisioning.client("s3").put_object(Bucket="assets", Key="d.json", Body=text.encode())

    machine = provisioning.create(
        "AWS::StepFunctions::StateMachine",
        {
            "RoleArn": _ROLE,
            "DefinitionS3Location": {"Bucket": "assets", "Key": "d.json"},
            "DefinitionSubstitutions": {"Kind": "Wait"},
        },
    )

    assert _machine(provisioning, machine)["Definition"] == _states("Wait")
    if place == "bucket":
        provisioning.reset(provisioning.made["Bucket"])


_IN_YAML = """
# a machine
StartAt: A
States:
  A: {Type: "${Kind}", Seconds: ${Seconds}, Comment: 2024-01-02, Next: B}
  B:
    Type: Succeed
"""


def test_a_stored_definition_may_be_yaml(provisioning: Provisioning, tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(_IN_YAML)
    provisioning.files["assets", "d.yaml"] = tmp_path / "d.yaml"
    stored = {"RoleArn": _ROLE, "DefinitionS3Location": {"Bucket": "assets", "Key": "d.yaml"}}

    machine = provisioning.create(
        "AWS::StepFunctions::StateMachine", {**stored, "DefinitionSubstitutions": {"Kind": "Wait", "Seconds": 3}}
    )

    states = _machine(provisioning, machine)["Definition"]["States"]
    assert states["A"] == {"Type": "Wait", "Seconds": 3, "Comment": "2024-01-02", "Next": "B"}
    (tmp_path / "d.yaml").write_text("StartAt: [")
    with pytest.raises(ResourceRefused, match="INVALID_JSON_DESCRIPTION"):
        provisioning.create("AWS::StepFunctions::StateMachine", stored, logical_id="Broken")


def test_revision_follows_the_definition(provisioning: Provisioning) -> None:
    machine = provisioning.create("AWS::StepFunctions::StateMachine", {"RoleArn": _ROLE, "Definition": _states("Pass")})
    changed = provisioning.update(machine, {"RoleArn": _ROLE, "Definition": _states("Wait")})
    back = provisioning.update(changed, {"RoleArn": _ROLE, "Definition": _states("Pass")})

    revisions = [each.provisioned.attributes["StateMachineRevisionId"] for each in (machine, changed, back)]
    assert revisions[0] == revisions[2] != revisions[1]


@pytest.mark.parametrize(
    ("type_name", "properties", "refusal", "text"),
    [
        pytest.param("AWS::StepFunctions::StateMachine", {"RoleArn": _ROLE}, ResourceRefused, "One of", id="nothing"),
        pytest.param(
            "AWS::StepFunctions::StateMachine",
            {"RoleArn": _ROLE, "DefinitionString": "{"},
            ResourceRefused,
            "Invalid State Machine Definition",
            id="definition",
        ),
        pytest.param(
            "AWS::StepFunctions::StateMachine",
            {"RoleArn": "nobody", "Definition": _states("Pass")},
            ClientError,
            "Invalid Role Arn",
            id="role",
        ),
    ],
)
def test_impossible_resource_is_refused_and_not_there(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    with pytest.raises(refusal, match=text):
        provisioning.create(type_name, properties)

    assert provisioning.client("stepfunctions").list_state_machines()["stateMachines"] == []
