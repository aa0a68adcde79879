"""`AWS::ApiGatewayV2::Api`, `Integration` and `Route` of either protocol: HTTP APIs and WebSocket APIs.

Whatever changes a WebSocket API ends its connections.

Source: CloudFormation Template Reference, "AWS::ApiGatewayV2::Api"; API Gateway Developer Guide, "WebSocket APIs".
"""

from __future__ import annotations

import dataclasses
from typing import Final

from botocore.exceptions import ClientError

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import PropertyTree, unread
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Provisioner,
    Resource,
    ResourceRefused,
)
from lambdakit.harness.deployment.provisioners import api_gateway_v2, api_gateway_v2_integrations
from lambdakit.harness.deployment.provisioners.api_gateway_v2_parts import ApiPart
from lambdakit.harness.deployment.provisioners.moto_backed import (
    Call,
    MotoBacked,
    Tagging,
    call,
    is_gone,
    properties_of,
)

_WEBSOCKET: Final = "WEBSOCKET"
_KEPT_ONLY: Final = ("ApiKeyRequired", "RequestModels")  # of a WebSocket API's routes

_WEBSOCKET_API: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(
        read="ApiKeySelectionExpression Description DisableExecuteApiEndpoint DisableSchemaValidation Name ProtocolType"
        " RouteSelectionExpression Tags Version",
        recorded="IpAddressType",
    ),
    named=("Name", 128),
    # What API Gateway says of an API that says nothing of these. Source: API Gateway Version 2 API Reference, "Apis".
    defaults={
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "Description": "",
        "DisableSchemaValidation": False,
        "Version": "",
    },
    made_by=Call(operation="create_api", renamed={"IpAddressType": ""}),
    reference="made.ApiId",
    changed_by=(Call(operation="update_api", arguments={"ApiId": "ref"}, renamed={"IpAddressType": "", "Tags": ""}),),
    tagged_by=Tagging(
        tag="tag_resource",
        untag="untag_resource",
        target="ResourceArn",
        of="join('', ['arn:', partition, ':apigateway:', region, '::/apis/', ref])",
    ),
    deleted_by=(call("delete_api", ApiId="ref"),),
    attributes={
        "ApiId": "ref",
        "ApiEndpoint": "join('', ['wss://', ref, '.execute-api.', region, '.amazonaws.com'])",
    },
)
_WEBSOCKET_INTEGRATION: Final = ApiPart(
    parts="integrations",
    service="apigatewayv2",
    properties=properties_of(
        read="ApiId ConnectionId ConnectionType ContentHandlingStrategy CredentialsArn Description IntegrationMethod"
        " IntegrationSubtype IntegrationType IntegrationUri PassthroughBehavior PayloadFormatVersion RequestParameters"
        " RequestTemplates ResponseParameters TemplateSelectionExpression TimeoutInMillis TlsConfig",
    ),
    made_by=Call(operation="create_integration"),
    reference="made.IntegrationId",
    changed_by=(Call(operation="update_integration", arguments={"IntegrationId": "ref"}),),
    deleted_by=(call("delete_integration", ApiId="p.ApiId", IntegrationId="ref"),),
    attributes={"IntegrationId": "ref"},
)
_WEBSOCKET_ROUTE: Final = ApiPart(
    parts="routes",
    service="apigatewayv2",
    properties=properties_of(
        read="ApiId ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId ModelSelectionExpression"
        " OperationName RequestModels RequestParameters RouteKey RouteResponseSelectionExpression Target",
    ),
    defaults={"AuthorizationType": "NONE"},
    made_by=Call(operation="create_route"),
    reference="made.RouteId",
    changed_by=(Call(operation="update_route", arguments={"RouteId": "ref"}),),
    deleted_by=(call("delete_route", ApiId="p.ApiId", RouteId="ref"),),
    attributes={"RouteId": "ref"},
)


class _EitherProtocol:
    """A type that is made differently for HTTP and WebSocket APIs, and is a part of one."""

    def __init__(self, http: Provisioner, websocket: MotoBacked) -> None:
        self._http = http
        self._websocket = websocket
        self.properties: PropertyTree = {**websocket.properties, **http.properties}

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates it as the API's protocol wants it."""
        return self._chosen(resource, context).create(resource, context)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes it in place."""
        changed = self._chosen(resource, context).update(created, resource, context)
        self._end_connections(created, context)
        return changed

    def delete(self, created: Created, context: Context) -> None:
        """Deletes it; what belongs to an API that is gone is gone as well."""
        try:
            protocol = self._protocol(created.resource, context)
        except ClientError as error:
            if is_gone(error):
                return
            raise
        self._of(protocol).delete(created, context)
        self._end_connections(created, context)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""

    def _end_connections(self, created: Created, context: Context) -> None:
        if self._protocol(created.resource, context) == _WEBSOCKET:
            context.doors.reset(self._api_id(created))

    def _api_id(self, created: Created) -> str:
        return str(created.resource.properties["ApiId"])

    def _protocol(self, resource: Resource, context: Context) -> str:
        api = context.client("apigatewayv2", resource).get_api(ApiId=resource.properties["ApiId"])
        return str(api["ProtocolType"])

    def _of(self, protocol: str) -> Provisioner:
        return self._websocket if protocol == _WEBSOCKET else self._http

    def _chosen(self, resource: Resource, context: Context) -> Provisioner:
        protocol = self._protocol(resource, context)
        provisioner = self._of(protocol)
        for pointer in unread(provisioner.properties, dict(resource.properties), ""):
            name = pointer.removeprefix(".")
            raise ResourceRefused(f"{name} is not read for APIs of protocol {protocol}", property_pointer=name)
        return provisioner


class Api(_EitherProtocol):
    """An API. `Ref` gives its id."""

    def __init__(self) -> None:
        super().__init__(api_gateway_v2.Api(), _WEBSOCKET_API)

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the API and opens its door."""
        provisioned = super().create(resource, context)
        api_id, attributes = provisioned.physical_id, dict(provisioned.attributes)
        if resource.properties.get("ProtocolType") == _WEBSOCKET:
            context.open_websocket_api(api_id, resource.region, resource.account_id)
            attributes["ApiEndpoint"] = context.doors.localize(attributes["ApiEndpoint"])
        attributes["ExecuteApiArn"] = (
            f"arn:{partition_of(resource.region)}:execute-api:{resource.region}:{resource.account_id}:{api_id}"
        )
        return dataclasses.replace(provisioned, attributes=attributes)

    def delete(self, created: Created, context: Context) -> None:
        """Closes the door and deletes the API."""
        context.doors.close_door(created.provisioned.physical_id)
        super().delete(created, context)

    def reset(self, created: Created, context: Context) -> None:
        """Lets the door forget what it remembers, and ends the connections of a WebSocket API."""
        context.doors.reset(created.provisioned.physical_id)

    def _api_id(self, created: Created) -> str:
        return created.provisioned.physical_id

    def _protocol(self, resource: Resource, context: Context) -> str:
        return str(resource.properties.get("ProtocolType"))


class Integration(_EitherProtocol):
    """What a route calls. `Ref` gives its id."""

    def __init__(self) -> None:
        super().__init__(api_gateway_v2_integrations.Integration(), _WEBSOCKET_INTEGRATION)


class Route(_EitherProtocol):
    """A route. `Ref` gives its id."""

    def __init__(self) -> None:
        super().__init__(api_gateway_v2_integrations.Route(), _WEBSOCKET_ROUTE)

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the route, and says what of it nobody looks at."""
        properties = resource.properties
        kept = [name for name in _KEPT_ONLY if properties.get(name) and str(properties[name]).lower() != "false"]
        if kept and self._protocol(resource, context) == _WEBSOCKET:
            context.note(resource.logical_id, f"{', '.join(kept)}: kept, and not looked at when a message comes")
        return super().create(resource, context)
