"""What the constructs do, beside AWS Solutions Constructs and the CDK alone: the README's table, and what shows it.

About the others: aws-solutions-constructs as of 2026-08-20 (its patterns' sources, their defaults in `core`, and its
issue 208), aws-cdk-lib 2.275 (its constructs' defaults).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_UNIT: Final = "tests/unit/constructs/test_constructs_"
_SETTINGS: Final = f"{_UNIT}function_settings.py::"
_FUNCTION: Final = f"{_UNIT}lambda_function.py::"
_EVENTS: Final = f"{_UNIT}event_processing.py::"
_MONITORING: Final = f"{_UNIT}monitoring.py::"
_STREAMS: Final = f"{_UNIT}stream_processing.py::"
_SCENARIOS: Final = "tests/scenarios/test_"
_FINDINGS: Final = "tests/golden/test_findings.py::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One row. test: the file and the test that shows what `here` says, `path::name`; empty where it says no."""

    name: str
    here: str
    test: str = ""
    solutions: str
    cdk: str


FEATURES: Final = (
    Feature(
        name="log group of its own, JSON, finite retention",
        here="default",
        test=f"{_FUNCTION}test_log_group_is_its_own_finite_and_leaves_with_the_stack",
        solutions="no; API logs are kept for ever",
        cdk="three settings; text, kept for ever",
    ),
    Feature(
        name="execution role for its own log group alone, no managed policy",
        here="default",
        test=f"{_FUNCTION}test_role_may_write_to_its_own_log_group_and_to_x_ray_and_nothing_else",
        solutions="inline, for the logs of every function",
        cdk="managed policy",
    ),
    Feature(
        name="version and alias, which every trigger goes through",
        here="default",
        test=f"{_EVENTS}test_every_trigger_goes_through_the_alias_and_names_who_may_invoke_it",
        solutions="no; an alias cannot be passed",
        cdk="by hand, for each trigger",
    ),
    Feature(
        name="provisioned concurrency that scales by use and schedule; CodeDeploy with rollback",
        here="one argument each",
        test=f"{_SETTINGS}test_the_alias_scales_moves_and_has_an_address",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="alarms on errors, throttles, duration, age of events and records",
        here="one argument",
        test=f"{_SETTINGS}test_the_alarms_watch_and_tell",
        solutions="for streams: iterator age, throttled reads",
        cdk="by hand",
    ),
    Feature(
        name="alarms on the depth of failure and dead-letter queues, the age of messages, reserved concurrency in use",
        here="one argument for a pattern",
        test=f"{_UNIT}pattern_alarms.py::test_all_that_a_pattern_makes_is_watched",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="a dashboard: functions, their source, what they write to, what failed",
        here="one argument for a pattern",
        test=f"{_MONITORING}test_event_processing_shows_source_function_targets_and_failures",
        solutions="no",
        cdk="by hand, widget by widget",
    ),
    Feature(
        name="secrets and parameters by reference, with the grant",
        here="one argument",
        test=f"{_SETTINGS}test_the_function_has_what_was_set",
        solutions="one pattern each",
        cdk="by hand",
    ),
    Feature(
        name="destinations, retries and age of asynchronous events",
        here="on the alias",
        test=f"{_SETTINGS}test_asynchronous_events_are_told_on_the_alias",
        solutions="by the function's properties, on $LATEST",
        cdk="on $LATEST; on an alias by hand",
    ),
    Feature(
        name="HTTP API",
        here="yes",
        test=f"{_SCENARIOS}api_kinds.py::test_a_function_decides_who_calls_an_http_api",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="REST API, with keys, quotas and validation",
        here="yes",
        test=f"{_SCENARIOS}api_kinds.py::test_a_metered_rest_api_asks_for_a_key_and_counts",
        solutions="edge, IAM",
        cdk="by hand",
    ),
    Feature(
        name="WebSocket API",
        here="yes",
        test=f"{_SCENARIOS}websocket_chat.py::test_what_one_says_the_others_hear",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="function URL",
        here="yes",
        test=f"{_SCENARIOS}api_kinds.py::test_a_functions_own_address_answers",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="load balancer",
        here="yes",
        test=f"{_SCENARIOS}api_kinds.py::test_a_load_balancer_tells_longer_paths_from_shorter_ones",
        solutions="yes",
        cdk="by hand",
    ),
    Feature(
        name="behind an existing load balancer or listener",
        here="yes",
        test=f"{_UNIT}existing_load_balancers.py::test_a_listener_gets_a_rule_for_each_route_and_keeps_its_own",
        solutions="existing balancer, new listener",
        cdk="by hand",
    ),
    Feature(
        name="authorizers: IAM, JWT, Cognito, Lambda",
        here="yes",
        test=f"{_SCENARIOS}api_kinds.py::test_users_of_the_pool_call_the_http_api",
        solutions="IAM, Cognito",
        cdk="by hand",
    ),
    Feature(
        name="a domain of your own, WebSocket APIs too",
        here="yes",
        test=f"{_UNIT}existing_load_balancers.py::test_a_websocket_api_answers_at_a_name_of_ones_own",
        solutions="by the API's properties",
        cdk="by hand",
    ),
    Feature(
        name="DynamoDB table, indexes, exact actions",
        here="yes",
        test=f"{_SCENARIOS}pattern_permissions.py::test_the_api_backend_uses_every_grant_and_needs_no_other",
        solutions="four sets of grants",
        cdk="grants by hand",
    ),
    Feature(
        name="Aurora Serverless v2 or RDS through a proxy, IAM authentication, password changed by RDS",
        here="one argument",
        test=f"{_SCENARIOS}api_stores.py::test_a_function_with_access_reaches_database_and_cache",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="ElastiCache, serverless or nodes, TLS, known by IAM",
        here="one argument",
        test=f"{_UNIT}stores.py::test_a_cache_knows_one_user_by_iam_and_speaks_tls",
        solutions="Memcached",
        cdk="by hand, from the template's own classes",
    ),
    Feature(
        name="only functions with access are let in to database and cache",
        here="default",
        test=f"{_SCENARIOS}api_stores.py::test_a_function_without_access_reaches_neither",
        solutions="a group for the function",
        cdk="by hand",
    ),
    Feature(
        name="S3 events without a hidden function",
        here="default, by EventBridge",
        test=f"{_EVENTS}test_no_source_brings_a_second_function",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="SQS, SNS, EventBridge rule, IoT rule",
        here="yes",
        test=f"{_SCENARIOS}event_processing_sources.py::test_messages_of_devices",
        solutions="one package each",
        cdk="by hand",
    ),
    Feature(
        name="EventBridge Scheduler, Config rule, CloudWatch Logs and alarm, Cognito triggers",
        here="yes",
        test=f"{_SCENARIOS}event_processing_sources.py::test_a_metric_that_crosses_its_threshold",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="targets: S3, DynamoDB, SQS, SNS, EventBridge, Step Functions, any number",
        here="yes",
        test=f"{_SCENARIOS}event_processing_sources.py::test_messages_that_match_write_to_every_target",
        solutions="one package and target each",
        cdk="by hand",
    ),
    Feature(
        name="failure path, for every source that can have one",
        here="default",
        test=f"{_EVENTS}test_asynchronous_failures_go_to_the_alias_destination_and_a_queue_keeps_what_the_rule_"
        "could_not_hand_over",
        solutions="queues and streams",
        cdk="by hand",
    ),
    Feature(
        name="visibility of six time-outs and the window",
        here="default",
        test=f"{_EVENTS}test_a_queue_of_the_patterns_own_hides_messages_for_six_time_outs_and_moves_them_after_five_"
        "receptions",
        solutions="no",
        cdk="30 s",
    ),
    Feature(
        name="partial batch responses, bisected batches, finite retries and ages",
        here="default",
        test=f"{_STREAMS}test_batches_are_finite_bisected_and_reported_unless_told",
        solutions="bisected, 500 retries, 24 h; no partial responses",
        cdk="four settings; tried until records expire",
    ),
    Feature(
        name="Kinesis, enhanced fan-out, DynamoDB streams",
        here="yes",
        test=f"{_SCENARIOS}stream_sources.py::test_a_consumer_of_its_own_hands_records_on_and_what_fails_lies_whole_"
        "in_a_bucket",
        solutions="without fan-out",
        cdk="by hand",
    ),
    Feature(
        name="MSK",
        here="an existing cluster",
        test=f"{_SCENARIOS}stream_sources.py::test_records_of_a_topic_are_gathered_into_objects_and_what_fails_is_told_"
        "to_a_queue",
        solutions="no",
        cdk="by hand",
    ),
    Feature(
        name="delivery to Firehose and S3, OpenSearch, DynamoDB, another stream",
        here="yes; an existing OpenSearch domain",
        test=f"{_UNIT}stream_delivery.py::test_a_new_delivery_has_an_output_and_a_variable",
        solutions="one package each; an existing Firehose stream",
        cdk="by hand",
    ),
    Feature(
        name="one network for all, with endpoints",
        here="yes",
        test=f"{_UNIT}network.py::test_network_of_its_own_is_isolated_and_has_the_free_endpoints",
        solutions="one for each pattern",
        cdk="by hand",
    ),
    Feature(
        name="existing resources, aliases among them",
        here="yes",
        test=f"{_EVENTS}test_an_existing_alias_is_invoked_and_granted_and_gets_the_destination",
        solutions="no aliases",
        cdk="-",
    ),
    Feature(
        name="one part replaced by a subclass, the rest kept",
        here="yes",
        test=f"{_UNIT}api_backend.py::test_a_subclass_changes_one_part_and_keeps_the_rest",
        solutions="properties merged over defaults",
        cdk="-",
    ),
    Feature(
        name="mistakes told all at once, with value, range and hint, before anything is made",
        here="yes",
        test=f"{_FUNCTION}test_all_problems_are_told_at_once_before_anything_is_made",
        solutions="the CDK's",
        cdk="the first, in part at deployment",
    ),
    Feature(
        name="findings of cdk-nag (AwsSolutions, Serverless) and cfn-lint without a reason in code",
        here="0",
        test=f"{_FINDINGS}test_no_finding_is_without_a_reason",
        solutions="reasons for cfn_nag and cfn-guard",
        cdk="29 in a stack of seven services",
    ),
    Feature(
        name="`*` as a resource only where the service forces it",
        here="yes",
        test=f"{_FINDINGS}test_no_statement_names_everything_where_a_service_does_not_force_it",
        solutions="no",
        cdk="-",
    ),
    Feature(
        name="Python packages for the function's own platform, without Docker",
        here="yes",
        test=f"{_UNIT}python_package.py::test_wheels_are_chosen_for_the_function_and_not_for_this_machine",
        solutions="no",
        cdk="with Docker",
    ),
    Feature(
        name="logical ids of what holds data are recorded",
        here="yes",
        test="tests/golden/test_golden_api_backend.py::test_stateful_resources_of_every_api_keep_their_logical_ids",
        solutions="-",
        cdk="-",
    ),
    Feature(
        name="the same as a YAML document",
        here="yes",
        test="tests/golden/test_document_equals_stack.py::test_the_document_gives_what_the_stack_gives",
        solutions="no",
        cdk="no",
    ),
)


def features() -> str:
    """The table. Each cell of ours names the test that shows it, with a link to its file."""
    rows = ["| | lambdakit | AWS Solutions Constructs | the CDK alone |", "| --- | --- | --- | --- |"]
    for each in FEATURES:
        path, _, name = each.test.partition("::")
        here = f"{each.here}: [`{name}`]({path})" if each.test else each.here
        rows.append(f"| {each.name} | {here} | {each.solutions} | {each.cdk} |")
    return "\n".join(rows)
