"""Messages of an AWS event stream, as bytes.

In: headers and a payload. Out: one message of the content type `application/vnd.amazon.eventstream`.
Source: Amazon Lex V2 Developer Guide, "Event stream encoding" (prelude, headers, payload, both checksums); botocore's
`eventstream` module for the names of the headers and the largest message that an SDK accepts.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Final

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"
HEADERS_BYTES_MAX: Final = 128 * 1024
PAYLOAD_BYTES_MAX: Final = 24 * 1024 * 1024

_PRELUDE_BYTES = 12  # both lengths and their checksum
_CHECKSUM_BYTES = 4
_STRING = 7


def encode_event(event_type: str, payload: bytes, *, content_type: str) -> bytes:
    """A message that carries an event of the operation's output. content_type: the payload's."""
    headers = {":event-type": event_type, ":content-type": content_type, ":message-type": "event"}
    return encode_message(headers, payload)


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message. ValueError for what no message can hold: a name over 255 bytes, a value over 32,767, too much."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    if len(encoded) > HEADERS_BYTES_MAX:
        raise ValueError(f"headers of {len(encoded)} bytes are longer than {HEADERS_BYTES_MAX}")
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a payload of {len(payload)} bytes is longer than {PAYLOAD_BYTES_MAX}")
    total = _PRELUDE_BYTES + len(encoded) + len(payload) + _CHECKSUM_BYTES
    lengths = struct.pack(">II", total, len(encoded))
    head = lengths + struct.pack(">I", zlib.crc32(lengths)) + encoded
    return b"".join((head, payload, struct.pack(">I", zlib.crc32(payload, zlib.crc32(head)))))


def _header(name: str, value: str) -> bytes:
    name_bytes, value_bytes = name.encode(), value.encode()
    if not 1 <= len(name_bytes) <= 255:
        raise ValueError(f"a header's name has 1 to 255 bytes, {name!r} has {len(name_bytes)}")
    if len(value_bytes) > 32_767:
        raise ValueError(f"a header's value has at most 32767 bytes, that of {name!r} has {len(value_bytes)}")
    return struct.pack(">B", len(name_bytes)) + name_bytes + struct.pack(">BH", _STRING, len(value_bytes)) + value_bytes
