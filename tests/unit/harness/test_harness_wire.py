"""Bytes in, requests out; nothing that is no request gets through, however it is cut up."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.wire import (
    BadRequest,
    Headers,
    Request,
    RequestParser,
)

_Seen = tuple[str, str, str, tuple[tuple[str, str], ...], bytes]

PLAIN = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-two: 2\r\n\r\n"
WITH_LENGTH = b"POST /p HTTP/1.1\r\nhost:x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4;name=value\r\nWiki\r\nA \r\n0123456789\r\n0\r\nTrailer: ignored\r\nOther: too\r\n\r\n"
)
HTTP_1_0 = b"GET /old HTTP/1.0\r\n\r\n"


def _seen(request: Request) -> _Seen:
    return request.method, request.target, request.http_version, tuple(request.headers.items), request.body


def _parse(*pieces: bytes, parser: RequestParser | None = None) -> list[_Seen]:
    parser = parser or RequestParser()
    found = []
    for piece in pieces:
        parser.feed(piece)
        while (request := parser.next_request()) is not None:
            found.append(_seen(request))
    return found


def _refusal(data: bytes, parser: RequestParser | None = None) -> int:
    with pytest.raises(BadRequest) as refused:
        _parse(data, parser=parser)
    return refused.value.status


def _cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    cuts = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(cuts)]


class TestRequests:
    def test_a_request_without_a_body(self) -> None:
        ((method, target, version, headers, body),) = _parse(PLAIN)

        assert (method, target, version, body) == ("GET", "/a?b=c", "HTTP/1.1", b"")
        assert headers == (("Host", "x"), ("X-Two", "1"), ("x-two", "2"))

    def test_a_body_by_length(self) -> None:
        assert _parse(WITH_LENGTH)[0][-1] == b"hello"

    def test_a_chunked_body_with_extensions_and_trailers(self) -> None:
        assert _parse(CHUNKED)[0][-1] == b"Wiki0123456789"

    def test_requests_that_follow_at_once_are_told_apart(self) -> None:
        stream = PLAIN + WITH_LENGTH + CHUNKED + b"\r\n" + PLAIN

        assert [seen[1] for seen in _parse(stream)] == ["/a?b=c", "/p", "/c", "/a?b=c"]

    @pytest.mark.parametrize("stream", [PLAIN, WITH_LENGTH, CHUNKED, HTTP_1_0, PLAIN + CHUNKED + WITH_LENGTH])
    def test_one_byte_at_a_time_gives_the_same(self, stream: bytes) -> None:
        assert _parse(*(bytes([byte]) for byte in stream)) == _parse(stream)

    @pytest.mark.parametrize("stream", [PLAIN, WITH_LENGTH, CHUNKED])
    def test_cut_at_any_one_place_it_gives_the_same(self, stream: bytes) -> None:
        whole = _parse(stream)

        assert all(_parse(stream[:place], stream[place:]) == whole for place in range(len(stream)))

    @given(
        bodies=st.lists(st.tuples(st.binary(max_size=60), st.booleans()), min_size=1, max_size=4),
        places=st.lists(st.integers(min_value=0), max_size=8),
    )
    def test_any_stream_cut_anywhere_gives_the_same(self, bodies: list[tuple[bytes, bool]], places: list[int]) -> None:
        stream = b""
        for body, chunked in bodies:
            if chunked:
                chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]) if part)
                stream += b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
            else:
                stream += b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

        found = _parse(*_cut(stream, places))

        assert [seen[-1] for seen in found] == [body for body, _ in bodies]

    @given(st.binary(max_size=300), st.lists(st.integers(min_value=0), max_size=5))
    def test_garbage_is_waited_on_or_refused_and_nothing_else(self, data: bytes, places: list[int]) -> None:
        try:
            _parse(*_cut(data, places))
        except BadRequest as refused:
            assert refused.status in (400, 413, 431, 505)

    @given(st.binary(max_size=80))
    def test_garbage_behind_a_chunked_head_is_waited_on_or_refused(self, data: bytes) -> None:
        try:
            _parse(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
        except BadRequest as refused:
            assert refused.status in (400, 413, 431, 505)

    @pytest.mark.parametrize(
        ("line", "target"),
        [
            (b"GET http://example.com/a?b HTTP/1.1", "/a?b"),
            (b"GET http://example.com HTTP/1.1", "/"),
            (b"GET HTTPS://example.com?x=/y HTTP/1.1", "/?x=/y"),
            (b"OPTIONS * HTTP/1.1", "/*"),
            (b"GET /%2e/ HTTP/1.1", "/%2e/"),
            (b"GET //twice HTTP/1.1", "//twice"),
            (b"GET /\xc3\xbc HTTP/1.1", "/\u00c3\u00bc"),
        ],
    )
    def test_forms_of_the_target(self, line: bytes, target: str) -> None:
        assert _parse(line + b"\r\nHost: x\r\n\r\n")[0][1] == target

    def test_path_and_query_are_the_two_parts_of_the_target(self) -> None:
        request = Request(method="GET", target="/a%20b?c=%3F?d", headers=Headers(()))

        assert (request.path, request.query) == ("/a%20b", "c=%3F?d")

    def test_the_peer_is_told(self) -> None:
        parser = RequestParser()
        parser.feed(PLAIN)

        request = parser.next_request(("127.0.0.1", 4711))

        assert request is not None
        assert request.peer == ("127.0.0.1", 4711)


class TestRefusals:
    @pytest.mark.parametrize(
        "line",
        [
            b"GET",
            b"GET /",
            b"GET  / HTTP/1.1",
            b"GET / HTTP/1.1 ",
            b" GET / HTTP/1.1",
            b"G ET / HTTP/1.1",
            b"G\x00T / HTTP/1.1",
            b"GE(T / HTTP/1.1",
            b"GET /\x00 HTTP/1.1",
            b"GET /\x7f HTTP/1.1",
            b"GET relative HTTP/1.1",
            b"CONNECT example.com:443 HTTP/1.1",
            b"GET ftp://example.com/ HTTP/1.1",
            b"GET / HTTP/1.1\nX: y",
            b"",
        ],
    )
    def test_a_malformed_request_line(self, line: bytes) -> None:
        data = line + b"\r\nHost: x\r\n\r\n" if line else b"\n\r\n\r\n"

        assert _refusal(data) == 400

    @pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"http/1.1", b"HTTP/1.10", b"SPDY/3"])
    def test_another_version(self, version: bytes) -> None:
        assert _refusal(b"GET / " + version + b"\r\nHost: x\r\n\r\n") == 505

    @pytest.mark.parametrize(
        "line",
        [
            b"no colon",
            b": no name",
            b"Name : space before the colon",
            b" folded: line",
            b"Na me: space",
            b"N\xc3\xbcme: not ascii",
            b"Name: nul\x00l",
            b"Name: bare\rreturn",
            b"Name: bare\nbreak",
        ],
    )
    def test_a_malformed_header(self, line: bytes) -> None:
        assert _refusal(b"GET / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n") == 400

    @pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nhost: a\r\n"])
    def test_not_exactly_one_host(self, hosts: bytes) -> None:
        assert _refusal(b"GET / HTTP/1.1\r\n" + hosts + b"\r\n") == 400

    @pytest.mark.parametrize(
        "framing",
        [
            b"Content-Length: 3\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked\r\nContent-Length: 3",
            b"Transfer-Encoding: gzip, chunked",
            b"Transfer-Encoding: chunked, identity",
            b"Transfer-Encoding: identity",
            b"Transfer-Encoding: xchunked",
            b"Transfer-Encoding:",
            b"Transfer-Encoding:\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            b"Content-Length: 3\r\nContent-Length: 4",
            b"Content-Length: 3\r\nContent-Length: 03",
            b"Content-Length: 3, 3",
            b"Content-Length: +3",
            b"Content-Length: -3",
            b"Content-Length: 0x3",
            b"Content-Length: 3 3",
            b"Content-Length:",
            b"Content-Length: \xb2",
            b"Content-Length: " + b"9" * 5000,
        ],
    )
    def test_two_readings_of_where_the_body_ends(self, framing: bytes) -> None:
        assert _refusal(b"POST / HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\nabc") == 400

    def test_the_same_length_twice_is_one_reading(self) -> None:
        data = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"

        assert _parse(data)[0][-1] == b"abc"

    def test_http_1_0_knows_no_chunks(self) -> None:
        assert _refusal(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400

    @pytest.mark.parametrize(
        "chunks",
        [
            b"x\r\n",
            b"-1\r\n",
            b"0x4\r\n",
            b"\r\n",
            b" 4\r\nWiki",
            b"4\r\nWikiX\r\n",
            b"4\r\nWiki4\r\nWiki\r\n0\r\n\r\n",
            b"FFFFFFFFFFFFFFFFF\r\n",
            b";\r\n",
        ],
    )
    def test_a_malformed_chunk(self, chunks: bytes) -> None:
        assert _refusal(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks) == 400


class TestLimits:
    HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"

    @pytest.mark.parametrize(("room", "fits"), [(-1, False), (0, True), (1, True)])
    def test_the_head(self, room: int, fits: bool) -> None:
        parser = RequestParser(head_bytes_max=len(self.HEAD) - 2 + room)

        if fits:
            assert len(_parse(self.HEAD + b"\r\n", parser=parser)) == 1
        else:
            assert _refusal(self.HEAD + b"\r\n", parser) == 431

    def test_a_head_without_an_end(self) -> None:
        assert _refusal(self.HEAD + b"A: " + b"x" * 200, RequestParser(head_bytes_max=100)) == 431

    def test_the_default_head_is_one_mebibyte(self) -> None:
        filler = b"A: " + b"x" * (1024 * 1024 - len(self.HEAD) - 3)

        assert len(_parse(self.HEAD + filler + b"\r\n\r\n")) == 1
        assert _refusal(self.HEAD + filler + b"y\r\n\r\n") == 431

    @pytest.mark.parametrize(("length", "fits"), [(9, True), (10, True), (11, False)])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_the_body(self, length: int, fits: bool, chunked: bool) -> None:
        if chunked:
            framing = b"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n%x\r\n" % (length - 5)
        else:
            framing = b"Content-Length: %d\r\n\r\n" % length
        data = b"POST / HTTP/1.1\r\nHost: x\r\n" + framing

        if fits:
            assert _parse(data, parser=RequestParser(body_bytes_max=10)) == []
        else:
            assert _refusal(data, RequestParser(body_bytes_max=10)) == 413

    def test_a_chunk_line_without_an_end(self) -> None:
        data = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4;" + b"x" * (1024 * 1024 + 1)

        assert _refusal(data) == 400


class TestContinue:
    HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"

    def test_it_is_asked_for_once(self) -> None:
        parser = RequestParser()

        assert _parse(self.HEAD, parser=parser) == []
        assert [parser.take_continue() for _ in range(2)] == [True, False]
        assert _parse(b"a", parser=parser) == []
        assert not parser.take_continue()
        assert _parse(b"b", parser=parser)[0][-1] == b"ab"
        assert not parser.take_continue()

    @pytest.mark.parametrize(
        "data",
        [
            HEAD + b"a",
            HEAD.replace(b"1.1", b"1.0"),
            HEAD.replace(b"100-Continue", b"200-ok"),
            HEAD.replace(b"Length: 2", b"Length: 0"),
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n",
        ],
    )
    def test_nobody_waits_for_it(self, data: bytes) -> None:
        parser = RequestParser()

        _parse(data, parser=parser)

        assert not parser.take_continue()

    def test_too_long_a_body_is_refused_instead(self) -> None:
        assert _refusal(self.HEAD, RequestParser(body_bytes_max=1)) == 413


class TestKeepAlive:
    @pytest.mark.parametrize(
        ("version", "connection", "keeps"),
        [
            ("HTTP/1.1", [], True),
            ("HTTP/1.1", ["keep-alive"], True),
            ("HTTP/1.1", ["Close"], False),
            ("HTTP/1.1", ["TE, close"], False),
            ("HTTP/1.1", ["upgrade", "close"], False),
            ("HTTP/1.1", ["closed"], True),
            ("HTTP/1.0", [], False),
            ("HTTP/1.0", ["Keep-Alive"], True),
            ("HTTP/1.0", ["keep-alive, close"], False),
        ],
    )
    def test_the_client_says_whether_it_goes_on(self, version: str, connection: list[str], keeps: bool) -> None:
        headers = Headers(("Connection", value) for value in connection)

        assert Request(method="GET", target="/", headers=headers, http_version=version).keeps_alive is keeps


def test_the_same_head_again_has_its_own_body() -> None:
    parser = RequestParser()
    head = b"GET /next HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\n"
    bodies = []
    for body in (b"one", b"two"):
        parser.feed(head + body)
        bodies.append(parser.next_request())

    assert [request.body for request in bodies if request is not None] == [b"one", b"two"]
