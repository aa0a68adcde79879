"""One WebSocket connection: frames in, whole messages out to whoever handles them, and the other way round.

The connection's own thread waits for bytes; whoever wants to know that nothing is left unread takes them in itself.
What is told to the outside (`received`, `ended`) is told while that is locked, and has to come back soon. Whatever a
client does wrong ends its own connection, with the code that says what it was.
Source: RFC 6455; API Gateway Developer Guide, "Quotas for configuring and running a WebSocket API" (code 1009), "Binary
media types for WebSocket APIs" (code 1003).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from lambdakit.harness.wire import TakenConnection
from lambdakit.limits import WEBSOCKET_FRAME_BYTES_MAX, WEBSOCKET_MESSAGE_BYTES_MAX

# Of messages to a client that does not read them. No page says how many API Gateway keeps.
_WAITING_BYTES_MAX: Final = 1024 * 1024

_BINARY: Final = 1003
_NO_STATUS: Final = 1005
_ABNORMAL: Final = 1006
_NOT_TEXT: Final = 1007


class NotTaken(Exception):
    """A message that cannot be sent because the client does not read those before it."""


class WebSocketConnection:
    """Speaks WebSocket on `taken`.

    received: takes each whole message. ended: told once, with close code and reason, when the connection is over for
    either side. active: told whenever anything is sent or received. frame_bytes_max, message_bytes_max: of what is
    received; what is sent goes out in frames of the same size at most.
    """

    def __init__(
        self,
        taken: TakenConnection,
        *,
        received: Callable[[str], None],
        ended: Callable[[int, str], None],
        active: Callable[[], None],
        frame_bytes_max: int = WEBSOCKET_FRAME_BYTES_MAX,
        message_bytes_max: int = WEBSOCKET_MESSAGE_BYTES_MAX,
    ) -> None:
        self._taken = taken
        self._received = received
        self._ended = ended
        self._active = active
        self._frame_bytes_max = frame_bytes_max
        self._protocol = ServerProtocol(state=State.OPEN, max_size=(message_bytes_max, frame_bytes_max))
        self._parts: list[bytes] = []
        self._reading = threading.Lock()
        self._lock = threading.RLock()
        self._is_ended = False
        self._is_failed = False
        self._at_end = False
        self._over = threading.Event()

    def serve(self) -> None:
        """Reads until the client is gone. Called in the connection's thread."""
        try:
            while not self._at_end:
                self._taken.wait()
                self.take_in()
        finally:
            self._over.set()
            with self._lock:
                if not self._is_ended:
                    self._end(_ABNORMAL, "")

    def take_in(self) -> None:
        """Handles everything that has come so far."""
        with self._reading:
            while not self._at_end and (data := self._taken.receive()) is not None:
                self._feed(data)

    def send(self, message: bytes) -> bool:
        """Sends a message, as text if it is one; False when the connection has ended. NotTaken."""
        with self._lock:
            if self._is_ended:
                return False
            if self._taken.waiting + len(message) > _WAITING_BYTES_MAX:
                raise NotTaken
            most = self._frame_bytes_max
            frames = [message[at : at + most] for at in range(0, len(message), most)] or [b""]
            try:
                begin = self._protocol.send_text if _is_text(message) else self._protocol.send_binary
                begin(frames[0], fin=len(frames) == 1)
                for number, frame in enumerate(frames[1:], 2):
                    self._protocol.send_continuation(frame, fin=number == len(frames))
            except InvalidState:
                return False
            self._send_out()
        self._active()
        return True

    def end(self, code: int, reason: str) -> bool:
        """Closes the connection from our side; False when it had ended before."""
        with self._lock:
            if self._is_ended:
                return False
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(code, reason)
            self._send_out()
            self._end(code, reason)
            return True

    def forget(self, code: int, reason: str) -> None:
        """The same, and nobody is told of it."""
        with self._lock:
            self._ended = _tell_nobody
            self.end(code, reason)

    def leave(self, seconds: float) -> None:
        """Waits for the client's end of a connection that has ended, and then for it no longer."""
        if not self._over.wait(max(0.0, seconds)):
            self._taken.cut()

    def _feed(self, data: bytes) -> None:
        if data:
            self._active()
        with self._lock:
            if data:
                self._protocol.receive_data(data)
            else:
                self._at_end = True
                self._protocol.receive_eof()
            events = self._protocol.events_received()
            self._send_out()
        for event in events:
            if isinstance(event, Frame) and not self._is_failed:
                self._take(event)
        self._look_for_end()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            self._fail(_BINARY, "")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._parts.append(bytes(frame.data))
            if frame.fin:
                message, self._parts = b"".join(self._parts), []
                self._deliver(message)

    def _deliver(self, message: bytes) -> None:
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self._fail(_NOT_TEXT, "")
            return
        if not self._is_ended:
            self._received(text)

    def _fail(self, code: int, reason: str) -> None:
        with self._lock:
            self._is_failed = True
            self._protocol.fail(code, reason)
            self._send_out()

    def _look_for_end(self) -> None:
        """Tells of the end that the client, or what it sent, has brought about."""
        with self._lock:
            if self._is_ended or (self._protocol.state is State.OPEN and not self._at_end):
                return
            said = self._protocol.close_rcvd or self._protocol.close_sent
            if self._is_failed:
                said = self._protocol.close_sent
            if said is None:
                self._end(_ABNORMAL, "")
            else:
                self._end(said.code, said.reason or _REASONS.get(said.code, ""))

    def _end(self, code: int, reason: str) -> None:
        self._is_ended = True
        self._ended(code, reason)

    def _send_out(self) -> None:
        for data in self._protocol.data_to_send():
            if data == SEND_EOF:
                self._taken.finish()
            else:
                self._taken.send(data)


# As `$disconnect` events with code 1005 have it wherever they were published; no page says so.
_REASONS: Final = {_NO_STATUS: "Client-side close frame status not set"}


def _tell_nobody(code: int, reason: str) -> None:
    """The connection ends unnoticed."""


def _is_text(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
