"""What functions used, were granted in vain and were refused, through a real harness."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.session.deployment import Deployment
from lambdakit.session.harness import Harness
from tests.fakes.plain_assembly import Resources, function, table, write_stack

PATTERN = Path(__file__).parents[2] / "patterns" / "api_backend"
LAMBDAKIT = (sys.executable, "-m", "lambdakit")

READER = """
    import boto3, os
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

    def handler(event, context):
        return getattr(table, event["call"])(**event["with"])["ResponseMetadata"]["HTTPStatusCode"]
"""
READ: dict[str, Any] = {"call": "get_item", "with": {"Key": {"id": "1"}}}
WRITE: dict[str, Any] = {"call": "put_item", "with": {"Item": {"id": "1"}}}

Deploy = Callable[..., Deployment]


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


@pytest.fixture
def deploy(harness: Harness, tmp_path: Path) -> Iterator[Deploy]:
    """Deploys a function `Reader` with tables `Orders` and `Customers`, under the statements given."""
    deployed: list[Deployment] = []

    def run(*statements: dict[str, Any], **properties: Any) -> Deployment:
        name = f"shop-{len(deployed)}"
        deployed.append(harness.deploy(write_stack(tmp_path / name, name, reader(*statements, **properties))))
        return deployed[-1]

    yield run
    for deployment in deployed:
        deployment.destroy()


def reader(*statements: dict[str, Any], **properties: Any) -> Resources:
    resources = {
        **table("Orders"),
        **table("Customers"),
        **function("Reader", READER, Environment={"Variables": {"TABLE": {"Ref": "Orders"}}}, **properties),
    }
    document = {"Version": "2012-10-17", "Statement": [*statements, logs()]}
    resources["ReaderRole"]["Properties"]["Policies"] = [{"PolicyName": "inline", "PolicyDocument": document}]
    return resources


def allow(*actions: str, on: list[Any]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def logs() -> dict[str, Any]:
    return allow("logs:CreateLogStream", "logs:PutLogEvents", on=[{"Fn::GetAtt": ["ReaderLogs", "Arn"]}])


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def table_arn(deployment: Deployment, name: str) -> str:
    (stack,) = deployment.stacks.values()
    return str(stack.resources[name].attributes["Arn"])


def test_the_pattern_has_no_unused_grant(harness: Harness) -> None:
    deployment = harness.deploy(PATTERN / "lambdakit.yaml")

    with deployment.http() as http:
        order = http.post("/orders", json={"sku": "teapot"}).headers["location"]
        assert http.get(order).status_code == 200
        assert http.get("/orders").status_code == 200
        assert http.delete(order).status_code == 204
    harness.drain()
    permissions = deployment.permissions
    deployment.destroy()

    assert permissions.unused == set()
    assert permissions.denied == set()
    actions = {action for statement in permissions.minimal_policy("create_order")["Statement"] for action in statement["Action"]}  # fmt: skip  # noqa: E501
    assert "dynamodb:PutItem" in actions
    assert "dynamodb:Scan" not in actions
    assert {action.action for action in permissions.unused_actions if action.holder == "create_order"} >= {
        "dynamodb:Scan",
        "dynamodb:DeleteItem",
    }
    assert f"{PATTERN / 'lambdakit.yaml'}:" in permissions.role("create_order").place


def test_a_grant_that_is_never_used_is_named(harness: Harness, deploy: Deploy) -> None:
    deployment = deploy(allow("dynamodb:GetItem", on=[arn("Orders"), arn("Customers")]))

    deployment.function("Reader").invoke(READ).raise_for_error()
    harness.drain()

    (unused,) = deployment.permissions.unused
    assert unused.resources == (table_arn(deployment, "Customers"),)
    assert (unused.actions, unused.policy, unused.statement) == (("dynamodb:GetItem",), "inline", 1)


def test_what_is_refused_comes_with_the_statement_that_would_allow_it(deploy: Deploy) -> None:
    deployment = deploy(allow("dynamodb:GetItem", on=[arn("Orders")]))

    failed = deployment.function("Reader").invoke(WRITE)

    assert "AccessDeniedException" in failed.raw_payload.decode()
    (denial,) = deployment.permissions.denied
    assert (denial.action, denial.resource) == ("dynamodb:PutItem", table_arn(deployment, "Orders"))
    assert json.loads(denial.statement) == {
        "Effect": "Allow",
        "Action": "dynamodb:PutItem",
        "Resource": table_arn(deployment, "Orders"),
    }
    assert denial.place.startswith("stack shop-0: ReaderRole; in the CDK: Orders.grant_write_data(Reader)")


def test_the_minimal_policy_is_enough(harness: Harness, deploy: Deploy) -> None:
    wide = deploy(allow("dynamodb:*", on=["*"]))
    wide.function("Reader").invoke(WRITE).raise_for_error()
    wide.function("Reader").invoke(READ).raise_for_error()
    harness.drain()
    document = wide.permissions.minimal_policy("Reader")
    name = wide.stacks["shop-0"].resources["ReaderRole"].physical_id

    wide.reset()
    harness.client("iam").put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(document))
    wide.function("Reader").invoke(WRITE).raise_for_error()
    wide.function("Reader").invoke(READ).raise_for_error()
    harness.drain()

    assert wide.permissions.denied == set()
    assert wide.permissions.unused == set()
    assert {action.action for action in wide.permissions.unused_actions} == set()


def test_reset_begins_anew(harness: Harness, deploy: Deploy) -> None:
    deployment = deploy(allow("dynamodb:GetItem", on=[arn("Orders")]))
    deployment.function("Reader").invoke(READ).raise_for_error()
    harness.drain()
    before = deployment.permissions

    deployment.reset()

    assert before.unused == set()
    assert deployment.permissions.used == set()
    assert {grant.service for grant in deployment.permissions.unused} == {"dynamodb", "logs"}


def test_nothing_is_told_where_nothing_is_decided(tmp_path: Path) -> None:
    with Harness(enforce_iam="off") as harness:
        deployment = harness.deploy(write_stack(tmp_path / "shop", "shop", reader()))

        with pytest.raises(Exception, match=r'enforce_iam="off".*\[LK549\]'):
            _ = deployment.permissions


def test_an_isolated_function_reaches_what_it_has_an_endpoint_for(harness: Harness, tmp_path: Path) -> None:
    network: Resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
        },
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Association": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": {"Ref": "Subnet"}, "RouteTableId": {"Ref": "Routes"}},
        },
        "Endpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.dynamodb"},
                "VpcEndpointType": "Gateway",
                "RouteTableIds": [{"Ref": "Routes"}],
            },
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "GroupDescription": "of the function"},
        },
    }
    placed = {"SubnetIds": [{"Ref": "Subnet"}], "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}]}
    grants = (allow("dynamodb:GetItem", on=[arn("Orders")]), allow("sqs:SendMessage", on=["*"]))
    resources = {**network, **reader(*grants, VpcConfig=placed)}
    deployment = harness.deploy(write_stack(tmp_path / "isolated", "isolated", resources))

    reachability = deployment.reachability
    asked = reachability["Reader"]["kms"]
    deployment.destroy()

    assert {way.service: way.reachable for way in reachability} == {"dynamodb": True, "sqs": False}
    assert not asked
    assert reachability["Reader"]["sqs"].reason
    assert reachability["Reader"]["sqs"].fix


def lambdakit(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LAMBDAKIT, *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_report_of_a_source_calls_its_functions_with_events() -> None:
    shown = lambdakit(
        "report", "permissions", PATTERN / "lambdakit.yaml", "--events", PATTERN / "events", "--fail-on", "unused"
    )

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "  used     dynamodb:PutItem on " in shown.stdout
    assert "(by Lambda itself)" in shown.stdout


def test_report_of_a_source_runs_a_command(tmp_path: Path) -> None:
    script = tmp_path / "order.py"
    script.write_text(
        "import json, os, urllib.request\n"
        "url = json.loads(os.environ['LAMBDAKIT_OUTPUTS'])['shop']['OrdersUrl'] + '/orders'\n"
        'urllib.request.urlopen(urllib.request.Request(url, data=b\'{"sku": "a"}\'))\n'
        "print('ordered')\n"
    )

    shown = lambdakit(
        *("report", "permissions", PATTERN / "lambdakit.yaml", "--exercise", f"{sys.executable} {script}"),
        *("--format", "json"),
    )

    assert (shown.returncode, shown.stderr) == (0, "ordered\n")
    roles = {role["holder"]: role for role in json.loads(shown.stdout)["roles"]}
    assert any(used["action"] == "dynamodb:PutItem" for used in roles["create_order"]["used"])
    assert roles["list_orders"]["used"] == []


def test_report_of_a_source_whose_command_fails_fails() -> None:
    shown = lambdakit("report", "permissions", PATTERN / "lambdakit.yaml", "--exercise", "false")

    assert shown.returncode == 1
    assert "--exercise 'false' ended with 1 [LK564]" in shown.stderr
    assert "grants never used: " in shown.stdout


def test_reachability_of_a_source_is_a_table() -> None:
    shown = lambdakit("report", "reachability", PATTERN / "lambdakit.yaml", "--fail-on", "unreachable")

    assert (shown.returncode, shown.stderr) == (0, "")
    heading, *rows = shown.stdout.splitlines()
    assert heading.split()[:3] == ["FUNCTION", "SERVICE", "REACHED"]
    assert [row.split()[:3] for row in rows[:4]] == [
        [name, "dynamodb", "yes"] for name in ("create_order", "list_orders", "read_order", "delete_order")
    ]


@pytest.mark.parametrize(
    "workers", [pytest.param("0", marks=pytest.mark.exhaustive), "2"], ids=["one process", "two workers"]
)
def test_report_of_a_test_run_holds_what_all_tests_did(tmp_path: Path, workers: str) -> None:
    """Each test resets the deployment, and none alone uses every grant."""
    (tmp_path / "test_orders.py").write_text(
        f"DOCUMENT = {str(PATTERN / 'lambdakit.yaml')!r}\n"
        "def test_create(deploy):\n"
        "    with deploy(DOCUMENT).http() as http:\n"
        "        assert http.post('/orders', json={'sku': 'a'}).status_code == 201\n"
        "        assert http.get('/orders').status_code == 200\n"
        "def test_read(deploy, harness):\n"
        "    with deploy(DOCUMENT).http() as http:\n"
        "        assert http.get('/orders/1').status_code == 404\n"
        "        assert http.delete('/orders/1').status_code == 404\n"
        "    harness.drain()\n"
    )
    report = tmp_path / "permissions.json"
    arguments = ["-n", workers, "-p", "no:cacheprovider", f"--lambdakit-permissions={report}"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    tested = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    shown = lambdakit("report", "permissions", report, "--fail-on", "unused", "--fail-on", "denied")

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "grants never used: 0, denied: 0; for the details: lambdakit report permissions" in tested.stdout
    assert (shown.returncode, shown.stderr) == (0, "")
    for action in ("PutItem", "Scan", "GetItem", "DeleteItem"):
        assert f"dynamodb:{action}" in shown.stdout


def test_report_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", f"--lambdakit-permissions={tmp_path}/none/report.json", "--collect-only"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert tested.returncode == 4
    assert f"there is no directory {tmp_path}/none" in tested.stderr
