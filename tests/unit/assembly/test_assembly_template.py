"""The shape of a template."""

from __future__ import annotations

import pytest

from lambdakit.assembly.template import parse_template
from lambdakit.errors import AssemblyError

QUEUE = {"Type": "AWS::SQS::Queue"}


def test_resource_has_what_the_template_declares() -> None:
    template = parse_template(
        {
            "Conditions": {"Always": {"Fn::Equals": ["a", "a"]}},
            "Resources": {
                "Queue": {
                    "Type": "AWS::SQS::Queue",
                    "Properties": {"DelaySeconds": 1},
                    "Metadata": {"aws:cdk:path": "Shop/Queue/Resource"},
                    "DependsOn": "Topic",
                    "Condition": "Always",
                    "DeletionPolicy": "Retain",
                    "UpdateReplacePolicy": "Snapshot",
                    "CreationPolicy": {"ResourceSignal": {}},
                    "UpdatePolicy": {"AutoScalingRollingUpdate": {}},
                },
                "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": []},
            },
        },
        path="t.json",
        construct_paths={"Topic": "Shop/Topic/Resource", "Queue": "Elsewhere"},
    )

    queue, topic = template.resources["Queue"], template.resources["Topic"]

    assert queue.properties == {"DelaySeconds": 1}
    assert queue.construct_path == "Shop/Queue/Resource"
    assert queue.depends_on == ("Topic",)
    assert (queue.condition, queue.deletion_policy, queue.update_replace_policy) == ("Always", "Retain", "Snapshot")
    assert queue.creation_policy == {"ResourceSignal": {}}
    assert queue.update_policy == {"AutoScalingRollingUpdate": {}}
    assert topic.construct_path == "Shop/Topic/Resource"
    assert (topic.properties, topic.depends_on, topic.deletion_policy) == ({}, (), None)


def test_output_has_what_the_template_declares() -> None:
    template = parse_template(
        {"Outputs": {"Url": {"Value": {"Ref": "Queue"}, "Description": "d", "Export": {"Name": "shop-url"}}}},
        path="t.json",
    )

    output = template.outputs["Url"]

    assert (output.value, output.description, output.export_name) == ({"Ref": "Queue"}, "d", "shop-url")


def test_empty_template_has_nothing() -> None:
    template = parse_template({}, path="t.json")

    assert (template.resources, template.outputs, template.transform) == ({}, {}, ())


@pytest.mark.parametrize(
    "transform, names",
    [
        ("AWS::LanguageExtensions", ["AWS::LanguageExtensions"]),
        (["A", {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}], ["A", "AWS::Include"]),
    ],
)
def test_transforms_are_listed(transform: object, names: list[str]) -> None:
    template = parse_template({"Transform": transform}, path="t.json")

    assert [item.name for item in template.transform] == names


@pytest.mark.parametrize(
    "raw, pointer",
    [
        ([], ""),
        (None, ""),
        ("text", ""),
        ({"Ressources": {}}, ""),
        ({"Hooks": {}}, "Hooks"),
        ({"Resources": []}, "Resources"),
        ({"Resources": None}, "Resources"),
        ({"Resources": {"Queue": []}}, "Resources.Queue"),
        ({"Resources": {"Queue": {}}}, "Resources.Queue"),
        ({"Resources": {"Queue": {"Type": 1}}}, "Resources.Queue.Type"),
        ({"Resources": {"Queue": {"Type": ""}}}, "Resources.Queue.Type"),
        ({"Resources": {"Que-ue": QUEUE}}, "Resources"),
        ({"Resources": {"": QUEUE}}, "Resources"),
        ({"Resources": {"Q" * 256: QUEUE}}, "Resources"),
        ({"Resources": {"Queue": {**QUEUE, "Propertys": {}}}}, "Resources.Queue"),
        ({"Resources": {"Queue": {**QUEUE, "Properties": []}}}, "Resources.Queue.Properties"),
        ({"Resources": {"Queue": {**QUEUE, "Metadata": "x"}}}, "Resources.Queue.Metadata"),
        ({"Resources": {"Queue": {**QUEUE, "DependsOn": {}}}}, "Resources.Queue.DependsOn"),
        ({"Resources": {"Queue": {**QUEUE, "DependsOn": [1]}}}, "Resources.Queue.DependsOn[0]"),
        (
            {"Resources": {"Queue": {**QUEUE, "UpdateReplacePolicy": {"Ref": "P"}}}},
            "Resources.Queue.UpdateReplacePolicy",
        ),
        ({"Resources": {"Queue": {**QUEUE, "DeletionPolicy": "retain"}}}, "Resources.Queue.DeletionPolicy"),
        (
            {"Resources": {"Queue": {**QUEUE, "UpdateReplacePolicy": "RetainExceptOnCreate"}}},
            "Resources.Queue.UpdateReplacePolicy",
        ),
        ({"Resources": {"Queue": {**QUEUE, "Condition": "Nope"}}}, "Resources.Queue.Condition"),
        ({"Resources": {"Queue": {**QUEUE, "Condition": {}}}}, "Resources.Queue.Condition"),
        ({"Outputs": {"O": {}}}, "Outputs.O"),
        ({"Outputs": {"O": {"Value": "x", "Export": {}}}}, "Outputs.O.Export"),
        ({"Outputs": {"O": {"Value": "x", "Condition": "Nope"}}}, "Outputs.O.Condition"),
        ({"Parameters": {"P": "String"}}, "Parameters.P"),
        ({"Conditions": {"C": True}}, "Conditions.C"),
        ({"Mappings": {"M": {"top": "x"}}}, "Mappings.M.top"),
        ({"Rules": {"R": []}}, "Rules.R"),
        ({"Transform": 1}, "Transform"),
        ({"Transform": [{"Parameters": {}}]}, "Transform[0].Name"),
    ],
)
def test_malformed_template_is_refused_with_its_place(raw: object, pointer: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        parse_template(raw, path="t.json")

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.path, diagnostic.pointer, diagnostic.code) == ("t.json", pointer, "LK230")


def test_everything_malformed_is_reported_at_once() -> None:
    raw = {"Resources": {"A": {}, "B": QUEUE, "C": {"Type": 1}}, "Outputs": {"O": {}}, "Extra": 1}

    with pytest.raises(AssemblyError) as caught:
        parse_template(raw, path="t.json")

    pointers = [diagnostic.pointer for diagnostic in caught.value.diagnostics]
    assert pointers == ["", "Resources.A", "Resources.C.Type", "Outputs.O"]


def test_misspelt_section_is_named() -> None:
    with pytest.raises(AssemblyError, match=r'"Ressources" is not a section of a template \[LK230\]\n.*Resources'):
        parse_template({"Ressources": {}}, path="t.json")
