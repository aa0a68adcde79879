"""A policy of a SAM function as the statements it stands for.

Known are statements written out, and of SAM's policy templates those that name one resource or whose actions know none.
Of a function that may be invoked, only it and its qualifiers are meant, where SAM's text takes every name that begins
alike.
Source: AWS SAM Developer Guide, "Policy template list"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_AT: Final = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_BUCKET: Final = ("arn:${AWS::Partition}:s3:::${Name}", "arn:${AWS::Partition}:s3:::${Name}/*")
_TABLE: Final = (_AT % ("dynamodb", "table/${Name}"), _AT % ("dynamodb", "table/${Name}/index/*"))
_FUNCTION: Final = (_AT % ("lambda", "function:${Name}"), _AT % ("lambda", "function:${Name}:*"))
_READ_OBJECTS: Final = (
    *("s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:GetObjectVersion", "s3:GetLifecycleConfiguration"),
)
_READ_ITEMS: Final = (
    *("dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:DescribeTable"),
)
_WRITE_ITEMS: Final = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem")
_READ_PARAMETERS: Final = ("ssm:GetParameters", "ssm:GetParameter", "ssm:GetParametersByPath")
# Policy template -> its parameter, actions, and resources, in which ${Name} is the parameter's value. Without parameter
# and resources, the actions know no resource.
_TEMPLATES: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "SQSSendMessagePolicy": ("QueueName", ("sqs:SendMessage",), (_AT % ("sqs", "${Name}"),)),
    "SQSPollerPolicy": (
        "QueueName",
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"),
        (_AT % ("sqs", "${Name}"),),
    ),
    "SNSPublishMessagePolicy": ("TopicName", ("sns:Publish",), (_AT % ("sns", "${Name}"),)),
    "S3ReadPolicy": ("BucketName", _READ_OBJECTS, _BUCKET),
    "S3WritePolicy": ("BucketName", ("s3:PutObject", "s3:PutObjectAcl", "s3:PutLifecycleConfiguration"), _BUCKET),
    "S3FullAccessPolicy": (
        "BucketName",
        (
            *("s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectAcl"),
            *("s3:DeleteObject", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", "s3:GetObjectTagging"),
            *("s3:GetObjectVersionTagging", "s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:ListBucket"),
            *("s3:GetBucketLocation", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
        ),
        _BUCKET,
    ),
    "S3CrudPolicy": (
        "BucketName",
        (*_READ_OBJECTS, "s3:PutObject", "s3:PutObjectAcl", "s3:PutLifecycleConfiguration", "s3:DeleteObject"),
        _BUCKET,
    ),
    "DynamoDBReadPolicy": ("TableName", _READ_ITEMS, _TABLE),
    "DynamoDBWritePolicy": ("TableName", _WRITE_ITEMS, _TABLE),
    "DynamoDBCrudPolicy": (
        "TableName",
        (*_READ_ITEMS, *_WRITE_ITEMS, "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"),
        _TABLE,
    ),
    "DynamoDBReconfigurePolicy": ("TableName", ("dynamodb:UpdateTable",), _TABLE[:1]),
    "LambdaInvokePolicy": ("FunctionName", ("lambda:InvokeFunction",), _FUNCTION),
    "StepFunctionsExecutionPolicy": (
        "StateMachineName",
        ("states:StartExecution",),
        (_AT % ("states", "stateMachine:${Name}"),),
    ),
    "EventBridgePutEventsPolicy": ("EventBusName", ("events:PutEvents",), (_AT % ("events", "event-bus/${Name}"),)),
    "SSMParameterReadPolicy": ("ParameterName", _READ_PARAMETERS, (_AT % ("ssm", "parameter/${Name}"),)),
    "SSMParameterWithSlashPrefixReadPolicy": (
        "ParameterName",
        _READ_PARAMETERS,
        (_AT % ("ssm", "parameter${Name}"),),
    ),
    "AWSSecretsManagerGetSecretValuePolicy": ("SecretArn", ("secretsmanager:GetSecretValue",), ("${Name}",)),
    "KMSDecryptPolicy": ("KeyId", ("kms:Decrypt",), (_AT % ("kms", "key/${Name}"),)),
    "KMSEncryptPolicy": ("KeyId", ("kms:Encrypt",), (_AT % ("kms", "key/${Name}"),)),
    "FirehoseWritePolicy": (
        "DeliveryStreamName",
        ("firehose:PutRecord", "firehose:PutRecordBatch"),
        (_AT % ("firehose", "deliverystream/${Name}"),),
    ),
    "FilterLogEventsPolicy": (
        "LogGroupName",
        ("logs:FilterLogEvents",),
        (_AT % ("logs", "log-group:${Name}:log-stream:*"),),
    ),
    "SESSendBouncePolicy": ("IdentityName", ("ses:SendBounce",), (_AT % ("ses", "identity/${Name}"),)),
    "CloudWatchPutMetricPolicy": ("", ("cloudwatch:PutMetricData",), ()),
    "CloudWatchDescribeAlarmHistoryPolicy": ("", ("cloudwatch:DescribeAlarmHistory",), ()),
    "EC2DescribePolicy": ("", ("ec2:DescribeRegions", "ec2:DescribeInstances"), ()),
    "RekognitionDetectOnlyPolicy": (
        "",
        (
            *("rekognition:DetectFaces", "rekognition:DetectLabels"),
            *("rekognition:DetectModerationLabels", "rekognition:DetectText"),
        ),
        (),
    ),
}


# AWS's managed policies that have a path. Source: AWS Managed Policy Reference Guide
_SERVICE_ROLES: Final = frozenset(
    f"AWSLambda{name}"
    for name in (
        *("VPCAccessExecutionRole", "DynamoDBExecutionRole", "KinesisExecutionRole", "SQSQueueExecutionRole"),
        *("MSKExecutionRole", "BasicDurableExecutionRolePolicy", "Role"),
    )
)


def statements(policy: object) -> list[object] | None:
    """The statements; None for a policy that is not known."""
    if not isinstance(policy, Mapping):
        return None
    if "Statement" in policy:
        written = policy["Statement"]
        return list(written) if isinstance(written, list) else [written]
    if len(policy) != 1:
        return None
    ((name, arguments),) = policy.items()
    if name not in _TEMPLATES or not isinstance(arguments, Mapping):
        return None
    parameter, actions, resources = _TEMPLATES[name]
    if parameter and parameter not in arguments:
        return None
    allowed = [_text(text, arguments[parameter]) for text in resources] if resources else ["*"]
    return [{"Effect": "Allow", "Action": list(actions), "Resource": allowed}]


def managed_policy(policy: object) -> Any:
    """The ARN of a managed policy that is named; None for what is none.

    Source: AWS SAM Developer Guide, "AWS::Serverless::Function", Policies: names of AWS's managed policies, and ARNs.
    """
    if isinstance(policy, str):
        if policy.startswith("arn:"):
            return policy
        path = "service-role/" if policy in _SERVICE_ROLES else ""
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{path}{policy}"}
    if isinstance(policy, Mapping) and len(policy) == 1:
        return policy if next(iter(policy)) in ("Ref", "Fn::Sub", "Fn::ImportValue", "Fn::Join") else None
    return None


def _text(text: str, value: object) -> object:
    if text == "${Name}":
        return value
    if isinstance(value, str) and "${" not in value:
        return {"Fn::Sub": text.replace("${Name}", value)}
    return {"Fn::Sub": [text, {"Name": value}]}
