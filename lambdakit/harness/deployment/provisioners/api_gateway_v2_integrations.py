"""`AWS::ApiGatewayV2::Integration` and `Route` of HTTP APIs.

Source: CloudFormation Template Reference, "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route"; API Gateway
Developer Guide, "Create AWS service integrations for HTTP APIs", "Transform API requests and responses for HTTP APIs".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
)
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    given,
    unless_gone,
)
from lambdakit.harness.moto_state import unserved
from lambdakit.harness.moto_state.begun_anew import take_place
from lambdakit.harness.routing.parameter_mapping import mapping_problem
from lambdakit.harness.routing.service_integrations import SUBTYPES

_INTEGRATION: Final = (
    *("ConnectionId", "ConnectionType", "CredentialsArn", "Description", "IntegrationMethod", "IntegrationSubtype"),
    *("IntegrationType", "IntegrationUri", "PayloadFormatVersion", "RequestParameters", "ResponseParameters"),
    *("TimeoutInMillis", "TlsConfig"),
)
# What an update sends for a property that is no more.
_UNSET: Final = {
    "ConnectionType": "INTERNET",
    "CredentialsArn": "",
    "Description": "",
    "RequestParameters": {},
    "ResponseParameters": {},
    "TimeoutInMillis": 30_000,
}
_ROUTE: Final = ("AuthorizationScopes", "AuthorizationType", "AuthorizerId", "OperationName", "RouteKey", "Target")


class Integration(HoldsNothing):
    """What a route calls: a function, an HTTP endpoint or an AWS service. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "ApiId": READ,
        "PassthroughBehavior": RECORDED,
        **dict.fromkeys(_INTEGRATION, READ),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the integration."""
        client = context.client("apigatewayv2", resource)
        integration_id = create_integration(client, resource.properties)
        return Provisioned(physical_id=integration_id, attributes={"IntegrationId": integration_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what the integration calls, and how."""
        check_integration(resource.properties)
        client = context.client("apigatewayv2", resource)
        integration_id = created.provisioned.physical_id

        def fields(old: Properties, new: Properties) -> None:
            if old.keys() - new.keys():
                fresh = create_integration(client, new)
                place = (resource.account_id, resource.region, str(new["ApiId"]))
                take_place(*place, "integrations", old=integration_id, fresh=fresh)
            call(client, "update_integration", {**_UNSET, **_written(new)}, IntegrationId=integration_id)

        change([Setting(_INTEGRATION, fields)], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the integration."""
        _delete(
            created,
            context,
            "delete_integration",
            ApiId=created.resource.properties["ApiId"],
            IntegrationId=created.provisioned.physical_id,
        )


class Route(HoldsNothing):
    """A route. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "ApiId": READ,
        "ApiKeyRequired": RECORDED,
        **dict.fromkeys(_ROUTE, READ),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the route."""
        client = context.client("apigatewayv2", resource)
        route_id = create_route(client, resource.properties)
        return Provisioned(physical_id=route_id, attributes={"RouteId": route_id})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes key, target and authorization."""
        _check_route(resource.properties)
        client = context.client("apigatewayv2", resource)
        route_id = created.provisioned.physical_id

        def fields(old: Properties, new: Properties) -> None:
            if old.keys() - new.keys():
                fresh = create_route(client, new)
                place = (resource.account_id, resource.region, str(new["ApiId"]))
                take_place(*place, "routes", old=route_id, fresh=fresh)
            named = {"AuthorizationType": "NONE", "AuthorizerId": "", **given(new, "ApiId", *_ROUTE)}
            # Before the request: what serves the API reads it again after each one.
            unserved.forget_route_settings(resource.account_id, resource.region, new["ApiId"], route_id)
            call(client, "update_route", named, RouteId=route_id)

        change([Setting(_ROUTE, fields)], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the route."""
        _delete(
            created,
            context,
            "delete_route",
            ApiId=created.resource.properties["ApiId"],
            RouteId=created.provisioned.physical_id,
        )


def create_integration(client: Any, properties: Properties) -> str:
    """A new integration's id. properties: those of the CloudFormation type."""
    check_integration(properties)
    made = call(client, "create_integration", _written(given(properties, "ApiId", *_INTEGRATION)))
    return str(made["IntegrationId"])


def create_route(client: Any, properties: Properties) -> str:
    """A new route's id. properties: those of the CloudFormation type."""
    _check_route(properties)
    return str(call(client, "create_route", given(properties, "ApiId", *_ROUTE))["RouteId"])


def check_integration(properties: Properties) -> None:
    """Refuses what API Gateway would not create, or the harness does not serve."""
    kind, subtype = properties.get("IntegrationType"), properties.get("IntegrationSubtype")
    if kind not in ("AWS_PROXY", "HTTP_PROXY"):
        raise ResourceRefused(
            f"an HTTP API has AWS_PROXY and HTTP_PROXY integrations only, not {kind}",
            property_pointer="IntegrationType",
        )
    if kind == "HTTP_PROXY" and not properties.get("IntegrationUri"):
        raise ResourceRefused("an HTTP_PROXY integration needs a URI", property_pointer="IntegrationUri")
    version = str(properties.get("PayloadFormatVersion", "1.0"))
    allowed = ("1.0", "2.0") if kind == "AWS_PROXY" and not subtype else ("1.0",)
    if version not in allowed:
        raise ResourceRefused(
            f"payload format {version} is none of {', '.join(allowed)}", property_pointer="PayloadFormatVersion"
        )
    if subtype:
        _check_subtype(str(subtype), properties)
    else:
        _check_mapping(properties)
    timeout = int(properties.get("TimeoutInMillis", 30_000))
    if not 50 <= timeout <= 30_000:
        raise ResourceRefused(f"{timeout} is not from 50 to 30000", property_pointer="TimeoutInMillis")


def _check_subtype(name: str, properties: Properties) -> None:
    subtype = SUBTYPES.get(name)
    if subtype is None:
        raise ResourceRefused(
            f"the harness calls {', '.join(sorted(SUBTYPES))}, not {name}", property_pointer="IntegrationSubtype"
        )
    if not properties.get("CredentialsArn"):
        raise ResourceRefused("an integration with an AWS service needs a role", property_pointer="CredentialsArn")
    parameters = properties.get("RequestParameters") or {}
    missing = [parameter for parameter in subtype.required if parameter not in parameters]
    unknown = [
        parameter for parameter in parameters if parameter not in (*subtype.required, *subtype.optional, "Region")
    ]
    if missing or unknown:
        problem = f"{name} needs {', '.join(missing)}" if missing else f"{name} takes no {', '.join(unknown)}"
        raise ResourceRefused(problem, property_pointer="RequestParameters")


def _check_mapping(properties: Properties) -> None:
    keys = [("RequestParameters", key) for key in properties.get("RequestParameters") or {}]
    for changes in _changes_by_status(properties).values():
        keys += [("ResponseParameters", key) for key in changes]
    for name, key in keys:
        problem = mapping_problem(key)
        if problem:
            raise ResourceRefused(problem, property_pointer=name)


def _check_route(properties: Properties) -> None:
    authorization = properties.get("AuthorizationType", "NONE")
    if authorization not in ("NONE", "AWS_IAM", "JWT", "CUSTOM"):
        raise ResourceRefused(
            f"{authorization} is none of NONE, AWS_IAM, JWT and CUSTOM", property_pointer="AuthorizationType"
        )
    if authorization in ("JWT", "CUSTOM") and not properties.get("AuthorizerId"):
        raise ResourceRefused(
            f"a route with {authorization} authorization needs the id of one of the API's authorizers",
            property_pointer="AuthorizerId",
        )


def _written(properties: Properties) -> dict[str, Any]:
    """The properties with the response parameters as the API has them: a map for each status code."""
    written = dict(properties)
    if properties.get("ResponseParameters") is not None:
        written["ResponseParameters"] = _changes_by_status(properties)
    return written


def _changes_by_status(properties: Properties) -> Mapping[str, Mapping[str, str]]:
    changes: dict[str, dict[str, str]] = {}
    for status, said in (properties.get("ResponseParameters") or {}).items():
        entries = said.get("ResponseParameters") if isinstance(said, Mapping) else None
        if isinstance(entries, list):
            changes[str(status)] = {str(entry["Destination"]): str(entry["Source"]) for entry in entries}
        else:
            changes[str(status)] = {str(key): str(value) for key, value in dict(said).items()}
    return changes


def _delete(created: Created, context: Context, operation: str, **arguments: Any) -> None:
    with unless_gone("NotFoundException"):
        getattr(context.client("apigatewayv2", created.resource), operation)(**arguments)
