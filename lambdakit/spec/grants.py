"""What a function may do with a resource or another function, in one word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from lambdakit.spec.names import CONSTRUCT_ID_LENGTH_MAX, CONSTRUCT_ID_PATTERN
from lambdakit.spec.refusal import patterned_text

Access = Literal["read", "write", "read_write", "read_write_delete", "publish", "consume", "invoke"]
GrantedName = Annotated[
    str,
    patterned_text(
        CONSTRUCT_ID_PATTERN,
        allowed="a name of `resources` or of a function: a letter, then letters, digits, - and _",
        longest=CONSTRUCT_ID_LENGTH_MAX,
    ),
]
Grants = dict[GrantedName, Access]

FUNCTION: Final = "function"
# By kind, in the order in which messages list them.
ACCESSES: Final[Mapping[str, tuple[Access, ...]]] = {
    "table": ("read", "write", "read_write"),
    "bucket": ("read", "write", "read_write", "read_write_delete"),
    "queue": ("publish", "consume"),
    "topic": ("publish",),
    "stream": ("read", "write", "read_write"),
    "event_bus": ("publish",),
    "key": ("read", "write", "read_write"),
    "secret": ("read",),
    "parameter": ("read",),
    "state_machine": ("invoke",),
    FUNCTION: ("invoke",),
}
# How the function's variable ends.
SUFFIXES: Final[Mapping[str, str]] = {
    "table": "TABLE_NAME",
    "bucket": "BUCKET_NAME",
    "queue": "QUEUE_URL",
    "topic": "TOPIC_ARN",
    "stream": "STREAM_NAME",
    "event_bus": "EVENT_BUS_NAME",
    "key": "KEY_ARN",
    "secret": "SECRET_ARN",
    "parameter": "PARAMETER_NAME",
    "state_machine": "STATE_MACHINE_ARN",
    FUNCTION: "FUNCTION_ARN",
}
