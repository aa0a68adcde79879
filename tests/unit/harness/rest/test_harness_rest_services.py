"""Service integrations: the request that a service gets, and as whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import parse_qsl

import pytest

from lambdakit.harness.moto_state.rest_definition import RestIntegration
from lambdakit.harness.routing.function_calls import FunctionTimedOut
from lambdakit.harness.routing.rest.aws_integration import AwsIntegration
from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Request, Response
from tests.fakes.rest_exchanges import rest_exchange

_ROLE = "arn:aws:iam::123456789012:role/api"
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_ANSWER = Response(status=200, headers=[("x-amzn-RequestId", "r")], body=b"{}")
_Made = TypeVar("_Made")


@dataclass(kw_only=True)
class Services:
    """Takes every request, as whom, and answers all the same."""

    answer: Response = _ANSWER
    asked: list[tuple[Request, str]] = field(default_factory=list)
    refusal: str | None = None
    is_late: bool = False

    def ask(self, request: Request, role_arn: str) -> Response:
        self.asked.append((request, role_arn))
        return self.answer

    def assumption_refusal(self, role_arn: str) -> str | None:
        return self.refusal

    def within(self, limit_seconds: float, call: Callable[[], _Made]) -> _Made:
        if self.is_late:
            raise FunctionTimedOut(f"no answer came within {limit_seconds:g} seconds")
        return call()

    def send(self, uri: str, request: BackendRequest | None = None, credentials: str = _ROLE) -> BackendAnswer:
        integration = RestIntegration(type="AWS", uri=uri, http_method="POST", credentials_arn=credentials)
        exchange = rest_exchange(stage_variables={"table": "orders"})
        asked = BackendRequest(method="POST") if request is None else request
        return AwsIntegration(self.ask, self.assumption_refusal, self).answer(exchange, integration, asked)


def _uri(rest: str) -> str:
    return f"arn:aws:apigateway:eu-west-1:{rest}"


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


class TestActions:
    @pytest.mark.parametrize(
        ("rest", "target"),
        [
            ("dynamodb:action/PutItem", "DynamoDB_20120810.PutItem"),
            ("states:action/StartExecution", "AWSStepFunctions.StartExecution"),
            ("events:action/PutEvents", "AWSEvents.PutEvents"),
            ("kinesis:action/PutRecord", "Kinesis_20131202.PutRecord"),
            ("firehose:action/PutRecord", "Firehose_20150804.PutRecord"),
            ("ssm:action/GetParameter", "AmazonSSM.GetParameter"),
            ("secretsmanager:action/GetSecretValue", "secretsmanager.GetSecretValue"),
        ],
    )
    def test_json_services_have_the_action_as_target(self, rest: str, target: str) -> None:
        services = Services()

        services.send(_uri(rest), BackendRequest(method="POST", headers=[("Content-Type", "a/b")], body=b'{"a":1}'))

        request, role = services.asked[0]
        named = read_service_request(request)
        assert (request.method, request.target, request.body) == ("POST", "/", b'{"a":1}')
        assert request.headers.all("x-amz-target") == [target]
        assert request.headers.get("content-type").startswith("application/x-amz-json-1.")
        assert (named.service, named.region, role) == (rest.partition(":")[0], "eu-west-1", _ROLE)

    @pytest.mark.parametrize(
        ("rest", "query", "body", "form"),
        [
            ("sns:action/Publish", [("TopicArn", "t"), ("Message", "m n")], b"", {"TopicArn": "t", "Message": "m n"}),
            ("sqs:action/SendMessage&QueueUrl=u&MessageBody=b", [], b"", {"QueueUrl": "u", "MessageBody": "b"}),
            (
                "sqs:action/SendMessage",
                [("QueueUrl", "u")],
                b"MessageBody=a%26b",
                {"QueueUrl": "u", "MessageBody": "a&b"},
            ),
        ],
    )
    def test_query_services_have_it_in_a_form(
        self, rest: str, query: list[tuple[str, str]], body: bytes, form: dict[str, str]
    ) -> None:
        services = Services()

        services.send(_uri(rest), BackendRequest(method="GET", query=query, headers=[_FORM], body=body))

        request, _ = services.asked[0]
        sent = _form(request)
        assert request.method == "POST"
        assert sent.pop("Action") == rest.partition("/")[2].partition("&")[0]
        assert {name: value for name, value in sent.items() if name != "Version"} == form

    @pytest.mark.parametrize("rest", ["s3:action/GetObject", "nonsense:action/X", "lambda:action/Invoke"])
    def test_other_services_have_no_actions(self, rest: str) -> None:
        with pytest.raises(Refused, match="path of its API"):
            Services().send(_uri(rest))


class TestPaths:
    @pytest.mark.parametrize(
        ("rest", "path", "query", "target", "host"),
        [
            ("s3:path/{bucket}/{key}", {"bucket": "b", "key": "a b/é"}, [], "/b/a%20b/%C3%A9", "s3"),
            ("s3:path/b/k", {}, [("versionId", "1 2")], "/b/k?versionId=1+2", "s3"),
            ("b.s3:path/k", {}, [], "/k", "b.s3"),
            ("s3:path//b//k", {}, [], "/b//k", "s3"),
            ("dynamodb:path/${stageVariables.table}", {}, [], "/orders", "dynamodb"),
        ],
    )
    def test_a_path_is_asked_for(
        self, rest: str, path: dict[str, str], query: list[tuple[str, str]], target: str, host: str
    ) -> None:
        services = Services()

        services.send(_uri(rest), BackendRequest(method="PUT", path=path, query=query, body=b"x"))

        request, _ = services.asked[0]
        assert (request.method, request.target, request.body) == ("PUT", target, b"x")
        assert request.headers.get("host") == f"{host}.eu-west-1.amazonaws.com"

    def test_a_form_names_the_action(self) -> None:
        services = Services()

        services.send(
            _uri("sqs:path/1/q"), BackendRequest(method="POST", headers=[_FORM], body=b"Action=SendMessage&A=b")
        )

        request, _ = services.asked[0]
        assert (request.target, _form(request)) == ("/1/q", {"Action": "SendMessage", "A": "b"})

    def test_a_target_that_a_mapping_gave_stays(self) -> None:
        services = Services()
        headers = [("X-Amz-Target", "AmazonSQS.SendMessage"), ("Authorization", "own"), ("Host", "own")]

        services.send(_uri("sqs:path//"), BackendRequest(method="POST", headers=headers, body=b"{}"))

        request, _ = services.asked[0]
        assert request.headers.get("x-amz-target") == "AmazonSQS.SendMessage"
        assert "own" not in request.headers.get("authorization") + request.headers.get("host")


class TestRefusals:
    def test_a_role_that_may_not_be_assumed_asks_nobody(self) -> None:
        services = Services(refusal="no trust")

        with pytest.raises(Refused, match="no trust"):
            services.send(_uri("sqs:path/1/q"))

        assert services.asked == []

    def test_without_a_role_nobody_asks(self) -> None:
        services = Services(refusal="never looked at")

        services.send(_uri("s3:path/b/k"), credentials="")

        assert services.asked[0][1] == ""

    @pytest.mark.parametrize(
        ("uri", "credentials", "problem"),
        [
            ("https://sqs.amazonaws.com/", _ROLE, "no URI"),
            (_uri("sqs:other/x"), _ROLE, "no URI"),
            (_uri("sqs:path/1/q"), "arn:aws:iam::*:user/*", "caller's own"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, uri: str, credentials: str, problem: str) -> None:
        with pytest.raises(Refused, match=problem) as refused:
            Services().send(uri, credentials=credentials)

        assert refused.value.kind == "API_CONFIGURATION_ERROR"

    def test_a_service_that_takes_too_long_is_not_waited_for(self) -> None:
        with pytest.raises(Refused, match="no answer came within 29 seconds") as refused:
            Services(is_late=True).send(_uri("states:action/StartSyncExecution"))

        assert refused.value.kind == "INTEGRATION_TIMEOUT"

    def test_what_a_json_service_could_not_read_is_answered_as_it_does(self) -> None:
        services = Services()

        answer = services.send(_uri("dynamodb:action/PutItem"), BackendRequest(method="POST", body=b"{a"))

        assert (answer.status, services.asked) == (400, [])
        assert b"SerializationException" in answer.body
