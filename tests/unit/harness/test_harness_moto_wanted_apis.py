"""moto's API Gateway still takes the ids that `lambdakit.harness.moto_state.wanted_apis` gives what it made."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.wanted_apis import rename_api, rename_rest_api, rename_rest_resource

pytestmark = pytest.mark.xdist_group("moto")

PLACE = {"account_id": "444455557777", "region": "eu-west-1"}


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(**PLACE)


def test_a_rest_api_takes_resources_and_methods_under_its_new_ids(account: Account) -> None:
    client = account.client("apigateway")
    made = client.create_rest_api(name="a")
    root = client.get_resources(restApiId=made["id"])["items"][0]["id"]

    rename_rest_api(made["id"], "abcdef1234", **PLACE)
    child = client.create_resource(restApiId="abcdef1234", parentId=root, pathPart="orders")["id"]
    rename_rest_resource("abcdef1234", root, "root123456", **PLACE)
    rename_rest_resource("abcdef1234", child, "child12345", **PLACE)

    client.create_resource(restApiId="abcdef1234", parentId="child12345", pathPart="{id}")
    client.put_method(restApiId="abcdef1234", resourceId="root123456", httpMethod="GET", authorizationType="NONE")
    paths = {item["path"]: item["id"] for item in client.get_resources(restApiId="abcdef1234")["items"]}
    assert (paths["/"], paths["/orders"]) == ("root123456", "child12345")
    assert "/orders/{id}" in paths
    assert client.get_rest_api(restApiId="abcdef1234")["rootResourceId"] == "root123456"
    with pytest.raises(ClientError):
        client.get_rest_api(restApiId=made["id"])
    client.delete_rest_api(restApiId="abcdef1234")


def test_an_http_api_takes_routes_under_its_new_id(account: Account) -> None:
    client = account.client("apigatewayv2")
    made = client.create_api(Name="a", ProtocolType="HTTP")["ApiId"]

    rename_api(made, "abcdef1234", **PLACE)

    client.create_route(ApiId="abcdef1234", RouteKey="GET /")
    told = client.get_api(ApiId="abcdef1234")
    assert told["ApiEndpoint"] == "https://abcdef1234.execute-api.eu-west-1.amazonaws.com"
    with pytest.raises(ClientError, match="NotFound"):
        client.get_api(ApiId=made)
    client.delete_api(ApiId="abcdef1234")
