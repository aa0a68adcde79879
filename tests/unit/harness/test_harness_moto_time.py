"""Canaries for moto's view of time: they fail when a release of moto reads it in a way that the hook does not reach.

One harness in its own process, moved by some hours; what a service stamps has to be that late, and what a client
compares with its own clock must not be.
"""

from __future__ import annotations

import base64
import datetime as plain_datetime_module
import json
import subprocess
import sys
import threading
import time as plain_time_module
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lambdakit.harness.moto_state.time import follow_clock, wake_receivers
from tests.fakes.waiting import WAIT_SECONDS
from tests.fakes.wired_harness import WiredHarness

AHEAD = timedelta(hours=5)


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        advance(running, AHEAD.total_seconds())
        yield running


def advance(harness: WiredHarness, seconds: float) -> None:
    answer = harness.call("POST", "clock", {"advance_seconds": seconds}, token=None)
    assert answer.status == 200, answer.body


def now(harness: WiredHarness) -> datetime:
    return datetime.fromisoformat(harness.call("GET", "clock").json()["now"])


def assert_late(harness: WiredHarness, stamped: datetime | float) -> None:
    """The stamp is the harness's time, which is hours ahead."""
    moment = stamped if isinstance(stamped, datetime) else datetime.fromtimestamp(stamped, UTC)
    assert abs(now(harness) - moment) < timedelta(seconds=60)
    assert moment - datetime.now(UTC) > AHEAD - timedelta(seconds=60)


class TestQueues:
    @pytest.fixture
    def queue(self, harness: WiredHarness) -> str:
        return self._make(harness, VisibilityTimeout="600", MessageRetentionPeriod="3600")

    @staticmethod
    def _make(harness: WiredHarness, suffix: str = "", **attributes: str) -> str:
        name = f"q-{uuid.uuid4()}{suffix}"
        url: str = harness.aws("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    @staticmethod
    def _receive(harness: WiredHarness, queue: str, **arguments: Any) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = (
            harness.aws("sqs").receive_message(QueueUrl=queue, **arguments).get("Messages", [])
        )
        return messages

    def test_a_message_in_flight_is_visible_again_after_its_time_out(self, harness: WiredHarness, queue: str) -> None:
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="x")
        assert len(self._receive(harness, queue)) == 1

        advance(harness, 590)
        assert self._receive(harness, queue) == []
        advance(harness, 10)

        (again,) = self._receive(harness, queue, AttributeNames=["All"])
        assert again["Attributes"]["ApproximateReceiveCount"] == "2"

    def test_a_delayed_message_comes_after_its_delay(self, harness: WiredHarness, queue: str) -> None:
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=300)

        advance(harness, 290)
        assert self._receive(harness, queue) == []
        advance(harness, 10)

        (message,) = self._receive(harness, queue, AttributeNames=["SentTimestamp"])
        stamp = int(message["Attributes"]["SentTimestamp"]) / 1000
        assert_late(harness, stamp + 300)

    def test_a_message_is_gone_after_its_retention(self, harness: WiredHarness, queue: str) -> None:
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="x")

        advance(harness, 3601)

        assert self._receive(harness, queue) == []

    @pytest.mark.parametrize(("seconds", "kept"), [(290, 1), (301, 2)])
    def test_a_duplicate_is_refused_for_five_minutes(self, harness: WiredHarness, seconds: int, kept: int) -> None:
        queue = self._make(harness, ".fifo", FifoQueue="true")
        message = {"QueueUrl": queue, "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"}

        harness.aws("sqs").send_message(**message)
        advance(harness, seconds)
        harness.aws("sqs").send_message(**message)

        attributes = harness.aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert attributes["ApproximateNumberOfMessages"] == str(kept)

    def test_who_waits_for_a_message_gets_one_that_becomes_visible(self, harness: WiredHarness, queue: str) -> None:
        harness.aws("sqs").send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=15)
        received: list[dict[str, Any]] = []
        waiting = threading.Thread(
            target=lambda: received.extend(self._receive(harness, queue, WaitTimeSeconds=20)), name="receiver"
        )
        waiting.start()

        advance(harness, 15)

        waiting.join(WAIT_SECONDS)
        assert [message["Body"] for message in received] == ["x"]


class TestStamps:
    def test_dynamodb(self, harness: WiredHarness) -> None:
        name = f"t-{uuid.uuid4()}"

        table = harness.aws("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        harness.aws("dynamodb").put_item(TableName=name, Item={"id": {"S": "a"}})

        assert_late(harness, table["CreationDateTime"])
        streams = harness.aws("dynamodbstreams")
        arn = table["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        (record,) = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        assert_late(harness, record["dynamodb"]["ApproximateCreationDateTime"])

    def test_kinesis(self, harness: WiredHarness) -> None:
        kinesis, name = harness.aws("kinesis"), f"s-{uuid.uuid4()}"
        kinesis.create_stream(StreamName=name, ShardCount=1)
        put = kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="k")

        iterator = kinesis.get_shard_iterator(
            StreamName=name,
            ShardId=put["ShardId"],
            ShardIteratorType="AT_TIMESTAMP",
            Timestamp=now(harness) - AHEAD / 2,
        )

        (record,) = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        assert_late(harness, record["ApproximateArrivalTimestamp"])

    def test_s3(self, harness: WiredHarness) -> None:
        s3, name = harness.aws("s3"), f"b-{uuid.uuid4()}"
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="k", Body=b"x")

        assert_late(harness, s3.head_object(Bucket=name, Key="k")["LastModified"])
        assert_late(harness, s3.list_objects_v2(Bucket=name)["Contents"][0]["LastModified"])

    def test_logs_take_what_is_written_at_the_harness_s_time(self, harness: WiredHarness) -> None:
        logs, name = harness.aws("logs"), f"g-{uuid.uuid4()}"
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        stamp = int(now(harness).timestamp() * 1000)

        put = logs.put_log_events(
            logGroupName=name, logStreamName="s", logEvents=[{"timestamp": stamp, "message": "from the future"}]
        )

        assert "rejectedLogEventsInfo" not in put
        (event,) = logs.filter_log_events(logGroupName=name)["events"]
        assert event["timestamp"] == stamp
        assert_late(harness, event["ingestionTime"] / 1000)

    def test_secrets_parameters_and_keys(self, harness: WiredHarness) -> None:
        name = f"n-{uuid.uuid4()}"
        harness.aws("secretsmanager").create_secret(Name=name, SecretString="x")
        harness.aws("ssm").put_parameter(Name=name, Value="x", Type="String")

        assert_late(harness, harness.aws("secretsmanager").describe_secret(SecretId=name)["CreatedDate"])
        assert_late(harness, harness.aws("ssm").get_parameter(Name=name)["Parameter"]["LastModifiedDate"])
        assert_late(harness, harness.aws("kms").create_key()["KeyMetadata"]["CreationDate"])

    def test_metrics(self, harness: WiredHarness) -> None:
        namespace = f"n-{uuid.uuid4()}"
        harness.aws("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "m", "Value": 1.0}])

        points = harness.aws("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName="m",
            StartTime=now(harness) - timedelta(minutes=5),
            EndTime=now(harness) + timedelta(minutes=5),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]

        assert [point["Sum"] for point in points] == [1.0]

    def test_topics_and_event_buses(self, harness: WiredHarness) -> None:
        sqs, sns, events = harness.aws("sqs"), harness.aws("sns"), harness.aws("events")
        name = f"n-{uuid.uuid4()}"
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])

        sns.publish(TopicArn=topic, Message="x")
        events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": "{}"}])
        harness.drain()

        bodies = [
            json.loads(message["Body"])
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        ]
        stamps = [body.get("Timestamp") or body["time"] for body in bodies]
        assert len(stamps) == 2
        for stamp in stamps:
            assert_late(harness, datetime.fromisoformat(stamp))

    def test_roles(self, harness: WiredHarness) -> None:
        role = harness.aws("iam").create_role(RoleName=f"r-{uuid.uuid4()}", AssumeRolePolicyDocument="{}")["Role"]

        assert_late(harness, role["CreateDate"])

    def test_delivery_streams(self, harness: WiredHarness) -> None:
        firehose, name = harness.aws("firehose"), f"d-{uuid.uuid4()}"
        firehose.create_delivery_stream(
            DeliveryStreamName=name,
            S3DestinationConfiguration={"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::b"},
        )

        stream = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]

        assert_late(harness, stream["CreateTimestamp"])

    def test_contact_centres(self, harness: WiredHarness) -> None:
        connect = harness.aws("connect")
        made = connect.create_instance(
            IdentityManagementType="CONNECT_MANAGED", InboundCallsEnabled=True, OutboundCallsEnabled=True
        )

        assert_late(harness, connect.describe_instance(InstanceId=made["Id"])["Instance"]["CreatedTime"])

    def test_state_machines(self, harness: WiredHarness) -> None:
        machine = harness.aws("stepfunctions").create_state_machine(
            name=f"m-{uuid.uuid4()}",
            definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
            roleArn="arn:aws:iam::123456789012:role/r",
        )

        assert_late(harness, machine["creationDate"])


class TestWhatStaysReal:
    @pytest.mark.parametrize("call", ["assume_role", "get_session_token", "get_federation_token"])
    def test_credentials_expire_in_real_time(self, harness: WiredHarness, call: str) -> None:
        arguments = {
            "assume_role": {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "session"},
            "get_session_token": {},
            "get_federation_token": {"Name": "name"},
        }[call]

        expiration = getattr(harness.aws("sts"), call)(**arguments, DurationSeconds=3600)["Credentials"]["Expiration"]

        assert timedelta(minutes=59) < expiration - datetime.now(UTC) <= timedelta(hours=1)

    def test_credentials_of_an_identity_expire_in_real_time(self, harness: WiredHarness) -> None:
        cognito = harness.aws("cognito-identity")
        pool = cognito.create_identity_pool(IdentityPoolName="p", AllowUnauthenticatedIdentities=True)
        identity = cognito.get_id(IdentityPoolId=pool["IdentityPoolId"])["IdentityId"]

        expiration = cognito.get_credentials_for_identity(IdentityId=identity)["Credentials"]["Expiration"]

        assert expiration - datetime.now(UTC) < timedelta(minutes=61)

    def test_tokens_of_a_user_expire_in_real_time(self, harness: WiredHarness) -> None:
        cognito = harness.aws("cognito-idp")
        pool = cognito.create_user_pool(PoolName="p")["UserPool"]
        assert_late(harness, pool["CreationDate"])
        client = cognito.create_user_pool_client(
            UserPoolId=pool["Id"], ClientName="c", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(UserPoolId=pool["Id"], Username="u")
        cognito.admin_set_user_password(UserPoolId=pool["Id"], Username="u", Password="Pa$$w0rd-1", Permanent=True)
        tokens = cognito.admin_initiate_auth(
            UserPoolId=pool["Id"],
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "u", "PASSWORD": "Pa$$w0rd-1"},
        )["AuthenticationResult"]

        claims = json.loads(base64.urlsafe_b64decode(tokens["IdToken"].split(".")[1] + "=="))
        assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 60

    def test_credentials_of_a_database_expire_in_real_time(self, harness: WiredHarness) -> None:
        redshift = harness.aws("redshift")
        redshift.create_cluster(
            ClusterIdentifier="c", NodeType="ra3.xlplus", MasterUsername="u", MasterUserPassword="Passw0rd1"
        )

        expiration = redshift.get_cluster_credentials(DbUser="u", ClusterIdentifier="c")["Expiration"]

        assert expiration - datetime.now(UTC) < timedelta(minutes=61)

    def test_a_response_tells_no_date_by_which_an_sdk_would_correct_its_own(self, harness: WiredHarness) -> None:
        calls = {"sqs": "list_queues", "s3": "list_buckets", "sts": "get_caller_identity", "ssm": "describe_parameters"}

        for service, call in calls.items():
            assert "date" not in getattr(harness.aws(service), call)()["ResponseMetadata"]["HTTPHeaders"]

    def test_the_interpreter_keeps_its_own(self) -> None:
        assert plain_time_module.time.__module__ == "time"
        assert plain_datetime_module.datetime is datetime


def test_who_waits_for_a_message_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, woken = threading.Event(), threading.Event()
    queue = SimpleNamespace(_messages_lock=threading.Condition())
    models = SimpleNamespace(sqs_backends={"1": {"us-east-1": SimpleNamespace(queues={"q": queue})}})
    monkeypatch.setitem(sys.modules, "moto.sqs.models", models)

    def receive() -> None:
        with queue._messages_lock:
            waiting.set()
            if queue._messages_lock.wait(WAIT_SECONDS):
                woken.set()

    thread = threading.Thread(target=receive)
    thread.start()
    assert waiting.wait(WAIT_SECONDS)
    wake_receivers()
    thread.join()

    assert woken.is_set()


def test_every_way_to_import_time_is_reached_and_other_packages_are_not(tmp_path: Path) -> None:
    source = """
import time, datetime, time as t, datetime as d
from time import time as seconds
from datetime import datetime as moment

def read():
    return [
        time.time(), t.time_ns() / 1e9, seconds(), datetime.datetime.now().timestamp(), d.datetime.today().timestamp(),
        moment.now(d.timezone.utc).timestamp(), moment.now(d.timezone(d.timedelta(hours=3))).timestamp(),
    ]

def kinds():
    plain = moment(2026, 1, 2, tzinfo=d.timezone.utc)
    made = [moment.fromtimestamp(0, d.timezone.utc), moment.strptime("2026", "%Y"), moment.fromisoformat("2026-01-02")]
    return [
        isinstance(plain, datetime.datetime), issubclass(type(plain), moment), isinstance("x", moment),
        {type(value).__name__ for value in [plain, *made]} == {"datetime"}, moment.min < plain.replace(tzinfo=None),
    ]
"""
    for package in ("moto", "other"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(source)
    program = """
import datetime, json, sys, time
sys.path.insert(0, sys.argv[1])
from lambdakit.harness.moto_state.time import follow_clock
follow_clock(lambda: datetime.timedelta(hours=5))
import moto, other
now = time.time()
print(json.dumps([[(read - now) / 3600 for read in package.read()] for package in (moto, other)] + [moto.kinds()]))
"""

    told = subprocess.run(
        [sys.executable, "-P", "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )

    moved, real, kinds = json.loads(told.stdout)
    assert [round(hours, 2) for hours in moved] == [5] * 7
    assert [round(hours, 2) for hours in real] == [0] * 7
    assert kinds == [True, True, False, True, True]


def test_moto_that_is_loaded_already_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto", sys.modules[__name__])

    with pytest.raises(RuntimeError, match="moto is loaded already"):
        follow_clock(timedelta)
