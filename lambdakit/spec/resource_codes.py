"""The diagnostics of what `resources` says and of where its names stand, LK161 to LK168."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.explanation import Explanation

RESOURCE_CODES: Final[Mapping[str, Explanation]] = {
    "LK161": Explanation(
        "a name that is none of the resources",
        "queue, topic, bucket, stream, table, event_bus and state_machine of sources, targets, deliveries and failure "
        "paths name what the document's `resources` define. What is elsewhere is named by queue_arn, bucket_name and "
        "the like.",
    ),
    "LK162": Explanation(
        "a resource of another kind",
        "The name is one of the `resources`, of another kind than is needed at this place.",
    ),
    "LK163": Explanation(
        "two things at one place",
        "queue names one of the `resources`, and queue_arn one that is elsewhere; there is one source, target or "
        "failure path. Leave one of the two out.",
    ),
    "LK164": Explanation(
        "a dead-letter queue that cannot take the messages",
        "Messages that nobody could handle move to a queue of the same kind, FIFO or standard, and on from there to "
        "no queue that they came through.",
    ),
    "LK165": Explanation(
        "settings of a resource that do not fit together",
        "Equal messages are told by FIFO queues and topics alone; a lifecycle rule says after which time something "
        "happens; versions expire where a bucket has them; a secret's template and the key in it belong together; a "
        "parameter has a string_value, or the parameter_name of an existing one.",
    ),
    "LK166": Explanation(
        "a resource that cannot serve there",
        "A table's changes are read from its stream, which it has where its resource says stream. A FIFO topic "
        "delivers to queues only, and what failed goes to standard topics.",
    ),
    "LK167": Explanation(
        "a name in a state machine's definition that stands for nothing",
        "${name} in a definition stands for one of the `resources` or `functions`, or for what substitutions say. "
        "Substitutions are for names that the definition has, and name resources, functions, numbers, or a text as "
        "{value: text}.",
    ),
    "LK168": Explanation(
        "a task of a state machine that would be denied",
        "A task that puts an item, sends a message or starts an execution does so by the state machine's role, which "
        "may do what grants say. Functions that the definition names may be invoked without.",
    ),
}
