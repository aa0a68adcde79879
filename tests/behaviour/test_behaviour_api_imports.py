"""Imports into APIs that are there: one that fails leaves the API as it was.

Source: API Gateway API Reference, "PutRestApi"; API Gateway Version 2 API Reference, "ReimportApi".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-api-imports")

MOCK = {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock"}}
PROXY = {
    "x-amazon-apigateway-integration": {
        "type": "http_proxy",
        "httpMethod": "GET",
        "uri": "https://example.com",
        "payloadFormatVersion": "1.0",
    }
}


def _rest(title: str, **more: Any) -> dict[str, Any]:
    return {
        "swagger": "2.0",
        "info": {"title": title, "version": "1"},
        "x-amazon-apigateway-request-validators": {title: {"validateRequestBody": True}},
        "definitions": {f"{title}Model": {"type": "object"}},
        **more,
    }


def _http(title: str, **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.1", "info": {"title": title, "version": "1"}, **more}


class TestRest:
    @pytest.fixture
    def api(self, harness: WiredHarness) -> Iterator[tuple[Any, str]]:
        client = harness.aws("apigateway")
        document = _rest("shop", paths={"/orders": {"get": MOCK}, "/carts/{id}": {"post": MOCK}})
        made = client.import_rest_api(body=json.dumps(document).encode())["id"]
        client.create_deployment(restApiId=made, stageName="prod")
        yield client, made
        client.delete_rest_api(restApiId=made)

    def _seen(self, api: tuple[Any, str]) -> Any:
        client, api_id = api
        resources = client.get_resources(restApiId=api_id, embed=["methods"])["items"]
        return (
            client.get_rest_api(restApiId=api_id)["name"],
            {one["path"]: (one["id"], sorted(one.get("resourceMethods") or ())) for one in resources},
            [model["name"] for model in client.get_models(restApiId=api_id)["items"]],
            [one["name"] for one in client.get_request_validators(restApiId=api_id)["items"]],
            [stage["stageName"] for stage in client.get_stages(restApiId=api_id)["item"]],
        )

    @pytest.mark.parametrize("mode", ["overwrite", "merge"])
    @pytest.mark.parametrize(
        "paths",
        [
            {"/new": {"get": MOCK}, "/a b": {"get": MOCK}},
            {"/new": {"get": MOCK}, "/{a}": {"get": MOCK}, "/{b}/c": {"get": MOCK}},
        ],
        ids=["part", "variables"],
    )
    def test_an_import_that_fails_leaves_the_api_as_it_was(self, api: tuple[Any, str], mode: str, paths: Any) -> None:
        client, api_id = api
        before = self._seen(api)

        body = json.dumps(_rest("other", paths=paths)).encode()
        refused = refusal(client.put_rest_api, restApiId=api_id, mode=mode, body=body)

        assert refused[0] == 400
        assert self._seen(api) == before
        again = json.dumps(_rest("again", paths={"/again": {"get": MOCK}})).encode()
        client.put_rest_api(restApiId=api_id, mode="overwrite", body=again)
        assert self._seen(api)[1].keys() == {"/", "/again"}


def test_a_reimport_that_fails_leaves_an_http_api_as_it_was(harness: WiredHarness) -> None:
    client = harness.aws("apigatewayv2")
    api_id = client.import_api(Body=json.dumps(_http("shop", paths={"/orders": {"get": PROXY}})))["ApiId"]

    wrong = _http("other", paths={"/new": {"get": PROXY}, "/bad": {"get": 1}})
    refused = refusal(client.reimport_api, ApiId=api_id, Body=json.dumps(wrong))

    assert refused[:2] == (400, "BadRequestException")
    assert client.get_api(ApiId=api_id)["Name"] == "shop"
    assert [route["RouteKey"] for route in client.get_routes(ApiId=api_id)["Items"]] == ["GET /orders"]
    client.delete_api(ApiId=api_id)
