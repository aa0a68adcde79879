"""What API Gateway alone understands of a REST API: `x-amazon-apigateway-…`.

Source: API Gateway Developer Guide, "OpenAPI extensions for API Gateway", a page for each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.moto_state.rest_definition import (
    GatewayResponse,
    IntegrationResponse,
    Method,
    RestApiDefinition,
    RestIntegration,
)


def integration(of: RestIntegration) -> dict[str, Any]:
    """`x-amazon-apigateway-integration`."""
    told: dict[str, Any] = {"type": of.type.lower()}
    texts = {
        "httpMethod": of.http_method,
        "uri": of.uri,
        "credentials": of.credentials_arn,
        "contentHandling": of.content_handling,
        "connectionType": of.connection_type if of.connection_type != "INTERNET" else "",
        "responseTransferMode": of.transfer_mode if of.transfer_mode != "BUFFERED" else "",
    }
    told |= {name: text for name, text in texts.items() if text}
    if of.responses:
        told["responses"] = {each.selection_pattern or "default": _response(each) for each in of.responses.values()}
    if of.request_parameters:
        told["requestParameters"] = dict(of.request_parameters)
    if of.request_templates:
        told["requestTemplates"] = dict(of.request_templates)
    told["passthroughBehavior"] = of.passthrough_behavior.lower()
    told["timeoutInMillis"] = round(of.timeout_seconds * 1000)
    return told


def validator_name(method: Method, api: RestApiDefinition) -> str:
    """What the method's validator is called; empty when it has none."""
    validator = api.validators.get(method.validator_id)
    return "" if validator is None else validator.name or method.validator_id


def of_the_api(api: RestApiDefinition) -> dict[str, Any]:
    """The extensions at the document's root."""
    told: dict[str, Any] = {}
    if api.api_key_source != "HEADER":
        told["x-amazon-apigateway-api-key-source"] = api.api_key_source
    if api.binary_media_types:
        told["x-amazon-apigateway-binary-media-types"] = list(api.binary_media_types)
    if api.gateway_responses:
        told["x-amazon-apigateway-gateway-responses"] = {
            kind: _gateway_response(each) for kind, each in sorted(api.gateway_responses.items())
        }
    if api.minimum_compression_bytes is not None:
        told["x-amazon-apigateway-minimum-compression-size"] = api.minimum_compression_bytes
    policy = _policy(api.policy)
    if policy is not None:
        told["x-amazon-apigateway-policy"] = policy
    if api.validators:
        told["x-amazon-apigateway-request-validators"] = {
            each.name or identity: {"validateRequestParameters": each.parameters, "validateRequestBody": each.body}
            for identity, each in api.validators.items()
        }
    return told


def _response(response: IntegrationResponse) -> dict[str, Any]:
    told: dict[str, Any] = {"statusCode": str(response.status)}
    if response.parameters:
        told["responseParameters"] = dict(response.parameters)
    if response.templates:
        told["responseTemplates"] = dict(response.templates)
    if response.content_handling:
        told["contentHandling"] = response.content_handling
    return told


def _gateway_response(response: GatewayResponse) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if response.status is not None:
        told["statusCode"] = str(response.status)
    if response.parameters:
        told["responseParameters"] = dict(response.parameters)
    if response.templates:
        told["responseTemplates"] = dict(response.templates)
    return told


def _policy(text: str) -> Mapping[str, Any] | None:
    try:
        policy = json.loads(text) if text else None
    except ValueError:
        return None
    return policy if isinstance(policy, dict) else None
