"""moto's APIs of API Gateway, and the resources of a REST API, under ids that were given elsewhere.

Private surface used: `apigateway_backends[account][region].apis` with `id`, `resources`, `root_resource_id` and
`default`; a resource's `id`, `api_id` and `parent_id`; `apigatewayv2_backends[account][region].apis` with `api_id`,
`api_endpoint` and `arn`.
Canary: tests/unit/harness/test_harness_moto_wanted_apis.py.
"""

from __future__ import annotations

from typing import Any

from lambdakit.harness.moto_state.writes import count_write


def rename_rest_api(drawn: str, wanted: str, *, account_id: str, region: str) -> None:
    """Gives a REST API without methods another id."""
    from moto.apigateway.models import apigateway_backends

    apis: Any = apigateway_backends[account_id][region].apis
    api = apis.pop(drawn)
    api.id = wanted
    for resource in api.resources.values():
        resource.api_id = wanted
    apis[wanted] = api
    count_write()


def rename_rest_resource(api_id: str, drawn: str, wanted: str, *, account_id: str, region: str) -> None:
    """Gives a resource of a REST API, which has no methods yet, another id."""
    from moto.apigateway.models import apigateway_backends

    api: Any = apigateway_backends[account_id][region].apis[api_id]
    resource = api.resources.pop(drawn)
    resource.id = wanted
    api.resources[wanted] = resource
    for other in api.resources.values():
        if other.parent_id == drawn:
            other.parent_id = wanted
    if api.root_resource_id == drawn:
        api.root_resource_id = wanted
    count_write()


def rename_api(drawn: str, wanted: str, *, account_id: str, region: str) -> None:
    """Gives an HTTP or WebSocket API without parts another id."""
    from moto.apigatewayv2.models import apigatewayv2_backends

    apis: Any = apigatewayv2_backends[account_id][region].apis
    api = apis.pop(drawn)
    api.api_id = wanted
    api.api_endpoint = api.api_endpoint.replace(drawn, wanted)
    api.arn = api.arn.replace(drawn, wanted)
    apis[wanted] = api
    count_write()
