"""A pipeline of a template, as the CDK writes it: from an object of its source to what its functions do.

Source: CloudFormation Template Reference, "AWS::CodePipeline::Pipeline"; what the CDK's `aws_codepipeline` synthesises:
a role for each action, which the pipeline's role assumes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.code_pipeline import SOURCE
from tests.fakes.plain_assembly import Resources, function, role, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-code-pipeline")


def resources(*, restart: bool = False, second: str = "second") -> Resources:
    """A source in S3, and two actions of functions, the second with what the first gives."""
    pipeline = {
        "Type": "AWS::CodePipeline::Pipeline",
        "Properties": {
            "RoleArn": {"Fn::GetAtt": ["PipelineRole", "Arn"]},
            "PipelineType": "V2",
            "RestartExecutionOnUpdate": restart,
            "ArtifactStore": {"Type": "S3", "Location": {"Ref": "Artifacts"}},
            "Stages": [
                {"Name": "Source", "Actions": [taken()]},
                {"Name": "Work", "Actions": [invoked("First", "first", "App", "Loud", 1)]},
                {"Name": "More", "Actions": [invoked("Second", second, "Loud", "", 1)]},
            ],
            "Tags": [{"Key": "team", "Value": "blue"}],
        },
    }
    return {
        **function("Worker", SOURCE),
        "SourceBucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
        "Artifacts": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "PipelineRole": role(service="codepipeline.amazonaws.com"),
        "ActionRole": role(service="codepipeline.amazonaws.com"),
        "Pipeline": pipeline,
    }


def taken() -> dict[str, Any]:
    return {
        "Name": "Take",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": {"Ref": "SourceBucket"}, "S3ObjectKey": "app.txt"},
        "OutputArtifacts": [{"Name": "App"}],
        "RoleArn": {"Fn::GetAtt": ["ActionRole", "Arn"]},
        "RunOrder": 1,
    }


def invoked(name: str, do: str, takes: str, gives: str, order: int) -> dict[str, Any]:
    return {
        "Name": name,
        "ActionTypeId": {"Category": "Invoke", "Owner": "AWS", "Provider": "Lambda", "Version": "1"},
        "Configuration": {"FunctionName": {"Ref": "Worker"}, "UserParameters": do},
        "InputArtifacts": [{"Name": takes}],
        "OutputArtifacts": [{"Name": gives}] if gives else [],
        "RoleArn": {"Fn::GetAtt": ["ActionRole", "Arn"]},
        "RunOrder": order,
    }


def found(client: Any) -> tuple[str, str]:
    """The only pipeline's name, and the bucket of its source."""
    (shown,) = client.list_pipelines()["pipelines"]
    stages = client.get_pipeline(name=shown["name"])["pipeline"]["stages"]
    return shown["name"], stages[0]["actions"][0]["configuration"]["S3Bucket"]


def empty(harness: WiredHarness) -> None:
    """Takes everything out of the buckets, so that they can be deleted."""
    s3 = harness.aws("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for version in s3.list_object_versions(Bucket=bucket["Name"]).get("Versions", []):
            s3.delete_object(Bucket=bucket["Name"], Key=version["Key"], VersionId=version["VersionId"])


def test_a_deployed_pipeline_runs_from_its_source_to_its_last_function(harness: WiredHarness, tmp_path: Path) -> None:
    before, client = harness.position(), harness.aws("codepipeline")

    deployment = harness.deploy(write_stack(tmp_path, "released", resources(), pipeline={"Ref": "Pipeline"}))
    harness.drain()
    name, bucket = found(client)
    none = client.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    version = harness.aws("s3").put_object(Bucket=bucket, Key="app.txt", Body=b"text")["VersionId"]
    harness.drain()

    assert none == []
    (run,) = client.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    assert (run["status"], run["sourceRevisions"][0]["revisionId"]) == ("Succeeded", version)
    given = [
        json.loads(event["payload"])["CodePipeline.job"]["data"]
        for event in harness.events("InvocationStarted", after=before)
    ]
    assert [data["actionConfiguration"]["configuration"]["UserParameters"] for data in given] == ["first", "second"]
    assert given[0]["inputArtifacts"][0]["revision"] == version
    assert given[1]["inputArtifacts"][0]["location"] == given[0]["outputArtifacts"][0]["location"]
    arn = client.get_pipeline(name=name)["metadata"]["pipelineArn"]
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "blue"}]

    empty(harness)
    harness.destroy(deployment)
    assert client.list_pipelines()["pipelines"] == []


def test_an_updated_pipeline_has_another_version_and_runs_where_that_is_asked_for(harness: WiredHarness) -> None:
    cloudformation, client = harness.aws("cloudformation"), harness.aws("codepipeline")
    whole = {"StackName": "updated", "Capabilities": ["CAPABILITY_IAM"]}
    cloudformation.create_stack(**whole, TemplateBody=json.dumps({"Resources": resources()}))
    harness.drain()
    name, bucket = found(client)
    harness.aws("s3").put_object(Bucket=bucket, Key="app.txt", Body=b"text")
    harness.drain()

    changed = resources(restart=True, second="other")
    changed["Pipeline"]["Properties"]["Tags"] = [{"Key": "cost", "Value": "1"}]
    cloudformation.update_stack(**whole, TemplateBody=json.dumps({"Resources": changed}))
    harness.drain()

    newest, first = client.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    assert (newest["status"], newest["trigger"]["triggerType"]) == ("Succeeded", "StartPipelineExecution")
    assert first["trigger"]["triggerType"] == "PollForSourceChanges"
    shown = client.get_pipeline(name=name)
    assert shown["pipeline"]["version"] == 2
    arn = shown["metadata"]["pipelineArn"]
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "cost", "value": "1"}]
    empty(harness)
    cloudformation.delete_stack(StackName="updated")
    harness.drain()
    assert client.list_pipelines()["pipelines"] == []


def test_a_reset_forgets_runs_and_keeps_the_pipeline(harness: WiredHarness, tmp_path: Path) -> None:
    client, s3 = harness.aws("codepipeline"), harness.aws("s3")
    deployment = harness.deploy(write_stack(tmp_path, "released", resources(second="silent")))
    name, bucket = found(client)
    s3.put_object(Bucket=bucket, Key="app.txt", Body=b"text")
    harness.drain()
    (waiting,) = client.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]

    harness.reset(deployment)
    harness.drain()

    assert waiting["status"] == "InProgress"
    assert client.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"] == []
    s3.put_object(Bucket=bucket, Key="app.txt", Body=b"text")
    harness.drain()
    assert len(client.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]) == 1
    empty(harness)
    harness.destroy(deployment)


def test_a_pipeline_of_what_is_nowhere_here_deploys_and_says_so(harness: WiredHarness, tmp_path: Path) -> None:
    before, client = harness.position(), harness.aws("codepipeline")
    changed = resources()
    properties = changed["Pipeline"]["Properties"]
    build = {"Category": "Build", "Owner": "AWS", "Provider": "CodeBuild", "Version": "1"}
    source = {"Category": "Source", "Owner": "AWS", "Provider": "CodeStarSourceConnection", "Version": "1"}
    properties["Stages"][0]["Actions"][0] |= {
        "ActionTypeId": source,
        "Configuration": {
            "ConnectionArn": "arn:aws:c",
            "FullRepositoryId": "a/b",
            "BranchName": "main",
            "Detect": False,
        },
    }
    properties["Stages"][1]["Actions"][0] |= {"ActionTypeId": build, "Configuration": {"ProjectName": "p"}}

    deployment = harness.deploy(write_stack(tmp_path, "elsewhere", changed))
    harness.drain()

    (shown,) = client.list_pipelines()["pipelines"]
    declared = client.get_pipeline(name=shown["name"])["pipeline"]["stages"][0]["actions"][0]
    (told,) = [event for event in harness.events("EventNotDelivered", after=before) if "new pipeline" in event["what"]]
    assert declared["configuration"]["Detect"] == "false"
    assert told["reason"] == "action Take: sources of CodeStarSourceConnection are nowhere here"
    assert client.list_pipeline_executions(pipelineName=shown["name"])["pipelineExecutionSummaries"] == []
    harness.destroy(deployment)
