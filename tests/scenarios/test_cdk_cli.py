"""The stock CDK CLI against `lambdakit serve`: what `cdk bootstrap`, `deploy`, `diff` and `destroy` do without AWS.

The CLI knows nothing of the harness but what `AWS_ENDPOINT_URL` says. The application is this repository's own.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

pytestmark = pytest.mark.xdist_group("cdk")

ROOT = Path(__file__).parents[2]
LAMBDAKIT = (sys.executable, "-m", "lambdakit")
STACK = "shop"
_LINES = 10  # of what `serve` prints first
_SECONDS = 300
_TABLE = "AWS::DynamoDB::GlobalTable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A served account. variables: of a process that uses it."""

    variables: Mapping[str, str]

    def cdk(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """One call of the CDK CLI, in this repository."""
        return subprocess.run(
            [*LAMBDAKIT, "cdk", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=self.variables,
            timeout=_SECONDS,
        )

    def succeeds(self, *arguments: str | Path) -> str:
        """What the CDK CLI says when all goes well."""
        done = self.cdk(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def client(self, service: str) -> Any:
        """A boto3 client of the account."""
        return boto3.session.Session(
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.variables["AWS_REGION"],
        ).client(service, endpoint_url=self.variables["AWS_ENDPOINT_URL"])

    def stack(self) -> dict[str, Any]:
        """The deployed stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        found: dict[str, Any] = stack
        return found

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack()["Outputs"]}

    def left(self) -> dict[str, Sequence[str]]:
        """What there is of the kinds that the stacks hold, by their physical ids."""
        return {
            "alarms": [alarm["AlarmName"] for alarm in self.client("cloudwatch").describe_alarms()["MetricAlarms"]],
            "buckets": [
                bucket["Name"]
                for bucket in self.client("s3").list_buckets()["Buckets"]
                if not bucket["Name"].startswith("cdk-hnb659fds-")
            ],
            "config rules": [
                rule["ConfigRuleName"] for rule in self.client("config").describe_config_rules()["ConfigRules"]
            ],
            "deliveries": self.client("firehose").list_delivery_streams()["DeliveryStreamNames"],
            "pools": [pool["Id"] for pool in self.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]],
            "queues": self.client("sqs").list_queues().get("QueueUrls", []),
            "rules": [rule["Name"] for rule in self.client("events").list_rules()["Rules"]],
            "schedules": [each["Name"] for each in self.client("scheduler").list_schedules()["Schedules"]],
            "secrets": [secret["ARN"] for secret in self.client("secretsmanager").list_secrets()["SecretList"]],
            "state machines": [
                machine["stateMachineArn"]
                for machine in self.client("stepfunctions").list_state_machines()["stateMachines"]
            ],
            "streams": self.client("kinesis").list_streams()["StreamNames"],
            "topics": [topic["TopicArn"] for topic in self.client("sns").list_topics()["Topics"]],
            "vpcs": [vpc["VpcId"] for vpc in self.client("ec2").describe_vpcs()["Vpcs"]],
            "tables": self.client("dynamodb").list_tables()["TableNames"],
            "functions": [f["FunctionName"] for f in self.client("lambda").list_functions()["Functions"]],
            "apis": [api["ApiId"] for api in self.client("apigatewayv2").get_apis()["Items"]],
            "groups": [group["logGroupName"] for group in self.client("logs").describe_log_groups()["logGroups"]],
            "roles": [
                role["RoleName"]
                for role in self.client("iam").list_roles()["Roles"]
                if not role["RoleName"].startswith("cdk-hnb659fds-")
            ],
        }


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    process = subprocess.Popen(
        [*LAMBDAKIT, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ)
    )
    assert process.stdout is not None
    try:
        words = [shlex.split(process.stdout.readline()) for _ in range(_LINES)]
        exports = dict(word[1].split("=", 1) for word in words if word[:1] == ["export"])
        account = Account(variables={**os.environ, **exports})
        version = account.cdk("--version")
        if "LK554" in version.stderr:
            pytest.skip(f"the CDK CLI cannot be installed here: {version.stderr.splitlines()[0]}")
        yield account
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="module")
def synthesized(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application's cloud assembly, made once."""
    out = tmp_path_factory.mktemp("cdk") / "cdk.out"
    account.succeeds("synth", "--quiet", "--output", out)
    return out


@pytest.fixture(scope="module")
def changed(synthesized: Path) -> Path:
    """The same with more memory for one function, and a table that goes with its stack."""
    out = synthesized.with_name("changed")
    shutil.copytree(synthesized, out)
    path = out / f"{STACK}.template.json"
    template = json.loads(path.read_text())
    resources = template["Resources"].values()
    next(item for item in resources if item["Type"] == "AWS::Lambda::Function")["Properties"]["MemorySize"] = 1024
    for item in resources:
        if item["Type"] == _TABLE:
            item["DeletionPolicy"] = item["UpdateReplacePolicy"] = "Delete"
    path.write_text(json.dumps(template))
    # Assets are named after their content.
    files = json.loads((out / f"{STACK}.assets.json").read_text())["files"]
    (key,) = (key for key, file in files.items() if file["source"]["path"] == path.name)
    for name in (f"{STACK}.assets.json", "manifest.json"):
        text = (out / name).read_text()
        (out / name).write_text(text.replace(key, key[::-1]))
    return out


def test_every_stack_of_the_application_is_synthesized(synthesized: Path) -> None:
    written = {path.name.removesuffix(".template.json") for path in synthesized.glob("*.template.json")}

    sources = (ROOT / "stacks").glob("*_stack.py")
    assert len(written) == len(list(sources))
    for name in written:
        assert json.loads((synthesized / f"{name}.template.json").read_text())["Resources"]


def test_an_application_is_deployed_compared_changed_and_destroyed(
    account: Account, synthesized: Path, changed: Path
) -> None:
    # One test, for each step needs the one before.
    before = account.left()

    bootstrapped = account.succeeds("bootstrap", "--app", synthesized)
    assert "Environment aws://123456789012/us-east-1 bootstrapped" in bootstrapped
    version = account.client("ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version")["Parameter"]["Value"]
    assert int(version) >= 6

    account.succeeds("deploy", STACK, "--app", synthesized, "--require-approval", "never")
    assert account.stack()["StackStatus"] == "CREATE_COMPLETE"
    url = account.outputs()["OrdersUrl"]
    created = httpx.post(f"{url}/orders", json={"sku": "a", "quantity": 2}, timeout=60)
    assert created.status_code == 201, created.text
    order = created.json()
    assert order in httpx.get(f"{url}/orders", timeout=60).json()["orders"]

    same = account.succeeds("diff", STACK, "--app", synthesized)
    assert "There were no differences" in same
    assert "Could not create a change set" not in same
    unchanged = account.succeeds("deploy", STACK, "--app", synthesized, "--require-approval", "never")
    assert "(no changes)" in unchanged

    other = account.succeeds("diff", STACK, "--app", changed)
    assert "[~] AWS::Lambda::Function" in other
    assert "Number of stacks with differences: 1" in other
    account.succeeds("deploy", STACK, "--app", changed, "--require-approval", "never")
    assert account.stack()["StackStatus"] == "UPDATE_COMPLETE"
    sizes = [f["MemorySize"] for f in account.client("lambda").list_functions()["Functions"]]
    assert sorted(sizes) == [512, 512, 512, 1024]
    assert account.outputs()["OrdersUrl"] == url
    assert order in httpx.get(f"{url}/orders", timeout=60).json()["orders"]  # nothing was replaced

    account.succeeds("destroy", STACK, "--force", "--app", changed)
    with pytest.raises(account.client("cloudformation").exceptions.ClientError, match="does not exist"):
        account.stack()
    assert account.left() == before


# What the CLI is answered is the same for each stack; that the others deploy and go, their recipes' tests show.
@pytest.mark.exhaustive
def test_every_stack_is_deployed_does_not_differ_and_goes(account: Account, synthesized: Path) -> None:
    account.succeeds("bootstrap", "aws://123456789012/us-east-1")
    before = account.left()
    templates = {
        path.name.removesuffix(".template.json"): json.loads(path.read_text())
        for path in synthesized.glob("*.template.json")
    }

    account.succeeds("deploy", "--all", "--app", synthesized, "--require-approval", "never", "--concurrency", "4")
    cloudformation = account.client("cloudformation")
    retained = set()
    for name, template in templates.items():
        resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        assert {each["LogicalResourceId"] for each in resources} == set(template["Resources"])
        assert {each["ResourceStatus"] for each in resources} == {"CREATE_COMPLETE"}
        retained |= {
            each["PhysicalResourceId"]
            for each in resources
            if template["Resources"][each["LogicalResourceId"]].get("DeletionPolicy") == "Retain"
        }
    same = account.succeeds("diff", "--all", "--app", synthesized)
    assert same.count("There were no differences") == len(templates)
    account.succeeds("destroy", "--all", "--force", "--app", synthesized)

    assert not {stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]} & set(templates)
    after = account.left()
    left = {each for kind in after for each in set(after[kind]) - set(before[kind])}
    assert not left - retained
    assert left  # tables and buckets with what teams would miss


def test_a_stack_that_cannot_be_deployed_is_rolled_back_and_told(account: Account, tmp_path: Path) -> None:
    account.succeeds("bootstrap", "aws://123456789012/us-east-1")
    out = tmp_path / "cdk.out"
    out.mkdir()
    template = {
        "Resources": {
            "Kept": {"Type": "AWS::SQS::Queue"},
            "Broken": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "a b"}, "DependsOn": "Kept"},
        }
    }
    (out / "broken.template.json").write_text(json.dumps(template))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://123456789012/us-east-1",
        "properties": {"templateFile": "broken.template.json"},
    }
    (out / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": {"broken": stack}}))
    queues = account.client("sqs").list_queues().get("QueueUrls")

    failed = account.cdk("deploy", "--app", out, "--require-approval", "never")

    assert failed.returncode == 1
    assert "ROLLBACK_COMPLETE" in failed.stdout + failed.stderr
    assert "alphanumeric" in failed.stdout + failed.stderr
    assert account.client("sqs").list_queues().get("QueueUrls") == queues
    account.succeeds("destroy", "--force", "--app", out)
