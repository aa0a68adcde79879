"""A REST API as data: what its front door reads, as it was deployed to a stage.

Source: Amazon API Gateway API Reference, "RestApi", "Resource", "Method", "Integration", "Stage", "Authorizer".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Final

from lambdakit.records import dataclass

CALLERS_OWN: Final = "arn:aws:iam::*:user/*"
"""The credentials of an integration that is called with those of whoever calls its method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationResponse:
    """What becomes of an integration's answer.

    status: of the method response. selection_pattern: a regular expression over the HTTP status, or over a Lambda
    function's error message; empty for the default. parameters: `method.response.header.NAME` -> where its value
    comes from. templates: content type -> VTL. content_handling: `CONVERT_TO_TEXT`, `CONVERT_TO_BINARY` or empty.
    """

    status: int
    selection_pattern: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    content_handling: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestIntegration:
    """What a method calls. type: `AWS`, `AWS_PROXY`, `HTTP`, `HTTP_PROXY` or `MOCK`.

    http_method: of the integration's request. credentials_arn: the role to act as, empty for none;
    `CALLERS_OWN` for the caller's. request_parameters: `integration.request.…` -> where its value comes
    from. passthrough_behavior: `WHEN_NO_MATCH`, `WHEN_NO_TEMPLATES` or `NEVER`. transfer_mode: `BUFFERED` or `STREAM`.
    responses: by the method response's status code.
    """

    type: str
    uri: str = ""
    http_method: str = ""
    credentials_arn: str = ""
    connection_type: str = "INTERNET"
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    request_templates: Mapping[str, str] = field(default_factory=dict)
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling: str = ""
    timeout_seconds: float = 29.0
    transfer_mode: str = "BUFFERED"
    responses: Mapping[str, IntegrationResponse] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResponse:
    """What a method may answer. parameters: `method.response.header.NAME` -> whether it is required."""

    status: int
    parameters: Mapping[str, bool] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of a resource. http_method: `ANY` is every one that is not named.

    authorization: `NONE`, `AWS_IAM`, `CUSTOM` or `COGNITO_USER_POOLS`. request_parameters:
    `method.request.querystring.NAME` -> whether it is required. request_models: content type -> model's name.
    validator_id: empty for none.
    """

    http_method: str
    authorization: str = "NONE"
    authorizer_id: str = ""
    scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    request_parameters: Mapping[str, bool] = field(default_factory=dict)
    request_models: Mapping[str, str] = field(default_factory=dict)
    validator_id: str = ""
    operation_name: str = ""
    responses: Mapping[str, MethodResponse] = field(default_factory=dict)
    integration: RestIntegration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestResource:
    """A resource. path: such as `/orders/{order_id}`. methods: by name, `ANY` among them."""

    resource_id: str
    path: str
    methods: Mapping[str, Method] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAuthorizer:
    """Who decides about requests. type: `TOKEN`, `REQUEST` or `COGNITO_USER_POOLS`.

    identity_sources: expressions such as `method.request.header.Authorization`. validation_expression: of tokens;
    empty for none. provider_arns: of user pools. ttl_seconds: 0 keeps no decision.
    """

    authorizer_id: str
    name: str
    type: str
    uri: str = ""
    credentials_arn: str = ""
    identity_sources: tuple[str, ...] = ()
    validation_expression: str = ""
    provider_arns: tuple[str, ...] = ()
    ttl_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestValidator:
    """What of a request is looked at before it is passed on. name: empty for none."""

    body: bool = False
    parameters: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayResponse:
    """What the API answers for itself. status: None for the type's own.

    parameters: `gatewayresponse.header.NAME` -> a value in single quotes, or where it comes from.
    """

    status: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApiDefinition:
    """A REST API as a deployment holds it. resources: by id. models: name -> JSON schema as text.

    api_key_source: `HEADER` or `AUTHORIZER`. policy: the resource policy as text, empty for none. own_endpoint: whether
    it is served under its own name. minimum_compression_bytes: None when answers are never compressed. deployed: when.
    description: empty for none.
    """

    api_id: str
    name: str
    resources: Mapping[str, RestResource]
    authorizers: Mapping[str, RestAuthorizer] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    validators: Mapping[str, RequestValidator] = field(default_factory=dict)
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    binary_media_types: tuple[str, ...] = ()
    api_key_source: str = "HEADER"
    policy: str = ""
    endpoint_type: str = "REGIONAL"
    own_endpoint: bool = True
    minimum_compression_bytes: int | None = None
    deployment_id: str = ""
    deployed: datetime | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSettings:
    """Of a method in a stage. rate, burst: None for the account's."""

    rate: float | None = None
    burst: int | None = None
    metrics: bool = False
    logging_level: str = "OFF"
    data_trace: bool = False
    caching: bool = False
    cache_ttl_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A part of a stage's requests that another deployment answers. percent: 0 to 100."""

    percent: float
    deployment_id: str
    variable_overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestStage:
    """A stage. settings: by `path/METHOD` as API Gateway keeps them, `*/*` among them.

    access_log: the log group's (or Firehose stream's) ARN and the format; None for no log.
    """

    name: str
    deployment_id: str
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, MethodSettings] = field(default_factory=dict)
    access_log: tuple[str, str] | None = None
    canary: Canary | None = None
    tracing: bool = False
