"""Raw resources, sections of the template and overrides of a document, in the template and in what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


def _template(compiler: Compiler, document: Path, *, before: str = "", overrides: str = "") -> dict[str, Any]:
    """The template of the small document with sections before its patterns, and overrides of its pattern."""
    text = document.read_text().replace("patterns:", f"{before}patterns:", 1)
    document.write_text(text + (f"    overrides:\n{overrides}" if overrides else ""))
    assembly = compiler.synthesize(document, document.parent / "out")
    template: dict[str, Any] = json.loads((assembly / "shop.template.json").read_text())
    return template


def _refused(compiler: Compiler, document: Path, *, before: str = "", overrides: str = "") -> list[str]:
    with pytest.raises(SynthesisError) as caught:
        _template(compiler, document, before=before, overrides=overrides)
    lines = [
        f"{each.line}:{each.column}: {each.pointer}: {each.problem} [{each.code}] {each.hint}"
        for each in caught.value.diagnostics
    ]
    assert all(each.path == str(document) for each in caught.value.diagnostics)
    return lines


def _of_type(template: dict[str, Any], type_name: str) -> dict[str, Any]:
    (found,) = [each for each in template["Resources"].values() if each["Type"] == type_name]
    return dict(found["Properties"])


def test_a_raw_resource_is_in_the_template_as_it_is_written(compiler: Compiler, document: Path) -> None:
    before = """\
cloudformation:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: 5, Tags: [{Key: table, Value: !GetAtt orders/Table.Arn}]}
    DependsOn: orders/Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Metadata: {owner: {team: shop}}
"""

    template = _template(compiler, document, before=before)

    (table,) = [key for key, each in template["Resources"].items() if each["Type"] == "AWS::DynamoDB::GlobalTable"]
    assert template["Resources"]["Jobs"] == {
        "Type": "AWS::SQS::Queue",
        "Properties": {"DelaySeconds": 5, "Tags": [{"Key": "table", "Value": {"Fn::GetAtt": [table, "Arn"]}}]},
        "DependsOn": [table],
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Metadata": {"owner": {"team": "shop"}, "aws:cdk:path": "shop/cloudformation:Jobs"},
    }


def test_names_become_logical_ids_wherever_they_stand(compiler: Compiler, document: Path) -> None:
    before = """\
parameters: {Stage: {default: dev}}
conditions: {IsProd: !Equals [!Ref Stage, prod]}
mappings: {Delays: {short: {seconds: 5}}}
resources: {shared: {kind: queue}}
functions: {reserve: {code: code, handler: app.handler}}
outputs:
  Arns:
    value: !Sub "${shared.Arn} ${reserve.Arn} ${!Plain} ${AWS::Region}"
    condition: IsProd
    export_name: !Ref Stage
cloudformation:
  Jobs:
    Type: AWS::SQS::Queue
    Condition: IsProd
    Properties:
      DelaySeconds: !FindInMap [Delays, short, seconds]
      RedrivePolicy: {deadLetterTargetArn: !GetAtt shared.Arn, maxReceiveCount: 3}
      QueueName: !Sub ["${own}-${list_orders/Role}", {own: !Ref reserve}]
"""

    template = _template(compiler, document, before=before)

    ids = {
        each["Metadata"]["aws:cdk:path"]: logical_id
        for logical_id, each in template["Resources"].items()
        if "aws:cdk:path" in each.get("Metadata", {})
    }
    shared, reserve = ids["shop/resource:shared/Resource"], ids["shop/reserve/Function/Resource"]
    role = ids["shop/orders/list_orders/Role/Resource"]
    jobs = template["Resources"]["Jobs"]
    assert template["Conditions"] == {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    assert template["Mappings"] == {"Delays": {"short": {"seconds": 5}}}
    assert template["Outputs"]["Arns"] == {
        "Value": {"Fn::Sub": f"${{{shared}.Arn}} ${{{reserve}.Arn}} ${{!Plain}} ${{AWS::Region}}"},
        "Condition": "IsProd",
        "Export": {"Name": {"Ref": "Stage"}},
    }
    assert jobs["Condition"] == "IsProd"
    assert jobs["Properties"] == {
        "DelaySeconds": {"Fn::FindInMap": ["Delays", "short", "seconds"]},
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": [shared, "Arn"]}, "maxReceiveCount": 3},
        "QueueName": {"Fn::Sub": [f"${{own}}-${{{role}}}", {"own": {"Ref": reserve}}]},
    }


def test_overrides_are_laid_over_key_by_key(compiler: Compiler, document: Path) -> None:
    overrides = """\
      list_orders: {MemorySize: 700, Environment: {Variables: {A.B: "1", TABLE: !Ref orders/Table}}}
      list_orders/Role: {Description: for lists}
      Table: {BillingMode: PROVISIONED, Replicas: {0: {Tags: [{Key: a, Value: b}]}}}
      Api/DefaultStage: {AccessLogSettings: !Ref AWS::NoValue}
"""

    plain = _template(compiler, document)
    template = _template(compiler, document, overrides=overrides)

    written, before = _of_type(template, "AWS::Lambda::Function"), _of_type(plain, "AWS::Lambda::Function")
    table = _of_type(template, "AWS::DynamoDB::GlobalTable")
    (table_id,) = [key for key, each in template["Resources"].items() if each["Type"] == "AWS::DynamoDB::GlobalTable"]
    variables = {**before["Environment"]["Variables"], "A.B": "1", "TABLE": {"Ref": table_id}}
    assert written == {**before, "MemorySize": 700, "Environment": {"Variables": variables}}
    assert _of_type(template, "AWS::IAM::Role")["Description"] == "for lists"
    assert table["BillingMode"] == "PROVISIONED"
    assert (
        table["Replicas"][0].items() > {"Region": {"Ref": "AWS::Region"}, "Tags": [{"Key": "a", "Value": "b"}]}.items()
    )
    assert "AccessLogSettings" not in _of_type(template, "AWS::ApiGatewayV2::Stage")
    assert "AccessLogSettings" in _of_type(plain, "AWS::ApiGatewayV2::Stage")


def test_an_overridden_function_is_published_anew(compiler: Compiler, document: Path) -> None:
    before = _template(compiler, document)

    after = _template(compiler, document, overrides="      list_orders: {MemorySize: 700}\n")

    def versions(template: dict[str, Any]) -> list[str]:
        return [key for key, each in template["Resources"].items() if each["Type"] == "AWS::Lambda::Version"]

    assert versions(before) != versions(after)


def test_everything_but_a_pattern_is_overridden_at_its_own_place(compiler: Compiler, document: Path) -> None:
    before = """\
resources: {shared: {kind: queue, overrides: {.: {DelaySeconds: 7}}}}
functions: {reserve: {code: code, handler: app.handler, overrides: {.: {MemorySize: 701}}}}
network: {vpc: {max_azs: 2}, overrides: {Vpc: {EnableDnsSupport: false}}}
"""

    template = _template(compiler, document, before=before)

    sizes = [
        each["Properties"].get("MemorySize")
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    ]
    delays = [
        each["Properties"].get("DelaySeconds")
        for each in template["Resources"].values()
        if each["Type"] == "AWS::SQS::Queue"
    ]
    assert 701 in sizes
    assert 7 in delays
    assert _of_type(template, "AWS::EC2::VPC")["EnableDnsSupport"] is False


def test_the_source_map_knows_raw_resources_and_outputs(compiler: Compiler, document: Path) -> None:
    before = "cloudformation: {Jobs: {Type: AWS::SQS::Queue}}\noutputs: {Url: {value: !Ref Jobs}}\n"

    _template(compiler, document, before=before)

    places = json.loads((document.parent / "out" / "lambdakit-source-map.json").read_text())["stacks"]["shop"]
    assert places["Jobs"] == {"pointer": "cloudformation.Jobs", "line": 2, "column": 18}
    assert places["Url"] == {"pointer": "outputs.Url", "line": 3, "column": 11}


def test_all_that_is_wrong_with_overrides_is_said_at_its_line(compiler: Compiler, document: Path) -> None:
    overrides = """\
      Tabel: {BillingMode: PROVISIONED}
      .: {BillingMode: PROVISIONED}
      Table: {BillingMode: true, SseSpecification: {SSEEnabled: true}, Replicas: {1: {Tags: []}}}
      list_orders:
        MemorySize: "512"
        Environment: {Variabels: {B: a}, Variables: {A: !GetAtt orders/Tabel.Arn}}
        Layers: text
        Tags: [{Key: a}]
      list_orders/Role/DefaultPolicy: {PolicyDocument: {Statement: {Effect: Deny}}}
"""
    refused = _refused(compiler, document, overrides=overrides)

    place = "patterns.orders.overrides"
    assert refused == [
        f"9:7: {place}.Tabel: no resource is at the path Tabel [LK460] write Table",
        f'10:7: {place}.".": it has no resource of its own [LK460] {refused[1].partition("[LK460] ")[2]}',
        f'11:28: {place}.Table.BillingMode: must be text, not true [LK462] put it in quotes: "true"',
        f'11:34: {place}.Table.SseSpecification: "SseSpecification" is no property of AWS::DynamoDB::GlobalTable here '
        "[LK461] write SSESpecification",
        f"11:83: {place}.Table.Replicas.1: the list has 1 items, the first being 0, and none at 1 [LK464] "
        "write the whole list to add an item",
        f'13:21: {place}.list_orders.MemorySize: must be a number, not the text "512" [LK462] ',
        f'14:23: {place}.list_orders.Environment.Variabels: "Variabels" is no property of AWS::Lambda::Function here '
        "[LK461] write Variables",
        f'15:17: {place}.list_orders.Layers: must be a list, not the text "text" [LK462] ',
        f"16:16: {place}.list_orders.Tags[0]: Value is missing [LK462] add Value",
        f"17:57: {place}.list_orders/Role/DefaultPolicy.PolicyDocument.Statement: a mapping cannot be laid over a "
        "list [LK464] write the whole list, or {0: …} for its first item",
        f"14:57: {place}.list_orders.Environment.Variables.A.Fn::GetAtt: orders/Tabel is the path of no resource in "
        "the stack [LK460] write orders/Table",
    ]


def test_all_that_is_wrong_with_raw_resources_is_said_at_its_line(compiler: Compiler, document: Path) -> None:
    before = """\
resources: {shared: {kind: queue, queue_arn: "arn:aws:sqs:eu-west-1:123456789012:jobs"}}
cloudformation:
  First: {Type: AWS::SQS::Que}
  Second: {Type: AWS::DynamoDB::Table, Properties: {TableName: 5}}
  Third:
    Type: AWS::SQS::Queue
    Properties: {DelaySecond: 5, KmsMasterKeyId: !GetAtt orders/Table.Name, QueueName: !GetAtt Fourth.Arm}
  Fourth: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref shared, FifoQueue: !If [A, "yes", true]}}
  Fifth: {Type: Custom::Any, Properties: {ServiceToken: !GetAtt list_orders.Arn, anything: [at, {all: true}]}}
conditions: {A: !Equals [a, b]}
"""

    refused = _refused(compiler, document, before=before)

    place = "cloudformation"
    assert refused == [
        f"4:17: {place}.First.Type: AWS::SQS::Que is no type of resource that the CDK knows [LK463] "
        "write AWS::SQS::Queue",
        f'5:64: {place}.Second.Properties.TableName: must be text, not the number 5 [LK462] put it in quotes: "5"',
        f"5:40: {place}.Second.Properties: KeySchema is missing [LK462] add KeySchema",
        f'8:31: {place}.Third.Properties.DelaySecond: "DelaySecond" is no property of AWS::SQS::Queue here [LK461] '
        "write DelaySeconds",
        f'9:91: {place}.Fourth.Properties.FifoQueue.Fn::If[1]: must be true or false, not the text "yes" [LK462] ',
        f'8:50: {place}.Third.Properties.KmsMasterKeyId.Fn::GetAtt: "Name" is no attribute of orders/Table, of type '
        f"AWS::DynamoDB::GlobalTable [LK465] {refused[5].partition('[LK465] ')[2]}",
        f'8:88: {place}.Third.Properties.QueueName.Fn::GetAtt: "Arm" is no attribute of Fourth, of type '
        "AWS::SQS::Queue [LK465] write Arn",
        f"9:59: {place}.Fourth.Properties.QueueName.Ref: shared exists already, outside of the stack, so that it has "
        "no logical id [LK460] write its name or ARN instead",
    ]


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (
            "outputs: {OrdersUrl: {value: a}}\n",
            "2:11: outputs.OrdersUrl: the logical id OrdersUrl is one that the CDK gives to what it makes [LK466] "
            "choose another",
        ),
        (
            "cloudformation: {{{table}: {{Type: AWS::SQS::Queue}}}}\n",
            "2:18: cloudformation.{table}: the logical id {table} is one that the CDK gives to what it makes [LK466] "
            "choose another",
        ),
    ],
    ids=["output", "resource"],
)
def test_a_logical_id_that_the_cdk_gave_is_taken(compiler: Compiler, document: Path, before: str, line: str) -> None:
    template = _template(compiler, document)
    (table,) = [key for key, each in template["Resources"].items() if each["Type"] == "AWS::DynamoDB::GlobalTable"]
    if "{table}" in before:
        before, line = before.format(table=table), line.format(table=table)

    assert _refused(compiler, document, before=before) == [line]


def test_what_the_cdks_validation_finds_is_at_the_property(document: Path, validating_compiler: Compiler) -> None:
    before = "cloudformation:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties:\n      DelaySeconds: 100000\n"
    overrides = "      list_orders:\n        Timeout: 10000\n"
    with pytest.raises(SynthesisError) as caught:
        _template(validating_compiler, document, before=before, overrides=overrides)

    places = {(each.line, each.pointer) for each in caught.value.diagnostics}
    assert (6, "cloudformation.Jobs.Properties.DelaySeconds") in places
    assert (15, "patterns.orders.overrides.list_orders.Timeout") in places


def test_what_an_override_takes_away_cdk_nag_finds(document: Path, checking_compiler: Compiler) -> None:
    before = """\
resources: {shared: {kind: queue, overrides: {.: {SqsManagedSseEnabled: false}}}}
cloudformation:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {SqsManagedSseEnabled: false}
    Metadata: {cdk_nag: {rules_to_suppress: [{id: AwsSolutions-SQS3, reason: nothing fails here}]}}
"""
    with pytest.raises(SynthesisError) as caught:
        _template(checking_compiler, document, before=before, overrides="      list_orders: {Description: lists}\n")

    found = {
        (each.line, each.pointer, each.problem.partition("(rule ")[2].partition(" ")[0])
        for each in caught.value.diagnostics
    }
    assert (2, 'resources.shared.overrides."."', "AwsSolutions-SQS2") in found
    assert (6, "cloudformation.Jobs.Properties", "AwsSolutions-SQS2") in found
    assert not any(rule == "AwsSolutions-SQS3" for _, _, rule in found)
    # What was found and explained of the constructs themselves is not found again.
    assert not any(pointer.startswith("patterns.orders.overrides") for _, pointer, _ in found)
