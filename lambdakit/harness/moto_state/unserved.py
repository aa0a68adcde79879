"""What moto keeps but has no operation of the API for.

Private surface used: `apigatewayv2_backends[account][region].apis[id].routes[id]` with `target` and
`authorization_scopes`;
`logs_backends[account][region].groups[name].kms_key_id`;
`events_backends[account][region].archives[name]` with `description`, `retention` and `event_pattern`,
`EventPattern.load`;
`dynamodb_backends[account][region].tables[name]` with `sse_specification` and
`latest_stream_label`; `ec2_backends[account][region].vpc_end_points[id].private_dns_enabled`;
`cloudwatch_backends[account][region].put_metric_alarm(…, rule=…)`.
Canary: tests/unit/harness/provisioners, which read them back through the API.
"""

from __future__ import annotations

from typing import Any


def set_log_group_key(account_id: str, region: str, group_name: str, key_id: str | None) -> None:
    """The key of a log group; None for none. The API has `AssociateKmsKey` and `DisassociateKmsKey` for it."""
    from moto.logs.models import logs_backends

    logs_backends[account_id][region].groups[group_name].kms_key_id = key_id


def set_archive_terms(
    account_id: str, region: str, name: str, *, description: str, retention_days: int, takes_everything: bool
) -> None:
    """An archive's description and retention: `UpdateArchive` passes over an empty one and over 0, for ever.

    takes_everything: takes its pattern away, for which the API has no word.
    """
    from moto.events.models import EventPattern, events_backends

    archive = events_backends[account_id][region].archives[name]
    archive.description, archive.retention = description, retention_days
    if takes_everything:
        archive.event_pattern = EventPattern.load(None)


def put_composite_alarm(
    account_id: str,
    region: str,
    name: str,
    *,
    rule: str,
    description: str,
    actions_enabled: bool,
    alarm_actions: list[str],
    ok_actions: list[str],
    insufficient_data_actions: list[str],
) -> None:
    """Creates or replaces a composite alarm. The API has `PutCompositeAlarm` for it."""
    from moto.cloudwatch.models import cloudwatch_backends

    cloudwatch_backends[account_id][region].put_metric_alarm(
        name=name,
        namespace="",
        metric_name="",
        comparison_operator="",
        evaluation_periods=0,
        period=0,
        threshold=0,
        statistic="",
        description=description,
        dimensions=[],
        alarm_actions=alarm_actions,
        ok_actions=ok_actions,
        insufficient_data_actions=insufficient_data_actions,
        actions_enabled=actions_enabled,
        rule=rule,
    )


def forget_table_stream(account_id: str, region: str, name: str) -> None:
    """Lets a table whose stream is switched off have another one, which moto's `UpdateTable` refuses."""
    from moto.dynamodb.models import dynamodb_backends

    dynamodb_backends[account_id][region].tables[name].latest_stream_label = None


def set_table_encryption(account_id: str, region: str, name: str, encryption: dict[str, Any] | None) -> None:
    """A table's encryption, which moto's `UpdateTable` passes over; None for the default one."""
    from moto.dynamodb.models import dynamodb_backends

    table = dynamodb_backends[account_id][region].tables[name]
    if encryption and "KMSMasterKeyId" not in encryption:
        encryption = {**encryption, "KMSMasterKeyId": table._get_default_encryption_key(account_id, region)}
    table.sse_specification = encryption


def set_rest_api_tags(account_id: str, region: str, api_id: str, tags: dict[str, str]) -> None:
    """The tags of a REST API: moto's `TagResource` knows stages only."""
    from moto.apigateway.models import apigateway_backends

    apigateway_backends[account_id][region].apis[api_id].tags = tags


def forget_route_settings(account_id: str, region: str, api_id: str, route_id: str) -> None:
    """A route without target and scopes: moto's `UpdateRoute` passes over empty ones."""
    from moto.apigatewayv2.models import apigatewayv2_backends

    route: Any = apigatewayv2_backends[account_id][region].apis[api_id].routes[route_id]
    route.target, route.authorization_scopes = None, None


def set_private_dns(account_id: str, region: str, endpoint_id: str, *, enabled: bool) -> None:
    """Whether a service's own name leads to a VPC endpoint: moto's `ModifyVpcEndpoint` passes over it."""
    from moto.ec2.models import ec2_backends

    ec2_backends[account_id][region].vpc_end_points[endpoint_id].private_dns_enabled = enabled
