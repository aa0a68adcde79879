"""A message stays hidden at least as long as the function may work on it.

Source: AWS Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping": Lambda refuses a
queue whose visibility time-out is below the function's, and asks for six times as much.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.limits import QUEUE_VISIBILITY_TIMEOUTS
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.queue import QueueResource
from lambdakit.spec.rules.rule import RuleContext


def queue_visibility(context: RuleContext) -> Iterator[Finding]:
    """A finding for each queue whose messages would come again while they are handled."""
    patterns = dict(context.event_processings())
    for function in context.functions:
        pattern = patterns.get(str(function.pointer[1])) if function.pointer[0] == "patterns" else None
        if pattern is None or not isinstance(pattern.source, SqsSource) or not context.knows(function, "timeout"):
            continue
        visibility, timeout = pattern.source.visibility_timeout, function.settings.timeout
        place: Pointer = ("patterns", function.pointer[1], "source", "visibility_timeout")
        whose = "the function's timeout"
        queue = context.application.resources.get(pattern.source.queue or "")
        if isinstance(queue, QueueResource) and pattern.source.queue is not None:
            visibility, place = queue.visibility_timeout, ("resources", pattern.source.queue, "visibility_timeout")
            whose = f"the timeout of {function.name}, which the queue starts,"
        if visibility is not None and visibility < timeout:
            advised = QUEUE_VISIBILITY_TIMEOUTS * timeout + (pattern.source.max_batching_window or 0)
            yield Finding(
                code="LK171",
                pointer=place,
                problem=f"{visibility}s are below {whose} of {timeout}s: messages would come again "
                "while they are handled",
                hint=f"write {advised}s, or leave it out",
            )
