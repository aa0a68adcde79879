"""CloudFormation, Config, CodePipeline, CodeBuild, CodeDeploy and CodeCommit.

Source: Service Authorization Reference, "AWS CloudFormation", "AWS Config", "AWS CodePipeline", "AWS CodeBuild",
"AWS CodeDeploy" and "AWS CodeCommit".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall, listed
from lambdakit.harness.iam.rules import Need, Rules

CLOUDFORMATION: Final = Rules(
    members={
        "stack.StackName": ("StackName", "StackId", "ResourceArn"),
        "stackset.StackSetName": ("StackSetName",),
    },
    opaque=frozenset(
        {"DescribeStackRefactor", "ExecuteStackRefactor", "ListStackRefactorActions", "RecordHandlerProgress"}
    ),
    pass_role=frozenset(
        {"CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "CreateStackSet", "UpdateStackSet"}
    ),
)

CONFIG: Final = Rules(
    members={
        "AggregationAuthorization.AggregatorAccount": ("AuthorizedAccountId",),
        "AggregationAuthorization.AggregatorRegion": ("AuthorizedAwsRegion",),
        "ConfigRule.ConfigRuleId": ("ConfigRuleName", "ConfigRuleNames", "ConfigRule.ConfigRuleName"),
        "ConfigurationRecorder.RecorderName": (
            *("ConfigurationRecorderName", "ConfigurationRecorderNames", "ConfigurationRecorder.name"),
            "ConfigurationRecorderArn",
        ),
        "StoredQuery.StoredQueryName": ("QueryName", "StoredQuery.QueryName"),
    },
    opaque=frozenset({"DeleteRemediationConfiguration", "DeleteServiceLinkedConfigurationRecorder"}),
)

_ACTION_TYPE: Final = ("actionTypeId", "actionType.id")

CODEPIPELINE: Final = Rules(
    members={
        "actiontype.Owner": tuple(f"{path}.owner" for path in _ACTION_TYPE),
        "actiontype.Category": ("category", *(f"{path}.category" for path in _ACTION_TYPE)),
        "actiontype.Provider": ("provider", *(f"{path}.provider" for path in _ACTION_TYPE)),
        "actiontype.Version": ("version", *(f"{path}.version" for path in _ACTION_TYPE)),
        "pipeline.PipelineName": ("pipelineName", "name", "pipeline.name", "webhook.targetPipeline"),
        "webhook.WebhookName": ("webhook.name", "webhookName", "name"),
    },
)


def _built_projects(call: ApiCall) -> Sequence[Need]:
    """What a call needs that names builds: each one's id begins with its project's name.

    Source: AWS CLI Command Reference, "codebuild batch-get-builds", whose ids are `PROJECT:UUID`.
    """
    ids = [call.text("id"), *listed(call.members.get("ids"))]
    names = dict.fromkeys(one.rpartition("/")[2].partition(":")[0] for one in ids if isinstance(one, str) and one)
    projects = tuple(call.arn("codebuild", f"project/{name}") for name in names)
    return [Need(action=f"codebuild:{call.operation}", resources=projects or ("*",))]


_ON_BUILDS: Final = (
    *("BatchDeleteBuilds", "BatchGetBuilds", "RetryBuild", "StopBuild"),
    *("BatchGetBuildBatches", "DeleteBuildBatch", "RetryBuildBatch", "StopBuildBatch"),
)

CODEBUILD: Final = Rules(readers=dict.fromkeys(_ON_BUILDS, _built_projects))


def _deployment_group(call: ApiCall) -> Sequence[str]:
    """The group that a request names, or the one of the deployment that it names."""
    arn = call.text("ResourceArn")
    if arn:
        return [arn] if ":deploymentgroup:" in arn else []
    application = call.text("applicationName")
    group = call.text("deploymentGroupName") or call.text("currentDeploymentGroupName")
    if application and group:
        return [call.arn("codedeploy", f"deploymentgroup:{application}/{group}")]
    found = call.lookups.deployment_group(call.account_id, call.region, call.text("deploymentId"))
    return [found] if found else []


def _hook_status(call: ApiCall) -> Sequence[Need]:
    """What a hook's function needs to say whether a deployment goes on.

    The reference has no resource for it; the CDK's grant for it (`grantPutLifecycleEventHookExecutionStatus`) names the
    deployment group, and deployments on AWS take it.
    """
    group = tuple(_deployment_group(call)) or ("*",)
    return [Need(action="codedeploy:PutLifecycleEventHookExecutionStatus", resources=group)]


CODEDEPLOY: Final = Rules(
    members={"deploymentconfig.DeploymentConfigurationName": ("deploymentConfigName",)},
    resources={"deploymentgroup": _deployment_group},
    readers={"PutLifecycleEventHookExecutionStatus": _hook_status},
)

CODECOMMIT: Final = Rules(
    members={"RepositoryName": ("repositoryName", "oldName", "repositoryNames")},
    # A pull request and a comment have ids of their own, which do not name their repository.
    opaque=frozenset(
        {"DeleteCommentContent", "DeletePullRequestApprovalRule", "EvaluatePullRequestApprovalRules", "GetComment"}
        | {"GetCommentReactions", "GetPullRequest", "GetPullRequestApprovalStates", "GetPullRequestOverrideState"}
        | {"OverridePullRequestApprovalRules", "PostCommentReply", "PutCommentReaction"}
        | {"CreatePullRequestApprovalRule", "DescribePullRequestEvents", "UpdateComment"}
        | {"UpdatePullRequestApprovalRuleContent", "UpdatePullRequestApprovalState", "UpdatePullRequestDescription"}
        | {"UpdatePullRequestStatus", "UpdatePullRequestTitle"}
    ),
)
