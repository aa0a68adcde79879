"""A schedule of EventBridge Scheduler."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.delivery_attempts import MAX_EVENT_AGE_SAYS, RETRY_ATTEMPTS_SAYS, MaxEventAge, RetryAttempts
from lambdakit.spec.function import Model
from lambdakit.spec.json_value import JsonValue
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.time_zone import Timezone as Timezone

# Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler"
_EXPRESSION_PATTERN: Final = (
    "^(rate\\([1-9][0-9]{0,9} (minute|minutes|hour|hours|day|days)\\)"
    "|at\\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\)"
    "|cron\\([0-9A-Za-z*?,/#-]+( [0-9A-Za-z*?,/#-]+){5}\\))$"
)
# Source: API scheduler CreateSchedule.ScheduleExpression
_EXPRESSION_LENGTH_MAX: Final = 256


def _mended(text: str) -> str:
    """A schedule as it was most likely meant: with one space each, or the five fields of a crontab as cron's six.

    Scheduler wants ? for one of the two days, and a year.
    Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler", cron-based schedules
    """
    words = " ".join(text.split())
    fields = words.removeprefix("cron(").removesuffix(")").split(" ")
    if len(fields) != 5 or words.startswith(("rate(", "at(")):
        return words
    minute, hour, day, month, weekday = fields
    if weekday in ("*", "?"):
        return f"cron({minute} {hour} {'*' if day == '?' else day} {month} ? *)"
    # A crontab counts days of the week from 0, Scheduler from 1: which day is meant by a number is asked, not guessed.
    has_number = any(sign.isdigit() for sign in weekday)
    return words if has_number or day not in ("*", "?") else f"cron({minute} {hour} ? {month} {weekday} *)"


Expression = Annotated[
    str,
    patterned_text(
        _EXPRESSION_PATTERN,
        allowed="a schedule: rate(5 minutes), cron(0 3 * * ? *) with its six fields, or at(2030-01-31T06:00:00)",
        longest=_EXPRESSION_LENGTH_MAX,
        mend=_mended,
    ),
]
# Source: API scheduler FlexibleTimeWindow.MaximumWindowInMinutes: 1 to 1440
FlexibleWindow = Annotated[
    int, duration(minimum=60, maximum=24 * 60 * 60, what="time within which a schedule may start, in minutes")
]


class ScheduleSource(Model):
    """A time, once or again and again. timezone: None for UTC. Times in seconds."""

    kind: Literal["schedule"] = Field(description="a time, once or again and again")
    schedule: Expression = Field(
        description="when: rate(…), cron(…) or at(…)", examples=["rate(5 minutes)", "cron(0 3 * * ? *)"]
    )
    timezone: Timezone | None = Field(
        default=None, description="in which the time is meant; UTC when absent", examples=["Europe/Berlin"]
    )
    input: JsonValue | None = Field(
        default=None, description="the event; that of a scheduled event when absent", examples=[{"task": "backup"}]
    )
    flexible_time_window: FlexibleWindow | None = Field(
        default=None, description="how much later it may start; not at all when absent", examples=["15m"]
    )
    enabled: bool = Field(default=True, description="whether the time counts")
    retry_attempts: RetryAttempts = Field(default=limits.EVENT_RETRIES_MAX, description=RETRY_ATTEMPTS_SAYS)
    max_event_age: MaxEventAge = Field(
        default=limits.EVENT_AGE_SECONDS_MAX,
        description=MAX_EVENT_AGE_SAYS,
        examples=["1h"],
        json_schema_extra={"default": "24h"},
    )
