"""Lambda authorizers of REST APIs: who is asked, what is said, and how long it is kept."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from lambdakit.harness.moto_state.rest_definition import RestAuthorizer
from lambdakit.harness.routing.function_calls import FunctionAnswer, FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange
from lambdakit.harness.routing.rest.lambda_authorizer import RestLambdaAuthorizers
from lambdakit.harness.routing.rest.refusal import Refused
from tests.fakes.rest_exchanges import StillClock, guarded, kind_of

API = "arn:aws:execute-api:eu-west-1:123456789012:abc"
ARN = f"{API}/prod/GET/orders/7"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:guard"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
DENIED = "User is not authorized to access this resource"
MISCONFIGURED, FAILED = ("AUTHORIZER_CONFIGURATION_ERROR", ""), ("AUTHORIZER_FAILURE", "")


class Function:
    """Answers with `result`, or raises it."""

    def __init__(self, result: Any, *, failed: bool = False) -> None:
        self.result = result
        self.failed = failed
        self.events: list[Any] = []
        self.calls: list[tuple[str, str, str]] = []

    def __call__(
        self, function: str, payload: bytes, *, source_arn: str, credentials_arn: str = "", **_: object
    ) -> FunctionAnswer:
        self.events.append(json.loads(payload))
        self.calls.append((function, source_arn, credentials_arn))
        if isinstance(self.result, Exception):
            raise self.result
        text = self.result if isinstance(self.result, bytes) else json.dumps(self.result).encode()
        return FunctionAnswer(payload=text, failed=self.failed)


def _authorizer(kind: str = "TOKEN", **more: Any) -> RestAuthorizer:
    sources = ("method.request.header.Authorization",)
    whole: dict[str, Any] = {"authorizer_id": "a1", "name": "guard", "uri": URI, "identity_sources": sources, **more}
    return RestAuthorizer(type=kind, **whole)


def _said(effect: str = "Allow", resource: str | Sequence[str] = ARN, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, **more}


def _asked(authorizer: RestAuthorizer, token: str | None = "t", **more: Any) -> RestExchange:
    headers = [] if token is None else [("Authorization", token)]
    return guarded(authorizer, headers=more.pop("headers", headers), **more)


def _decided(function: Function, authorizer: RestAuthorizer | None = None, **more: Any) -> RestAuthorized:
    authorizer = authorizer or _authorizer()
    return RestLambdaAuthorizers(function, StillClock()).authorize(_asked(authorizer, **more), authorizer)


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        (_said("Deny"), ("ACCESS_DENIED", f"{DENIED} with an explicit deny in an identity-based policy")),
        (_said(resource=f"{API}/prod/POST/orders/7"), ("ACCESS_DENIED", DENIED)),
        (_said(resource=f"{API}/test/GET/*"), ("ACCESS_DENIED", DENIED)),
        (
            {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": []}},
            ("ACCESS_DENIED", DENIED),
        ),
        ({**_said(), "principalId": None}, MISCONFIGURED),
        ({**_said(), "policyDocument": None}, MISCONFIGURED),
        ({**_said(), "policyDocument": "{}"}, MISCONFIGURED),
        ({**_said(), "policyDocument": {"Statement": [{"Effect": "Maybe"}]}}, MISCONFIGURED),
        (_said(context={"list": [1]}), MISCONFIGURED),
        (_said(context={"object": {}}), MISCONFIGURED),
        (_said(context="text"), MISCONFIGURED),
        (_said(usageIdentifierKey=7), MISCONFIGURED),
        (None, MISCONFIGURED),
        ([], MISCONFIGURED),
        (b"no JSON", MISCONFIGURED),
        ({"isAuthorized": True}, MISCONFIGURED),
        (FunctionRefused("there is no such function"), MISCONFIGURED),
        (FunctionTimedOut("too late"), FAILED),
    ],
)
def test_what_does_not_let_in_is_refused_as_api_gateway_does(result: Any, answer: tuple[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        _decided(Function(result))

    assert kind_of(refused.value) == answer


def test_what_the_function_says_of_whom_it_refuses_is_known() -> None:
    with pytest.raises(Refused) as refused:
        _decided(Function(_said("Deny", context={"why": "late"})))

    assert refused.value.authorized is not None
    assert refused.value.authorized.principal_id == "me"
    assert (refused.value.authorized.context or {})["why"] == "late"


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        ({"errorMessage": "Unauthorized"}, ("UNAUTHORIZED", "")),
        ({"errorMessage": "Unauthorized", "errorType": "Exception", "stackTrace": []}, ("UNAUTHORIZED", "")),
        ({"errorMessage": "unauthorized"}, FAILED),
        ({"errorMessage": "Unauthorized."}, FAILED),
        ({"errorMessage": "[401] Unauthorized"}, FAILED),
        ({"errorMessage": None}, FAILED),
        ([], FAILED),
    ],
)
def test_only_the_exact_text_makes_a_failure_unauthorized(error: Any, answer: tuple[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        _decided(Function(error, failed=True))

    assert kind_of(refused.value) == answer


@pytest.mark.parametrize(
    "resource",
    [
        ARN,
        f"{API}/prod/GET/*",
        f"{API}/*",
        f"{API}/*/GET/orders/*",
        "*",
        [f"{API}/prod/POST/*", f"{API}/prod/*/orders/7"],
    ],
)
def test_a_policy_lets_in_what_it_names(resource: Any) -> None:
    assert _decided(Function(_said(resource=resource))).principal_id == "me"


@pytest.mark.parametrize(
    ("said", "resource_effect", "message"),
    [
        (_said(), "", None),
        (_said(), "Allow", None),
        (_said(), "Deny", f"{DENIED} with an explicit deny in an identity-based policy"),
        (_said(resource=f"{API}/other/*"), "Allow", None),
        (_said(resource=f"{API}/other/*"), "", DENIED),
        (_said("Deny"), "Allow", f"{DENIED} with an explicit deny in an identity-based policy"),
    ],
)
def test_the_api_s_own_policy_is_asked_beside_the_authorizer_s(
    said: dict[str, Any], resource_effect: str, message: str | None
) -> None:
    statement = {"Effect": resource_effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}) if resource_effect else ""
    authorizer = _authorizer()
    exchange = _asked(authorizer)
    exchange = exchange.having(api=dataclasses.replace(exchange.api, policy=policy))
    authorizers = RestLambdaAuthorizers(Function(said), StillClock())

    if message is None:
        assert authorizers.authorize(exchange, authorizer).principal_id == "me"
        return
    with pytest.raises(Refused) as refused:
        authorizers.authorize(exchange, authorizer)
    assert kind_of(refused.value) == ("ACCESS_DENIED", message)


def test_a_condition_is_asked_of_the_request() -> None:
    result = _said()
    result["policyDocument"]["Statement"][0]["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}

    with pytest.raises(Refused, match="does not let"):
        _decided(Function(result))


def test_context_is_told_as_texts() -> None:
    context = {"text": "a", "number": 1, "fraction": 1.5, "yes": True, "no": False, "nothing": None}

    authorized = _decided(Function(_said(context=context, usageIdentifierKey="key")))

    texts = {"text": "a", "number": "1", "fraction": "1.5", "yes": "true", "no": "false"}
    assert authorized.context == {**texts, "integrationLatency": 0}
    assert (authorized.kind, authorized.usage_key) == ("CUSTOM", "key")


def test_a_token_authorizer_is_given_the_token() -> None:
    function = Function(_said())

    _decided(function, _authorizer(credentials_arn="arn:aws:iam::123456789012:role/r"), token="Bearer x")

    assert function.events == [{"type": "TOKEN", "methodArn": ARN, "authorizationToken": "Bearer x"}]
    assert function.calls == [(FUNCTION, f"{API}/authorizers/a1", "arn:aws:iam::123456789012:role/r")]


def test_a_request_authorizer_is_given_the_request() -> None:
    function = Function(_said())

    _decided(
        function, _authorizer("REQUEST"), target="/orders/7?a=1&a=2", headers=[("Authorization", "t"), ("X-A", "b")]
    )

    (event,) = function.events
    assert event["requestContext"]["resourcePath"] == "/orders/{id}"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert event["headers"]["X-A"] == "b"
    told = {
        name: event[name] for name in sorted(event) if name not in ("headers", "multiValueHeaders", "requestContext")
    }
    assert told == {
        "httpMethod": "GET",
        "methodArn": ARN,
        "multiValueQueryStringParameters": {"a": ["1", "2"]},
        "path": "/orders/7",
        "pathParameters": {"id": "7"},
        "queryStringParameters": {"a": "2"},
        "resource": "/orders/{id}",
        "stageVariables": {},
        "type": "REQUEST",
    }


@pytest.mark.parametrize(
    ("kind", "sources", "request_parts", "is_asked"),
    [
        ("TOKEN", (), {"headers": [("authorization", "t")]}, True),
        ("TOKEN", (), {"headers": []}, False),
        ("TOKEN", ("method.request.header.X-Token",), {"headers": [("x-token", "t")]}, True),
        ("TOKEN", ("method.request.header.X-Token",), {"headers": [("x-token", "")]}, False),
        ("REQUEST", (), {"headers": []}, True),
        ("REQUEST", ("method.request.header.X-Forwarded-Proto",), {"headers": []}, True),
        ("REQUEST", ("method.request.querystring.a",), {"target": "/?a=1"}, True),
        ("REQUEST", ("method.request.querystring.a",), {"target": "/?a="}, False),
        ("REQUEST", ("method.request.querystring.a",), {"target": "/?A=1"}, False),
        ("REQUEST", ("stageVariables.a",), {"stage_variables": {"a": "1"}}, True),
        ("REQUEST", ("stageVariables.a",), {}, False),
        ("REQUEST", ("context.identity.sourceIp",), {}, True),
        ("REQUEST", ("context.identity.apiKey",), {}, False),
        ("REQUEST", ("method.request.header.A", "method.request.header.B"), {"headers": [("A", "1")]}, False),
    ],
)
@pytest.mark.parametrize("ttl", [0, 300])
def test_the_function_is_asked_only_with_every_identity_source(
    kind: str, sources: tuple[str, ...], request_parts: dict[str, Any], is_asked: bool, ttl: int
) -> None:
    function = Function(_said(resource="*"))
    authorizer = _authorizer(kind, identity_sources=sources, ttl_seconds=ttl)

    if is_asked:
        _decided(function, authorizer, **request_parts)
    else:
        with pytest.raises(Refused) as refused:
            _decided(function, authorizer, **request_parts)
        assert kind_of(refused.value) == ("UNAUTHORIZED", "")

    assert len(function.events) == is_asked


@pytest.mark.parametrize(
    ("expression", "token", "answer"),
    [
        ("^Bearer [-0-9a-z.]+$", "Bearer a.b", None),
        ("^Bearer [-0-9a-z.]+$", "a.b", "UNAUTHORIZED"),
        ("abc", "abcd", "UNAUTHORIZED"),
        ("(", "abc", "AUTHORIZER_CONFIGURATION_ERROR"),
    ],
)
def test_a_token_that_does_not_fit_is_not_shown_to_the_function(
    expression: str, token: str, answer: str | None
) -> None:
    function = Function(_said())
    authorizer = _authorizer(validation_expression=expression)

    if answer is None:
        _decided(function, authorizer, token=token)
    else:
        with pytest.raises(Refused) as refused:
            _decided(function, authorizer, token=token)
        assert refused.value.kind == answer

    assert len(function.events) == (answer is None)


def test_a_kept_policy_is_asked_for_each_method() -> None:
    function, clock, authorizer = Function(_said()), StillClock(), _authorizer()
    authorizers = RestLambdaAuthorizers(function, clock)
    authorizers.authorize(_asked(authorizer), authorizer)

    with pytest.raises(Refused) as refused:
        authorizers.authorize(_asked(authorizer, target="/orders/8"), authorizer)
    authorizers.authorize(_asked(authorizer), authorizer)

    assert kind_of(refused.value) == ("ACCESS_DENIED", DENIED)
    assert len(function.events) == 1


@pytest.mark.parametrize(
    ("ttl", "after", "calls"), [(300, 299, 1), (300, 300, 2), (1, 0, 1), (0, 0, 2), (3600, 3599, 1), (3600, 3601, 2)]
)
def test_a_policy_is_kept_for_its_time(ttl: int, after: int, calls: int) -> None:
    function, clock, authorizer = Function(_said()), StillClock(), _authorizer(ttl_seconds=ttl)
    authorizers = RestLambdaAuthorizers(function, clock)
    authorizers.authorize(_asked(authorizer), authorizer)

    clock.time += timedelta(seconds=after)
    authorizers.authorize(_asked(authorizer), authorizer)

    assert len(function.events) == calls


@pytest.mark.parametrize(
    "change",
    [
        {"token": "other"},
        {"stage": "test"},
    ],
)
def test_another_identity_or_stage_is_asked_for_anew(change: dict[str, Any]) -> None:
    function, authorizer = Function(_said(resource="*")), _authorizer()
    authorizers = RestLambdaAuthorizers(function, StillClock())

    authorizers.authorize(_asked(authorizer), authorizer)
    authorizers.authorize(_asked(authorizer, **change), authorizer)

    assert len(function.events) == 2


def test_failures_are_not_kept_and_everything_is_forgotten_on_reset() -> None:
    function, authorizer = Function({"errorMessage": "Unauthorized"}, failed=True), _authorizer()
    authorizers = RestLambdaAuthorizers(function, StillClock())
    with pytest.raises(Refused):
        authorizers.authorize(_asked(authorizer), authorizer)
    function.result, function.failed = _said(), False
    authorizers.authorize(_asked(authorizer), authorizer)

    authorizers.reset()
    authorizers.authorize(_asked(authorizer), authorizer)

    assert len(function.events) == 3
