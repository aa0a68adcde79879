"""A function behind an alias that CodeDeploy moves, with its hooks, as a stack of CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.wired_harness import WiredHarness

# Tells a queue of its event and of what the alias was like, then does what a variable says: a status, nothing, a fault.
HOOK: Final = """
    import boto3, json, os

    def handler(event, context):
        functions = boto3.client("lambda")
        alias = functions.get_alias(FunctionName=os.environ["FUNCTION"], Name="live")
        seen = {"event": event, "version": alias["FunctionVersion"], "routing": alias.get("RoutingConfig")}
        seen["hook"] = os.environ["NAME"]
        boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(seen))
        answer = os.environ["ANSWER"]
        if answer == "raise":
            raise RuntimeError("no")
        if answer != "silence":
            boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
                deploymentId=event["DeploymentId"],
                lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
                status=answer,
            )
"""
CANARY: Final = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
LINEAR: Final = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
ALL: Final = "CodeDeployDefault.LambdaAllAtOnce"
MAY_MOVE: Final = ("lambda:GetAlias", "lambda:UpdateAlias", "lambda:InvokeFunction", "cloudwatch:DescribeAlarms")
MAY_REPORT: Final = "codedeploy:PutLifecycleEventHookExecutionStatus"


def statement(*actions: str, resource: object = "*") -> dict[str, Any]:
    """A statement that allows actions."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def limited_role(principal: str, *statements: Mapping[str, Any]) -> dict[str, Any]:
    """A role that may do just that."""
    trust = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [policy],
        },
    }


def hook(name: str, answer: str, *, may_report: object = "*") -> Resources:
    """A hook, which is called as its logical id. may_report: on what it may say what it says; none for nothing."""
    made = function(
        name,
        HOOK,
        FunctionName=name,
        Environment={"Variables": {"FUNCTION": "shop", "SEEN": {"Ref": "Seen"}, "NAME": name, "ANSWER": answer}},
    )
    statements = [statement("lambda:GetAlias", "sqs:SendMessage", "logs:*")]
    if may_report is not None:
        statements.append(statement(MAY_REPORT, resource=may_report))
    made[f"{name}Role"] = limited_role("lambda.amazonaws.com", *statements)
    return made


def template(
    version: int,
    *,
    config: object = ALL,
    before: str | None = None,
    after: str | None = None,
    may_move: Sequence[str] = MAY_MOVE,
    may_report: object = "*",
    rollback: Sequence[str] = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"),
    alarms: Sequence[str] = (),
    trusted: str = "codedeploy.amazonaws.com",
    **more: Any,
) -> dict[str, Any]:
    """The function `shop`, whose alias `live` points at its version of that number, and what moves it.

    before, after: what the hooks say; None for no hook. more: further resources.
    """
    policy: dict[str, Any] = {"ApplicationName": {"Ref": "App"}, "DeploymentGroupName": {"Ref": "Group"}}
    hooks: Resources = {}
    for key, name, answer in (("Before", "pre", before), ("After", "post", after)):
        if answer is not None:
            hooks |= hook(name, answer, may_report=may_report)
            policy[f"{key}AllowTrafficHook"] = {"Ref": name}
    code = f"def handler(event, context): return {version}"
    published = {
        f"Version{number}": {
            "Type": "AWS::Lambda::Version",
            "Properties": {"FunctionName": {"Ref": "Shop"}},
            "DeletionPolicy": "Retain",
        }
        for number in ([version] if version > 1 else [1])
    }
    group = {
        "ApplicationName": {"Ref": "App"},
        "DeploymentConfigName": config,
        "ServiceRoleArn": {"Fn::GetAtt": ["Mover", "Arn"]},
        "DeploymentStyle": {"DeploymentOption": "WITH_TRAFFIC_CONTROL", "DeploymentType": "BLUE_GREEN"},
        "AutoRollbackConfiguration": {"Enabled": bool(rollback), "Events": list(rollback)},
        "AlarmConfiguration": {"Enabled": bool(alarms), "Alarms": [{"Name": name} for name in alarms]},
    }
    return {
        "Resources": {
            **function("Shop", code, FunctionName="shop"),
            **published,
            "Seen": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "deploy-seen"}},
            **hooks,
            "Mover": limited_role(trusted, statement(*may_move)),
            "App": {
                "Type": "AWS::CodeDeploy::Application",
                "Properties": {"ApplicationName": "shop-app", "ComputePlatform": "Lambda"},
            },
            "Group": {
                "Type": "AWS::CodeDeploy::DeploymentGroup",
                "Properties": {"DeploymentGroupName": "shop-group", **group},
            },
            "Live": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {
                    "FunctionName": {"Ref": "Shop"},
                    "FunctionVersion": {"Fn::GetAtt": [f"Version{version}", "Version"]},
                    "Name": "live",
                },
                "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": policy},
            },
            **more,
        }
    }


class Shop:
    """The stack of a test in a harness, and what CodeDeploy says of it."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness = harness
        self.client, self.functions, self.queues = (harness.aws(name) for name in ("codedeploy", "lambda", "sqs"))
        self.stack = CloudFormation(harness, "shop")
        self.before = harness.position()

    def create(self, **given: Any) -> None:
        """Creates the stack at its first version."""
        self.stack.create(template(1, **given), Capabilities=["CAPABILITY_IAM"])

    def update(self, version: int = 2, **given: Any) -> None:
        """Updates the stack to another version."""
        self.stack.update(template(version, **given), Capabilities=["CAPABILITY_IAM"])

    def reason(self) -> str:
        """Why the alias was not updated."""
        return self.stack.reasons()["Live", "UPDATE_FAILED"]

    def alias(self) -> tuple[str, dict[str, float]]:
        """The version that the alias is on, and the weights of others."""
        found = self.functions.get_alias(FunctionName="shop", Name="live")
        return str(found["FunctionVersion"]), dict(
            (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})
        )

    def asked(self) -> list[dict[str, Any]]:
        """What the hooks told of, in order."""
        url = self.queues.get_queue_url(QueueName="deploy-seen")["QueueUrl"]
        found = self.queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    def deployments(self) -> list[dict[str, Any]]:
        """Every deployment, the newest first."""
        names = self.client.list_deployments(applicationName="shop-app", deploymentGroupName="shop-group")
        return [self.client.get_deployment(deploymentId=name)["deploymentInfo"] for name in names["deployments"]]

    def events(self, deployment: str) -> list[str]:
        """The statuses of a deployment's lifecycle events, in order."""
        found = self.client.get_deployment_target(deploymentId=deployment, targetId="shop")["deploymentTarget"]
        return [event["status"] for event in found["lambdaTarget"]["lifecycleEvents"]]

    def shifts(self) -> list[tuple[float, int, bool]]:
        """How traffic moved: percentage, minutes until the next step, and whether they were waited for."""
        found = self.harness.events("TrafficShifted", after=self.before)
        return [(event["percent"], event["minutes"], event["waited"]) for event in found]

    def start(
        self, *, current: str = "1", target: str = "2", hooks: Mapping[str, str] | None = None, **more: Any
    ) -> str:
        """The id of a deployment that was asked for through the API."""
        listed = [{event: function} for event, function in (hooks or {}).items()]
        properties = {"name": "shop", "alias": "live", "currentversion": current, "targetversion": target}
        resource = {"shop": {"type": "AWS::Lambda::Function", "properties": properties}}
        content = json.dumps({"version": 0.0, "resources": [resource], "hooks": listed})
        made = self.client.create_deployment(
            applicationName="shop-app",
            deploymentGroupName="shop-group",
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
            **more,
        )
        self.harness.drain()
        return str(made["deploymentId"])

    def shown(self, deployment: str) -> dict[str, Any]:
        """A deployment."""
        found: dict[str, Any] = self.client.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return found

    def publish(self) -> str:
        """Another version of the function."""
        self.functions.update_function_configuration(FunctionName="shop", Description="another")
        return str(self.functions.publish_version(FunctionName="shop")["Version"])

    def ring(self, name: str = "errors", value: str = "ALARM") -> None:
        """Has an alarm go off, which is made first."""
        metrics = self.harness.aws("cloudwatch")
        metrics.put_metric_alarm(
            AlarmName=name,
            Namespace="shop",
            MetricName="errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        self.harness.drain()
        metrics.set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")
        self.harness.drain()

    def remove(self) -> None:
        """Takes everything away."""
        self.stack.clean()
        self.harness.aws("cloudwatch").delete_alarms(AlarmNames=["errors"])
