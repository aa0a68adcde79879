"""What a resource names that is not there, and the call that makes it: the hint beside a refusal.

For what the user can make before the deployment: it has a name or an ARN that says its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdakit.harness.deployment.provisioner import Context, Resource
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.records import dataclass

_QUEUE: Final = '"sqs").create_queue(QueueName="{name}")'
_TABLE: Final = '"dynamodb").create_table(TableName="{name}", …)'
_BUCKET: Final = '"s3").create_bucket(Bucket="{name}")'
_BUS: Final = '"events").create_event_bus(Name="{name}")'
_ROLE: Final = '"iam").create_role(RoleName="{name}", AssumeRolePolicyDocument=…)'
_API: Final = "no call makes an API with a given id; deploy the stack that has it too, and give this one its id"
_ELSEWHERE_MADE: Final = (
    "no call makes one with a given ARN; deploy the stack that has it too, and give this one its ARN"
)
_SECRET: Final = '"secretsmanager").create_secret(Name="{name}", SecretString="…")'
_CLUSTER: Final = '"ecs").create_cluster(clusterName="{name}")'
_LOG_GROUP: Final = '"logs").create_log_group(logGroupName="{name}")'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Something that has a name.

    reads: asks whether it is there, given its name and ARN; raises when it is not.
    making: the call that makes it, after `harness.client(`; or what to do in words, where there is no such call.
    """

    reads: Callable[[Context, Resource, str, str], object]
    making: str


def absent_hint(resource: Resource, context: Context) -> str:
    """How to make what a resource names and is not there; empty when everything is, as far as that is known."""
    found: dict[str, str] = {}
    for kind, name, arn in _named(resource.properties, "", resource.type):
        try:
            kind.reads(context, resource, name, arn)
        except (ClientError, ServiceFault, LookupError):
            made_by = kind.making.format(name=name)
            found.setdefault(arn or name, f"harness.client({made_by}" if made_by.startswith('"') else made_by)
        except BotoCoreError:
            continue  # a name that is none
    if not found:
        return ""
    things = "; ".join(f"{thing} is not there: {call}" for thing, call in found.items())
    return f"what the application takes to be there has to be made before the deployment. {things}"


def _read(service: str, operation: str, *, name: str = "", arn: str = "") -> Callable[..., object]:
    """Asks a service by the parameter that takes the name, or the ARN."""

    def read(context: Context, resource: Resource, named: str, its_arn: str) -> object:
        client: Any = context.client(service, resource)
        arguments = {name: named} if name else {arn: its_arn}
        return getattr(client, operation)(**arguments)

    return read


def _function(context: Context, resource: Resource, name: str, arn: str) -> object:
    return context.functions_of(resource).resolve(arn or name, region=resource.region)


def _layer(context: Context, resource: Resource, name: str, arn: str) -> object:
    if context.layers.find(arn) is None and f":{resource.account_id}:" in arn:
        raise LookupError(arn)
    return None


def _log_group(context: Context, resource: Resource, name: str, arn: str) -> object:
    groups = context.client("logs", resource).describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next(group for group in groups if group["logGroupName"] == name) if groups else _nothing(name)


def _cluster(context: Context, resource: Resource, name: str, arn: str) -> object:
    found = context.client("ecs", resource).describe_clusters(clusters=[arn or name])["clusters"]
    return found[0] if found else _nothing(name)


def _nothing(name: str) -> object:
    raise LookupError(name)


_ARN: Final = r"arn:[a-z-]+:{service}:[a-z0-9-]*:[0-9]*:{resource}"

# The form of an ARN, in which `name` is what the call that makes it takes.
_ARNS: Mapping[re.Pattern[str], _Kind] = {
    re.compile(_ARN.format(service="sqs", resource=r"(?P<name>[\w.-]+)")): _Kind(
        reads=_read("sqs", "get_queue_url", name="QueueName"), making=_QUEUE
    ),
    re.compile(_ARN.format(service="sns", resource=r"(?P<name>[\w.-]+)")): _Kind(
        reads=_read("sns", "get_topic_attributes", arn="TopicArn"), making='"sns").create_topic(Name="{name}")'
    ),
    re.compile(_ARN.format(service="dynamodb", resource=r"table/(?P<name>[\w.-]+)/stream/.*")): _Kind(
        reads=_read("dynamodb", "describe_table", name="TableName"),
        making='"dynamodb").create_table(TableName="{name}", …, StreamSpecification=…)',
    ),
    re.compile(_ARN.format(service="dynamodb", resource=r"table/(?P<name>[\w.-]+)(?:/index/.*)?")): _Kind(
        reads=_read("dynamodb", "describe_table", name="TableName"), making=_TABLE
    ),
    re.compile(_ARN.format(service="kinesis", resource=r"stream/(?P<name>[\w.-]+)(?:/.*)?")): _Kind(
        reads=_read("kinesis", "describe_stream_summary", name="StreamName"),
        making='"kinesis").create_stream(StreamName="{name}", ShardCount=1)',
    ),
    re.compile(_ARN.format(service="s3", resource=r"(?P<name>[a-z0-9.-]+)(?:/.*)?")): _Kind(
        reads=_read("s3", "head_bucket", name="Bucket"), making=_BUCKET
    ),
    re.compile(_ARN.format(service="events", resource=r"event-bus/(?P<name>[\w./-]+)")): _Kind(
        reads=_read("events", "describe_event_bus", name="Name"), making=_BUS
    ),
    re.compile(_ARN.format(service="iam", resource=r"role/(?:.*/)?(?P<name>[^/]+)")): _Kind(
        reads=_read("iam", "get_role", name="RoleName"), making=_ROLE
    ),
    re.compile(_ARN.format(service="iam", resource=r"policy/(?:.*/)?(?P<name>[^/]+)")): _Kind(
        reads=_read("iam", "get_policy", arn="PolicyArn"),
        making='"iam").create_policy(PolicyName="{name}", PolicyDocument=…)',
    ),
    re.compile(_ARN.format(service="lambda", resource=r"function:(?P<name>[\w-]+)(?::.*)?")): _Kind(
        reads=_function, making='"lambda").create_function(FunctionName="{name}", …), or deploy the stack that has it'
    ),
    re.compile(_ARN.format(service="lambda", resource=r"layer:(?P<name>[\w-]+):[0-9]+")): _Kind(
        reads=_layer, making='"lambda").publish_layer_version(LayerName="{name}", …), up to that version'
    ),
    re.compile(_ARN.format(service="states", resource=r"stateMachine:(?P<name>[\w-]+)")): _Kind(
        reads=_read("stepfunctions", "describe_state_machine", arn="stateMachineArn"),
        making='"stepfunctions").create_state_machine(name="{name}", …)',
    ),
    # Six random characters end a secret's ARN, which it is given when the template names it so.
    re.compile(
        _ARN.format(
            service="secretsmanager", resource=r"secret:(?P<name>[\w/+=.@-]+?)(?:-(?![a-z]{6}$)[0-9A-Za-z]{6})?"
        )
    ): _Kind(reads=_read("secretsmanager", "describe_secret", arn="SecretId"), making=_SECRET),
    re.compile(_ARN.format(service="ecs", resource=r"cluster/(?P<name>[\w-]+)")): _Kind(
        reads=_cluster, making=_CLUSTER
    ),
    re.compile(_ARN.format(service="elasticloadbalancing", resource=r"targetgroup/(?P<name>[\w-]+)/[0-9a-f]+")): _Kind(
        reads=lambda context, resource, name, arn: context.client("elbv2", resource).describe_target_groups(
            TargetGroupArns=[arn]
        ),
        making=_ELSEWHERE_MADE,
    ),
    # A queue's policy names it by its URL, which may be one of the harness's by now.
    re.compile(r"https?://[^/]+/[0-9]{12}/(?P<name>[\w-]{1,80}(?:\.fifo)?)"): _Kind(
        reads=_read("sqs", "get_queue_url", name="QueueName"), making=_QUEUE
    ),
}
# Names of properties, and the kind of what they name without an ARN.
_NAMES: Mapping[str, _Kind] = {
    **dict.fromkeys(("BucketName", "Bucket"), _Kind(reads=_read("s3", "head_bucket", name="Bucket"), making=_BUCKET)),
    "EventBusName": _Kind(reads=_read("events", "describe_event_bus", name="Name"), making=_BUS),
    "LogGroupName": _Kind(reads=_log_group, making=_LOG_GROUP),
    **dict.fromkeys(("RoleName", "Roles"), _Kind(reads=_read("iam", "get_role", name="RoleName"), making=_ROLE)),
    "TableName": _Kind(reads=_read("dynamodb", "describe_table", name="TableName"), making=_TABLE),
    "RestApiId": _Kind(reads=_read("apigateway", "get_rest_api", name="restApiId"), making=_API),
    "ApiId": _Kind(reads=_read("apigatewayv2", "get_api", name="ApiId"), making=_API),
    **dict.fromkeys(
        ("FunctionName", "TargetFunctionArn"),
        _Kind(
            reads=_function,
            making='"lambda").create_function(FunctionName="{name}", …), or deploy the stack that has it',
        ),
    ),
    "SecretId": _Kind(reads=_read("secretsmanager", "describe_secret", name="SecretId"), making=_SECRET),
    "Cluster": _Kind(reads=_cluster, making=_CLUSTER),
}
# What a resource names by these is itself.
_OWN: Mapping[str, str] = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::IAM::Role": "RoleName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::Lambda::Function": "FunctionName",
    # Its `ApiId` is of an API of AppSync's, which nobody makes from outside either.
    **dict.fromkeys(
        (
            *("AWS::AppSync::ApiCache", "AWS::AppSync::ApiKey", "AWS::AppSync::DataSource"),
            *("AWS::AppSync::DomainNameApiAssociation", "AWS::AppSync::FunctionConfiguration"),
            *("AWS::AppSync::GraphQLSchema", "AWS::AppSync::Resolver"),
        ),
        "ApiId",
    ),
}
# What is written in a policy need not be there, nor what a variable holds.
_ELSEWHERE: Final = frozenset({"PolicyDocument", "Policies", "AssumeRolePolicyDocument", "Environment", "Code", "Tags"})


def _named(properties: object, name: str, type_name: str = "") -> Iterator[tuple[_Kind, str, str]]:
    """What is named: its kind, name and ARN, if it is by that."""
    if isinstance(properties, Mapping):
        for key, value in properties.items():
            if key not in _ELSEWHERE and _OWN.get(type_name) != key:
                yield from _named(value, str(key))
    elif isinstance(properties, list):
        for item in properties:
            yield from _named(item, name)
    elif isinstance(properties, str):
        for pattern, kind in _ARNS.items():
            match = pattern.fullmatch(properties)
            if match is not None:
                yield kind, match["name"], properties
                return
        if name in _NAMES and properties and not properties.startswith("arn:"):
            yield _NAMES[name], properties, ""
