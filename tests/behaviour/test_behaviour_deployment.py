"""Deployments that fail, are refused, end and are reset: what is left in the account, and what is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import AssemblyError, DeploymentError, Diagnostic, LambdakitError, UnsupportedError
from tests.fakes.plain_assembly import Resources, function, http_api, published, table, write_stack, write_stacks
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-deployment")

TRUST = {"Version": "2012-10-17", "Statement": []}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
MISSING = "arn:aws:iam::aws:policy/NoSuchPolicy"


@pytest.fixture(scope="module")
def lenient() -> Iterator[WiredHarness]:
    """A harness that leaves out what it does not know."""
    with WiredHarness(unsupported="warn") as running:
        yield running


def _account(harness: WiredHarness) -> dict[str, list[str]]:
    """Everything that a deployment may leave behind."""
    iam = harness.aws("iam")
    roles = iam.list_roles()["Roles"]
    return {
        "roles": [role["RoleName"] for role in roles],
        "inline": [name for role in roles for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]],
        "policies": [policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]],
        "tables": harness.aws("dynamodb").list_tables()["TableNames"],
        "groups": [group["logGroupName"] for group in harness.aws("logs").describe_log_groups()["logGroups"]],
        "apis": [api["ApiId"] for api in harness.aws("apigatewayv2").get_apis()["Items"]],
        "rules": [rule["Name"] for rule in harness.aws("events").list_rules()["Rules"]],
    }


def _refusal(harness: WiredHarness, directory: Path, resources: Resources) -> LambdakitError:
    """What deploying `resources` is refused with. Nothing of it stays."""
    before = _account(harness)
    with pytest.raises(LambdakitError) as refused:
        harness.deploy(write_stack(directory / "refused", f"refused-{directory.name}", resources))
    harness.drain()
    assert _account(harness) == before
    return refused.value


ECHO = function("Fn") | published("Fn")
WHOLE: Resources = (
    ECHO
    | table("Table")
    | http_api("Api", {"GET /a": {"Ref": "FnAlias"}})
    | {
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "own", "PolicyDocument": POLICY, "Roles": [{"Ref": "FnRole"}]},
        },
        "Managed": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": POLICY, "Roles": [{"Ref": "FnRole"}]},
        },
        "Rule": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}},
    }
)


class TestRollback:
    def test_nothing_is_left_when_the_last_resource_fails(self, harness: WiredHarness, tmp_path: Path) -> None:
        last = {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Fn"}, "CodeSha256": "wrong"},
            "DependsOn": [name for name in WHOLE],
        }

        error = _refusal(harness, tmp_path, WHOLE | {"Last": last})

        (diagnostic,) = error.diagnostics
        assert isinstance(error, DeploymentError)
        assert diagnostic.code == "LK320"
        assert diagnostic.pointer == "Resources.Last.Properties.CodeSha256"
        assert diagnostic.path.endswith(".template.json")
        assert "AWS::Lambda::Version could not be created: CodeSHA256 (wrong) is different" in diagnostic.problem

    def test_the_same_stack_can_be_deployed_once_it_is_mended(self, harness: WiredHarness, tmp_path: Path) -> None:
        _refusal(harness, tmp_path, function("Fn", MemorySize=64))

        assembly = write_stack(tmp_path / "refused", f"refused-{tmp_path.name}", function("Fn", MemorySize=128))
        harness.destroy(harness.deploy(assembly))

    def test_the_stacks_before_it_go_too(self, harness: WiredHarness, tmp_path: Path) -> None:
        before = _account(harness)
        bad = {"Resources": function("Bad", Timeout=901)}
        assembly = write_stacks(
            tmp_path, {"first": {"Resources": WHOLE}, "second": bad}, dependencies={"second": ["first"]}
        )

        with pytest.raises(DeploymentError, match="'901' at 'timeout'"):
            harness.deploy(assembly)

        harness.drain()
        assert _account(harness) == before

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
            {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [{"Id": "1"}]}},
        ],
    )  # fmt: skip
    def test_a_resource_that_is_only_half_made_goes_too(
        self, harness: WiredHarness, stacks: Stacks, tmp_path: Path, resource: dict[str, Any]
    ) -> None:
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "RoleName": "somebodys"}}
        stacks.deploy({"Role": role})

        error = _refusal(harness, tmp_path, {"Half": resource})

        (diagnostic,) = error.diagnostics
        assert diagnostic.code == "LK320"
        assert diagnostic.pointer.startswith("Resources.Half")

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
            ("Api", {"ProtocolType": "WEBSOCKET"}),
            ("ApiStage", {"StageName": None}),
            ("ApiIntegration0", {"PayloadFormatVersion": "1.0"}),
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

        error = _refusal(harness, tmp_path, resources)

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
        before = _account(harness)

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
        assert _account(harness) == before

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
        assert not any(_account(lenient).values())

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
        assert not any(_account(lenient).values())

    def test_an_attribute_that_is_not_known_says_so(self, harness: WiredHarness, tmp_path: Path) -> None:
        value = {"Fn::GetAtt": ["FnLogs", "Colour"]}

        error = _refusal(harness, tmp_path, function("Fn", Description=value))

        assert "the attribute Colour of AWS::Logs::LogGroup (FnLogs) is not known to the harness" in str(error)
        assert [item.code for item in error.diagnostics] == ["LK312"]


class TestDestroy:
    def test_the_account_is_as_it_was(self, harness: WiredHarness, stacks: Stacks) -> None:
        before = _account(harness)
        deployment = stacks.deploy(WHOLE)
        name = deployment["functions"][0]["name"]
        during = _account(harness)
        harness.invoke(name, qualifier="live")

        stacks.destroy()

        harness.drain()
        assert _account(harness) == before
        assert all(len(during[kind]) > len(before[kind]) for kind in before)
        assert harness.invoke(name).status == 404

    def test_twice_is_an_error_of_the_caller(self, harness: WiredHarness, stacks: Stacks) -> None:
        deployment = stacks.deploy(ECHO)
        stacks.destroy()

        for change in (harness.destroy, harness.reset):
            with pytest.raises(DeploymentError, match="LK302"):
                change(deployment)

    def test_what_somebody_else_deleted_is_no_trouble(self, harness: WiredHarness, stacks: Stacks) -> None:
        before = _account(harness)
        deployment = stacks.deploy(WHOLE)
        harness.aws("dynamodb").delete_table(TableName=physical_id(deployment, "Table"))
        harness.aws("logs").delete_log_group(logGroupName=physical_id(deployment, "FnLogs"))
        harness.aws("apigatewayv2").delete_api(ApiId=physical_id(deployment, "Api"))
        harness.aws("events").delete_rule(Name=physical_id(deployment, "Rule"))

        stacks.destroy()

        assert _account(harness) == before

    def test_a_running_invocation_is_no_trouble(self, harness: WiredHarness, stacks: Stacks) -> None:
        source = "import threading\ndef handler(event, context):\n    print('here')\n    threading.Event().wait(1)\n"
        deployment = stacks.deploy(function("Fn", source))
        name = deployment["functions"][0]["name"]
        after = harness.position()
        call = threading.Thread(target=harness.invoke, args=(name,))
        call.start()
        while not harness.call("GET", f"trace?after={after}&wait_seconds=10").json()["events"]:
            assert call.is_alive(), "the invocation ended without a trace"

        stacks.destroy()
        call.join(20)

        assert not call.is_alive()
        assert harness.invoke(name).status == 404


class TestReset:
    def test_data_and_logs_are_gone_and_the_functions_start_cold(self, harness: WiredHarness, stacks: Stacks) -> None:
        source = """
        count = 0

        def handler(event, context):
            global count
            count += 1
            print(count, end="")
            return count
        """
        deployment = stacks.deploy(function("Fn", source) | table("Table"))
        name, rows = deployment["functions"][0]["name"], physical_id(deployment, "Table")
        for key in "abc":
            harness.aws("dynamodb").put_item(TableName=rows, Item={"id": {"S": key}})
        counts = [harness.invoke(name).json() for _ in range(2)]

        harness.reset(deployment)

        harness.drain()
        group = physical_id(deployment, "FnLogs")
        streams = harness.aws("logs").describe_log_streams(logGroupName=group)["logStreams"]
        assert counts == [1, 2]
        assert streams == []
        assert harness.aws("dynamodb").scan(TableName=rows)["Count"] == 0
        assert harness.invoke(name).json() == 1

    def test_what_somebody_deleted_cannot_be_reset_and_is_told(self, harness: WiredHarness, stacks: Stacks) -> None:
        deployment = stacks.deploy(table("Table"))
        harness.aws("dynamodb").delete_table(TableName=physical_id(deployment, "Table"))

        with pytest.raises(DeploymentError) as refused:
            harness.reset(deployment)

        (diagnostic,) = refused.value.diagnostics
        assert diagnostic.code == "LK322"
        assert diagnostic.pointer.endswith(": Resources.Table")


class TestStacks:
    def test_one_may_use_what_another_exports(self, harness: WiredHarness, tmp_path: Path) -> None:
        first = {
            "Resources": table("Table"),
            "Outputs": {"Name": {"Value": {"Ref": "Table"}, "Export": {"Name": "first:table"}}},
        }
        uses = {"Variables": {"TABLE": {"Fn::ImportValue": "first:table"}}}
        source = "import os\ndef handler(event, context): return os.environ['TABLE']\n"
        second = {"Resources": function("Fn", source, Environment=uses)}
        assembly = write_stacks(tmp_path, {"second": second, "first": first}, dependencies={"second": ["first"]})

        deployment = harness.deploy(assembly, stacks=["second"])
        answer = harness.invoke(deployment["functions"][0]["name"])
        harness.destroy(deployment)

        assert list(deployment["stacks"]) == ["first", "second"]
        assert answer.json() == deployment["stacks"]["first"]["outputs"]["Name"]

    def test_a_missing_export_is_told_and_undone(self, harness: WiredHarness, tmp_path: Path) -> None:
        uses = {"Variables": {"TABLE": {"Fn::ImportValue": "missing"}}}

        error = _refusal(harness, tmp_path, function("Fn", Environment=uses))

        assert 'no stack exports "missing"' in str(error)
        assert "Resources.Fn" in str(error)

    def test_a_name_is_taken_once(self, harness: WiredHarness, tmp_path: Path) -> None:
        assembly = write_stack(tmp_path, "taken", ECHO)
        deployment = harness.deploy(assembly)

        with pytest.raises(DeploymentError, match=r"a stack called taken is deployed already \[LK301\]"):
            harness.deploy(assembly)

        assert harness.invoke(deployment["functions"][0]["name"]).status == 200
        harness.destroy(deployment)

    def test_two_may_be_deployed_at_once(self, harness: WiredHarness, tmp_path: Path) -> None:
        deployments: dict[str, dict[str, Any]] = {}

        def deploy(name: str) -> None:
            deployments[name] = harness.deploy(write_stack(tmp_path / name, name, WHOLE))

        threads = [threading.Thread(target=deploy, args=(name,)) for name in ("one", "two", "three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert set(deployments) == {"one", "two", "three"}
        names = {deployment["functions"][0]["name"] for deployment in deployments.values()}
        assert len(names) == 3
        assert [harness.invoke(name).status for name in names] == [200, 200, 200]
        for deployment in deployments.values():
            harness.destroy(deployment)

    def test_parameters_and_defaults_are_filled_in(self, harness: WiredHarness, tmp_path: Path) -> None:
        template: dict[str, Any] = {
            "Parameters": {"A": {"Type": "String"}, "B": {"Type": "Number", "Default": 7}},
            "Resources": function("Fn", Environment={"Variables": {"AA": {"Ref": "A"}, "BB": {"Ref": "B"}}}),
        }
        template["Resources"]["Fn"]["Properties"]["Code"] = {
            "ZipFile": "import os\ndef handler(e, c): return [os.environ['AA'], os.environ['BB']]"
        }
        assembly = write_stacks(tmp_path, {"parameters": template})

        with pytest.raises(LambdakitError, match="A"):
            harness.deploy(assembly)
        deployment = harness.deploy(assembly, parameters={"A": "given"})
        answer = harness.invoke(deployment["functions"][0]["name"])
        harness.destroy(deployment)

        assert answer.json() == ["given", "7"]

    def test_a_directory_that_is_no_assembly_is_refused(self, harness: WiredHarness, tmp_path: Path) -> None:
        for directory in (tmp_path, tmp_path / "missing"):
            with pytest.raises(AssemblyError):
                harness.deploy(directory)

    def test_an_unknown_stack_is_refused(self, harness: WiredHarness, tmp_path: Path) -> None:
        assembly = write_stack(tmp_path, "known", ECHO)

        with pytest.raises(AssemblyError, match="unknown"):
            harness.deploy(assembly, stacks=["unknown"])

    def test_a_runtime_that_nothing_here_runs_is_deployed_and_refused_when_it_is_called(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        deployment = stacks.deploy(function("Fn", Runtime="java21", Handler="a.B::c"))

        answer = harness.invoke(deployment["functions"][0]["name"])

        assert answer.status == 502
        assert answer.headers["x-amzn-errortype"] == "InvalidRuntimeException"
        assert "java21" in answer.json()["Message"]
