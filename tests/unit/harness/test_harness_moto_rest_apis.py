"""Canaries for moto's REST APIs: what is read of them, and what they are made to keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.http_apis import ApiMapping
from lambdakit.harness.moto_state.rest_apis import DeployedRestApi, find_rest_api, read_base_paths, read_rest_api
from lambdakit.harness.moto_state.rest_definition import (
    Canary,
    GatewayResponse,
    IntegrationResponse,
    MethodResponse,
    RequestValidator,
)
from lambdakit.harness.moto_state.rest_deployments import keep_deployments
from tests.fakes.unchanged_moto import restored

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT = "111122223333"
REGION = "eu-west-1"
URI = f"arn:aws:apigateway:{REGION}:lambda:path/2021-11-15/functions/fn/response-streaming-invocations"


@pytest.fixture(scope="module", autouse=True)
def kept() -> Iterator[None]:
    import moto.apigateway.models as models
    import moto.apigateway.responses as responses

    with restored(models.RestAPI, models.Stage, models.APIGatewayBackend, responses.APIGatewayResponse):
        keep_deployments()
        yield


@pytest.fixture(scope="module")
def client() -> Any:
    return Account(account_id=ACCOUNT, region=REGION).client("apigateway")


def _api(client: Any, **more: Any) -> tuple[str, str]:
    """An API with a mock below `/a/{b}`, and that resource's id."""
    api_id = client.create_rest_api(name="shop", endpointConfiguration={"types": ["REGIONAL"]}, **more)["id"]
    at = client.get_resources(restApiId=api_id)["items"][0]["id"]
    for part in ("a", "{b}"):
        at = client.create_resource(restApiId=api_id, parentId=at, pathPart=part)["id"]
    place = {"restApiId": api_id, "resourceId": at, "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE", requestParameters={"method.request.querystring.q": True})
    client.put_method_response(**place, statusCode="200", responseParameters={"method.response.header.x": False})
    client.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_integration_response(
        **place, statusCode="200", selectionPattern="2..", responseTemplates={"application/json": ""}
    )
    return api_id, at


def _read(api_id: str) -> DeployedRestApi:
    api = read_rest_api(ACCOUNT, REGION, api_id)
    assert api is not None
    return api


def test_a_deployment_holds_the_api_as_it_was(client: Any) -> None:
    api_id, resource_id = _api(client, minimumCompressionSize=7, disableExecuteApiEndpoint=True)
    client.put_gateway_response(restApiId=api_id, responseType="THROTTLED", statusCode="503")
    validator_id = client.create_request_validator(restApiId=api_id, name="v", validateRequestBody=True)["id"]
    client.create_model(restApiId=api_id, name="Item", contentType="application/json", schema='{"type": "object"}')

    deployment_id = client.create_deployment(restApiId=api_id, stageName="prod")["id"]
    client.delete_method(restApiId=api_id, resourceId=resource_id, httpMethod="GET")

    held = _read(api_id).deployments[deployment_id]
    method = held.resources[resource_id].methods["GET"]
    assert held.resources[resource_id].path == "/a/{b}"
    assert method.request_parameters == {"method.request.querystring.q": True}
    assert method.responses == {"200": MethodResponse(status=200, parameters={"method.response.header.x": False})}
    assert method.integration is not None
    assert method.integration.type == "MOCK"
    assert method.integration.responses["200"] == IntegrationResponse(
        status=200, selection_pattern="2..", templates={"application/json": ""}
    )
    assert held.gateway_responses == {"THROTTLED": GatewayResponse(status=503)}
    assert held.validators == {validator_id: RequestValidator(body=True, name="v")}
    assert held.models == {"Item": '{"type": "object"}'}
    assert (held.minimum_compression_bytes, held.own_endpoint, held.endpoint_type) == (7, False, "REGIONAL")
    assert find_rest_api(api_id) == (ACCOUNT, REGION)


def test_a_stage_keeps_its_settings_when_something_else_is_deployed(client: Any) -> None:
    api_id, _ = _api(client)
    first = client.create_deployment(restApiId=api_id, stageName="prod", variables={"a": "1"})["id"]
    patch = [{"op": "replace", "path": "/*/*/metrics/enabled", "value": "true"}]
    client.update_stage(restApiId=api_id, stageName="prod", patchOperations=patch)

    second = client.create_deployment(restApiId=api_id, stageName="prod")["id"]

    stage = _read(api_id).stages["prod"]
    assert (stage.deployment_id, stage.variables) == (second, {"a": "1"})
    assert stage.settings["*/*"].metrics
    assert (stage.settings["*/*"].rate, stage.settings["*/*"].burst) == (10_000, 5_000)
    client.delete_deployment(restApiId=api_id, deploymentId=first)  # no stage leads to it any more
    with pytest.raises(client.exceptions.BadRequestException):
        client.delete_deployment(restApiId=api_id, deploymentId=second)


class TestCanaries:
    def test_a_deployment_can_be_one(self, client: Any) -> None:
        api_id, _ = _api(client)
        first = client.create_deployment(restApiId=api_id, stageName="prod")["id"]

        settings = {"percentTraffic": 12.5, "stageVariableOverrides": {"a": "2"}}
        second = client.create_deployment(restApiId=api_id, stageName="prod", canarySettings=settings)["id"]

        stage = _read(api_id).stages["prod"]
        assert stage.deployment_id == first
        assert stage.canary == Canary(percent=12.5, deployment_id=second, variable_overrides={"a": "2"})

    def test_a_stage_is_made_with_one_and_loses_it(self, client: Any) -> None:
        api_id, _ = _api(client)
        deployment_id = client.create_deployment(restApiId=api_id)["id"]
        settings = {"percentTraffic": 5, "deploymentId": deployment_id}
        place = {"restApiId": api_id, "stageName": "beta"}
        client.create_stage(**place, deploymentId=deployment_id, canarySettings=settings)
        patches = [
            {"op": "replace", "path": "/canarySettings/percentTraffic", "value": "50"},
            {"op": "replace", "path": "/canarySettings/stageVariableOverrides/a", "value": "1"},
            {"op": "replace", "path": "/canarySettings/stageVariableOverrides/b", "value": "2"},
            {"op": "remove", "path": "/canarySettings/stageVariableOverrides/a"},
        ]

        shown = client.update_stage(**place, patchOperations=patches)["canarySettings"]
        made = _read(api_id).stages["beta"].canary
        client.update_stage(**place, patchOperations=[{"op": "remove", "path": "/canarySettings"}])

        assert (shown["percentTraffic"], shown["stageVariableOverrides"]) == (50.0, {"b": "2"})
        assert made == Canary(percent=50, deployment_id=deployment_id, variable_overrides={"b": "2"})
        assert _read(api_id).stages["beta"].canary is None


@pytest.mark.parametrize(
    ("given", "mode"),
    [({"uri": URI}, "STREAM"), ({"uri": URI, "responseTransferMode": "BUFFERED"}, "BUFFERED"), ({}, "BUFFERED")],
)
def test_the_transfer_mode_is_kept(client: Any, given: dict[str, str], mode: str) -> None:
    api_id, resource_id = _api(client)
    kind = "AWS_PROXY" if given else "HTTP_PROXY"
    integration = {"type": kind, "integrationHttpMethod": "POST", "uri": "http://127.0.0.1/", **given}
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    client.put_integration(**place, **integration)

    deployment_id = client.create_deployment(restApiId=api_id)["id"]

    kept = _read(api_id).deployments[deployment_id].resources[resource_id].methods["GET"].integration
    assert kept is not None
    assert (kept.transfer_mode, kept.timeout_seconds) == (mode, 29)


def test_the_callers_own_credentials_are_no_role_of_another_account(client: Any) -> None:
    api_id, resource_id = _api(client)
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "GET"}
    settings = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}

    own = client.put_integration(**place, **settings, credentials="arn:aws:iam::*:user/*")
    with pytest.raises(ClientError, match="Cross-account pass role is not allowed"):
        client.put_integration(**place, **settings, credentials="arn:aws:iam::999999999999:role/r")

    kept = client.get_integration(**place)
    assert own["credentials"] == kept["credentials"] == "arn:aws:iam::*:user/*"


def test_the_smallest_compressed_size_is_changed(client: Any) -> None:
    api_id, _ = _api(client)
    sizes = []
    for value in ("5", "0", ""):
        patch = [{"op": "replace", "path": "/minimumCompressionSize", "value": value}]
        client.update_rest_api(restApiId=api_id, patchOperations=patch)
        deployment_id = client.create_deployment(restApiId=api_id)["id"]
        sizes.append(_read(api_id).deployments[deployment_id].minimum_compression_bytes)

    assert sizes == [5, 0, None]


def test_base_paths_are_read(client: Any) -> None:
    api_id, _ = _api(client)
    client.create_deployment(restApiId=api_id, stageName="prod")
    client.create_domain_name(domainName="api.example.org")
    client.create_base_path_mapping(domainName="api.example.org", restApiId=api_id, basePath="v1", stage="prod")
    client.create_base_path_mapping(domainName="api.example.org", restApiId=api_id)

    mappings = read_base_paths(ACCOUNT, REGION, "api.example.org")

    assert sorted(mappings, key=lambda mapping: mapping.key) == [
        ApiMapping(key="", api_id=api_id, stage=""),
        ApiMapping(key="v1", api_id=api_id, stage="prod"),
    ]


def test_an_api_that_is_not_there_is_none(client: Any) -> None:
    assert read_rest_api(ACCOUNT, REGION, "nowhere") is None
    assert find_rest_api("nowhere") is None
    assert read_base_paths(ACCOUNT, REGION, "nowhere.example.org") == []
