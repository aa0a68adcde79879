"""A pipeline of the CDK's, unchanged, where roles may do what the CDK gives them and no more."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from tests.fakes.code_pipeline import SOURCE
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("cdk")


def _synthesized(directory: Path, *, with_keys: bool) -> Path:
    """An application whose second function gets a variable of the first. with_keys: artifacts under a key of KMS."""
    app = cdk.App(outdir=str(directory))
    stack = cdk.Stack(app, "release")
    bucket = s3.Bucket(stack, "Source", versioned=True)
    function = lambda_.Function(
        stack,
        "Worker",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline(SOURCE),
    )
    taken, loud = codepipeline.Artifact("App"), codepipeline.Artifact("Loud")
    pipeline = codepipeline.Pipeline(stack, "Pipeline", cross_account_keys=with_keys)
    take = actions.S3SourceAction(action_name="Take", bucket=bucket, bucket_key="app.txt", output=taken)
    first = actions.LambdaInvokeAction(action_name="First", lambda_=function, inputs=[taken], outputs=[loud])
    second = actions.LambdaInvokeAction(
        action_name="Second", lambda_=function, inputs=[loud], user_parameters={"was": first.variable("taken")}
    )
    for action in (take, first, second):
        pipeline.add_stage(stage_name=f"{action.action_properties.action_name}Stage", actions=[action])
    cdk.CfnOutput(stack, "Name", value=pipeline.pipeline_name)
    cdk.CfnOutput(stack, "Bucket", value=bucket.bucket_name)
    return Path(app.synth().directory)


@pytest.mark.parametrize("with_keys", [False, True])
def test_a_pipeline_of_the_cdk_runs_from_an_object_to_its_last_function(tmp_path: Path, with_keys: bool) -> None:
    assembly = _synthesized(tmp_path / "assembly", with_keys=with_keys)

    with WiredHarness(enforce_iam="on") as harness:
        outputs = harness.deploy(assembly)["stacks"]["release"]["outputs"]
        harness.aws("s3").put_object(Bucket=outputs["Bucket"], Key="app.txt", Body=b"text")
        harness.drain()
        client = harness.aws("codepipeline")
        (run,) = client.list_pipeline_executions(pipelineName=outputs["Name"])["pipelineExecutionSummaries"]
        details = client.list_action_executions(pipelineName=outputs["Name"])["actionExecutionDetails"]

    assert run["status"] == "Succeeded"
    done = {detail["actionName"]: detail for detail in details}
    assert done["Second"]["input"]["resolvedConfiguration"]["UserParameters"] == '{"was":"text"}'
    assert done["Second"]["output"]["outputVariables"]["taken"] == "TEXT"
