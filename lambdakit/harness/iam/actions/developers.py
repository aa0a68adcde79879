"""CloudFormation, Config, CodePipeline and CodeCommit.

Source: Service Authorization Reference, "AWS CloudFormation", "AWS Config", "AWS CodePipeline" and "AWS CodeCommit".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.iam.rules import Rules

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
