"""A stack of many kinds of resources, and what somebody may do to each through an API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.fakes.plain_assembly import Resources, function

ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*", "sns:*"], "Resource": "*"}],
}
SUBSCRIBER = """
    import boto3, os
    def handler(event, context):
        if event.get("queue"):
            boto3.client("sns").subscribe(TopicArn=os.environ["TOPIC"], Protocol="sqs", Endpoint=event["queue"])
        return os.environ.get("COLOUR", "none")
"""

RESOURCES: Resources = {
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs", "VisibilityTimeout": 60}},
    "QueuePolicy": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Queue"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
            },
        },
    },
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
    "Subscription": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
        },
    },
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "Properties": {"BucketName": "pictures-of-ours", "VersioningConfiguration": {"Status": "Enabled"}},
    },
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "Properties": {
            "TableName": "orders",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    },
    "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "clicks", "ShardCount": 1}},
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": "placed",
            "EventBusName": {"Ref": "Bus"},
            "EventPattern": {"source": ["shop"]},
            "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        },
    },
    "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/flag", "Type": "String", "Value": "on"}},
    "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "login", "SecretString": "sesame"}},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "worker",
            "AssumeRolePolicyDocument": TRUST,
            "Policies": [{"PolicyName": "queues", "PolicyDocument": ALLOW}],
        },
    },
    **function(
        "Function",
        SUBSCRIBER,
        FunctionName="work",
        Role={"Fn::GetAtt": ["Role", "Arn"]},
        Environment={"Variables": {"TOPIC": {"Ref": "Topic"}}},
    ),
    "Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}},
    "Mapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "FunctionName": {"Ref": "Function"},
            "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
        },
    },
    "Permission": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": {"Ref": "Function"},
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
        },
    },
    "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/of/mine", "RetentionInDays": 7}},
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "late",
            "Namespace": "Shop",
            "MetricName": "Late",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    },
    "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "front", "ProtocolType": "HTTP"}},
    "Stage": {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
    },
}


def queue_url(sqs: Any) -> str:
    """Of the queue of the stack."""
    return str(sqs.get_queue_url(QueueName="jobs")["QueueUrl"])


def _queue(sqs: Any) -> Any:
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url(sqs), AttributeNames=["All"])["Attributes"]
    return {name: value for name, value in attributes.items() if not name.endswith("Timestamp")}


def subscriptions(sns: Any) -> Any:
    """Protocol and endpoint of the topic's."""
    found = sns.list_subscriptions_by_topic(TopicArn=ACCOUNT.format("sns", "news"))["Subscriptions"]
    return [(each["Protocol"], each["Endpoint"]) for each in found]


def _targets(events: Any) -> Any:
    rule = events.describe_rule(Name="placed", EventBusName="shop")
    return rule["State"], events.list_targets_by_rule(Rule="placed", EventBusName="shop")["Targets"]


def _remove_rule(events: Any) -> None:
    events.remove_targets(Rule="placed", EventBusName="shop", Ids=["queue"])
    events.delete_rule(Name="placed", EventBusName="shop")


def _remove_bus(events: Any) -> None:
    _remove_rule(events)
    events.delete_event_bus(Name="shop")


def _mapping(lambda_: Any) -> Any:
    return lambda_.list_event_source_mappings(FunctionName="work")["EventSourceMappings"][0]


def _function(lambda_: Any) -> Any:
    found = lambda_.get_function_configuration(FunctionName="work")
    versions = [each["Version"] for each in lambda_.list_versions_by_function(FunctionName="work")["Versions"]]
    return found["Timeout"], sorted(found["Environment"]["Variables"]), versions


def _concurrency(lambda_: Any) -> Any:
    return lambda_.get_function_concurrency(FunctionName="work").get("ReservedConcurrentExecutions")


def _statements(lambda_: Any) -> Any:
    return json.loads(lambda_.get_policy(FunctionName="work")["Policy"])["Statement"]


def _remove_bucket(s3: Any) -> None:
    s3.put_object(Bucket="pictures-of-ours", Key="a", Body=b"a")
    for version in s3.list_object_versions(Bucket="pictures-of-ours")["Versions"]:
        s3.delete_object(Bucket="pictures-of-ours", Key="a", VersionId=version["VersionId"])
    s3.delete_bucket(Bucket="pictures-of-ours")


def _fill_and_suspend(s3: Any) -> None:
    s3.put_object(Bucket="pictures-of-ours", Key="a", Body=b"a")
    s3.put_bucket_versioning(Bucket="pictures-of-ours", VersioningConfiguration={"Status": "Suspended"})


def _bucket(s3: Any) -> Any:
    held = s3.list_object_versions(Bucket="pictures-of-ours")
    return s3.get_bucket_versioning(Bucket="pictures-of-ours")["Status"], held.get("Versions", [])


CHANGES: list[tuple[str, str, Callable[[Any], object], Callable[[Any], Any]]] = [
    ("queue deleted", "sqs", lambda sqs: sqs.delete_queue(QueueUrl=queue_url(sqs)), _queue),
    (
        "queue set up differently",
        "sqs",
        lambda sqs: sqs.set_queue_attributes(QueueUrl=queue_url(sqs), Attributes={"VisibilityTimeout": "1"}),
        _queue,
    ),
    ("topic deleted", "sns", lambda sns: sns.delete_topic(TopicArn=ACCOUNT.format("sns", "news")), subscriptions),
    (
        "subscription deleted",
        "sns",
        lambda sns: sns.unsubscribe(SubscriptionArn=sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]),
        subscriptions,
    ),
    (
        "subscription added",
        "sns",
        lambda sns: sns.subscribe(TopicArn=ACCOUNT.format("sns", "news"), Protocol="email", Endpoint="a@example.com"),
        subscriptions,
    ),
    ("bucket deleted", "s3", _remove_bucket, _bucket),
    ("bucket set up differently", "s3", _fill_and_suspend, _bucket),
    (
        "table deleted",
        "dynamodb",
        lambda dynamodb: dynamodb.delete_table(TableName="orders"),
        lambda dynamodb: dynamodb.describe_table(TableName="orders")["Table"]["KeySchema"],
    ),
    (
        "stream deleted",
        "kinesis",
        lambda kinesis: kinesis.delete_stream(StreamName="clicks"),
        lambda kinesis: kinesis.describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"][
            "OpenShardCount"
        ],
    ),
    ("rule disabled", "events", lambda events: events.disable_rule(Name="placed", EventBusName="shop"), _targets),
    ("rule deleted", "events", _remove_rule, _targets),
    ("bus deleted", "events", _remove_bus, _targets),
    (
        "parameter deleted",
        "ssm",
        lambda ssm: ssm.delete_parameter(Name="/flag"),
        lambda ssm: ssm.get_parameter(Name="/flag")["Parameter"]["Value"],
    ),
    (
        "secret deleted",
        "secretsmanager",
        lambda secrets: secrets.delete_secret(SecretId="login", ForceDeleteWithoutRecovery=True),
        lambda secrets: secrets.get_secret_value(SecretId="login")["SecretString"],
    ),
    (
        "policy deleted",
        "iam",
        lambda iam: iam.delete_role_policy(RoleName="worker", PolicyName="queues"),
        lambda iam: iam.get_role_policy(RoleName="worker", PolicyName="queues")["PolicyDocument"],
    ),
    ("function deleted", "lambda", lambda lambda_: lambda_.delete_function(FunctionName="work"), _function),
    (
        "function configured",
        "lambda",
        lambda lambda_: lambda_.update_function_configuration(
            FunctionName=ACCOUNT.format("lambda", "function:work"),
            Timeout=99,
            Environment={"Variables": {"COLOUR": "red"}},
        ),
        _function,
    ),
    ("version published", "lambda", lambda lambda_: lambda_.publish_version(FunctionName="work"), _function),
    (
        "function throttled",
        "lambda",
        lambda lambda_: lambda_.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0),
        _concurrency,
    ),
    (
        "permission removed",
        "lambda",
        lambda lambda_: lambda_.remove_permission(FunctionName="work", StatementId=_statements(lambda_)[0]["Sid"]),
        _statements,
    ),
    (
        "mapping disabled",
        "lambda",
        lambda lambda_: lambda_.update_event_source_mapping(UUID=_mapping(lambda_)["UUID"], Enabled=False),
        lambda lambda_: _mapping(lambda_)["State"],
    ),
    (
        "mapping deleted",
        "lambda",
        lambda lambda_: lambda_.delete_event_source_mapping(UUID=_mapping(lambda_)["UUID"]),
        lambda lambda_: _mapping(lambda_)["State"],
    ),
    (
        "log group deleted",
        "logs",
        lambda logs: logs.delete_log_group(logGroupName="/of/mine"),
        lambda logs: logs.describe_log_groups(logGroupNamePrefix="/of/mine")["logGroups"][0]["retentionInDays"],
    ),
    (
        "alarm deleted",
        "cloudwatch",
        lambda cloudwatch: cloudwatch.delete_alarms(AlarmNames=["late"]),
        lambda cloudwatch: cloudwatch.describe_alarms(AlarmNames=["late"])["MetricAlarms"][0]["Threshold"],
    ),
    (
        "API deleted",
        "apigatewayv2",
        lambda gateway: gateway.delete_api(ApiId=gateway.get_apis()["Items"][0]["ApiId"]),
        lambda gateway: [each["Name"] for each in gateway.get_apis()["Items"]],
    ),
]
