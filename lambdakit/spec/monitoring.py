"""What a pattern shows of itself: alarms, and a dashboard."""

from typing import Annotated, Final

from pydantic import Field

from lambdakit.spec.function_features import TOPICS_MAX as TOPICS_MAX
from lambdakit.spec.function_features import TopicArns, TopicNames
from lambdakit.spec.model import Model
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import number, or_none, patterned_text, refusal, whole_number
from lambdakit.spec.stacked import Stacked

# Source: CloudWatch User Guide, "Concepts", periods: a multiple of 60 for metrics of a minute; at most a day
_PERIOD_SECONDS_MAX: Final = 86_400

_COUNT: Final = whole_number(minimum=1, what="value of an alarm")
_AGE: Final = duration(minimum=1, maximum=86_400, what="age that an alarm watches")
_SHARE: Final = number(minimum=0.01, maximum=1.0, what="share that an alarm watches")

Count = Annotated[int | None, or_none(_COUNT)]
Age = Annotated[int | None, or_none(_AGE)]
Share = Annotated[float | None, or_none(_SHARE)]
DashboardName = Annotated[
    str,
    patterned_text("^[A-Za-z0-9_-]+$", allowed="a name of a dashboard: letters, digits, - and _", longest=255),
]
# Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax", start
Start = Annotated[
    str,
    patterned_text(
        "^-P(?=.)([1-9][0-9]*[WDM])?(T(?=.)([1-9][0-9]*H)?([1-9][0-9]*M)?)?$",
        allowed="a time before now such as -PT3H or -P1D",
        longest=32,
    ),
]


class PatternAlarms(Model):
    """Alarms on all that the pattern makes, over five minutes each, paid for by the month. `none` leaves one out."""

    errors: Count = Field(default=1, description="failed invocations")
    throttles: Count = Field(default=1, description="refused invocations")
    duration_share: Share = Field(default=0.9, description="share of the time-out that the slowest hundredth reaches")
    concurrency_share: Share = Field(
        default=0.9, description="share of a reserved concurrency above 1 that is in use at once"
    )
    async_event_age: Age = Field(
        default=300,
        description="how long asynchronous events wait",
        examples=["5m"],
        json_schema_extra={"default": "5m"},
    )
    iterator_age: Age = Field(
        default=3600,
        description="how far a stream's records are behind",
        examples=["1h"],
        json_schema_extra={"default": "1h"},
    )
    message_age: Age = Field(
        default=3600,
        description="how long a message waits in the pattern's own queue",
        examples=["1h"],
        json_schema_extra={"default": "1h"},
    )
    failure_queue_depth: Count = Field(default=1, description="messages in a failure or dead-letter queue made here")
    topics: TopicNames = Field(
        default_factory=lambda: [],
        description="of `resources`, told when an alarm goes off and is over",
        examples=[["alerts"]],
    )
    topic_arns: TopicArns = Field(default_factory=lambda: [], description="existing ones, likewise; at most 5 together")


def _read_period(value: object) -> int:
    seconds: int = _DURATION.read(value)
    if seconds % 60:
        raise refusal("LK115", f"{seconds}s is no number of whole minutes", "write 5m")
    return seconds


_DURATION: Final = duration(minimum=60, maximum=_PERIOD_SECONDS_MAX, what="time that a point stands for")
_PERIOD: Final = type(_DURATION)(_read_period, _DURATION.schema)


class Dashboard(Model):
    """A dashboard of the pattern, paid for by the month. dashboard_name: None for one that is made."""

    dashboard_name: DashboardName | None = Field(default=None, description="its name; made when absent")
    start: Start = Field(default="-PT3H", description="how far back it looks when it is opened")
    period: Annotated[int, _PERIOD] = Field(
        default=300,
        description="time that a point stands for",
        examples=["5m"],
        json_schema_extra={"default": "5m"},
    )


class Monitored(Stacked):
    """What every pattern has. alarms, dashboard: None for none."""

    alarms: PatternAlarms | None = Field(
        default=None, description="alarms on the pattern; {} for the usual ones, none when absent"
    )
    dashboard: Dashboard | None = Field(
        default=None, description="a dashboard of the pattern; {} for the usual one, none when absent"
    )
