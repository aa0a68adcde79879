"""What each call needs to be allowed: streams, logs, workflows, and the other services that functions call.

SAR is the Service Authorization Reference, with the service's page.
"""

from __future__ import annotations

import pytest

from tests.fakes.iam_rows import Row, check, row
from tests.fakes.resource_lookups import KnownResources

ROLE = "arn:aws:iam::123456789012:role/worker"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:orders:1"
CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:db"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
LOG_FORMS = "CloudWatch Logs User Guide, CloudWatch Logs resources and operations"
GROUP = "arn:aws:logs~log-group:/aws/lambda/f"
SES_POLICIES = "SES Developer Guide, Controlling access to Amazon SES"
PASS_ROLE = "IAM User Guide, Grant a user permissions to pass a role to an AWS service"
MACHINE_VERSIONS = "Step Functions Developer Guide, Authorization for versions and aliases in Step Functions workflows"
MAIL = {"Destination": {"ToAddresses": ["you@example.org"]}}
SIMPLE = {"Simple": {"Subject": {"Data": "a"}, "Body": {"Text": {"Data": "b"}}}}

BUILDS = "SAR, AWS CodeBuild; AWS CLI Command Reference, codebuild batch-get-builds"

ROWS = [
    row(
        "codebuild BatchGetBuilds",
        {"ids": ["site:e9c4f4df-3f43-41d2-ab3a-60fe2f7a9d01", "site:815e755f", "api:815e755f"]},
        "codebuild:BatchGetBuilds on arn:aws:codebuild~project/site arn:aws:codebuild~project/api",
        source=BUILDS,
    ),
    row(
        "codebuild StopBuild",
        {"id": "site:e9c4f4df-3f43-41d2-ab3a-60fe2f7a9d01"},
        "codebuild:StopBuild on arn:aws:codebuild~project/site",
        source=BUILDS,
    ),
    row(
        "kinesis PutRecords",
        {"StreamName": "clicks", "Records": [{"Data": b"x", "PartitionKey": "a"}]},
        "kinesis:PutRecords on arn:aws:kinesis~stream/clicks",
        source="SAR, Amazon Kinesis Data Streams",
    ),
    row(
        "kinesis GetRecords",
        {"ShardIterator": "AAAA"},
        "kinesis:GetRecords on arn:aws:kinesis~stream/clicks",
        known=KnownResources(iterators={"AAAA": "clicks"}),
        source="SAR, Amazon Kinesis Data Streams",
    ),
    row(
        "kinesis DescribeStreamSummary",
        {"StreamARN": "arn:aws:kinesis:eu-west-1:999999999999:stream/clicks"},
        "kinesis:DescribeStreamSummary on arn:aws:kinesis:eu-west-1:999999999999:stream/clicks",
        keys={"aws:resourceaccount": ("999999999999",)},
        source="SAR, Amazon Kinesis Data Streams",
    ),
    row(
        "firehose PutRecord",
        {"DeliveryStreamName": "lake", "Record": {"Data": b"x"}},
        "firehose:PutRecord on arn:aws:firehose~deliverystream/lake",
        source="SAR, Amazon Kinesis Firehose",
    ),
    row(
        "firehose CreateDeliveryStream",
        {"DeliveryStreamName": "lake", "ExtendedS3DestinationConfiguration": {"RoleARN": ROLE, "BucketARN": "b"}},
        "firehose:CreateDeliveryStream on arn:aws:firehose~deliverystream/lake",
        f"iam:PassRole on {ROLE}",
        source=PASS_ROLE,
    ),
    row(
        "logs PutLogEvents",
        {"logGroupName": "/aws/lambda/f", "logStreamName": "s", "logEvents": []},
        f"logs:PutLogEvents on {GROUP}:log-stream:s",
        source=LOG_FORMS,
    ),
    row(
        "logs CreateLogStream",
        {"logGroupName": "/aws/lambda/f", "logStreamName": "s"},
        f"logs:CreateLogStream on {GROUP}:log-stream:s",
        source=LOG_FORMS,
    ),
    row(
        "logs CreateLogGroup",
        {"logGroupName": "/aws/lambda/f"},
        f"logs:CreateLogGroup on {GROUP}:log-stream:",
        source=LOG_FORMS,
    ),
    row(
        "logs FilterLogEvents",
        {"logGroupIdentifier": "arn:aws:logs:eu-west-1:999999999999:log-group:theirs:*"},
        "logs:FilterLogEvents on arn:aws:logs:eu-west-1:999999999999:log-group:theirs:log-stream:",
        source=LOG_FORMS,
    ),
    row(
        "logs TagResource",
        {"resourceArn": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f", "tags": {"a": "b"}},
        f"logs:TagResource on {GROUP}",
        keys={"aws:requesttag/a": ("b",)},
        source=LOG_FORMS,
    ),
    row(
        "logs DescribeLogGroups", {}, "logs:DescribeLogGroups on arn:aws:logs~log-group::log-stream:", source=LOG_FORMS
    ),
    row(
        "stepfunctions StartExecution",
        {"stateMachineArn": MACHINE, "input": "{}"},
        "states:StartExecution on arn:aws:states~stateMachine:orders",
        source="SAR, AWS Step Functions",
    ),
    row(
        "stepfunctions StartSyncExecution",
        {"stateMachineArn": f"{MACHINE}:live"},
        "states:StartSyncExecution on arn:aws:states~stateMachine:orders",
        source=MACHINE_VERSIONS,
    ),
    row(
        "stepfunctions CreateStateMachineAlias",
        {"name": "live", "routingConfiguration": [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}]},
        "states:CreateStateMachineAlias on arn:aws:states~stateMachine:orders",
        source=MACHINE_VERSIONS,
    ),
    row(
        "stepfunctions DeleteStateMachineVersion",
        {"stateMachineVersionArn": f"{MACHINE}:1"},
        "states:DeleteStateMachineVersion on arn:aws:states~stateMachine:orders",
        source=MACHINE_VERSIONS,
    ),
    row(
        "stepfunctions DescribeExecution",
        {"executionArn": EXECUTION},
        "states:DescribeExecution on arn:aws:states~execution:orders:1",
        source="SAR, AWS Step Functions",
    ),
    row(
        "stepfunctions SendTaskSuccess",
        {"taskToken": "t", "output": "{}"},
        "states:SendTaskSuccess on one of *",
        source="SAR, AWS Step Functions",
    ),
    row(
        "stepfunctions CreateStateMachine",
        {"name": "orders", "definition": "{}", "roleArn": ROLE},
        "states:CreateStateMachine on arn:aws:states~stateMachine:orders",
        f"iam:PassRole on {ROLE}",
        source=PASS_ROLE,
    ),
    row(
        "scheduler CreateSchedule",
        {"Name": "nightly", "Target": {"Arn": MACHINE, "RoleArn": ROLE}, "ScheduleExpression": "rate(1 day)"},
        "scheduler:CreateSchedule on arn:aws:scheduler~schedule/default/nightly",
        f"iam:PassRole on {ROLE}",
        source="EventBridge Scheduler User Guide, Managing a schedule group",
    ),
    row(
        "pipes CreatePipe",
        {"Name": "p", "Source": "arn:aws:sqs:eu-west-1:123456789012:jobs", "Target": MACHINE, "RoleArn": ROLE},
        "pipes:CreatePipe on arn:aws:pipes~pipe/p",
        f"iam:PassRole on {ROLE}",
        source=PASS_ROLE,
    ),
    row(
        "cloudwatch PutMetricData",
        {"Namespace": "shop", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
        "cloudwatch:PutMetricData on *",
        keys={"cloudwatch:namespace": ("shop",)},
        source="SAR, Amazon CloudWatch",
    ),
    row(
        "cloudwatch PutMetricAlarm",
        {"AlarmName": "errors", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"},
        "cloudwatch:PutMetricAlarm on arn:aws:cloudwatch~alarm:errors",
        source="SAR, Amazon CloudWatch",
    ),
    row(
        "xray PutTraceSegments",
        {"TraceSegmentDocuments": ["{}"]},
        "xray:PutTraceSegments on *",
        source="SAR, AWS X-Ray",
    ),
    row(
        "sesv2 SendEmail",
        {"FromEmailAddress": "Shop <shop@mail.example.com>", "Content": SIMPLE} | MAIL,
        "ses:SendEmail on arn:aws:ses~identity/example.com",
        keys={
            "ses:fromaddress": ("shop@mail.example.com",),
            "ses:fromdisplayname": ("Shop",),
            "ses:recipients": ("you@example.org",),
        },
        known=KnownResources(addresses={"shop@mail.example.com": "example.com"}),
        source=SES_POLICIES,
    ),
    row(
        "ses SendEmail",
        {"Source": "shop@example.com", "Message": SIMPLE["Simple"], "ConfigurationSetName": "c"} | MAIL,
        "ses:SendEmail on one of arn:aws:ses~identity/shop@example.com arn:aws:ses~identity/example.com",
        "ses:SendEmail on arn:aws:ses~configuration-set/c",
        source=SES_POLICIES,
    ),
    row(
        "ses SendEmail",
        {"Source": "shop@mail.example.com", "Message": SIMPLE["Simple"], "ConfigurationSetName": "c"} | MAIL,
        "ses:SendEmail on arn:aws:ses~identity/example.com arn:aws:ses~configuration-set/c",
        known=KnownResources(addresses={"shop@mail.example.com": "example.com"}),
        source=SES_POLICIES,
    ),
    row(
        "ses SendRawEmail",
        {"RawMessage": {"Data": b"From: Shop <shop@mail.example.com>\nTo: b@example.com\n\nHello"}},
        "ses:SendRawEmail on arn:aws:ses~identity/example.com",
        known=KnownResources(addresses={"shop@mail.example.com": "example.com"}),
        keys={"ses:fromaddress": ("shop@mail.example.com",)},
        source=SES_POLICIES,
    ),
    row(
        "sesv2 SendEmail",
        {"Content": {"Raw": {"Data": b"From: Shop <shop@mail.example.com>\nTo: b@example.com\n\nHello"}}},
        "ses:SendEmail on arn:aws:ses~identity/example.com",
        known=KnownResources(addresses={"shop@mail.example.com": "example.com"}),
        keys={"ses:fromaddress": ("shop@mail.example.com",)},
        source=SES_POLICIES,
    ),
    row(
        "eks CreateCluster",
        {"name": "main", "roleArn": "arn:aws:iam::123456789012:role/cluster", "resourcesVpcConfig": {}},
        "eks:CreateCluster on arn:aws:eks~cluster/main",
        "iam:PassRole on arn:aws:iam::123456789012:role/cluster",
        source="aws-cdk, aws-eks, cluster-resource: the role that makes a cluster with a name",
    ),
    row(
        "ecs RunTask",
        {"taskDefinition": "job:3", "cluster": "main"},
        "ecs:RunTask on arn:aws:ecs~task-definition/job:3",
        f"iam:PassRole on {ROLE}",
        keys={"ecs:cluster": ("arn:aws:ecs:eu-west-1:123456789012:cluster/main",)},
        known=KnownResources(tasks={"job:3": (ROLE,)}),
        source="SAR, Amazon Elastic Container Service",
    ),
    row(
        "ecs DescribeContainerInstances",
        {"cluster": "main", "containerInstances": ["0123abcd"]},
        "ecs:DescribeContainerInstances on arn:aws:ecs~container-instance/main/0123abcd",
        keys={"ecs:cluster": ("arn:aws:ecs:eu-west-1:123456789012:cluster/main",)},
        source="SAR, Amazon Elastic Container Service",
    ),
    row(
        "ecs StopTask",
        {"task": "0123abcd"},
        "ecs:StopTask on arn:aws:ecs~task/default/0123abcd",
        keys={"ecs:cluster": ("arn:aws:ecs:eu-west-1:123456789012:cluster/default",)},
        source="SAR, Amazon Elastic Container Service",
    ),
    row(
        "ecs DescribeServiceRevisions",
        {"serviceRevisionArns": ["arn:aws:ecs:eu-west-1:123456789012:service-revision/main/web/1"]},
        "ecs:DescribeServiceRevisions on arn:aws:ecs~service-revision/main/web/1",
        keys={"ecs:cluster": None},
        source="SAR, Amazon Elastic Container Service",
    ),
    row(
        "rds-data ExecuteStatement",
        {"resourceArn": CLUSTER, "secretArn": SECRET, "sql": "select 1"},
        "rds-data:ExecuteStatement on arn:aws:rds~cluster:db",
        "secretsmanager:GetSecretValue on arn:aws:secretsmanager~secret:db-AbCdEf",
        source="Aurora User Guide, Authorizing access to the Amazon RDS Data API",
    ),
    row(
        "athena StartQueryExecution",
        {"QueryString": "SELECT 1"},
        "athena:StartQueryExecution on arn:aws:athena~workgroup/primary",
        source="SAR, Amazon Athena; Athena API Reference, StartQueryExecution (WorkGroup)",
    ),
    row(
        "athena StartQueryExecution",
        {"QueryString": "SELECT 1", "WorkGroup": "team"},
        "athena:StartQueryExecution on arn:aws:athena~workgroup/team",
        source="SAR, Amazon Athena",
    ),
    row(
        "kafka GetBootstrapBrokers",
        {"ClusterArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/clicks/abcdef01-1"},
        "kafka:GetBootstrapBrokers on arn:aws:kafka~cluster/clicks/abcdef01-1",
        source="Amazon MSK Developer Guide, Accessing one Amazon MSK cluster",
    ),
    row(
        "bedrock-runtime Converse",
        {"modelId": "anthropic.claude-3-haiku-20240307-v1:0", "messages": []},
        "bedrock:InvokeModel on arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        source="Bedrock User Guide, Carry out a conversation with the Converse API operations",
    ),
    row(
        "bedrock-runtime InvokeModelWithResponseStream",
        {"modelId": "eu.anthropic.claude-3-haiku-20240307-v1:0", "body": b"{}"},
        "bedrock:InvokeModelWithResponseStream on "
        "arn:aws:bedrock~inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0",
        source="Bedrock User Guide, Prerequisites for inference profiles",
    ),
    row(
        "sagemaker-runtime InvokeEndpoint",
        {"EndpointName": "Scores", "Body": b"{}"},
        "sagemaker:InvokeEndpoint on arn:aws:sagemaker~endpoint/scores",
        source="SAR, Amazon SageMaker AI",
    ),
    row(
        "apigateway GetRestApi",
        {"restApiId": "abc"},
        "apigateway:GET on arn:aws:apigateway:eu-west-1::/restapis/abc",
        source="SAR, Amazon API Gateway Management",
    ),
    row(
        "apigatewayv2 CreateRoute",
        {"ApiId": "abc", "RouteKey": "GET /"},
        "apigateway:POST on arn:aws:apigateway:eu-west-1::/apis/abc/routes",
        source="SAR, Amazon API Gateway Management V2",
    ),
    row(
        "cognito-idp AdminCreateUser",
        {"UserPoolId": "eu-west-1_abc", "Username": "u"},
        "cognito-idp:AdminCreateUser on arn:aws:cognito-idp~userpool/eu-west-1_abc",
        source="SAR, Amazon Cognito User Pools",
    ),
    row(
        "cognito-idp InitiateAuth",
        {"ClientId": "c", "AuthFlow": "USER_PASSWORD_AUTH"},
        source="Amazon Cognito Developer Guide, Understanding API, OIDC, and managed login pages authentication",
    ),
    row(
        "ec2 StartVpcEndpointServicePrivateDnsVerification",
        {"ServiceId": "vpce-svc-1"},
        "ec2:StartVpcEndpointServicePrivateDnsVerification on arn:aws:ec2~vpc-endpoint-service/vpce-svc-1",
        source="SAR, Amazon EC2",
    ),
    row(
        "iot-data Publish",
        {"topic": "shop/orders", "payload": b"{}"},
        "iot:Publish on arn:aws:iot~topic/shop/orders",
        source="AWS IoT Core Developer Guide, AWS IoT Core action resources",
    ),
    row(
        "opensearch DescribeDomain",
        {"DomainName": "logs"},
        "es:DescribeDomain on arn:aws:es~domain/logs",
        source="SAR, Amazon OpenSearch Service",
    ),
    row(
        "ecr GetAuthorizationToken",
        {},
        "ecr:GetAuthorizationToken on *",
        source="SAR, Amazon Elastic Container Registry",
    ),
    row(
        "cloudformation DescribeStacks",
        {"StackName": "shop"},
        "cloudformation:DescribeStacks on arn:aws:cloudformation~stack/shop/*",
        source="SAR, AWS CloudFormation",
    ),
    row("ec2 DescribeInstances", {}, "ec2:DescribeInstances on *", source="SAR, Amazon EC2"),
    row(
        "rds DescribeDBInstances",
        {"DBInstanceIdentifier": "db"},
        "rds:DescribeDBInstances on arn:aws:rds~db:db",
        source="SAR, Amazon RDS",
    ),
]


@pytest.mark.parametrize("case", ROWS)
def test_a_call_needs(case: Row) -> None:
    check(case)
