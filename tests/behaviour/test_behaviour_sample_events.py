"""Sample events have the members that functions here really get."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lambdakit.session.sample_events import user_pools
from lambdakit.session.sample_events.generate import sample_event
from lambdakit.session.sample_events.sample import Choices
from tests.fakes.event_shapes import names
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.lambda_api import zip_of
from tests.fakes.plain_assembly import Resources, function, http_api, write_stack
from tests.fakes.wired_harness import WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-samples")

ECHO = "def handler(event, context):\n    return event\n"
# Answers as a custom resource's function does.
MAKER = """
    import json, urllib.request

    def handler(event, context):
        kept = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        answer = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "made", **kept}).encode()
        urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=answer, method="PUT"))
"""
ATTRIBUTES = {"exampleAttribute": {"DataType": "String", "StringValue": "example"}}


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    made = FedFunction(harness, "sampled", Timeout=10)
    yield made
    made.remove()


@pytest.fixture
def cleared(harness: WiredHarness) -> Iterator[list[Callable[[], object]]]:
    """What takes away what a test made."""
    steps: list[Callable[[], object]] = []
    yield steps
    for step in reversed(steps):
        step()
    harness.drain()


Cleared = list[Callable[[], object]]


def only_event(fed: FedFunction) -> dict[str, Any]:
    fed.harness.drain()
    [event] = fed.events()
    return event


def assert_same_members(delivered: Any, source: str, choices: Choices | None = None) -> None:
    assert names(sample_event(source, choices)) == names(delivered)


@pytest.mark.parametrize(("source", "suffix"), [("sqs", ""), ("sqs-fifo", ".fifo")])
def test_messages_of_queues(fed: FedFunction, cleared: Cleared, source: str, suffix: str) -> None:
    sqs = fed.harness.aws("sqs")
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if suffix else {}
    url = sqs.create_queue(QueueName=f"sampled{suffix}", Attributes=fifo)["QueueUrl"]
    cleared.append(lambda: sqs.delete_queue(QueueUrl=url))
    fed.map(f"arn:aws:sqs:{REGION}:{ACCOUNT}:sampled{suffix}")

    grouped = {"MessageGroupId": "group"} if suffix else {}
    sqs.send_message(QueueUrl=url, MessageBody="a", MessageAttributes=ATTRIBUTES, **grouped)

    event = only_event(fed)
    assert_same_members(event, source)
    assert event["Records"][0]["md5OfMessageAttributes"] == sample_event(source)["Records"][0]["md5OfMessageAttributes"]


def test_the_message_of_a_topic(fed: FedFunction, cleared: Cleared) -> None:
    sns = fed.harness.aws("sns")
    topic = sns.create_topic(Name="sampled")["TopicArn"]
    cleared.append(lambda: sns.delete_topic(TopicArn=topic))
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=fed.arn)

    sns.publish(TopicArn=topic, Message="a", Subject="b", MessageAttributes=ATTRIBUTES)

    assert_same_members(only_event(fed), "sns")


def test_records_of_a_stream(fed: FedFunction, cleared: Cleared) -> None:
    kinesis = fed.harness.aws("kinesis")
    kinesis.create_stream(StreamName="sampled", ShardCount=1)
    cleared.append(lambda: kinesis.delete_stream(StreamName="sampled"))
    fed.map(f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/sampled", StartingPosition="TRIM_HORIZON")

    kinesis.put_record(StreamName="sampled", Data=b"a", PartitionKey="k")

    assert_same_members(only_event(fed), "kinesis")


def test_records_of_a_stream_in_a_window(fed: FedFunction, cleared: Cleared) -> None:
    kinesis = fed.harness.aws("kinesis")
    kinesis.create_stream(StreamName="windowed", ShardCount=1)
    cleared.append(lambda: kinesis.delete_stream(StreamName="windowed"))
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/windowed"
    fed.map(stream, StartingPosition="TRIM_HORIZON", TumblingWindowInSeconds=60)

    kinesis.put_record(StreamName="windowed", Data=b"a", PartitionKey="k")

    fed.harness.drain()
    assert names(fed.events()[0]) == names(sample_event("kinesis-window")) - {"state.example"}


def test_changes_of_a_table(fed: FedFunction, cleared: Cleared) -> None:
    dynamodb = fed.harness.aws("dynamodb")
    made = dynamodb.create_table(
        TableName="sampled",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    cleared.append(lambda: dynamodb.delete_table(TableName="sampled"))
    fed.map(made["TableDescription"]["LatestStreamArn"], StartingPosition="TRIM_HORIZON", BatchSize=1)

    key = {"id": {"S": "a"}}
    dynamodb.put_item(TableName="sampled", Item={**key, "amount": {"N": "1"}})
    dynamodb.put_item(TableName="sampled", Item={**key, "amount": {"N": "2"}})
    dynamodb.delete_item(TableName="sampled", Key=key)
    fed.harness.drain()

    delivered = [record for event in fed.events() for record in event["Records"]]
    sampled = sample_event("dynamodb", Choices(count=3))["Records"]
    assert [each["eventName"] for each in delivered] == [each["eventName"] for each in sampled]
    assert [names(each) for each in delivered] == [names(each) for each in sampled]
    assert delivered[0]["dynamodb"]["SizeBytes"] > 0


def test_notifications_of_a_bucket(fed: FedFunction, cleared: Cleared) -> None:
    s3 = fed.harness.aws("s3")
    s3.create_bucket(Bucket="sampled")
    cleared.append(lambda: s3.delete_bucket(Bucket="sampled"))
    fed.lambda_.add_permission(
        FunctionName=fed.name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    wanted = {"LambdaFunctionArn": fed.arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="sampled", NotificationConfiguration={"LambdaFunctionConfigurations": [wanted]}
    )

    s3.put_object(Bucket="sampled", Key="a", Body=b"x")
    fed.harness.drain()
    s3.delete_object(Bucket="sampled", Key="a")
    fed.harness.drain()

    put, delete = fed.events()
    assert_same_members(put, "s3-put")
    assert_same_members(delete, "s3-delete")


KAFKA = {"Topics": ["example-topic"], "StartingPosition": "TRIM_HORIZON"}
KAFKA_RECORD = {"key": "k", "value": "v", "headers": {"exampleHeader": "example"}}
ACCESS = [{"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:broker-AbCdEf"}]
VIRTUAL_HOST = [*ACCESS, {"Type": "VIRTUAL_HOST", "URI": "/"}]
BROKER = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:example:b-00000000-0000-0000-0000-000000000000"
MQ = {"EventSourceArn": BROKER, "Queues": ["example-queue"]}
OF_A_CLUSTER = "cluster/example/00000000-0000-0000-0000-000000000000-1"
# Source -> the mapping, and a record that is sent to it.
SENT: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "msk": ({**KAFKA, "EventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:{OF_A_CLUSTER}"}, KAFKA_RECORD),
    "kafka": (
        {**KAFKA, "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["broker.example.com:9092"]}}},
        KAFKA_RECORD,
    ),
    "mq-active": (
        {**MQ, "SourceAccessConfigurations": ACCESS},
        {"data": "a", "properties": {"exampleProperty": "example"}},
    ),
    "mq-rabbit": (
        {**MQ, "SourceAccessConfigurations": VIRTUAL_HOST},
        {"data": "a", "properties": {"headers": {"exampleHeader": "example", "numberInHeader": 10}}},
    ),
    "documentdb": (
        {
            "EventSourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:example",
            "SourceAccessConfigurations": ACCESS,
            "StartingPosition": "TRIM_HORIZON",
            "DocumentDBEventSourceConfig": {
                "DatabaseName": "example_database",
                "CollectionName": "example_collection",
            },
        },
        {"operationType": "insert", "fullDocument": {"_id": {"$oid": "0" * 24}, "exampleField": "example"}},
    ),
}
# Of ActiveMQ's messages: some have it, and the Developer Guide's example has it not.
UNDOCUMENTED = {"messages[].connectionId"}


@pytest.mark.parametrize("source", SENT)
def test_records_that_are_sent_by_hand(fed: FedFunction, source: str) -> None:
    settings, record = SENT[source]
    made = fed.lambda_.create_event_source_mapping(FunctionName=fed.name, **settings)

    fed.harness.call("POST", "records", {"mapping": made["UUID"], "records": [record]})
    event = only_event(fed)
    fed.lambda_.delete_event_source_mapping(UUID=made["UUID"])

    assert names(sample_event(source)) ^ names(event) <= UNDOCUMENTED


def test_a_request_of_an_http_api(harness: WiredHarness, tmp_path: Path) -> None:
    routes = {"GET /example": {"Fn::GetAtt": ["Echo", "Arn"]}}
    resources = function("Echo") | http_api("Api", routes)
    assembly = write_stack(tmp_path, "sampled", resources, Url={"Fn::GetAtt": ["Api", "ApiEndpoint"]})
    deployment = harness.deploy(assembly)
    port = urlsplit(deployment["stacks"]["sampled"]["outputs"]["Url"]).port or 0

    sent = {"accept": "*/*", "user-agent": "example", "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000"}
    answer = request(port, "GET", "/example?name=value", sent, None)
    harness.destroy(deployment)

    assert names(sample_event("http-api")) ^ names(answer.json()) <= {"headers.accept-encoding"}


@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_requests_of_custom_resources(harness: WiredHarness, tmp_path: Path, kind: str) -> None:
    first, second = (write_stack(tmp_path / value, "sampled", custom_resource(value)) for value in ("old", "new"))
    before = harness.position()

    deployment = harness.deploy(first)
    if kind == "update":
        assert harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(second)}).status == 200
    harness.destroy(deployment)

    started = [json.loads(event["payload"]) for event in harness.events("InvocationStarted", after=before)]
    event = next(event for event in started if event["RequestType"].lower() == kind)
    assert_same_members(event, f"cloudformation-{kind}")


def custom_resource(value: str) -> Resources:
    properties = {"ServiceToken": {"Fn::GetAtt": ["Maker", "Arn"]}, "ExampleProperty": value}
    return function("Maker", MAKER) | {"Made": {"Type": "Custom::Example", "Properties": properties}}


def allow(fed: FedFunction, service: str) -> None:
    fed.lambda_.add_permission(
        FunctionName=fed.name,
        StatementId="sampled",
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
    )


def advance(harness: WiredHarness, seconds: float) -> None:
    assert harness.call("POST", "clock", {"advance_seconds": seconds}).status == 200
    harness.drain()


def test_events_of_a_bus(fed: FedFunction, cleared: Cleared) -> None:
    events = fed.harness.aws("events")
    allow(fed, "events")
    pattern = json.dumps({"source": ["example.application", "aws.s3"]})
    events.put_rule(Name="sampled", EventPattern=pattern)
    events.put_targets(Rule="sampled", Targets=[{"Id": "1", "Arn": fed.arn}])
    cleared += [
        lambda: events.delete_rule(Name="sampled"),
        lambda: events.remove_targets(Rule="sampled", Ids=["1"]),
    ]
    s3 = fed.harness.aws("s3")
    s3.create_bucket(Bucket="told")
    cleared.append(lambda: s3.delete_bucket(Bucket="told"))
    s3.put_bucket_notification_configuration(Bucket="told", NotificationConfiguration={"EventBridgeConfiguration": {}})

    entry = {"Source": "example.application", "DetailType": "Example Event", "Detail": '{"example": 1}'}
    events.put_events(Entries=[entry])
    fed.harness.drain()
    s3.put_object(Bucket="told", Key="a", Body=b"x")
    fed.harness.drain()
    s3.delete_object(Bucket="told", Key="a")
    fed.harness.drain()

    own, put, deleted = fed.events()
    assert_same_members(own, "eventbridge")
    assert_same_members(put, "s3-eventbridge")
    assert_same_members(deleted, "s3-eventbridge-delete")


def test_schedules(fed: FedFunction, cleared: Cleared) -> None:
    events, scheduler = fed.harness.aws("events"), fed.harness.aws("scheduler")
    allow(fed, "events")
    events.put_rule(Name="clocked", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="clocked", Targets=[{"Id": "1", "Arn": fed.arn}])
    advance(fed.harness, 3_600)
    events.remove_targets(Rule="clocked", Ids=["1"])
    events.delete_rule(Name="clocked")

    target = {"Arn": fed.arn, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/scheduler"}
    scheduler.create_schedule(
        Name="clocked", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    cleared.append(lambda: scheduler.delete_schedule(Name="clocked"))
    advance(fed.harness, 3_600)

    by_rule, *by_schedule = fed.events()
    assert_same_members(by_rule, "schedule")
    assert_same_members(by_schedule[-1], "scheduler")


def test_lines_of_a_log_group(fed: FedFunction, cleared: Cleared) -> None:
    logs = fed.harness.aws("logs")
    allow(fed, "logs")
    logs.create_log_group(logGroupName="sampled")
    logs.create_log_stream(logGroupName="sampled", logStreamName="one")
    cleared.append(lambda: logs.delete_log_group(logGroupName="sampled"))
    logs.put_subscription_filter(logGroupName="sampled", filterName="sampled", filterPattern="", destinationArn=fed.arn)

    moment = datetime.fromisoformat(fed.harness.call("GET", "clock").json()["now"])
    line = {"timestamp": int(moment.timestamp() * 1000), "message": "a line"}
    logs.put_log_events(logGroupName="sampled", logStreamName="one", logEvents=[line])

    delivered = only_event(fed)
    assert_same_members(delivered, "cloudwatch-logs")
    assert names(logged(delivered)) == names(logged(sample_event("cloudwatch-logs")))


def logged(event: Mapping[str, Any]) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))


def test_an_alarm_that_goes_off(fed: FedFunction, cleared: Cleared) -> None:
    cloudwatch = fed.harness.aws("cloudwatch")
    allow(fed, "lambda.alarms.cloudwatch")
    metric = {"Namespace": "Sampled", "MetricName": "Errors"}
    dimension = {"Name": "FunctionName", "Value": "example-function"}
    cloudwatch.put_metric_alarm(
        AlarmName="sampled",
        AlarmDescription="An example",
        AlarmActions=[fed.arn],
        Dimensions=[dimension],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
        **metric,
    )
    cleared.append(lambda: cloudwatch.delete_alarms(AlarmNames=["sampled"]))

    for value in (3, 12):
        data = {"MetricName": "Errors", "Value": value, "Dimensions": [dimension]}
        cloudwatch.put_metric_data(Namespace="Sampled", MetricData=[data])
        advance(fed.harness, 60)

    assert_same_members(only_event(fed), "cloudwatch-alarm")


def test_the_triggers_of_a_user_pool(fed: FedFunction, cleared: Cleared) -> None:
    cognito = fed.harness.aws("cognito-idp")
    allow(fed, "cognito-idp")
    triggers = ("PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication", "PreTokenGeneration")
    made = cognito.create_user_pool(
        PoolName="sampled",
        AutoVerifiedAttributes=["email"],
        LambdaConfig=dict.fromkeys((*triggers, "CustomMessage"), fed.arn),
    )
    pool = made["UserPool"]["Id"]
    cleared.append(lambda: cognito.delete_user_pool(UserPoolId=pool))
    app = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]["ClientId"]
    fed.lambda_.update_function_code(FunctionName=fed.name, ZipFile=zip_of(ECHO))

    email = [{"Name": "email", "Value": "user@example.com"}]
    cognito.sign_up(ClientId=app, Username="ann", Password="Secret-1234", UserAttributes=email)
    cognito.admin_confirm_sign_up(UserPoolId=pool, Username="ann")
    signed = {"USERNAME": "ann", "PASSWORD": "Secret-1234"}
    cognito.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=signed)
    fed.harness.drain()

    delivered = {event["triggerSource"]: event for event in fed.events()}
    sampled = [sample_event(f"cognito-{name}") for name in user_pools.TRIGGERS]
    compared = {event["triggerSource"]: event for event in sampled if event["version"] == "1"}
    assert len(delivered.keys() & compared.keys()) == 6
    for source in delivered.keys() & compared.keys():
        own = {name for name in names(delivered[source]) if name.startswith("request.userAttributes.")}
        known = {name for name in names(compared[source]) if name.startswith("request.userAttributes.")}
        assert names(compared[source]) - known == names(delivered[source]) - own, source
