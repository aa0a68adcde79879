"""What each intrinsic function returns, by the examples of its page in the CloudFormation Template Reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from lambdakit.assembly.dynamic_references import DynamicReference
from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import resolve_parameters
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.scopes import StackOutputReference
from lambdakit.assembly.template import parse_template
from lambdakit.errors import AssemblyError

PSEUDO = PseudoParameters(
    account_id="123456789012",
    region="eu-west-1",
    stack_name="shop",
    stack_id="arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
    notification_arns=("arn:aws:sns:eu-west-1:123456789012:events",),
)
EXTENSIONS = "AWS::LanguageExtensions"
PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "Name": {"Type": "String", "Default": "orders"},
    "Size": {"Type": "Number", "Default": 5},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b ,c"},
    "Empty": {"Type": "String", "Default": ""},
}
RESOURCES: Mapping[str, object] = {
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Absent": {"Type": "AWS::SQS::Queue", "Condition": "Never"},
}
CONDITIONS: Mapping[str, object] = {
    "Always": {"Fn::Equals": ["a", "a"]},
    "Never": {"Fn::Equals": ["a", "b"]},
}
MAPPINGS: Mapping[str, object] = {
    "Regions": {"eu-west-1": {"Image": "ami-1", "Zones": ["x", "y"]}, "us-east-1": {"Image": "ami-2"}},
}


def resolver(*, transform: str | None = None, mappings: Mapping[str, object] = MAPPINGS) -> Resolver:
    raw: dict[str, object] = {
        "Parameters": dict(PARAMETERS),
        "Resources": dict(RESOURCES),
        "Conditions": dict(CONDITIONS),
        "Mappings": dict(mappings),
    }
    if transform is not None:
        raw["Transform"] = transform
    template = parse_template(raw, path="t.json")
    exports = {"shop-table": "orders-table"}
    return Resolver(
        template,
        resolve_parameters(template, {}, ssm=lambda name: name),
        PSEUDO,
        reference=lambda logical_id: f"{logical_id}-physical",
        attribute=attribute,
        imported=exports.__getitem__,
        availability_zones=zones,
        dynamic=dynamic,
        stack_output=stack_output,
    )


def attribute(logical_id: str, name: str) -> object:
    return [f"{logical_id}-1", f"{logical_id}-2"] if name == "Names" else f"{logical_id}/{name}"


def zones(region: str) -> Sequence[str]:
    if region == "nowhere":
        raise LookupError(region)
    return [f"{region}a", f"{region}b"]


def dynamic(reference: DynamicReference) -> str:
    if reference.name == "missing":
        raise LookupError(reference.name)
    return f"<{reference.name}>"


def stack_output(reference: StackOutputReference) -> object:
    if reference.stack_name == "gone":
        raise LookupError(reference.stack_name)
    return f"{reference.region or 'here'}/{reference.stack_name}.{reference.output_name}"


@pytest.mark.parametrize(
    "value, expected",
    [
        ("text", "text"),
        (True, True),
        (0, 0),
        ({}, {}),
        ({"Ref": "Name"}, "orders"),
        # "Parameters": a number becomes a string when it is used elsewhere in the template.
        ({"Ref": "Size"}, "5"),
        ({"Ref": "Zones"}, ["a", "b", "c"]),
        ({"Ref": "Empty"}, ""),
        ({"Ref": "Queue"}, "Queue-physical"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "AWS::StackName"}, "shop"),
        ({"Ref": "AWS::StackId"}, PSEUDO.stack_id),
        ({"Ref": "AWS::NotificationARNs"}, ["arn:aws:sns:eu-west-1:123456789012:events"]),
        # A key called Ref among others is no function.
        ({"Ref": "x", "Other": "y"}, {"Ref": "x", "Other": "y"}),
        # Policies have a key Condition, alone or not.
        ({"Condition": {"StringEquals": {"a": "b"}}}, {"Condition": {"StringEquals": {"a": "b"}}}),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "Queue/Arn"),
        ({"Fn::GetAtt": "Queue.Arn"}, "Queue/Arn"),
        ({"Fn::GetAtt": "Queue.Endpoint.Address"}, "Queue/Endpoint.Address"),
        ({"Fn::GetAtt": ["Queue", {"Ref": "Name"}]}, "Queue/orders"),
        ({"Fn::Join": [":", ["a", "b", "c"]]}, "a:b:c"),
        (
            {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::elasticbeanstalk-*"]]},
            "arn:aws:s3:::elasticbeanstalk-*",
        ),
        ({"Fn::Join": ["-", {"Ref": "Zones"}]}, "a-b-c"),
        ({"Fn::Join": [",", [1, True, 1.5]]}, "1,true,1.5"),
        ({"Fn::Join": [",", []]}, ""),
        ({"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]}, "a,b"),
        ({"Fn::Split": ["|", "a|b|c"]}, ["a", "b", "c"]),
        ({"Fn::Split": ["|", "a||c|"]}, ["a", "", "c", ""]),
        ({"Fn::Split": ["|", "abc"]}, ["abc"]),
        ({"Fn::Select": ["1", ["apples", "grapes", "oranges"]]}, "grapes"),
        ({"Fn::Select": [0, {"Ref": "Zones"}]}, "a"),
        ({"Fn::Select": [2, {"Fn::Split": [",", {"Fn::Join": [",", {"Ref": "Zones"}]}]}]}, "c"),
        ({"Fn::Select": [{"Fn::FindInMap": ["Numbers", "n", "one"]}, ["a", "b"]]}, "b"),
        ({"Fn::Base64": "AWS CloudFormation"}, "QVdTIENsb3VkRm9ybWF0aW9u"),
        ({"Fn::Base64": {"Fn::Sub": "ü${Name}"}}, "w7xvcmRlcnM="),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b"]),
        ({"Fn::GetAZs": "us-east-1"}, ["us-east-1a", "us-east-1b"]),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, ["eu-west-1a", "eu-west-1b"]),
        ({"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-table"}}, "orders-table"),
        ({"Fn::GetStackOutput": {"StackName": "net", "OutputName": "Vpc"}}, "here/net.Vpc"),
        (
            {"Fn::GetStackOutput": {"StackName": "net", "OutputName": "Vpc", "Region": {"Ref": "AWS::Region"}}},
            "eu-west-1/net.Vpc",
        ),
        ({"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "Image"]}, "ami-1"),
        ({"Fn::FindInMap": ["Regions", "eu-west-1", "Zones"]}, ["x", "y"]),
        ({"Fn::If": ["Always", "yes", {"Ref": "Missing"}]}, "yes"),
        ({"Fn::If": ["Never", {"Fn::Nonsense": 1}, "no"]}, "no"),
    ],
)
def test_function_returns_what_its_page_says(value: object, expected: object) -> None:
    mappings = {**MAPPINGS, "Numbers": {"n": {"one": 1}}}

    result = resolver(mappings=mappings).resolve(value, "Resources.R.Properties.P")

    assert result == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("plain", "plain"),
        ("", ""),
        ("${Name}", "orders"),
        (
            "arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${Queue}",
            "arn:aws:ec2:eu-west-1:123456789012:vpc/Queue-physical",
        ),
        ("${Queue.Arn}/*", "Queue/Arn/*"),
        ("${Queue.Endpoint.Address}", "Queue/Endpoint.Address"),
        ("${!Literal}", "${Literal}"),
        ("${!Name}${Name}", "${Name}orders"),
        ("$$${Name}$", "$$orders$"),
        ("$Name {Name} ${", "$Name {Name} ${"),
        ("unclosed ${Name", "unclosed ${Name"),
        ("$${Size}", "$5"),
        ("${AWS::NoValue}", ""),
    ],
)
def test_sub_replaces_names_and_nothing_else(text: str, expected: str) -> None:
    assert resolver().resolve({"Fn::Sub": text}, "P") == expected


def test_sub_prefers_its_own_variables() -> None:
    value = {"Fn::Sub": ["${Name}-${Domain}-${Queue.Arn}-${a.b}", {"Name": {"Ref": "Size"}, "Domain": "d", "a.b": 1}]}

    assert resolver().resolve(value, "P") == "5-d-Queue/Arn-1"


@pytest.mark.parametrize(
    "block, count, bits, expected",
    [
        (
            "192.168.0.0/24",
            "6",
            "5",
            [f"192.168.0.{start}/27" for start in (0, 32, 64, 96, 128, 160)],
        ),
        ("10.0.0.0/16", 1, 8, ["10.0.0.0/24"]),
        ("10.0.0.0/16", 256, 8, [f"10.0.{third}.0/24" for third in range(256)]),
        ("2001:db8::/56", 2, 64, ["2001:db8::/64", "2001:db8:0:1::/64"]),
    ],
)
def test_cidr_splits_a_block(block: str, count: object, bits: object, expected: list[str]) -> None:
    assert resolver().resolve({"Fn::Cidr": [block, count, bits]}, "P") == expected


@pytest.mark.parametrize(
    "value",
    [
        ["10.0.0.0/16", 0, 8],
        ["10.0.0.0/16", 257, 8],
        ["10.0.0.0/24", 2, 8],
        ["10.0.0.0/24", 1, 9],
        ["10.0.0.0/16", 1, 0],
        ["10.0.0.0/16", 1, 33],
        ["10.0.0.0/16", "x", 8],
        ["10.0.0/16", 1, 8],
        ["10.0.0.0/16", 1],
        "10.0.0.0/16",
    ],
)
def test_cidr_refuses_what_does_not_fit(value: object) -> None:
    with pytest.raises(AssemblyError, match=r"Fn::Cidr.*LK232"):
        resolver().resolve({"Fn::Cidr": value}, "P")


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"Fn::Length": ["a", "b", "c"]}, 3),
        ({"Fn::Length": {"Ref": "Zones"}}, 3),
        ({"Fn::Length": {"Fn::Split": ["|", "a|b"]}}, 2),
        (
            {"Fn::ToJsonString": {"a": [1, {"Ref": "Name"}, True], "gone": {"Ref": "AWS::NoValue"}, "ü": '"'}},
            '{"a":[1,"orders",true],"ü":"\\""}',
        ),
        ({"Fn::ToJsonString": [{"Fn::GetAtt": ["Queue", "Arn"]}]}, '["Queue/Arn"]'),
        ({"Fn::FindInMap": ["Regions", "ap-south-1", "Image", {"DefaultValue": {"Ref": "Name"}}]}, "orders"),
        ({"Fn::FindInMap": ["Nowhere", "a", "b", {"DefaultValue": ["x"]}]}, ["x"]),
        ({"Fn::FindInMap": ["Regions", "eu-west-1", "Image", {"DefaultValue": "x"}]}, "ami-1"),
        ({"Fn::FindInMap": [{"Fn::Sub": "Regi${o}"}, "a", "b", {"DefaultValue": "x"}]}, None),
        ({"Fn::FindInMap": ["Regions", {"Fn::Select": [0, ["us-east-1"]]}, "Image"]}, "ami-2"),
    ],
)
def test_language_extensions_bring_more_functions(value: object, expected: object) -> None:
    if expected is None:
        with pytest.raises(AssemblyError, match="LK233"):
            resolver(transform=EXTENSIONS).resolve(value, "P")
        return

    assert resolver(transform=EXTENSIONS).resolve(value, "P") == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        (["Regions", "x", "y", {"DefaultValue": {"Ref": "Name"}}], "orders"),
        (["Regions", {"Fn::Select": [0, {"Fn::Split": ["/", "us-east-1/a"]}]}, "Image"], "ami-2"),
    ],
)
def test_a_default_and_a_part_of_a_text_as_key_need_no_transform(value: object, expected: str) -> None:
    assert resolver().resolve({"Fn::FindInMap": value}, "P") == expected


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Length": [1]},
        {"Fn::ToJsonString": {}},
        {"Fn::FindInMap": ["Regions", {"Fn::Join": ["-", ["us", "east-1"]]}, "Image"]},
        {"Ref": {"Ref": "Name"}},
        {"Fn::GetAtt": [{"Ref": "Name"}, "Arn"]},
    ],
)
def test_language_extensions_must_be_asked_for(value: object) -> None:
    with pytest.raises(AssemblyError, match=r"needs the transform AWS::LanguageExtensions \[LK231\]"):
        resolver().resolve(value, "P")


def test_no_value_removes_keys_and_elements() -> None:
    nothing = {"Ref": "AWS::NoValue"}
    value = {
        "kept": 1,
        "gone": nothing,
        "chosen": {"Fn::If": ["Never", "x", nothing]},
        "list": ["a", nothing, {"Fn::If": ["Always", nothing, "x"]}, {"gone": nothing}],
        "empty": [nothing],
    }

    assert resolver().resolve(value, "P") == {"kept": 1, "list": ["a", {}], "empty": []}


def test_no_value_alone_is_none() -> None:
    assert resolver().resolve({"Ref": "AWS::NoValue"}, "P") is None


def test_dynamic_reference_is_replaced_in_the_end_only() -> None:
    value = {
        "joined": {"Fn::Join": ["", ["{{resolve:ssm:/", {"Ref": "Name"}, "}}"]]},
        "literal": "a {{resolve:secretsmanager:db:SecretString:password}} b",
        "encoded": {"Fn::Base64": "{{resolve:ssm:x}}"},
        "list": ["{{resolve:ssm-secure:y:3}}"],
    }

    assert resolver().resolve(value, "P") == {
        "joined": "</orders>",
        "literal": "a <db> b",
        "encoded": "e3tyZXNvbHZlOnNzbTp4fX0=",
        "list": ["<y>"],
    }


def test_missing_dynamic_reference_is_named() -> None:
    with pytest.raises(AssemblyError, match=r"P\.a: there is no value for .*missing.* \[LK238\]"):
        resolver().resolve({"a": "{{resolve:ssm:missing}}"}, "P")


@pytest.mark.parametrize(
    "region, partition, suffix",
    [
        ("us-east-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
    ],
)
def test_partition_follows_from_the_region(region: str, partition: str, suffix: str) -> None:
    pseudo = PseudoParameters(account_id="1", region=region, stack_name="s", stack_id="i")

    assert (pseudo.partition, pseudo.url_suffix) == (partition, suffix)


def test_resources_and_outputs_exist_by_their_condition() -> None:
    subject = resolver()

    assert subject.resource_enabled("Queue")
    assert not subject.resource_enabled("Absent")
    assert subject.condition("Always")


def test_result_shares_nothing_with_the_template_or_parameters() -> None:
    subject = resolver()

    first = subject.resolve({"z": {"Ref": "Zones"}, "m": {"Fn::FindInMap": ["Regions", "eu-west-1", "Zones"]}}, "P")
    assert isinstance(first, dict)
    first["z"].append("changed")
    first["m"].append("changed")

    again = subject.resolve({"z": {"Ref": "Zones"}, "m": {"Fn::FindInMap": ["Regions", "eu-west-1", "Zones"]}}, "P")
    assert again == {"z": ["a", "b", "c"], "m": ["x", "y"]}
