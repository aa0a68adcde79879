"""How long a log group keeps its events: days in, the CDK's enumeration out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from aws_cdk import aws_logs as logs

from lambdakit.errors import Diagnostic

LOG_RETENTION_DAYS_DEFAULT: Final = 30

# Source: CloudWatch Logs API, PutRetentionPolicy.retentionInDays
_BY_DAYS: Final[Mapping[int, logs.RetentionDays]] = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    545: logs.RetentionDays.EIGHTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1096: logs.RetentionDays.THREE_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    2192: logs.RetentionDays.SIX_YEARS,
    2557: logs.RetentionDays.SEVEN_YEARS,
    2922: logs.RetentionDays.EIGHT_YEARS,
    3288: logs.RetentionDays.NINE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}


def retention(log_retention: int | logs.RetentionDays) -> logs.RetentionDays:
    """The CDK's value for a number of days that CloudWatch Logs offers."""
    return _BY_DAYS[log_retention] if isinstance(log_retention, int) else log_retention


def retention_problems(pointer: str, log_retention: int | logs.RetentionDays) -> Iterator[Diagnostic]:
    """The refusal of a number of days that CloudWatch Logs does not offer."""
    if isinstance(log_retention, int) and log_retention not in _BY_DAYS:
        nearest = min(_BY_DAYS, key=lambda days: abs(days - log_retention))
        yield Diagnostic(
            pointer=pointer,
            problem=f"{log_retention} is no number of days that CloudWatch Logs offers: "
            + ", ".join(str(days) for days in _BY_DAYS),
            code="LK401",
            hint=f"log_retention: {nearest}",
        )
