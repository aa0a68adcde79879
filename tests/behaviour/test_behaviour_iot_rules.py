"""IoT rules, from the message on a topic to what the actions do with it.

Source, unless a test says another: AWS IoT Core Developer Guide, "Rules for AWS IoT" and its subpages.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-iot")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/iot"


class Rules:
    """Rules, and a function that they call."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self.iot = harness, harness.aws("iot")
        self.fed = FedFunction(harness, "listener")
        self.before = harness.position()
        self._names: list[str] = []

    def make(self, sql: str, *actions: dict[str, Any], name: str = "rule", **more: Any) -> str:
        chosen = list(actions) or [{"lambda": {"functionArn": self.fed.arn}}]
        self.iot.create_topic_rule(ruleName=name, topicRulePayload={"sql": sql, "actions": chosen, **more})
        self._names.append(name)
        return f"arn:aws:iot:{REGION}:{ACCOUNT}:rule/{name}"

    def publish(self, topic: str, payload: object) -> None:
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.harness.aws("iot-data").publish(topic=topic, qos=1, payload=content)
        self.harness.drain()

    def remove(self) -> None:
        for name in self._names:
            self.iot.delete_topic_rule(ruleName=name)
        self.fed.remove()


@pytest.fixture
def rules(harness: WiredHarness) -> Iterator[Rules]:
    made = Rules(harness)
    yield made
    made.remove()


def test_a_function_gets_what_the_statement_makes(rules: Rules) -> None:
    rules.make("SELECT t AS temperature, topic(2) AS room FROM 'rooms/+' WHERE t > 20")

    rules.publish("rooms/a", {"t": 21})
    rules.publish("rooms/b", {"t": 19})
    rules.publish("halls/c", {"t": 30})

    assert list(rules.fed.events()) == [{"temperature": 21, "room": "a"}]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT * FROM 'a' WHERE", "ends too early"),
        ("SELECT aws_lambda('f', *) AS x FROM 'a'", "the function aws_lambda is not served"),
    ],
)
def test_a_statement_that_cannot_be_run_is_refused(rules: Rules, sql: str, problem: str) -> None:
    payload = {"sql": sql, "actions": []}

    status, code, text = refusal(rules.iot.create_topic_rule, ruleName="bad", topicRulePayload=payload)

    assert (status, code) == (400, "SqlParseException")
    assert problem in text


def test_queues_tables_buckets_and_topics_are_written_to(rules: Rules) -> None:
    sqs, s3, dynamodb = (rules.harness.aws(service) for service in ("sqs", "s3", "dynamodb"))
    url = sqs.create_queue(QueueName="iot")["QueueUrl"]
    s3.create_bucket(Bucket="iot-things")
    dynamodb.create_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    rules.make(
        "SELECT * FROM 'things/#'",
        {"sqs": {"roleArn": ROLE, "queueUrl": url, "useBase64": True}},
        {"s3": {"roleArn": ROLE, "bucketName": "iot-things", "key": "${topic(2)}/${n}.json"}},
        {"dynamoDBv2": {"roleArn": ROLE, "putItem": {"tableName": "things"}}},
        {"republish": {"roleArn": ROLE, "topic": "again/${topic(2)}"}},
    )
    rules.make("SELECT n FROM 'again/+'", name="again")

    rules.publish("things/x", {"id": "x", "n": 1, "deep": {"a": [True, None]}})

    body = sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    assert json.loads(base64.b64decode(body))["id"] == "x"
    assert json.loads(s3.get_object(Bucket="iot-things", Key="x/1.json")["Body"].read())["n"] == 1
    item = dynamodb.get_item(TableName="things", Key={"id": {"S": "x"}})["Item"]
    assert item["deep"] == {"M": {"a": {"L": [{"BOOL": True}, {"NULL": True}]}}}
    assert list(rules.fed.events()) == [{"n": 1}]
    sqs.delete_queue(QueueUrl=url)
    s3.delete_object(Bucket="iot-things", Key="x/1.json")
    s3.delete_bucket(Bucket="iot-things")
    dynamodb.delete_table(TableName="things")


def test_what_fails_goes_to_the_error_action(rules: Rules) -> None:
    gone = {"sqs": {"roleArn": ROLE, "queueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/gone"}}
    rules.make("SELECT * FROM 'a'", gone, errorAction={"lambda": {"functionArn": rules.fed.arn}})

    rules.publish("a", {"n": 1})

    [event] = rules.fed.events()
    assert (event["ruleName"], event["topic"]) == ("rule", "a")
    assert json.loads(base64.b64decode(event["base64OriginalPayload"])) == {"n": 1}
    [failure] = event["failures"]
    assert failure["failedAction"] == "SqsAction"
    assert "NonExistentQueue" in failure["errorMessage"]


def test_an_action_that_nothing_serves_is_told(rules: Rules) -> None:
    rules.make("SELECT * FROM 'a'", {"http": {"url": "https://example.com"}})

    rules.publish("a", {})

    [undone] = rules.harness.events("EventNotDelivered", after=rules.before)
    assert undone["reason"] == "NOT_SERVED: nothing is done by the action http here"


def test_rules_that_feed_themselves_come_to_an_end(rules: Rules) -> None:
    rules.make("SELECT * FROM 'loop'", {"republish": {"roleArn": ROLE, "topic": "loop"}})

    rules.publish("loop", {})

    [undone] = rules.harness.events("EventNotDelivered", after=rules.before)
    assert "republished" in undone["reason"]


def test_a_disabled_rule_does_nothing_and_basic_ingest_names_one(rules: Rules) -> None:
    rules.make("SELECT 'off' AS is FROM '#'", name="off", ruleDisabled=True)
    rules.make("SELECT topic() AS t FROM 'nothing'", name="named")

    rules.publish("$aws/rules/named/a/b", {})

    assert list(rules.fed.events()) == [{"t": "a/b"}]


def test_a_rule_without_topics_gets_what_is_published_to_it_by_name(rules: Rules) -> None:
    rules.make("SELECT * WHERE n > 1", name="ingest")

    rules.publish("ingest", {"n": 2})
    rules.publish("$aws/rules/ingest", {"n": 1})
    rules.publish("$aws/rules/ingest", {"n": 3})

    assert list(rules.fed.events()) == [{"n": 3}]


def test_a_payload_that_is_no_json(rules: Rules) -> None:
    rules.make("SELECT encode(*, 'base64') AS data FROM 'raw'")

    rules.publish("raw", b"\xff\x00")

    assert list(rules.fed.events()) == [{"data": base64.b64encode(b"\xff\x00").decode()}]


def test_the_function_has_to_let_the_rule_in() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        trust = {"Version": "2012-10-17", "Statement": [_TRUSTED]}
        harness.aws("iam").create_role(RoleName="fn", AssumeRolePolicyDocument=json.dumps(trust))
        rules = Rules(harness)
        arn = rules.make("SELECT * FROM 'a'")

        rules.publish("a", {"n": 1})
        refused = list(rules.fed.events()), harness.events("EventNotDelivered")[-1]["reason"]
        grant = {"FunctionName": "listener", "StatementId": "s", "Action": "lambda:InvokeFunction"}
        rules.fed.lambda_.add_permission(**grant, Principal="iot.amazonaws.com", SourceArn=arn)
        rules.publish("a", {"n": 2})

        assert refused[0] == []
        assert refused[1].startswith("NO_PERMISSIONS")
        assert list(rules.fed.events()) == [{"n": 2}]


_TRUSTED = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
