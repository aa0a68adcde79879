"""Every source of events, and how much of it the harness has: what the README's table and its tests are made from.

A leaf of plain data: nothing here acts, and nothing that acts reads it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.asked_sources import ASKED
from lambdakit.harness.source import Arrival as Arrival
from lambdakit.harness.source import Source as Source

_BY_HAND: Final = "nothing delivers it: hand its sample event to the function"
_SENT: Final = (
    "`harness.send_records` puts records where the source would have them; batch size and window, filters, order, "
    "starting position and the mapping's checks"
)
_RUNS_NOWHERE: Final = "the brokers themselves: connections, credentials and topics are recorded"

_PULLED: Final = (
    Source(
        name="SQS",
        arrival=Arrival.PULLED,
        supported="standard and FIFO; batch size and window, 6 MB cut, filters, partial responses, visibility, "
        "redrive, message groups, maximum concurrency, scaling of concurrent batches",
        recorded="`ProvisionedPollerConfig`, `MetricsConfig`",
        refused="what AWS refuses: a batch over 10 without a window, a window on FIFO, a visibility time-out below "
        "the function's",
        pollers=("sqs",),
        code=("event_source_mapping.pollers.sqs",),
        samples=("sqs", "sqs-fifo"),
        shown=("tests/behaviour/test_behaviour_sqs_source.py", "tests/behaviour/test_behaviour_sqs_source_trouble.py"),
    ),
    Source(
        name="Kinesis data streams",
        arrival=Arrival.PULLED,
        supported="order by shard, parallelization factor, batch size and window, filters, partial responses, "
        "bisecting, retries, record age, tumbling windows, every starting position, resharding, enhanced fan-out "
        "consumers, on-failure to SQS, SNS and S3",
        recorded="`MetricsConfig`",
        refused="an on-failure destination of Kafka, told in the trace",
        pollers=("kinesis",),
        code=("event_source_mapping.pollers.kinesis",),
        samples=("kinesis", "kinesis-window"),
        shown=(
            "tests/behaviour/test_behaviour_kinesis_source.py",
            "tests/behaviour/test_behaviour_kinesis_source_failures.py",
            "tests/behaviour/test_behaviour_kinesis_source_windows.py",
        ),
    ),
    Source(
        name="DynamoDB streams",
        arrival=Arrival.PULLED,
        supported="every view type, order by item, removals by time to live with their principal; otherwise as Kinesis",
        recorded="`MetricsConfig`",
        refused="`AT_TIMESTAMP`, as on AWS",
        pollers=("dynamodb",),
        code=("event_source_mapping.pollers.dynamodb",),
        samples=("dynamodb", "dynamodb-window"),
        shown=("tests/behaviour/test_behaviour_dynamodb_source.py",),
    ),
    Source(
        name="Amazon MSK, self-managed Kafka",
        arrival=Arrival.PULLED,
        supported=f"{_SENT}; retries, bisecting, partial responses, on-failure destinations",
        recorded="`SourceAccessConfigurations`, `ProvisionedPollerConfig`, consumer groups, schema registries",
        refused=_RUNS_NOWHERE,
        pollers=("kafka", "self-managed-kafka"),
        code=("event_source_mapping.pollers.kafka",),
        samples=("msk", "kafka"),
        shown=("tests/behaviour/test_behaviour_sent_records.py", "tests/behaviour/test_behaviour_deployed_mappings.py"),
    ),
    Source(
        name="Amazon MQ",
        arrival=Arrival.PULLED,
        supported=f"ActiveMQ and RabbitMQ; {_SENT}",
        recorded="`SourceAccessConfigurations`",
        refused=_RUNS_NOWHERE,
        pollers=("mq",),
        code=("event_source_mapping.pollers.mq",),
        samples=("mq-active", "mq-rabbit"),
        shown=("tests/behaviour/test_behaviour_sent_records.py", "tests/behaviour/test_behaviour_deployed_mappings.py"),
    ),
    Source(
        name="Amazon DocumentDB",
        arrival=Arrival.PULLED,
        supported=f"{_SENT}; `FullDocument`",
        recorded="`SourceAccessConfigurations`",
        refused="the database itself",
        pollers=("rds",),
        code=("event_source_mapping.pollers.documentdb",),
        samples=("documentdb",),
        shown=("tests/behaviour/test_behaviour_sent_records.py", "tests/behaviour/test_behaviour_deployed_mappings.py"),
    ),
)

_PUSHED: Final = (
    Source(
        name="S3",
        arrival=Arrival.ASYNCHRONOUS,
        supported="notifications to functions, queues and topics; put, post, copy, multipart, delete, delete "
        "markers, tagging, ACL and restore; prefix and suffix, encoded keys, versions, test events, EventBridge, the "
        "CDK's custom resource",
        refused="lifecycle, replication and Intelligent-Tiering events, which nothing makes here; what AWS refuses: "
        "overlapping rules, destinations that may not be called",
        code=("delivery.s3",),
        samples=("s3-put", "s3-delete", "s3-eventbridge", "s3-eventbridge-delete"),
        shown=(
            "tests/behaviour/test_behaviour_s3_source.py",
            "tests/behaviour/test_behaviour_s3_source_configuration.py",
        ),
    ),
    Source(
        name="SNS",
        arrival=Arrival.ASYNCHRONOUS,
        supported="to functions, queues and delivery streams; filter policies on attributes and body, raw delivery, "
        "FIFO, redrive of what is not delivered",
        recorded="`DeliveryPolicy`, `ReplayPolicy`",
        refused="e-mail, SMS, HTTP and mobile push: told in the trace",
        code=("delivery.sns",),
        samples=("sns",),
        shown=("tests/behaviour/test_behaviour_sample_events.py",),
    ),
    Source(
        name="EventBridge rules",
        arrival=Arrival.ASYNCHRONOUS,
        supported="default and custom buses, every pattern operator, input, input path and transformer, retry "
        "policy, dead-letter queues, archives and replays, schedules by rate and cron; targets: Lambda, SQS, SNS, "
        "Kinesis, Firehose, Step Functions, Logs, CodePipeline, other buses, methods of REST APIs, operations of "
        "AppSync APIs, API destinations on this machine",
        refused="targets that run nowhere (ECS, Batch, SSM, Redshift and others): told in the trace",
        code=(
            *("delivery.event_buses", "delivery.bus_event", "delivery.put_events", "delivery.rule_"),
            *("delivery.input_transformer", "delivery.json_path", "delivery.api_destination", "delivery.api_calls"),
            *("delivery.front_door", "delivery.graphql_calls"),
        ),
        samples=("eventbridge", "schedule", "codepipeline-state"),
        shown=("tests/behaviour/test_behaviour_event_rules.py", "tests/behaviour/test_behaviour_schedules.py"),
    ),
    Source(
        name="EventBridge Scheduler",
        arrival=Arrival.ASYNCHRONOUS,
        supported="rate, cron and one-time schedules, zones with their changes of time, flexible windows, start and "
        "end, deletion after completion, context attributes, retry policy, dead-letter queues; templated and "
        "universal targets",
        refused="targets that run nowhere (ECS, SageMaker and others): told in the trace",
        code=("delivery.scheduler", "delivery.schedule_", "delivery.universal_targets", "delivery.timetable"),
        samples=("scheduler",),
        shown=("tests/behaviour/test_behaviour_schedules_scheduler.py",),
    ),
    Source(
        name="CloudWatch Logs subscriptions",
        arrival=Arrival.ASYNCHRONOUS,
        supported="patterns of every form; functions, Kinesis, Firehose and destinations; account-level policies; "
        "metric filters",
        recorded="`ApplyOnTransformedLogs`, `EmitSystemFields`, `FieldSelectionCriteria`",
        code=("delivery.log_",),
        samples=("cloudwatch-logs",),
        shown=("tests/behaviour/test_behaviour_log_subscription.py",),
    ),
    Source(
        name="CloudWatch alarms",
        arrival=Arrival.ASYNCHRONOUS,
        supported="evaluated on what is really measured, of functions and by PutMetricData; missing data, M out of "
        "N, percentiles, metric math, composite alarms; functions, topics and EventBridge are told",
        refused="actions of EC2, Auto Scaling and Systems Manager, anomaly detection: told in the trace",
        code=("delivery.alarm", "delivery.metric_math"),
        samples=("cloudwatch-alarm",),
        shown=("tests/behaviour/test_behaviour_alarms.py",),
    ),
    Source(
        name="AWS IoT rules",
        arrival=Arrival.ASYNCHRONOUS,
        supported="messages that are published by the API; the rules' SQL, actions for functions and for other "
        "services, substitution templates, error actions, basic ingest",
        refused="the MQTT broker itself; actions of services that run nowhere: told in the trace",
        code=("delivery.topic_",),
        samples=("iot",),
        shown=("tests/behaviour/test_behaviour_iot_rules.py",),
    ),
    Source(
        name="AWS Config rules",
        arrival=Arrival.ASYNCHRONOUS,
        supported="custom rules with functions: changes of buckets, roles, managed policies and topics, evaluations "
        "at times, at the making of a rule and on request, scopes by type, id and tag; `PutEvaluations` and what "
        "reads it; compliance changes on the default bus",
        recorded="managed rules, the configuration recorder and its delivery channel",
        refused="changes of other types, which nothing records; Guard rules; snapshots and oversized items never come",
        code=("delivery.config_",),
        samples=("config", "config-scheduled"),
        shown=("tests/behaviour/test_behaviour_config_rules.py",),
    ),
    Source(
        name="CodePipeline",
        arrival=Arrival.ASYNCHRONOUS,
        supported="runs, stage by stage and by run order; jobs of Lambda actions with artifacts, credentials, "
        "variables and continuation tokens, their results and 20 minutes; S3 sources (polled, too) and deployments, "
        "manual approvals; stopping, retries, superseded runs; started by the API, rules, schedules and a new pipeline "
        "whose source is there; state changes on the default bus",
        recorded="triggers, stage conditions, disabled transitions, rollback",
        refused="actions of services that run nowhere (CodeBuild, CodeDeploy, CloudFormation, ECS and others) fail by "
        "name; job workers of custom actions",
        code=("delivery.pipeline_",),
        samples=("codepipeline",),
        shown=(
            "tests/behaviour/test_behaviour_code_pipeline.py",
            "tests/behaviour/test_behaviour_code_pipeline_runs.py",
            "tests/behaviour/test_behaviour_code_pipeline_guards.py",
            "tests/behaviour/test_behaviour_code_pipeline_deployed.py",
            "tests/behaviour/test_behaviour_code_pipeline_cdk.py",
        ),
    ),
    Source(
        name="CloudFormation stacks",
        arrival=Arrival.ASYNCHRONOUS,
        supported="changes of stacks and of their resources, on the default bus and to topics in `NotificationARNs`",
        refused="`ResourceProperties` in notifications; drift and stack sets, which are not there",
        code=("deployment.stack_events",),
        samples=(),
        shown=("tests/behaviour/test_behaviour_stack_events.py",),
    ),
    Source(
        name="CloudFormation custom resources",
        arrival=Arrival.ASYNCHRONOUS,
        supported="create, update, replace and delete, topics as service tokens, answers at the response URL, the "
        "provider framework with its waiter",
        code=("deployment.provisioners.custom_resource",),
        samples=("cloudformation-create", "cloudformation-update", "cloudformation-delete"),
        shown=("tests/behaviour/test_behaviour_custom_resources.py",),
    ),
    Source(
        name="destinations of other functions",
        arrival=Arrival.ASYNCHRONOUS,
        supported="on success and on failure, with the record of the invocation",
        code=("invocation.destination",),
        samples=("destination",),
        shown=("tests/behaviour/test_behaviour_async.py",),
    ),
    Source(
        name="Secrets Manager rotation",
        arrival=Arrival.SYNCHRONOUS,
        supported="the four steps with their staging labels, at once, by schedule and again after a failure",
        code=("delivery.rotation",),
        samples=("secrets-rotation",),
        shown=("tests/behaviour/test_behaviour_rotation.py",),
    ),
)

_NO_MAIL: Final = f"no mail comes in; rules and their actions are recorded: {_BY_HAND}"
_UNSERVED: Final = (
    ("AWS IoT custom authorizers", Arrival.SYNCHRONOUS, ("authorizer-iot",)),
    ("CodeCommit", Arrival.ASYNCHRONOUS, ("codecommit",)),
    ("VPC Lattice", Arrival.SYNCHRONOUS, ("vpc-lattice",)),
    ("Lex", Arrival.SYNCHRONOUS, ("lex",)),
    ("S3 Batch Operations, S3 Object Lambda", Arrival.SYNCHRONOUS, ("s3-batch", "s3-object-lambda")),
)

SOURCES: Final[tuple[Source, ...]] = (
    *_PULLED,
    *_PUSHED,
    *ASKED,
    Source(
        name="SES receipt rules",
        arrival=Arrival.ASYNCHRONOUS,
        supported="a sample event",
        refused=_NO_MAIL,
        samples=("ses",),
    ),
    *(
        Source(name=name, arrival=arrival, supported="a sample event", refused=_BY_HAND, samples=samples)
        for name, arrival, samples in _UNSERVED
    ),
)

# Modules that several sources share.
SHARED: Final = frozenset(
    {"delivery", "delivery.connection_authorization", "delivery.deliveries", "delivery.delivery", "delivery.targets"}
    | {"delivery.function_calls", "delivery.other_services"}
)
