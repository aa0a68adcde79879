"""`AWS::ApiGateway::*`, read back through the API Gateway API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdakit.harness.deployment.provisioner import ResourceRefused
from tests.fakes.provisioning import Properties, Provisioning, Row, follow
from tests.fakes.shown import Needs, shown

pytestmark = pytest.mark.xdist_group("moto")

_API = "AWS::ApiGateway::"
_URI = (
    "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:eu-west-1:111122223333:function:f/invocations"
)
_PROXY = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": _URI}
_MOCK = {
    **{"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 204}'}},
    "IntegrationResponses": [{"StatusCode": "204"}],
}
_HERE = {"RestApiId": "@Api", "ResourceId": "@Api.RootResourceId", "HttpMethod": "GET"}
_REST: Needs = {"Api": (f"{_API}RestApi", {"Name": "api"})}
_SERVED: Needs = {**_REST, "Get": (f"{_API}Method", {**_HERE, "Integration": _PROXY})}
_DEPLOYED: Needs = {
    **_SERVED,
    "D": (f"{_API}Deployment", {"RestApiId": "@Api"}),
    "E": (f"{_API}Deployment", {"RestApiId": "@Api", "Description": "second"}),
}
_STAGED: Needs = {
    **_DEPLOYED,
    "Prod": (f"{_API}Stage", {"RestApiId": "@Api", "DeploymentId": "@D", "StageName": "prod"}),
}


def _patched(name: str, first: dict[str, Any], second: dict[str, Any], **row: Any) -> Row:
    return Row(type=f"{_API}{name}", first=first, second=second, **row)


ROWS = [
    _patched(
        "RestApi",
        {
            **{"Name": "a", "Description": "d", "BinaryMediaTypes": ["image/png"], "MinimumCompressionSize": "10"},
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
        },
        {
            **{"Name": "b", "BinaryMediaTypes": ["image/gif"], "MinimumCompressionSize": "10"},
            **{"DisableExecuteApiEndpoint": "true", "EndpointConfiguration": {"Types": ["REGIONAL"]}},
        },
        read=shown(
            "apigateway",
            "get_rest_api",
            "[name, description || '', binaryMediaTypes, !!disableExecuteApiEndpoint, endpointConfiguration.types]",
            restApiId="ref",
        ),
        shows=(["a", "d", ["image/png"], False, ["REGIONAL"]], ["b", "", ["image/gif"], True, ["REGIONAL"]]),
    ),
    _patched(  # what the template says no more is as if it had never said it
        "RestApi",
        {
            **{"Name": "a", "EndpointConfiguration": {"Types": ["REGIONAL"]}, "ApiKeySourceType": "AUTHORIZER"},
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        {"Name": "a"},
        read=shown(
            "apigateway", "get_rest_api", "[endpointConfiguration.types, apiKeySource, tags || `{}`]", restApiId="ref"
        ),
        shows=([["REGIONAL"], "AUTHORIZER", {"team": "a"}], [["EDGE"], "HEADER", {}]),
    ),
    _patched(
        "Method",
        {**_HERE, "AuthorizationType": "NONE", "Integration": _MOCK, "MethodResponses": [{"StatusCode": 204}]},
        {**_HERE, "AuthorizationType": "AWS_IAM", "ApiKeyRequired": "true", "Integration": _PROXY},
        read=shown(
            "apigateway",
            "get_method",
            "[authorizationType, apiKeyRequired, methodIntegration.type, keys(methodResponses || `{}`)]",
            restApiId="p.RestApiId",
            resourceId="p.ResourceId",
            httpMethod="p.HttpMethod",
        ),
        shows=(["NONE", False, "MOCK", ["204"]], ["AWS_IAM", True, "AWS_PROXY", []]),
        needs=_REST,
    ),
    _patched(
        "Stage",
        {
            **{"RestApiId": "@Api", "DeploymentId": "@D", "StageName": "prod", "Variables": {"a": "1", "b": "2"}},
            **{"TracingEnabled": True, "AccessLogSetting": {"DestinationArn": "arn:x", "Format": "$context"}},
            "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO"}],
        },
        {
            **{"RestApiId": "@Api", "DeploymentId": "@E", "StageName": "prod", "Variables": {"a": "3"}},
            "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingBurstLimit": "5"}],
        },
        read=shown(
            "apigateway",
            "get_stage",
            "{D: deploymentId, V: variables, T: !!tracingEnabled, L: accessLogSettings.format,"
            " S: methodSettings.\"*/*\".loggingLevel || 'OFF'}",
            restApiId="p.RestApiId",
            stageName="ref",
        ),
        shows=(
            {"D": "@D", "V": {"a": "1", "b": "2"}, "T": True, "L": "$context"},
            {"D": "@E", "V": {"a": "3"}, "T": False, "L": None, "S": "OFF"},
        ),
        needs=_DEPLOYED,
    ),
    _patched(
        "Authorizer",
        {
            **{"RestApiId": "@Api", "Name": "a", "Type": "TOKEN", "AuthorizerUri": _URI},
            **{"IdentitySource": "method.request.header.A", "AuthorizerResultTtlInSeconds": "60"},
        },
        {
            **{"RestApiId": "@Api", "Name": "b", "Type": "TOKEN", "AuthorizerUri": _URI},
            **{"IdentitySource": "method.request.header.B", "AuthorizerResultTtlInSeconds": 0},
        },
        read=shown(
            "apigateway",
            "get_authorizer",
            "[name, identitySource, authorizerResultTtlInSeconds]",
            restApiId="p.RestApiId",
            authorizerId="ref",
        ),
        shows=(["a", "method.request.header.A", 60], ["b", "method.request.header.B", 0]),
        needs=_REST,
    ),
    _patched(
        "Model",
        {"RestApiId": "@Api", "Name": "Pet", "Schema": {"type": "object"}},
        {"RestApiId": "@Api", "Name": "Pet", "Schema": {"type": "string"}},
        read=shown("apigateway", "get_model", "schema", restApiId="p.RestApiId", modelName="ref"),
        shows=(json.dumps({"type": "object"}), json.dumps({"type": "string"})),
        needs=_REST,
    ),
    _patched(
        "RequestValidator",
        {"RestApiId": "@Api", "Name": "v", "ValidateRequestBody": "true"},
        {"RestApiId": "@Api", "Name": "v", "ValidateRequestParameters": True},
        read=shown(
            "apigateway",
            "get_request_validator",
            "[validateRequestBody, validateRequestParameters]",
            restApiId="p.RestApiId",
            requestValidatorId="ref",
        ),
        shows=([True, False], [False, True]),
        needs=_REST,
    ),
    _patched(
        "GatewayResponse",
        {"RestApiId": "@Api", "ResponseType": "DEFAULT_4XX", "StatusCode": "400"},
        {"RestApiId": "@Api", "ResponseType": "DEFAULT_4XX", "StatusCode": "404"},
        read=shown(
            "apigateway", "get_gateway_response", "statusCode", restApiId="p.RestApiId", responseType="p.ResponseType"
        ),
        shows=("400", "404"),
        needs=_REST,
    ),
    _patched(
        "ApiKey",
        {"Name": "k", "Enabled": "true", "Description": "d"},
        {"Name": "k", "Description": "e"},
        read=shown("apigateway", "get_api_key", "[enabled, description]", apiKey="ref"),
        shows=([True, "d"], [False, "e"]),
    ),
    _patched(
        "UsagePlan",
        {
            **{"UsagePlanName": "p", "ApiStages": [{"ApiId": "@Api", "Stage": "@Prod"}]},
            **{"Throttle": {"RateLimit": "10", "BurstLimit": 2}, "Quota": {"Limit": "100", "Period": "MONTH"}},
        },
        {"UsagePlanName": "q", "Throttle": {"RateLimit": 20, "BurstLimit": 2}},
        read=shown(
            "apigateway",
            "get_usage_plan",
            "[name, apiStages[].stage, throttle.rateLimit, quota.period]",
            usagePlanId="ref",
        ),
        shows=(["p", ["prod"], 10, "MONTH"], ["q", [], 20, None]),
        needs=_STAGED,
    ),
    _patched(
        "BasePathMapping",
        {"DomainName": "@Domain", "BasePath": "v1", "RestApiId": "@Api", "Stage": "@Prod"},
        {"DomainName": "@Domain", "BasePath": "v1", "RestApiId": "@Api"},
        read=shown(
            "apigateway", "get_base_path_mapping", "[basePath, stage]", domainName="p.DomainName", basePath="p.BasePath"
        ),
        shows=(["v1", "prod"], ["v1", None]),
        needs={**_STAGED, "Domain": (f"{_API}DomainName", {"DomainName": "api.example.com"})},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix("AWS::"))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


class TestDeployment:
    def test_stage_of_a_deployment_comes_and_goes_with_it(self, provisioning: Provisioning) -> None:
        for name, (type_name, properties) in _SERVED.items():
            provisioning.create(type_name, properties, logical_id=name)
        api_id = provisioning.made["Api"].provisioned.physical_id
        client = provisioning.client("apigateway")

        described = {"RestApiId": "@Api", "StageName": "direct", "StageDescription": {"MetricsEnabled": True}}
        created = provisioning.create(f"{_API}Deployment", described)
        stage = client.get_stage(restApiId=api_id, stageName="direct")
        changed = {**described, "StageDescription": {"Variables": {"a": "b"}}}
        provisioning.update(created, changed)
        after = client.get_stage(restApiId=api_id, stageName="direct")
        provisioning.delete(created)

        assert stage["deploymentId"] == created.provisioned.physical_id
        assert stage["methodSettings"]["*/*"]["metricsEnabled"] is True
        assert after["variables"] == {"a": "b"}
        assert after["methodSettings"]["*/*"]["metricsEnabled"] is False
        assert client.get_stages(restApiId=api_id)["item"] == []

    def test_what_moto_does_not_change_is_refused(self, provisioning: Provisioning) -> None:
        for name, (type_name, properties) in _DEPLOYED.items():
            provisioning.create(type_name, properties, logical_id=name)

        with pytest.raises(ResourceRefused, match="Description"):
            provisioning.update(provisioning.made["E"], {"RestApiId": "@Api", "Description": "third"})


_OPERATION: Properties = {
    "security": [{"lambda": []}, {"key": []}],
    "parameters": [{"in": "path", "name": "id", "required": True}, {"in": "query", "name": "full"}],
    "responses": {"200": {"description": "found"}, "default": {"description": "else"}},
    "x-amazon-apigateway-request-validator": "all",
    "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": _URI},
}
_SCHEMES = {
    "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "signed": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
    "lambda": {
        **{"type": "apiKey", "name": "Authorization", "in": "header"},
        "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": _URI},
    },
}
_PATHS: Properties = {
    "/pets/{id}": {"get": _OPERATION},
    "/": {
        "x-amazon-apigateway-any-method": {
            "security": [{"signed": []}],
            "x-amazon-apigateway-integration": {
                **{"type": "mock", "requestTemplates": {"application/json": "{}"}},
                "responses": {"default": {"statusCode": "200"}, "5..": {"statusCode": 500}},
            },
        }
    },
}
_EXTENSIONS = {
    "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "x-amazon-apigateway-gateway-responses": {"DEFAULT_5XX": {"statusCode": 502}},
}
_INFO = {"title": "Pets", "version": "1"}
_SWAGGER: Properties = {
    **{"swagger": "2.0", "info": _INFO, "paths": _PATHS, **_EXTENSIONS},
    **{"securityDefinitions": _SCHEMES, "definitions": {"Pet": {"type": "object"}}},
}
_OPENAPI: Properties = {
    **{"openapi": "3.0.1", "info": _INFO, "paths": _PATHS, **_EXTENSIONS},
    "components": {"securitySchemes": _SCHEMES, "schemas": {"Pet": {"type": "object"}}},
}


class TestDocument:
    @pytest.mark.parametrize("document", [_SWAGGER, _OPENAPI], ids=["Swagger 2", "OpenAPI 3"])
    def test_paths_become_resources_and_methods(self, provisioning: Provisioning, document: Properties) -> None:
        api_id = provisioning.create(f"{_API}RestApi", {"Body": document}).provisioned.physical_id

        client = provisioning.client("apigateway")
        resources = client.get_resources(restApiId=api_id, embed=["methods"])["items"]
        methods = {resource["path"]: resource.get("resourceMethods", {}) for resource in resources}
        get, any_method = methods["/pets/{id}"]["GET"], methods["/"]["ANY"]
        assert methods.keys() == {"/", "/pets", "/pets/{id}"}
        assert (get["authorizationType"], get["apiKeyRequired"]) == ("CUSTOM", True)
        assert get["authorizerId"] == client.get_authorizers(restApiId=api_id)["items"][0]["id"]
        assert get["requestValidatorId"] == client.get_request_validators(restApiId=api_id)["items"][0]["id"]
        assert get["requestParameters"] == {
            "method.request.path.id": True,
            "method.request.querystring.full": False,
        }
        assert (get["methodIntegration"]["type"], get["methodIntegration"]["uri"]) == ("AWS_PROXY", _URI)
        assert any_method["authorizationType"] == "AWS_IAM"
        assert any_method["methodIntegration"]["integrationResponses"].keys() == {"200", "500"}
        assert client.get_rest_api(restApiId=api_id)["name"] == "Pets"
        assert client.get_rest_api(restApiId=api_id)["binaryMediaTypes"] == ["image/png"]
        assert client.get_model(restApiId=api_id, modelName="Pet")["schema"] == '{"type": "object"}'
        assert client.get_gateway_response(restApiId=api_id, responseType="DEFAULT_5XX")["statusCode"] == "502"

    def test_another_document_takes_the_place_of_the_first(self, provisioning: Provisioning) -> None:
        created = provisioning.create(f"{_API}RestApi", {"Body": _OPENAPI})
        new = {"openapi": "3.0.1", "info": _INFO, "paths": {"/cats": {"get": _PATHS["/pets/{id}"]["get"]}}}

        changed = provisioning.update(created, {"Body": {**_OPENAPI, **new}})

        api_id = changed.provisioned.physical_id
        resources = provisioning.client("apigateway").get_resources(restApiId=api_id)["items"]
        assert {resource["path"] for resource in resources} == {"/", "/cats"}

    def test_document_lies_in_an_asset(self, provisioning: Provisioning) -> None:
        path = provisioning.directory / "api.yaml"
        path.write_text("openapi: 3.0.1\ninfo: {title: Yaml}\npaths: {/x: {}}\n")
        provisioning.files["assets", "api.yaml"] = path

        created = provisioning.create(f"{_API}RestApi", {"BodyS3Location": {"Bucket": "assets", "Key": "api.yaml"}})

        api_id = created.provisioned.physical_id
        assert provisioning.client("apigateway").get_rest_api(restApiId=api_id)["name"] == "Yaml"

    @pytest.mark.parametrize(
        "text", [pytest.param("{", id="truncated"), pytest.param("a: b: c", id="no YAML"), pytest.param("x", id="text")]
    )
    def test_unreadable_document_is_refused(self, provisioning: Provisioning, text: str) -> None:
        path = provisioning.directory / "api.json"
        path.write_text(text)
        provisioning.files["assets", "api.json"] = path

        with pytest.raises(ResourceRefused, match="OpenAPI document") as refused:
            provisioning.create(f"{_API}RestApi", {"BodyS3Location": {"Bucket": "assets", "Key": "api.json"}})

        assert refused.value.property_pointer == "BodyS3Location"
        assert provisioning.client("apigateway").get_rest_apis()["items"] == []

    def test_failed_import_leaves_nothing(self, provisioning: Provisioning) -> None:
        broken = {"x-amazon-apigateway-integration": {"type": "http", "httpMethod": "GET", "uri": "no address"}}

        with pytest.raises(Exception, match="Invalid HTTP endpoint"):
            provisioning.create(f"{_API}RestApi", {"Body": {**_OPENAPI, "paths": {"/x": {"get": broken}}}})

        assert provisioning.client("apigateway").get_rest_apis()["items"] == []
