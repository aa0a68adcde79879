"""`AWS::Logs::*`, `AWS::CloudWatch::*` and `AWS::KinesisFirehose::*`, read back through their APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:nobody"
_ROLE = "arn:aws:iam::111122223333:role/r"


def _log_group(provisioning: Provisioning, created: Created) -> Any:
    logs, name = provisioning.client("logs"), created.provisioned.physical_id
    group = next(item for item in logs.describe_log_groups()["logGroups"] if item["logGroupName"] == name)
    arn = created.provisioned.attributes["Arn"].removesuffix(":*")
    return {
        "Retention": group.get("retentionInDays"),
        "Key": group.get("kmsKeyId"),
        "Tags": logs.list_tags_for_resource(resourceArn=arn)["tags"],
    }


def _log_stream(provisioning: Provisioning, created: Created) -> Any:
    answer = provisioning.client("logs").describe_log_streams(logGroupName=created.resource.properties["LogGroupName"])
    return [stream["logStreamName"] for stream in answer["logStreams"]]


def _subscription(provisioning: Provisioning, created: Created) -> Any:
    answer = provisioning.client("logs").describe_subscription_filters(
        logGroupName=created.resource.properties["LogGroupName"]
    )
    return {
        item["filterName"]: (item["filterPattern"], item["destinationArn"]) for item in answer["subscriptionFilters"]
    }


def _metric_filter(provisioning: Provisioning, created: Created) -> Any:
    answer = provisioning.client("logs").describe_metric_filters(
        logGroupName=created.resource.properties["LogGroupName"]
    )
    return {item["filterName"]: item["metricTransformations"][0] for item in answer["metricFilters"]}


def _log_policy(provisioning: Provisioning, created: Created) -> Any:
    del created
    policies = provisioning.client("logs").describe_resource_policies()["resourcePolicies"]
    return {policy["policyName"]: json.loads(policy["policyDocument"])["Statement"] for policy in policies}


def _alarm(provisioning: Provisioning, created: Created) -> Any:
    cloudwatch = provisioning.client("cloudwatch")
    found = cloudwatch.describe_alarms(
        AlarmNames=[created.provisioned.physical_id], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    if not alarms:
        return None
    tags = cloudwatch.list_tags_for_resource(ResourceARN=created.provisioned.attributes["Arn"])["Tags"]
    keys = (
        *("AlarmDescription", "ActionsEnabled", "AlarmActions", "OKActions", "AlarmRule", "MetricName", "Threshold"),
        *("EvaluationPeriods", "Dimensions", "Metrics", "TreatMissingData"),
    )
    kept = {key: alarms[0][key] for key in keys if alarms[0].get(key) not in (None, "", [])}
    return {**kept, "Tags": {tag["Key"]: tag["Value"] for tag in tags}}


def _dashboard(provisioning: Provisioning, created: Created) -> Any:
    answer = provisioning.client("cloudwatch").get_dashboard(DashboardName=created.provisioned.physical_id)
    return json.loads(answer["DashboardBody"])


def _firehose(provisioning: Provisioning, created: Created) -> Any:
    firehose, name = provisioning.client("firehose"), created.provisioned.physical_id
    found = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]
    return {
        "Destination": found["Destinations"][0]["ExtendedS3DestinationDescription"],
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


_GROUP = {"Group": ("AWS::Logs::LogGroup", {"LogGroupName": "group"})}
_WRITERS = [{"Effect": "Allow", "Principal": "*", "Action": "logs:PutLogEvents", "Resource": "*"}]

ROWS = [
    Row(
        type="AWS::Logs::LogGroup",
        first={"LogGroupName": "group", "RetentionInDays": "7", "Tags": [{"Key": "team", "Value": "a"}]},
        second={"LogGroupName": "group", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/k"},
        read=_log_group,
        shows=(
            {"Retention": 7, "Key": None, "Tags": {"team": "a"}},
            {"Retention": None, "Key": "arn:aws:kms:eu-west-1:111122223333:key/k", "Tags": {}},
        ),
    ),
    Row(
        type="AWS::Logs::LogStream",
        first={"LogGroupName": "@Group", "LogStreamName": "stream"},
        second={"LogGroupName": "@Group", "LogStreamName": "stream"},
        read=_log_stream,
        shows=(["stream"], ["stream"]),
        needs=_GROUP,
    ),
    Row(
        type="AWS::Logs::SubscriptionFilter",
        first={"LogGroupName": "@Group", "FilterName": "f", "FilterPattern": "ERROR", "DestinationArn": _FUNCTION},
        second={"LogGroupName": "@Group", "FilterName": "f", "FilterPattern": "", "DestinationArn": _FUNCTION + "2"},
        read=_subscription,
        shows=({"f": ("ERROR", _FUNCTION)}, {"f": ("", _FUNCTION + "2")}),
        needs=_GROUP,
    ),
    Row(
        type="AWS::Logs::MetricFilter",
        first={
            "LogGroupName": "@Group",
            "FilterName": "m",
            "FilterPattern": "ERROR",
            "MetricTransformations": [
                {
                    "MetricName": "Errors",
                    "MetricNamespace": "Shop",
                    "MetricValue": "1",
                    "DefaultValue": "0",
                    "Dimensions": [{"Key": "kind", "Value": "$.kind"}],
                }
            ],
        },
        second={
            "LogGroupName": "@Group",
            "FilterName": "m",
            "FilterPattern": "ERROR",
            "MetricTransformations": [{"MetricName": "Faults", "MetricNamespace": "Shop", "MetricValue": 1}],
        },
        read=_metric_filter,
        shows=({"m": {"metricName": "Errors"}}, {"m": {"metricName": "Faults"}}),
        needs=_GROUP,
    ),
    Row(
        type="AWS::Logs::ResourcePolicy",
        first={"PolicyName": "p", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": _WRITERS})},
        second={"PolicyName": "p", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": _WRITERS * 2})},
        read=_log_policy,
        shows=({"p": _WRITERS}, {"p": _WRITERS * 2}),
    ),
    Row(
        type="AWS::CloudWatch::Alarm",
        first={
            "AlarmName": "errors",
            "AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:t"],
            "AlarmDescription": "d",
            "ComparisonOperator": "GreaterThanThreshold",
            "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
            "EvaluationPeriods": "2",
            "MetricName": "Errors",
            "Namespace": "AWS/Lambda",
            "Period": 60,
            "Statistic": "Sum",
            "Tags": [{"Key": "team", "Value": "a"}],
            "Threshold": "1.5",
            "TreatMissingData": "notBreaching",
        },
        second={
            "AlarmName": "errors",
            "ActionsEnabled": "false",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Metrics": [
                {"Id": "e", "Expression": "m * 2", "Label": "twice", "ReturnData": "true"},
                {
                    "Id": "m",
                    "ReturnData": False,
                    "MetricStat": {"Metric": {"MetricName": "Errors", "Namespace": "n"}, "Period": "60", "Stat": "Sum"},
                },
            ],
            "Threshold": 2,
        },
        read=_alarm,
        shows=(
            {"MetricName": "Errors", "Threshold": 1.5, "EvaluationPeriods": 2, "Tags": {"team": "a"}},
            {"ActionsEnabled": False, "Threshold": 2.0, "EvaluationPeriods": 1, "Tags": {}},
        ),
    ),
    Row(
        type="AWS::CloudWatch::CompositeAlarm",
        first={"AlarmName": "all", "AlarmRule": 'ALARM("a")', "Tags": [{"Key": "team", "Value": "a"}]},
        second={"AlarmName": "all", "AlarmRule": 'OK("a")', "AlarmDescription": "d", "OKActions": ["arn:aws:sns:::t"]},
        read=_alarm,
        shows=(
            {"AlarmRule": 'ALARM("a")', "Tags": {"team": "a"}},
            {"AlarmRule": 'OK("a")', "AlarmDescription": "d", "OKActions": ["arn:aws:sns:::t"], "Tags": {}},
        ),
    ),
    Row(
        type="AWS::CloudWatch::Dashboard",
        first={"DashboardName": "d", "DashboardBody": '{"widgets": []}'},
        second={"DashboardName": "d", "DashboardBody": '{"widgets": [{"type": "text"}]}'},
        read=_dashboard,
        shows=({"widgets": []}, {"widgets": [{"type": "text"}]}),
    ),
    Row(
        type="AWS::KinesisFirehose::DeliveryStream",
        first={
            "DeliveryStreamName": "clicks",
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": "@Bucket.Arn",
                "RoleARN": _ROLE,
                "Prefix": "a/",
                "BufferingHints": {"IntervalInSeconds": "60", "SizeInMBs": 5},
            },
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        second={
            "DeliveryStreamName": "clicks",
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": "@Bucket.Arn",
                "RoleARN": _ROLE,
                "CompressionFormat": "GZIP",
                "ProcessingConfiguration": {
                    "Enabled": "true",
                    "Processors": [
                        {
                            "Type": "Lambda",
                            "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": _FUNCTION}],
                        }
                    ],
                },
            },
        },
        read=_firehose,
        shows=(
            {
                "Destination": {"Prefix": "a/", "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 5}},
                "Tags": {"team": "a"},
            },
            {"Destination": {"CompressionFormat": "GZIP", "ProcessingConfiguration": {"Enabled": True}}, "Tags": {}},
        ),
        needs={"Bucket": ("AWS::S3::Bucket", {})},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_reset_takes_lines_and_later_streams_away(provisioning: Provisioning) -> None:
    logs = provisioning.client("logs")
    group = provisioning.create("AWS::Logs::LogGroup", {"LogGroupName": "group"})
    provisioning.create("AWS::Logs::LogStream", {"LogGroupName": "group", "LogStreamName": "declared"})
    group = provisioning.captured(group)
    logs.create_log_stream(logGroupName="group", logStreamName="later")
    for stream in ("declared", "later"):
        logs.put_log_events(
            logGroupName="group", logStreamName=stream, logEvents=[{"timestamp": 1_700_000_000_000, "message": "m"}]
        )

    provisioning.reset(group)

    assert [stream["logStreamName"] for stream in logs.describe_log_streams(logGroupName="group")["logStreams"]] == [
        "declared"
    ]
    assert logs.get_log_events(logGroupName="group", logStreamName="declared")["events"] == []


def test_logging_into_a_group_with_a_subscribed_function_calls_nobody(provisioning: Provisioning) -> None:
    logs = provisioning.client("logs")
    provisioning.create("AWS::Logs::LogGroup", {"LogGroupName": "group"})
    provisioning.create("AWS::Logs::LogStream", {"LogGroupName": "group", "LogStreamName": "s"})
    provisioning.create(
        "AWS::Logs::SubscriptionFilter", {"LogGroupName": "group", "FilterPattern": "", "DestinationArn": _FUNCTION}
    )

    answer = logs.put_log_events(
        logGroupName="group", logStreamName="s", logEvents=[{"timestamp": 1_700_000_000_000, "message": "m"}]
    )

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    "kind", ["AmazonopensearchserviceDestinationConfiguration", "AmazonOpenSearchServerlessDestinationConfiguration"]
)
def test_stream_into_opensearch_is_there(provisioning: Provisioning, kind: str) -> None:
    provisioning.create("AWS::S3::Bucket", {}, logical_id="Bucket")
    endpoint = "CollectionEndpoint" if "Serverless" in kind else "ClusterEndpoint"
    backup = {"BucketARN": "@Bucket.Arn", "RoleARN": _ROLE}

    stream = provisioning.create(
        "AWS::KinesisFirehose::DeliveryStream",
        {kind: {endpoint: "https://search.example.com", "IndexName": "i", "RoleARN": _ROLE, "S3Configuration": backup}},
    )

    found = provisioning.client("firehose").describe_delivery_stream(DeliveryStreamName=stream.provisioned.physical_id)
    description = found["DeliveryStreamDescription"]["Destinations"][0]["ElasticsearchDestinationDescription"]
    assert description["ClusterEndpoint"] == "https://search.example.com"


@pytest.mark.parametrize(
    ("type_name", "properties", "refusal", "text"),
    [
        pytest.param(
            "AWS::Logs::LogGroup", {"RetentionInDays": 2}, ResourceRefused, "Invalid retention", id="retention"
        ),
        pytest.param(
            "AWS::Logs::SubscriptionFilter",
            {"LogGroupName": "none", "FilterPattern": "", "DestinationArn": _FUNCTION},
            ClientError,
            "does not exist",
            id="log group",
        ),
        pytest.param("AWS::CloudWatch::Dashboard", {"DashboardBody": "{"}, ClientError, "JSON", id="dashboard"),
        pytest.param(
            "AWS::KinesisFirehose::DeliveryStream", {}, ClientError, "Exactly one destination", id="destination"
        ),
    ],
)
def test_impossible_resource_is_refused_and_not_there(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    with pytest.raises(refusal, match=text):
        provisioning.create(type_name, properties)

    assert provisioning.client("logs").describe_log_groups()["logGroups"] == []
