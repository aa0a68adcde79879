"""A shared resource is one that can serve where it is named.

Sources: SQS Developer Guide, "Using dead-letter queues in Amazon SQS"; SNS Developer Guide, "Message delivery for FIFO
topics"; Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.sns import SnsSource
from lambdakit.spec.failure import SnsFailure
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.queue import NO_QUEUE, QueueResource
from lambdakit.spec.resources.queue_uses import FIFO_END, is_fifo_queue
from lambdakit.spec.resources.references import parts, queues
from lambdakit.spec.resources.table import ExistingTableResource, TableResource
from lambdakit.spec.resources.topic import TopicResource
from lambdakit.spec.rules.rule import RuleContext


def resource_uses(context: RuleContext) -> Iterator[Finding]:
    """A finding for each resource that is named where AWS does not take it."""
    for pointer, part in parts(context.application):
        match part:
            case DynamoStreamSource(table=str() as name):
                yield from _without_stream(context, (*pointer, "table"), name)
            case SnsSource(topic=str() as name) if _is_fifo_topic(context, name):
                problem = f"{name} is a FIFO topic, which delivers to queues only, not to functions"
                hint = "subscribe a FIFO queue to it, and take that queue as the source"
                yield Finding(code="LK166", pointer=(*pointer, "topic"), problem=problem, hint=hint)
            case SnsFailure(topic=str() as name) if _is_fifo_topic(context, name):
                problem = f"{name} is a FIFO topic, and what failed goes to standard topics only"
                yield Finding(code="LK166", pointer=(*pointer, "topic"), problem=problem, hint="name a standard topic")
    for name, queue in queues(context.application):
        if queue.dead_letter_queue not in (None, NO_QUEUE):
            yield from _wrong_dead_letters(context, name, queue)


def _without_stream(context: RuleContext, pointer: Pointer, name: str) -> Iterator[Finding]:
    match context.application.resources.get(name):
        case TableResource(stream=None) if context.pruned.spares("resources", name, "stream"):
            hint = f"add stream: new_and_old_images to {name}"
        case ExistingTableResource(table_stream_arn=None) if context.pruned.spares("resources", name):
            hint = f"add table_stream_arn to {name}"
        case _:
            return
    problem = f"the table {name} has no stream, so that nobody can read its changes"
    yield Finding(code="LK166", pointer=pointer, problem=problem, hint=hint)


def _is_fifo_topic(context: RuleContext, name: str) -> bool:
    topic = context.application.resources.get(name)
    if not isinstance(topic, TopicResource):
        return False
    return topic.fifo if topic.topic_arn is None else topic.topic_arn.endswith(FIFO_END)


def _wrong_dead_letters(context: RuleContext, name: str, queue: QueueResource) -> Iterator[Finding]:
    pointer = ("resources", name, "dead_letter_queue")
    other = context.application.resources.get(str(queue.dead_letter_queue))
    if not isinstance(other, QueueResource):
        return
    circle = _circle(context, name)
    if circle:
        problem = f"messages would move in a circle: {' to '.join(circle)}"
        hint = "write none at the last one, or leave it out" if len(circle) > 2 else "name another queue"
        yield Finding(code="LK164", pointer=pointer, problem=problem, hint=hint)
    elif is_fifo_queue(queue) != is_fifo_queue(other):
        ours, theirs = ("FIFO", "standard") if is_fifo_queue(queue) else ("standard", "FIFO")
        problem = f"messages of a {ours} queue cannot move to {queue.dead_letter_queue}, a {theirs} queue"
        hint = "name one of the same kind, or leave it out for a new one"
        yield Finding(code="LK164", pointer=pointer, problem=problem, hint=hint)


def _circle(context: RuleContext, name: str) -> list[str]:
    """The queues from the named one back to itself; empty when it does not come back."""
    way, here = [name], name
    while isinstance(queue := context.application.resources.get(here), QueueResource):
        here = str(queue.dead_letter_queue)
        if here == name:
            return [*way, here]
        if here in way:
            return []
        way.append(here)
    return []
