"""Questions and answers of the domain name system, as far as a resolver needs them that knows only addresses.

Source: RFC 1035, sections 4.1 (format), 3.2.2 (types) and 4.2.1 (messages over UDP have up to 512 bytes).
"""

from __future__ import annotations

import socket
import struct
from typing import Final

from lambdakit.records import dataclass

A: Final = 1
ANY: Final = 255
NO_ERROR: Final = 0
SERVER_FAILURE: Final = 2
NO_SUCH_NAME: Final = 3

_HEADER: Final = struct.Struct("!HHHHHH")
_QUESTION_TAIL: Final = struct.Struct("!HH")
_ANSWER: Final = struct.Struct("!HHHIH4s")
_IS_ANSWER: Final = 0x8000
_OPERATION: Final = 0x7800
_RECURSION_DESIRED: Final = 0x0100
_RECURSION_AVAILABLE: Final = 0x0080
_INTERNET: Final = 1
_NAME_OF_QUESTION: Final = 0xC00C  # a pointer to where the question's name stands
_SECONDS: Final = 5  # how long an answer may be kept: what is reachable may change


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked. name: in lower case, without the last dot. kind: the record's type, by number."""

    id: int
    name: str
    kind: int
    recursion_desired: bool
    raw: bytes


def read_question(message: bytes) -> Question | None:
    """The one question of a message; None for what is none."""
    try:
        number, flags, questions, *_ = _HEADER.unpack_from(message)
        if flags & (_IS_ANSWER | _OPERATION) or questions != 1:
            return None
        labels, at = [], _HEADER.size
        while (length := message[at]) != 0:
            if length > 63:
                return None
            labels.append(message[at + 1 : at + 1 + length])
            at += 1 + length
        kind, category = _QUESTION_TAIL.unpack_from(message, at + 1)
    except (struct.error, IndexError):
        return None
    if category != _INTERNET:
        return None
    return Question(
        id=number,
        name=b".".join(labels).decode("ascii", "replace").lower(),
        kind=kind,
        recursion_desired=bool(flags & _RECURSION_DESIRED),
        raw=message[_HEADER.size : at + 1 + _QUESTION_TAIL.size],
    )


def answer(question: Question, address: str | None = None, *, code: int = NO_ERROR) -> bytes:
    """The message that answers a question. address: IPv4; None when there is no record of the type."""
    flags = _IS_ANSWER | _RECURSION_AVAILABLE | code
    flags |= _RECURSION_DESIRED if question.recursion_desired else 0
    head = _HEADER.pack(question.id, flags, 1, 0 if address is None else 1, 0, 0)
    if address is None:
        return head + question.raw
    record = _ANSWER.pack(_NAME_OF_QUESTION, A, _INTERNET, _SECONDS, 4, socket.inet_aton(address))
    return head + question.raw + record
