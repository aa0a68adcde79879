"""Integrations of REST APIs: payloads between text and bytes, MOCK, and answers of the query protocol."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.harness.moto_state.rest_definition import IntegrationResponse, Method, MethodResponse, RestIntegration
from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.context import context_values
from lambdakit.harness.routing.rest.integration_request import integration_request
from lambdakit.harness.routing.rest.integration_response import integration_response
from lambdakit.harness.routing.rest.mock import mock_answer
from lambdakit.harness.routing.rest.query_answers import as_json
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Response
from tests.fakes.rest_exchanges import rest_exchange

_STATUSES = {"200": MethodResponse(status=200)}
_BINARY = {"binary_media_types": ("image/png",)}
PNG = b"\x89PNG\xff"


def _requested(integration: RestIntegration, content_type: str, body: bytes) -> bytes:
    method = Method(http_method="POST", integration=integration, responses=_STATUSES)
    headers = [("Content-Type", content_type)]
    asked = rest_exchange(method, "POST", headers=headers, body=body, api=_BINARY)
    return integration_request(asked, integration, context_values(asked)).body


def _answered(answer: BackendAnswer, response: IntegrationResponse, accept: str) -> bytes:
    integration = RestIntegration(type="HTTP", responses={"200": response})
    method = Method(http_method="POST", integration=integration, responses=_STATUSES)
    asked = rest_exchange(method, "POST", headers=[("Accept", accept)], api=_BINARY)
    return integration_response(asked, integration, answer, context_values(asked)).body


class TestContentHandling:
    """Source: API Gateway Developer Guide, "Content type conversions in API Gateway"."""

    @pytest.mark.parametrize(
        ("content_type", "handling", "template", "given", "sent"),
        [
            ("text/plain", "", None, b"text", b"text"),
            ("text/plain", "CONVERT_TO_TEXT", None, b"text", b"text"),
            ("text/plain", "CONVERT_TO_BINARY", None, base64.b64encode(PNG), PNG),
            ("text/plain", "CONVERT_TO_BINARY", "$input.body", base64.b64encode(PNG), PNG),
            ("image/png", "", None, PNG, PNG),
            ("image/png", "CONVERT_TO_BINARY", None, PNG, PNG),
            ("image/png", "CONVERT_TO_TEXT", None, PNG, base64.b64encode(PNG)),
            ("image/png", "CONVERT_TO_TEXT", "<$input.body>", PNG, b"<" + base64.b64encode(PNG) + b">"),
            ("image/png", "", "$input.body", PNG, None),
            ("text/plain", "CONVERT_TO_BINARY", None, b"no base64!", None),
        ],
    )
    def test_requests(
        self, content_type: str, handling: str, template: str | None, given: bytes, sent: bytes | None
    ) -> None:
        integration = RestIntegration(
            type="HTTP",
            content_handling=handling,
            request_templates={} if template is None else {content_type: template},
        )

        if sent is None:
            with pytest.raises(Refused) as refused:
                _requested(integration, content_type, given)
            assert refused.value.kind == "API_CONFIGURATION_ERROR"
        else:
            assert _requested(integration, content_type, given) == sent

    @pytest.mark.parametrize(
        ("content_type", "accept", "handling", "given", "got"),
        [
            ("text/plain", "text/plain", "", b"text", b"text"),
            ("text/plain", "text/plain", "CONVERT_TO_BINARY", base64.b64encode(PNG), PNG),
            ("text/plain", "text/plain", "CONVERT_TO_TEXT", b"text", b"text"),
            ("text/plain", "image/png", "", base64.b64encode(PNG), PNG),
            ("text/plain", "image/png", "CONVERT_TO_TEXT", b"text", b"text"),
            ("image/png", "text/plain", "", PNG, base64.b64encode(PNG)),
            ("image/png", "text/plain", "CONVERT_TO_BINARY", PNG, PNG),
            ("image/png", "image/png", "", PNG, PNG),
            ("image/png", "image/png", "CONVERT_TO_TEXT", PNG, base64.b64encode(PNG)),
        ],
    )
    def test_answers(self, content_type: str, accept: str, handling: str, given: bytes, got: bytes) -> None:
        answer = BackendAnswer(status=200, headers=[("Content-Type", content_type)], body=given)

        assert _answered(answer, IntegrationResponse(status=200, content_handling=handling), accept) == got


class TestMock:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ('{"statusCode": 200}', 200),
            ("{ statusCode: 204 }", 204),
            ("\n{ 'statusCode' : 404, more: 1}", 404),
            ('{"statusCode": 500, "other": {}}', 500),
            ('{"statusCode": "200"}', None),
            ("{ statusCode: '200' }", None),
            ('{"statusCode": 99}', None),
            ('{"statusCode": true}', None),
            ('{"statusCode": 200.5}', None),
            ("[200]", None),
            ("{}", None),
            ("", None),
        ],
    )
    def test_the_template_names_the_status(self, body: str, status: int | None) -> None:
        request = BackendRequest(method="GET", body=body.encode())

        if status is None:
            with pytest.raises(Refused, match="statusCode"):
                mock_answer(request)
        else:
            assert mock_answer(request).status == status

    @settings(max_examples=100, deadline=None)
    @given(body=st.binary(max_size=60))
    def test_any_body_is_an_answer_or_refused(self, body: bytes) -> None:
        try:
            assert 100 <= mock_answer(BackendRequest(method="GET", body=body)).status < 600
        except Refused as refused:
            assert refused.kind == "API_CONFIGURATION_ERROR"


class TestQueryAnswers:
    def test_members_that_are_not_there_are_null(self) -> None:
        xml = (
            b'<?xml version="1.0"?><SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
            b"<SendMessageResult><MessageId>m</MessageId><MD5OfMessageBody>5</MD5OfMessageBody></SendMessageResult>"
            b"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SendMessageResponse>"
        )

        answer = as_json(Response(status=200, headers=[("Content-Type", "text/xml")], body=xml))

        assert dict(answer.headers) == {"Content-Type": "application/json"}
        assert json.loads(answer.body) == {
            "SendMessageResponse": {
                "SendMessageResult": {
                    "MD5OfMessageAttributes": None,
                    "MD5OfMessageBody": "5",
                    "MD5OfMessageSystemAttributes": None,
                    "MessageId": "m",
                    "SequenceNumber": None,
                },
                "ResponseMetadata": {"RequestId": "r"},
            }
        }

    @pytest.mark.parametrize(
        ("xml", "document"),
        [
            (
                "<ErrorResponse><Error><Type>Sender</Type><Code>C</Code><Message>m</Message></Error>"
                "<RequestId>r</RequestId></ErrorResponse>",
                {"Error": {"Type": "Sender", "Code": "C", "Message": "m"}, "RequestId": "r"},
            ),
            (
                "<R><ReceiveMessageResult><Message><Body>a</Body></Message><Message><Body>b</Body></Message>"
                "</ReceiveMessageResult></R>",
                {"R": {"ReceiveMessageResult": {"messages": [{"Body": "a"}, {"Body": "b"}]}}},
            ),
            ("<R><ReceiveMessageResult/></R>", {"R": {"ReceiveMessageResult": {"messages": None}}}),
            ("<R><Topics><member><A>1</A></member></Topics></R>", {"R": {"Topics": [{"A": "1"}]}}),
        ],
    )
    def test_elements_become_members(self, xml: str, document: object) -> None:
        assert json.loads(as_json(Response(status=200, body=xml.encode())).body) == document

    @settings(max_examples=100, deadline=None)
    @given(body=st.binary(max_size=80))
    def test_what_is_no_xml_stays_as_it_is(self, body: bytes) -> None:
        assert as_json(Response(status=200, body=b"\x00" + body)).body == b"\x00" + body
