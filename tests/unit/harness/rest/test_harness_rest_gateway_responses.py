"""What a REST API answers for itself."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from lambdakit.harness.moto_state.rest_definition import GatewayResponse
from lambdakit.harness.routing.rest.context import RestOutcome
from lambdakit.harness.routing.rest.gateway_responses import gateway_response
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Response
from tests.fakes.rest_exchanges import rest_exchange


def _answer(
    refused: Refused, responses: Mapping[str, GatewayResponse] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    exchange = rest_exchange(
        target="/orders/7?q=1&q=2",
        headers=list((headers or {}).items()),
        api={"gateway_responses": responses or {}},
        stage_variables={"colour": "green"},
    )
    return gateway_response(refused, exchange, RestOutcome(integration_status=418))


# API Gateway Developer Guide, "Gateway response types for API Gateway".
@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("ACCESS_DENIED", 403, {"Message": "User is not authorized to access this resource"}),
        ("API_CONFIGURATION_ERROR", 500, {"message": "Internal server error"}),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500, {"message": None}),
        ("AUTHORIZER_FAILURE", 500, {"message": None}),
        ("BAD_REQUEST_BODY", 400, {"message": "Invalid request body"}),
        ("BAD_REQUEST_PARAMETERS", 400, {"message": "Missing required request parameters"}),
        ("DEFAULT_5XX", 502, {"message": "Internal server error"}),
        ("EXPIRED_TOKEN", 403, {"message": "The security token included in the request is expired"}),
        ("INTEGRATION_FAILURE", 504, {"message": "Internal server error"}),
        ("INTEGRATION_TIMEOUT", 504, {"message": "Endpoint request timed out"}),
        ("INVALID_API_KEY", 403, {"message": "Forbidden"}),
        ("MISSING_AUTHENTICATION_TOKEN", 403, {"message": "Missing Authentication Token"}),
        ("QUOTA_EXCEEDED", 429, {"message": "Limit Exceeded"}),
        ("REQUEST_TOO_LARGE", 413, {"message": "Request Too Long"}),
        ("THROTTLED", 429, {"message": "Too Many Requests"}),
        ("UNAUTHORIZED", 401, {"message": "Unauthorized"}),
        ("UNSUPPORTED_MEDIA_TYPE", 415, {"message": "Unsupported Media Type"}),
    ],
)
def test_each_kind_has_its_status_and_words(kind: str, status: int, body: object) -> None:
    answer = _answer(Refused(kind, "why"))

    assert (answer.status, json.loads(answer.body)) == (status, body)
    assert dict(answer.headers)["content-type"] == "application/json"
    assert "x-amzn-ErrorType" in dict(answer.headers)


def test_a_refusal_brings_its_own_words() -> None:
    answer = _answer(Refused("BAD_REQUEST_PARAMETERS", "why", message='Missing: ["q"]'))

    assert json.loads(answer.body) == {"message": 'Missing: ["q"]'}


class TestDefaults:
    def test_they_count_for_kinds_that_are_not_set(self) -> None:
        general = GatewayResponse(status=418, parameters={"gatewayresponse.header.x-one": "'1'"})

        four, five = (_answer(Refused(kind, "why"), {"DEFAULT_4XX": general}) for kind in ("THROTTLED", "DEFAULT_5XX"))

        assert (four.status, dict(four.headers)["x-one"]) == (418, "1")
        assert (five.status, "x-one" in dict(five.headers)) == (502, False)

    def test_a_kind_of_its_own_goes_before_them(self) -> None:
        responses = {
            "DEFAULT_4XX": GatewayResponse(templates={"application/json": "general"}),
            "THROTTLED": GatewayResponse(status=503, templates={"application/json": "own"}),
        }

        answer = _answer(Refused("THROTTLED", "why"), responses)

        assert (answer.status, answer.body) == (503, b"own")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$context.error.message", "Invalid request body"),
        ('{"m":$context.error.messageString}', '{"m":"Invalid request body"}'),
        ("$context.error.responseType", "BAD_REQUEST_BODY"),
        ("$context.error.validationErrorString", "[name is missing]"),
        ("$context.identity.sourceIp $context.httpMethod", "127.0.0.1 GET"),
        ("$context.resourcePath of $context.stage", "/orders/{id} of prod"),
        ("${context.requestId}!", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef!"),
        ("$stageVariables.colour", "green"),
        ("$method.request.header.X-Mine", "mine"),
        ("$method.request.querystring.q", "2"),
        ("$method.request.path.id", "7"),
        ("<$context.nothing.there>", "<>"),
        ("$context.integration.status", "418"),
        ("#set($a = 1)$a costs $5", "#set($a = 1)$a costs $5"),
    ],
)
def test_variables_of_a_template_are_put_in_place(template: str, text: str) -> None:
    refused = Refused("BAD_REQUEST_BODY", "why", details={"validationErrorString": "[name is missing]"})
    responses = {"BAD_REQUEST_BODY": GatewayResponse(templates={"application/json": template})}

    answer = _answer(refused, responses, {"X-Mine": "mine"})

    assert answer.body.decode() == text


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'a, b'", "a, b"),
        ("''", ""),
        ("method.request.header.X-Mine", "mine"),
        ("method.request.header.Other", None),
        ("method.request.querystring.q", "2"),
        ("method.request.path.id", "7"),
        ("stageVariables.colour", "green"),
        ("context.requestId", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"),
        ("context.nothing", None),
        ("'a\r\nb: c'", "a  b: c"),
    ],
)
def test_parameters_become_header_fields(source: str, value: str | None) -> None:
    responses = {"DEFAULT_4XX": GatewayResponse(parameters={"gatewayresponse.header.x-got": source})}

    answer = _answer(Refused("THROTTLED", "why"), responses, {"X-Mine": "mine"})

    found = dict(answer.headers).get("x-got")
    assert found == value or (found is not None and "\n" not in found and source.startswith("'a\r"))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("text/html, application/xml;q=0.5", "application/xml"),
        ("image/png", "application/json"),
    ],
)
def test_the_client_chooses_among_templates(accept: str, content_type: str) -> None:
    templates = {"application/xml": "<a/>", "application/json": "{}"}

    answer = _answer(
        Refused("THROTTLED", "why"), {"THROTTLED": GatewayResponse(templates=templates)}, {"accept": accept}
    )

    assert dict(answer.headers)["content-type"] == content_type
