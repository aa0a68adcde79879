"""How asynchronous events are treated: retries, age and destinations, per function, version or alias.

Source: AWS Lambda API Reference, "PutFunctionEventInvokeConfig".
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EventInvokeConfig:
    """The settings of one qualifier. None: AWS's default; an empty destination: none.

    maximum_retry_attempts: 0 to 2. maximum_event_age_seconds: 60 to 21,600. on_success, on_failure: ARNs.
    """

    maximum_retry_attempts: int | None = None
    maximum_event_age_seconds: int | None = None
    on_success: str = ""
    on_failure: str = ""
    last_modified: datetime | None = None


class EventInvokeConfigs:
    """All of an account. Keys: the function's unqualified ARN, and the qualifier, `$LATEST` when none was named."""

    def __init__(self) -> None:
        self._configs: dict[tuple[str, str], EventInvokeConfig] = {}
        self._lock = threading.Lock()

    def put(self, arn: str, qualifier: str, config: EventInvokeConfig) -> None:
        """Sets it, in place of any before."""
        with self._lock:
            self._configs[arn, qualifier or "$LATEST"] = config

    def find(self, arn: str, qualifier: str) -> EventInvokeConfig | None:
        """What was put for this qualifier; None when nothing was."""
        return self._configs.get((arn, qualifier or "$LATEST"))

    def of_function(self, arn: str) -> Mapping[str, EventInvokeConfig]:
        """All of a function, by qualifier."""
        with self._lock:
            return {qualifier: config for (owner, qualifier), config in self._configs.items() if owner == arn}

    def delete(self, arn: str, qualifier: str) -> None:
        """Removes it. ResourceNotFoundException when there is none."""
        with self._lock:
            if self._configs.pop((arn, qualifier or "$LATEST"), None) is None:
                raise ServiceFault(
                    "ResourceNotFoundException",
                    f"The function {arn}:{qualifier or '$LATEST'} doesn't have an EventInvokeConfig",
                )

    def forget_function(self, arn: str) -> None:
        """Removes all of a function, when it is deleted."""
        with self._lock:
            for key in [key for key in self._configs if key[0] == arn]:
                del self._configs[key]
