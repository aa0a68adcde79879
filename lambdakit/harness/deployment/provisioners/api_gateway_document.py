"""The OpenAPI document that an API is made from.

Source: CloudFormation Template Reference, "AWS::ApiGateway::RestApi" and "AWS::ApiGatewayV2::Api" (`Body`,
`BodyS3Location`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.harness.deployment.plain_yaml import json_or_yaml
from lambdakit.harness.deployment.provisioner import Context, Resource, ResourceRefused


def openapi_document(resource: Resource, context: Context) -> Mapping[str, Any] | None:
    """The OpenAPI document of an API, from the template, an asset or a bucket; None when it has none."""
    properties = resource.properties
    if properties.get("Body"):
        body = properties["Body"]
        return body if isinstance(body, Mapping) else parsed_document(str(body), "Body")
    location = properties.get("BodyS3Location")
    if not location:
        return None
    asset = context.asset(location["Bucket"], location["Key"])
    if asset is not None:
        return parsed_document(asset.read_text(), "BodyS3Location")
    version = {"VersionId": location["Version"]} if location.get("Version") else {}
    answer = context.client("s3", resource).get_object(Bucket=location["Bucket"], Key=location["Key"], **version)
    return parsed_document(answer["Body"].read().decode(), "BodyS3Location")


def parsed_document(text: str, place: str) -> Mapping[str, Any]:
    """A document, of its JSON or YAML. ResourceRefused, at the property `place`, for what is none."""
    try:
        document = json_or_yaml(text)
    except ValueError as error:
        raise ResourceRefused(f"the OpenAPI document cannot be read: {error}", property_pointer=place) from None
    if not isinstance(document, Mapping):
        raise ResourceRefused("the OpenAPI document is no object", property_pointer=place)
    return document
