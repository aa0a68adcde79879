"""Events that a target does not take: tried again, or given up to a dead-letter queue with the reason.

Source: Amazon EventBridge User Guide, "How EventBridge retries delivering events" and "Using dead-letter queues to
process undelivered events".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_bus import ROLE, EventBus, attributes
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-event-rules")


@pytest.fixture
def bus(harness: WiredHarness) -> Iterator[EventBus]:
    made = EventBus(harness, "failing")
    yield made
    made.remove()


@pytest.fixture
def api(bus: EventBus) -> Iterator[tuple[HttpReceiver, str]]:
    """A server, and the API destination that leads to it."""
    with HttpReceiver() as receiver:
        key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
        connection = bus.events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)
        made = bus.events.create_api_destination(
            Name="d", ConnectionArn=connection["ConnectionArn"], InvocationEndpoint=receiver.url, HttpMethod="POST"
        )
        yield receiver, made["ApiDestinationArn"]
    bus.events.delete_api_destination(Name="d")
    bus.events.delete_connection(Name="c")


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:gone"},
        {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"},
        {"Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"},
        {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/gone", "RoleArn": ROLE},
        {"Arn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:gone", "RoleArn": ROLE},
        {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:gone"},
        {"Arn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/gone", "RoleArn": ROLE},
        {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/gone", "RoleArn": ROLE},
        {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:api-destination/gone/1", "RoleArn": ROLE},
    ],
    ids=lambda target: str(target["Arn"]).split(":")[2],
)
def test_event_for_a_target_that_is_gone_is_put_away_at_once(bus: EventBus, target: dict[str, Any]) -> None:
    rule = bus.rule("gone", {**target, "Input": '{"a": 1}', "DeadLetterConfig": {"Arn": bus.queue("dead")}})

    event_id = bus.put()

    (letter,) = bus.messages("dead")
    told = attributes(letter)
    assert json.loads(letter["Body"])["id"] == event_id  # the event itself, not what the target was to get
    assert told.pop("ERROR_MESSAGE")
    assert told == {
        "RULE_ARN": rule,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }
    (event,) = bus.not_delivered()
    assert event["settled"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"


def test_target_that_is_deleted_in_between_loses_no_event(bus: EventBus, harness: WiredHarness) -> None:
    fed = FedFunction(harness, "short-lived")
    bus.rule("r", {"Arn": fed.arn, "DeadLetterConfig": {"Arn": bus.queue("dead")}})

    first = bus.put()
    given = [event["id"] for event in fed.events()]
    fed.remove()
    second = bus.put()

    assert given == [first]
    assert [event["id"] for event in bus.bodies("dead")] == [second]


def test_function_that_fails_has_taken_the_event(bus: EventBus, harness: WiredHarness) -> None:
    lambda_ = harness.aws("lambda")
    create_function(lambda_, "failing", "def handler(event, context): raise ValueError")
    lambda_.put_function_event_invoke_config(FunctionName="failing", MaximumRetryAttempts=0)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:failing"
    bus.rule("r", {"Arn": arn, "DeadLetterConfig": {"Arn": bus.queue("dead")}})

    bus.put()

    assert bus.messages("dead") == []
    assert bus.not_delivered() == []
    lambda_.delete_function(FunctionName="failing")


def test_event_is_dropped_without_a_queue(bus: EventBus) -> None:
    bus.rule("r", {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"})

    bus.put()

    (event,) = bus.not_delivered()
    assert (event["settled"], event["attempts"]) == ("dropped", 1)


def test_target_is_tried_again_with_growing_pauses(bus: EventBus, api: tuple[HttpReceiver, str]) -> None:
    receiver, arn = api
    receiver.answers = [(500, b""), (429, b""), (503, b""), (200, b"")]
    bus.rule("r", {"Arn": arn, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": bus.queue("dead")}})

    bus.put()
    tried = []
    for pause in (0.0, 1.0, 2.0, 4.0):
        bus.advance(seconds=pause)
        tried.append(len(receiver.received))

    assert tried == [1, 2, 3, 4]
    assert len({request.body for request in receiver.received}) == 1
    assert bus.messages("dead") == []


@pytest.mark.parametrize(
    ("policy", "condition", "attempts"),
    [
        ({"MaximumRetryAttempts": 3}, "MaximumRetryAttempts", 3),
        ({"MaximumRetryAttempts": 0}, "MaximumRetryAttempts", 0),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", 5),  # after 1, 3, 7, 15 and 31 s
    ],
)
def test_event_is_given_up_at_the_limit_of_its_policy(
    bus: EventBus, api: tuple[HttpReceiver, str], policy: dict[str, int], condition: str, attempts: int
) -> None:
    receiver, arn = api
    receiver.answers = [(500, b"")]
    dead = {"DeadLetterConfig": {"Arn": bus.queue("dead")}}
    bus.rule("r", {"Arn": arn, "RoleArn": ROLE, "RetryPolicy": policy, **dead})

    bus.put()
    bus.advance(hours=1)

    (letter,) = bus.messages("dead")
    told = attributes(letter)
    assert (told["EXHAUSTED_RETRY_CONDITION"], told["RETRY_ATTEMPTS"]) == (condition, str(attempts))
    assert told["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert len(receiver.received) == attempts + 1


def test_by_default_185_more_attempts_are_made_within_a_day(bus: EventBus, api: tuple[HttpReceiver, str]) -> None:
    receiver, arn = api
    receiver.answers = [(500, b"")]
    bus.rule("r", {"Arn": arn, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": bus.queue("dead")}})

    bus.put()
    bus.advance(hours=24)

    (letter,) = bus.messages("dead")
    assert attributes(letter)["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert len(receiver.received) == 186


def test_answer_that_will_not_change_is_not_asked_for_again(bus: EventBus, api: tuple[HttpReceiver, str]) -> None:
    receiver, arn = api
    receiver.answers = [(400, b"")]
    bus.rule("r", {"Arn": arn, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": bus.queue("dead")}})

    bus.put()
    bus.advance(hours=1)

    (letter,) = bus.messages("dead")
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes(letter)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "made",
    [
        {"InputPath": "$.detail.absent"},
        {"InputTransformer": {"InputPathsMap": {"odd": "$.detail.odd"}, "InputTemplate": '"say <odd>"'}},
        {"InputTransformer": {"InputTemplate": "no JSON"}},
    ],
    ids=["path", "unescaped", "text"],
)
def test_input_that_cannot_be_made_is_given_up(bus: EventBus, harness: WiredHarness, made: dict[str, Any]) -> None:
    fed = FedFunction(harness, "fed")
    bus.rule("r", {"Arn": fed.arn, "DeadLetterConfig": {"Arn": bus.queue("dead")}, **made})

    event_id = bus.put({"odd": 'a "b"'})

    (letter,) = bus.messages("dead")
    assert attributes(letter)["ERROR_CODE"] == "INVALID_JSON"
    assert json.loads(letter["Body"])["id"] == event_id
    assert fed.events() == []
    fed.remove()


def test_key_that_is_not_there_keeps_an_event_from_its_stream(bus: EventBus) -> None:
    path = {"KinesisParameters": {"PartitionKeyPath": "$.detail.customer"}}
    stream = {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "RoleArn": ROLE, **path}
    bus.rule("r", {**stream, "DeadLetterConfig": {"Arn": bus.queue("dead")}})

    bus.put({})

    (letter,) = bus.messages("dead")
    assert "PartitionKeyPath" in attributes(letter)["ERROR_MESSAGE"]


def test_fifo_queue_without_deduplication_takes_nothing(bus: EventBus) -> None:
    arn = bus.queue("plain.fifo", FifoQueue="true")
    dead = {"DeadLetterConfig": {"Arn": bus.queue("dead")}}
    bus.rule("r", {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}, **dead})

    bus.put()

    (letter,) = bus.messages("dead")
    assert attributes(letter)["ERROR_CODE"] == "INVALID_PARAMETER"


def statement(principal: str, action: str, resource: str, rule: str) -> str:
    """A resource policy that lets a service in on behalf of a rule."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def test_permissions_are_the_targets_policy_or_the_role() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        bus = EventBus(harness)
        rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
        dead = bus.queue("dead")
        queue = statement("events.amazonaws.com", "sqs:SendMessage", dead, rule)
        sqs, iam = harness.aws("sqs"), harness.aws("iam")
        sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName="dead")["QueueUrl"], Attributes={"Policy": queue})
        open_queue, closed = bus.queue("open"), bus.queue("closed")
        sqs.set_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName="open")["QueueUrl"],
            Attributes={"Policy": statement("events.amazonaws.com", "sqs:SendMessage", open_queue, rule)},
        )
        harness.aws("kinesis").create_stream(StreamName="s", ShardCount=1)
        trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        roles = {name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"] for name in "ab"}
        stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
        allowed = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": stream}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName="a", PolicyName="p", PolicyDocument=document)
        letters = {"DeadLetterConfig": {"Arn": dead}}
        bus.rule(
            "r",
            {"Arn": open_queue, **letters},
            {"Arn": closed, **letters},
            {"Arn": stream, "RoleArn": roles["a"], **letters},
            {"Arn": stream, "RoleArn": roles["b"], **letters},
        )

        bus.put()

        given_up = [attributes(letter) for letter in bus.messages("dead")]
        assert sorted(told["TARGET_ARN"] for told in given_up) == sorted([closed, stream])
        assert {told["ERROR_CODE"] for told in given_up} == {"NO_PERMISSIONS"}
        assert {told["RETRY_ATTEMPTS"] for told in given_up} == {"0"}
        assert len(bus.messages("open")) == 1
        assert bus.messages("closed") == []


def test_dead_letter_queue_that_is_closed_loses_the_event_and_the_trace_says_so() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        bus = EventBus(harness)
        dead = bus.queue("dead")
        bus.rule("r", {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone", "DeadLetterConfig": {"Arn": dead}})

        bus.put()

        assert bus.messages("dead") == []
        assert [event["settled"] for event in bus.not_delivered()] == ["dropped", "dropped"]
