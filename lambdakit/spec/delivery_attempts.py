"""How often and how long a rule or a schedule tries to hand an event over."""

from __future__ import annotations

from typing import Annotated, Final

from lambdakit import limits
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import whole_number

RetryAttempts = Annotated[
    int, whole_number(minimum=0, maximum=limits.EVENT_RETRIES_MAX, what="times that an event is tried again")
]
MaxEventAge = Annotated[
    int,
    duration(
        minimum=limits.EVENT_AGE_SECONDS_MIN,
        maximum=limits.EVENT_AGE_SECONDS_MAX,
        what="time for which an event is tried",
    ),
]
RETRY_ATTEMPTS_SAYS: Final = "how often an event that could not be handed over is tried again"
MAX_EVENT_AGE_SAYS: Final = "how long it is tried"
