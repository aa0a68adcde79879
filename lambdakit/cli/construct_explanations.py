"""The story behind the diagnostic codes of what patterns and functions are made of, LK440 to LK449."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.codes import Explanation

CONSTRUCTS: Final[Mapping[str, Explanation]] = {
    "LK440": Explanation(
        "a failure path that the source cannot have",
        "Asynchronous events go to a queue, a topic, a bucket or an event bus; records of a stream to the first three; "
        "messages of a queue to another queue.",
    ),
    "LK441": Explanation(
        "an event source that would start nothing",
        "The message says which setting of the source AWS would refuse, and what is allowed.",
    ),
    "LK442": Explanation(
        "a definition of a state machine that is none",
        "The definition is a file with one JSON object of Amazon States Language, with StartAt and States.",
    ),
    "LK443": Explanation(
        "a target's name that is taken",
        "From a target's name follow its construct id, its output and the function's environment variable.",
    ),
    "LK444": Explanation(
        "a grant that cannot be given",
        "A grant is a resource and one access: read, write or read_write of a table, a bucket, a stream or a key, "
        "read_write_delete of a bucket, publish to a queue, a topic or an event bus, consume a queue, read a secret or "
        "a parameter, invoke a state machine or a function. The message lists what the resource has.",
    ),
}
