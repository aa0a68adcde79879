"""A REST API in front of functions, asked over real sockets: what functions see, and what becomes of their results."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.fakes.plain_assembly import write_stack
from tests.fakes.rest_assembly import url_of
from tests.fakes.rest_shop import RestShop, rest_shop
from tests.fakes.wired_harness import WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-rest-api")

_STATUSES: tuple[object, ...] = (None, "", "many", "2OO", [200], {"code": 200}, True, 0, 99, 600, -1, "200 OK", 200.5)
_BODIES: tuple[object, ...] = ({"a": 1}, ["x"], 7, True)
_HEADERS: tuple[object, ...] = ("x", ["x"], 7, {"X": {"a": 1}}, {"X": ["a"]})
_LISTS: tuple[object, ...] = ("x", {"X": "a"}, {"X": {"a": 1}}, {"X": [{}]})
_MALFORMED: tuple[object, ...] = (
    *(None, "text", 7, 1.5, True, [], [{"statusCode": 200}], {}, {"body": "x"}, {"status": 200}),
    *({"statusCode": value} for value in _STATUSES),
    *({"statusCode": 200, "body": value} for value in _BODIES),
    *({"statusCode": 200, "headers": value} for value in _HEADERS),
    *({"statusCode": 200, "multiValueHeaders": value} for value in _LISTS),
    {"statusCode": 200, "isBase64Encoded": "true", "body": "eA=="},
    *({"statuscode": 200, "body": "x"}, {"errorMessage": "own"}, "raise"),
)


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture(scope="module")
def shop(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> RestShop:
    outputs = {name: url_of(name) for name in ("Shop", "Plain")}
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "rest", rest_shop(), **outputs))
    return RestShop(harness, deployment)


class TestRequests:
    def test_the_function_sees_the_request(self, shop: RestShop) -> None:
        answer = shop.send(
            "POST",
            "/files/a/b%20c?x=1&x=2&y=%C3%A9",
            {
                "Content-Type": "application/json",
                "User-Agent": "tests",
                "X-Mixed-Case": "1",
                "X-Forwarded-For": "9.9.9.9",
            },
            b'{"a": 1}',
        )

        event = answer.json()["event"]
        assert answer.status == 200
        assert event["resource"] == event["requestContext"]["resourcePath"] == "/files/{proxy+}"
        assert event["path"] == "/files/a/b%20c"
        assert event["requestContext"]["path"] == "/prod/files/a/b%20c"
        assert event["httpMethod"] == "POST"
        assert event["headers"]["X-Mixed-Case"] == "1"
        assert event["headers"]["X-Forwarded-For"] == "9.9.9.9, 127.0.0.1"
        assert event["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")
        assert event["headers"]["Host"].endswith(".execute-api.us-east-1.amazonaws.com")
        assert event["queryStringParameters"] == {"x": "2", "y": "é"}
        assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": ["é"]}
        assert event["pathParameters"] == {"proxy": "a/b c"}
        assert event["stageVariables"]["colour"] == "green"
        assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
        assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
        assert event["requestContext"]["identity"]["userAgent"] == "tests"
        assert event["requestContext"]["stage"] == "prod"
        assert event["requestContext"]["requestId"] == answer.headers["x-amzn-requestid"]
        assert event["requestContext"]["extendedRequestId"] == answer.headers["x-amz-apigw-id"]
        assert answer.headers["x-amzn-trace-id"] == event["headers"]["X-Amzn-Trace-Id"]

    def test_what_is_not_there_is_null(self, shop: RestShop) -> None:
        event = shop.send("GET", "/echo", api="Plain").json()["event"]

        for name in ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"):
            assert event[name] is None
        assert (event["body"], event["isBase64Encoded"]) == (None, False)
        assert "authorizer" not in event["requestContext"]

    @pytest.mark.parametrize(
        ("verb", "path", "resource"),
        [
            ("GET", "", "/"),
            ("GET", "/", "/"),
            ("GET", "/echo", "/echo"),
            ("GET", "/echo/", "/echo"),
            ("DELETE", "/echo", "/echo"),
            ("GET", "/echo/7", "/echo/{id}"),
            ("GET", "/files/fixed", "/files/fixed"),
            ("PATCH", "/files/fixed/more", "/files/{proxy+}"),
        ],
    )
    def test_a_path_takes_its_resource(self, shop: RestShop, verb: str, path: str, resource: str) -> None:
        answer = shop.send(verb, path)

        assert answer.status == 200
        assert answer.json()["event"]["resource"] == resource

    @pytest.mark.parametrize(
        ("verb", "path"),
        [
            ("GET", "/nowhere"),
            ("POST", "/echo/7"),
            ("GET", "/echo/7/more"),
            ("POST", "/files/fixed"),
            ("GET", "/files"),
        ],
    )
    def test_an_unknown_path_or_method_misses_its_token(self, shop: RestShop, verb: str, path: str) -> None:
        answer = shop.send(verb, path, {"Origin": "https://example.com"}, api="Plain")

        assert answer.status == 403
        assert answer.json() == {"message": "Missing Authentication Token"}
        assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
        assert "access-control-allow-origin" not in answer.headers

    @pytest.mark.parametrize("path", ["/", "/other/echo", "/Prod/echo"])
    def test_an_unknown_stage_is_forbidden(self, shop: RestShop, path: str) -> None:
        answer = request(urlsplit(shop.urls["Shop"]).port or 0, "GET", path)

        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})

    def test_a_binary_body_reaches_the_function_in_base64(self, shop: RestShop) -> None:
        png, text = (
            shop.send("POST", "/echo", {"Content-Type": kind}, b"\xff\x00").json()["event"]
            for kind in ("image/png; q=1", "image/gif")
        )

        assert (png["body"], png["isBase64Encoded"]) == (base64.b64encode(b"\xff\x00").decode(), True)
        assert text["isBase64Encoded"] is False

    @pytest.mark.parametrize("api", ["Shop", "Plain"], ids=["compresses its answers", "does not"])
    @pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("Deflate", zlib.compress)])
    def test_a_compressed_body_is_read(
        self, shop: RestShop, coding: str, pack: Callable[[bytes], bytes], api: str
    ) -> None:
        event = shop.send("GET", "/echo", {"Content-Encoding": coding}, pack(b'{"a": 1}'), api=api).json()["event"]

        assert event["body"] == '{"a": 1}'
        assert "Content-Encoding" not in event["headers"]

    @pytest.mark.parametrize(
        ("coding", "body"),
        [
            pytest.param("gzip", b"no gzip", id="something else"),
            pytest.param("gzip", gzip.compress(b"whole")[:-9], id="cut gzip"),
            pytest.param("deflate", zlib.compress(b"whole")[:-5], id="cut deflate"),
            pytest.param("br", b"whole", id="unknown coding"),
        ],
    )
    def test_a_body_that_is_not_what_its_coding_says_is_refused(self, shop: RestShop, coding: str, body: bytes) -> None:
        answer = shop.send("POST", "/echo", {"Content-Encoding": coding}, body)

        assert (answer.status, answer.json()) == (415, {"message": "Unsupported Media Type"})

    @pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
    def test_a_small_body_that_stands_for_a_large_one_is_not_unpacked(
        self, shop: RestShop, coding: str, pack: Callable[[bytes], bytes]
    ) -> None:
        at = shop.harness.position()

        answer = shop.send("POST", "/echo", {"Content-Encoding": coding}, pack(bytes(64 * 1024 * 1024)))

        assert (answer.status, answer.json()) == (413, {"message": "Request Too Long"})
        (told,) = shop.harness.events("RequestAnswered", after=at)
        assert told["problem"] == "the decompressed body is over 10 MB"

    def test_a_stage_variable_names_the_function(self, shop: RestShop) -> None:
        assert shop.send("GET", "/by-variable").json()["event"]["resource"] == "/by-variable"

    def test_too_large_requests_are_refused(self, shop: RestShop) -> None:
        assert shop.send("POST", "/echo", body=b"x" * (10 * 1024 * 1024 + 1)).status == 413
        assert shop.send("POST", "/echo", body=b"x" * (7 * 1024 * 1024)).json() == {"message": "Request Too Long"}
        assert shop.send("GET", "/echo", {"X-Long": "x" * 21_000}).status == 431

    def test_the_url_of_an_edge_optimized_api_may_be_too_long(self, shop: RestShop) -> None:
        answers = [shop.send("GET", f"/echo?q={'x' * length}") for length in (8_000, 8_192)]

        assert [answer.status for answer in answers] == [200, 414]
        assert answers[1].json() == {"message": "Request-URI Too Long"}

    def test_the_harness_endpoint_serves_it_by_host_and_by_path(self, shop: RestShop) -> None:
        api_id = next(api["api_id"] for api in shop.deployment["apis"] if api["logical_id"] == "Shop")
        host = f"{api_id}.execute-api.us-east-1.amazonaws.com"

        assert shop.harness.request("GET", "/prod/echo", {"Host": host}).status == 200
        by_path = shop.harness.request("GET", f"/_lambdakit/apis/{api_id}/prod/echo").json()["event"]
        assert (by_path["path"], by_path["requestContext"]["path"]) == ("/echo", "/prod/echo")

    def test_the_base_url_has_the_stage(self, shop: RestShop) -> None:
        (api,) = (api for api in shop.deployment["apis"] if api["logical_id"] == "Shop")

        assert api["kind"] == "rest_api"
        assert api["url"] == shop.urls["Shop"]


class TestResults:
    def test_a_result_becomes_the_answer(self, shop: RestShop) -> None:
        answer = shop.result(
            {
                "statusCode": "201",
                "headers": {"X-One": "1", "X-Same": "a", "X-Number": 7, "X-True": True},
                "multiValueHeaders": {"X-Same": ["a", "b"], "Set-Cookie": ["a=1", "b=2"]},
                "body": "made",
            }
        )

        assert (answer.status, answer.body) == (201, b"made")
        assert [value for name, value in answer.pairs if name == "x-same"] == ["a", "b"]
        assert [value for name, value in answer.pairs if name == "set-cookie"] == ["a=1", "b=2"]
        assert (answer.headers["x-number"], answer.headers["x-true"]) == ("7", "true")
        assert answer.headers["content-type"] == "application/json"

    @pytest.mark.parametrize(
        "result",
        [{"statusCode": 200}, {"statusCode": 200, "body": None}, {"statusCode": 200, "headers": None, "more": 1}],
        ids=json.dumps,
    )
    def test_a_status_is_enough(self, shop: RestShop, result: object) -> None:
        answer = shop.result(result)

        assert (answer.status, answer.body) == (200, b"")

    @pytest.mark.parametrize(
        "result",
        _MALFORMED,
        ids=json.dumps,
    )
    def test_a_malformed_result_is_a_bad_gateway(self, shop: RestShop, result: object) -> None:
        answer = shop.result(result)

        assert (answer.status, answer.json()) == (502, {"message": "Internal server error"})
        assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"
        assert answer.headers["access-control-allow-origin"] == "*"

    def test_header_fields_are_remapped_or_dropped(self, shop: RestShop) -> None:
        own = ("Authorization", "Date", "Server", "WWW-Authenticate", "Connection", "User-Agent", "Content-MD5")
        fields = {name: "own" for name in (*own, "Transfer-Encoding", "Host", "Trailer")}

        answer = shop.result({"statusCode": 401, "headers": fields})

        assert answer.status == 401
        for name in own:
            assert answer.headers[f"x-amzn-remapped-{name.lower()}"] == "own"
            assert answer.headers.get(name.lower()) != "own"
        assert not {"transfer-encoding", "host", "trailer"} & set(answer.headers)

    @pytest.mark.parametrize(
        ("accept", "content_type", "body"),
        [
            ("image/png", "text/plain", b"\xff\x00"),
            ("image/png;q=0.5, text/html", "text/plain", b"\xff\x00"),
            ("text/html, image/png", "text/plain", b"/wA="),
            ("*/*", "image/png", b"/wA="),
            ("", "image/png", b"/wA="),
        ],
    )
    def test_base64_is_decoded_for_clients_that_accept_a_binary_type_first(
        self, shop: RestShop, accept: str, content_type: str, body: bytes
    ) -> None:
        result = {"statusCode": 200, "headers": {"Content-Type": content_type}, "body": "/wA=", "isBase64Encoded": True}

        assert shop.result(result, {"Accept": accept}).body == body

    @pytest.mark.parametrize(
        ("length", "encodings", "encoding"),
        [
            (2000, "gzip, deflate", "gzip"),
            (2000, "br, deflate", "deflate"),
            (1999, "gzip", None),
            (2000, "identity", None),
            (2000, "deflate;q=0.5,gzip;q=1.0", "gzip"),
            (2000, "gzip;q=1.0,identity;q=0.5,*;q=0", "gzip"),
            (2000, "identity, gzip;q=0.5", None),
            (2000, "br, gzip;q=0.9", None),
            (2000, "gzip;q=0", None),
            (2000, "*", None),
            (2000, "", None),
        ],
    )
    def test_long_answers_are_compressed(
        self, shop: RestShop, length: int, encodings: str, encoding: str | None
    ) -> None:
        answer = shop.result({"statusCode": 200, "body": "x" * length}, {"Accept-Encoding": encodings})

        assert answer.headers.get("content-encoding") == encoding

    def test_base64_that_is_none_is_an_error_of_the_configuration(self, shop: RestShop) -> None:
        answer = shop.result({"statusCode": 200, "isBase64Encoded": True, "body": "!"}, {"Accept": "image/png"})

        assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})

    def test_a_late_function_is_a_gateway_timeout(self, shop: RestShop) -> None:
        answer = shop.send("POST", "/late", body=b'"sleep"')

        assert (answer.status, answer.json()) == (504, {"message": "Endpoint request timed out"})

    def test_a_function_that_may_not_be_called_is_an_error(self, shop: RestShop) -> None:
        at = shop.harness.position()

        answer = shop.send("GET", "/forbidden")

        assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})
        (told,) = shop.harness.events("RequestAnswered", after=at)
        assert "lambda:InvokeFunction" in told["problem"]


class TestGatewayResponses:
    def test_an_api_says_its_own_words(self, shop: RestShop) -> None:
        answer = shop.send("GET", "/nowhere", {"X-Mine": "mine"})

        assert answer.status == 404
        assert answer.json() == {
            "why": "Missing Authentication Token",
            "kind": "MISSING_AUTHENTICATION_TOKEN",
            "stage": "green",
            "id": answer.headers["x-amzn-requestid"],
        }
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-asked"] == "mine"

    def test_the_client_chooses_the_template(self, shop: RestShop) -> None:
        answer = shop.send("GET", "/nowhere", {"Accept": "text/plain"})

        assert (answer.body, answer.headers["content-type"]) == (b"Missing Authentication Token", "text/plain")


class TestStreaming:
    def test_a_streamed_answer_has_the_functions_status(self, shop: RestShop) -> None:
        answer = shop.send("GET", "/stream")

        assert (answer.status, answer.body) == (201, b"first,prod")
        assert (answer.headers["x-one"], answer.headers["x-amzn-remapped-server"]) == ("1", "own")
        assert "x-amzn-requestid" in answer.headers

    @pytest.mark.parametrize("how", ["plain", "throw"])
    def test_a_stream_without_its_status_is_an_error(self, shop: RestShop, how: str) -> None:
        answer = shop.send("GET", f"/stream?how={how}")

        assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})
