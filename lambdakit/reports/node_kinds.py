"""What is drawn of an application, by CloudFormation type."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What something is, as its node says it."""

    API = "API"
    ROUTE = "route"
    FUNCTION = "function"
    TABLE = "table"
    QUEUE = "queue"
    TOPIC = "topic"
    BUCKET = "bucket"
    STREAM = "stream"
    DELIVERY = "delivery stream"
    BUS = "event bus"
    SCHEDULE = "schedule"
    STATE_MACHINE = "state machine"
    USER_POOL = "user pool"
    CLUSTER = "cluster"
    DATABASE = "database"
    SEARCH = "search domain"
    SECRET = "secret"
    SETTING = "parameter"
    LOG_GROUP = "log group"
    ALARM = "alarm"
    RULE = "rule"
    FILES = "file system"
    SERVICE = "service"
    OUTSIDE = "outside"


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::ApiGateway::RestApi": Kind.API,
    "AWS::ApiGatewayV2::Api": Kind.API,
    "AWS::AppSync::GraphQLApi": Kind.API,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Kind.API,
    "AWS::Lambda::Url": Kind.API,
    "AWS::Lambda::Function": Kind.FUNCTION,
    "AWS::Serverless::Function": Kind.FUNCTION,
    "AWS::DynamoDB::Table": Kind.TABLE,
    "AWS::DynamoDB::GlobalTable": Kind.TABLE,
    "AWS::Serverless::SimpleTable": Kind.TABLE,
    "AWS::SQS::Queue": Kind.QUEUE,
    "AWS::SNS::Topic": Kind.TOPIC,
    "AWS::S3::Bucket": Kind.BUCKET,
    "AWS::Kinesis::Stream": Kind.STREAM,
    "AWS::KinesisFirehose::DeliveryStream": Kind.DELIVERY,
    "AWS::Events::EventBus": Kind.BUS,
    "AWS::Scheduler::Schedule": Kind.SCHEDULE,
    "AWS::StepFunctions::StateMachine": Kind.STATE_MACHINE,
    "AWS::Cognito::UserPool": Kind.USER_POOL,
    "AWS::MSK::Cluster": Kind.CLUSTER,
    "AWS::MSK::ServerlessCluster": Kind.CLUSTER,
    "AWS::AmazonMQ::Broker": Kind.CLUSTER,
    "AWS::RDS::DBCluster": Kind.DATABASE,
    "AWS::RDS::DBInstance": Kind.DATABASE,
    "AWS::RDS::DBProxy": Kind.DATABASE,
    "AWS::DocDB::DBCluster": Kind.DATABASE,
    "AWS::OpenSearchService::Domain": Kind.SEARCH,
    "AWS::OpenSearchServerless::Collection": Kind.SEARCH,
    "AWS::SecretsManager::Secret": Kind.SECRET,
    "AWS::SSM::Parameter": Kind.SETTING,
    "AWS::Logs::LogGroup": Kind.LOG_GROUP,
    "AWS::CloudWatch::Alarm": Kind.ALARM,
    "AWS::CloudWatch::CompositeAlarm": Kind.ALARM,
    "AWS::IoT::TopicRule": Kind.RULE,
    "AWS::Config::ConfigRule": Kind.RULE,
    "AWS::EFS::FileSystem": Kind.FILES,
    "AWS::ECS::Service": Kind.SERVICE,
    "AWS::ECS::TaskDefinition": Kind.SERVICE,
    "AWS::CodePipeline::Pipeline": Kind.SERVICE,
    "AWS::CodeBuild::Project": Kind.SERVICE,
    "AWS::Batch::JobQueue": Kind.SERVICE,
}

# Kinds that are drawn though nothing touches them; others are drawn where an arrow begins or ends.
DRAWN_ALONE: Final = frozenset(
    {
        *(Kind.API, Kind.FUNCTION, Kind.TABLE, Kind.QUEUE, Kind.TOPIC, Kind.BUCKET, Kind.STREAM, Kind.DELIVERY),
        *(Kind.BUS, Kind.SCHEDULE, Kind.STATE_MACHINE),
    }
)

# The service in an ARN -> what it names.
SERVICES: Final[Mapping[str, Kind]] = {
    "dynamodb": Kind.TABLE,
    "sqs": Kind.QUEUE,
    "sns": Kind.TOPIC,
    "s3": Kind.BUCKET,
    "kinesis": Kind.STREAM,
    "firehose": Kind.DELIVERY,
    "events": Kind.BUS,
    "lambda": Kind.FUNCTION,
    "states": Kind.STATE_MACHINE,
    "secretsmanager": Kind.SECRET,
    "ssm": Kind.SETTING,
    "kafka": Kind.CLUSTER,
    "mq": Kind.CLUSTER,
    "cognito-idp": Kind.USER_POOL,
    "execute-api": Kind.API,
    "es": Kind.SEARCH,
    "rds": Kind.DATABASE,
    "logs": Kind.LOG_GROUP,
}
