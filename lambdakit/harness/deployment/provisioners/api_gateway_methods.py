"""`AWS::ApiGateway::Resource` and `Method`: the paths of a REST API and what stands behind them.

Source: CloudFormation Template Reference, "AWS::ApiGateway::Resource" and "AWS::ApiGateway::Method".
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, undone_on_failure
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, is_gone, properties_of
from lambdakit.harness.deployment.request_shapes import request

RESOURCE: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="ParentId PathPart RestApiId"),
    made_by=Call(operation="create_resource"),
    reference="made.id",
    deleted_by=(call("delete_resource", restApiId="p.RestApiId", resourceId="ref"),),
    attributes={"ResourceId": "ref"},
)

_RESPONSE: PropertyTree = {
    "ContentHandling": READ,
    "ResponseParameters": READ,
    "ResponseTemplates": READ,
    "SelectionPattern": READ,
    "StatusCode": READ,
}


class Method:
    """A method with its integration and the responses of both. `Ref` gives an id of its own."""

    properties: ClassVar[PropertyTree] = {
        "ApiKeyRequired": READ,
        "AuthorizationScopes": READ,
        "AuthorizationType": READ,
        "AuthorizerId": READ,
        "HttpMethod": READ,
        "Integration": {
            "CacheKeyParameters": RECORDED,
            "CacheNamespace": READ,
            "ConnectionId": RECORDED,
            "ConnectionType": READ,
            "ContentHandling": READ,
            "Credentials": READ,
            "IntegrationHttpMethod": READ,
            "IntegrationResponses": _RESPONSE,
            "IntegrationTarget": RECORDED,
            "PassthroughBehavior": READ,
            "RequestParameters": READ,
            "RequestTemplates": READ,
            "ResponseTransferMode": READ,
            "TimeoutInMillis": READ,
            "Type": READ,
            "Uri": READ,
        },
        "MethodResponses": {"ResponseModels": READ, "ResponseParameters": READ, "StatusCode": READ},
        "OperationName": READ,
        "RequestModels": READ,
        "RequestParameters": READ,
        "RequestValidatorId": READ,
        "ResourceId": READ,
        "RestApiId": READ,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Puts the method with all that belongs to it."""
        client = context.client("apigateway", resource)
        with undone_on_failure(lambda: _delete(client, resource.properties)):
            put_method(client, resource.properties)
        return Provisioned(physical_id=resource.generated_name(length_max=64))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the method anew; the old one when that fails."""
        client = context.client("apigateway", resource)
        _delete(client, created.resource.properties)
        try:
            put_method(client, resource.properties)
        except Exception:
            _delete(client, resource.properties)
            with contextlib.suppress(ClientError):
                put_method(client, created.resource.properties)
            raise
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the method."""
        _delete(context.client("apigateway", created.resource), created.resource.properties)

    def reset(self, created: Created, context: Context) -> None:
        """Nothing to bring back."""


def put_method(client: Any, properties: Mapping[str, Any]) -> None:
    """Puts a method, from the properties of `AWS::ApiGateway::Method`, with its integration and responses."""
    place = {
        "restApiId": properties["RestApiId"],
        "resourceId": properties["ResourceId"],
        "httpMethod": properties["HttpMethod"],
    }
    client.put_method(**{"authorizationType": "NONE", **request(client, "put_method", properties), **place})
    for response in properties.get("MethodResponses") or ():
        client.put_method_response(**request(client, "put_method_response", response), **place)
    integration = properties.get("Integration")
    if not integration:
        return
    renamed = {"IntegrationResponses": "", "CacheKeyParameters": ""}
    arguments = request(client, "put_integration", integration, renamed)
    client.put_integration(**{"type": "MOCK", **arguments, **place})
    for response in integration.get("IntegrationResponses") or ():
        # moto reads the pattern without asking whether it is there.
        client.put_integration_response(
            **{"selectionPattern": "", **request(client, "put_integration_response", response)}, **place
        )


def _delete(client: Any, properties: Mapping[str, Any]) -> None:
    try:
        client.delete_method(
            restApiId=properties["RestApiId"],
            resourceId=properties["ResourceId"],
            httpMethod=properties["HttpMethod"],
        )
    except ClientError as error:
        if not is_gone(error):
            raise
    except LookupError:  # moto's way to say that there is no such method
        return
