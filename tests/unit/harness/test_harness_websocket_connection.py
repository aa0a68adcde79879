"""One WebSocket connection, without sockets: what a client sends on it, and what becomes of it."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import SEND_EOF, State
from websockets.uri import parse_uri

from lambdakit.harness.routing.websocket.connection import NotTaken, WebSocketConnection

_FRAME: Final = 32 * 1024
_MESSAGE: Final = 128 * 1024


class Taken:
    """A connection whose client sends what is put into `coming`, and that keeps what it is sent."""

    def __init__(self) -> None:
        self.coming: list[bytes] = []
        self.sent: list[bytes] = []
        self.waiting = 0
        self.is_finished = self.is_cut = False

    def wait(self) -> None:
        if not self.coming:
            self.coming.append(b"")

    def receive(self) -> bytes | None:
        return self.coming.pop(0) if self.coming else None

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def finish(self) -> None:
        self.is_finished = True

    def cut(self) -> None:
        self.is_cut = True


class Spoken:
    """A connection, what was received on it, and how it ended. limits: in place of its own."""

    def __init__(self, **limits: int) -> None:
        self.taken = Taken()
        self.received: list[str] = []
        self.ends: list[tuple[int, str]] = []
        self.active = 0
        self.client = ClientProtocol(parse_uri("ws://localhost"), state=State.OPEN)
        self.connection = WebSocketConnection(
            self.taken,
            received=self.received.append,
            ended=lambda code, reason: self.ends.append((code, reason)),
            active=self.is_active,
            **limits,
        )

    def is_active(self) -> None:
        self.active += 1

    def come(self, data: bytes) -> None:
        """The client sends bytes."""
        self.taken.coming.append(data)
        self.connection.take_in()

    def flush(self) -> None:
        """What the client's own protocol has to send goes out."""
        for data in self.client.data_to_send():
            if data != SEND_EOF:
                self.come(data)

    def heard(self) -> list[Frame]:
        """The frames that the client got since the last time."""
        for data in self.taken.sent:
            self.client.receive_data(data)
        self.taken.sent.clear()
        return [event for event in self.client.events_received() if isinstance(event, Frame)]


@pytest.fixture
def spoken() -> Spoken:
    return Spoken()


class TestMessages:
    @pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535 // 2, _FRAME])
    def test_a_text(self, spoken: Spoken, length: int) -> None:
        spoken.client.send_text(b"x" * length)
        spoken.flush()

        assert spoken.received == ["x" * length]

    @pytest.mark.parametrize(
        ("lengths", "is_taken"),
        [
            ([_FRAME], True),
            ([_FRAME + 1], False),
            ([_FRAME] * 4, True),
            ([_FRAME] * 4 + [0], True),
            ([_FRAME] * 4 + [1], False),
            ([1] * 300, True),
        ],
        ids=["a frame", "more than a frame", "the most", "the most and nothing", "more than the most", "many"],
    )
    def test_a_text_in_frames(self, spoken: Spoken, lengths: list[int], is_taken: bool) -> None:
        for number, length in enumerate(lengths):
            send = spoken.client.send_text if number == 0 else spoken.client.send_continuation
            send(b"x" * length, fin=number == len(lengths) - 1)
        spoken.flush()

        assert spoken.received == (["x" * sum(lengths)] if is_taken else [])
        assert [code for code, _ in spoken.ends] == ([] if is_taken else [1009])
        assert spoken.taken.is_finished is not is_taken

    @pytest.mark.parametrize(
        ("lengths", "is_taken"), [([100], True), ([101], False), ([100, 100], True), ([100, 100, 1], False)]
    )
    def test_others_have_other_limits(self, lengths: list[int], is_taken: bool) -> None:
        spoken = Spoken(frame_bytes_max=100, message_bytes_max=200)
        for number, length in enumerate(lengths):
            send = spoken.client.send_text if number == 0 else spoken.client.send_continuation
            send(b"x" * length, fin=number == len(lengths) - 1)
        spoken.flush()

        assert spoken.received == (["x" * sum(lengths)] if is_taken else [])
        assert [code for code, _ in spoken.ends] == ([] if is_taken else [1009])

    def test_a_letter_may_be_split_between_frames(self, spoken: Spoken) -> None:
        spoken.client.send_text(b"\xc3", fin=False)
        spoken.client.send_continuation(b"\xa9", fin=True)
        spoken.flush()

        assert spoken.received == ["é"]

    @given(text=st.text(), size=st.integers(1, 7))
    def test_however_the_bytes_come(self, text: str, size: int) -> None:
        spoken = Spoken()
        spoken.client.send_text(text.encode())
        spoken.client.send_ping(b"?")
        data = b"".join(spoken.client.data_to_send())

        for at in range(0, len(data), size):
            spoken.come(data[at : at + size])

        assert spoken.received == [text]
        assert [frame.opcode for frame in spoken.heard()] == [Opcode.PONG]

    def test_a_ping_between_the_frames_of_a_message(self, spoken: Spoken) -> None:
        spoken.client.send_text(b"a", fin=False)
        spoken.client.send_ping(b"are you there")
        spoken.client.send_continuation(b"b", fin=True)
        spoken.flush()

        assert spoken.received == ["ab"]
        assert [(frame.opcode, bytes(frame.data)) for frame in spoken.heard()] == [(Opcode.PONG, b"are you there")]

    def test_a_pong_that_nobody_asked_for(self, spoken: Spoken) -> None:
        spoken.client.send_pong(b"")
        spoken.client.send_text(b"after")
        spoken.flush()

        assert (spoken.received, spoken.ends) == (["after"], [])
        assert spoken.active == 2

    def test_a_message_and_the_end_in_one(self, spoken: Spoken) -> None:
        spoken.client.send_text(b"last")
        spoken.client.send_close(1000, "bye")
        spoken.come(b"".join(data for data in spoken.client.data_to_send() if data != SEND_EOF))

        assert (spoken.received, spoken.ends) == (["last"], [(1000, "bye")])


class TestSending:
    @pytest.mark.parametrize("length", [0, 1, _FRAME, _FRAME + 1, _MESSAGE])
    def test_a_message_goes_out_in_frames(self, spoken: Spoken, length: int) -> None:
        assert spoken.connection.send(b"x" * length)

        frames = spoken.heard()
        assert b"".join(bytes(frame.data) for frame in frames) == b"x" * length
        assert len(frames) == max(1, -(-length // _FRAME))
        assert [frame.fin for frame in frames] == [False] * (len(frames) - 1) + [True]
        assert frames[0].opcode is Opcode.TEXT

    def test_the_frames_of_others_have_their_size(self) -> None:
        spoken = Spoken(frame_bytes_max=100, message_bytes_max=200)

        spoken.connection.send(b"x" * 250)

        assert [len(frame.data) for frame in spoken.heard()] == [100, 100, 50]

    def test_bytes_that_are_no_text(self, spoken: Spoken) -> None:
        spoken.connection.send(b"\xff")

        assert [frame.opcode for frame in spoken.heard()] == [Opcode.BINARY]

    def test_a_client_that_does_not_read(self, spoken: Spoken) -> None:
        spoken.taken.waiting = 1024 * 1024

        with pytest.raises(NotTaken):
            spoken.connection.send(b"x")

    def test_nothing_is_sent_after_the_end(self, spoken: Spoken) -> None:
        spoken.connection.end(1001, "Going away")

        assert spoken.connection.send(b"x") is False
        assert [frame.opcode for frame in spoken.heard()] == [Opcode.CLOSE]


class TestEnds:
    @pytest.mark.parametrize(
        ("code", "reason", "told"),
        [
            (1000, "bye", (1000, "bye")),
            (1001, "", (1001, "")),
            (4999, "é", (4999, "é")),
            (None, "", (1005, "Client-side close frame status not set")),
        ],
    )
    def test_the_client_closes(self, spoken: Spoken, code: int | None, reason: str, told: tuple[int, str]) -> None:
        spoken.client.send_close(code, reason)
        spoken.flush()

        assert spoken.ends == [told]
        assert [frame.opcode for frame in spoken.heard()] == [Opcode.CLOSE]
        assert spoken.taken.is_finished

    def test_the_client_vanishes(self, spoken: Spoken) -> None:
        spoken.connection.serve()

        assert spoken.ends == [(1006, "")]

    def test_our_side_closes(self, spoken: Spoken) -> None:
        assert spoken.connection.end(1001, "Going away")
        assert not spoken.connection.end(1000, "again")

        spoken.heard()
        spoken.flush()
        spoken.connection.serve()
        assert spoken.ends == [(1001, "Going away")]
        assert spoken.client.close_rcvd == Close(1001, "Going away")

    def test_what_the_client_still_sends_is_let_go(self, spoken: Spoken) -> None:
        spoken.connection.end(1001, "Going away")

        spoken.client.send_text(b"too late")
        spoken.flush()

        assert (spoken.received, spoken.ends) == ([], [(1001, "Going away")])

    def test_nobody_is_told_of_a_connection_that_is_forgotten(self, spoken: Spoken) -> None:
        spoken.connection.forget(1001, "Going away")

        spoken.connection.serve()

        assert spoken.ends == []
        assert [frame.opcode for frame in spoken.heard()] == [Opcode.CLOSE]

    def test_a_client_that_does_not_leave_is_cut(self, spoken: Spoken) -> None:
        spoken.connection.end(1001, "Going away")

        spoken.connection.leave(0)

        assert spoken.taken.is_cut

    @given(st.binary(max_size=200))
    def test_no_bytes_do_any_harm(self, data: bytes) -> None:
        spoken = Spoken()

        spoken.come(data)
        spoken.connection.serve()

        assert len(spoken.ends) == 1
