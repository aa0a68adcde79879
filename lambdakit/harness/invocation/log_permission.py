"""Whether a function's role lets Lambda write the function's log.

A role without it is a function without a log: nothing fails, and nothing is to be read.
Source: AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs", required IAM permissions.
"""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment

Refusal = Callable[[str, str, str], str | None]
"""Why a role may not do an action to a resource; None when it may."""


class LogPermission:
    """Asks once an invocation, as the role's policies may change while an environment lives."""

    def __init__(self, refusal: Refusal, note: Callable[[ExecutionEnvironment, str], None]) -> None:
        """note: takes why an environment's log gets nothing."""
        self._refusal = refusal
        self._note = note
        self._asked: dict[str, tuple[str, bool]] = {}
        self._streams: set[str] = set()

    def allows(self, environment: ExecutionEnvironment, place: LogPlace, request_id: str) -> bool:
        """Whether a line of an invocation reaches the log group."""
        asked = self._asked.get(environment.id)
        if asked is None or asked[0] != request_id:
            asked = self._asked[environment.id] = (request_id, self._ask(environment, place))
        return asked[1]

    def forget(self, environment: ExecutionEnvironment) -> None:
        """The environment is gone."""
        self._asked.pop(environment.id, None)
        self._streams.discard(environment.id)

    def _ask(self, environment: ExecutionEnvironment, place: LogPlace) -> bool:
        partition = environment.configuration.arn.split(":")[1]
        group = f"arn:{partition}:logs:{place.region}:{place.account_id}:log-group:{place.group}"
        # Its stream is made once.
        made = environment.id in self._streams
        for action in ("PutLogEvents",) if made else ("CreateLogStream", "PutLogEvents"):
            refused = self._refusal(
                environment.configuration.role, f"logs:{action}", f"{group}:log-stream:{place.stream}"
            )
            if refused is not None:
                self._note(environment, f"its log group {place.group} gets nothing: {refused}")
                return False
        self._streams.add(environment.id)
        return True
