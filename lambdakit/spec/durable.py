"""What makes a function durable: its executions go on, over many invocations, for up to a year.

Source: AWS Lambda API Reference, "DurableConfig"; the names are those of the CDK's `DurableConfig`.
"""

from typing import Annotated, Final

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.model import Model
from lambdakit.spec.quantities import duration
from lambdakit.spec.refusal import Checked, refusal

_DAY_SECONDS: Final = 86_400

_TIMEOUT: Final = duration(
    minimum=limits.DURABLE_TIMEOUT_SECONDS_MIN,
    maximum=limits.DURABLE_TIMEOUT_SECONDS_MAX,
    what="time-out of a durable execution",
)
_RETENTION: Final = duration(
    minimum=limits.DURABLE_RETENTION_DAYS_MIN * _DAY_SECONDS,
    maximum=limits.DURABLE_RETENTION_DAYS_MAX * _DAY_SECONDS,
    what="retention of durable executions",
)


def _whole_days(value: object) -> int:
    seconds: int = _RETENTION.read(value)
    if seconds % _DAY_SECONDS:
        days = seconds // _DAY_SECONDS
        raise refusal("LK114", f"{value} are no whole days, in which Lambda counts", f"write {days}d")
    return seconds


class DurableConfig(Model):
    """How long an execution may take, and is kept. Both in seconds."""

    execution_timeout: Annotated[int, _TIMEOUT] = Field(
        description="how long an execution may take, rests included; at most 366d", examples=["7d"]
    )
    retention_period: Annotated[int, Checked(_whole_days, _RETENTION.schema)] | None = Field(
        default=None, description="how long its history is kept afterwards, in whole days; 14d when absent"
    )
