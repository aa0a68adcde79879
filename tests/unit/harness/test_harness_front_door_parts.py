"""Small parts of front doors: throttles, access logs, stage variables, answers of SQS, and where URLs lead."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.moto_state.http_apis import Stage, Throttle
from lambdakit.harness.routing.access_log import access_line
from lambdakit.harness.routing.arns import function_arn, invoked_arn
from lambdakit.harness.routing.context_variables import Outcome
from lambdakit.harness.routing.sqs_xml import sqs_answer, sqs_error
from lambdakit.harness.routing.throttle import Throttles
from lambdakit.harness.routing.url_stream import UrlStream
from lambdakit.harness.wire import Request, Response
from tests.fakes.exchanges import exchange

_SQS = "{http://queue.amazonaws.com/doc/2012-11-05/}"


class Seconds:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TestThrottles:
    def test_tokens_come_back_at_the_rate_up_to_the_burst(self) -> None:
        seconds = Seconds()
        throttles = Throttles(seconds)
        stage = Stage(name="a", throttles={"": Throttle(rate=2.0, burst=3)})

        at_once = [throttles.admits(stage, "GET /") for _ in range(4)]
        seconds.now += 0.5
        after_half = [throttles.admits(stage, "GET /") for _ in range(2)]
        seconds.now += 60
        much_later = [throttles.admits(stage, "GET /") for _ in range(4)]

        assert at_once == [True, True, True, False]
        assert after_half == [True, False]
        assert much_later == [True, True, True, False]

    def test_a_time_that_is_set_back_takes_nothing_away(self) -> None:
        seconds = Seconds()
        throttles, stage = Throttles(seconds), Stage(name="a", throttles={"": Throttle(rate=1.0, burst=2)})

        first = throttles.admits(stage, "GET /")
        seconds.now -= 60
        answers = [throttles.admits(stage, "GET /") for _ in range(2)]

        assert (first, answers) == (True, [True, False])

    @pytest.mark.parametrize(
        ("throttle", "admitted"),
        [
            (Throttle(rate=0.0, burst=0), [False, False]),
            (Throttle(rate=0.0, burst=1), [True, False]),
            (Throttle(rate=1.0), [True, True]),
            (Throttle(burst=1), [True, False]),
        ],
    )
    def test_a_limit_may_be_half_said(self, throttle: Throttle, admitted: list[bool]) -> None:
        throttles, stage = Throttles(Seconds()), Stage(name="a", throttles={"": throttle})

        assert [throttles.admits(stage, "$default") for _ in range(2)] == admitted

    def test_a_route_s_own_limit_goes_before_the_stage_s(self) -> None:
        limits = {"": Throttle(rate=0.0, burst=0), "GET /a": Throttle(rate=0.0, burst=1)}
        throttles, stage = Throttles(Seconds()), Stage(name="a", throttles=limits)

        assert [throttles.admits(stage, key) for key in ("GET /a", "GET /b")] == [True, False]

    def test_a_changed_limit_begins_anew(self) -> None:
        throttles = Throttles(Seconds())

        first = throttles.admits(Stage(name="a", throttles={"": Throttle(rate=0.0, burst=0)}), "k")
        second = throttles.admits(Stage(name="a", throttles={"": Throttle(rate=0.0, burst=1)}), "k")

        assert (first, second) == (False, True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("$context.status $context.nothing", "429 -"),
        ('{"id":"$context.requestId","ip":"$context.identity.sourceIp"}', '{"id":"LV7fzho-PHcEJPw=","ip":"127.0.0.1"}'),
        ("[$context.requestTime] $context.httpMethod $context.path", "[21/Apr/2020:15:08:21 +0000] GET /a b"),
        ("$context.error.message|$context.error.messageString", 'Too Many Requests|"Too Many Requests"'),
        ("$context.integrationLatency,$context.responseLatency,$context.responseLength", "-,3,9"),
        ("$context.error.responseType.", "THROTTLED."),
    ],
)
def test_a_line_of_the_access_log(text: str, line: str) -> None:
    outcome = Outcome(status=429, response_bytes=9, duration_ms=2.6, problem="Too Many Requests")

    assert access_line(text, exchange(target="/a%20b"), outcome) == line


@pytest.mark.parametrize(
    ("uri", "arn"),
    [
        ("arn:aws:lambda:r:1:function:f", "arn:aws:lambda:r:1:function:f"),
        (
            "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:f:live/invocations",
            "arn:aws:lambda:r:1:function:f:live",
        ),
        ("arn:aws:lambda:r:1:function:${stageVariables.name}", "arn:aws:lambda:r:1:function:orders"),
        ("arn:aws:lambda:r:1:function:${stageVariables.missing}", "arn:aws:lambda:r:1:function:"),
    ],
)
def test_a_uri_names_a_function(uri: str, arn: str) -> None:
    assert function_arn(uri, {"name": "orders"}) == arn


def test_what_is_invoked_is_told_by_the_path_that_was_asked_for() -> None:
    asked = exchange("POST", "/a%20b/c", route_key="ANY /{proxy+}")

    assert invoked_arn(asked) == "arn:aws:execute-api:eu-west-1:123456789012:abc/$default/POST/a b/c"


class TestSqsAnswers:
    def test_a_received_message_is_written_as_the_query_protocol_has_it(self) -> None:
        output = {
            "Messages": [
                {
                    "MessageId": "m",
                    "Body": "<a>&",
                    "Attributes": {"SentTimestamp": "1"},
                    "MessageAttributes": {"k": {"DataType": "String", "StringValue": "v"}},
                }
            ]
        }

        root = ElementTree.fromstring(sqs_answer("ReceiveMessage", output, "r").body)

        message = root.find(f"{_SQS}ReceiveMessageResult/{_SQS}Message")
        assert message is not None
        assert message.findtext(f"{_SQS}Body") == "<a>&"
        assert message.findtext(f"{_SQS}Attribute/{_SQS}Name") == "SentTimestamp"
        assert message.findtext(f"{_SQS}MessageAttribute/{_SQS}Value/{_SQS}StringValue") == "v"
        assert root.findtext(f"{_SQS}ResponseMetadata/{_SQS}RequestId") == "r"

    def test_an_error_has_its_code(self) -> None:
        found = sqs_error(403, "AccessDenied", "no <way>")

        assert found.status == 403
        assert ElementTree.fromstring(found.body).findtext(f"{_SQS}Error/{_SQS}Message") == "no <way>"


class TestFrontDoors:
    def test_urls_of_doors_become_loopback_urls(self) -> None:
        doors = FrontDoors()
        handle = _Nothing()
        api = doors.open("abc", handle)
        url = doors.open("xyz234", handle, also_called="arn:function")
        domain = doors.open("api.shop.test", handle)
        told = [
            "https://abc.execute-api.eu-west-1.amazonaws.com/prod",
            {"u": "https://xyz234.lambda-url.eu-west-1.on.aws/"},
            "https://api.shop.test/v1 and https://api.shop.test.other/",
            "https://other.execute-api.eu-west-1.amazonaws.com",
        ]

        found = doors.localize(told)
        addresses = doors.address("arn:function"), doors.address("abc"), doors.address("xyz234")
        doors.close()

        assert found == [f"{api}/prod", {"u": f"{url}/"}, f"{domain}/v1 and https://api.shop.test.other/", told[3]]
        assert addresses == (("xyz234", url), ("abc", api), None)
        assert doors.localize(told[0]) == told[0]

    def test_a_host_name_alone_becomes_an_address_in_outputs_that_nobody_imports(self) -> None:
        doors = FrontDoors()
        api = doors.open("abc", _Nothing())
        name, other = (f"{each}.execute-api.eu-west-1.amazonaws.com" for each in ("abc", "other"))

        found = [
            doors.localize_output(value, is_exported=value == name and is_exported)
            for value, is_exported in ((name, False), (name, True), (other, False), (f"x.{name}", False))
        ]
        doors.close()

        assert found == [api.removeprefix("http://"), name, other, f"x.{name}"]

    def test_one_with_an_id_that_is_taken_replaces_it(self) -> None:
        doors = FrontDoors()
        first, second = (doors.open("abc", _Nothing()) for _ in range(2))
        ports = [int(url.rpartition(":")[2]) for url in (first, second)]

        assert doors.url("abc") == second
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", ports[0]), timeout=5)
        socket.create_connection(("127.0.0.1", ports[1]), timeout=5).close()
        doors.close()


class Answer:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.is_cut = False
        self.waiting = 0
        self.client_left = False

    def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.status, self.headers = status, list(headers)

    def respond(self, response: Response) -> None:
        self.begin(response.status, response.headers)
        self.body = response.body

    def write(self, data: bytes) -> None:
        self.body += data

    def send_waiting(self) -> None:
        """Nothing waits."""

    def fileno(self) -> int:
        return -1

    def cut(self) -> None:
        self.is_cut = True


class TestUrlStreams:
    PRELUDE = "application/vnd.awslambda.http-integration-response"

    def _stream(self) -> tuple[Answer, UrlStream]:
        answer = Answer()
        return answer, UrlStream(answer, finish=lambda response: response, failed=Response(status=502))

    @pytest.mark.parametrize("step", [1, 3, 1_000])
    def test_the_beginning_may_come_in_pieces(self, step: int) -> None:
        answer, stream = self._stream()
        sent = b'{"statusCode":201,"headers":{"A":"1"},"cookies":["c=1"]}' + bytes(8) + b"body\0\0"

        stream.begin(self.PRELUDE)
        for start in range(0, len(sent), step):
            stream.write(sent[start : start + step])
        stream.end("")

        assert (answer.status, answer.body, stream.problem) == (201, b"body\0\0", "")
        assert answer.headers == [("a", "1"), ("set-cookie", "c=1"), ("content-type", "application/octet-stream")]

    @pytest.mark.parametrize(
        "sent",
        [b"", b"{}", b"x" * 20_000, b"no json" + bytes(8), b"[]" + bytes(8), b'{"statusCode":1}' + bytes(8), bytes(8)],
    )
    def test_a_beginning_that_is_none_is_a_bad_gateway(self, sent: bytes) -> None:
        answer, stream = self._stream()

        stream.begin(self.PRELUDE)
        stream.write(sent)
        stream.write(b"more")
        stream.end("")

        assert (answer.status, answer.body, answer.is_cut) == (502, b"", False)
        assert stream.problem

    def test_without_one_the_content_type_is_the_function_s(self) -> None:
        answer, stream = self._stream()

        stream.begin("text/csv")
        stream.end("")

        assert (answer.status, answer.headers) == (200, [("content-type", "text/csv")])

    @pytest.mark.parametrize(("written", "status", "is_cut"), [(b"", 502, False), (b"a", 200, True)])
    def test_an_error_is_told_as_long_as_nothing_was_sent(self, written: bytes, status: int, is_cut: bool) -> None:
        answer, stream = self._stream()

        stream.begin("text/csv")
        if written:
            stream.write(written)
        stream.end("the function failed")

        assert (answer.status, answer.is_cut) == (status, is_cut)


class _Nothing:
    def __call__(self, request: Request, environment: str = "") -> Response:
        return Response(status=204)
