"""A function behind every source of events, and the tokens by which an event is known again wherever it went.

A token stands in each event. It was handled when an invocation that was given it succeeded, and was put away when it
is in a queue or a bucket for what failed.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tests.fakes.alarms import NAMESPACE
from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

TOKEN: Final = re.compile(r"token-[a-z-]+-\d+")
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/any"
# What these were given goes on to somebody else.
_ON_THE_WAY: Final = frozenset({"first", "enricher", "transformer"})
# Works for a while, so that there is something to interrupt.
SOURCE: Final = """
import time

def handler(event, context):
    time.sleep(0.05)
    if context.function_name == "transformer":
        return {"records": [dict(recordId=one["recordId"], result="Ok", data=one["data"]) for one in event["records"]]}
    return event if context.function_name == "enricher" else {}
"""


class EverySource:
    """One function for each source, with a place for what fails wherever there may be one.

    Schedules are due an hour after it is made.
    """

    def __init__(self, harness: WiredHarness) -> None:
        self._harness = harness
        self._lambda = harness.aws("lambda")
        self._sqs = harness.aws("sqs")
        self._s3 = harness.aws("s3")
        self._urls: dict[str, str] = {}
        self._put_away = [self._queue("put-away"), self._queue("put-away.fifo")]
        self._s3.create_bucket(Bucket="put-away")
        self._executions: list[str] = []
        self._clock = datetime.fromisoformat(harness.call("POST", "clock", {"advance_seconds": 0}).json()["now"])
        self.senders: Mapping[str, Callable[[str], object]] = dict(self._sources())
        self._before = harness.position()

    def send(self, source: str, number: int) -> str:
        """The token of an event that was sent."""
        token = f"token-{source}-{number}"
        self.senders[source](token)
        return token

    def handled(self) -> Counter[str]:
        """How often each token was in an event of an invocation that succeeded, and with which it had arrived."""
        started = self._harness.events("InvocationStarted", after=self._before)
        # All tries of an asynchronous event have one request id.
        given = {event["request_id"]: set(tokens(json.loads(event["payload"]))) for event in started}
        ended = self._harness.events("InvocationEnded", after=self._before)
        last = [event for event in ended if event["status"] == "success" and event["function"] not in _ON_THE_WAY]
        return Counter(token for event in last for token in given[event["request_id"]])

    def put_away(self) -> set[str]:
        """The tokens of what was given up, and of what a delivery stream wrote."""
        found = set(tokens([self._described(execution) for execution in self._executions]))
        for name in ("put-away", "put-away.fifo"):
            found |= {token for body in self._bodies(name) for token in tokens(body)}
        for key in self._keys():
            found |= set(tokens(self._s3.get_object(Bucket="put-away", Key=key)["Body"].read().decode()))
        return found

    def _described(self, execution: str) -> Any:
        """The input of an execution that failed: its caller is told."""
        told = self._harness.aws("stepfunctions").describe_execution(executionArn=execution)
        return json.loads(told["input"]) if told["status"] == "FAILED" else None

    def _bodies(self, name: str) -> Iterator[str]:
        while True:
            received = self._sqs.receive_message(
                QueueUrl=self._urls[name], MaxNumberOfMessages=10, VisibilityTimeout=3600
            )
            if not received.get("Messages"):
                return
            for message in received["Messages"]:
                yield message["Body"]

    def _keys(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket="put-away")
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def _sources(self) -> Iterator[tuple[str, Callable[[str], object]]]:
        yield "direct", self._direct()
        yield "destination", self._destination()
        yield "sqs", self._queued("sqs")
        yield "sqs-fifo", self._queued_in_order()
        yield "kinesis", self._streamed()
        yield "dynamodb", self._table()
        yield "sns", self._topic()
        yield "sns-sqs", self._topic_and_queue()
        yield "s-three", self._bucket()
        yield "rule", self._rule()
        yield "schedule", self._schedules()
        yield "logs", self._log_group()
        yield "iot", self._things()
        yield "pipe", self._pipe()
        yield "firehose", self._delivery_stream()
        yield "states", self._machine()
        yield "alarm", self._alarms()
        yield "release", self._release()

    def _function(self, name: str, **settings: Any) -> str:
        """The ARN of a function whose failed asynchronous events are put away."""
        create_function(self._lambda, name, SOURCE, Timeout=20, **settings)
        failed = {"OnFailure": {"Destination": self._put_away[0]}}
        self._lambda.put_function_event_invoke_config(FunctionName=name, DestinationConfig=failed)
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"

    def _queue(self, name: str, dead: str = "") -> str:
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if name.endswith(".fifo") else {}
        if dead:
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 3})
        self._urls[name] = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def _map(self, function: str, source: str, **settings: Any) -> None:
        self._function(function)
        self._lambda.create_event_source_mapping(FunctionName=function, EventSourceArn=source, **settings)

    def _direct(self) -> Callable[[str], object]:
        self._function("direct")
        return lambda token: self._lambda.invoke(
            FunctionName="direct", InvocationType="Event", Payload=json.dumps(token)
        )

    def _destination(self) -> Callable[[str], object]:
        first, second = self._function("first"), self._function("second")
        on = {"OnSuccess": {"Destination": second}, "OnFailure": {"Destination": self._put_away[0]}}
        self._lambda.put_function_event_invoke_config(FunctionName="first", DestinationConfig=on)
        return lambda token: self._lambda.invoke(FunctionName=first, InvocationType="Event", Payload=json.dumps(token))

    def _queued(self, name: str) -> Callable[[str], object]:
        self._map(name, self._queue(name, self._put_away[0]), BatchSize=3)
        return lambda token: self._sqs.send_message(QueueUrl=self._urls[name], MessageBody=token)

    def _queued_in_order(self) -> Callable[[str], object]:
        name = "ordered.fifo"
        self._map("ordered", self._queue(name, self._put_away[1]), BatchSize=2)
        return lambda token: self._sqs.send_message(
            QueueUrl=self._urls[name], MessageBody=token, MessageGroupId=token[-1]
        )

    def _streamed(self) -> Callable[[str], object]:
        kinesis = self._harness.aws("kinesis")
        kinesis.create_stream(StreamName="stream", ShardCount=2)
        arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/stream"
        self._map("streamed", arn, StartingPosition="TRIM_HORIZON", BatchSize=5, ParallelizationFactor=2)
        return lambda token: kinesis.put_record(StreamName="stream", Data=token.encode(), PartitionKey=token)

    def _table(self) -> Callable[[str], object]:
        dynamodb = self._harness.aws("dynamodb")
        made = dynamodb.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        self._map(
            "table",
            made["TableDescription"]["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON",
            MaximumRetryAttempts=1,
            BisectBatchOnFunctionError=True,
            DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::put-away"}},
        )
        return lambda token: dynamodb.put_item(TableName="table", Item={"k": {"S": token}})

    def _topic(self) -> Callable[[str], object]:
        sns = self._harness.aws("sns")
        topic = sns.create_topic(Name="topic")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=self._function("told"))
        return lambda token: sns.publish(TopicArn=topic, Message=token)

    def _topic_and_queue(self) -> Callable[[str], object]:
        sns = self._harness.aws("sns")
        topic = sns.create_topic(Name="fan")["TopicArn"]
        self._queued("behind")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:behind")
        return lambda token: sns.publish(TopicArn=topic, Message=token)

    def _bucket(self) -> Callable[[str], object]:
        self._s3.create_bucket(Bucket="bucket")
        told = [{"LambdaFunctionArn": self._function("notified"), "Events": ["s3:ObjectCreated:*"]}]
        self._s3.put_bucket_notification_configuration(
            Bucket="bucket", NotificationConfiguration={"LambdaFunctionConfigurations": told}
        )
        return lambda token: self._s3.put_object(Bucket="bucket", Key=token, Body=b"x")

    def _rule(self) -> Callable[[str], object]:
        events = self._harness.aws("events")
        events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": self._function("ruled")}])
        return lambda token: events.put_events(
            Entries=[{"Source": "shop", "DetailType": "t", "Detail": json.dumps({"t": token})}]
        )

    def _schedules(self) -> Callable[[str], object]:
        scheduler, arn = self._harness.aws("scheduler"), self._function("scheduled")
        return lambda token: scheduler.create_schedule(
            Name=token,
            ScheduleExpression=f"at({self._clock + timedelta(hours=1):%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": ROLE, "Input": json.dumps(token)},
        )

    def _log_group(self) -> Callable[[str], object]:
        logs, where = self._harness.aws("logs"), {"logGroupName": "group"}
        logs.create_log_group(**where)
        logs.create_log_stream(**where, logStreamName="s")
        logs.put_subscription_filter(
            **where, filterName="f", filterPattern="", destinationArn=self._function("subscribed")
        )
        return lambda token: logs.put_log_events(
            **where, logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": token}]
        )

    def _things(self) -> Callable[[str], object]:
        actions = [{"lambda": {"functionArn": self._function("thing")}}]
        payload = {"sql": "SELECT * FROM 'things'", "actions": actions}
        self._harness.aws("iot").create_topic_rule(ruleName="things", topicRulePayload=payload)
        return lambda token: self._harness.aws("iot-data").publish(topic="things", payload=json.dumps({"t": token}))

    def _pipe(self) -> Callable[[str], object]:
        source = self._queue("pipe-in", self._put_away[0])
        self._harness.aws("pipes").create_pipe(
            Name="pipe",
            RoleArn=ROLE,
            Source=source,
            Enrichment=self._function("enricher"),
            Target=self._function("piped"),
        )
        return lambda token: self._sqs.send_message(QueueUrl=self._urls["pipe-in"], MessageBody=token)

    def _delivery_stream(self) -> Callable[[str], object]:
        firehose = self._harness.aws("firehose")
        parameters = {"LambdaArn": self._function("transformer"), "BufferIntervalInSeconds": "0"}
        given = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
        firehose.create_delivery_stream(
            DeliveryStreamName="delivery",
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": "arn:aws:s3:::put-away",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
                "ProcessingConfiguration": {
                    "Enabled": True,
                    "Processors": [{"Type": "Lambda", "Parameters": given}],
                },
            },
        )
        return lambda token: firehose.put_record(DeliveryStreamName="delivery", Record={"Data": f"{token}\n"})

    def _machine(self) -> Callable[[str], object]:
        states = self._harness.aws("stepfunctions")
        task = {"Type": "Task", "Resource": self._function("task"), "End": True}
        definition = json.dumps({"StartAt": "Task", "States": {"Task": task}})
        arn = states.create_state_machine(name="machine", definition=definition, roleArn=ROLE)["stateMachineArn"]

        def start(token: str) -> None:
            started = states.start_execution(stateMachineArn=arn, input=json.dumps({"t": token}))
            self._executions.append(started["executionArn"])

        return start

    def _alarms(self) -> Callable[[str], object]:
        cloudwatch, action = self._harness.aws("cloudwatch"), self._function("alarmed")

        def alarm(token: str) -> None:
            cloudwatch.put_metric_alarm(
                AlarmName=token,
                Namespace=NAMESPACE,
                MetricName=token,
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
                AlarmActions=[action],
            )
            cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": token, "Value": 5}])

        return alarm

    def _release(self) -> Callable[[str], object]:
        client, iam = self._harness.aws("codepipeline"), self._harness.aws("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = iam.create_role(RoleName="releasing", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        self._s3.create_bucket(Bucket="sources")
        self._s3.put_object(Bucket="sources", Key="app", Body=b"x")
        self._function("released")
        take = {"S3Bucket": "sources", "S3ObjectKey": "app", "PollForSourceChanges": "false"}
        told = {"FunctionName": "released", "UserParameters": "#{variables.token}"}
        stages = [
            _stage("Source", "S3", take, outputArtifacts=[{"name": "App"}]),
            _stage("Invoke", "Lambda", told, inputArtifacts=[{"name": "App"}]),
        ]
        pipeline = {
            "name": "release",
            "roleArn": role,
            "artifactStore": {"type": "S3", "location": "sources"},
            "stages": stages,
            "pipelineType": "V2",
            "executionMode": "PARALLEL",
            "variables": [{"name": "token"}],
        }
        client.create_pipeline(pipeline=pipeline)
        return lambda token: client.start_pipeline_execution(
            name="release", variables=[{"name": "token", "value": token}]
        )


def _stage(category: str, provider: str, configuration: Mapping[str, str], **members: Any) -> dict[str, Any]:
    """A stage of a pipeline, of one action."""
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    action = {"name": category, "actionTypeId": kind, "configuration": configuration, **members}
    return {"name": category, "actions": [action]}


def tokens(value: object) -> Iterator[str]:
    """The tokens in a value, also of what stands encoded in its strings."""
    match value:
        case str():
            yield from TOKEN.findall(value)
            yield from TOKEN.findall(_decoded(value))
            yield from tokens(_parsed(value))
        case dict():
            for one in value.values():
                yield from tokens(one)
        case list():
            for one in value:
                yield from tokens(one)


def _parsed(text: str) -> object:
    """The object or array that a text is; None for another one."""
    try:
        return json.loads(text) if text[:1] in ("{", "[") else None
    except ValueError:
        return None


def _decoded(text: str) -> str:
    """What is in base64, and perhaps packed; empty for what is not."""
    try:
        content = base64.b64decode(text, validate=True)
        return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
    except (binascii.Error, ValueError, zlib.error, OSError):
        return ""
