"""A WebSocket API in front of functions, with real clients: who connects, what is said, how it ends."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.typing import Subprotocol

from tests.fakes.chat import UPGRADE, Chat, deployed_chat, id_of
from tests.fakes.websocket_apis import client, hear, refusal, say
from tests.fakes.wired_harness import WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-websocket-api")


@pytest.fixture(scope="module")
def chat(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    deployed = deployed_chat(harness, tmp_path_factory.mktemp("assembly"))
    yield deployed
    harness.destroy(deployed.deployment)


class TestConnecting:
    def test_the_function_sees_who_connects(self, chat: Chat) -> None:
        before = chat.harness.position()
        with client(
            f"{chat.url}?name=ada&name=eve", additional_headers={"X-One": "1"}, user_agent_header="tests"
        ) as one:
            say(one, action="who")
            event = chat.kept(hear(one)["requestContext"]["connectionId"])

        assert event is not None
        context = event["requestContext"]
        assert (context["routeKey"], context["eventType"], context["messageDirection"]) == ("$connect", "CONNECT", "IN")
        assert event["headers"]["X-One"] == "1"
        assert event["headers"]["Host"] == context["domainName"] == f"{chat.api_id}.execute-api.us-east-1.amazonaws.com"
        assert event["multiValueHeaders"]["Sec-WebSocket-Version"] == ["13"]
        assert event["queryStringParameters"] == {"name": "eve"}
        assert event["multiValueQueryStringParameters"] == {"name": ["ada", "eve"]}
        assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "tests"}
        assert "body" not in event
        assert "messageId" not in context
        requests = [
            each for each in chat.harness.events("RequestReceived", after=before) if each["method"] == "CONNECT"
        ]
        assert [(each["door"], each["path"], each["request_id"]) for each in requests] == [
            ("websocket_api", "$connect", context["requestId"])
        ]

    @pytest.mark.parametrize("status", [400, 401, 403, 500])
    def test_a_status_of_the_function_refuses_the_connection(self, chat: Chat, status: int) -> None:
        answer = refusal(f"{chat.url}?status={status}")

        assert answer.status_code == status
        assert b"not to be seen" not in (answer.body or b"")

    def test_what_is_no_response_refuses_the_connection(self, chat: Chat) -> None:
        answer = refusal(f"{chat.url}?status=1")

        assert answer.status_code == 502
        assert json.loads(answer.body or b"")["message"] == "Internal server error"

    def test_a_function_chooses_the_sub_protocol(self, chat: Chat) -> None:
        with client(f"{chat.url}?protocol=b", subprotocols=[Subprotocol("a"), Subprotocol("b")]) as connection:
            assert connection.subprotocol == "b"

    def test_without_a_choice_there_is_no_sub_protocol(self, chat: Chat) -> None:
        with client(chat.url, subprotocols=[Subprotocol("a")]) as connection:
            assert connection.subprotocol is None

    @pytest.mark.parametrize("path", ["/", "/other", "/prod/below", "/PROD", "//prod"])
    def test_only_stages_are_there(self, chat: Chat, path: str) -> None:
        assert refusal(chat.url.removesuffix("/prod") + path).status_code == 403

    def test_a_url_that_is_too_long(self, chat: Chat) -> None:
        longest = 4096 - len("/prod?name=")
        with client(f"{chat.url}?name={'x' * longest}"):
            pass

        assert refusal(f"{chat.url}?name={'x' * (longest + 1)}").status_code == 414

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            pytest.param({}, 426, id="no upgrade"),
            pytest.param({"Upgrade": "websocket", "Connection": "Upgrade"}, 400, id="no key"),
            pytest.param({**UPGRADE, "Sec-WebSocket-Version": "8"}, 400, id="another version"),
            pytest.param({**UPGRADE, "Sec-WebSocket-Key": "short"}, 400, id="a short key"),
            pytest.param({**UPGRADE, "Upgrade": "h2c"}, 426, id="another protocol"),
        ],
    )
    def test_a_request_that_is_no_handshake(self, chat: Chat, headers: dict[str, str], status: int) -> None:
        answer = request(chat.port, "GET", "/prod", headers)

        assert answer.status == status
        assert "message" in answer.json()

    def test_the_host_form_leads_to_the_same_api(self, chat: Chat) -> None:
        host = f"{chat.api_id}.execute-api.us-east-1.amazonaws.com"
        place = ("127.0.0.1", chat.harness.port)
        with client(f"ws://{host}/prod", sock=socket.create_connection(place)) as connection:
            say(connection, action="anything")

            assert hear(connection)["requestContext"]["apiId"] == chat.api_id


class TestMessages:
    def test_a_message_is_an_event(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            say(connection, action="anything")
            event = hear(connection)

        context = event["requestContext"]
        assert event["body"] == '{"action": "anything"}'
        assert event["isBase64Encoded"] is False
        assert set(event) == {"requestContext", "body", "isBase64Encoded"}
        assert (context["routeKey"], context["eventType"], context["stage"]) == ("$default", "MESSAGE", "prod")
        assert len(context["messageId"]) == len(context["connectionId"]) == 16

    @pytest.mark.parametrize(
        "message",
        [
            "",
            "no json",
            "[1]",
            '{"action": null}',
            '{"action": "nobody"}',
            '{"action": "$connect"}',
            '"one-way"',
            "é" * 100,
        ],
    )
    def test_what_names_no_route_goes_to_the_default(self, chat: Chat, message: str) -> None:
        with client(chat.url) as connection:
            connection.send(message)
            event = hear(connection)

        assert (event["requestContext"]["routeKey"], event["body"]) == ("$default", message)

    def test_a_route_without_a_route_response_says_nothing(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            say(connection, action="one-way")
            chat.harness.drain()
            say(connection, action="two-way")

            assert hear(connection)["requestContext"]["routeKey"] == "$default"

    @pytest.mark.parametrize("status", [200, 404, 500])
    def test_any_status_of_a_message_is_answered_with_the_body(self, chat: Chat, status: int) -> None:
        with client(chat.url) as connection:
            say(connection, action="x", status=status)

            assert hear(connection)["requestContext"]["eventType"] == "MESSAGE"

    @pytest.mark.parametrize(
        "message",
        [
            {"fail": 1},
            {"malformed": "a text"},
            {"malformed": {"body": "no status"}},
            {"malformed": {"statusCode": "many"}},
            {"malformed": {"statusCode": 200, "body": {"not": "a text"}}},
            {"action": "one-way", "fail": 1},
        ],
        ids=lambda message: json.dumps(message),
    )
    def test_what_goes_wrong_is_told_to_the_client(self, chat: Chat, message: dict[str, Any]) -> None:
        before = chat.harness.position()
        with client(chat.url) as connection:
            say(connection, **message)
            told = hear(connection)
            say(connection, action="after")
            after = hear(connection)

        assert told["message"] == "Internal server error"
        assert told["connectionId"] == after["requestContext"]["connectionId"]
        assert set(told) == {"message", "connectionId", "requestId"}
        (answer,) = [each for each in chat.harness.events("RequestAnswered", after=before) if each["problem"]]
        assert (answer["status"], answer["request_id"]) == (502, told["requestId"])

    def test_messages_are_handled_side_by_side(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            say(connection, action="x", number=1, after="the second")
            say(connection, action="x", number=2, id="the second")

            events = [hear(connection), hear(connection)]

        assert [json.loads(event["body"])["number"] for event in events] == [2, 1]

    def test_drain_waits_for_what_was_sent(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            for number in range(4):
                say(connection, action="note", id=f"drained {number}")
            chat.harness.drain()

            assert all(chat.kept(f"drained {number}") for number in range(4))


class TestEnding:
    def test_the_function_is_told_that_a_client_left(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            connection_id = id_of(connection)
        chat.harness.drain()

        event = chat.left(connection_id)
        assert event is not None
        context = event["requestContext"]
        assert (context["routeKey"], context["eventType"]) == ("$disconnect", "DISCONNECT")
        assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1000, "")
        assert event["headers"] == {
            "Host": context["domainName"],
            "x-api-key": "",
            "X-Forwarded-For": "",
            "x-restapi": "",
        }
        assert chat.kept(connection_id) is None

    @pytest.mark.parametrize(("code", "reason"), [(1000, "bye"), (1001, ""), (4000, "own"), (3999, "é")])
    def test_code_and_reason_are_the_clients(self, chat: Chat, code: int, reason: str) -> None:
        with client(chat.url) as connection:
            connection_id = id_of(connection)
            connection.close(code, reason)
        chat.harness.drain()

        assert chat.ended(connection_id) == (code, reason)

    def test_a_client_that_vanishes(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            connection_id = id_of(connection)
            connection.socket.shutdown(socket.SHUT_RDWR)
        chat.harness.drain()

        assert chat.ended(connection_id) == (1006, "")

    def test_it_ends_after_ten_idle_minutes(self, chat: Chat) -> None:
        with client(chat.url) as idle, client(chat.url) as busy:
            idle_id, busy_id = id_of(idle), id_of(busy)
            chat.advance(minutes=9)
            say(busy, action="still here")
            hear(busy)
            chat.advance(minutes=2)

            with pytest.raises(ConnectionClosed) as closed:
                idle.recv(20)
            assert closed.value.rcvd == Close(1001, "Going away")
            assert chat.ended(idle_id) == (1001, "Going away")
            assert id_of(busy) == busy_id

    def test_it_ends_after_two_hours_whatever_is_sent(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            for _ in range(13):
                id_of(connection)
                chat.advance(minutes=9)
            id_of(connection)

            chat.advance(minutes=4)

            with pytest.raises(ConnectionClosed) as closed:
                connection.recv(20)
            assert closed.value.rcvd == Close(1001, "Going away")

    def test_moving_the_clock_to_what_is_due_ends_no_connection(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            connection_id = id_of(connection)

            answer = chat.harness.call("POST", "drain", {"timeout_seconds": 120, "advance": True})

            assert any(connection_id in timer["what"] for timer in answer.json()["scheduled"])
            assert id_of(connection) == connection_id
