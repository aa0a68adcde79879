"""L3 constructs: plain CDK constructs with good defaults, meant to be subclassed, usable without any YAML.

Everything that a stack writes with them can be imported from here; it is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.names_on_demand import names_on_demand

if TYPE_CHECKING:
    from lambdakit.constructs.acknowledgements import acknowledge, acknowledge_grant, acknowledge_wildcard
    from lambdakit.constructs.api_backend import ApiBackend
    from lambdakit.constructs.authorizers import CognitoAuthorizer, IamAuthorizer, JwtAuthorizer, LambdaAuthorizer
    from lambdakit.constructs.caches.settings import ExistingCache, ReplicationGroup, ServerlessCache
    from lambdakit.constructs.custom_domain import CustomDomain
    from lambdakit.constructs.databases.settings import AuroraServerless, DatabaseInstance, ExistingDatabase
    from lambdakit.constructs.delivery.firehose import FirehoseDelivery
    from lambdakit.constructs.delivery.open_search import OpenSearchDelivery
    from lambdakit.constructs.delivery.stream import StreamDelivery
    from lambdakit.constructs.delivery.table import TableDelivery
    from lambdakit.constructs.event_processing import EventProcessing
    from lambdakit.constructs.event_sources.alarm import AlarmSource
    from lambdakit.constructs.event_sources.cognito import CognitoSource
    from lambdakit.constructs.event_sources.config_rule import ConfigRuleSource
    from lambdakit.constructs.event_sources.dynamo_stream import DynamoStreamSource
    from lambdakit.constructs.event_sources.event_rule import EventRuleSource
    from lambdakit.constructs.event_sources.iot_rule import IotRuleSource
    from lambdakit.constructs.event_sources.kinesis import KinesisSource
    from lambdakit.constructs.event_sources.logs import LogSource
    from lambdakit.constructs.event_sources.msk import MskSource, ProvisionedPollers
    from lambdakit.constructs.event_sources.s3 import S3Source
    from lambdakit.constructs.event_sources.schedule import ScheduleSource
    from lambdakit.constructs.event_sources.sns import SnsSource
    from lambdakit.constructs.event_sources.sqs import SqsSource
    from lambdakit.constructs.existing_load_balancer import ExistingListener, ExistingLoadBalancer
    from lambdakit.constructs.failure_destinations import FailureBucket, FailureBus, FailureQueue, FailureTopic
    from lambdakit.constructs.function_alarms import FunctionAlarms
    from lambdakit.constructs.function_properties import FunctionProperties
    from lambdakit.constructs.function_url import FunctionUrl
    from lambdakit.constructs.function_url_api import FunctionUrlSettings
    from lambdakit.constructs.gradual_deployment import GradualDeployment
    from lambdakit.constructs.grants import Grant
    from lambdakit.constructs.http_api import ApiProperties, Cors, Throttle
    from lambdakit.constructs.lambda_function import LambdaFunction
    from lambdakit.constructs.load_balancer_api import LoadBalancerSettings
    from lambdakit.constructs.monitoring.dashboard import DashboardProperties
    from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms
    from lambdakit.constructs.network import Network, NetworkProperties
    from lambdakit.constructs.provisioned_scaling import ProvisionedScaling, ScheduledCapacity
    from lambdakit.constructs.resources.bucket import Expiration
    from lambdakit.constructs.resources.secret import GeneratedString
    from lambdakit.constructs.rest_api import RestSettings, UsagePlan
    from lambdakit.constructs.routes import Route
    from lambdakit.constructs.stream_processing import StreamProcessing
    from lambdakit.constructs.table import GlobalSecondaryIndex, TableAccess, TableProperties
    from lambdakit.constructs.targets.dynamodb import DynamoDbTarget
    from lambdakit.constructs.targets.event_bridge import EventBridgeTarget
    from lambdakit.constructs.targets.s3 import S3Target
    from lambdakit.constructs.targets.sns import SnsTarget
    from lambdakit.constructs.targets.sqs import SqsTarget
    from lambdakit.constructs.targets.step_functions import StepFunctionsTarget
    from lambdakit.constructs.user_pool import UserPoolProperties
    from lambdakit.constructs.websocket_api import WebSocketSettings

__all__ = [
    "AlarmSource",
    "ApiBackend",
    "ApiProperties",
    "AuroraServerless",
    "CognitoAuthorizer",
    "CognitoSource",
    "ConfigRuleSource",
    "Cors",
    "CustomDomain",
    "DashboardProperties",
    "DatabaseInstance",
    "DynamoDbTarget",
    "DynamoStreamSource",
    "EventBridgeTarget",
    "EventProcessing",
    "EventRuleSource",
    "ExistingCache",
    "ExistingDatabase",
    "ExistingListener",
    "ExistingLoadBalancer",
    "Expiration",
    "FailureBucket",
    "FailureBus",
    "FailureQueue",
    "FailureTopic",
    "FirehoseDelivery",
    "FunctionAlarms",
    "FunctionProperties",
    "FunctionUrl",
    "FunctionUrlSettings",
    "GeneratedString",
    "GlobalSecondaryIndex",
    "GradualDeployment",
    "Grant",
    "IamAuthorizer",
    "IotRuleSource",
    "JwtAuthorizer",
    "KinesisSource",
    "LambdaAuthorizer",
    "LambdaFunction",
    "LoadBalancerSettings",
    "LogSource",
    "MskSource",
    "Network",
    "NetworkProperties",
    "OpenSearchDelivery",
    "PatternAlarms",
    "ProvisionedPollers",
    "ProvisionedScaling",
    "ReplicationGroup",
    "RestSettings",
    "Route",
    "S3Source",
    "S3Target",
    "ScheduleSource",
    "ScheduledCapacity",
    "ServerlessCache",
    "SnsSource",
    "SnsTarget",
    "SqsSource",
    "SqsTarget",
    "StepFunctionsTarget",
    "StreamDelivery",
    "StreamProcessing",
    "TableAccess",
    "TableDelivery",
    "TableProperties",
    "Throttle",
    "UsagePlan",
    "UserPoolProperties",
    "WebSocketSettings",
    "acknowledge",
    "acknowledge_grant",
    "acknowledge_wildcard",
]

_HOMES = {
    "AlarmSource": "lambdakit.constructs.event_sources.alarm",
    "ApiBackend": "lambdakit.constructs.api_backend",
    "ApiProperties": "lambdakit.constructs.http_api",
    "AuroraServerless": "lambdakit.constructs.databases.settings",
    "CognitoAuthorizer": "lambdakit.constructs.authorizers",
    "CognitoSource": "lambdakit.constructs.event_sources.cognito",
    "ConfigRuleSource": "lambdakit.constructs.event_sources.config_rule",
    "Cors": "lambdakit.constructs.http_api",
    "CustomDomain": "lambdakit.constructs.custom_domain",
    "DashboardProperties": "lambdakit.constructs.monitoring.dashboard",
    "DatabaseInstance": "lambdakit.constructs.databases.settings",
    "DynamoDbTarget": "lambdakit.constructs.targets.dynamodb",
    "DynamoStreamSource": "lambdakit.constructs.event_sources.dynamo_stream",
    "EventBridgeTarget": "lambdakit.constructs.targets.event_bridge",
    "EventProcessing": "lambdakit.constructs.event_processing",
    "EventRuleSource": "lambdakit.constructs.event_sources.event_rule",
    "ExistingCache": "lambdakit.constructs.caches.settings",
    "ExistingDatabase": "lambdakit.constructs.databases.settings",
    "ExistingListener": "lambdakit.constructs.existing_load_balancer",
    "ExistingLoadBalancer": "lambdakit.constructs.existing_load_balancer",
    "Expiration": "lambdakit.constructs.resources.bucket",
    "FailureBucket": "lambdakit.constructs.failure_destinations",
    "FailureBus": "lambdakit.constructs.failure_destinations",
    "FailureQueue": "lambdakit.constructs.failure_destinations",
    "FailureTopic": "lambdakit.constructs.failure_destinations",
    "FirehoseDelivery": "lambdakit.constructs.delivery.firehose",
    "FunctionAlarms": "lambdakit.constructs.function_alarms",
    "FunctionProperties": "lambdakit.constructs.function_properties",
    "FunctionUrl": "lambdakit.constructs.function_url",
    "FunctionUrlSettings": "lambdakit.constructs.function_url_api",
    "GeneratedString": "lambdakit.constructs.resources.secret",
    "GlobalSecondaryIndex": "lambdakit.constructs.table",
    "GradualDeployment": "lambdakit.constructs.gradual_deployment",
    "Grant": "lambdakit.constructs.grants",
    "IamAuthorizer": "lambdakit.constructs.authorizers",
    "IotRuleSource": "lambdakit.constructs.event_sources.iot_rule",
    "JwtAuthorizer": "lambdakit.constructs.authorizers",
    "KinesisSource": "lambdakit.constructs.event_sources.kinesis",
    "LambdaAuthorizer": "lambdakit.constructs.authorizers",
    "LambdaFunction": "lambdakit.constructs.lambda_function",
    "LoadBalancerSettings": "lambdakit.constructs.load_balancer_api",
    "LogSource": "lambdakit.constructs.event_sources.logs",
    "MskSource": "lambdakit.constructs.event_sources.msk",
    "Network": "lambdakit.constructs.network",
    "NetworkProperties": "lambdakit.constructs.network",
    "OpenSearchDelivery": "lambdakit.constructs.delivery.open_search",
    "PatternAlarms": "lambdakit.constructs.monitoring.pattern_alarms",
    "ProvisionedPollers": "lambdakit.constructs.event_sources.msk",
    "ProvisionedScaling": "lambdakit.constructs.provisioned_scaling",
    "ReplicationGroup": "lambdakit.constructs.caches.settings",
    "RestSettings": "lambdakit.constructs.rest_api",
    "Route": "lambdakit.constructs.routes",
    "S3Source": "lambdakit.constructs.event_sources.s3",
    "S3Target": "lambdakit.constructs.targets.s3",
    "ScheduleSource": "lambdakit.constructs.event_sources.schedule",
    "ScheduledCapacity": "lambdakit.constructs.provisioned_scaling",
    "ServerlessCache": "lambdakit.constructs.caches.settings",
    "SnsSource": "lambdakit.constructs.event_sources.sns",
    "SnsTarget": "lambdakit.constructs.targets.sns",
    "SqsSource": "lambdakit.constructs.event_sources.sqs",
    "SqsTarget": "lambdakit.constructs.targets.sqs",
    "StepFunctionsTarget": "lambdakit.constructs.targets.step_functions",
    "StreamDelivery": "lambdakit.constructs.delivery.stream",
    "StreamProcessing": "lambdakit.constructs.stream_processing",
    "TableAccess": "lambdakit.constructs.table",
    "TableDelivery": "lambdakit.constructs.delivery.table",
    "TableProperties": "lambdakit.constructs.table",
    "Throttle": "lambdakit.constructs.http_api",
    "UsagePlan": "lambdakit.constructs.rest_api",
    "UserPoolProperties": "lambdakit.constructs.user_pool",
    "WebSocketSettings": "lambdakit.constructs.websocket_api",
    "acknowledge": "lambdakit.constructs.acknowledgements",
    "acknowledge_grant": "lambdakit.constructs.acknowledgements",
    "acknowledge_wildcard": "lambdakit.constructs.acknowledgements",
}

__getattr__ = names_on_demand(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
