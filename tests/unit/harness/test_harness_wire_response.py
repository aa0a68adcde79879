"""Headers, and answers as bytes that nobody can end early."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.wire import Headers, Response, ascii_json, header_value, may_have_body, response_head


class TestHeaders:
    def test_names_compare_without_case_and_the_first_value_counts(self) -> None:
        headers = Headers([("A-b", "1"), ("a-B", "2"), ("C", "")])

        assert headers.get("a-b") == "1"
        assert headers.all("a-b") == ["1", "2"]
        assert "c" in headers
        assert headers.get("c", "default") == ""
        assert "d" not in headers
        assert headers.get("d", "default") == "default"
        assert headers.all("d") == []


class TestResponseHead:
    def test_the_length_is_that_of_the_body(self) -> None:
        response = Response(status=201, headers=[("content-length", "99"), ("X-A", "b")], body=b"abc")

        assert (
            response_head(response, keeps_alive=True) == b"HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 3\r\n\r\n"
        )

    def test_an_end_of_the_connection_is_said(self) -> None:
        assert response_head(Response(status=200), keeps_alive=False).endswith(
            b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )

    @pytest.mark.parametrize("status", [100, 204, 304])
    def test_some_have_no_body(self, status: int) -> None:
        assert not may_have_body(status)
        assert b"Content-Length" not in response_head(Response(status=status, body=b"x"), keeps_alive=True)

    @pytest.mark.parametrize("name", ["Transfer-Encoding", "connection", "Keep-Alive", "CONTENT-LENGTH", "Upgrade"])
    def test_who_answers_cannot_change_the_framing(self, name: str) -> None:
        head = response_head(Response(status=200, headers=[(name, "chunked")]), keeps_alive=True)

        assert head == b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    @given(st.text(max_size=40))
    def test_no_value_can_end_the_field_early(self, text: str) -> None:
        head = response_head(Response(status=200, headers=[("x", text)]), keeps_alive=True)

        assert head.count(b"\r\n") == 4
        assert b"\n" not in head.replace(b"\r\n", b"")
        assert "\n" not in header_value(text)

    def test_a_status_without_a_name(self) -> None:
        assert response_head(Response(status=299), keeps_alive=True).startswith(b"HTTP/1.1 299 \r\n")

    @given(st.text(max_size=30))
    def test_json_is_the_same_text_in_ascii(self, text: str) -> None:
        document = json.dumps({text: [text]}, ensure_ascii=False)

        escaped = ascii_json(document)

        assert escaped.isascii()
        assert json.loads(escaped) == {text: [text]}
