"""What backends do with the connections of a WebSocket API, and what clients do wrong on theirs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.typing import Subprotocol

from tests.fakes.chat import Chat, deployed_chat, id_of, masked, opening, raw_connection, until, until_closed
from tests.fakes.websocket_apis import client, hear, say
from tests.fakes.wired_harness import WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-websocket-api-connections")


@pytest.fixture(scope="module")
def chat(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    deployed = deployed_chat(harness, tmp_path_factory.mktemp("assembly"))
    yield deployed
    harness.destroy(deployed.deployment)


class TestConnectionsOfFunctions:
    @pytest.mark.parametrize("address", ["event", "variable"])
    def test_a_function_reaches_the_other_clients(self, chat: Chat, address: str) -> None:
        with client(chat.url) as sender, client(chat.url) as one, client(chat.url) as other:
            chat.harness.drain()
            say(sender, action="spread", text="hello", by=address)

            assert hear(sender) == {"reached": 2}
            assert [hear(one), hear(other)] == [{"said": "hello"}] * 2

    def test_a_script_reaches_its_client(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            say(connection, action="script")

            assert [hear(connection), hear(connection)] == ["from a script", {"status": 200}]

    def test_its_call_stands_in_the_trace(self, chat: Chat) -> None:
        before = chat.harness.position()
        with client(chat.url) as sender, client(chat.url) as other:
            chat.harness.drain()
            say(sender, action="spread", text="hello", by="event")
            hear(sender)
            hear(other)

        calls = [
            each for each in chat.harness.events("ServiceCalled", after=before) if each["service"] == "execute-api"
        ]
        assert [(each["operation"], each["status"]) for each in calls] == [("PostToConnection", 200)]

    def test_nobody_is_there_before_the_connection_is(self, chat: Chat) -> None:
        with client(f"{chat.url}?greet=1", subprotocols=[Subprotocol("410")]) as connection:
            assert connection.subprotocol == "410"


class TestManagedConnections:
    @pytest.mark.parametrize(
        "message",
        [b"", b"hello", "ünïcode".encode(), b"x" * 32_768, b"x" * 32_769, "é".encode() * 65_536],
        ids=["empty", "short", "unicode", "a frame", "two frames", "the most"],
    )
    def test_a_message_is_sent(self, chat: Chat, message: bytes) -> None:
        with client(chat.url) as connection:
            connection_id = id_of(connection)

            chat.manager().post_to_connection(ConnectionId=connection_id, Data=message)

            assert connection.recv(20) == message.decode()

    def test_bytes_that_are_no_text_arrive_as_they_are(self, chat: Chat) -> None:
        with client(chat.url) as connection:
            chat.manager().post_to_connection(ConnectionId=id_of(connection), Data=b"\xff\x00")

            assert connection.recv(20) == b"\xff\x00"

    def test_a_message_that_is_too_long(self, chat: Chat) -> None:
        manager = chat.manager()
        with client(chat.url) as connection:
            connection_id = id_of(connection)

            with pytest.raises(manager.exceptions.PayloadTooLargeException):
                manager.post_to_connection(ConnectionId=connection_id, Data=b"x" * (131_072 + 1))

            assert id_of(connection) == connection_id

    def test_a_connection_is_described(self, chat: Chat) -> None:
        with client(chat.url, user_agent_header="tests") as connection:
            connection_id = id_of(connection)
            chat.advance(minutes=5)
            id_of(connection)

            told = chat.manager().get_connection(ConnectionId=connection_id)

        assert told["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tests"}
        assert timedelta(minutes=5) <= told["LastActiveAt"] - told["ConnectedAt"] < timedelta(minutes=6)

    def test_a_connection_is_ended(self, chat: Chat) -> None:
        manager = chat.manager()
        with client(chat.url) as connection:
            connection_id = id_of(connection)

            manager.delete_connection(ConnectionId=connection_id)

            with pytest.raises(ConnectionClosed) as closed:
                connection.recv(20)
        chat.harness.drain()
        assert closed.value.rcvd == Close(1000, "Connection Closed Normally")
        assert chat.ended(connection_id) == (1000, "Connection Closed Normally")

    @pytest.mark.parametrize("operation", ["post_to_connection", "get_connection", "delete_connection"])
    def test_who_is_gone_is_gone(self, chat: Chat, operation: str) -> None:
        manager = chat.manager()
        with client(chat.url) as connection:
            connection_id = id_of(connection)
        chat.harness.drain()
        more = {"Data": b"x"} if operation == "post_to_connection" else {}

        for gone in (connection_id, "nobody", "a/b"):
            with pytest.raises(manager.exceptions.GoneException) as refused:
                getattr(manager, operation)(ConnectionId=gone, **more)
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410

    def test_a_client_that_does_not_read_is_not_waited_for(self, chat: Chat) -> None:
        manager = chat.manager()
        with socket.create_connection(("127.0.0.1", chat.port)) as deaf, client(chat.url) as other:
            connection_id = raw_connection(chat, deaf)

            with pytest.raises(manager.exceptions.LimitExceededException):
                for _ in range(1_000):
                    manager.post_to_connection(ConnectionId=connection_id, Data=b"x" * 131_072)

            assert id_of(other)

    def test_no_other_method_is_known(self, chat: Chat) -> None:
        answer = request(chat.port, "PUT", "/prod/@connections/x")

        assert answer.status == 403


class TestFaultsOfClients:
    @pytest.mark.parametrize(
        ("frames", "code"),
        [
            pytest.param(b"\x81\x02hi", 1002, id="not masked"),
            pytest.param(b"\x82\x81\0\0\0\0x", 1003, id="binary"),
            pytest.param(b"\x81\x81\0\0\0\0\xff", 1007, id="not UTF-8"),
            pytest.param(b"\x81\xfe\x80\x01\0\0\0\0" + b"x" * 32_769, 1009, id="a frame too long"),
            pytest.param(b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 1009, id="a frame without end"),
            pytest.param(b"\x83\x80\0\0\0\0", 1002, id="no such opcode"),
            pytest.param(b"\xc1\x80\0\0\0\0", 1002, id="an extension nobody agreed on"),
            pytest.param(b"\x80\x80\0\0\0\0", 1002, id="goes on with nothing"),
            pytest.param(b"\x09\x80\0\0\0\0", 1002, id="a ping in parts"),
            pytest.param(b"\x88\x82\0\0\0\0\x03\xed", 1002, id="a code that nobody may send"),
            pytest.param(b"GET / HTTP/1.1\r\n\r\n", 1002, id="HTTP"),
        ],
    )
    def test_a_fault_ends_the_clients_own_connection(self, chat: Chat, frames: bytes, code: int) -> None:
        with client(chat.url) as other, socket.create_connection(("127.0.0.1", chat.port)) as wrong:
            connection_id = raw_connection(chat, wrong)

            wrong.sendall(frames)
            answer = until_closed(wrong)
            wrong.close()
            chat.harness.drain()

            assert int.from_bytes(answer[2:4], "big") == code
            assert chat.ended(connection_id)[0] == code
            assert id_of(other)

    def test_a_client_is_cut_in_the_middle_of_a_frame(self, chat: Chat) -> None:
        with socket.create_connection(("127.0.0.1", chat.port)) as wrong:
            connection_id = raw_connection(chat, wrong)
            wrong.sendall(b"\x81\xfe\x10\x00\0\0")
        chat.harness.drain()

        assert chat.ended(connection_id) == (1006, "")

    def test_a_message_may_come_with_its_request(self, chat: Chat) -> None:
        with socket.create_connection(("127.0.0.1", chat.port)) as eager:
            eager.sendall(opening("/prod") + masked(b'{"action": "early"}'))
            said = until(eager, b'"body"')

        assert b"early" in said
