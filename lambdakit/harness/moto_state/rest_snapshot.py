"""A moto REST API as the data that a deployment holds.

Private surface used: the attributes of `RestAPI`, `Resource`, `Method`, `Integration`, `Authorizer` and their
neighbours in `moto.apigateway.models` that are read below. Canary: tests/unit/harness/test_harness_moto_rest_apis.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.moto_state.rest_definition import (
    GatewayResponse,
    IntegrationResponse,
    Method,
    MethodResponse,
    RequestValidator,
    RestApiDefinition,
    RestAuthorizer,
    RestIntegration,
    RestResource,
)

# What our own changes of moto keep with an integration; see `rest_deployments`.
TRANSFER_MODE: Final = "lambdakit_transfer_mode"
_STREAMED: Final = "/response-streaming-invocations"


def snapshot(api: Any, deployment: Any) -> RestApiDefinition:
    """The API as it is now."""
    compression = api.minimum_compression_size
    types = (api.endpoint_configuration or {}).get("types") or ["EDGE"]
    return RestApiDefinition(
        api_id=api.id,
        name=api.name,
        resources={each.id: _resource(each, api.resources) for each in list(api.resources.values())},
        authorizers={each.id: _authorizer(each) for each in list(api.authorizers.values())},
        models={name: _schema(model.schema) for name, model in list(api.models.items())},
        validators={each.id: _validator(each) for each in list(api.request_validators.values())},
        gateway_responses={kind: _gateway_response(each) for kind, each in list(api.gateway_responses.items())},
        binary_media_types=tuple(api.binaryMediaTypes),
        api_key_source=api.api_key_source or "HEADER",
        policy=_text(api.policy),
        endpoint_type=types[0],
        own_endpoint=not api.disableExecuteApiEndpoint,
        minimum_compression_bytes=None if compression is None else int(compression),
        deployment_id=deployment.id,
        deployed=datetime.fromtimestamp(deployment.created_date, UTC),
        description=api.description or "",
    )


def _resource(resource: Any, resources: Mapping[str, Any]) -> RestResource:
    parts: list[str] = []
    at: Any = resource
    while at is not None and at.parent_id:
        parts.append(at.path_part)
        at = resources.get(at.parent_id)
    return RestResource(
        resource_id=resource.id,
        path="/" + "/".join(reversed(parts)),
        methods={name: _method(method) for name, method in list(resource.resource_methods.items())},
    )


def _method(method: Any) -> Method:
    return Method(
        http_method=method.http_method,
        authorization=method.authorization_type or "NONE",
        authorizer_id=method.authorizer_id or "",
        scopes=tuple(method.authorization_scopes or ()),
        api_key_required=_truth(method.api_key_required),
        request_parameters=_truths(method.request_parameters),
        request_models=dict(method.request_models or {}),
        validator_id=method.request_validator_id or "",
        operation_name=method.operation_name or "",
        responses={
            str(code): MethodResponse(
                status=int(code),
                parameters=_truths(response.response_parameters),
                models=dict(response.response_models or {}),
            )
            for code, response in list(method.method_responses.items())
        },
        integration=None if method.method_integration is None else _integration(method.method_integration),
    )


def _integration(integration: Any) -> RestIntegration:
    uri = integration.uri or ""
    kept_mode = getattr(integration, TRANSFER_MODE, None)
    return RestIntegration(
        type=integration.integration_type or "MOCK",
        uri=uri,
        http_method=integration.http_method or "",
        credentials_arn=integration.credentials or "",
        connection_type=integration.connection_type or "INTERNET",
        request_parameters=_texts(integration.request_parameters),
        request_templates=_texts(integration.request_templates),
        passthrough_behavior=integration.passthrough_behaviour or "WHEN_NO_MATCH",
        content_handling=integration.content_handling or "",
        timeout_seconds=int(integration.timeout_in_millis or 29_000) / 1000,
        # Only a streamed integration names that operation.
        transfer_mode=kept_mode or ("STREAM" if uri.endswith(_STREAMED) else "BUFFERED"),
        responses={
            str(code): IntegrationResponse(
                status=int(response.status_code),
                selection_pattern=response.selection_pattern or "",
                parameters=_texts(response.response_parameters),
                templates=_texts(response.response_templates),
                content_handling=response.content_handling or "",
            )
            for code, response in list((integration.integration_responses or {}).items())
        },
    )


def _authorizer(authorizer: Any) -> RestAuthorizer:
    ttl = authorizer.authorizer_result_ttl
    sources = authorizer.identity_source or ""
    return RestAuthorizer(
        authorizer_id=authorizer.id,
        name=authorizer.name or "",
        type=authorizer.type or "",
        uri=authorizer.authorizer_uri or "",
        credentials_arn=authorizer.authorizer_credentials or "",
        identity_sources=tuple(source.strip() for source in sources.split(",") if source.strip()),
        validation_expression=authorizer.identity_validation_expression or "",
        provider_arns=tuple(authorizer.provider_arns or ()),
        ttl_seconds=300 if ttl is None else int(ttl),
    )


def _validator(validator: Any) -> RequestValidator:
    return RequestValidator(
        body=_truth(validator.validate_request_body),
        parameters=_truth(validator.validate_request_parameters),
        name=validator.name or "",
    )


def _gateway_response(response: Any) -> GatewayResponse:
    return GatewayResponse(
        status=None if response.status_code is None else int(response.status_code),
        parameters=_texts(response.response_parameters),
        templates=_texts(response.response_templates),
    )


def _schema(schema: Any) -> str:
    return schema if isinstance(schema, str) else json.dumps(schema if schema is not None else {})


def _text(policy: Any) -> str:
    if not policy:
        return ""
    return policy if isinstance(policy, str) else json.dumps(policy)


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """What moto keeps as None, an empty template, is an empty text."""
    return {name: "" if value is None else str(value) for name, value in (values or {}).items()}


def _truths(values: Mapping[str, Any] | None) -> dict[str, bool]:
    return {name: _truth(value) for name, value in (values or {}).items()}


def _truth(value: Any) -> bool:
    return value.lower() == "true" if isinstance(value, str) else bool(value)
