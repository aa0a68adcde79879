"""Event stream messages, read back with botocore's own parser."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.event_stream import HEADERS_BYTES_MAX, PAYLOAD_BYTES_MAX, encode_event, encode_message

NAMES = st.text(min_size=1, max_size=60).filter(lambda name: len(name.encode()) <= 255)
VALUES = st.text(max_size=200)


def decoded(*pieces: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """Headers and payload of each message that botocore reads; it checks lengths and checksums."""
    buffer: Any = EventStreamBuffer()
    for piece in pieces:
        buffer.add_data(piece)
    return [(message.headers, message.payload) for message in buffer]


@given(st.dictionaries(NAMES, VALUES, max_size=8), st.binary(max_size=5000))
def test_what_goes_in_comes_out(headers: dict[str, str], payload: bytes) -> None:
    assert decoded(encode_message(headers, payload)) == [(headers, payload)]


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(1, 40))
def test_messages_follow_each_other_however_they_are_cut(payloads: list[bytes], size: int) -> None:
    data = b"".join(encode_event("PayloadChunk", payload, content_type="a/b") for payload in payloads)

    messages = decoded(*(data[at : at + size] for at in range(0, len(data), size)))

    assert [payload for _, payload in messages] == payloads


def test_an_event_names_itself() -> None:
    """Amazon Lex V2 Developer Guide, "Event stream encoding": the headers of an event."""
    ((headers, payload),) = decoded(encode_event("InvokeComplete", b"{}", content_type="application/json"))

    assert headers == {
        ":event-type": "InvokeComplete",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    assert payload == b"{}"


def test_bytes_as_the_specification_has_them() -> None:
    """The empty message: twelve bytes of prelude, four of checksum."""
    assert encode_message({}, b"").hex() == "000000100000000005c248eb7d98c8ff"


@pytest.mark.parametrize(("size", "fits"), [(255, True), (256, False), (0, False)])
def test_the_longest_name(size: int, fits: bool) -> None:
    if fits:
        assert decoded(encode_message({"n" * size: "v"}, b"")) == [({"n" * size: "v"}, b"")]
    else:
        with pytest.raises(ValueError, match="1 to 255 bytes"):
            encode_message({"n" * size: "v"}, b"")


@pytest.mark.parametrize(("size", "fits"), [(32_767, True), (32_768, False)])
def test_the_longest_value(size: int, fits: bool) -> None:
    if fits:
        assert decoded(encode_message({"n": "v" * size}, b"")) == [({"n": "v" * size}, b"")]
    else:
        with pytest.raises(ValueError, match="at most 32767 bytes"):
            encode_message({"n": "v" * size}, b"")


def test_the_most_headers() -> None:
    # Each has 4 bytes beside its name and value.
    headers = {f"{number:03}": "v" * (32_768 - 7) for number in range(4)}

    assert sum(4 + len(name) + len(value) for name, value in headers.items()) == HEADERS_BYTES_MAX
    assert decoded(encode_message(headers, b"")) == [(headers, b"")]
    with pytest.raises(ValueError, match="longer than 131072"):
        encode_message({**headers, "n": ""}, b"")


@pytest.mark.parametrize(("size", "fits"), [(PAYLOAD_BYTES_MAX, True), (PAYLOAD_BYTES_MAX + 1, False)])
def test_the_longest_payload_is_what_botocore_takes(size: int, fits: bool) -> None:
    if fits:
        assert decoded(encode_message({}, bytes(size))) == [({}, bytes(size))]
    else:
        with pytest.raises(ValueError, match="longer than 25165824"):
            encode_message({}, bytes(size))
