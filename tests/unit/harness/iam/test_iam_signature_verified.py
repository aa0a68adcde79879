"""Signatures as real clients make them are right, and any other request under them is not."""

from __future__ import annotations

import string
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.iam.signature import UnreadableSignature, Verifier, payload_is_as_stated, read_signature
from lambdakit.harness.wire import Headers, Request
from tests.fakes.signed_requests import changed, signed

KEY = Credentials(access_key_id="ASIAEXAMPLEEXAMPLE22", secret_access_key="secret/+=", session_token="token/+==")
USER_KEY = Credentials(access_key_id="AKIAEXAMPLEEXAMPLE22", secret_access_key="secret/+=", session_token="")

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
segments = st.one_of(
    texts, st.sampled_from(["", ".", "..", "a b", "a+b", "100%", "arn:aws:s3:::b", "~", "*!'()", "%2F"])
)
paths = st.lists(segments, max_size=5).map(lambda parts: "/" + quote("/".join(parts), safe="/~"))
queries = st.lists(st.tuples(texts, texts), max_size=5)
headers = st.dictionaries(
    st.sampled_from(["X-Amz-Meta-One", "x-amz-acl", "Content-Type", "X-Amz-Target", "Accept"]),
    st.text(string.ascii_letters + " \t;,=", max_size=20).map(lambda text: f"v{text}v"),
    max_size=4,
)


def is_right(request: Request, secret: str = KEY.secret_access_key) -> bool:
    signature = read_signature(request)
    assert signature is not None
    return Verifier().is_right(request, signature, secret) and payload_is_as_stated(request)


@settings(deadline=None)
@given(
    st.sampled_from([("header", "dynamodb"), ("s3 header", "s3"), ("query", "sts"), ("s3 query", "s3")]),
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    paths,
    queries,
    st.binary(max_size=200),
    headers,
    st.sampled_from([KEY, USER_KEY]),
)
def test_what_botocore_signs_is_right(
    signer: tuple[str, str],
    method: str,
    path: str,
    query: list[tuple[str, str]],
    body: bytes,
    given_headers: dict[str, str],
    key: Credentials,
) -> None:
    kind, service = signer
    presigned = "query" in kind
    if presigned:  # botocore signs no body with them, and repeats no name
        body, query = b"", list(dict(query).items())

    request = signed(
        key,
        method=method,
        path=path,
        query="&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query),
        body=body,
        headers={} if presigned else given_headers,
        service=service,
        signer=kind,
    )

    assert is_right(request)
    assert not is_right(request, "another secret")


@pytest.mark.parametrize("signer", ["header", "s3 header", "query", "s3 query"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"method": "PUT"}, id="method"),
        pytest.param({"target": "/other"}, id="path"),
        pytest.param({"headers": {"host": "elsewhere"}}, id="host"),
    ],
)
def test_another_request_under_the_same_signature_is_wrong(signer: str, change: dict[str, object]) -> None:
    service = "s3" if signer.startswith("s3") else "sqs"
    request = signed(KEY, path="/queue", query="a=1", service=service, signer=signer)
    if "target" in change:
        change = {"target": request.target.replace("/queue", str(change["target"]))}

    assert is_right(request)
    assert not is_right(changed(request, **change))


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-amz-date", "20200101T000000Z"), ("x-amz-security-token", "another"), ("x-amz-target", "DynamoDB.DeleteTable")],
)
def test_a_signed_header_cannot_be_changed(name: str, value: str) -> None:
    request = signed(KEY, headers={"X-Amz-Target": "DynamoDB.GetItem"}, body=b"{}")

    assert not is_right(changed(request, headers={name: value}))


@pytest.mark.parametrize("signer", ["header", "s3 header"])
def test_another_body_under_the_same_signature_is_wrong(signer: str) -> None:
    request = signed(KEY, service="s3" if signer == "s3 header" else "sqs", signer=signer, body=b"one")

    assert not is_right(changed(request, body=b"two"))


@pytest.mark.parametrize(
    "payload",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    ],
)
def test_a_payload_that_states_no_hash_may_be_any(payload: str) -> None:
    request = signed(KEY, service="lambda", headers={"X-Amz-Content-SHA256": payload}, body=b"one")

    assert is_right(changed(request, body=b"two"))
    assert not is_right(changed(request, headers={"x-amz-content-sha256": "UNSIGNED"}))


def test_the_same_header_twice_is_signed_as_one() -> None:
    once = signed(KEY, headers={"X-Amz-Meta-Colour": "red,blue"})

    twice = changed(once, headers={"x-amz-meta-colour": None})
    items = [*twice.headers.items, ("X-Amz-Meta-Colour", "red"), ("X-Amz-Meta-Colour", "blue")]

    assert is_right(replace(twice, headers=Headers(items)))


def test_a_path_may_be_sent_more_plainly_than_it_is_signed() -> None:
    request = signed(KEY, method="GET", path="/bucket/a%28b%29%2Bc", service="s3", signer="s3 header")

    assert is_right(changed(request, target="/bucket/a(b)+c"))


def test_a_presigned_post_to_a_query_service_is_right() -> None:
    query = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"})

    assert is_right(signed(KEY, method="GET", query=query, service="sts", signer="query"))


def test_an_asymmetric_signature_is_read() -> None:
    authorization = (
        "AWS4-ECDSA-P256-SHA256 Credential=ASIAEXAMPLE/20260102/events/aws4_request, SignedHeaders=host;x-amz-date, "
        "Signature=3045"
    )
    request = Request(
        method="POST",
        target="/",
        headers=Headers([("Authorization", authorization), ("X-Amz-Date", "20260102T030405Z"), ("Host", "h")]),
    )

    signature = read_signature(request)

    assert signature is not None
    assert (signature.access_key_id, signature.service, signature.region) == ("ASIAEXAMPLE", "events", "")


@pytest.mark.parametrize(
    ("authorization", "problem"),
    [
        ("AWS4-HMAC-SHA256 Credential=A/20260102/us-east-1/s3/aws4_request", "requires 'Signature' parameter"),
        ("AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=1", "exactly 5 slash-delimited elements"),
        ("AWS4-HMAC-SHA256", "requires 'Credential' parameter"),
        ("AWS4-MD5 Credential=A/20260102/r/s/aws4_request, SignedHeaders=host, Signature=1", "Unsupported AWS"),
    ],
)
def test_a_signature_that_lacks_something_says_what(authorization: str, problem: str) -> None:
    headers = Headers([("Authorization", authorization), ("X-Amz-Date", "20260102T030405Z")])

    with pytest.raises(UnreadableSignature, match=problem):
        read_signature(Request(method="POST", target="/", headers=headers))


@given(st.text(st.characters(max_codepoint=255), max_size=200), st.text(string.printable, max_size=100))
def test_nothing_that_is_sent_breaks_the_reading(authorization: str, query: str) -> None:
    request = Request(
        method="GET",
        target=f"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&{query}",
        headers=Headers([("Authorization", authorization), ("Date", "yesterday")]),
    )

    try:
        signature = read_signature(request)
    except UnreadableSignature:
        return
    if signature is not None:
        assert not Verifier().is_right(request, signature, "secret")


def test_a_request_without_a_signature_has_none() -> None:
    assert read_signature(Request(method="GET", target="/", headers=Headers([]))) is None
