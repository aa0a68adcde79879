"""Queues as event sources when something comes between: mappings that change, queues that go, environments that die.

Source, unless a test says another: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and its subpages.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.event_source import FedFunction, Queue, advance, do
from tests.fakes.waiting import wait_until
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-sqs")


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def queue(harness: WiredHarness) -> Iterator[Queue]:
    made = Queue(harness, "jobs", give_up_after=2)
    yield made
    made.remove()


@pytest.fixture
def fifo(harness: WiredHarness) -> Iterator[Queue]:
    made = Queue(harness, "orders.fifo", give_up_after=2)
    yield made
    made.remove()


def test_the_trace_header_of_a_batch_of_messages_reaches_the_function(fed: FedFunction, queue: Queue) -> None:
    """Source: Amazon SQS API Reference, "SendMessageBatchRequestEntry": MessageSystemAttributes."""
    fed.map(queue.arn)
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"

    queue.send("a", "b", MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": header}})

    records = [record for batch in fed.batches() for record in batch]
    assert [record["attributes"]["AWSTraceHeader"] for record in records] == [header, header]


def test_messages_of_a_window_are_given_back_when_the_mapping_changes(fed: FedFunction, queue: Queue) -> None:
    mapping = fed.map(queue.arn, BatchSize=12, MaximumBatchingWindowInSeconds=20)
    queue.send("held")
    assert queue.left() == (0, 1)

    fed.lambda_.update_event_source_mapping(UUID=mapping, MaximumBatchingWindowInSeconds=0, BatchSize=5)
    fed.harness.drain()

    assert [batch[0]["body"] for batch in fed.batches()] == ["held"]
    assert queue.left() == (0, 0)


def test_a_throttled_batch_is_given_back_when_its_mapping_goes(fed: FedFunction, queue: Queue) -> None:
    mapping = fed.map(queue.arn)
    fed.lambda_.put_function_concurrency(FunctionName="fed", ReservedConcurrentExecutions=0)
    queue.send("patient")

    fed.lambda_.delete_event_source_mapping(UUID=mapping)
    advance(fed.harness, 2)

    assert (fed.batches(), queue.left()) == ([], (1, 0))


def test_messages_are_shared_by_mappings_and_none_is_handled_twice(fed: FedFunction, queue: Queue) -> None:
    other = FedFunction(fed.harness, "other", Timeout=10)
    fed.map(queue.arn, BatchSize=1)
    other.map(queue.arn, BatchSize=1)

    queue.send(*[str(number) for number in range(60)])

    bodies = [batch[0]["body"] for function in (fed, other) for batch in function.batches()]
    assert sorted(bodies, key=int) == [str(number) for number in range(60)]
    assert queue.left() == (0, 0)
    other.remove()


def test_a_queue_that_is_deleted_while_a_batch_runs_ends_in_silence(fed: FedFunction, harness: WiredHarness) -> None:
    queue = Queue(harness, "brief")
    fed.map(queue.arn)

    queue.send(do("sleep 0.3"), settle=False)
    wait_until(lambda: bool(fed.told("InvocationStarted")), "the batch runs")
    queue.remove()
    harness.drain()

    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["success"]


def test_killed_environments_lose_no_message(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn, BatchSize=3)

    queue.send(*[do("exit") if number % 7 == 0 else str(number) for number in range(30)])
    advance(fed.harness, 31)
    advance(fed.harness, 31)
    advance(fed.harness, 31)

    handled = {record["body"] for batch in fed.batches() for record in batch}
    assert handled == {do("exit"), *(str(number) for number in range(30) if number % 7)}
    assert queue.left() == (0, 0)


def test_a_repeated_message_of_a_fifo_queue_is_dropped_even_after_it_was_handled(fed: FedFunction, fifo: Queue) -> None:
    """Source: Amazon SQS Developer Guide, "Using the message deduplication ID in Amazon SQS": five minutes."""
    fed.map(fifo.arn)

    fifo.send("once", MessageGroupId="a")
    fifo.send("once", MessageGroupId="a")
    assert len(fed.batches()) == 1
    advance(fed.harness, 301)
    fifo.send("once", MessageGroupId="a")

    assert len(fed.batches()) == 2
