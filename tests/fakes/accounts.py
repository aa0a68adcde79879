"""A harness with stacks in several accounts and regions, and clients of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from lambdakit.session.functions import DeployedFunction
from tests.fakes.plain_assembly import Resources, function, table, write_stacks

HOME: Final = "123456789012"
ONE: Final = "111111111111"
ANOTHER: Final = "222222222222"
REGIONS: Final = {HOME: "us-east-1", ONE: "us-east-1", ANOTHER: "eu-west-1"}
ENVIRONMENTS: Final = {"first": f"{ONE}/{REGIONS[ONE]}", "second": f"{ANOTHER}/{REGIONS[ANOTHER]}"}
ECHO: Final = "def handler(event, context): return [context.invoked_function_arn, event]"

# Writes into the table of its own account, and calls what the event says.
_WRITER: Final = """
import json, os
import boto3

def handler(event, context):
    arn = context.invoked_function_arn
    print("written by", arn)
    boto3.client("dynamodb").put_item(TableName="items", Item={"id": {"S": event["id"]}, "by": {"S": arn}})
    answer = {"arn": arn, "account": boto3.client("sts").get_caller_identity()["Account"]}
    functions = boto3.client("lambda")
    answer["functions"] = [each["FunctionArn"] for each in functions.list_functions()["Functions"]]
    if "call" in event:
        where = event["call"].split(":")[3:4] or [os.environ["AWS_REGION"]]  # an ARN says where its function is
        functions = boto3.client("lambda", region_name=where[0])
        called = functions.invoke(FunctionName=event["call"], Payload=json.dumps("hello"))
        answer["called"] = json.loads(called["Payload"].read())
    if "assume" in event:
        session = boto3.client("sts").assume_role(RoleArn=event["assume"], RoleSessionName="visit")["Credentials"]
        there = boto3.client("dynamodb", region_name=event["region"], aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"], aws_session_token=session["SessionToken"])
        answer["there"] = sorted(item["id"]["S"] for item in there.scan(TableName="items")["Items"])
    return answer
"""


class Accounts:
    """Deployments that a test makes, and clients of any account. directory: of their assemblies."""

    def __init__(self, harness: Harness, directory: Path) -> None:
        self.harness = harness
        self.directory = directory
        self._deployments: list[Deployment] = []

    def deploy(self, stacks: dict[str, dict[str, Any]], environments: dict[str, str], **more: Any) -> Deployment:
        """Deploys templates by stack name; see `write_stacks`. The assembly lies in `assembly-<number>`."""
        directory = self.directory / f"assembly-{len(self._deployments)}"
        deployment = self.harness.deploy(write_stacks(directory, stacks, environments=environments, **more))
        self._deployments.append(deployment)
        return deployment

    def client(self, service: str, account_id: str) -> Any:
        """A client of somebody who assumed a role of the account, in its region; of the administrator at home."""
        region = REGIONS[account_id]
        if account_id == HOME:
            return self.harness.client(service, region=region)
        role = f"arn:aws:iam::{account_id}:role/visitor"
        session = self.harness.client("sts").assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
        return self.harness.client(
            service,
            region=region,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    def contents(self) -> dict[str, list[str]]:
        """What each account holds."""
        held = {}
        for account_id in REGIONS:
            functions = self.client("lambda", account_id).list_functions()["Functions"]
            layers = self.client("lambda", account_id).list_layers()["Layers"]
            groups = self.client("logs", account_id).describe_log_groups()["logGroups"]
            tables = self.client("dynamodb", account_id).list_tables()["TableNames"]
            roles = self.client("iam", account_id).list_roles()["Roles"]
            queues = self.client("sqs", account_id).list_queues().get("QueueUrls", [])
            stacks = self.client("cloudformation", account_id).describe_stacks()["Stacks"]
            held[account_id] = [
                *(each["FunctionName"] for each in functions),
                *(each["LayerName"] for each in layers),
                *(each["logGroupName"] for each in groups),
                *tables,
                *(each["RoleName"] for each in roles),
                *queues,
                *(each["StackName"] for each in stacks),
            ]
        return held

    def close(self) -> None:
        """Destroys what was deployed, the newest first."""
        for deployment in reversed(self._deployments):
            deployment.destroy()


def template_of(*parts: Resources, **outputs: object) -> dict[str, Any]:
    """A template of all these resources. outputs: values by name."""
    resources = {name: resource for part in parts for name, resource in part.items()}
    return {"Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()}}


def arn_of(account_id: str, name: str) -> str:
    """The ARN of a function in the account's region."""
    return f"arn:aws:lambda:{REGIONS[account_id]}:{account_id}:function:{name}"


def writers(accounts: Accounts) -> Deployment:
    """The same two functions and table in two accounts."""
    template = template_of(
        table("Items", TableName="items"),
        function("Fn", _WRITER, FunctionName="shared"),
        function("Plain", ECHO, FunctionName="plain"),
    )
    return accounts.deploy({"first": template, "second": template}, ENVIRONMENTS)


def function_of(deployment: Deployment, stack: str, logical_id: str = "Fn") -> DeployedFunction:
    """The one function of a stack with this logical id."""
    (found,) = (each for each in deployment.functions if (each.stack, each.logical_id) == (stack, logical_id))
    return found


def kept(accounts: Accounts, account_id: str, table_name: str = "items") -> dict[str, Any]:
    """The items of a table, by id."""
    items = accounts.client("dynamodb", account_id).scan(TableName=table_name)["Items"]
    return {item["id"]["S"]: {key: value["S"] for key, value in item.items() if key != "id"} for item in items}
