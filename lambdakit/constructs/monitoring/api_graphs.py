"""Graphs of APIs: how many requests, how many errors, how long they take.

Source: API Gateway Developer Guide, "Monitor CloudWatch metrics for HTTP APIs", "Amazon API Gateway dimensions and
metrics" (REST), "Monitor WebSocket API execution with CloudWatch metrics"; Elastic Load Balancing, "CloudWatch metrics
for your Application Load Balancer".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.constructs.monitoring.graph import Graph
from lambdakit.constructs.monitoring.resource_graphs import graph_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_GATEWAY: Final = "AWS/ApiGateway"
_BALANCER: Final = "AWS/ApplicationELB"
_LATENCIES: Final = tuple(
    (name, stat, f"{label} {stat}")
    for name, label in (("Latency", "whole"), ("IntegrationLatency", "function"))
    for stat in ("p50", "p90", "p99")
)


def http_api_graphs(api_id: str) -> list[Graph]:
    """An HTTP API."""
    return _gateway({"ApiId": api_id}, (("4xx", "Sum", "4xx"), ("5xx", "Sum", "5xx")))


def rest_api_graphs(api_name: str) -> list[Graph]:
    """A REST API, which its metrics know by its name."""
    return _gateway({"ApiName": api_name}, (("4XXError", "Sum", "4xx"), ("5XXError", "Sum", "5xx")))


def websocket_api_graphs(api_id: str) -> list[Graph]:
    """A WebSocket API: connections and messages."""
    dimensions = {"ApiId": api_id}
    return [
        graph_of(
            "Requests",
            _GATEWAY,
            dimensions,
            (("ConnectCount", "Sum", "connections"), ("MessageCount", "Sum", "messages")),
        ),
        graph_of(
            "Errors of requests",
            _GATEWAY,
            dimensions,
            (
                ("ClientError", "Sum", "4xx"),
                ("ExecutionError", "Sum", "API"),
                ("IntegrationError", "Sum", "function"),
            ),
        ),
        graph_of("Latency", _GATEWAY, dimensions, _LATENCIES[3:], unit="ms"),
    ]


def load_balancer_graphs(full_name: str) -> list[Graph]:
    """A load balancer. full_name: the end of its ARN, `app/name/id`."""
    dimensions = {"LoadBalancer": full_name}
    return [
        graph_of("Requests", _BALANCER, dimensions, (("RequestCount", "Sum", "requests"),)),
        graph_of(
            "Errors of requests",
            _BALANCER,
            dimensions,
            (
                ("HTTPCode_ELB_4XX_Count", "Sum", "4xx of the balancer"),
                ("HTTPCode_ELB_5XX_Count", "Sum", "5xx of the balancer"),
                ("HTTPCode_Target_4XX_Count", "Sum", "4xx of functions"),
                ("HTTPCode_Target_5XX_Count", "Sum", "5xx of functions"),
                ("LambdaUserError", "Sum", "errors of functions"),
            ),
        ),
        graph_of(
            "Latency",
            _BALANCER,
            dimensions,
            tuple(("TargetResponseTime", stat, stat) for stat in ("p50", "p90", "p99")),
            unit="s",
        ),
    ]


def _gateway(dimensions: Mapping[str, str], errors: Sequence[tuple[str, str, str]]) -> list[Graph]:
    return [
        graph_of("Requests", _GATEWAY, dimensions, (("Count", "Sum", "requests"),)),
        graph_of("Errors of requests", _GATEWAY, dimensions, errors),
        graph_of("Latency", _GATEWAY, dimensions, _LATENCIES, unit="ms"),
    ]
