"""A pipeline of a test: an S3 source and functions that do as their `UserParameters` say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.wired_harness import WiredHarness

ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
ARN = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:release"
# What a function does with its job: the word in `UserParameters`.
SOURCE = """
import io
import json
import boto3

def handler(event, context):
    job = event["CodePipeline.job"]
    pipeline, data = boto3.client("codepipeline"), job["data"]
    do = data["actionConfiguration"]["configuration"].get("UserParameters", "")
    if do == "raise":
        raise RuntimeError("no")
    if do == "fail":
        details = {"type": "ConfigurationError", "message": "no such thing", "externalExecutionId": "run-1"}
        pipeline.put_job_failure_result(jobId=job["id"], failureDetails=details)
        return
    if do == "silent":
        return
    if do == "continue" and data.get("continuationToken", "0") != "2":
        token = str(int(data.get("continuationToken", "0")) + 1)
        pipeline.put_job_success_result(jobId=job["id"], continuationToken=token)
        return
    keys = data["artifactCredentials"]
    s3 = boto3.client(
        "s3",
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"],
    )
    taken = b""
    for artifact in data["inputArtifacts"]:
        where = artifact["location"]["s3Location"]
        taken += s3.get_object(Bucket=where["bucketName"], Key=where["objectKey"])["Body"].read()
    for artifact in data["outputArtifacts"]:
        where = artifact["location"]["s3Location"]
        s3.put_object(Bucket=where["bucketName"], Key=where["objectKey"], Body=taken.upper())
    pipeline.put_job_success_result(
        jobId=job["id"],
        outputVariables={"said": do, "taken": taken.decode()},
        executionDetails={"summary": "done", "externalExecutionId": "run-1", "percentComplete": 100},
    )
"""


def action(category: str, provider: str, name: str, **members: Any) -> dict[str, Any]:
    """An action of AWS's own. members: as the API has them."""
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, **members}


def invoke(name: str, do: str = "", *, takes: str = "", gives: str = "", **members: Any) -> dict[str, Any]:
    """An action that invokes the function."""
    configuration = {"FunctionName": "worker", **({"UserParameters": do} if do else {})}
    return action(
        "Invoke",
        "Lambda",
        name,
        configuration=configuration,
        inputArtifacts=[{"name": takes}] if takes else [],
        outputArtifacts=[{"name": gives}] if gives else [],
        **members,
    )


def source(**configuration: str) -> dict[str, Any]:
    """An action that takes the object `app.txt` of the bucket `source` as the artifact `App`."""
    settings = {"S3Bucket": "source", "S3ObjectKey": "app.txt", "PollForSourceChanges": "false", **configuration}
    return action("Source", "S3", "Take", configuration=settings, outputArtifacts=[{"name": "App"}], namespace="src")


class Release:
    """The pipeline `release`, its function `worker`, and the buckets `source` and `artifacts`; `remove` takes them."""

    def __init__(self, harness: WiredHarness, *, trusted: bool = True) -> None:
        self.harness, self.client, self.s3 = harness, harness.aws("codepipeline"), harness.aws("s3")
        self.fed = FedFunction(harness, "worker", source=SOURCE, Timeout=20)
        for bucket in ("source", "artifacts"):
            self.s3.create_bucket(Bucket=bucket)
        if trusted:
            trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}}
            statement = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
            harness.aws("iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=json.dumps(statement))
        self._trusted = trusted
        self.before = harness.position()

    def make(self, *stages: Sequence[Mapping[str, Any]], first: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Creates the pipeline, its source before the stages, which are called `Stage1` and so on."""
        declared = [{"name": "Source", "actions": [first or source()]}]
        declared += [{"name": f"Stage{at}", "actions": list(actions)} for at, actions in enumerate(stages, 1)]
        pipeline = {
            "name": "release",
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": declared,
            **more,
        }
        self.client.create_pipeline(pipeline=pipeline)
        self.harness.drain()

    def run(self, *, settle: bool = True, **more: Any) -> str:
        """The id of a run of what lies in the source bucket."""
        self.s3.put_object(Bucket="source", Key="app.txt", Body=b"text")
        started = self.client.start_pipeline_execution(name="release", **more)["pipelineExecutionId"]
        if settle:
            self.harness.drain()
        return str(started)

    def status(self, execution: str) -> str:
        """A run's status."""
        return str(self.shown(execution)["status"])

    def shown(self, execution: str) -> dict[str, Any]:
        """A run."""
        answer = self.client.get_pipeline_execution(pipelineName="release", pipelineExecutionId=execution)
        shown: dict[str, Any] = answer["pipelineExecution"]
        return shown

    def actions(self, execution: str) -> dict[str, dict[str, Any]]:
        """The last run of each action, by name."""
        wanted = {"pipelineExecutionId": execution}
        details = self.client.list_action_executions(pipelineName="release", filter=wanted)["actionExecutionDetails"]
        return {detail["actionName"]: detail for detail in reversed(details)}

    def error(self, execution: str, name: str) -> tuple[str, str]:
        """Code and text of what an action failed with."""
        told = self.actions(execution)[name]["output"]["executionResult"]["errorDetails"]
        return told["code"], told["message"]

    def state(self, stage: str) -> dict[str, Any]:
        """A stage."""
        states = self.client.get_pipeline_state(name="release")["stageStates"]
        found: dict[str, Any] = next(one for one in states if one["stageName"] == stage)
        return found

    def executions(self) -> list[dict[str, Any]]:
        """All runs, the newest first."""
        found: list[dict[str, Any]] = self.client.list_pipeline_executions(pipelineName="release")[
            "pipelineExecutionSummaries"
        ]
        return found

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that the function was given."""
        return [event["CodePipeline.job"] for event in self.fed.events()]

    def not_delivered(self) -> list[dict[str, Any]]:
        """What the trace says was not delivered."""
        return list(self.harness.events("EventNotDelivered", after=self.before))

    def remove(self) -> None:
        """Takes everything away."""
        self.client.delete_pipeline(name="release")
        self.harness.drain()
        for bucket in ("source", "artifacts"):
            for found in self.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                self.s3.delete_object(Bucket=bucket, Key=found["Key"])
            self.s3.delete_bucket(Bucket=bucket)
        if self._trusted:
            self.harness.aws("iam").delete_role(RoleName="pipeline")
        self.fed.remove()
