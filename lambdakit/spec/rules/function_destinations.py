"""Results and failures of asynchronous invocations go where Lambda sends them, and failures to one place.

Source: AWS Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.cognito import CognitoSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.resources.queue import QueueResource
from lambdakit.spec.resources.queue_uses import FIFO_END, is_fifo_queue
from lambdakit.spec.resources.topic import TopicResource
from lambdakit.spec.rules.rule import PlacedFunction, RuleContext

_KEYS = ("on_success", "on_failure", "dead_letter_queue", "dead_letter_topic")


def function_destinations(context: RuleContext) -> Iterator[Finding]:
    """A finding for each FIFO queue and topic, and for what would be said twice."""
    for function in context.functions:
        for key in _KEYS:
            name = getattr(function.written, key)
            if name is not None and _is_fifo(context, name):
                problem = f"{name} is FIFO, and asynchronous events go to standard queues and topics only"
                yield Finding(code="LK172", pointer=(*function.pointer, key), problem=problem, hint="name another")
        if function.written.dead_letter_queue is not None and function.written.dead_letter_topic is not None:
            yield Finding(
                code="LK172",
                pointer=(*function.pointer, "dead_letter_topic"),
                at_key=True,
                problem="there is a dead_letter_queue, and a function has one place for dead letters",
                hint="leave one of the two out",
            )
        if function.written.on_failure is not None and _has_failure_path(context, function):
            yield Finding(
                code="LK172",
                pointer=(*function.pointer, "on_failure"),
                at_key=True,
                problem="the pattern's on_failure is the function's, too",
                hint="say it at the pattern",
            )


def _is_fifo(context: RuleContext, name: str) -> bool:
    match context.application.resources.get(name):
        case QueueResource() as queue:
            return is_fifo_queue(queue)
        case TopicResource() as topic:
            return topic.fifo if topic.topic_arn is None else topic.topic_arn.endswith(FIFO_END)
    return False


def _has_failure_path(context: RuleContext, function: PlacedFunction) -> bool:
    """Whether the function's pattern hands it events asynchronously, so that it has a failure path of its own."""
    if function.pointer[0] != "patterns":
        return False
    pattern = context.application.patterns[str(function.pointer[1])]
    return isinstance(pattern, EventProcessing) and not isinstance(pattern.source, SqsSource | CognitoSource)
