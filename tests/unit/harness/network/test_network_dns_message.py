"""Questions and answers as they go over the wire."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.network.dns_message import NO_SUCH_NAME, A, answer, read_question

_AAAA = 28


def _question(name: str = "api.example.com", kind: int = A, *, flags: int = 0x0100, more: bytes = b"") -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    head = struct.pack("!HHHHHH", 77, flags, 1, 0, 0, 1 if more else 0)
    return head + labels + b"\0" + struct.pack("!HH", kind, 1) + more


def test_question_is_read_whatever_its_letters() -> None:
    question = read_question(_question("API.Example.com", _AAAA))

    assert question is not None
    assert (question.id, question.name, question.kind) == (77, "api.example.com", _AAAA)


def test_answer_repeats_the_question_and_names_the_address() -> None:
    question = read_question(_question("API.example.com"))
    assert question is not None

    message = answer(question, "198.18.0.7")

    number, flags, questions, answers, _, _ = struct.unpack_from("!HHHHHH", message)
    assert (number, flags & 0x8000, flags & 0x000F, questions, answers) == (77, 0x8000, 0, 1, 1)
    assert b"\x03API\x07example\x03com" in message
    assert socket.inet_ntoa(message[-4:]) == "198.18.0.7"


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (NO_SUCH_NAME, 3)])
def test_answer_without_an_address_has_no_record(code: int, expected: int) -> None:
    question = read_question(_question(kind=_AAAA))
    assert question is not None

    message = answer(question, code=code)

    _, flags, _, answers, _, _ = struct.unpack_from("!HHHHHH", message)
    assert (flags & 0x000F, answers) == (expected, 0)


def test_further_records_are_passed_over() -> None:
    extension = b"\0" + struct.pack("!HHIH", 41, 4096, 0, 0)

    question = read_question(_question(more=extension))

    assert question is not None
    assert extension not in answer(question)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 11,
        _question()[:-1],
        _question(flags=0x8180),
        _question(flags=0x2800),
        struct.pack("!HHHHHH", 1, 0x0100, 2, 0, 0, 0) + _question()[12:],
        struct.pack("!HHHHHH", 1, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c" + struct.pack("!HH", A, 1),
        _question()[:-2] + b"\0\3",
    ],
    ids=["empty", "short", "cut", "an answer", "an update", "two questions", "a pointer", "another class"],
)
def test_what_is_no_question_is_none(message: bytes) -> None:
    assert read_question(message) is None


@given(st.binary(max_size=300))
def test_anything_may_come(message: bytes) -> None:
    question = read_question(message)

    assert question is None or question.raw in message
