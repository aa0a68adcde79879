"""Graphs of a dashboard, and the text that CloudWatch takes for them. Nothing here calls Node.js.

Names and values may hold the CDK's tokens: they stay in the text, where the CDK finds them.
Source: CloudWatch User Guide, "Dashboard Body Structure and Syntax".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final, Literal

from lambdakit.records import dataclass

# Source: same, "Properties of a metric widget": the grid is 24 units wide.
_GRID_WIDTH: Final = 24
_WIDTH: Final = 8
_HEIGHT: Final = 6
_ALARMS_HEIGHT: Final = 3
_TITLE_HEIGHT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A line of a graph.

    dimensions: by name, in CloudWatch's order. stat: `Sum`, `Maximum`, `Average`, `p99` ….
    label: absent, the metric's name. right: by the axis on the right, which has a unit of its own.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stat: str = "Sum"
    label: str | None = None
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A graph. limit: a value that a line must not reach, with what it is. unit: of the axis on the left."""

    title: str
    metrics: Sequence[Metric]
    limit: tuple[str, float] | None = None
    unit: str | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Graphs that belong together, under a heading."""

    title: str
    graphs: Sequence[Graph]


PeriodOverride = Literal["auto", "inherit"]


def dashboard_body(
    sections: Sequence[Section],
    *,
    region: str,
    start: str,
    period_seconds: int,
    period_override: PeriodOverride = "auto",
    alarm_arns: Sequence[str] = (),
) -> str:
    """The dashboard's text. alarm_arns: of the alarms whose states stand on top; none, no such row."""
    widgets = list(_placed(sections, region=region, period_seconds=period_seconds, alarm_arns=alarm_arns))
    return json.dumps({"start": start, "periodOverride": period_override, "widgets": widgets}, separators=(",", ":"))


def _placed(
    sections: Sequence[Section], *, region: str, period_seconds: int, alarm_arns: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Widgets with their places, row by row."""
    y = 0
    if alarm_arns:
        yield _widget("alarm", 0, 0, _GRID_WIDTH, _ALARMS_HEIGHT, {"title": "Alarms", "alarms": list(alarm_arns)})
        y = _ALARMS_HEIGHT
    for section in sections:
        if not section.graphs:
            continue
        yield _widget("text", 0, y, _GRID_WIDTH, _TITLE_HEIGHT, {"markdown": f"## {section.title}"})
        y += _TITLE_HEIGHT
        for number, graph in enumerate(section.graphs):
            row, column = divmod(number, _GRID_WIDTH // _WIDTH)
            properties = _properties(graph, region, period_seconds)
            yield _widget("metric", column * _WIDTH, y + row * _HEIGHT, _WIDTH, _HEIGHT, properties)
        y += -(-len(section.graphs) * _WIDTH // _GRID_WIDTH) * _HEIGHT


def _widget(kind: str, x: int, y: int, width: int, height: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _properties(graph: Graph, region: str, period_seconds: int) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": graph.title,
        "view": "timeSeries",
        "stacked": graph.stacked,
        "region": region,
        "period": period_seconds,
        "metrics": [_line(metric) for metric in graph.metrics],
    }
    axes: dict[str, Any] = {"left": {"min": 0, **({} if graph.unit is None else {"label": graph.unit})}}
    properties["yAxis"] = axes
    if graph.limit is not None:
        label, value = graph.limit
        properties["annotations"] = {"horizontal": [{"label": label, "value": value}]}
    return properties


def _line(metric: Metric) -> list[Any]:
    parts: list[Any] = [metric.namespace, metric.name]
    for name, value in metric.dimensions.items():
        parts += [name, value]
    how: dict[str, Any] = {"stat": metric.stat}
    if metric.label is not None:
        how["label"] = metric.label
    if metric.right:
        how["yAxis"] = "right"
    return [*parts, how]
