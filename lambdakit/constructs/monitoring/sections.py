"""The sections of a pattern's dashboard, from what the pattern consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, Fn
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.monitoring.api_graphs import (
    http_api_graphs,
    load_balancer_graphs,
    rest_api_graphs,
    websocket_api_graphs,
)
from lambdakit.constructs.monitoring.function_graphs import (
    WatchedFunction,
    iterator_age_graph,
    offset_lag_graph,
    url_graphs,
)
from lambdakit.constructs.monitoring.graph import Graph, Section
from lambdakit.constructs.monitoring.resource_graphs import (
    delivery_stream_graphs,
    domain_graphs,
    event_bus_graphs,
    event_rule_graphs,
    failed_messages_graph,
    iot_rule_graphs,
    log_group_graphs,
    queue_graphs,
    state_machine_graphs,
    stream_graphs,
    table_graphs,
    topic_graphs,
)

if TYPE_CHECKING:
    from aws_cdk import aws_events as events
    from aws_cdk import aws_sqs as sqs

    from lambdakit.constructs.api_door import AnyApi
    from lambdakit.constructs.delivery.made_delivery import MadeDelivery
    from lambdakit.constructs.event_sources.stream_reading import StreamSource
    from lambdakit.constructs.event_sources.wiring import EventSource
    from lambdakit.constructs.targets.made_target import MadeTarget


def api_section(api: AnyApi, functions: Sequence[WatchedFunction]) -> Section:
    """The requests. functions: the first is that of a function's own address."""
    match api:
        case apigatewayv2.HttpApi():
            graphs = http_api_graphs(api.api_id)
        case apigateway.RestApi():
            graphs = rest_api_graphs(api.rest_api_name)
        case apigatewayv2.WebSocketApi():
            graphs = websocket_api_graphs(api.api_id)
        case lambda_.FunctionUrl():
            graphs = url_graphs(functions[0])
        case elbv2.ApplicationLoadBalancer():
            graphs = load_balancer_graphs(api.load_balancer_full_name)
        case _:
            graphs = load_balancer_graphs(_full_name(api))
    return Section(title="API", graphs=graphs)


def table_section(table_name: str, indexes: Sequence[str]) -> Section:
    """The table behind an API. indexes: those of a table made here."""
    return Section(title="Table", graphs=table_graphs("Table", table_name, indexes))


def event_source_section(source: EventSource, event_bus: events.IEventBus | None) -> Section:
    """What starts the function; empty for sources that CloudWatch has no metrics of. event_bus: of its rule."""
    graphs: list[Graph] = []
    if source.queue is not None:
        graphs += queue_graphs("Queue", source.queue.queue_name)
    if source.topic is not None:
        graphs += topic_graphs("Topic", source.topic.topic_name)
    if source.rule is not None:
        if event_bus is None:
            graphs += event_rule_graphs("Rule", source.rule.rule_name, None)
        else:
            # The name of a rule on a bus of one's own has the bus in it; the ARN ends with rule/BUS/RULE.
            name = Fn.select(2, Fn.split("/", source.rule.rule_arn))
            graphs += event_rule_graphs("Rule", name, event_bus.event_bus_name)
    if source.iot_rule is not None:
        graphs += iot_rule_graphs("Rule", source.iot_rule.ref)
    if source.log_group is not None:
        graphs += log_group_graphs("Log group", source.log_group.log_group_name)
    return Section(title="Source", graphs=graphs)


def targets_section(targets: Mapping[str, MadeTarget]) -> Section:
    """What the function writes to; a bucket has no metrics that come by themselves."""
    graphs: list[Graph] = []
    for name, target in targets.items():
        if target.table is not None:
            graphs += table_graphs(name, target.table.table_name)
        if target.queue is not None:
            graphs += queue_graphs(name, target.queue.queue_name)
        if target.topic is not None:
            graphs += topic_graphs(name, target.topic.topic_name)
        if target.event_bus is not None:
            graphs += event_bus_graphs(name, target.event_bus.event_bus_name)
        if target.state_machine is not None:
            graphs += state_machine_graphs(name, target.state_machine.state_machine_arn)
    return Section(title="Targets", graphs=graphs)


def stream_section(source: StreamSource, function: WatchedFunction, *, kafka: bool) -> Section:
    """The stream, and how far the function is behind it. kafka: whose records have offsets, not ages."""
    graphs = [offset_lag_graph(function) if kafka else iterator_age_graph(function)]
    if source.stream is not None:
        graphs += stream_graphs("Stream", source.stream.stream_name)
    if source.table is not None:
        graphs += table_graphs("Table", source.table.table_name)
    return Section(title="Source", graphs=graphs)


def delivery_section(delivery: MadeDelivery) -> Section:
    """What the function delivers to."""
    graphs: list[Graph] = []
    if (name := delivery.variables.get("DELIVERY_STREAM_NAME")) is not None:
        graphs += delivery_stream_graphs("Delivery stream", name)
    if delivery.domain is not None:
        graphs += domain_graphs("Domain", delivery.domain.domain_name, Aws.ACCOUNT_ID)
    if delivery.table is not None:
        graphs += table_graphs("Delivery table", delivery.table.table_name)
    if delivery.stream is not None:
        graphs += stream_graphs("Target stream", delivery.stream.stream_name)
    return Section(title="Delivery", graphs=graphs)


def failure_section(queues: Mapping[str, sqs.IQueue]) -> Section:
    """Queues for what failed, by label."""
    names: dict[str, Any] = {label: queue.queue_name for label, queue in queues.items()}
    return Section(title="Failures", graphs=[failed_messages_graph(names)] if names else [])


def _full_name(api: elbv2.IApplicationLoadBalancer | elbv2.IApplicationListener | str) -> str:
    """The name of an existing balancer, `app/NAME/ID`, from its ARN or that of its listener."""
    if isinstance(api, str):
        arn = api
    else:
        # An imported one is of a class that could not be named.
        arn = api.listener_arn if hasattr(api, "listener_arn") else api.load_balancer_arn
    # …:loadbalancer/app/NAME/ID and …:listener/app/NAME/ID/LISTENER
    parts = Fn.split("/", arn)
    return f"app/{Fn.select(2, parts)}/{Fn.select(3, parts)}"
