"""`$context` and the lines of an access log."""

from __future__ import annotations

import pytest

from lambdakit.harness.routing.rest.context import RestOutcome, context_values
from lambdakit.harness.routing.rest.exchange import RestAuthorized, UsedKey
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.stage_settings import access_line
from tests.fakes.rest_exchanges import rest_exchange

EXCHANGE = rest_exchange(
    headers=[("user-agent", "tests"), ("x-amzn-trace-id", "Self=1-2;Root=1-5e9f0b45-1;Sampled=1")],
    authorized=RestAuthorized(
        kind="CUSTOM", principal_id="ann", context={"level": "7"}, identity={"userArn": "arn:aws:iam::1:user/ann"}
    ),
    key=UsedKey(key_id="k1", value="secret"),
)
OUTCOME = RestOutcome(
    status=429,
    response_bytes=31,
    duration_ms=12.6,
    refused=Refused("THROTTLED", "why"),
    error_message='Too "Many"',
    integration_status=200,
    integration_ms=3.4,
    integration_request_id="r-1",
    authorizer_ms=2.0,
)


@pytest.mark.parametrize(
    ("text_format", "line"),
    [
        ("$context.requestId $context.extendedRequestId", f"{EXCHANGE.request_id} LV7fzho-PHcEJPw="),
        ('$context.identity.sourceIp "$context.httpMethod $context.path"', '127.0.0.1 "GET /prod/orders/7"'),
        ("$context.requestTime $context.requestTimeEpoch", "21/Apr/2020:15:08:21 +0000 1587481701067"),
        (
            "$context.identity.userArn $context.identity.user $context.identity.userAgent",
            "arn:aws:iam::1:user/ann - tests",
        ),
        ("$context.identity.apiKey $context.identity.apiKeyId", "secret k1"),
        ("$context.authorizer.principalId $context.authorizer.level", "ann 7"),
        ("$context.authorizer.latency $context.authorizer.error", "2 -"),
        ("$context.status $context.responseLength $context.responseLatency", "429 31 13"),
        ("$context.integration.status $context.integration.latency $context.integration.requestId", "200 3 r-1"),
        ("$context.integrationStatus $context.integrationLatency $context.integration.error", "200 3 -"),
        ("$context.error.message $context.error.messageString", 'Too "Many" "Too \\"Many\\""'),
        ("$context.error.responseType", "THROTTLED"),
        ("$context.xrayTraceId $context.resourcePath $context.apiId", "1-5e9f0b45-1 /orders/{id} abc"),
        ("$context.isCanaryRequest $context.domainPrefix $context.endpointType", "false abc REGIONAL"),
        ('{"status":$context.status,"took":${context.responseLatency}}', '{"status":429,"took":13}'),
        ("$context.nothing $context.identity.nothing $context.waf.error $other", "- - - $other"),
    ],
)
def test_variables_are_put_in_place(text_format: str, line: str) -> None:
    assert access_line(text_format, context_values(EXCHANGE, OUTCOME)) == line


def test_a_request_that_is_not_answered_has_no_outcome() -> None:
    values = context_values(rest_exchange())

    assert "status" not in values
    assert "authorizer" not in values
    assert "apiKey" not in values["identity"]
    assert values["identity"]["caller"] is None
