"""Lambda authorizers: what a function's word means, and how long it is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.harness.moto_state.http_apis import Authorizer
from lambdakit.harness.routing.authorizers.lambda_authorizer import LambdaAuthorizers
from lambdakit.harness.routing.exchange import Authorized, Exchange, OwnAnswer
from lambdakit.harness.routing.function_calls import FunctionAnswer, FunctionRefused, FunctionTimedOut
from tests.fakes.exchanges import exchange

ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc/$default/GET/orders/7"


class Function:
    """Answers with `result`, or raises it."""

    def __init__(self, result: Any) -> None:
        self.result = result
        self.failed = False
        self.events: list[Any] = []
        self.source_arns: list[str] = []

    def __call__(self, function: str, payload: bytes, *, source_arn: str, **_: object) -> FunctionAnswer:
        self.events.append(json.loads(payload))
        self.source_arns.append(source_arn)
        if isinstance(self.result, Exception):
            raise self.result
        text = self.result if isinstance(self.result, bytes) else json.dumps(self.result).encode()
        return FunctionAnswer(payload=text, failed=self.failed)


class StillClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return 0.0


def _authorizer(**more: Any) -> Authorizer:
    whole: dict[str, Any] = {
        "authorizer_id": "auth1",
        "name": "guard",
        "type": "REQUEST",
        "uri": "arn:aws:lambda:eu-west-1:123456789012:function:guard",
        "identity_sources": ("$request.header.authorization",),
        "simple_responses": True,
        **more,
    }
    return Authorizer(**whole)


def _asked(token: str | None = "t", target: str = "/orders/7") -> Exchange:
    headers = [] if token is None else [("Authorization", token)]
    return exchange(target=target, headers=headers, route_key="GET /orders/{id}")


def _policy(effect: str, resource: str, **more: object) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource, **more}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def _decision(result: Any, **settings: Any) -> int:
    """200 for a request that is let in, else the door's answer."""
    try:
        LambdaAuthorizers(Function(result), StillClock()).authorize(_asked(), _authorizer(**settings))
    except OwnAnswer as own:
        return own.response.status
    return 200


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"isAuthorized": True}, 200),
        ({"isAuthorized": True, "context": {"a": [1]}}, 200),
        ({"isAuthorized": False}, 403),
        ({}, 500),
        ({"isAuthorized": "true"}, 500),
        ({"isAuthorized": None}, 500),
        ({"isAuthorized": True, "context": []}, 500),
        (_policy("Allow", "*"), 500),
        ([], 500),
        ("yes", 500),
        (None, 500),
        (b"{", 500),
        (FunctionRefused("no"), 500),
        (FunctionTimedOut("late"), 500),
    ],
)
def test_a_simple_answer(result: Any, status: int) -> None:
    assert _decision(result) == status


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (_policy("Allow", ARN), 200),
        (_policy("Allow", "arn:aws:execute-api:*:*:abc/*/GET/orders/*"), 200),
        (_policy("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}), 200),
        (_policy("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), 403),
        (_policy("Deny", "*"), 403),
        (_policy("Allow", ARN.replace("GET", "POST")), 403),
        ({"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": []}}, 403),
        ({"principalId": 7, **{"policyDocument": _policy("Allow", "*")["policyDocument"]}}, 500),
        ({"policyDocument": _policy("Allow", "*")["policyDocument"]}, 500),
        ({"principalId": "me", "policyDocument": "{}"}, 500),
        ({"principalId": "me", "policyDocument": {"Statement": "x"}}, 500),
        ({"isAuthorized": True}, 500),
    ],
)
def test_a_policy(result: Any, status: int) -> None:
    assert _decision(result, simple_responses=False) == status


@pytest.mark.parametrize("token", [None, ""])
def test_without_an_identity_source_nobody_is_asked(token: str | None) -> None:
    function = Function({"isAuthorized": True})

    with pytest.raises(OwnAnswer) as own:
        LambdaAuthorizers(function, StillClock()).authorize(_asked(token), _authorizer())

    assert own.value.response.status == 401
    assert function.events == []


def test_the_function_gets_what_the_format_says() -> None:
    function = Function({"isAuthorized": True})
    authorizers = LambdaAuthorizers(function, StillClock())

    authorizers.authorize(_asked(), _authorizer())
    function.result = _policy("Allow", "*")
    authorizers.authorize(_asked(), _authorizer(payload_format_version="1.0", simple_responses=False))

    second, first = function.events
    assert (second["version"], second["routeArn"], second["identitySource"]) == ("2.0", ARN, ["t"])
    assert (first["version"], first["methodArn"], first["identitySource"]) == ("1.0", ARN, "t")
    assert set(function.source_arns) == {"arn:aws:execute-api:eu-west-1:123456789012:abc/authorizers/auth1"}


class TestKept:
    def setup_method(self) -> None:
        self.function = Function({"isAuthorized": True, "context": {"a": 1}})
        self.clock = StillClock()
        self.authorizers = LambdaAuthorizers(self.function, self.clock)

    def _ask(self, token: str = "t", target: str = "/orders/7", **settings: Any) -> Authorized:
        return self.authorizers.authorize(_asked(token, target), _authorizer(**{"ttl_seconds": 60, **settings}))

    @pytest.mark.parametrize(("seconds", "calls"), [(0, 1), (59, 1), (60, 2), (3600, 2)])
    def test_by_the_clock(self, seconds: int, calls: int) -> None:
        self._ask()
        self.clock.time += timedelta(seconds=seconds)
        self._ask()

        assert len(self.function.events) == calls

    def test_by_who_asks_and_whom(self) -> None:
        self._ask("t")
        self._ask("u")
        self._ask("t", authorizer_id="other")
        self._ask("t", target="/orders/8")

        assert len(self.function.events) == 3

    def test_not_without_a_time_or_a_source(self) -> None:
        for settings in ({"ttl_seconds": 0}, {"identity_sources": ()}):
            before = len(self.function.events)
            self._ask(**settings)
            self._ask(**settings)
            assert len(self.function.events) == before + 2

    def test_a_refusal_as_well_but_no_failure(self) -> None:
        self.function.result = {"isAuthorized": False}
        for _ in "ab":
            with pytest.raises(OwnAnswer):
                self._ask()
        assert len(self.function.events) == 1

        self.function.result = None
        for _ in "ab":
            with pytest.raises(OwnAnswer):
                self._ask("other")
        assert len(self.function.events) == 3

    def test_a_policy_decides_anew_for_each_request(self) -> None:
        self.function.result = _policy("Allow", ARN)

        self._ask(simple_responses=False)
        with pytest.raises(OwnAnswer) as own:
            self._ask(target="/orders/8", simple_responses=False)

        assert own.value.response.status == 403
        assert len(self.function.events) == 1

    def test_until_it_is_reset(self) -> None:
        self._ask()
        self.authorizers.reset()
        self._ask()

        assert len(self.function.events) == 2
