"""An alarm of CloudWatch that starts the function when its state changes."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit.spec.function import Model
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import Checked, patterned_text, whole_number, wrong_type

# Source: API cloudwatch PutMetricAlarm: Namespace, MetricName, Dimensions, EvaluationPeriods, Period
_NAME_LENGTH_MAX: Final = 255
_DIMENSIONS_MAX: Final = 30


def _read_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > 1e300:
        raise wrong_type(value, "a number")
    return value


Name = Annotated[
    str, patterned_text("^[^:\\u0000-\\u001f\\u007f]+$", allowed="a name without colons", longest=_NAME_LENGTH_MAX)
]
Value = Annotated[str, patterned_text("^[^\\u0000-\\u001f\\u007f]+$", allowed="a value", longest=1_024)]
Statistic = Annotated[
    str,
    patterned_text(
        "^(Average|Sum|Maximum|Minimum|SampleCount|p(100|[0-9]{1,2}(\\.[0-9]{1,10})?))$",
        allowed="a statistic: Average, Sum, Maximum, Minimum, SampleCount, or a percentile such as p99",
        longest=16,
        mend=lambda text: text.strip().capitalize(),
    ),
]
Threshold = Annotated[float, Checked(_read_number, {"type": "number", "minimum": -1e300, "maximum": 1e300})]
Periods = Annotated[int, whole_number(minimum=1, maximum=1_440, what="periods that are looked at")]
Period = Annotated[int, duration(minimum=10, maximum=24 * 60 * 60, what="time of a period")]


class AlarmSource(Model):
    """A metric that crosses a threshold. period: seconds. datapoints_to_alarm: None for all that are looked at."""

    kind: Literal["alarm"] = Field(description="a metric that crosses a threshold")
    namespace: Name = Field(description="whose metric it is", examples=["AWS/SQS"])
    metric_name: Name = Field(description="name of the metric", examples=["ApproximateAgeOfOldestMessage"])
    dimensions: Annotated[dict[Name, Value], Field(max_length=_DIMENSIONS_MAX)] = Field(
        default_factory=dict, description="what the metric is about", examples=[{"QueueName": "jobs"}]
    )
    statistic: Statistic = Field(default="Average", description="what is made of a period's values", examples=["p99"])
    period: Period = Field(
        default=300,
        description="10s, 20s, 30s or whole minutes",
        examples=["1m"],
        json_schema_extra={"default": "5m"},
    )
    threshold: Threshold = Field(description="the value to compare with", examples=[300])
    comparison_operator: Literal[
        "greater_than_threshold",
        "greater_than_or_equal_to_threshold",
        "less_than_threshold",
        "less_than_or_equal_to_threshold",
    ] = Field(default="greater_than_or_equal_to_threshold", description="when the threshold is crossed")
    evaluation_periods: Periods = Field(default=1, description="how many periods are looked at")
    datapoints_to_alarm: Periods | None = Field(
        default=None, description="how many of them have to be past the threshold; all when absent", examples=[2]
    )
    treat_missing_data: Literal["missing", "ignore", "breaching", "not_breaching"] = Field(
        default="missing", description="what a missing value counts as"
    )
    states: Annotated[list[Literal["alarm", "ok", "insufficient_data"]], Field(min_length=1)] = Field(
        default=["alarm"], description="states that start the function when they begin"
    )
