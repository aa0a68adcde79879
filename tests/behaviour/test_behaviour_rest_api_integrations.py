"""Integrations of REST APIs behind templates: AWS services, functions, other HTTP endpoints and MOCK."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.fakes.plain_assembly import write_stack
from tests.fakes.rest_assembly import url_of
from tests.fakes.rest_integrations import integrated
from tests.fakes.wired_harness import Answer, WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-rest-api-integrations")

_JSON = "application/json"
PIXEL = bytes(range(256))


class Backend(BaseHTTPRequestHandler):
    """Tells what it was asked."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        told = {"method": self.command, "path": self.path, "body": body.decode(), "headers": dict(self.headers.items())}
        content = json.dumps(told).encode()
        self.send_response(418 if "teapot" in self.path else 200)
        self.send_header("X-Backend", "yes")
        self.send_header("Server", "own")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _answer  # the names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever, name="backend", daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


class Deployed:
    """The deployed API."""

    def __init__(self, harness: WiredHarness, outputs: dict[str, str]) -> None:
        self.harness = harness
        self.outputs = outputs

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        url = urlsplit(self.outputs["Api"])
        return request(url.port or 0, method, f"{url.path}{path}", headers, body)

    def messages(self, queue: str, count: int = 1) -> list[str]:
        """The next messages of a queue, which are then gone from it."""
        client, url = self.harness.aws("sqs"), self.outputs[queue]
        bodies: list[str] = []
        while len(bodies) < count:
            received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=10)
            assert "Messages" in received, f"{count} messages were sent to {queue}, and {len(bodies)} came"
            for message in received["Messages"]:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(message["Body"])
        return bodies

    def problem(self) -> str:
        """What the trace says of the last request."""
        return str(self.harness.events("RequestAnswered")[-1]["problem"])


@pytest.fixture(scope="module")
def api(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    outputs = {
        "Api": url_of("Api"),
        **{name: {"Ref": name} for name in ("Queue", "Events", "Table", "Machine", "Site")},
    }
    with WiredHarness(enforce_iam="on") as harness:
        assembly = write_stack(tmp_path_factory.mktemp("assembly"), "rest", integrated(backend), **outputs)
        yield Deployed(harness, harness.deploy(assembly)["stacks"]["rest"]["outputs"])


class TestServices:
    def test_a_template_sends_a_message_through_a_queues_path(self, api: Deployed) -> None:
        answer = api.send("POST", "/queue", b'{"order": "a b&c"}')

        assert answer.status == 200
        assert len(answer.json()["id"]) == 36
        assert api.messages("Queue") == ['{"order": "a b&c"}']

    def test_an_action_is_given_its_parameters(self, api: Deployed) -> None:
        answer = api.send("GET", "/queue?text=hello%20there")

        told = answer.json()["SendMessageResponse"]
        assert told["SendMessageResult"]["SequenceNumber"] is None
        assert told["SendMessageResult"]["MD5OfMessageBody"]
        assert told["ResponseMetadata"]["RequestId"]
        received = api.send("PUT", "/queue").json()["ReceiveMessageResponse"]["ReceiveMessageResult"]["messages"]
        assert [message["Body"] for message in received] == ["hello there"]

    def test_a_role_that_may_not_is_refused_by_the_service(self, api: Deployed) -> None:
        answer = api.send("POST", "/queue/poor", b"{}")

        assert (answer.status, answer.json()["code"]) == (400, "AccessDenied")

    def test_an_item_is_put_and_read(self, api: Deployed) -> None:
        put = api.send("POST", "/item", b'{"name": "it is \\"new\\"", "tags": ["a", "b"]}')
        got = api.send("GET", f"/item/{put.json()['id']}")
        missing = api.send("GET", "/item/none")

        assert (put.status, got.status, missing.status) == (201, 200, 404)
        assert got.body == b'{"name": "it is "new"", "tags": ["a", "b"]}'

    def test_executions_are_started_and_waited_for(self, api: Deployed) -> None:
        started = api.send("POST", "/machine", b'{"a": "it\'s"}')
        now = api.send("POST", "/machine/now", b'{"a": 1}')

        assert started.status == 202, started.body
        described = api.harness.aws("stepfunctions").describe_execution(executionArn=started.json()["executionArn"])
        assert json.loads(described["input"]) == {"a": "it's"}
        assert (now.status, now.json()) == (200, {"status": "SUCCEEDED", "done": True})

    def test_events_records_and_notifications_are_sent(self, api: Deployed) -> None:
        put = api.send("POST", "/events", b'{"id": 7}')
        record = api.send("POST", "/stream", b"hello", {"Content-Type": _JSON})
        published = api.send("POST", "/topic", b"to all")

        assert put.json()["FailedEntryCount"] == 0
        assert record.json() == {"shard": "shardId-000000000000"}
        assert published.json()["PublishResponse"]["PublishResult"]["MessageId"]
        bodies = [json.loads(body) for body in api.messages("Events", 2)]
        assert {"id": 7} in [body.get("detail") for body in bodies]
        assert "to all" in [body.get("Message") for body in bodies]

    def test_objects_are_put_and_got_as_bytes(self, api: Deployed) -> None:
        put = api.send("PUT", "/files/one%20two.png", PIXEL, {"Content-Type": "image/png"})
        got = api.send("GET", "/files/one%20two.png", headers={"Accept": "image/png"})
        missing = api.send("GET", "/files/none.png")

        assert put.status == 200, put.body
        assert put.headers["etag"]
        assert (got.body, got.headers["content-type"]) == (PIXEL, "image/png")
        assert (missing.status, missing.json()) == (404, {"message": "no such file"})


class TestFunctions:
    def test_a_template_makes_the_event(self, api: Deployed) -> None:
        answer = api.send("POST", "/function", b"{}")

        assert (answer.status, answer.json()) == (200, {"fail": "", "from": "POST"})

    @pytest.mark.parametrize(
        ("message", "status"), [("item not found", 404), ("line\nnot found\nend", 404), ("anything else", 500)]
    )
    def test_error_messages_select_the_answer(self, api: Deployed, message: str, status: int) -> None:
        answer = api.send("POST", "/function", json.dumps({"fail": message}).encode())

        assert answer.status == status
        assert answer.body.decode() == f'{{"error": "{message}", "type": "ValueError"}}'

    def test_without_templates_the_body_is_the_event(self, api: Deployed) -> None:
        assert api.send("POST", "/function/raw", b'{"a": 1}').json() == {"a": 1}
        assert api.send("POST", "/function/raw").json() == {}

    def test_a_body_that_is_no_json_is_refused(self, api: Deployed) -> None:
        answer = api.send("POST", "/function/raw", b"{a")

        assert answer.status == 400
        assert answer.json()["message"].startswith("Could not parse request body into json")

    def test_an_event_is_taken_and_run_later(self, api: Deployed) -> None:
        answer = api.send("POST", "/function/later", b'{"a": 1}')

        assert (answer.status, answer.body) == (202, b"")
        api.harness.drain()


class TestHttp:
    def test_parameters_and_answers_are_mapped(self, api: Deployed) -> None:
        url = urlsplit(api.outputs["Api"])
        answer = request(
            url.port or 0, "GET", f"{url.path}/http/a%20b?ignored=1", {"x-many": "1", "X-Dropped": "1"}, None
        )

        told = answer.json()
        assert told["path"] == "/a%20b?colour=blue"
        assert told["headers"]["X-Both"] == "1"
        assert "X-Dropped" not in told["headers"]
        assert answer.headers["x-backend"] == "yes"
        assert answer.headers["x-path"] == "/a%20b?colour=blue"
        assert (answer.headers["x-fixed"], answer.headers["x-stage"]) == ("fixed", "prod")

    def test_a_status_selects_the_answer(self, api: Deployed) -> None:
        answer = api.send("GET", "/http/teapot")

        assert (answer.status, answer.json()) == (400, {"was": "/teapot?colour=blue"})

    def test_a_proxy_passes_everything_on(self, api: Deployed) -> None:
        answer = api.send("PUT", "/proxy/teapot/b?x=1&x=2", b"hello", {"X-Mine": "1", "Content-Type": "text/plain"})

        told = answer.json()
        assert (answer.status, told["method"], told["path"]) == (418, "PUT", "/base/teapot/b?x=1&x=2")
        assert (told["body"], told["headers"]["X-Mine"]) == ("hello", "1")
        assert answer.headers["x-amzn-remapped-server"] == "own"

    def test_other_hosts_are_not_asked(self, api: Deployed) -> None:
        answer = api.send("GET", "/elsewhere")

        assert (answer.status, answer.json()) == (504, {"message": "Internal server error"})
        assert "not to https://example.com/" in api.problem()

    @pytest.mark.parametrize(("key", "status"), [("known.txt", 200), ("unknown.txt", 403)])
    def test_a_bucket_is_asked_at_its_own_host_by_nobody_in_particular(
        self, api: Deployed, key: str, status: int
    ) -> None:
        api.harness.aws("s3").put_object(Bucket=api.outputs["Site"], Key=f"open/{key}", Body=b"welcome")

        answer = api.send("GET", f"/site/{key}")

        assert (answer.status, b"welcome" in answer.body) == (status, status == 200)

    def test_the_host_of_an_api_that_is_not_here_is_not_asked(self, api: Deployed) -> None:
        answer = api.send("GET", "/api")

        assert answer.status == 504
        assert "no0such0.execute-api" in api.problem()

    def test_a_bound_host_is_asked_at_its_address(self, api: Deployed, backend: str) -> None:
        api.harness.call("POST", "outside", {"bind": "bound.example", "url": backend})

        answer = api.send("GET", "/bound")

        assert (answer.status, answer.json()["path"]) == (200, "/x")


class TestMock:
    def test_a_preflight_of_any_origin_is_answered(self, api: Deployed) -> None:
        answer = api.send(
            "OPTIONS", "/any", headers={"Origin": "https://x.example", "Access-Control-Request-Method": "PUT"}
        )

        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-methods"] == "OPTIONS,GET,PUT,POST,DELETE,PATCH,HEAD"
        assert "X-Api-Key" in answer.headers["access-control-allow-headers"]

    @pytest.mark.parametrize(
        ("header", "origin", "allowed"),
        [
            ("Origin", "https://a.example", "https://a.example"),
            ("Origin", "https://b.example", "https://b.example"),
            ("Origin", "https://c.example", "https://a.example"),
        ],
    )
    def test_a_preflight_names_the_origin_that_asks(
        self, api: Deployed, header: str, origin: str, allowed: str
    ) -> None:
        answer = api.send("OPTIONS", "/two", headers={header: origin})

        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == allowed
        assert (answer.headers["vary"], answer.headers["access-control-max-age"]) == ("Origin", "300")

    def test_a_template_decides_about_the_status(self, api: Deployed) -> None:
        inside, outside = api.send("GET", "/mock?scope=internal"), api.send("GET", "/mock?scope=other")

        assert (inside.status, inside.json()) == (200, {"scope": "internal", "by": "blue"})
        assert (outside.status, outside.json()) == (500, {"message": "refused"})

    @pytest.mark.parametrize(
        ("path", "problem"),
        [
            ("/mock/unmapped", "no integration response is for the status 404, and there is no default one"),
            ("/mock/bare", "Execution failed due to configuration error: statusCode should be an integer"),
            ("/mock/broken", "the template of the integration request: "),
        ],
    )
    def test_what_is_not_configured_is_an_error_told_in_the_trace(self, api: Deployed, path: str, problem: str) -> None:
        answer = api.send("GET", path)

        assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})
        assert api.problem().startswith(problem)

    def test_content_types_without_a_template_are_refused(self, api: Deployed) -> None:
        taken = api.send("POST", "/mock/never", b"{}", {"Content-Type": "application/json; charset=utf-8"})
        refused = api.send("POST", "/mock/never", b"x", {"Content-Type": "text/plain"})

        assert taken.status == 200
        assert (refused.status, refused.json()) == (415, {"message": "Unsupported Media Type"})
