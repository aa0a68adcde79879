"""Deployments that fail, are refused, end and are reset: what is left in the account, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import DeploymentError, Diagnostic, UnsupportedError
from tests.fakes.account_contents import account_contents, refusal_of
from tests.fakes.plain_assembly import Resources, function, table, write_stack, write_stacks
from tests.fakes.stacks import Stacks
from tests.fakes.whole_stack import POLICY, WHOLE
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-deployment")

_LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = {"Version": "2012-10-17", "Statement": [_LAMBDA]}
MISSING = "arn:aws:iam::aws:policy/NoSuchPolicy"


@pytest.fixture(scope="module")
def lenient() -> Iterator[WiredHarness]:
    """A harness that leaves out what it does not know."""
    with WiredHarness(unsupported="warn") as running:
        yield running


class TestRollback:
    def test_nothing_is_left_when_the_last_resource_fails(self, harness: WiredHarness, tmp_path: Path) -> None:
        last = {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Fn"}, "CodeSha256": "wrong"},
            "DependsOn": [name for name in WHOLE],
        }

        error = refusal_of(harness, tmp_path, WHOLE | {"Last": last})

        (diagnostic,) = error.diagnostics
        assert isinstance(error, DeploymentError)
        assert diagnostic.code == "LK320"
        assert diagnostic.pointer == "Resources.Last.Properties.CodeSha256"
        assert diagnostic.path.endswith(".template.json")
        assert "AWS::Lambda::Version could not be created: CodeSHA256 (wrong) is different" in diagnostic.problem

    def test_the_same_stack_can_be_deployed_once_it_is_mended(self, harness: WiredHarness, tmp_path: Path) -> None:
        refusal_of(harness, tmp_path, function("Fn", MemorySize=64))

        assembly = write_stack(tmp_path / "refused", f"refused-{tmp_path.name}", function("Fn", MemorySize=128))
        harness.destroy(harness.deploy(assembly))

    def test_the_stacks_before_it_go_too(self, harness: WiredHarness, tmp_path: Path) -> None:
        before = account_contents(harness)
        bad = {"Resources": function("Bad", Timeout=901)}
        assembly = write_stacks(
            tmp_path, {"first": {"Resources": WHOLE}, "second": bad}, dependencies={"second": ["first"]}
        )

        with pytest.raises(DeploymentError, match="'901' at 'timeout'"):
            harness.deploy(assembly)

        harness.drain()
        assert account_contents(harness) == before

    # Each of these fails after its first call to the service has made something.
    @pytest.mark.parametrize(
        "resource",
        [
            {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": [MISSING]},
            },
            {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": TRUST,
                    "Policies": [{"PolicyName": "p", "PolicyDocument": "no policy"}],
                },
            },
            {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": POLICY, "Roles": ["missing"]}},
            {
                "Type": "AWS::IAM::Policy",
                "Properties": {"PolicyName": "p", "PolicyDocument": POLICY, "Roles": ["somebodys", "missing"]},
            },
            {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": "soon"}},
            table("T", TimeToLiveSpecification={"Enabled": True})["T"],
            {
                "Type": "AWS::Events::Rule",
                "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [{"Id": "1"}]},
            },
        ],
    )  # fmt: skip
    def test_a_resource_that_is_only_half_made_goes_too(
        self, harness: WiredHarness, stacks: Stacks, tmp_path: Path, resource: dict[str, Any]
    ) -> None:
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "RoleName": "somebodys"}}
        stacks.deploy({"Role": role})

        error = refusal_of(harness, tmp_path, {"Half": resource})

        (diagnostic,) = error.diagnostics
        assert diagnostic.code == "LK320"
        assert diagnostic.pointer.startswith("Resources.Half")

    @pytest.mark.parametrize(
        "resource",
        [
            {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "taken"}},
            {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "taken"}},
            {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "taken", "ShardCount": 1}},
            {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "taken", "AssumeRolePolicyDocument": TRUST}},
        ],
        ids=lambda resource: str(resource["Type"]),
    )
    def test_a_name_that_is_taken_comes_with_a_way_out(
        self, harness: WiredHarness, stacks: Stacks, tmp_path: Path, resource: dict[str, Any]
    ) -> None:
        stacks.deploy({"First": resource})

        (diagnostic,) = refusal_of(harness, tmp_path, {"Second": resource}).diagnostics

        assert diagnostic.hint is not None
        assert diagnostic.hint.startswith("something in this harness has that name: leave the name out")
        assert "max retries" not in diagnostic.problem

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("FnRole", {"Policies": [{}]}),
            ("FnRole", {"Policies": "text"}),
            ("FnRole", {"AssumeRolePolicyDocument": None}),
            ("Fn", {"MemorySize": "plenty"}),
            ("Fn", {"Timeout": []}),
            ("Fn", {"Environment": {"Variables": "text"}}),
            ("Fn", {"Environment": "text"}),
            ("Fn", {"Environment": {"Variables": {"AWS_REGION": "mars-1"}}}),
            ("Fn", {"Code": {}}),
            ("Fn", {"Code": "text"}),
            ("Fn", {"Code": {"S3Bucket": "missing", "S3Key": "missing"}}),
            ("Fn", {"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:missing:1"]}),
            ("Fn", {"FunctionName": "not a name"}),
            ("Fn", {"Handler": None}),
            ("Fn", {"Runtime": None}),
            ("Fn", {"Role": "no role"}),
            ("FnAlias", {"FunctionVersion": "99"}),
            ("FnAlias", {"Name": "1"}),
            ("FnVersion", {"FunctionName": "missing"}),
            ("Table", {"KeySchema": None}),
            ("Table", {"StreamSpecification": {}}),
            ("ApiStage", {"StageName": None}),
            ("ApiIntegration0", {"PayloadFormatVersion": "3.0"}),
            ("ApiIntegration0", {"IntegrationType": "HTTP_PROXY"}),
            ("ApiRoute0", {"AuthorizationType": "JWT"}),
            ("ApiRoute0", {"RouteKey": None}),
            ("FnLogs", {"Tags": [{}]}),
        ],
    )  # fmt: skip
    def test_a_bad_property_is_an_error_of_the_user_that_names_the_resource(
        self, harness: WiredHarness, tmp_path: Path, name: str, change: dict[str, Any]
    ) -> None:
        resources = {key: {**value, "Properties": dict(value["Properties"])} for key, value in WHOLE.items()}
        for key, value in change.items():
            if value is None:
                resources[name]["Properties"].pop(key, None)
            else:
                resources[name]["Properties"][key] = value

        error = refusal_of(harness, tmp_path, resources)

        assert isinstance(error, DeploymentError)
        assert {diagnostic.code for diagnostic in error.diagnostics} == {"LK320"}
        assert all(diagnostic.pointer.startswith(f"Resources.{name}") for diagnostic in error.diagnostics)


BAD: Resources = {
    "Queue": {"Type": "AWS::Sequoia::Tree", "Properties": {"Rings": 7}},
    **function("Fn", Colour="blue", Code={"ZipFile": "def handler(e, c): return 1", "Wrapping": "paper"}),
    "Off": {"Type": "AWS::Sequoia::Tree", "Condition": "Never"},
}
BAD_TEMPLATE: dict[str, Any] = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": BAD}


class TestUnsupported:
    def test_everything_is_refused_at_once_by_type_logical_id_and_pointer(
        self, harness: WiredHarness, tmp_path: Path
    ) -> None:
        before = account_contents(harness)

        with pytest.raises(UnsupportedError) as refused:
            harness.deploy(write_stacks(tmp_path, {"bad": BAD_TEMPLATE}))

        told = {(item.code, item.pointer): item for item in refused.value.diagnostics}
        assert set(told) == {
            ("LK310", "Resources.Queue"),
            ("LK311", "Resources.Fn.Properties.Colour"),
            ("LK311", "Resources.Fn.Properties.Code.Wrapping"),
        }
        assert "AWS::Sequoia::Tree (Queue) is not supported by the harness" in told["LK310", "Resources.Queue"].problem
        assert "AWS::Lambda::Function (Fn)" in told["LK311", "Resources.Fn.Properties.Colour"].problem
        assert all('unsupported="warn"' in item.hint for item in refused.value.diagnostics)
        assert account_contents(harness) == before

    def test_it_is_left_out_and_told_where_that_is_allowed(self, lenient: WiredHarness, tmp_path: Path) -> None:
        before = lenient.position()

        deployment = lenient.deploy(write_stacks(tmp_path, {"bad": BAD_TEMPLATE}))
        ignored = lenient.events("UnsupportedIgnored", after=before)
        answer = lenient.invoke(deployment["functions"][0]["name"])
        lenient.destroy(deployment)

        assert answer.json() == 1
        assert {event["pointer"] for event in ignored} == {
            "Resources.Queue",
            "Resources.Fn.Properties.Colour",
            "Resources.Fn.Properties.Code.Wrapping",
        }
        assert "Queue" not in deployment["stacks"]["bad"]["resources"]
        assert not any(account_contents(lenient).values())

    def test_what_needs_what_was_left_out_says_so(self, lenient: WiredHarness, tmp_path: Path) -> None:
        needs = [{"Ref": "Queue"}, {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::Sub": "x ${Queue}"}]
        told: list[Diagnostic] = []
        for number, value in enumerate(needs):
            other = function("Other", Environment={"Variables": {"TREE": value}})
            assembly = write_stacks(tmp_path, {f"s{number}": {**BAD_TEMPLATE, "Resources": BAD | other}})
            with pytest.raises(UnsupportedError) as refused:
                lenient.deploy(assembly)
            told += refused.value.diagnostics
        output = {**BAD_TEMPLATE, "Outputs": {"Tree": {"Value": {"Ref": "Queue"}}}}
        with pytest.raises(UnsupportedError) as refused:
            lenient.deploy(write_stacks(tmp_path, {"output": output}))
        told += refused.value.diagnostics

        assert {item.code for item in told} == {"LK312"}
        assert [item.pointer for item in told] == ["Resources.Other.Properties"] * 3 + ["Outputs.Tree"]
        assert all("the resource Queue was left out of the deployment" in item.problem for item in told)
        assert not any(account_contents(lenient).values())

    def test_an_attribute_that_is_not_known_says_so(self, harness: WiredHarness, tmp_path: Path) -> None:
        value = {"Fn::GetAtt": ["FnLogs", "RetentionInDays"]}

        error = refusal_of(harness, tmp_path, function("Fn", Description=value))

        assert "the attribute RetentionInDays of AWS::Logs::LogGroup (FnLogs) is not known to the harness" in str(error)
        assert [item.code for item in error.diagnostics] == ["LK312"]
