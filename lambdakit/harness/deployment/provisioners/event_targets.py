"""The targets of an EventBridge rule, in the API's words.

Source: CloudFormation Template Reference, "AWS::Events::Rule Target"; EventBridge API Reference, "Target".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads

TARGETS: Final[PropertyTree] = reads(
    "Arn Id Input InputPath RoleArn",
    AppSyncParameters=reads("GraphQLOperation"),
    BatchParameters=reads("JobDefinition JobName", ArrayProperties=reads("Size"), RetryStrategy=reads("Attempts")),
    DeadLetterConfig=reads("Arn"),
    EcsParameters=reads(
        "EnableECSManagedTags EnableExecuteCommand Group LaunchType PlatformVersion PropagateTags ReferenceId "
        "TaskCount TaskDefinitionArn",
        CapacityProviderStrategy=reads("Base CapacityProvider Weight"),
        NetworkConfiguration=reads(AwsVpcConfiguration=reads("AssignPublicIp SecurityGroups Subnets")),
        PlacementConstraints=reads("Expression Type"),
        PlacementStrategies=reads("Field Type"),
        TagList=reads("Key Value"),
    ),
    HttpParameters=reads("HeaderParameters PathParameterValues QueryStringParameters"),
    InputTransformer=reads("InputPathsMap InputTemplate"),
    KinesisParameters=reads("PartitionKeyPath"),
    RedshiftDataParameters=reads("Database DbUser SecretManagerArn Sql Sqls StatementName WithEvent"),
    RetryPolicy=reads("MaximumEventAgeInSeconds MaximumRetryAttempts"),
    RunCommandParameters=reads(RunCommandTargets=reads("Key Values")),
    SageMakerPipelineParameters=reads(PipelineParameterList=reads("Name Value")),
    SqsParameters=reads("MessageGroupId"),
)

_ECS_NAMES: Final = {"PlacementStrategies": "PlacementStrategy", "TagList": "Tags"}


def as_target(given: Mapping[str, Any]) -> dict[str, Any]:
    """The target as `PutTargets` takes it."""
    target = dict(given)
    ecs = target.get("EcsParameters")
    if ecs:
        target["EcsParameters"] = {_ECS_NAMES.get(name, name): value for name, value in ecs.items()}
    return target
