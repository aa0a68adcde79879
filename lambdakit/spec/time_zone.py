"""The time zone in which a schedule is meant."""

from __future__ import annotations

from typing import Annotated, Final

from lambdakit.spec.refusal import patterned_text

# Source: API scheduler CreateSchedule.ScheduleExpressionTimezone
_LENGTH_MAX: Final = 50

Timezone = Annotated[
    str,
    patterned_text(
        "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$",
        allowed="a time zone such as Europe/Berlin",
        longest=_LENGTH_MAX,
    ),
]
