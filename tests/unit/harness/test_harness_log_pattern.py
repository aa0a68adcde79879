"""Patterns of CloudWatch Logs. Source: Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters,
subscription filters, filter log events, and Live Tail", whose examples are among the rows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.log_pattern import InvalidLogPattern, compile_log_pattern

_REQUEST = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
_TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "cluster.name": "c",
        "errorCode": 400,
        "latency": 12.5,
        "number": [1000],
        "nothing-else_1": "x",
        "text": "500",
    }
)
_USERS = json.dumps(
    {
        "user": {"id": 1, "email": "John.Stiles@example.com"},
        "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
        "actions": ["GET", "PUT", "DELETE"],
        "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
    }
)


@pytest.mark.parametrize(
    ("pattern", "message", "meant"),
    [
        ("", "anything", True),
        ("  ", "anything", True),
        ('" "', "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", False),
        ("?ERROR ?ARGUMENTS", "[INFO] INVALID ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "[INFO] fine", False),
        ("?ERROR ?ARGUMENTS REQUEST", "[INFO] REQUEST FAILED", True),
        ("?ERROR ?ARGUMENTS REQUEST", "[ERROR] 400", False),
        ("?ERROR -REQUEST", "[INFO] fine", True),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "INTERNAL ERROR SERVER", False),
        (r'"say \"hi\""', 'they say "hi"', True),
        ("ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("ERROR -ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", False),
        ('"ERROR" - "Exiting"', "Exiting with ERRORCODE: -1", False),
        ("-ERROR", "fine", True),
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        (r"%10\.10\.0\.1%", "from 10.10.0.1", True),
        (r"%10\.10\.0\.1%", "10010,051", False),
        ("%^starting|^shutting down%", "shutting down now", True),
        ("%^starting|^shutting down%", "skipping starting", False),
        (r"%\x28x\x29%", "f(x)", True),
        ("%^ab{2,3}c$%", "abbbc", True),
        ("%^ab{2,3}c$%", "abc", False),
    ],
)
def test_terms(pattern: str, message: str, meant: bool) -> None:
    assert compile_log_pattern(pattern).matches(message) is meant


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{$.eventType=UpdateTrail}", True),
        ('{ $.eventType = "Update" }', False),
        ("{ $.eventType = Update* }", True),
        ('{ $.eventType = "*Trail" }', True),
        ('{ $.eventType = "U*T*l" }', True),
        ('{ $.eventType = "*" }', True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress != 111.111.* }", False),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[2] = "value" }', False),
        ('{ $.arrayKey = "value" }', False),
        ('{ $.arrayKey != "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.eventType = %Trail% }", True),
        ("{ $.eventType != %Trail% }", False),
        ("{ $.arrayKey[*] = %val.{2}% }", True),
        ('{ $.arrayKey[*] = "another value" }', True),
        (r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }", True),
        ("{ $.['cluster.name'] = \"c\" }", True),
        ("{ $['cluster.name'] = c }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.eventType IS NULL }", False),
        ("{ $.missing IS NULL }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag is FALSE }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ('{ $.missing != "x" }', False),
        ("{ $.errorCode = 400 }", True),
        ("{ $.errorCode = 400.0 }", True),
        ("{ $.errorCode = 4* }", True),
        ("{ $.errorCode != 500 }", True),
        ('{ $.errorCode = "400" }', True),
        ("{ $.latency > 12.4 }", True),
        ("{ $.latency >= +12.5 }", True),
        ("{ $.latency < 12.5 }", False),
        ("{ $.latency <= 1.25e1 }", True),
        ("{ $.number[0] = 1e+3 }", True),
        ("{ $.number[0] != 1e-3 }", True),
        ("{ $.text > 400 }", False),
        ("{ $.text = 500 }", True),
        ("{ $.nothing-else_1 = x }", True),
    ],
)
def test_documents(pattern: str, meant: bool) -> None:
    assert compile_log_pattern(pattern).matches(_TRAIL) is meant


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        ('{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "n" && $.actions[2] = "n" }', True),
        ('{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "n") && $.actions[2] = "n" }', False),
        ('{ ($.user.id = 2 && $.users[0].email = "n") || $.actions[2] = "GET" }', False),
        ("{ $.coordinates[1][2] = 6 }", True),
        ("{ (($.user.id = 1)) }", True),
    ],
)
def test_compound_conditions(pattern: str, meant: bool) -> None:
    assert compile_log_pattern(pattern).matches(_USERS) is meant


@pytest.mark.parametrize("message", ["", "plain", "[1]", "{", '{"a": 1} and more', "null"])
def test_what_is_no_such_document_is_not_meant(message: str) -> None:
    assert not compile_log_pattern("{ $.a = 1 }").matches(message)


@pytest.mark.parametrize(
    ("pattern", "message", "meant"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", _REQUEST, True),
        (r"[ip=%127\.0\.0\.[1-9]%, u, n, timestamp, request =*.html*, status_code = 4*, bytes]", _REQUEST, True),
        ("[ip, u, n, timestamp, request =*.htm, status_code, bytes]", _REQUEST, False),
        ("[..., request =*.html*, status_code = 4*, bytes]", _REQUEST, True),
        ("[..., status_code, bytes > 1000]", _REQUEST, True),
        ("[..., status_code, bytes > 1534]", _REQUEST, False),
        ("[ip, ..., bytes]", _REQUEST, True),
        ("[ip, user, ...]", _REQUEST, True),
        ("[..., status_code = 404 || status_code = 410, bytes]", _REQUEST, True),
        ("[..., status_code = 4* && status_code != 404, bytes]", _REQUEST, False),
        ("[..., status_code = 4* && bytes > 1000, bytes]", _REQUEST, False),
        ("[a, b, c, d, e, f, g, h]", _REQUEST, False),
        ("[w1=ERROR, w2]", "ERROR 09/25/2014 12:00:02 Failed to process request", True),
        ("[w1=ERROR, w2]", "INFO 09/25/2014 12:00:00 GET", False),
        ("[w1=ERROR || w1=WARNING, w2]", "WARNING 09/25/2014 Invalid", True),
        ("[w1!=ERROR && w1!=WARNING, w2]", "ERROR now", False),
        ("[w1!=ERROR && w1!=WARNING, w2]", "INFO now", True),
        ("[w1=ERROR]", "ERROR", True),
        ("[w1=ERROR]", "ERROR and more", False),
        ("[l, d, t, m, url=%/service/resource/[0-9]+$%, r]", "INFO 1 2 GET /service/resource/67 1200", True),
        ("[l, d, t, m, url=%/service/resource/[0-9]+$%, r]", "INFO 1 2 GET /service/resource/67/x 1", False),
        ('[timestamp=*Z, request_id="*-*", event]', "2026-01-01T00:00:00Z\ta-b\tINFO it went well", True),
        ("[a]", "", False),
    ],
)
def test_fields(pattern: str, message: str, meant: bool) -> None:
    assert compile_log_pattern(pattern).matches(message) is meant


def test_fields_are_extracted_by_name_and_number() -> None:
    pattern = compile_log_pattern("[..., request=*.html*, status_code=4*,]")

    assert pattern.fields(_REQUEST) == {
        "1": "127.0.0.1",
        "2": "Prod",
        "3": "frank",
        "4": "10/Oct/2000:13:25:15 -0700",
        "request": "GET /index.html HTTP/1.0",
        "status_code": "404",
        "7": "1534",
    }
    assert pattern.values(_REQUEST)["$status_code"] == "404"
    assert pattern.value("$7", _REQUEST) == "1534"


def test_a_last_field_without_a_condition_takes_the_rest() -> None:
    pattern = compile_log_pattern('[timestamp=*Z, request_id="*-*", event]')

    assert pattern.fields('2026-01-01Z a-b {"x": 1} and more')["event"] == '{"x": 1} and more'


def test_values_are_extracted_from_documents() -> None:
    pattern = compile_log_pattern("{ $.latency > 1 && $.errorCode = * }")

    assert pattern.values(_TRAIL) == {"$.latency": "12.5", "$.errorCode": "400"}
    assert pattern.value("$.objectList[0].id", _TRAIL) == "1"
    assert pattern.value("$.missing", _TRAIL) is None
    assert pattern.fields(_TRAIL) == {}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("foo:bar", "Invalid character(s) in term ':'"),
        ("a, b", "Invalid character(s) in term ','"),
        ("(x)", "Invalid character(s) in term '('"),
        ('"open', "Invalid filter pattern"),
        ("%open", "Invalid filter pattern"),
        ("%some(thing)%", "Invalid character(s) in term '('"),
        ("%something!%", "Invalid character(s) in term '!'"),
        ("%[a%", "Invalid filter pattern"),
        (r"%\bx%", "Invalid filter pattern"),
        ("{ $.a }", "Invalid filter pattern"),
        ("{ $.a EXISTS }", "Invalid filter pattern"),
        ("{ $.a IS NOT NULL }", "Invalid filter pattern"),
        ("{ $.a = }", "Invalid character(s) in term '}'"),
        ('{ $."a" = 1 }', "Invalid character(s) in term '\"'"),
        ("{ $.a > x }", "Invalid character(s) in term '}'"),
        ("{ $.a = 1", "Invalid filter pattern"),
        ("{ $.a = 1 } x", "Invalid filter pattern"),
        ("{ a = 1 }", "Invalid character(s) in term 'a'"),
        ("{ $.*.* = 1 }", "Invalid filter pattern"),
        ("{ $.a[*] = 1 && $.b[*] = 1 && $.c[*] = 1 && $.d[*] = 1 }", "Invalid filter pattern"),
        ("{ $.a = %a% && $.b = %b% && $.c = %c% }", "Invalid filter pattern"),
        ("[a, b", "Invalid filter pattern"),
        ("[..., a, ...]", "Invalid filter pattern"),
        ("[a] b", "Invalid character(s) in term 'b'"),
        ("[a = 1 && b]", "Invalid character(s) in term ']'"),
    ],
)
def test_no_pattern(pattern: str, message: str) -> None:
    with pytest.raises(InvalidLogPattern) as refused:
        compile_log_pattern(pattern)

    assert str(refused.value) == message


@given(st.text(max_size=60))
def test_any_text_is_a_pattern_or_is_refused(text: str) -> None:
    try:
        pattern = compile_log_pattern(text)
    except InvalidLogPattern:
        return

    assert pattern.matches(text) in (True, False)


@given(
    st.text(alphabet=st.characters(blacklist_characters='"\\', blacklist_categories=["Cs"]), min_size=1, max_size=30)
)
def test_a_phrase_is_found_where_it_stands(phrase: str) -> None:
    assert compile_log_pattern(f'"{phrase}"').matches(f"before {phrase} after")
