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
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    given,
    remake,
    tags_setting,
    unless_gone,
)
from lambdakit.harness.moto_state import unserved

_CORS: PropertyTree = {
    "AllowCredentials": READ,
    "AllowHeaders": READ,
    "AllowMethods": READ,
    "AllowOrigins": READ,
    "ExposeHeaders": READ,
    "MaxAge": READ,
}


class Api(HoldsNothing):
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
        client = context.client("apigatewayv2", resource)
        optional = ("CorsConfiguration", "Description", "Tags", "Version")
        api = call(
            client,
            "create_api",
            given(properties, *optional),
            Name=properties.get("Name") or resource.logical_id,
            ProtocolType=protocol,
        )
        api_id = api["ApiId"]
        with undone_on_failure(lambda: client.delete_api(ApiId=api_id)):
            context.open_http_api(api_id, resource.region, resource.account_id)
        return Provisioned(
            physical_id=api_id,
            attributes={"ApiId": api_id, "ApiEndpoint": context.doors.localize(api["ApiEndpoint"])},
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes name, description, version, cross-origin rules and tags."""
        client = context.client("apigatewayv2", resource)
        api_id = created.provisioned.physical_id
        arn = f"arn:aws:apigateway:{resource.region}::/apis/{api_id}"

        def fields(_: Properties, new: Properties) -> None:
            named = {
                "Name": resource.logical_id,
                "Description": "",
                "Version": "",
                **given(new, "Name", "Description", "Version"),
            }
            call(client, "update_api", named, ApiId=api_id)

        def cors(_: Properties, new: Properties) -> None:
            # An update keeps those rules that it does not name.
            client.delete_cors_configuration(ApiId=api_id)
            if new.get("CorsConfiguration"):
                call(client, "update_api", given(new, "CorsConfiguration"), ApiId=api_id)

        settings = [
            Setting(("Name", "Description", "Version"), fields),
            Setting(("CorsConfiguration",), cors),
            tags_setting(
                lambda tags: client.tag_resource(ResourceArn=arn, Tags=tags),
                lambda keys: client.untag_resource(ResourceArn=arn, TagKeys=keys),
            ),
        ]
        change(settings, created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Closes the door and deletes the API with all that is in it."""
        context.doors.close_door(created.provisioned.physical_id)
        _delete(created, context, "delete_api", ApiId=created.provisioned.physical_id)


class Stage(HoldsNothing):
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
        client = context.client("apigatewayv2", resource)
        keys = ("ApiId", "AutoDeploy", "Description", "StageName", "StageVariables", "Tags")
        call(client, "create_stage", given(properties, *keys))
        return Provisioned(physical_id=str(properties["StageName"]))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes the stage anew: moto has no operation that changes one."""
        return remake(self, created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the stage."""
        properties = created.resource.properties
        _delete(created, context, "delete_stage", ApiId=properties["ApiId"], StageName=properties["StageName"])


class Integration(HoldsNothing):
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
        _check_integration(properties)
        client = context.client("apigatewayv2", resource)
        keys = (
            "ApiId",
            "Description",
            "IntegrationMethod",
            "IntegrationType",
            "IntegrationUri",
            "PayloadFormatVersion",
        )
        integration = call(client, "create_integration", given(properties, *keys))
        identity = integration["IntegrationId"]
        return Provisioned(physical_id=identity, attributes={"IntegrationId": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what the integration calls."""
        _check_integration(resource.properties)
        client = context.client("apigatewayv2", resource)
        setting = Setting(
            ("Description", "IntegrationMethod", "IntegrationType", "IntegrationUri", "PayloadFormatVersion"),
            lambda _, new: call(
                client,
                "update_integration",
                {"Description": "", **new},
                IntegrationId=created.provisioned.physical_id,
            ),
        )
        change([setting], created.resource.properties, resource.properties)
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
        "AuthorizationType": READ,
        "OperationName": RECORDED,
        "RouteKey": READ,
        "Target": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the route."""
        properties = resource.properties
        _check_route(properties)
        client = context.client("apigatewayv2", resource)
        keys = ("ApiId", "AuthorizationType", "RouteKey", "Target")
        route = call(client, "create_route", given(properties, *keys))
        return Provisioned(physical_id=route["RouteId"], attributes={"RouteId": route["RouteId"]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes key and target."""
        _check_route(resource.properties)
        client = context.client("apigatewayv2", resource)
        route_id = created.provisioned.physical_id

        def fields(_: Properties, new: Properties) -> None:
            named = given(new, "ApiId", "AuthorizationType", "RouteKey", "Target")
            call(client, "update_route", {"AuthorizationType": "NONE", **named}, RouteId=route_id)
            if new.get("Target") is None:
                unserved.forget_route_target(resource.account_id, resource.region, new["ApiId"], route_id)

        setting = Setting(("AuthorizationType", "RouteKey", "Target"), fields)
        change([setting], created.resource.properties, resource.properties)
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


def _check_integration(properties: Properties) -> None:
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


def _check_route(properties: Properties) -> None:
    authorization = properties.get("AuthorizationType", "NONE")
    if authorization != "NONE":
        raise ResourceRefused(
            f"the harness has no authorizers so far, and the route asks for {authorization}",
            property_pointer="AuthorizationType",
        )


def _delete(created: Created, context: Context, operation: str, **arguments: Any) -> None:
    with unless_gone("NotFoundException"):
        getattr(context.client("apigatewayv2", created.resource), operation)(**arguments)
