"""A REST API as the door of its pattern: a method for each route, with authorizer, key and validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.api_acknowledgements import OTHER_AUTHORIZER, PUBLIC_ROUTE
from lambdakit.constructs.authorizers import (
    Authorizer,
    CognitoAuthorizer,
    IamAuthorizer,
    LambdaAuthorizer,
    identity_source,
)
from lambdakit.constructs.custom_domain import certificate_of
from lambdakit.constructs.function_properties import FunctionProperties, as_duration
from lambdakit.constructs.rest_api import RestSettings, add_usage_plan, rest_keys
from lambdakit.constructs.rest_cors import add_gateway_responses
from lambdakit.constructs.routes import RouteKey
from lambdakit.constructs.user_pool import UserPoolProperties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.custom_domain import CustomDomain
    from lambdakit.constructs.http_api import Cors

_REQUEST = "method.request"
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestDoor:
    """See `ApiDoor`. guarded, open: the options of a method with and without the authorizer, which may be IAM.

    schemas: that JSON bodies have to fit, by route key.
    """

    api: apigateway.RestApi
    url: str
    domain_target: str | None
    api_key: apigateway.IApiKey | None
    guarded: Mapping[str, Any]
    open: Mapping[str, Any]
    has_other_authorizer: bool
    schemas: Mapping[str, Mapping[str, object]]

    def add_route(self, key: str, handler: lambda_.IFunction, *, public: bool) -> None:
        """See `ApiDoor`. The API may invoke the function for this method alone, and not from the console's test."""
        integration = apigateway.LambdaIntegration(
            handler, proxy=True, allow_test_invoke=False, scope_permission_to_method=True
        )
        for each in rest_keys(RouteKey.parse(key)):
            assert each.path is not None and each.method is not None
            resource = self.api.root.resource_for_path(each.path)
            options = dict(self.open if public else self.guarded)
            if key in self.schemas:
                options["request_models"] = {_JSON: self._model(key, self.schemas[key])}
            method = resource.add_method(each.method, integration, **options)
            if public:
                acknowledge(method, PUBLIC_ROUTE)
            elif self.has_other_authorizer:
                acknowledge(method, OTHER_AUTHORIZER)

    def _model(self, key: str, schema: Mapping[str, object]) -> apigateway.IModel:
        id = f"Model{key.replace(' ', '').replace('/', '--')}"
        known = self.api.node.try_find_child(id)
        if isinstance(known, apigateway.CfnModel):
            return apigateway.Model.from_model_name(known, "Name", known.ref)
        model = apigateway.CfnModel(
            self.api, id, rest_api_id=self.api.rest_api_id, content_type=_JSON, schema=dict(schema)
        )
        deployment = self.api.latest_deployment
        if deployment is not None:
            # What is deployed is a snapshot, which has to be taken anew when the schema is another.
            deployment.node.add_dependency(model)
            deployment.add_to_logical_id({"model": key, "schema": dict(schema)})
        return apigateway.Model.from_model_name(model, "Name", model.ref)


def rest_door(
    scope: Construct,
    api: apigateway.RestApi,
    settings: RestSettings,
    *,
    authorizer: Authorizer | None,
    domain: CustomDomain | None,
    cors: Cors | None,
    schemas: Mapping[str, Mapping[str, object]],
) -> RestDoor:
    """The door of `api`. authorizer: whose pool and function exist; None, everybody may call.

    schemas: that JSON bodies have to fit, by route key.
    """
    stack = Stack.of(scope)
    url = f"https://{api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}/{api.deployment_stage.stage_name}"
    target = None
    if domain is not None:
        name = api.add_domain_name(
            "Domain",
            domain_name=domain.domain_name,
            certificate=certificate_of(scope, domain.certificate),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        url, target = f"https://{domain.domain_name}", name.domain_name_alias_domain_name
    if cors is not None:
        add_gateway_responses(api, cors)
    plan = settings.usage_plan
    options: dict[str, Any] = {"api_key_required": plan is not None or None}
    if settings.request_validation:
        options["request_validator"] = api.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
    return RestDoor(
        api=api,
        url=url,
        domain_target=target,
        api_key=None if plan is None else add_usage_plan(api, plan),
        guarded={**options, **_authorization(api, authorizer)},
        schemas=schemas,
        has_other_authorizer=isinstance(authorizer, IamAuthorizer | LambdaAuthorizer),
        open={**options, "authorization_type": apigateway.AuthorizationType.NONE},
    )


def _authorization(api: apigateway.RestApi, authorizer: Authorizer | None) -> Mapping[str, Any]:
    """What a method's options say of the authorizer."""
    if authorizer is None:
        return {"authorization_type": apigateway.AuthorizationType.NONE}
    if isinstance(authorizer, CognitoAuthorizer):
        assert not isinstance(authorizer.user_pool, UserPoolProperties)
        return {
            "authorization_type": apigateway.AuthorizationType.COGNITO,
            "authorization_scopes": list(authorizer.scopes) or None,
            "authorizer": apigateway.CognitoUserPoolsAuthorizer(
                api, "Authorizer", cognito_user_pools=[authorizer.user_pool]
            ),
        }
    if isinstance(authorizer, LambdaAuthorizer):
        assert not isinstance(authorizer.function, FunctionProperties)
        cache = as_duration(authorizer.cache) if authorizer.identity_sources else Duration.seconds(0)
        return {
            "authorization_type": apigateway.AuthorizationType.CUSTOM,
            "authorizer": apigateway.RequestAuthorizer(
                api,
                "Authorizer",
                handler=authorizer.function,
                identity_sources=[identity_source(each, prefix=_REQUEST) for each in authorizer.identity_sources],
                results_cache_ttl=cache,
            ),
        }
    return {"authorization_type": apigateway.AuthorizationType.IAM}
