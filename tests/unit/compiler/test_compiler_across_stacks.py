"""References in CloudFormation's own words to what is in another stack: exported there, imported here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import LambdakitError

pytestmark = pytest.mark.xdist_group("cdk")

BARE = "{code: code, handler: app.handler}"
DOCUMENT = """\
application: shop
parameters: {Stage: {default: dev}}
resources:
  jobs: {kind: queue, stack: data}
cloudformation:
  Told: {Type: AWS::SNS::Topic}
functions:
  price: {code: code, handler: app.handler, stack: data}
patterns:
  work:
    kind: event_processing
    stack: web
    source: {kind: sqs}
    function: {code: code, handler: app.handler}
    overrides: {Function: {Description: TEXT}}
"""


@pytest.fixture(scope="module")
def compiler(validating_compiler: Compiler) -> Compiler:
    return validating_compiler


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    return tmp_path


def _assembly(compiler: Compiler, project: Path, document: str) -> Path:
    (project / "lambdakit.yaml").write_text(document)
    return compiler.synthesize(project / "lambdakit.yaml")


def _template(assembly: Path, stack: str) -> dict[str, Any]:
    template: dict[str, Any] = json.loads((assembly / f"{stack}.template.json").read_text())
    return template


def _description(assembly: Path) -> Any:
    resources = _template(assembly, "shop-web")["Resources"].values()
    (function,) = (each for each in resources if each["Type"] == "AWS::Lambda::Function")
    return function["Properties"]["Description"]


def _needed(assembly: Path, stack: str) -> list[str]:
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    return [each for each in artifacts[stack]["dependencies"] if not each.endswith(".assets")]


@pytest.mark.parametrize(
    ("written", "stack", "value"),
    [
        ("!Ref jobs", "shop-data", {"Ref": "resourcejobs1ECFB803"}),
        ("!GetAtt jobs.Arn", "shop-data", {"Fn::GetAtt": ["resourcejobs1ECFB803", "Arn"]}),
        ("!GetAtt [jobs, Arn]", "shop-data", {"Fn::GetAtt": ["resourcejobs1ECFB803", "Arn"]}),
        ("!Ref price", "shop-data", {"Ref": "priceFunction37F53C8B"}),
        ("!GetAtt price/Role.Arn", "shop-data", None),
        ("!Ref Told", "shop", {"Ref": "Told"}),
    ],
)
def test_a_value_is_imported_of_the_stack_that_exports_it(
    compiler: Compiler, project: Path, written: str, stack: str, value: object
) -> None:
    assembly = _assembly(compiler, project, DOCUMENT.replace("TEXT", written))

    name = _description(assembly)["Fn::ImportValue"]
    exported = {each["Export"]["Name"]: each["Value"] for each in _outputs(assembly, stack) if "Export" in each}
    assert name.startswith(f"{stack}:ExportsOutput")
    assert value is None or exported[name] == value
    assert _needed(assembly, "shop-web") == [stack]


def _outputs(assembly: Path, stack: str) -> list[dict[str, Any]]:
    return list(_template(assembly, stack)["Outputs"].values())


def test_a_text_has_names_of_its_own_for_what_is_imported(compiler: Compiler, project: Path) -> None:
    text = '!Sub ["${jobs.Arn} ${jobsArn} ${Stage} ${AWS::Region} ${!jobs.Arn} ${jobs.Arn}", {jobsArn: a}]'

    description = _description(_assembly(compiler, project, DOCUMENT.replace("TEXT", text)))

    written, names = description["Fn::Sub"]
    assert written == "${jobsArn2} ${jobsArn} ${Stage} ${AWS::Region} ${!jobs.Arn} ${jobsArn2}"
    assert names["jobsArn"] == "a"
    assert names["jobsArn2"]["Fn::ImportValue"].startswith("shop-data:")


def test_an_own_resource_depends_on_another_stack(compiler: Compiler, project: Path) -> None:
    document = DOCUMENT.replace("TEXT", "x").replace(
        "{Type: AWS::SNS::Topic}", "{Type: AWS::SNS::Topic, DependsOn: [price, jobs]}"
    )

    assembly = _assembly(compiler, project, document)

    assert "DependsOn" not in _template(assembly, "shop")["Resources"]["Told"]
    assert _needed(assembly, "shop") == ["shop-data"]


def test_a_list_is_exported_as_one_text(compiler: Compiler, project: Path) -> None:
    document = DOCUMENT.replace("TEXT", '!Join [",", !GetAtt Zone.NameServers]').replace(
        "  Told: {Type: AWS::SNS::Topic}", "  Zone: {Type: AWS::Route53::HostedZone, Properties: {Name: shop.example}}"
    )

    assembly = _assembly(compiler, project, document)

    (joined,) = [each for each in _outputs(assembly, "shop") if "Export" in each]
    assert joined["Value"] == {"Fn::Join": ["||", {"Fn::GetAtt": ["Zone", "NameServers"]}]}
    assert _description(assembly)["Fn::Join"][1]["Fn::Split"][0] == "||"


def test_outputs_and_own_resources_name_what_is_in_further_stacks(compiler: Compiler, project: Path) -> None:
    document = DOCUMENT.replace("TEXT", "x").replace(
        "{Type: AWS::SNS::Topic}", "{Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref work/Function}}"
    )

    assembly = _assembly(compiler, project, f"{document}outputs: {{Address: {{value: !GetAtt jobs.QueueUrl}}}}\n")

    assert _template(assembly, "shop")["Outputs"]["Address"]["Value"]["Fn::ImportValue"].startswith("shop-data:")
    assert "Fn::ImportValue" in _template(assembly, "shop")["Resources"]["Told"]["Properties"]["DisplayName"]
    assert sorted(_needed(assembly, "shop")) == ["shop-data", "shop-web"]


def test_each_environment_imports_of_its_own_stacks(compiler: Compiler, project: Path) -> None:
    document = DOCUMENT.replace("TEXT", "!Ref jobs") + "environments: {live: {region: eu-west-1}}\n"

    assembly = _assembly(compiler, project, document)

    assert '"Fn::ImportValue": "shop-data-live:' in (assembly / "shop-web-live.template.json").read_text()
    assert _needed(assembly, "shop-web-live") == ["shop-data-live"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("!GetAtt jobs.Arm", 'Description.Fn::GetAtt: "Arm" is no attribute of jobs, of type AWS::SQS::Queue [LK465]'),
        (
            "!Ref price/Rolle",
            "Description.Ref: price/Rolle is the path of no resource in the stack that has price [LK460]",
        ),
        ("!Sub '${price/Rolle.Arn}'", "the path of no resource in the stack that has price [LK460]"),
        ("!Ref job", '"job" is no resource, function, parameter or construct'),
    ],
)
def test_what_the_other_stack_has_not_is_told_at_its_line(
    compiler: Compiler, project: Path, written: str, message: str
) -> None:
    with pytest.raises(LambdakitError) as caught:
        _assembly(compiler, project, DOCUMENT.replace("TEXT", written))

    assert message in str(caught.value)
    assert [(each.line, each.column) for each in caught.value.diagnostics] == [(15, 41)]


def test_stacks_that_refer_to_each_other_are_a_circle(compiler: Compiler, project: Path) -> None:
    document = DOCUMENT.replace("TEXT", "!Ref Told").replace(
        "{Type: AWS::SNS::Topic}", "{Type: AWS::SNS::Topic, DependsOn: work/Function}"
    )

    with pytest.raises(LambdakitError) as caught:
        _assembly(compiler, project, document)

    assert [each.code for each in caught.value.diagnostics] == ["LK148", "LK148"]
    assert "cloudformation.Told.DependsOn: shop uses work/Function of shop-web" in str(caught.value)


def test_the_network_is_named_by_its_path(compiler: Compiler, project: Path) -> None:
    document = DOCUMENT.replace("TEXT", "x").replace("parameters:", "network: {vpc: {max_azs: 2}}\nparameters:")

    assembly = _assembly(compiler, project, f"{document}outputs: {{Vpc: {{value: !Ref network/Vpc}}}}\n")

    vpc = _template(assembly, "shop")["Outputs"]["Vpc"]["Value"]["Ref"]
    assert _template(assembly, "shop")["Resources"][vpc]["Type"] == "AWS::EC2::VPC"
