"""The log of one environment: where it is kept, and whether the function's role lets Lambda write it.

A role without that right is a function without a log: nothing fails, and nothing is to be read.
Source: AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs", required IAM permissions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

Refusal = Callable[[str, str, str], str | None]
"""Why a role may not do an action to a resource; None when it may."""


class LogStore(Protocol):
    """Where the lines of functions are kept."""

    def write(self, place: LogPlace, line: str, at: datetime, may: Callable[[bool], bool]) -> None:
        """Takes a line; may keep it for later, in order. may: whether it is written at all, asked by then."""

    def has_group(self, place: LogPlace) -> bool:
        """Whether the log group of a place is there."""


class Verdict:
    """Whether the lines of one invocation are written: asked when the first who needs it calls, and kept."""

    __slots__ = ("_answer", "_ask", "_creates_group")

    def __init__(self, ask: Callable[[], bool], *, creates_group: bool) -> None:
        self._ask = ask
        self._creates_group = creates_group
        self._answer: bool | None = None

    def __call__(self, has_group: bool = True) -> bool:
        """The answer. has_group: whether the log group is there; else it has to be allowed to make one."""
        if not has_group and not self._creates_group:
            return False
        if self._answer is None:
            self._answer = self._ask()
        return self._answer


class LogFile:
    """The role is asked once an invocation, as its policies may change while the environment lives."""

    def __init__(
        self,
        configuration: FunctionConfiguration,
        environment_id: str,
        now: datetime,
        *,
        store: LogStore,
        refusal: Refusal,
        note: Callable[[str], None],
    ) -> None:
        """note: takes why nothing is written."""
        # DG "Sending Lambda function logs to CloudWatch Logs": date, version and environment name the stream.
        self.place = LogPlace(
            account_id=configuration.account_id,
            region=configuration.region,
            group=configuration.log_group,
            stream=f"{now:%Y/%m/%d}/[{configuration.version}]{environment_id}",
        )
        partition, place = configuration.arn.split(":")[1], self.place
        streams = f"arn:{partition}:logs:{place.region}:{place.account_id}:log-group:{place.group}:log-stream:"
        self._stream = f"{streams}{place.stream}"
        self._role = configuration.role
        self._refusal = refusal
        self._note = note
        self._last: tuple[str, Verdict] | None = None
        self._has_stream = False
        # A group that is there now is its stack's, mostly: nobody has to make it, nor again once the stack is gone.
        missing = not store.has_group(self.place)
        self._creates_group = missing and refusal(self._role, "logs:CreateLogGroup", streams) is None

    def verdict(self, request_id: str) -> Verdict:
        """That of an invocation."""
        last = self._last
        if last is None or last[0] != request_id:
            last = self._last = (request_id, Verdict(self._ask, creates_group=self._creates_group))
        return last[1]

    def _ask(self) -> bool:
        # Its stream is made once.
        for action in ("PutLogEvents",) if self._has_stream else ("CreateLogStream", "PutLogEvents"):
            refused = self._refusal(self._role, f"logs:{action}", self._stream)
            if refused is not None:
                self._note(f"its log group {self.place.group} gets nothing: {refused}")
                return False
        self._has_stream = True
        return True
