"""Every operation of the services that functions are called by and call is known, with actions that exist."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from lambdakit.harness.iam.api_call import ApiCall, read_api_call
from lambdakit.harness.iam.api_services import apis_signed_for
from lambdakit.harness.iam.required_actions import actions_of_call, all_actions
from lambdakit.harness.iam.service_authorization import service_authorization
from tests.fakes.api_requests import ACCOUNT_ID, REGION, made_up_parameters, operations, request_of, signing_name
from tests.fakes.resource_lookups import KnownResources

SERVICES = (
    *("s3", "sqs", "sns", "events", "kinesis", "dynamodb", "dynamodbstreams", "firehose", "lambda", "logs"),
    *("stepfunctions", "scheduler", "pipes", "secretsmanager", "ssm", "kms", "iot", "iot-data", "cognito-idp"),
    *("cloudwatch", "xray", "es", "opensearch", "apigateway", "apigatewayv2", "apigatewaymanagementapi", "sts", "iam"),
    *("rds-data", "appsync", "ses", "sesv2", "ecs", "ecr", "sagemaker-runtime", "bedrock-runtime", "config"),
    *("codepipeline", "codecommit", "kafka", "mq", "cloudformation"),
)

# What cannot be told apart by what is sent: the request of the one is the request of the other.
SAME_REQUEST: Mapping[str, str] = {
    "s3:GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "s3:GetBucketNotification": "GetBucketNotificationConfiguration",
    "s3:ListDirectoryBuckets": "ListBuckets",
    "s3:PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "s3:PutBucketNotification": "PutBucketNotificationConfiguration",
}

# What made-up values do not show: opaque tokens, and statements.
PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "dynamodb:BatchExecuteStatement": {"Statements": [{"Statement": 'SELECT * FROM "orders" WHERE id = 1'}]},
    "dynamodb:ExecuteStatement": {"Statement": "DELETE FROM orders WHERE id = 1"},
    "dynamodb:ExecuteTransaction": {"TransactStatements": [{"Statement": "UPDATE orders SET a = 1 WHERE id = 1"}]},
    "dynamodbstreams:GetRecords": {
        "ShardIterator": f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/orders/stream/2026-01-01T00:00:00.000|1|AAAA"
    },
    "kinesis:UntagResource": {"ResourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/clicks", "TagKeys": ["a"]},
    "sqs:CancelMessageMoveTask": {
        # base64 of JSON that says the dead-letter queue "dead" is the source
        "TaskHandle": "eyJzb3VyY2VBcm4iOiAiYXJuOmF3czpzcXM6ZXUtd2VzdC0xOjEyMzQ1Njc4OTAxMjpkZWFkIn0="
    },
}

# The reference has no action of this name: the data models that botocore ships are newer than it.
NO_ACTION: Mapping[str, str] = {
    "s3": (
        "DeleteObjectAnnotation GetObjectAnnotation ListObjectAnnotations PutObjectAnnotation RenameObject "
        "UpdateBucketMetadataAnnotationTableConfiguration"
    ),
    "kinesis": (
        "AcknowledgeDeadLetterQueueRecords AcknowledgeQueueRecords CreateChannel CreateQueue DeleteChannel "
        "DeleteQueue DescribeChannel DescribeQueue ListChannels ListQueues ReceiveDeadLetterQueueRecords "
        "ReceiveQueueRecords RestoreDeadLetterQueueRecords UpdateChannel "
        "UpdateDeadLetterQueueRecordsVisibility UpdateQueue UpdateQueueRecordsVisibility "
        "UpdateStreamRecordDistributionStrategy"
    ),
    "dynamodb": "CancelBulkOperation DescribeBulkOperation ListBulkOperations SearchVectors StartBulkPutItems",
    "lambda": (
        "DeleteDurableExecution DeleteResourcePolicy GetResourcePolicy PauseDurableExecution PutResourcePolicy "
        "ResumeDurableExecution"
    ),
    "logs": (
        "DeleteSyslogConfiguration GetLogObject GetStorageTierPolicy ListSyslogConfigurations PutStorageTierPolicy "
        "PutSyslogConfiguration"
    ),
    "secretsmanager": "AssociateCrossAccountReplica DisassociateCrossAccountReplica ListResourcePolicies",
    "ssm": (
        "CreateCloudConnector DeleteCloudConnector DeregisterDefaultHostManagementConfiguration GetCloudConnector "
        "ListCloudConnectors RegisterDefaultHostManagementConfiguration UpdateCloudConnector ValidateCloudConnector"
    ),
    "kms": "Decapsulate Encapsulate GetKeyLastUsage",
    "iot-data": "GetConnection ListSubscriptions SendDirectMessage",
    "cognito-idp": (
        "AdminDeleteSoftwareToken AdminGetUserAuthFactors AdminListUserSessions AdminRevokeUserSession "
        "CreateUserPoolReplica DeleteUserPoolReplica DescribeTermsByClient GetClientToken GetDerivedToken "
        "GetProvisionedLimit GetUserPoolClientSessionConfiguration GetUserPoolSessionConfiguration "
        "ListUserPoolReplicas SetUserPoolClientSessionConfiguration SetUserPoolSessionConfiguration "
        "UpdateProvisionedLimit UpdateUserPoolReplica"
    ),
    "cloudwatch": (
        "AssociateDatasetKmsKey CreateResourceMetricsConfiguration DeleteMetricDataQueryDefinition "
        "DeleteResourceMetricsConfiguration DescribeAlarmContributors DisassociateDatasetKmsKey GetDataset "
        "GetMetricDataQueryDefinition GetOTelEnrichment GetResourceMetricsConfiguration "
        "ListMetricDataQueryDefinitions PutLogAlarm PutMetricDataQueryDefinition StartOTelEnrichment "
        "StopOTelEnrichment UpdateOTelEnrichment UpdateResourceMetricsConfiguration"
    ),
    "es": "UpdateClone",
    "opensearch": (
        "AddReplicationPeer AttachDataSource CompareDomainConfiguration DeregisterCapability "
        "DescribeDataSourceAttachment DescribeDomainReplication DetachDataSource FailoverReplication GetCapability "
        "GetMigration InsightFeedback ListDataSourceAttachments ListMigrations RegisterCapability "
        "RemoveReplicationPeer StartMigration SwitchoverReplication UpdateClone"
    ),
    "iam": "AcquireRole GetAccountProperties GetRoleTemplateVersion PutAccountProperties UpdateDelegationRequest",
    "sesv2": (
        "AssociateEmailIdentityCertificate DisassociateEmailIdentityCertificate ListEmailIdentityCertificates "
        "PutAccountPricingAttributes PutTenantSuppressionAttributes UpdateConfigurationSet"
    ),
    "ecs": (
        "AssociateGatewayWithCluster ContinueServiceDeployment CreateDaemon CreateGateway DeleteDaemon "
        "DeleteDaemonTaskDefinition DeleteGateway DescribeDaemon "
        "DescribeDaemonDeployments DescribeDaemonRevisions DescribeDaemonTaskDefinition DescribeGateway "
        "DescribeGatewayResources DescribeGatewayRoute DisassociateGatewayFromCluster ListDaemonDeployments "
        "ListDaemonTaskDefinitions ListDaemons ListGatewayClusterAssociations ListGatewayRoutes ListGateways "
        "RegisterDaemonTaskDefinition UpdateDaemon UpdateGateway"
    ),
    "ecr": (
        "DescribeReplicationBackfillResults ListImageReferrers ListReplicationBackfills StartReplicationBackfill "
        "StopReplicationBackfill"
    ),
    "bedrock-runtime": "InvokeGuardrailChecks",
    "config": (
        "DeleteConnector GetConnector ListConnectors PutConnector PutThirdPartyServiceLinkedConfigurationRecorder"
    ),
    "codecommit": "GetBlobDifferences",
    "kafka": "CreateChannel DeleteChannel DescribeChannel ListChannels UpdateChannel",
    "mq": "DescribeSharedResources",
    "cloudformation": "RemoveAlias SetAlias",
}


def read(service: str, operation: str) -> ApiCall | None:
    name = f"{service}:{operation}"
    parameters = PARAMETERS.get(name) or made_up_parameters(service, operation, _arn_for(service, operation))
    request = request_of(service, operation, parameters)
    return read_api_call(request, signing_name(service), account_id=ACCOUNT_ID, region=REGION, lookups=KnownResources())


def _prefix(service: str) -> str:
    return next(api.prefix for api in apis_signed_for(signing_name(service)) if api.name == service)


def _arn_for(service: str, operation: str) -> str:
    """An ARN of the first kind that the action of the same name is about."""
    prefix = _prefix(service)
    reference = service_authorization(prefix)
    action = None if reference is None else reference.actions.get(operation)
    kinds = () if action is None else (*action.required, *action.optional)
    arn = kinds[0].arn if kinds else f"arn:${{Partition}}:{prefix}:${{Region}}:${{Account}}:thing/x"
    arn = arn.replace("${Partition}", "aws").replace("${Region}", REGION).replace("${Account}", ACCOUNT_ID)
    return re.sub(r"\$\{(\w+)\}", lambda match: match[1].lower(), arn)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_recognised_by_its_request(service: str) -> None:
    misread = {}

    for operation in operations(service):
        call = read(service, operation)
        expected = SAME_REQUEST.get(f"{service}:{operation}", operation)
        if call is None or (call.api.name, call.operation) != (service, expected):
            misread[operation] = None if call is None else (call.api.name, call.operation)

    assert not misread


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_needs_actions_that_exist(service: str) -> None:
    unmapped = set()
    unknown = set()

    for operation in operations(service):
        call = read(service, operation)
        assert call is not None
        wanted = actions_of_call(call)
        if wanted is None:
            unmapped.add(operation)
        for authorization in wanted or ():
            if authorization.action not in all_actions(authorization.action.partition(":")[0]):
                unknown.add(authorization.action)
            assert authorization.resources
            assert all(arn == "*" or (arn.startswith("arn:") and "${" not in arn) for arn in authorization.resources)

    assert not unknown
    assert unmapped == set(NO_ACTION.get(service, "").split())


@pytest.mark.parametrize("service", sorted(NO_ACTION))
def test_what_is_not_mapped_has_no_action_in_the_reference(service: str) -> None:
    actions = all_actions(_prefix(service))

    assert not [name for name in NO_ACTION[service].split() if f"{_prefix(service)}:{name}" in actions]
