"""How the document says what the constructs are told, setting by setting, or why only code says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdakit.constructs import (
    api_backend,
    authorizers,
    custom_domain,
    event_processing,
    existing_load_balancer,
    failure_destinations,
    function_alarms,
    function_properties,
    function_url,
    function_url_api,
    gradual_deployment,
    grants,
    http_api,
    load_balancer_api,
    network,
    provisioned_scaling,
    rest_api,
    routes,
    stream_processing,
    table,
    user_pool,
    websocket_api,
)
from lambdakit.constructs.caches import settings as caches
from lambdakit.constructs.cloudformation import raw_resources, template_sections
from lambdakit.constructs.databases import settings as databases
from lambdakit.constructs.delivery import firehose, open_search
from lambdakit.constructs.delivery import stream as stream_delivery
from lambdakit.constructs.delivery import table as table_delivery
from lambdakit.constructs.event_sources import (
    alarm,
    cognito,
    config_rule,
    dynamo_stream,
    event_rule,
    iot_rule,
    kinesis,
    logs,
    msk,
    s3,
    schedule,
    sns,
    sqs,
)
from lambdakit.constructs.monitoring import dashboard, pattern_alarms
from lambdakit.constructs.resources import (
    bucket,
    event_bus,
    key,
    parameter,
    queue,
    secret,
    state_machine,
    stream,
    topic,
)
from lambdakit.constructs.resources import table as shared_table
from lambdakit.constructs.targets import dynamodb as dynamodb_target
from lambdakit.constructs.targets import event_bridge as event_bridge_target
from lambdakit.constructs.targets import s3 as s3_target
from lambdakit.constructs.targets import sns as sns_target
from lambdakit.constructs.targets import sqs as sqs_target
from lambdakit.constructs.targets import step_functions as step_functions_target
from lambdakit.spec import api as spec_api
from lambdakit.spec import api_backend as spec_backend
from lambdakit.spec import authorizers as spec_authorizers
from lambdakit.spec import cloudformation as spec_cloudformation
from lambdakit.spec import cors as spec_cors
from lambdakit.spec import delivery as spec_delivery
from lambdakit.spec import failure as spec_failure
from lambdakit.spec import function as spec_function
from lambdakit.spec import function_features as spec_features
from lambdakit.spec import monitoring as spec_monitoring
from lambdakit.spec import network as spec_network
from lambdakit.spec import stores as spec_stores
from lambdakit.spec import table as spec_table
from lambdakit.spec import targets as spec_targets
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.alarm import AlarmSource
from lambdakit.spec.event_sources.cognito import CognitoSource
from lambdakit.spec.event_sources.config_rule import ConfigRuleSource
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.event_rule import EventRuleSource
from lambdakit.spec.event_sources.iot_rule import IotRuleSource
from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.event_sources.logs import LogSource
from lambdakit.spec.event_sources.msk import MskSource, ProvisionedPollers
from lambdakit.spec.event_sources.s3 import S3Source
from lambdakit.spec.event_sources.schedule import ScheduleSource
from lambdakit.spec.event_sources.sns import SnsSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.resources import kinds as resources
from lambdakit.spec.resources.bucket import LifecycleRule
from lambdakit.spec.resources.secret import GeneratedString
from lambdakit.spec.stream_processing import StreamProcessing

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class Words:
    """How the document says what a construct is told.

    models: of the document; a setting is one of their keys, of the same name unless `otherwise` has another, which may
    lead through keys by dots. in_code: settings without a word, and why. partly: those whose word says less, and why.
    """

    models: tuple[type[BaseModel], ...]
    otherwise: Mapping[str, str] = field(default_factory=dict)
    in_code: Mapping[str, str] = field(default_factory=dict)
    partly: Mapping[str, str] = field(default_factory=dict)


_ONE_NETWORK = "the document has one network, `network`, in which everything stands"
_OWN_FUNCTION = "a function of the document belongs to one pattern, or to `functions`, which others may invoke"
_NEW_OR_NAMED = "what the constructs are handed as an object, documents name"
_POOL = "a user pool that this application makes for something else is none of the document's resources"
_CONSUMER = "a consumer is made for the pattern: an existing one is read by whoever made it"

SETTINGS: Mapping[type, Words] = {
    function_properties.FunctionProperties: Words(
        models=(spec_function.FunctionSettings,),
        otherwise={
            "parameters": "ssm_parameters",
            "alias_name": "alias.name",
            "alias_description": "alias.description",
            "additional_versions": "alias.additional_versions",
            "provisioned_concurrent_executions": "alias.provisioned_concurrent_executions",
            "provisioned_scaling": "alias.provisioned_scaling",
        },
        in_code={
            "vpc_subnets": "all private subnets of the document's network are alike",
            "allow_all_outbound": "the network's group lets everything out; other groups are named in security_groups",
            "ipv6_allowed_for_dual_stack": "follows network.vpc.ipv6",
        },
    ),
    function_alarms.FunctionAlarms: Words(
        models=(spec_features.Alarms,),
        otherwise={"async_event_age_seconds": "async_event_age", "iterator_age_seconds": "iterator_age"},
    ),
    function_url.FunctionUrl: Words(models=(spec_features.FunctionUrl,)),
    gradual_deployment.GradualDeployment: Words(
        models=(spec_features.HookedDeployment,), otherwise={"alarms": "alarm_arns"}
    ),
    grants.Grant: Words(models=(spec_function.FunctionSettings,), otherwise={"resource": "grants", "access": "grants"}),
    provisioned_scaling.ProvisionedScaling: Words(models=(spec_features.ProvisionedScaling,)),
    provisioned_scaling.ScheduledCapacity: Words(models=(spec_features.ScheduledCapacity,)),
    routes.Route: Words(
        models=(spec_backend.Route, spec_backend.SharedRoute),
        otherwise={"public": "authorizer"},
        partly={"function": _OWN_FUNCTION},
    ),
    http_api.Cors: Words(models=(spec_cors.Cors,)),
    http_api.Throttle: Words(models=(spec_api.Throttle,)),
    http_api.ApiProperties: Words(
        models=(spec_api.HttpApi,),
        in_code={"methods": "follow from the routes; handed to make_api, which is overridden"},
    ),
    rest_api.RestSettings: Words(models=(spec_api.RestApi,)),
    rest_api.UsagePlan: Words(models=(spec_api.UsagePlan,)),
    websocket_api.WebSocketSettings: Words(models=(spec_api.WebSocketApi,)),
    function_url_api.FunctionUrlSettings: Words(models=(spec_api.FunctionUrlApi,)),
    load_balancer_api.LoadBalancerSettings: Words(
        models=(spec_api.LoadBalancerApi,),
        otherwise={"certificate": "certificate_arn"},
        in_code={"network": _ONE_NETWORK},
    ),
    existing_load_balancer.ExistingLoadBalancer: Words(
        models=(spec_api.LoadBalancerApi,),
        otherwise={"load_balancer": "load_balancer_arn", "certificate": "certificate_arn"},
        in_code={"callers": "an ARN, by which documents name the balancer, does not tell its security groups"},
    ),
    existing_load_balancer.ExistingListener: Words(
        models=(spec_api.LoadBalancerApi,), otherwise={"listener": "listener_arn"}
    ),
    custom_domain.CustomDomain: Words(models=(spec_api.Domain,), otherwise={"certificate": "certificate_arn"}),
    authorizers.IamAuthorizer: Words(models=(spec_authorizers.IamAuthorizer,)),
    authorizers.JwtAuthorizer: Words(models=(spec_authorizers.JwtAuthorizer,)),
    authorizers.CognitoAuthorizer: Words(
        models=(spec_authorizers.CognitoAuthorizer,), otherwise={"clients": "client_ids"}
    ),
    authorizers.LambdaAuthorizer: Words(
        models=(spec_authorizers.HttpLambdaAuthorizer,),
        otherwise={"name": "function.name"},
        partly={"function": _OWN_FUNCTION},
    ),
    user_pool.UserPoolProperties: Words(models=(spec_authorizers.UserPool,)),
    table.TableProperties: Words(models=(spec_table.Table,), otherwise={"encryption": "encryption_key"}),
    table.GlobalSecondaryIndex: Words(models=(spec_table.GlobalSecondaryIndex,)),
    network.NetworkProperties: Words(models=(spec_network.Vpc,)),
    databases.NewDatabase: Words(
        models=(spec_stores.AuroraServerless,),
        otherwise={"backup_retention_days": "backup_retention"},
        in_code={"network": _ONE_NETWORK},
    ),
    databases.AuroraServerless: Words(
        models=(spec_stores.AuroraServerless,),
        otherwise={"backup_retention_days": "backup_retention"},
        in_code={"network": _ONE_NETWORK},
    ),
    databases.DatabaseInstance: Words(
        models=(spec_stores.DatabaseInstance,),
        otherwise={"backup_retention_days": "backup_retention"},
        in_code={"network": _ONE_NETWORK},
    ),
    databases.ExistingDatabase: Words(
        models=(spec_stores.ExistingDatabase,),
        otherwise={"proxy": "proxy_arn", "security_groups": "security_group_ids"},
        in_code={"network": _ONE_NETWORK},
    ),
    caches.NewCache: Words(
        models=(spec_stores.ServerlessCache,),
        otherwise={"snapshot_retention_days": "snapshot_retention"},
        in_code={"network": _ONE_NETWORK},
    ),
    caches.ServerlessCache: Words(
        models=(spec_stores.ServerlessCache,),
        otherwise={"snapshot_retention_days": "snapshot_retention"},
        in_code={"network": _ONE_NETWORK},
    ),
    caches.ReplicationGroup: Words(
        models=(spec_stores.ReplicationGroup,),
        otherwise={"snapshot_retention_days": "snapshot_retention"},
        in_code={"network": _ONE_NETWORK},
    ),
    caches.ExistingCache: Words(
        models=(spec_stores.ExistingCache,),
        otherwise={"security_groups": "security_group_ids"},
        in_code={"network": _ONE_NETWORK},
    ),
    firehose.FirehoseDelivery: Words(
        models=(spec_delivery.FirehoseDelivery,), otherwise={"delivery_stream": "delivery_stream_name"}
    ),
    open_search.OpenSearchDelivery: Words(
        models=(spec_delivery.OpenSearchDelivery,), otherwise={"domain": "domain_arn"}
    ),
    stream_delivery.StreamDelivery: Words(models=(spec_delivery.StreamDelivery,)),
    table_delivery.TableDelivery: Words(models=(spec_delivery.TableDelivery, spec_delivery.SharedTableDelivery)),
    alarm.AlarmSource: Words(models=(AlarmSource,)),
    cognito.CognitoSource: Words(models=(CognitoSource,), in_code={"user_pool": _POOL}),
    config_rule.ConfigRuleSource: Words(models=(ConfigRuleSource,)),
    dynamo_stream.DynamoStreamSource: Words(
        models=(DynamoStreamSource,),
        in_code={"starting_position_timestamp": "a DynamoDB stream is not read from a time"},
    ),
    event_rule.EventRuleSource: Words(models=(EventRuleSource,)),
    iot_rule.IotRuleSource: Words(models=(IotRuleSource,)),
    kinesis.KinesisSource: Words(models=(KinesisSource,), partly={"enhanced_fan_out": _CONSUMER}),
    logs.LogSource: Words(models=(LogSource,), otherwise={"log_group": "log_group_name"}),
    msk.MskSource: Words(models=(MskSource,), otherwise={"secret": "secret_arn"}),
    msk.ProvisionedPollers: Words(models=(ProvisionedPollers,)),
    s3.S3Source: Words(models=(S3Source,)),
    schedule.ScheduleSource: Words(models=(ScheduleSource,)),
    sns.SnsSource: Words(models=(SnsSource,)),
    sqs.SqsSource: Words(models=(SqsSource,)),
    failure_destinations.FailureQueue: Words(models=(spec_failure.SqsFailure,)),
    failure_destinations.FailureTopic: Words(models=(spec_failure.SnsFailure,)),
    failure_destinations.FailureBucket: Words(models=(spec_failure.S3Failure,)),
    failure_destinations.FailureBus: Words(models=(spec_failure.EventBridgeFailure,)),
    dynamodb_target.DynamoDbTarget: Words(models=(spec_targets.DynamoDbTarget, spec_targets.SharedTableTarget)),
    event_bridge_target.EventBridgeTarget: Words(models=(spec_targets.EventBridgeTarget,)),
    s3_target.S3Target: Words(models=(spec_targets.S3Target,)),
    sns_target.SnsTarget: Words(models=(spec_targets.SnsTarget,)),
    sqs_target.SqsTarget: Words(models=(spec_targets.SqsTarget,)),
    step_functions_target.StepFunctionsTarget: Words(models=(spec_targets.StepFunctionsTarget,)),
    dashboard.DashboardProperties: Words(models=(spec_monitoring.Dashboard,)),
    pattern_alarms.PatternAlarms: Words(
        models=(spec_monitoring.PatternAlarms,),
        otherwise={
            "async_event_age_seconds": "async_event_age",
            "iterator_age_seconds": "iterator_age",
            "message_age_seconds": "message_age",
        },
    ),
    bucket.Expiration: Words(
        models=(LifecycleRule,),
        otherwise={"days": "expiration", "noncurrent_days": "noncurrent_version_expiration"},
    ),
    secret.GeneratedString: Words(
        models=(GeneratedString,), otherwise={"template": "secret_string_template", "key": "generate_string_key"}
    ),
    raw_resources.RawResource: Words(
        models=(spec_cloudformation.RawResource,),
        otherwise={
            "type": "Type",
            "properties": "Properties",
            "attributes": "DeletionPolicy",
            "depends_on": "DependsOn",
        },
    ),
    template_sections.RawOutput: Words(models=(spec_cloudformation.Output,)),
}
# The same of what is told by keyword arguments.
ARGUMENTS: Mapping[Callable[..., Any], Words] = {
    api_backend.ApiBackend: Words(
        models=(spec_backend.RequestBackend,),
        otherwise={
            "cors": "api.cors",
            "throttle": "api.throttle",
            "log_retention": "api.log_retention",
            "authorizer": "api.authorizer",
            "domain": "api.domain",
        },
    ),
    event_processing.EventProcessing: Words(models=(EventProcessing,), partly={"function": _OWN_FUNCTION}),
    stream_processing.StreamProcessing: Words(models=(StreamProcessing,), partly={"function": _OWN_FUNCTION}),
    network.Network: Words(
        models=(spec_network.Network,),
        in_code={"vpc_subnets": "those with a way out where there is one; of an existing VPC, private_subnet_ids"},
    ),
    bucket.shared_bucket: Words(models=(resources.BucketResource,), otherwise={"expirations": "lifecycle_rules"}),
    event_bus.shared_event_bus: Words(models=(resources.EventBusResource,)),
    key.shared_key: Words(models=(resources.KeyResource,)),
    parameter.shared_parameter: Words(models=(resources.ParameterResource,)),
    queue.shared_queue: Words(models=(resources.QueueResource,), otherwise={"is_last": "dead_letter_queue"}),
    secret.shared_secret: Words(models=(resources.SecretResource,), otherwise={"generated": "generate_secret_string"}),
    state_machine.shared_state_machine: Words(
        models=(resources.StateMachineResource,), otherwise={"express": "state_machine_type"}
    ),
    stream.shared_stream: Words(models=(resources.StreamResource,)),
    shared_table.shared_table: Words(models=(resources.TableResource,), in_code={"properties": _NEW_OR_NAMED}),
    topic.shared_topic: Words(models=(resources.TopicResource,)),
}
# Dataclasses by which constructs tell what they made, or that stand between two of their modules.
NO_SETTINGS = frozenset(
    {
        *("AcrossStacks", "ClientGroup", "EventSource", "FailurePath", "Field", "FunctionUrlDoor", "Graph", "HttpDoor"),
        *("LoadBalancerDoor", "MadeCache", "MadeDatabase", "MadeDelivery", "MadeTarget", "Metric", "PythonTarget"),
        *("References", "RestDoor", "RouteKey", "Section", "Shape", "Step", "StreamReading", "StreamSource"),
        *("WatchedFunction", "WebSocketDoor", "Wiring"),
    }
)
