"""Loops, includes and the other transforms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from lambdakit.assembly.expansion import expand
from lambdakit.assembly.parameters import resolve_parameters
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.template import Template, parse_template
from lambdakit.errors import AssemblyError

PSEUDO = PseudoParameters(account_id="123456789012", region="eu-west-1", stack_name="s", stack_id="i")
EXTENSIONS = "AWS::LanguageExtensions"


def expanded(
    raw: Mapping[str, object], *, include: Callable[[str], object] | None = None, extensions: bool = True
) -> Template:
    template = parse_template({**({"Transform": EXTENSIONS} if extensions else {}), **raw}, path="t.json")
    return expand(template, resolve_parameters(template, {}, ssm=lambda name: name), PSEUDO, include=include)


def test_template_without_transforms_is_left_alone() -> None:
    template = parse_template({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}, path="t.json")

    assert expand(template, {}, PSEUDO) is template


def test_loop_makes_resources() -> None:
    template = expanded(
        {
            "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "Success,Failure,Timeout"}},
            "Resources": {
                "Fn::ForEach::Topics": [
                    "TopicName",
                    {"Ref": "Names"},
                    {
                        "SnsTopic${TopicName}": {
                            "Type": "AWS::SNS::Topic",
                            "Properties": {
                                "TopicName": {"Fn::Join": [".", [{"Ref": "TopicName"}, "fifo"]]},
                                "DisplayName": {"Fn::Sub": "${TopicName} of ${AWS::StackName}"},
                            },
                        }
                    },
                ]
            },
        }
    )

    assert list(template.resources) == ["SnsTopicSuccess", "SnsTopicFailure", "SnsTopicTimeout"]
    assert template.resources["SnsTopicFailure"].properties == {
        "TopicName": {"Fn::Join": [".", ["Failure", "fifo"]]},
        "DisplayName": {"Fn::Sub": "Failure of ${AWS::StackName}"},
    }


def test_ampersand_drops_what_a_logical_id_may_not_have() -> None:
    template = expanded(
        {
            "Resources": {
                "Fn::ForEach::Rules": [
                    "Block",
                    ["10.0.0.0/8", "172.16.0.0/12"],
                    {"Rule&{Block}": {"Type": "T::T::T", "Properties": {"Cidr": "${Block}"}}},
                ]
            }
        }
    )

    assert {name: item.properties["Cidr"] for name, item in template.resources.items()} == {
        "Rule100008": "10.0.0.0/8",
        "Rule172160012": "172.16.0.0/12",
    }


def test_loops_nest_and_inner_collections_see_the_outer_item() -> None:
    template = expanded(
        {
            "Mappings": {"Sizes": {"dev": {"list": ["s"]}, "prod": {"list": ["m", "l"]}}},
            "Resources": {
                "Fn::ForEach::Stages": [
                    "Stage",
                    ["dev", "prod"],
                    {
                        "Fn::ForEach::Sizes": [
                            "Size",
                            {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "list"]},
                            {"Queue${Stage}${Size}": {"Type": "AWS::SQS::Queue"}},
                        ]
                    },
                ]
            },
        }
    )

    assert list(template.resources) == ["Queuedevs", "Queueprodm", "Queueprodl"]


def test_loop_works_in_properties_outputs_and_conditions() -> None:
    template = expanded(
        {
            "Conditions": {"Fn::ForEach::C": ["X", ["A", "B"], {"Is${X}": {"Fn::Equals": ["${X}", "A"]}}]},
            "Resources": {
                "Queue": {
                    "Type": "AWS::SQS::Queue",
                    "Condition": "IsA",
                    "Properties": {"Fixed": 1, "Fn::ForEach::P": ["X", ["Delay", "Wait"], {"${X}Seconds": 5}]},
                }
            },
            "Outputs": {"Fn::ForEach::O": ["X", ["A", "B"], {"Out${X}": {"Value": "${X}"}}]},
        }
    )

    assert list(template.conditions) == ["IsA", "IsB"]
    assert template.resources["Queue"].properties == {"Fixed": 1, "DelaySeconds": 5, "WaitSeconds": 5}
    assert [output.value for output in template.outputs.values()] == ["A", "B"]


@pytest.mark.parametrize(
    "loop, said",
    [
        (["X", ["a"], {"Q": {"Type": "T"}, "Fn::ForEach::Y": ["Z", ["b"], {"Q": {"Type": "T"}}]}], "produced twice"),
        (["X", ["a", "b"], {"Same": {"Type": "T"}}], "produced twice"),
        (["X", ["a.b"], {"Q${X}": {"Type": "T"}}], "letters and digits"),
        (["X", "a", {}], "where a list is needed"),
        (["X", [["a"]], {}], "where a string is needed"),
        (["X", ["a"]], "3 arguments"),
        ({"X": 1}, "3 arguments"),
        (["X Y", ["a"], {}], "letters and digits"),
        (["X", ["a"], []], "not an object"),
        (["X", {"Fn::GetAtt": ["Q", "Names"]}, {}], "cannot be used here"),
    ],
)
def test_wrong_loop_is_refused(loop: object, said: str) -> None:
    with pytest.raises(AssemblyError, match=said):
        expanded({"Resources": {"Fn::ForEach::Loop": loop}})


def test_loop_needs_language_extensions() -> None:
    with pytest.raises(AssemblyError, match=r"Fn::ForEach needs the transform AWS::LanguageExtensions \[LK231\]"):
        expanded({"Resources": {"Fn::ForEach::L": ["X", ["a"], {}]}}, extensions=False)


def test_loops_that_multiply_are_bounded() -> None:
    body: dict[str, object] = {"Q${A}${B}${C}${D}${E}": {"Type": "T"}}
    for identifier in "EDCBA":
        body = {f"Fn::ForEach::L{identifier}": [identifier, [f"x{n}" for n in range(100)], body]}

    with pytest.raises(AssemblyError, match="LK235"):
        expanded({"Resources": body})


def test_loops_that_double_text_are_bounded() -> None:
    body: dict[str, object] = {"Q": {"Type": "T", "Properties": {"P": "${A}" * 1000}}}
    for _ in range(20):
        body = {"Fn::ForEach::L": ["A", ["${A}" * 1000], body]}

    with pytest.raises(AssemblyError):
        expanded({"Resources": body})


def test_names_and_policies_may_be_functions() -> None:
    template = expanded(
        {
            "Parameters": {"Which": {"Type": "String", "Default": "Queue"}},
            "Conditions": {"Keep": {"Fn::Equals": [{"Ref": "Which"}, "Queue"]}},
            "Resources": {
                "Queue": {
                    "Type": "AWS::SQS::Queue",
                    "DeletionPolicy": {"Fn::If": ["Keep", "Retain", "Delete"]},
                    "UpdateReplacePolicy": {"Ref": "AWS::NoValue"},
                },
                "User": {
                    "Type": "T::T::T",
                    "Properties": {
                        "A": {"Ref": {"Ref": "Which"}},
                        "B": {"Fn::GetAtt": [{"Fn::Sub": "${Which}"}, "Arn"]},
                    },
                },
            },
        }
    )

    assert template.resources["User"].properties == {"A": {"Ref": "Queue"}, "B": {"Fn::GetAtt": ["Queue", "Arn"]}}
    assert template.resources["Queue"].deletion_policy == "Retain"
    assert template.resources["Queue"].update_replace_policy is None


def test_policy_that_becomes_nonsense_is_refused() -> None:
    with pytest.raises(AssemblyError, match=r'DeletionPolicy: "Keep" is not one of'):
        expanded({"Resources": {"Q": {"Type": "T", "DeletionPolicy": {"Fn::Sub": "Keep"}}}})


SNIPPET = {"VisibilityTimeout": 30}


def include(location: str) -> object:
    files: dict[str, object] = {
        "s3://assets-123456789012/a.json": SNIPPET,
        "s3://list": [1],
        "s3://section": {"Outputs": {"O": {"Value": "v"}}},
    }
    return files[location]


def test_include_merges_the_file_where_it_stands() -> None:
    macro = {
        "Name": "AWS::Include",
        "Parameters": {"Location": {"Fn::Sub": "s3://assets-${AWS::AccountId}/a.json"}},
    }

    template = expanded(
        {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Own": 1, "Fn::Transform": macro}}}},
        include=include,
        extensions=False,
    )

    assert template.resources["Q"].properties == {"Own": 1, "VisibilityTimeout": 30}


def test_include_at_the_top_merges_sections() -> None:
    macro = {"Name": "AWS::Include", "Parameters": {"Location": "s3://section"}}

    template = expanded({"Transform": [macro], "Resources": {}}, include=include, extensions=False)

    assert template.outputs["O"].value == "v"


@pytest.mark.parametrize(
    "macro, code",
    [
        ({"Name": "AWS::Include", "Parameters": {"Location": "s3://nowhere"}}, "LK238"),
        ({"Name": "AWS::Include", "Parameters": {"Location": "s3://list"}}, "LK230"),
        ({"Name": "AWS::Include", "Parameters": {}}, "LK232"),
        ({"Name": "AWS::Include"}, "LK230"),
        ({"Name": "MyMacro", "Parameters": {}}, "LK236"),
        ({"Parameters": {}}, "LK230"),
        ([], "LK230"),
    ],
)
def test_wrong_include_is_refused(macro: object, code: str) -> None:
    raw = {"Resources": {"Q": {"Type": "T", "Properties": {"Fn::Transform": macro}}}}

    with pytest.raises(AssemblyError, match=rf"Resources\.Q\.Properties\.Fn::Transform.*\[{code}\]"):
        expanded(raw, include=include)


def test_include_may_not_repeat_a_key() -> None:
    macro = {"Name": "AWS::Include", "Parameters": {"Location": "s3://assets-123456789012/a.json"}}

    with pytest.raises(AssemblyError, match="repeats the key"):
        expanded(
            {"Resources": {"Q": {"Type": "T", "Properties": {"VisibilityTimeout": 1, "Fn::Transform": macro}}}},
            include=include,
        )


def test_macro_of_the_account_is_refused() -> None:
    with pytest.raises(AssemblyError, match=r't\.json: Transform: the transform "MyMacro" is not supported.*\[LK236\]'):
        expanded({"Transform": ["MyMacro", EXTENSIONS]})


def test_what_a_resource_has_for_a_macro_of_the_account_is_no_mistake() -> None:
    resources = {"Q": {"Type": "T", "Count": 3}}

    with pytest.raises(AssemblyError, match=r"\[LK236\]") as refused:
        expanded({"Transform": ["MyMacro"], "Resources": resources})
    assert len(refused.value.diagnostics) == 1
    with pytest.raises(AssemblyError, match='"Count" is not an attribute'):
        expanded({"Transform": [EXTENSIONS], "Resources": resources})


def test_macro_that_concerns_certain_types_is_left_to_them() -> None:
    raw = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"App": {"Type": "AWS::Serverless::Application"}},
    }

    assert expanded(raw, extensions=False).resources["App"].type == "AWS::Serverless::Application"


SERVERLESS = "AWS::Serverless-2016-10-31"
SAM = {
    "Transform": SERVERLESS,
    "Globals": {"Function": {"Timeout": 5}},
    "Resources": {"F": {"Type": "AWS::Serverless::Function", "IgnoreGlobals": "*"}},
}


def test_serverless_templates_are_transformed_by_who_can() -> None:
    made = {"Resources": {"F": {"Type": "AWS::Lambda::Function"}}}

    template = expand(parse_template(SAM, path="t.json"), {}, PSEUDO, serverless=lambda *given: made)

    assert template.resources["F"].type == "AWS::Lambda::Function"


def test_serverless_templates_stay_as_they_are_without() -> None:
    template = parse_template(SAM, path="t.json")

    assert expand(template, {}, PSEUDO) is template


def test_loops_are_unrolled_before_the_serverless_transform_and_names_after() -> None:
    loop = {"Fn::ForEach::Fs": ["N", ["A", "B"], {"${N}": {"Type": "AWS::Serverless::Function"}}]}
    template = parse_template({"Transform": [EXTENSIONS, SERVERLESS], "Resources": loop}, path="t.json")

    def serverless(given: Template, *_: object) -> Mapping[str, object]:
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": {"Fn::Sub": "A"}}}}
        return {"Resources": {name: queue for name in given.resources}}

    outcome = expand(template, {}, PSEUDO, serverless=serverless)

    assert list(outcome.resources) == ["A", "B"]
    assert outcome.resources["B"].properties == {"QueueName": {"Ref": "A"}}


@pytest.mark.parametrize(
    "raw",
    [{"Globals": {}}, {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "IgnoreGlobals": "*"}}}],
    ids=["section", "attribute"],
)
def test_what_only_serverless_templates_have_is_refused_elsewhere(raw: Mapping[str, object]) -> None:
    with pytest.raises(AssemblyError, match="Globals"):
        parse_template(raw, path="t.json")


def test_attributes_that_the_transform_drops_are_taken_of_its_own_resources_alone() -> None:
    def raw(type_name: str, **more: object) -> dict[str, object]:
        return {"Resources": {"F": {"Type": type_name, "MethodSettings": []}}, **more}

    parse_template(raw("AWS::Serverless::Api", Transform=SERVERLESS), path="t.json")
    for wrong in (raw("AWS::Serverless::Api"), raw("AWS::SQS::Queue", Transform=SERVERLESS)):
        with pytest.raises(AssemblyError, match="MethodSettings"):
            parse_template(wrong, path="t.json")


def test_application_of_the_repository_alone_is_not_transformed() -> None:
    raw = {"Transform": SERVERLESS, "Resources": {"A": {"Type": "AWS::Serverless::Application"}}}

    assert not parse_template(raw, path="t.json").uses_serverless
