"""The dashboard of a pattern: its settings, and the resource, which costs one round trip to Node.js.

What it costs: 3 USD a month in most regions, the first three of an account with at most 50 metrics each nothing, which
is why there is none unless it is asked for. Source: "Amazon CloudWatch Pricing", dashboards, free tier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from aws_cdk import Aws
from aws_cdk import aws_cloudwatch as cloudwatch

from lambdakit.constructs.function_properties import seconds_of
from lambdakit.constructs.monitoring.graph import Section, dashboard_body
from lambdakit.constructs.unresolved import is_unresolved
from lambdakit.errors import Diagnostic
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import Duration
    from constructs import Construct

DASHBOARD_ID: Final = "Dashboard"

# Source: API PutDashboard.DashboardName
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
# Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax", start: relative to now
_START = re.compile(r"-P(?=.)([1-9][0-9]*[WDM])?(T(?=.)([1-9][0-9]*H)?([1-9][0-9]*M)?)?")
_PERIOD_SECONDS: Final = 300
# Source: CloudWatch User Guide, "Concepts", periods: a multiple of 60 for metrics of a minute; at most a day
_PERIOD_SECONDS_MIN: Final = 60
_PERIOD_SECONDS_MAX: Final = 86_400
# Source: CloudWatch User Guide, "Service quotas": widgets of a dashboard, metrics of a dashboard and of a graph
WIDGETS_MAX: Final = 500
METRICS_MAX: Final = 2_500
GRAPH_METRICS_MAX: Final = 500
# Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax", alarm widget
_ALARMS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardProperties:
    """A dashboard of the pattern: its functions, what starts them, what they write to, and what failed.

    dashboard_name: absent, CloudFormation makes one, so that two stacks do not share it.
    start: how far back it looks when it is opened, as an ISO 8601 duration; absent, -PT3H, three hours.
    period: a `Duration` or seconds that a point stands for, a multiple of 60 up to a day; absent, 300.
    """

    dashboard_name: str | None = None
    start: str = "-PT3H"
    period: Duration | int = _PERIOD_SECONDS


def make_dashboard(
    scope: Construct,
    properties: DashboardProperties,
    sections: Sequence[Section],
    *,
    alarms: Sequence[cloudwatch.CfnAlarm] = (),
) -> cloudwatch.CfnDashboard:
    """The dashboard, as the child `Dashboard` of `scope`. alarms: whose states stand on top."""
    seconds = seconds_of(properties.period)
    return cloudwatch.CfnDashboard(
        scope,
        DASHBOARD_ID,
        dashboard_name=properties.dashboard_name,
        dashboard_body=dashboard_body(
            sections,
            region=Aws.REGION,
            start=properties.start,
            period_seconds=_PERIOD_SECONDS if seconds is None else int(seconds),
            alarm_arns=[alarm.attr_arn for alarm in alarms[:_ALARMS_MAX]],
        ),
    )


def dashboard_problems(pointer: str, properties: DashboardProperties) -> Iterator[Diagnostic]:
    """What CloudWatch would refuse of `properties`."""
    name = properties.dashboard_name
    if name is not None and _NAME.fullmatch(name) is None and not is_unresolved(name):
        yield Diagnostic(
            pointer=f"{pointer}.dashboard_name",
            problem=f"{name!r} is no name of a dashboard: 1 to 255 letters, digits, - and _",
            code="LK401",
            hint="leave it out to have one made",
        )
    if _START.fullmatch(properties.start) is None:
        yield Diagnostic(
            pointer=f"{pointer}.start",
            problem=f"{properties.start!r} is no time before now such as -PT3H or -P1D",
            code="LK401",
            hint="start: -PT3H",
        )
    seconds = seconds_of(properties.period)
    if seconds is not None and (seconds % 60 or not _PERIOD_SECONDS_MIN <= seconds <= _PERIOD_SECONDS_MAX):
        yield Diagnostic(
            pointer=f"{pointer}.period",
            problem=f"{seconds:g} seconds are no period: a multiple of 60 from {_PERIOD_SECONDS_MIN} to "
            f"{_PERIOD_SECONDS_MAX}",
            code="LK401",
            hint=f"period: {_PERIOD_SECONDS}",
        )
