"""moto's private classes still have the shape that `lambdakit.harness.moto_state.queues` relies on and mends.

A test that passes without the mending says that moto has caught up, and that the mending can go.
"""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state import contents, queue_sends
from lambdakit.harness.moto_state.queues import Queues

pytestmark = pytest.mark.xdist_group("moto")

_PLACE = ("555566667777", "eu-west-1")
_ARN = "arn:aws:sqs:eu-west-1:555566667777:"


@pytest.fixture(scope="module")
def sqs() -> Any:
    return Account(account_id=_PLACE[0], region=_PLACE[1]).client("sqs")


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def url(sqs: Any, queues: Queues) -> Iterator[str]:
    made = sqs.create_queue(QueueName="q")["QueueUrl"]
    yield made
    sqs.delete_queue(QueueUrl=made)


def send(sqs: Any, url: str, count: int) -> None:
    for begin in range(0, count, 10):
        numbers = range(begin, min(begin + 10, count))
        sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": str(number)} for number in numbers]
        )


def test_a_message_has_one_receiver(sqs: Any, queues: Queues, url: str) -> None:
    send(sqs, url, 200)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        received = [message for own in pool.map(lambda _: queues.receive(f"{_ARN}q", 7), range(60)) for message in own]

    assert sorted(int(message.body) for message in received) == list(range(200))
    queues.delete(f"{_ARN}q", [message.receipt_handle for message in received])
    assert contents.messages(*_PLACE, "q") is None


def test_what_is_released_can_be_received_at_once(sqs: Any, queues: Queues, url: str) -> None:
    send(sqs, url, 2)
    first = queues.receive(f"{_ARN}q", 1)
    assert queues.next_visible(f"{_ARN}q") is not None

    queues.release(f"{_ARN}q", [message.receipt_handle for message in first])
    time_out = time.monotonic() + 5
    again: list[str] = []
    while len(again) < 2 and time.monotonic() < time_out:
        again += [message.body for message in queues.receive(f"{_ARN}q", 2)]

    assert sorted(again) == ["0", "1"]


def test_who_watches_is_told_once_for_each_call(sqs: Any, queues: Queues, url: str) -> None:
    told: list[str] = []
    queues.watch(f"{_ARN}q", told.append)

    send(sqs, url, 10)
    received = queues.receive(f"{_ARN}q", 10)
    queues.delete(f"{_ARN}q", [message.receipt_handle for message in received])
    queues.forget(f"{_ARN}q", told.append)
    send(sqs, url, 1)

    assert told == [f"{_ARN}q"] * 2


def test_counts_are_those_of_the_queue(sqs: Any, queues: Queues, url: str) -> None:
    send(sqs, url, 5)
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=100)
    queues.receive(f"{_ARN}q", 2)

    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert told["ApproximateNumberOfMessages"] == "3"
    assert told["ApproximateNumberOfMessagesNotVisible"] == "2"
    assert told["ApproximateNumberOfMessagesDelayed"] == "1"


def test_handles_stay_good_and_unknown_ones_are_refused(sqs: Any, queues: Queues, url: str) -> None:
    send(sqs, url, 1)
    [first] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    [second] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)["Messages"]
    assert first["ReceiptHandle"] != second["ReceiptHandle"]

    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=60)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])

    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="never seen")
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle="never seen", VisibilityTimeout=1)


def test_a_purged_queue_is_empty_and_goes_on(sqs: Any, queues: Queues, url: str) -> None:
    send(sqs, url, 3)
    queues.receive(f"{_ARN}q", 1)

    sqs.purge_queue(QueueUrl=url)
    assert queues.receive(f"{_ARN}q", 10) == []
    send(sqs, url, 1)

    assert [message.body for message in queues.receive(f"{_ARN}q", 10)] == ["0"]


def test_queues_may_give_up_into_each_other(sqs: Any, queues: Queues, url: str) -> None:
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    for here, there in ((url, "other"), (other, "q")):
        policy = json.dumps({"deadLetterTargetArn": f"{_ARN}{there}", "maxReceiveCount": 1})
        sqs.set_queue_attributes(QueueUrl=here, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    send(sqs, url, 20)
    send(sqs, other, 20)

    def swap(name: str) -> int:
        return sum(len(queues.receive(f"{_ARN}{name}", 3)) for _ in range(40))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        received = sum(pool.map(swap, ["q", "other", "q", "other"], timeout=20))

    assert received >= 40
    sqs.delete_queue(QueueUrl=other)


def test_the_cost_of_a_message_does_not_grow_with_the_queue(sqs: Any, queues: Queues, url: str) -> None:
    def seconds(count: int) -> float:
        began = time.perf_counter()
        send(sqs, url, count)
        while received := queues.receive(f"{_ARN}q", 10):
            queues.delete(f"{_ARN}q", [message.receipt_handle for message in received])
            queues.next_visible(f"{_ARN}q")
        return time.perf_counter() - began

    seconds(200)
    few, many = seconds(500), seconds(4_000)

    assert many < 8 * few * 4


@pytest.mark.parametrize(
    ("parameters", "body", "is_sent"),
    [
        ({}, "m", True),
        ({"MessageAttributes": {"a": {"DataType": "String", "StringValue": "1"}}}, "m", True),
        ({"MessageAttributes": {"a": {"DataType": "Nothing", "StringValue": "1"}}}, "m", False),
        ({"MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": b"1"}}}, "m", False),
        ({"DelaySeconds": 1}, "m", False),
        ({}, "", False),
        ({}, "x" * 2_000_000, False),
    ],
    ids=["plain", "attributes", "wrong-attributes", "bytes", "delayed", "empty", "too-long"],
)
def test_what_needs_a_check_is_left_to_the_api(
    sqs: Any, queues: Queues, url: str, parameters: dict[str, Any], body: str, is_sent: bool
) -> None:
    told: list[str] = []
    arn = _ARN + url.rpartition("/")[2]
    queues.watch(arn, told.append)

    assert queue_sends.send(arn, body, parameters) is is_sent

    assert told == ([arn] if is_sent else [])
    assert len(queues.receive(arn, 10)) == int(is_sent)
    queues.forget(arn, told.append)


def test_a_message_for_a_queue_that_is_not_there_is_left_to_the_api(sqs: Any, queues: Queues, url: str) -> None:
    assert not queue_sends.send(f"{_ARN}nothing", "m", {})
    assert not queue_sends.send("arn:aws:sqs:eu-north-1:999988887777:q", "m", {})
