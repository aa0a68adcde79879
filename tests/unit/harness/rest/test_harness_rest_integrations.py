"""Integrations of REST APIs: what goes to a backend, and what its answer becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lambdakit.harness.moto_state.rest_definition import IntegrationResponse, Method, MethodResponse, RestIntegration
from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.context import context_values
from lambdakit.harness.routing.rest.integration_request import integration_request
from lambdakit.harness.routing.rest.integration_response import integration_response
from lambdakit.harness.routing.rest.mapping import mapped_to_request, mapped_to_response
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Response
from tests.fakes.rest_exchanges import rest_exchange

_STATUSES = {str(status): MethodResponse(status=status) for status in (200, 201, 204, 400, 404, 500)}
PNG = b"\x89PNG\xff"


def _method(integration: RestIntegration | None = None) -> Method:
    return Method(http_method="POST", integration=integration, responses=_STATUSES)


def _requested(integration: RestIntegration, **exchange: Any) -> BackendRequest:
    asked = rest_exchange(_method(integration), "POST", **exchange)
    return integration_request(asked, integration, context_values(asked))


def _answered(
    answer: BackendAnswer, *responses: IntegrationResponse, api: Mapping[str, Any] | None = None, **exchange: Any
) -> Response:
    integration = RestIntegration(type="HTTP", responses={str(each): value for each, value in enumerate(responses)})
    asked = rest_exchange(_method(integration), "POST", api=api, **exchange)
    return integration_response(asked, integration, answer, context_values(asked))


class TestPassthrough:
    """Source: API Gateway Developer Guide, "Method request behavior for payloads without mapping templates"."""

    @pytest.mark.parametrize(
        ("templates", "content_type", "behaviour", "outcome"),
        [
            # its first table: a template for JSON
            (("application/json",), "", "WHEN_NO_MATCH", "template"),
            (("application/json",), "", "WHEN_NO_TEMPLATES", "template"),
            (("application/json",), "", "NEVER", "template"),
            (("application/json",), "application/json", "WHEN_NO_MATCH", "template"),
            (("application/json",), "application/json", "NEVER", "template"),
            (("application/json",), "application/xml", "WHEN_NO_MATCH", "passed"),
            (("application/json",), "application/xml", "WHEN_NO_TEMPLATES", "refused"),
            (("application/json",), "application/xml", "NEVER", "refused"),
            # its second: a template for XML
            (("application/xml",), "", "WHEN_NO_MATCH", "passed"),
            (("application/xml",), "", "WHEN_NO_TEMPLATES", "refused"),
            (("application/xml",), "", "NEVER", "refused"),
            (("application/xml",), "application/xml", "NEVER", "template"),
            # its third: none
            ((), "", "WHEN_NO_MATCH", "passed"),
            ((), "application/json", "WHEN_NO_TEMPLATES", "passed"),
            ((), "application/xml", "NEVER", "refused"),
            # parameters and case of a content type do not count
            (("Application/JSON",), "application/json; charset=UTF-8", "NEVER", "template"),
        ],
    )
    def test_the_table_of_the_guide(
        self, templates: tuple[str, ...], content_type: str, behaviour: str, outcome: str
    ) -> None:
        integration = RestIntegration(
            type="HTTP", request_templates=dict.fromkeys(templates, "made"), passthrough_behavior=behaviour
        )
        headers = [("Content-Type", content_type)] if content_type else []

        if outcome == "refused":
            with pytest.raises(Refused) as refused:
                _requested(integration, headers=headers, body=b"given")
            assert refused.value.kind == "UNSUPPORTED_MEDIA_TYPE"
        else:
            request = _requested(integration, headers=headers, body=b"given")
            assert request.body == {"template": b"made", "passed": b"given"}[outcome]

    @pytest.mark.parametrize(("body", "made"), [(b"", b"{}{}"), (b"[1]", b"[1][1]")], ids=["none", "one"])
    def test_a_template_sees_an_empty_map_where_there_is_no_payload(self, body: bytes, made: bytes) -> None:
        integration = RestIntegration(
            type="HTTP", request_templates={"application/json": "$input.body$input.json('$')"}
        )

        assert _requested(integration, body=body).body == made


class TestParameterMapping:
    """Source: API Gateway Developer Guide, "Parameter mapping source reference for REST APIs in API Gateway"."""

    @pytest.mark.parametrize(
        ("expression", "values"),
        [
            ("method.request.path.id", ["7"]),
            ("method.request.path.none", None),
            ("method.request.querystring.a", ["2 3"]),
            ("method.request.multivaluequerystring.a", ["1", "2 3"]),
            ("method.request.header.x-one", ["b"]),
            ("method.request.header.X-ONE", ["b"]),
            ("method.request.multivalueheader.X-One", ["a", "b"]),
            ("method.request.header.none", None),
            ("method.request.body", ['{"p":{"q":[1,"x"]}}']),
            ("method.request.body.p.q[1]", ["x"]),
            ("method.request.body.$.p", ['{"q":[1,"x"]}']),
            ("method.request.body.none", None),
            ("stageVariables.colour", ["blue"]),
            ("stageVariables.none", None),
            ("context.stage", ["prod"]),
            ("context.identity.sourceIp", ["127.0.0.1"]),
            ("context.none.at.all", None),
            ("'fixed, ''text'", ["fixed, ''text"]),
            ("''", [""]),
            ("nonsense", None),
        ],
    )
    def test_a_source_gives_its_values(self, expression: str, values: list[str] | None) -> None:
        exchange = rest_exchange(
            verb="POST",
            target="/orders/7?a=1&a=2%203",
            headers=[("X-One", "a"), ("x-one", "b")],
            body=b'{"p":{"q":[1,"x"]}}',
            stage_variables={"colour": "blue"},
        )

        mapped = mapped_to_request(exchange, {"integration.request.header.x": expression}, context_values(exchange))

        assert list(mapped) == ([] if values is None else [("header", "x", values)])

    def test_parameters_go_where_their_targets_say(self) -> None:
        integration = RestIntegration(
            type="HTTP",
            request_parameters={
                "integration.request.header.X-New": "method.request.path.id",
                "integration.request.header.content-type": "'text/plain'",
                "integration.request.querystring.all": "method.request.multivaluequerystring.a",
                "integration.request.path.p": "context.stage",
                "integration.request.header.X-Break": "method.request.querystring.line",
                "nonsense": "'x'",
            },
        )

        request = _requested(integration, target="/orders/7?a=1&a=2&line=a%0d%0ab")

        assert request.path == {"p": "prod"}
        assert list(request.query) == [("all", "1"), ("all", "2")]
        assert dict(request.headers) == {"content-type": "text/plain", "X-New": "7", "X-Break": "a b"}

    def test_a_proxy_keeps_the_request_and_changes_it(self) -> None:
        integration = RestIntegration(
            type="HTTP_PROXY",
            request_parameters={
                "integration.request.header.X-ONE": "'new'",
                "integration.request.querystring.b": "'2'",
            },
            request_templates={"application/json": "unused"},
        )

        request = _requested(
            integration, target="/x?a=1", headers=[("X-One", "old"), ("Connection", "close"), ("Two", "2")], body=b"b"
        )

        assert (request.method, request.body, list(request.query)) == ("POST", b"b", [("a", "1"), ("b", "2")])
        headers = dict(request.headers)
        assert (headers["Two"], headers["X-ONE"]) == ("2", "new")
        assert headers["X-Forwarded-For"] == "127.0.0.1"
        assert not {"X-One", "Connection", "Host"} & headers.keys()

    def test_overrides_go_before_mappings(self) -> None:
        template = (
            "#set($context.requestOverride.header.X-A = 'o')#set($context.requestOverride.path.p = 9)"
            "#set($context.requestOverride.querystring.q = true)"
        )
        integration = RestIntegration(
            type="HTTP",
            request_templates={"application/json": template},
            request_parameters={"integration.request.header.x-a": "'m'", "integration.request.path.p": "'m'"},
        )

        request = _requested(integration)

        assert request.header("x-a") == "o"
        assert (request.path, list(request.query)) == ({"p": "9"}, [("q", "true")])

    @pytest.mark.parametrize(
        ("expression", "values"),
        [
            ("integration.response.header.x-one", ["b"]),
            ("integration.response.multivalueheader.X-One", ["a", "b"]),
            ("integration.response.body.a.b", ["1"]),
            ("integration.response.body", ['{"a":{"b":1}}']),
            ("integration.response.header.none", []),
            ("'*'", ["*"]),
            ("context.requestId", ["c6af9ac6-7b61-11e6-9a41-93e8deadbeef"]),
            ("stageVariables.none", []),
        ],
    )
    def test_an_answers_headers_are_mapped(self, expression: str, values: list[str]) -> None:
        exchange = rest_exchange()
        answer = BackendAnswer(status=200, headers=[("X-One", "a"), ("x-one", "b")], body=b'{"a":{"b":1}}')

        mapped = mapped_to_response(
            exchange, answer, {"method.response.header.H": expression}, context_values(exchange)
        )

        assert list(mapped) == [("H", value) for value in values]


class TestSelection:
    _RESPONSES = (
        IntegrationResponse(status=200, templates={"application/json": "ok"}),
        IntegrationResponse(status=404, selection_pattern="404|.*not found.*", templates={"application/json": "gone"}),
        IntegrationResponse(status=400, selection_pattern="4\\d{2}", templates={"application/json": "bad"}),
        IntegrationResponse(status=500, selection_pattern="5\\d{2}|.+", templates={"application/json": "ill"}),
    )

    @pytest.mark.parametrize(
        ("answer", "status"),
        [
            (BackendAnswer(status=404), 404),
            (BackendAnswer(status=418), 400),
            (BackendAnswer(status=503), 500),
            (BackendAnswer(status=200, is_function=True), 200),
            (BackendAnswer(status=200, is_function=True, error_message="it was not found here"), 404),
            (BackendAnswer(status=200, is_function=True, error_message="x"), 500),
        ],
    )
    def test_the_status_or_the_error_message_selects(self, answer: BackendAnswer, status: int) -> None:
        assert _answered(answer, *self._RESPONSES).status == status

    @pytest.mark.parametrize(
        ("response", "problem"),
        [
            (IntegrationResponse(status=200, selection_pattern="2\\d\\d"), "no integration response"),
            (IntegrationResponse(status=299), "method response 299"),
            (IntegrationResponse(status=200, selection_pattern="("), "selectionPattern"),
            (IntegrationResponse(status=200, templates={"application/json": "#if("}), "the template"),
        ],
    )
    def test_what_is_not_configured_is_an_error(self, response: IntegrationResponse, problem: str) -> None:
        with pytest.raises(Refused, match=problem) as refused:
            _answered(BackendAnswer(status=404), response)

        assert refused.value.kind == "API_CONFIGURATION_ERROR"

    def test_templates_and_overrides_make_the_answer(self) -> None:
        template = (
            "#set($context.responseOverride.status = 201)#set($context.responseOverride.header.X-A = 'o')"
            "$input.json('$.a')"
        )
        response = IntegrationResponse(
            status=200,
            templates={"application/json": template},
            parameters={"method.response.header.x-a": "'m'", "method.response.header.X-B": "'b'"},
        )

        answer = _answered(BackendAnswer(status=200, body=b'{"a":[1]}'), response)

        assert (answer.status, answer.body) == (201, b"[1]")
        assert list(answer.headers) == [("Content-Type", "application/json"), ("X-B", "b"), ("X-A", "o")]

    @pytest.mark.parametrize(
        ("accept", "body", "content_type"),
        [
            ("text/html", b"<p>", "text/html"),
            ("image/png, text/html", b"<p>", "text/html"),
            ("", b"{}", "application/json"),
        ],
    )
    def test_the_client_chooses_the_template(self, accept: str, body: bytes, content_type: str) -> None:
        response = IntegrationResponse(status=200, templates={"application/json": "{}", "text/html": "<p>"})

        answer = _answered(BackendAnswer(status=200), response, headers=[("Accept", accept)])

        assert (answer.body, dict(answer.headers)["Content-Type"]) == (body, content_type)

    def test_an_empty_template_lets_the_body_through(self) -> None:
        response = IntegrationResponse(status=200, templates={"application/json": ""})

        assert _answered(BackendAnswer(status=200, body=b'{"a": 1}'), response).body == b'{"a": 1}'

    def test_an_answer_without_a_body_names_no_type(self) -> None:
        assert list(_answered(BackendAnswer(status=200), IntegrationResponse(status=204)).headers) == []
