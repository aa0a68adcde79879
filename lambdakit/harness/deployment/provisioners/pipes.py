"""`AWS::Pipes::Pipe`.

Source: CloudFormation Template Reference, "AWS::Pipes::Pipe".
"""

from __future__ import annotations

from typing import ClassVar, Final

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.deployment.property_tree import PropertyTree, reads
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import HoldsNothing, already_exists, is_there, remake, unless_gone

_GONE: Final = ("NotFoundException",)
_SOURCE: Final = reads(
    ActiveMQBrokerParameters=reads(
        "BatchSize MaximumBatchingWindowInSeconds QueueName", Credentials=reads("BasicAuth")
    ),
    DynamoDBStreamParameters=reads(
        "BatchSize MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts "
        "OnPartialBatchItemFailure ParallelizationFactor StartingPosition",
        DeadLetterConfig=reads("Arn"),
    ),
    FilterCriteria=reads(Filters=reads("Pattern")),
    KinesisStreamParameters=reads(
        "BatchSize MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts "
        "OnPartialBatchItemFailure ParallelizationFactor StartingPosition StartingPositionTimestamp",
        DeadLetterConfig=reads("Arn"),
    ),
    ManagedStreamingKafkaParameters=reads(
        "BatchSize ConsumerGroupID MaximumBatchingWindowInSeconds StartingPosition TopicName",
        Credentials=reads("ClientCertificateTlsAuth SaslScram512Auth"),
    ),
    RabbitMQBrokerParameters=reads(
        "BatchSize MaximumBatchingWindowInSeconds QueueName VirtualHost", Credentials=reads("BasicAuth")
    ),
    SelfManagedKafkaParameters=reads(
        "AdditionalBootstrapServers BatchSize ConsumerGroupID MaximumBatchingWindowInSeconds "
        "ServerRootCaCertificate StartingPosition TopicName",
        Credentials=reads("BasicAuth ClientCertificateTlsAuth SaslScram256Auth SaslScram512Auth"),
        Vpc=reads("SecurityGroup Subnets"),
    ),
    SqsQueueParameters=reads("BatchSize MaximumBatchingWindowInSeconds"),
)
_TARGET: Final = reads(
    "InputTemplate",
    BatchJobParameters=reads(
        "JobDefinition JobName Parameters",
        ArrayProperties=reads("Size"),
        ContainerOverrides=reads(
            "Command InstanceType", Environment=reads("Name Value"), ResourceRequirements=reads("Type Value")
        ),
        DependsOn=reads("JobId Type"),
        RetryStrategy=reads("Attempts"),
    ),
    CloudWatchLogsParameters=reads("LogStreamName Timestamp"),
    EcsTaskParameters=reads(
        "EnableECSManagedTags EnableExecuteCommand Group LaunchType PlatformVersion PropagateTags ReferenceId "
        "TaskCount TaskDefinitionArn",
        CapacityProviderStrategy=reads("Base CapacityProvider Weight"),
        NetworkConfiguration=reads(AwsvpcConfiguration=reads("AssignPublicIp SecurityGroups Subnets")),
        Overrides=reads(
            "Cpu ExecutionRoleArn Memory TaskRoleArn",
            ContainerOverrides=reads(
                "Command Cpu Memory MemoryReservation Name",
                Environment=reads("Name Value"),
                EnvironmentFiles=reads("Type Value"),
                ResourceRequirements=reads("Type Value"),
            ),
            EphemeralStorage=reads("SizeInGiB"),
            InferenceAcceleratorOverrides=reads("DeviceName DeviceType"),
        ),
        PlacementConstraints=reads("Expression Type"),
        PlacementStrategy=reads("Field Type"),
        Tags=reads("Key Value"),
    ),
    EventBridgeEventBusParameters=reads("DetailType EndpointId Resources Source Time"),
    HttpParameters=reads("HeaderParameters PathParameterValues QueryStringParameters"),
    KinesisStreamParameters=reads("PartitionKey"),
    LambdaFunctionParameters=reads("InvocationType"),
    RedshiftDataParameters=reads("Database DbUser SecretManagerArn Sqls StatementName WithEvent"),
    SageMakerPipelineParameters=reads(PipelineParameterList=reads("Name Value")),
    SqsQueueParameters=reads("MessageDeduplicationId MessageGroupId"),
    StepFunctionStateMachineParameters=reads("InvocationType"),
    TimestreamParameters=reads(
        "EpochTimeUnit TimeFieldType TimeValue TimestampFormat VersionValue",
        DimensionMappings=reads("DimensionName DimensionValue DimensionValueType"),
        MultiMeasureMappings=reads(
            "MultiMeasureName",
            MultiMeasureAttributeMappings=reads("MeasureValue MeasureValueType MultiMeasureAttributeName"),
        ),
        SingleMeasureMappings=reads("MeasureName MeasureValue MeasureValueType"),
    ),
)
_ENRICHMENT: Final = reads(
    "InputTemplate", HttpParameters=reads("HeaderParameters PathParameterValues QueryStringParameters")
)
_LOG: Final = reads(
    "IncludeExecutionData Level",
    CloudwatchLogsLogDestination=reads("LogGroupArn"),
    FirehoseLogDestination=reads("DeliveryStreamArn"),
    S3LogDestination=reads("BucketName BucketOwner OutputFormat Prefix"),
)


class Pipe(HoldsNothing):
    """A pipe from a source through an enrichment to a target. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads(
        "Description DesiredState Enrichment KmsKeyIdentifier Name RoleArn Source Tags Target",
        EnrichmentParameters=_ENRICHMENT,
        LogConfiguration=_LOG,
        SourceParameters=_SOURCE,
        TargetParameters=_TARGET,
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the pipe."""
        pipes = context.client("pipes", resource)
        name = resource.properties.get("Name") or resource.generated_name(length_max=64)
        if resource.properties.get("Name") and is_there(lambda: pipes.describe_pipe(Name=name), *_GONE):
            raise already_exists(resource, name, "Name")
        pipe = call(pipes, "create_pipe", resource.properties, Name=name)
        return Provisioned(
            physical_id=name,
            attributes={
                "Arn": pipe["Arn"],
                "CreationTime": iso_milliseconds(pipe["CreationTime"]),
                "CurrentState": resource.properties.get("DesiredState", "RUNNING"),
                "LastModifiedTime": iso_milliseconds(pipe["LastModifiedTime"]),
                "StateReason": "",
            },
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes the pipe anew: an update through the API loses where it started in moto."""
        return remake(self, created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the pipe."""
        with unless_gone(*_GONE):
            context.client("pipes", created.resource).delete_pipe(Name=created.provisioned.physical_id)
