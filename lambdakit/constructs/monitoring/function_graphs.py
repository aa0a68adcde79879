"""Graphs of functions.

Source: Lambda Developer Guide, "Types of metrics for Lambda functions"; "Monitoring Lambda function URLs".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.function_properties import seconds_of
from lambdakit.constructs.monitoring.graph import Graph, Metric, Section
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from lambdakit.constructs.function_properties import FunctionProperties
    from lambdakit.constructs.lambda_function import LambdaFunction

_NAMESPACE: Final = "AWS/Lambda"
_SLOWEST: Final = ("p50", "p90", "p99")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFunction:
    """A function of a pattern.

    label: as the pattern calls it. name: as Lambda does. timeout_ms: None when it is not known.
    reserved: its reserved concurrency; None when it has none.
    """

    label: str
    name: str
    timeout_ms: float | None = None
    reserved: int | None = None

    @classmethod
    def made(cls, label: str, function: LambdaFunction, properties: FunctionProperties) -> WatchedFunction:
        """The one made of `properties`."""
        seconds = seconds_of(properties.timeout)
        return cls(
            label=label,
            name=function.function.function_name,
            timeout_ms=None if seconds is None else seconds * 1000,
            reserved=properties.reserved_concurrent_executions,
        )

    @classmethod
    def existing(cls, label: str, function: lambda_.IFunction) -> WatchedFunction:
        """One made elsewhere, itself or an alias, whose function's metrics they are."""
        timeout = function.timeout if isinstance(function, lambda_.Function) else None
        seconds = None if timeout is None else seconds_of(timeout)
        # An imported alias is of a class that could not be named.
        version = getattr(function, "version", None) if hasattr(function, "alias_name") else None
        name: str = function.function_name if version is None else version.lambda_.function_name
        return cls(
            label=label,
            name=name,
            timeout_ms=None if seconds is None else seconds * 1000,
        )


def function_section(functions: Sequence[WatchedFunction], *, asynchronous: bool = False) -> Section:
    """What they did, and how long each took against its time-out.

    asynchronous: their events wait in a queue of Lambda's own.
    """
    graphs = [
        _of_all("Invocations", functions, "Invocations", stat="Sum"),
        _of_all("Errors", functions, "Errors", stat="Sum"),
        _of_all("Throttles", functions, "Throttles", stat="Sum"),
        Graph(title="Concurrent executions", metrics=list(_lines(functions, "ConcurrentExecutions", stat="Maximum"))),
        *(_duration(each) for each in functions),
    ]
    if asynchronous:
        graphs.append(_asynchronous(functions))
    return Section(title="Functions" if len(functions) > 1 else "Function", graphs=graphs)


def url_graphs(function: WatchedFunction) -> list[Graph]:
    """The requests that came by a function's own address."""

    def metric(name: str, label: str, stat: str = "Sum") -> Metric:
        return _metric(function, name, stat=stat, label=label)

    return [
        Graph(title="Requests", metrics=[metric("UrlRequestCount", "requests")]),
        Graph(title="Errors of requests", metrics=[metric("Url4xxCount", "4xx"), metric("Url5xxCount", "5xx")]),
        Graph(
            title="Latency",
            unit="ms",
            metrics=[metric("UrlRequestLatency", stat, stat) for stat in _SLOWEST],
        ),
    ]


def iterator_age_graph(function: WatchedFunction) -> Graph:
    """How far the function is behind its stream."""
    return Graph(
        title="Iterator age",
        unit="ms",
        metrics=[_metric(function, "IteratorAge", stat="Maximum", label="oldest record")],
    )


def offset_lag_graph(function: WatchedFunction) -> Graph:
    """How many records the function is behind its Kafka topic."""
    return Graph(
        title="Offset lag",
        unit="records",
        metrics=[_metric(function, "OffsetLag", stat="Maximum", label="records behind")],
    )


def _of_all(title: str, functions: Iterable[WatchedFunction], name: str, *, stat: str) -> Graph:
    return Graph(title=title, metrics=list(_lines(functions, name, stat=stat)), stacked=True)


def _lines(functions: Iterable[WatchedFunction], name: str, *, stat: str) -> Iterable[Metric]:
    return (_metric(each, name, stat=stat, label=each.label) for each in functions)


def _duration(function: WatchedFunction) -> Graph:
    return Graph(
        title=f"Duration of {function.label}",
        unit="ms",
        metrics=[_metric(function, "Duration", stat=stat, label=stat) for stat in _SLOWEST],
        limit=None if function.timeout_ms is None else ("time-out", function.timeout_ms),
    )


def _asynchronous(functions: Sequence[WatchedFunction]) -> Graph:
    return Graph(
        title="Asynchronous events",
        unit="ms",
        metrics=[
            *(_metric(each, "AsyncEventAge", stat="Maximum", label="age") for each in functions),
            *(
                _metric(each, name, stat="Sum", label=label, right=True)
                for each in functions
                for name, label in (
                    ("AsyncEventsDropped", "dropped"),
                    ("DestinationDeliveryFailures", "not told to the destination"),
                )
            ),
        ],
    )


def _metric(function: WatchedFunction, name: str, *, stat: str, label: str, right: bool = False) -> Metric:
    return Metric(
        namespace=_NAMESPACE,
        name=name,
        dimensions={"FunctionName": function.name},
        stat=stat,
        label=label,
        right=right,
    )
