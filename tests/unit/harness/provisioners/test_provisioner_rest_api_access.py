"""Who may call REST APIs, and how often: authorizers, keys and usage plans, read back through the API Gateway API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdakit.harness.moto_state.rest_authorizers import mend_authorizers
from lambdakit.harness.moto_state.usage_plans import mend_usage_plans, read_usage_plans
from tests.fakes.provisioning import ACCOUNT_ID, REGION, Provisioning, Row, follow
from tests.fakes.shown import Needs, shown

pytestmark = pytest.mark.xdist_group("moto")

_API = "AWS::ApiGateway::"
_URI = (
    "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:eu-west-1:111122223333:function:f/invocations"
)
_POOL = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_"
_REST: Needs = {"Api": (f"{_API}RestApi", {"Name": "api"})}
_MOCK = {"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 204}'}}
_HERE = {"RestApiId": "@Api", "ResourceId": "@Api.RootResourceId", "HttpMethod": "GET"}
_STAGED: Needs = {
    **_REST,
    "Get": (f"{_API}Method", {**_HERE, "Integration": _MOCK}),
    "D": (f"{_API}Deployment", {"RestApiId": "@Api"}),
    "Prod": (f"{_API}Stage", {"RestApiId": "@Api", "DeploymentId": "@D", "StageName": "prod"}),
    "Test": (f"{_API}Stage", {"RestApiId": "@Api", "DeploymentId": "@D", "StageName": "test"}),
}
_PROD = {"ApiId": "@Api", "Stage": "@Prod"}
_TEST = {"ApiId": "@Api", "Stage": "@Test"}


@pytest.fixture(autouse=True)
def _mended() -> None:
    """As a harness starts: what moto passes over is mended."""
    mend_authorizers()
    mend_usage_plans()


def _limits(rate: float, burst: int) -> dict[str, Any]:
    return {"RateLimit": rate, "BurstLimit": burst}


def _shown_limits(rate: float, burst: int) -> dict[str, Any]:
    return {"rateLimit": rate, "burstLimit": burst}


_AUTHORIZER = shown(
    "apigateway",
    "get_authorizer",
    "[type, identitySource, identityValidationExpression, authorizerCredentials, authorizerResultTtlInSeconds,"
    " sort(providerARNs || `[]`)]",
    restApiId="p.RestApiId",
    authorizerId="ref",
)
_PLAN = shown(
    "apigateway",
    "get_usage_plan",
    "[sort_by(apiStages, &stage)[].[stage, throttle], throttle, [quota.limit, quota.period, quota.offset || `0`]]",
    usagePlanId="ref",
)
ROWS = [
    Row(
        type=f"{_API}Authorizer",
        first={
            **{"RestApiId": "@Api", "Name": "a", "Type": "TOKEN", "AuthorizerUri": _URI},
            **{"IdentitySource": "method.request.header.A", "IdentityValidationExpression": "^Bearer .+$"},
            "AuthorizerCredentials": "arn:aws:iam::111122223333:role/r",
        },
        second={
            **{"RestApiId": "@Api", "Name": "a", "Type": "REQUEST", "AuthorizerUri": _URI},
            **{"IdentitySource": "method.request.header.A, stageVariables.b", "AuthorizerResultTtlInSeconds": "10"},
        },
        read=_AUTHORIZER,
        shows=(
            ["TOKEN", "method.request.header.A", "^Bearer .+$", "arn:aws:iam::111122223333:role/r", 300, []],
            ["REQUEST", "method.request.header.A, stageVariables.b", None, None, 10, []],
        ),
        needs=_REST,
    ),
    Row(
        type=f"{_API}Authorizer",
        first={
            **{"RestApiId": "@Api", "Name": "a", "Type": "COGNITO_USER_POOLS"},
            **{"IdentitySource": "method.request.header.A", "ProviderARNs": [f"{_POOL}a", f"{_POOL}b"]},
        },
        second={
            **{"RestApiId": "@Api", "Name": "a", "Type": "COGNITO_USER_POOLS"},
            **{"IdentitySource": "method.request.header.A", "ProviderARNs": [f"{_POOL}b", f"{_POOL}c"]},
        },
        read=_AUTHORIZER,
        shows=(
            ["COGNITO_USER_POOLS", "method.request.header.A", None, None, 300, [f"{_POOL}a", f"{_POOL}b"]],
            ["COGNITO_USER_POOLS", "method.request.header.A", None, None, 300, [f"{_POOL}b", f"{_POOL}c"]],
        ),
        needs=_REST,
    ),
    Row(
        type=f"{_API}ApiKey",
        first={"Name": "k", "Enabled": True, "Value": "a-value-of-twenty-letters"},
        second={"Name": "l", "Enabled": False, "Value": "a-value-of-twenty-letters", "CustomerId": "c"},
        read=shown(
            "apigateway", "get_api_key", "[name, enabled, value, customerId]", apiKey="ref", includeValue="`true`"
        ),
        shows=(["k", True, "a-value-of-twenty-letters", ""], ["l", False, "a-value-of-twenty-letters", "c"]),
    ),
    Row(
        type=f"{_API}UsagePlan",
        first={
            **{
                "UsagePlanName": "p",
                "Throttle": _limits(0.5, 2),
                "Quota": {"Limit": "9", "Period": "WEEK", "Offset": 1},
            },
            "ApiStages": [{**_PROD, "Throttle": {"/orders/{id}/GET": _limits(1.5, 3), "//GET": _limits(1, 1)}}, _TEST],
        },
        second={
            **{"UsagePlanName": "p", "Throttle": _limits(2.5, 0), "Quota": {"Limit": 5, "Period": "DAY"}},
            "ApiStages": [{**_PROD, "Throttle": {"/orders/{id}/GET": _limits(2.5, 4)}}],
        },
        read=_PLAN,
        shows=(
            [
                [["prod", {"/orders/{id}/GET": _shown_limits(1.5, 3), "//GET": _shown_limits(1, 1)}], ["test", None]],
                _shown_limits(0.5, 2),
                [9, "WEEK", 1],
            ],
            [
                [["prod", {"/orders/{id}/GET": _shown_limits(2.5, 4)}]],
                _shown_limits(2.5, 0),
                [5, "DAY", 0],
            ],
        ),
        needs=_STAGED,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix("AWS::"))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_a_key_of_a_plan_is_read_with_its_limits(provisioning: Provisioning) -> None:
    for name, (type_name, properties) in _STAGED.items():
        provisioning.create(type_name, properties, logical_id=name)
    api_id = provisioning.made["Api"].provisioned.physical_id
    throttle = {"/orders/{id}/GET": _limits(1.5, 3), "//ANY": _limits(1, 1)}
    provisioning.create(f"{_API}ApiKey", {"Enabled": True, "Value": "a-value-of-twenty-letters"}, logical_id="Key")
    plan = {"ApiStages": [{**_PROD, "Throttle": throttle}], "Quota": {"Limit": 9, "Period": "WEEK"}}
    provisioning.create(f"{_API}UsagePlan", plan, logical_id="Plan")
    member = {"KeyId": "@Key", "KeyType": "API_KEY", "UsagePlanId": "@Plan"}
    provisioning.create(f"{_API}UsagePlanKey", member, logical_id="Member")

    book = read_usage_plans(ACCOUNT_ID, REGION)

    key = book.keys["a-value-of-twenty-letters"]
    found = book.plan_of(key, api_id, "prod")
    assert found is not None
    assert book.plan_of(key, api_id, "test") is None
    limits = {place: (limit.rate, limit.burst) for place, limit in found.stages[api_id, "prod"].items()}
    assert limits == {("/orders/{id}", "GET"): (1.5, 3), ("/", "ANY"): (1, 1)}
    assert found.quota is not None
    assert (found.quota.limit, found.quota.period, found.quota.offset) == (9, "WEEK", 0)
    assert (key.is_enabled, found.throttle) == (True, None)


@pytest.mark.parametrize("path", ["//orders/{id}/GET", "/~1orders~1{id}/GET"])
def test_one_method_s_limits_are_changed_through_the_api(provisioning: Provisioning, path: str) -> None:
    for name, (type_name, properties) in _STAGED.items():
        provisioning.create(type_name, properties, logical_id=name)
    api_id = provisioning.made["Api"].provisioned.physical_id
    plan_id = provisioning.create(f"{_API}UsagePlan", {"ApiStages": [_PROD]}).provisioned.physical_id
    client = provisioning.client("apigateway")

    def change(action: str, place: str, **value: str) -> Any:
        operation = {"op": action, "path": f"/apiStages/{api_id}:prod/throttle{place}", **value}
        answer = client.update_usage_plan(usagePlanId=plan_id, patchOperations=[operation])
        return answer["apiStages"][0].get("throttle")

    added = change("add", f"{path}/rateLimit", value="2.5")
    more = change("replace", f"{path}/burstLimit", value="7")
    removed = change("remove", path)

    assert added["/orders/{id}/GET"]["rateLimit"] == 2.5
    assert more["/orders/{id}/GET"] == _shown_limits(2.5, 7)
    assert not removed


_INLINE = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}


@pytest.mark.parametrize(
    "document",
    [
        {
            "openapi": "3.0.1",
            "components": {"schemas": {"Pet": {"type": "object"}}},
            "paths": {"/pets": {"post": {"requestBody": {"content": {"application/json": {"schema": _INLINE}}}}}},
        },
        {
            "swagger": "2.0",
            "definitions": {"Pet": {"type": "object"}},
            "paths": {"/pets": {"post": {"parameters": [{"in": "body", "name": "pets", "schema": _INLINE}]}}},
        },
    ],
    ids=["openapi", "swagger"],
)
def test_a_body_s_schema_that_stands_in_place_becomes_a_model(
    provisioning: Provisioning, document: dict[str, Any]
) -> None:
    whole = {**document, "info": {"title": "pets", "version": "1"}}
    api_id = provisioning.create(f"{_API}RestApi", {"Body": whole}).provisioned.physical_id
    client = provisioning.client("apigateway")

    models = {model["name"]: json.loads(model["schema"]) for model in client.get_models(restApiId=api_id)["items"]}
    resource = next(each for each in client.get_resources(restApiId=api_id)["items"] if each["path"] == "/pets")
    method = client.get_method(restApiId=api_id, resourceId=resource["id"], httpMethod="POST")

    assert models.pop("Pet") == {"type": "object"}
    ((name, schema),) = models.items()
    assert schema == _INLINE
    assert method["requestModels"] == {"application/json": name}
