"""`AWS::ApiGatewayV2::Api`, `Stage`, `Integration` and `Route`, for HTTP APIs.

Source: CloudFormation Template Reference, "AWS::ApiGatewayV2::Api" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)

_CORS: PropertyTree = {
    "AllowCredentials": READ,
    "AllowHeaders": READ,
    "AllowMethods": READ,
    "AllowOrigins": READ,
    "ExposeHeaders": READ,
    "MaxAge": READ,
}


class Api:
    """An HTTP API with a front door of its own. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "CorsConfiguration": _CORS,
        "Description": READ,
        "DisableExecuteApiEndpoint": RECORDED,
        "IpAddressType": RECORDED,
        "Name": READ,
        "ProtocolType": READ,
        "RouteSelectionExpression": RECORDED,
        "Tags": READ,
        "Version": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the API and opens its door."""
        properties = resource.properties
        protocol = properties.get("ProtocolType")
        if protocol != "HTTP":
            raise ResourceRefused(
                f"the harness serves HTTP APIs only so far, not {protocol}", property_pointer="ProtocolType"
            )
        client = context.account.client("apigatewayv2", resource.region)
        optional = ("CorsConfiguration", "Description", "Tags", "Version")
        api = client.create_api(
            Name=properties.get("Name") or resource.logical_id,
            ProtocolType=protocol,
            **{key: properties[key] for key in optional if key in properties},
        )
        api_id = api["ApiId"]
        with undone_on_failure(lambda: client.delete_api(ApiId=api_id)):
            context.open_http_api(api_id, resource.region)
        return Provisioned(
            physical_id=api_id,
            attributes={"ApiId": api_id, "ApiEndpoint": context.doors.localize(api["ApiEndpoint"])},
        )

    def delete(self, created: Created, context: Context) -> None:
        """Closes the door and deletes the API with all that is in it."""
        context.doors.close_door(created.provisioned.physical_id)
        _delete(created, context, "delete_api", ApiId=created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class Stage:
    """A stage. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        "AccessLogSettings": RECORDED,
        "ApiId": READ,
        "AutoDeploy": READ,
        "DefaultRouteSettings": RECORDED,
        "DeploymentId": RECORDED,
        "Description": READ,
        "RouteSettings": RECORDED,
        "StageName": READ,
        "StageVariables": READ,
        "Tags": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the stage."""
        properties = resource.properties
        client = context.account.client("apigatewayv2", resource.region)
        keys = ("ApiId", "AutoDeploy", "Description", "StageName", "StageVariables", "Tags")
        client.create_stage(**{key: properties[key] for key in keys if key in properties})
        return Provisioned(physical_id=str(properties["StageName"]))

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the stage."""
        properties = created.resource.properties
        _delete(created, context, "delete_stage", ApiId=properties["ApiId"], StageName=properties["StageName"])

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class Integration:
    """What a route calls: a Lambda function. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "ApiId": READ,
        "ConnectionType": RECORDED,
        "Description": READ,
        "IntegrationMethod": READ,
        "IntegrationType": READ,
        "IntegrationUri": READ,
        "PassthroughBehavior": RECORDED,
        "PayloadFormatVersion": READ,
        "TimeoutInMillis": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the integration."""
        properties = resource.properties
        kind = properties.get("IntegrationType")
        if kind != "AWS_PROXY":
            raise ResourceRefused(
                f"the harness serves AWS_PROXY integrations only so far, not {kind}",
                property_pointer="IntegrationType",
            )
        version = properties.get("PayloadFormatVersion")
        if version != "2.0":
            raise ResourceRefused(
                f"the harness speaks payload format 2.0 only so far, not {version}",
                property_pointer="PayloadFormatVersion",
            )
        client = context.account.client("apigatewayv2", resource.region)
        keys = (
            "ApiId",
            "Description",
            "IntegrationMethod",
            "IntegrationType",
            "IntegrationUri",
            "PayloadFormatVersion",
        )
        integration = client.create_integration(**{key: properties[key] for key in keys if key in properties})
        identity = integration["IntegrationId"]
        return Provisioned(physical_id=identity, attributes={"IntegrationId": identity})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the integration."""
        _delete(
            created,
            context,
            "delete_integration",
            ApiId=created.resource.properties["ApiId"],
            IntegrationId=created.provisioned.physical_id,
        )

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


class Route:
    """A route. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "ApiId": READ,
        "ApiKeyRequired": RECORDED,
        "AuthorizationType": READ,
        "OperationName": RECORDED,
        "RouteKey": READ,
        "Target": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the route."""
        properties = resource.properties
        authorization = properties.get("AuthorizationType", "NONE")
        if authorization != "NONE":
            raise ResourceRefused(
                f"the harness has no authorizers so far, and the route asks for {authorization}",
                property_pointer="AuthorizationType",
            )
        client = context.account.client("apigatewayv2", resource.region)
        keys = ("ApiId", "AuthorizationType", "RouteKey", "Target")
        route = client.create_route(**{key: properties[key] for key in keys if key in properties})
        return Provisioned(physical_id=route["RouteId"], attributes={"RouteId": route["RouteId"]})

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the route."""
        _delete(
            created,
            context,
            "delete_route",
            ApiId=created.resource.properties["ApiId"],
            RouteId=created.provisioned.physical_id,
        )

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def _delete(created: Created, context: Context, operation: str, **arguments: Any) -> None:
    client = context.account.client("apigatewayv2", created.resource.region)
    try:
        getattr(client, operation)(**arguments)
    except client.exceptions.NotFoundException:
        return
