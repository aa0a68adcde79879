"""A deployment as other processes see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdakit.harness.deployment.deployed import DeployedStack, Deployment
from lambdakit.harness.deployment.provisioner import Created, Resource
from lambdakit.harness.deployment.socket_routes import is_socket_route


def to_wire(deployment: Deployment, doors: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The deployment as JSON. doors: id and base URL of each front door, by its resource's physical id."""
    return {
        "id": deployment.id,
        "duration_ms": deployment.duration_ms,
        "stacks": {_key(stack, deployment): _stack(stack) for stack in deployment.stacks},
        "functions": [_function(created) for created in deployment.resources if created.resource.type == _FUNCTION],
        "apis": [
            api
            for created in deployment.resources
            if created.provisioned.physical_id in doors and _has_url(created, deployment)
            for api in _at_stages(created, deployment, _api(created, *doors[created.provisioned.physical_id]))
        ]
        + [
            api
            for api_id in standing_apis(deployment)
            if api_id in doors
            for api in _standing(api_id, deployment, doors)
        ],
    }


def standing_apis(deployment: Deployment) -> list[str]:
    """The ids of the APIs that the deployment adds to and did not make, in order."""
    made = {created.provisioned.physical_id for created in deployment.resources}
    named = [each.properties.get(_ID_OF_PART.get(each.type.rpartition("::")[0], "")) for each in _parts(deployment)]
    return list(dict.fromkeys(str(api_id) for api_id in named if api_id is not None and api_id not in made))


# The namespace of an API's parts -> the property that says of which one.
_ID_OF_PART: Mapping[str, str] = {"AWS::ApiGateway": "RestApiId", "AWS::ApiGatewayV2": "ApiId"}
_STAGE_TYPES = ("AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment", "AWS::ApiGatewayV2::Stage")
_FUNCTION = "AWS::Lambda::Function"
_GRAPHQL_API = "AWS::AppSync::GraphQLApi"
_REST_API = "AWS::ApiGateway::RestApi"
_HTTP_API = "AWS::ApiGatewayV2::Api"
_LISTENER_KIND = "load_balancer_listener"
_WEBSOCKET_KIND = "websocket_api"
_APIS: Mapping[str, str] = {
    _HTTP_API: "http_api",
    **{f"AWS::{service}::DomainName": "custom_domain" for service in ("ApiGateway", "ApiGatewayV2", "AppSync")},
    _REST_API: "rest_api",
    _GRAPHQL_API: "graphql_api",
    "AWS::Lambda::Url": "function_url",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "load_balancer",
    "AWS::ElasticLoadBalancingV2::Listener": _LISTENER_KIND,
    "AWS::S3::Bucket": "website",
    "AWS::CloudFront::Distribution": "distribution",
}


def _key(stack: DeployedStack, deployment: Deployment) -> str:
    """The stack's name; with its environment where another one has the same."""
    alike = sum(other.name == stack.name for other in deployment.stacks)
    return stack.name if alike == 1 else f"{stack.account_id}/{stack.region}/{stack.name}"


def _stack(stack: DeployedStack) -> dict[str, Any]:
    return {
        "stack_id": stack.stack_id,
        "status": stack.status,
        "outputs": stack.outputs,
        "resources": {
            logical_id: {
                "type": created.resource.type,
                "physical_id": created.provisioned.physical_id,
                "status": created.status,
                "attributes": dict(created.provisioned.attributes),
                "path": created.resource.construct_path or "",
            }
            for logical_id, created in stack.resources.items()
        },
    }


def _function(created: Created) -> dict[str, Any]:
    properties = created.resource.properties
    return {
        "name": created.provisioned.physical_id,
        "arn": created.provisioned.attributes["Arn"],
        "runtime": properties.get("Runtime", ""),
        "handler": properties.get("Handler", ""),
        **_identity(created),
    }


def _has_url(created: Created, deployment: Deployment) -> bool:
    """Whether it is a front door of its own. The only listener of a balancer is the balancer's."""
    kind = _APIS.get(created.resource.type)
    if kind != _LISTENER_KIND:
        return kind is not None
    balancer = created.resource.properties.get("LoadBalancerArn")
    alike = (other.resource for other in deployment.resources if other.resource.type == created.resource.type)
    return sum(bool(other.properties.get("LoadBalancerArn") == balancer) for other in alike) > 1


def _api(created: Created, door_id: str, url: str) -> dict[str, Any]:
    properties = created.resource.properties
    function = str(properties.get("TargetFunctionArn", "")).rpartition(":function:")[2]
    speaks_websocket = properties.get("ProtocolType") == "WEBSOCKET"
    return {
        "name": properties.get("Name")
        or properties.get("DomainName")
        or function
        or properties.get("BucketName")
        or created.resource.logical_id,
        # A GraphQL API's host has an id of its own, which no operation takes.
        "api_id": created.provisioned.attributes["ApiId"] if created.resource.type == _GRAPHQL_API else door_id,
        "kind": _WEBSOCKET_KIND if speaks_websocket else _APIS[created.resource.type],
        "url": f"ws{url.removeprefix('http')}" if speaks_websocket else url,
        **_identity(created),
    }


def _at_stages(created: Created, deployment: Deployment, api: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """REST and WebSocket APIs are reached through their stages only: once for each, named where there are several.

    So is an HTTP API without the stage `$default`, which alone is served at the root.
    Source: API Gateway Developer Guide, "Stages for HTTP APIs in API Gateway".
    """
    has_stages = created.resource.type in (_REST_API, _HTTP_API)
    names = list(_stage_names(created, deployment)) if has_stages else []
    if "$default" in names and api["kind"] != _WEBSOCKET_KIND:
        names = []
    for name in names:
        called = api["name"] if len(names) == 1 else f"{api['name']}/{name}"
        yield {**api, "name": called, "url": f"{api['url']}/{name}"}
    if not names:
        yield api


def _parts(deployment: Deployment) -> list[Resource]:
    parts = [each.resource for each in deployment.resources if each.resource.type.startswith("AWS::ApiGateway")]
    return [part for part in parts if part.type not in _APIS]


def _standing(api_id: str, deployment: Deployment, doors: Mapping[str, tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """An API that was there before, at each stage that the deployment makes of it, else at its host."""
    mine = [
        part
        for part in _parts(deployment)
        if api_id in (part.properties.get("RestApiId"), part.properties.get("ApiId"))
    ]
    is_rest = mine[0].type.startswith("AWS::ApiGateway::")
    is_socket = not is_rest and any(is_socket_route(part.type, part.properties) for part in mine)
    stages = [part.properties.get("StageName") for part in mine if part.type in _STAGE_TYPES]
    names = (
        list(dict.fromkeys(str(name) for name in stages if name and name != "$default")) if is_rest or is_socket else []
    )
    url = doors[api_id][1]
    api = {
        "name": api_id,
        "api_id": doors[api_id][0],
        "kind": "rest_api" if is_rest else _WEBSOCKET_KIND if is_socket else "http_api",
        "url": f"ws{url.removeprefix('http')}" if is_socket else url,
        "logical_id": "",
        "stack": mine[0].stack,
        "path": "",
    }
    for name in names:
        yield {**api, "name": api_id if len(names) == 1 else f"{api_id}/{name}", "url": f"{api['url']}/{name}"}
    if not names:
        yield api


def _stage_names(created: Created, deployment: Deployment) -> Sequence[str]:
    """An API's stages; those that a REST API's deployment made for itself count where there are no others."""
    api_id = created.provisioned.physical_id
    if created.resource.type != _REST_API:
        parts = [each.resource for each in deployment.resources if each.resource.properties.get("ApiId") == api_id]
        return [str(part.properties["StageName"]) for part in parts if part.type == "AWS::ApiGatewayV2::Stage"]
    of_api = [each for each in deployment.resources if each.resource.properties.get("RestApiId") == api_id]
    stages = [each.provisioned.physical_id for each in of_api if each.resource.type == "AWS::ApiGateway::Stage"]
    deployments = [each.resource for each in of_api if each.resource.type == "AWS::ApiGateway::Deployment"]
    made = [str(each.properties["StageName"]) for each in deployments if each.properties.get("StageName")]
    return stages or list(dict.fromkeys(made))


def _identity(created: Created) -> dict[str, str]:
    resource = created.resource
    return {"logical_id": resource.logical_id, "stack": resource.stack, "path": resource.construct_path or ""}
