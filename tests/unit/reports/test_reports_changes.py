from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from lambdakit.assembly.cloud_assembly import read_assembly
from lambdakit.reports.changes.compare import compare
from lambdakit.reports.changes.model import Action, Aspect, Differences, Replaces, ResourceChange, StackDifference
from lambdakit.reports.changes.to_wire import to_wire
from lambdakit.reports.stack_templates import stack_templates
from tests.fakes.plain_assembly import Resources, write_stacks

FUNCTION: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Code": {"S3Bucket": "b", "S3Key": f"{'a' * 64}.zip"},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "MemorySize": 512,
        "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
    },
}
TABLE: dict[str, Any] = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"},
}


@pytest.fixture
def resources() -> Resources:
    return {"Table": copy.deepcopy(TABLE), "Function": copy.deepcopy(FUNCTION)}


def between(tmp_path: Path, before: Any, after: Any, **sections: tuple[Any, Any]) -> Differences:
    """sections: a template's section, in both states."""
    states = []
    for index, (name, resources) in enumerate((("before", before), ("after", after))):
        template = {"Resources": resources, **{key: value[index] for key, value in sections.items()}}
        states.append(stack_templates(read_assembly(write_stacks(tmp_path / name, {"shop": template}))))
    return compare(*states)


def only_stack(differences: Differences) -> StackDifference:
    (stack,) = differences.stacks
    return stack


def change_of(differences: Differences, logical_id: str) -> ResourceChange:
    (found,) = [change for change in only_stack(differences).resources if change.logical_id == logical_id]
    return found


def test_equal_states_do_not_differ(tmp_path: Path, resources: Resources) -> None:
    differences = between(tmp_path, resources, copy.deepcopy(resources))

    assert not differences
    assert to_wire(differences)["differs"] is False


def test_number_as_text_is_no_difference(tmp_path: Path, resources: Resources) -> None:
    later = copy.deepcopy(resources)
    later["Function"]["Properties"]["MemorySize"] = "512"

    assert not between(tmp_path, resources, later)


def test_change_in_place_is_told_by_its_path(tmp_path: Path, resources: Resources) -> None:
    later = copy.deepcopy(resources)
    later["Function"]["Properties"]["MemorySize"] = 1024
    later["Function"]["Properties"]["Environment"]["Variables"]["LEVEL"] = "INFO"

    change = change_of(between(tmp_path, resources, later), "Function")

    assert change.action is Action.UPDATE
    assert [(item.path, item.before, item.after) for item in change.properties] == [
        ("MemorySize", 512, 1024),
        ("Environment.Variables.LEVEL", None, "INFO"),
    ]


def test_replaced_table_is_endangered_and_its_function_follows(tmp_path: Path, resources: Resources) -> None:
    later = copy.deepcopy(resources)
    later["Table"]["Properties"]["KeySchema"] = [{"AttributeName": "order", "KeyType": "HASH"}]

    differences = between(tmp_path, resources, later)

    assert [(change.logical_id, change.action, change.is_kept) for change in differences.endangered] == [
        ("Table", Action.REPLACE, False)
    ]
    function = change_of(differences, "Function")
    assert function.action is Action.UPDATE
    assert [(item.path, item.follows) for item in function.properties] == [("Environment.Variables.TABLE", "Table")]


def test_what_fixes_a_replaced_resource_is_replaced_as_well(tmp_path: Path, resources: Resources) -> None:
    alias = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"FunctionName": {"Ref": "Function"}, "Name": "live", "FunctionVersion": "1"},
    }
    url = {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": {"Ref": "Alias"}, "AuthType": "AWS_IAM"}}
    resources |= {"Alias": alias, "Url": url}
    resources["Function"]["Properties"]["FunctionName"] = "one"
    later = copy.deepcopy(resources)
    later["Function"]["Properties"]["FunctionName"] = "two"

    differences = between(tmp_path, resources, later)

    actions = {change.logical_id: change.action for change in only_stack(differences).resources}
    assert actions == dict.fromkeys(("Function", "Alias", "Url"), Action.REPLACE)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [("Retain", "Retain", True), ("Delete", "Retain", False), ("Retain", "Delete", False), (None, None, False)],
)
def test_replaced_data_is_kept_when_both_states_say_so(
    tmp_path: Path, resources: Resources, before: str | None, after: str | None, kept: bool
) -> None:
    later = copy.deepcopy(resources)
    later["Table"]["Properties"]["TableName"] = "other"
    for state, policy in ((resources, before), (later, after)):
        if policy is not None:
            state["Table"]["UpdateReplacePolicy"] = policy

    (change,) = between(tmp_path, resources, later).endangered

    assert change.is_kept is kept


@pytest.mark.parametrize(
    ("type_name", "policy", "kept"),
    [
        ("AWS::DynamoDB::Table", None, False),
        ("AWS::DynamoDB::Table", "Delete", False),
        ("AWS::DynamoDB::Table", "Retain", True),
        ("AWS::RDS::DBCluster", None, True),
        ("AWS::RDS::DBCluster", "Delete", False),
    ],
)
def test_removed_data_is_called_out(tmp_path: Path, type_name: str, policy: str | None, kept: bool) -> None:
    before: Resources = {"Data": {"Type": type_name, "Properties": {"Tags": []}}}
    if policy is not None:
        before["Data"]["DeletionPolicy"] = policy

    (change,) = between(tmp_path, before, {"Other": {"Type": "AWS::SNS::Topic"}}).endangered

    assert (change.action, change.is_kept) == (Action.REMOVE, kept)


def test_resource_of_another_logical_id_is_known_again(tmp_path: Path) -> None:
    differences = between(tmp_path, {"OldTable": TABLE}, {"NewTable": TABLE})

    assert change_of(differences, "OldTable").moved == "NewTable"
    assert change_of(differences, "NewTable").moved == "OldTable"


def test_two_equal_resources_are_not_taken_for_each_other(tmp_path: Path) -> None:
    differences = between(tmp_path, {"A": TABLE, "B": TABLE}, {"C": TABLE, "D": TABLE})

    assert {change.moved for change in only_stack(differences).resources} == {""}


def test_custom_resource_may_be_replaced(tmp_path: Path) -> None:
    before = {"Job": {"Type": "Custom::Job", "Properties": {"ServiceToken": "arn", "Size": 1}}}
    after = {"Job": {"Type": "Custom::Job", "Properties": {"ServiceToken": "arn", "Size": 2}}}

    change = change_of(between(tmp_path, before, after), "Job")

    assert (change.action, change.properties[0].replaces) == (Action.MAY_REPLACE, Replaces.MAY)


def test_other_type_under_one_logical_id_replaces(tmp_path: Path) -> None:
    differences = between(tmp_path, {"X": {"Type": "AWS::SQS::Queue"}}, {"X": {"Type": "AWS::SNS::Topic"}})

    assert change_of(differences, "X").action is Action.REPLACE


def versioned(digest: str, version: str) -> Resources:
    function = copy.deepcopy(FUNCTION)
    function["Properties"]["Code"]["S3Key"] = f"{digest * 64}.zip"
    alias = {"FunctionName": {"Ref": "Function"}, "FunctionVersion": {"Fn::GetAtt": [version, "Version"]}}
    return {
        "Function": function,
        version: {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}},
        "Alias": {"Type": "AWS::Lambda::Alias", "Properties": {**alias, "Name": "live"}},
    }


def test_changed_code_is_one_line_and_its_version_belongs_to_it(tmp_path: Path) -> None:
    differences = between(tmp_path, versioned("a", "VersionA"), versioned("b", "VersionB"))

    (change,) = only_stack(differences).resources
    (code,) = change.properties
    assert (change.logical_id, change.action, change.notes) == ("Function", Action.UPDATE, ("a new version",))
    assert (code.path, code.is_asset) == ("Code.S3Key", True)


def test_digest_that_is_no_asset_is_a_value(tmp_path: Path, resources: Resources) -> None:
    for name, digest in (("Function", "c"),):
        resources[name]["Properties"]["Environment"]["Variables"]["CHECKSUM"] = digest * 64
    later = copy.deepcopy(resources)
    later["Function"]["Properties"]["Environment"]["Variables"]["CHECKSUM"] = "d" * 64

    (item,) = change_of(between(tmp_path, resources, later), "Function").properties

    assert not item.is_asset


def test_metadata_of_the_tools_is_no_difference(tmp_path: Path, resources: Resources) -> None:
    later = copy.deepcopy(resources)
    later["Table"]["Metadata"] = {"aws:cdk:path": "shop/Table", "cdk_nag": {"rules_to_suppress": []}}
    later["CDKMetadata"] = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}}

    assert not between(tmp_path, resources, later)


def test_parameters_outputs_and_conditions_are_told(tmp_path: Path, resources: Resources) -> None:
    stack = only_stack(
        between(
            tmp_path,
            resources,
            resources,
            Parameters=({"Size": {"Type": "Number", "Default": 1}}, {"Size": {"Type": "Number", "Default": 2}}),
            Outputs=({"Name": {"Value": {"Ref": "Table"}}}, {}),
            Conditions=({}, {"Big": {"Fn::Equals": [1, 1]}}),
        )
    )

    assert [item.path for item in stack.parameters] == ["Size.Default"]
    assert [(item.path, item.after) for item in stack.outputs] == [("Name", None)]
    assert [item.path for item in stack.others] == ["Conditions.Big"]


def policy(*actions: str, effect: str = "Allow", target: str = "*") -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": list(actions), "Resource": target}]}


def test_statement_with_one_action_more_shows_that_action(tmp_path: Path) -> None:
    def state(*actions: str) -> Resources:
        properties = {"Roles": [{"Ref": "Role"}], "PolicyName": "p", "PolicyDocument": policy(*actions)}
        return {"Policy": {"Type": "AWS::IAM::Policy", "Properties": properties}}

    (found,) = only_stack(between(tmp_path, state("s3:GetObject"), state("s3:GetObject", "s3:PutObject"))).security

    assert (found.aspect, found.added, found.text) == (Aspect.IAM, True, "Allow s3:PutObject on *, for ${Role}")


def test_statement_that_moves_between_policies_of_a_role_changes_nothing(tmp_path: Path) -> None:
    document = policy("s3:GetObject")
    inline = {"Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": document}]}}}
    attached = {
        "Role": {"Type": "AWS::IAM::Role"},
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"Roles": [{"Ref": "Role"}], "PolicyDocument": document},
        },
    }

    differences = between(tmp_path, attached, inline)

    assert differences
    assert only_stack(differences).security == ()


@pytest.mark.parametrize(
    ("type_name", "before", "after", "aspect", "text"),
    [
        (
            "AWS::Lambda::Url",
            {"AuthType": "AWS_IAM"},
            {"AuthType": "NONE"},
            Aspect.AUTHORIZATION,
            "AuthType is NONE",
        ),
        (
            "AWS::S3::Bucket",
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}},
            Aspect.PUBLIC_ACCESS,
            "PublicAccessBlockConfiguration.BlockPublicAcls is false",
        ),
        (
            "AWS::EC2::SecurityGroup",
            {"SecurityGroupIngress": []},
            {"SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}]},
            Aspect.SECURITY_GROUP,
            "ingress tcp 22 from 0.0.0.0/0",
        ),
        (
            "AWS::Lambda::Permission",
            {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "s3.amazonaws.com"},
            {"Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "*"},
            Aspect.RESOURCE_POLICY,
            "Allow lambda:InvokeFunction on f to *",
        ),
        (
            "AWS::SQS::Queue",
            {"SqsManagedSseEnabled": True},
            {"SqsManagedSseEnabled": False},
            Aspect.ENCRYPTION,
            "SqsManagedSseEnabled is false",
        ),
        (
            "AWS::SQS::QueuePolicy",
            {"PolicyDocument": {"Statement": []}},
            {"PolicyDocument": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}}},
            Aspect.RESOURCE_POLICY,
            "Allow sqs:* to everybody",
        ),
    ],
)
def test_change_of_security_is_told_apart(
    tmp_path: Path, type_name: str, before: object, after: object, aspect: Aspect, text: str
) -> None:
    states = ({"X": {"Type": type_name, "Properties": properties}} for properties in (before, after))

    security = only_stack(between(tmp_path, *states)).security

    assert [(item.aspect, item.text) for item in security if item.added] == [(aspect, text)]


def test_new_resource_is_told_of_only_where_it_is_open(tmp_path: Path) -> None:
    shut = {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}}
    wide = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE"}}

    stack = only_stack(between(tmp_path, {}, {"Shut": shut, "Wide": wide}))

    assert [item.logical_id for item in stack.security] == ["Wide"]


def test_whole_stack_comes_or_goes(tmp_path: Path, resources: Resources) -> None:
    one = stack_templates(read_assembly(write_stacks(tmp_path / "one", {"old": {"Resources": resources}})))
    other = stack_templates(read_assembly(write_stacks(tmp_path / "two", {"new": {"Resources": resources}})))

    new, old = compare(one, other).stacks

    assert (new.name, new.is_new, {change.action for change in new.resources}) == ("new", True, {Action.ADD})
    assert (old.name, old.is_gone, {change.action for change in old.resources}) == ("old", True, {Action.REMOVE})


def test_nested_stack_is_compared_where_it_is_used(tmp_path: Path) -> None:
    states = []
    for name, size in (("before", 1), ("after", 2)):
        directory = tmp_path / name
        directory.mkdir()
        nested = directory / "nested.json"
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": size}}
        nested.write_text(json.dumps({"Resources": {"Queue": queue}}))
        url = {"Fn::Sub": f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/b/{str(size) * 64}.json"}
        parent = {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}
        write_stacks(directory, {"shop": {"Resources": parent}}, assets={f"{str(size) * 64}.json": nested})
        states.append(stack_templates(read_assembly(directory)))

    shop, inner = compare(*states).stacks

    assert [item.is_asset for item in shop.resources[0].properties] == [True]
    assert (inner.name, inner.resources[0].properties[0].path) == ("shop/Inner", "DelaySeconds")


def test_files_of_changed_code_are_named(tmp_path: Path) -> None:
    states = []
    for name, text in (("a", "one"), ("b", "two")):
        directory = tmp_path / name
        code = directory / f"asset.{name}"
        code.mkdir(parents=True)
        (code / "app.py").write_text(text)
        (code / "same.py").write_text("same")
        if name == "b":
            (code / "new.py").write_text("")
        function = copy.deepcopy(FUNCTION)
        function["Properties"]["Code"]["S3Key"] = f"{name * 64}.zip"
        write_stacks(directory, {"shop": {"Resources": {"Function": function}}}, assets={f"{name * 64}": code})
        states.append(stack_templates(read_assembly(directory)))

    files = compare(*states).stacks[0].resources[0].properties[0].files

    assert files is not None
    assert (files.added, files.removed, files.changed) == (("new.py",), (), ("app.py",))


def test_differences_are_json(tmp_path: Path, resources: Resources) -> None:
    later = copy.deepcopy(resources)
    later["Table"]["Properties"]["TableName"] = "other"

    wire = json.loads(json.dumps(to_wire(between(tmp_path, resources, later))))

    assert wire["endangered"] == [{"stack": "shop", "logical_id": "Table", "action": "replace", "kept": False}]
    assert wire["stacks"][0]["resources"][0]["properties"][0]["replaces"] == "yes"
