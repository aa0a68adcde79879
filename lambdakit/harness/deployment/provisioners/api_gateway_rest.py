"""`AWS::ApiGateway::RestApi`: a REST API, from its properties or from an OpenAPI document.

It has a front door of its own.
Source: CloudFormation Template Reference, "AWS::ApiGateway::RestApi"; Amazon API Gateway API Reference,
"UpdateRestApi" (patch operations).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners.api_gateway_document import openapi_document
from lambdakit.harness.deployment.provisioners.api_gateway_openapi import clear, import_document
from lambdakit.harness.deployment.provisioners.moto_backed import is_gone
from lambdakit.harness.deployment.request_shapes import request
from lambdakit.harness.deployment.service_call import tag_map
from lambdakit.harness.moto_state import unserved

_PATCHED: Final[Mapping[str, str]] = {
    "ApiKeySourceType": "/apiKeySource",
    "Description": "/description",
    "Name": "/name",
    "Policy": "/policy",
}
_ABSENT: Final[Mapping[str, Any]] = {"ApiKeySourceType": "HEADER", "Description": "", "Policy": ""}

_TYPES: Final = ["EDGE"]  # API Gateway API Reference, "CreateRestApi": optimised for the edge when nothing is said


class RestApi:
    """A REST API. `Ref` gives its id."""

    properties: ClassVar[PropertyTree] = {
        "ApiKeySourceType": READ,
        "BinaryMediaTypes": READ,
        "Body": READ,
        "BodyS3Location": {"Bucket": READ, "ETag": RECORDED, "Key": READ, "Version": READ},
        "CloneFrom": RECORDED,
        "Description": READ,
        "DisableExecuteApiEndpoint": READ,
        "EndpointAccessMode": RECORDED,
        "EndpointConfiguration": {"IpAddressType": RECORDED, "Types": READ, "VpcEndpointIds": READ},
        "FailOnWarnings": RECORDED,
        "MinimumCompressionSize": READ,
        "Mode": READ,
        "Name": READ,
        "Parameters": RECORDED,
        "Policy": READ,
        "SecurityPolicy": RECORDED,
        "Tags": READ,
        "Version": RECORDED,
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the API, and what its document says."""
        properties = resource.properties
        client = context.client("apigateway", resource)
        document = openapi_document(resource, context)
        name = properties.get("Name") or (document or {}).get("info", {}).get("title") or resource.logical_id
        renamed = {"ApiKeySourceType": "apiKeySource", "CloneFrom": "", "BinaryMediaTypes": ""}
        arguments = request(client, "create_rest_api", {**properties, "Name": name}, renamed)
        api = client.create_rest_api(**arguments)
        api_id = api["id"]
        with undone_on_failure(lambda: _delete(client, api_id)):
            _patch(client, api_id, {}, {"BinaryMediaTypes": properties.get("BinaryMediaTypes")})
            if document is not None:
                import_document(client, api_id, document, resource.region)
            root = _root(client, api_id)
            context.open_rest_api(api_id, resource.region, resource.account_id)
        return Provisioned(physical_id=api_id, attributes={"RestApiId": api_id, "RootResourceId": root})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs; another document is imported in place of what the old one made."""
        client = context.client("apigateway", resource)
        api_id = created.provisioned.physical_id
        old, new = created.resource.properties, resource.properties
        bodies = ("Body", "BodyS3Location")
        try:
            _patch(client, api_id, old, new)
            if any(old.get(key) != new.get(key) for key in bodies):
                _import_again(client, api_id, resource, context)
        except Exception:
            with contextlib.suppress(ClientError):
                _patch(client, api_id, new, old)
                if any(old.get(key) != new.get(key) for key in bodies):
                    _import_again(client, api_id, created.resource, context)
            raise
        unserved.set_rest_api_tags(resource.account_id, resource.region, api_id, tag_map(new.get("Tags")))
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Closes the door and deletes the API with all that is in it."""
        context.doors.close_door(created.provisioned.physical_id)
        _delete(context.client("apigateway", created.resource), created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Lets the door forget what it remembers."""
        context.doors.reset(created.provisioned.physical_id)


def _import_again(client: Any, api_id: str, resource: Resource, context: Context) -> None:
    clear(client, api_id)
    document = openapi_document(resource, context)
    if document is not None:
        import_document(client, api_id, document, resource.region)


def _root(client: Any, api_id: str) -> str:
    resources = client.get_resources(restApiId=api_id, limit=500)["items"]
    return str(next(each["id"] for each in resources if each["path"] == "/"))


def _patch(client: Any, api_id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    patches = list(_patches(old, new))
    if patches:
        client.update_rest_api(restApiId=api_id, patchOperations=patches)


def _patches(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for name, path in _PATCHED.items():
        before, after = (each.get(name, _ABSENT.get(name)) for each in (old, new))
        if before != after and after is not None and new:
            yield {"op": "replace", "path": path, "value": after if isinstance(after, str) else json.dumps(after)}
    disabled = bool(new.get("DisableExecuteApiEndpoint"))
    if disabled != bool(old.get("DisableExecuteApiEndpoint")):
        # moto takes any text for true.
        yield {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true" if disabled else ""}
    compression = new.get("MinimumCompressionSize")
    if new and old and compression != old.get("MinimumCompressionSize"):
        value = "" if compression is None else str(compression)
        yield {"op": "replace", "path": "/minimumCompressionSize", "value": value}
    before, after = old.get("BinaryMediaTypes") or [], new.get("BinaryMediaTypes") or []
    for kind, changed in (("remove", set(before) - set(after)), ("add", set(after) - set(before))):
        for media_type in sorted(changed):
            yield {"op": kind, "path": f"/binaryMediaTypes/{media_type.replace('/', '~1')}", "value": media_type}
    before, types = ((each.get("EndpointConfiguration") or {}).get("Types") or _TYPES for each in (old, new))
    if new and old and types != before:
        yield {"op": "replace", "path": "/endpointConfiguration/types/0", "value": types[0]}


def _delete(client: Any, api_id: str) -> None:
    try:
        client.delete_rest_api(restApiId=api_id)
    except ClientError as error:
        if not is_gone(error):
            raise
    except LookupError:  # moto's way to say that there is no such API
        return
