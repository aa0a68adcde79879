"""An asynchronous event on its way, and what became of its attempts.

Source: AWS Lambda Developer Guide, "Invoking a function asynchronously", with its pages on errors and on records.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Literal, Protocol

from lambdakit.arn import Arn
from lambdakit.clock import Timer
from lambdakit.harness.invocation.invoke import Event
from lambdakit.records import dataclass

# `Success` and `RetriesExhausted` stand in the guide; `EventAgeExceeded` and `ZeroReservedConcurrency` are seen in
# records. The last two are ours: no source says what AWS writes there.
Condition = Literal[
    "Success",
    "RetriesExhausted",
    "EventAgeExceeded",
    "ZeroReservedConcurrency",
    "RecursionDetected",
    "FunctionNotFound",
]


class Treatment(Protocol):
    """How the events of a qualifier are treated; None and empty: AWS's default."""

    @property
    def maximum_retry_attempts(self) -> int | None:
        """After a function error."""

    @property
    def maximum_event_age_seconds(self) -> int | None:
        """After which an event is given up."""

    @property
    def on_success(self) -> str:
        """The ARN of a destination."""

    @property
    def on_failure(self) -> str:
        """The ARN of a destination."""


@dataclass(eq=False, slots=True, kw_only=True)
class QueuedEvent:
    """An event that was accepted. Only its attempt and the queue, one at a time, change it.

    arn: the function's, unqualified. runs: how often the function ran for it. answer: of the last run; None as long as
    there was none. hindrances: throttles and service errors since; hindrance: status and text of the last one.
    done: settled or forgotten; nothing follows from it any more.
    """

    arn: str
    event: Event
    accepted_at: datetime
    runs: int = 0
    hindrances: int = 0
    hindrance: tuple[int, str] | None = None
    answer: Answer | None = None
    timer: Timer | None = None
    done: bool = field(default=False)

    @property
    def function(self) -> str:
        """The function's name."""
        return self.arn.rpartition(":")[2]

    @property
    def region(self) -> str:
        """The function's region."""
        return Arn.parse(self.arn).region


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a run of the function came to. error_type: None on success."""

    payload: bytes
    executed_version: str
    error_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How an event ended.

    error_code: an HTTP status, 200 for the function's own error; error_message: both for a dead-letter queue, and
    meaningless on success.
    """

    condition: Condition
    error_code: int = 200
    error_message: str = ""
