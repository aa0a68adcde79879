"""Every rule across fields, in the order in which they run."""

from __future__ import annotations

from typing import Final

from lambdakit.spec.rules.api_routes import api_routes
from lambdakit.spec.rules.circles import circles
from lambdakit.spec.rules.cloudformation_calls import cloudformation_calls
from lambdakit.spec.rules.cloudformation_names import cloudformation_names
from lambdakit.spec.rules.concurrency import concurrency
from lambdakit.spec.rules.contents import contents
from lambdakit.spec.rules.cors_credentials import cors_credentials
from lambdakit.spec.rules.derived_names import derived_names
from lambdakit.spec.rules.environment_size import environment_size
from lambdakit.spec.rules.event_patterns import event_patterns
from lambdakit.spec.rules.existing_resources import existing_resources
from lambdakit.spec.rules.failure_paths import failure_paths
from lambdakit.spec.rules.function_destinations import function_destinations
from lambdakit.spec.rules.function_names import function_names
from lambdakit.spec.rules.function_references import function_references
from lambdakit.spec.rules.function_surroundings import function_surroundings
from lambdakit.spec.rules.function_variables import function_variables
from lambdakit.spec.rules.granted_names import granted_names
from lambdakit.spec.rules.kafka_pollers import kafka_pollers
from lambdakit.spec.rules.layer_references import layer_references
from lambdakit.spec.rules.load_balancers import load_balancers
from lambdakit.spec.rules.network_gateways import network_gateways
from lambdakit.spec.rules.node_handlers import node_handlers
from lambdakit.spec.rules.output_names import output_names
from lambdakit.spec.rules.override_values import override_values
from lambdakit.spec.rules.parameter_references import parameter_references
from lambdakit.spec.rules.parameter_values import parameter_values
from lambdakit.spec.rules.pattern_alarms import pattern_alarms
from lambdakit.spec.rules.policy_resources import policy_resources
from lambdakit.spec.rules.public_routes import public_routes
from lambdakit.spec.rules.python_handlers import python_handlers
from lambdakit.spec.rules.queue_batches import queue_batches
from lambdakit.spec.rules.queue_visibility import queue_visibility
from lambdakit.spec.rules.reference_circles import reference_circles
from lambdakit.spec.rules.request_schemas import request_schemas
from lambdakit.spec.rules.resource_references import resource_references
from lambdakit.spec.rules.resource_settings import resource_settings
from lambdakit.spec.rules.resource_uses import resource_uses
from lambdakit.spec.rules.route_conflicts import route_conflicts
from lambdakit.spec.rules.rule import Rule
from lambdakit.spec.rules.schedules import schedules
from lambdakit.spec.rules.snapshots import snapshots
from lambdakit.spec.rules.source_directories import source_directories
from lambdakit.spec.rules.source_events import source_events
from lambdakit.spec.rules.stack_circles import stack_circles
from lambdakit.spec.rules.stack_references import stack_references
from lambdakit.spec.rules.stack_sizes import stack_sizes
from lambdakit.spec.rules.starting_positions import starting_positions
from lambdakit.spec.rules.state_machine_names import state_machine_names
from lambdakit.spec.rules.state_machines import state_machines
from lambdakit.spec.rules.stores import stores
from lambdakit.spec.rules.stream_deliveries import stream_deliveries
from lambdakit.spec.rules.stream_failures import stream_failures
from lambdakit.spec.rules.stream_tables import stream_tables
from lambdakit.spec.rules.stream_windows import stream_windows
from lambdakit.spec.rules.table_access import table_access
from lambdakit.spec.rules.table_indexes import table_indexes
from lambdakit.spec.rules.table_keys import table_keys
from lambdakit.spec.rules.target_names import target_names
from lambdakit.spec.rules.user_pools import user_pools

RULES: Final[tuple[Rule, ...]] = (
    contents,
    function_names,
    derived_names,
    function_references,
    layer_references,
    granted_names,
    policy_resources,
    function_variables,
    circles,
    table_access,
    table_keys,
    route_conflicts,
    environment_size,
    concurrency,
    cors_credentials,
    api_routes,
    public_routes,
    request_schemas,
    load_balancers,
    stores,
    pattern_alarms,
    user_pools,
    table_indexes,
    source_directories,
    python_handlers,
    node_handlers,
    snapshots,
    network_gateways,
    queue_batches,
    queue_visibility,
    failure_paths,
    function_destinations,
    function_surroundings,
    target_names,
    state_machines,
    existing_resources,
    source_events,
    schedules,
    event_patterns,
    starting_positions,
    stream_windows,
    kafka_pollers,
    stream_tables,
    stream_deliveries,
    stream_failures,
    output_names,
    cloudformation_calls,
    cloudformation_names,
    reference_circles,
    override_values,
    resource_references,
    resource_settings,
    resource_uses,
    state_machine_names,
    parameter_values,
    parameter_references,
    stack_circles,
    stack_references,
    stack_sizes,
)
