"""`AWS::ApiGatewayV2::Api` and `Stage`, for HTTP APIs.

Source: CloudFormation Template Reference, "AWS::ApiGatewayV2::Api" and the pages beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners.api_gateway_document import openapi_document
from lambdakit.harness.deployment.provisioners.api_gateway_v2_integrations import create_integration, create_route
from lambdakit.harness.deployment.provisioners.api_gateway_v2_openapi import clear, cors_of, import_document
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

_CORS: PropertyTree = {
    "AllowCredentials": READ,
    "AllowHeaders": READ,
    "AllowMethods": READ,
    "AllowOrigins": READ,
    "ExposeHeaders": READ,
    "MaxAge": READ,
}

_ROUTE_SETTINGS: PropertyTree = {
    "DataTraceEnabled": RECORDED,
    "DetailedMetricsEnabled": RECORDED,
    "LoggingLevel": RECORDED,
    "ThrottlingBurstLimit": READ,
    "ThrottlingRateLimit": READ,
}
_FIELDS: Final = ("Name", "Description", "Version", "DisableExecuteApiEndpoint")
_BODIES: Final = ("Body", "BodyS3Location")


class Api(HoldsNothing):
    """An HTTP API with a front door of its own. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "BasePath": RECORDED,
        "Body": READ,
        "BodyS3Location": {"Bucket": READ, "Etag": RECORDED, "Key": READ, "Version": READ},
        "CorsConfiguration": _CORS,
        "CredentialsArn": READ,
        "Description": READ,
        "DisableExecuteApiEndpoint": READ,
        "FailOnWarnings": RECORDED,
        "IpAddressType": RECORDED,
        "Name": READ,
        "ProtocolType": READ,
        "RouteKey": READ,
        "RouteSelectionExpression": RECORDED,
        "Tags": READ,
        "Target": READ,
        "Version": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the API, what its document or its target asks for, and opens its door."""
        document = openapi_document(resource, context)
        protocol = resource.properties.get("ProtocolType") or ("HTTP" if document is not None else None)
        if protocol != "HTTP":
            raise ResourceRefused(
                f"an API is of protocol HTTP or WEBSOCKET, not {protocol}", property_pointer="ProtocolType"
            )
        client = context.client("apigatewayv2", resource)
        fields = _fields(resource, document)
        if resource.properties.get("Tags") is not None:
            fields["Tags"] = resource.properties["Tags"]
        api = call(client, "create_api", fields, ProtocolType=protocol)
        api_id = api["ApiId"]
        with undone_on_failure(lambda: client.delete_api(ApiId=api_id)):
            if document is not None:
                import_document(client, api_id, document)
            quick_create(client, api_id, resource.properties)
            context.open_http_api(api_id, resource.region, resource.account_id)
        return Provisioned(
            physical_id=api_id,
            attributes={"ApiId": api_id, "ApiEndpoint": context.doors.localize(api["ApiEndpoint"])},
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what the API says of itself, its cross-origin rules, its tags, and what its document says."""
        client = context.client("apigatewayv2", resource)
        api_id = created.provisioned.physical_id
        arn = f"arn:{partition_of(resource.region)}:apigateway:{resource.region}::/apis/{api_id}"

        def fields(_: Properties, new: Properties) -> None:
            whole = dataclasses.replace(resource, properties=new)
            document = openapi_document(whole, context)
            named = {"Description": "", "Version": "", "DisableExecuteApiEndpoint": False, **_fields(whole, document)}
            # An update keeps those rules that it does not name.
            client.delete_cors_configuration(ApiId=api_id)
            call(client, "update_api", named, ApiId=api_id)

        def contents(_: Properties, new: Properties) -> None:
            document = openapi_document(dataclasses.replace(resource, properties=new), context)
            clear(client, api_id)
            if document is not None:
                import_document(client, api_id, document)

        def target(old: Properties, new: Properties) -> None:
            _forget_target(client, api_id, old)
            quick_create(client, api_id, new)

        settings = [
            Setting((*_FIELDS, "CorsConfiguration", *_BODIES), fields),
            Setting(_BODIES, contents),
            Setting(("Target", "RouteKey", "CredentialsArn"), target),
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

    def reset(self, created: Created, context: Context) -> None:
        """Lets the door forget what authorizers said and who was throttled."""
        context.doors.reset(created.provisioned.physical_id)


class Stage(HoldsNothing):
    """A stage. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        "AccessLogSettings": {"DestinationArn": READ, "Format": READ},
        "AccessPolicyId": RECORDED,
        "ApiId": READ,
        "AutoDeploy": READ,
        "DefaultRouteSettings": _ROUTE_SETTINGS,
        "DeploymentId": RECORDED,
        "Description": READ,
        "RouteSettings": READ,
        "StageName": READ,
        "StageVariables": READ,
        "Tags": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the stage."""
        properties = resource.properties
        client = context.client("apigatewayv2", resource)
        keys = (
            *("AccessLogSettings", "ApiId", "AutoDeploy", "DefaultRouteSettings", "Description", "RouteSettings"),
            *("StageName", "StageVariables", "Tags"),
        )
        call(client, "create_stage", given(properties, *keys))
        destination = str((properties.get("AccessLogSettings") or {}).get("DestinationArn", ""))
        if ":firehose:" in destination:
            context.note(resource.logical_id, f"its access log is not delivered to {destination}")
        return Provisioned(physical_id=str(properties["StageName"]))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Makes the stage anew: moto has no operation that changes one."""
        return remake(self, created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the stage, and ends the connections of a WebSocket API."""
        properties = created.resource.properties
        context.doors.reset(str(properties["ApiId"]))
        _delete(created, context, "delete_stage", ApiId=properties["ApiId"], StageName=properties["StageName"])


def _delete(created: Created, context: Context, operation: str, **arguments: Any) -> None:
    with unless_gone("NotFoundException"):
        getattr(context.client("apigatewayv2", created.resource), operation)(**arguments)


def _fields(resource: Resource, document: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the API says of itself: by its properties, else by its document."""
    properties = resource.properties
    said = document or {}
    info = said.get("info") or {}
    found = {
        "Name": properties.get("Name") or info.get("title") or resource.logical_id,
        "Description": properties.get("Description", info.get("description")),
        "Version": properties.get("Version", info.get("version")),
        "DisableExecuteApiEndpoint": properties.get("DisableExecuteApiEndpoint"),
        "CorsConfiguration": properties.get("CorsConfiguration") or cors_of(said),
    }
    return {name: value for name, value in found.items() if value is not None}


def quick_create(client: Any, api_id: str, properties: Properties) -> None:
    """The route, the integration and the stage of an API that names its target.

    Source: API Gateway API Reference, "CreateApi" (`target`, `routeKey`, "quick create").
    """
    uri = properties.get("Target")
    if not uri:
        return
    is_function = not str(uri).startswith(("http://", "https://"))
    integration_id = create_integration(
        client,
        {
            "ApiId": api_id,
            "CredentialsArn": properties.get("CredentialsArn"),
            "IntegrationMethod": None if is_function else "ANY",
            "IntegrationType": "AWS_PROXY" if is_function else "HTTP_PROXY",
            "IntegrationUri": uri,
            "PayloadFormatVersion": "2.0" if is_function else "1.0",
        },
    )
    route_key = properties.get("RouteKey") or "$default"
    create_route(client, {"ApiId": api_id, "RouteKey": route_key, "Target": f"integrations/{integration_id}"})
    if not any(stage["StageName"] == "$default" for stage in client.get_stages(ApiId=api_id)["Items"]):
        client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)


def _forget_target(client: Any, api_id: str, properties: Properties) -> None:
    if not properties.get("Target"):
        return
    route_key = properties.get("RouteKey") or "$default"
    for route in client.get_routes(ApiId=api_id)["Items"]:
        if route["RouteKey"] == route_key:
            client.delete_route(ApiId=api_id, RouteId=route["RouteId"])
            integration_id = str(route.get("Target", "")).removeprefix("integrations/")
            client.delete_integration(ApiId=api_id, IntegrationId=integration_id)
