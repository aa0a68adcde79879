"""How a request is signed, and whether the signature is the one that a secret gives: Signature Version 4.

In: a request as it came over the wire, and a secret. Out: what its signature says of itself, and whether it is right.
This file knows nothing of who has which secret. An asymmetric signature (SigV4A) is read, but cannot be verified here:
the public key is derived from the secret over an elliptic curve, for which the standard library has no means.

Source: IAM User Guide, "Create a signed AWS API request", "Elements of an AWS API request signature"; Amazon S3 API
Reference, "Authenticating Requests (AWS Signature Version 4)", "Signature Calculations for the Authorization Header:
Transferring Payload in Multiple Chunks".
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

SYMMETRIC: Final = "AWS4-HMAC-SHA256"
ASYMMETRIC: Final = "AWS4-ECDSA-P256-SHA256"
# Signing names whose paths are signed as they are sent; all others encode theirs once more, without dot segments.
# Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header" ("do not normalize URI
# paths"); botocore's `S3SigV4Auth`.
S3_SIGNING_NAMES: Final = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"

_EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_PART: Final = re.compile(r"([A-Za-z]+)=([^,\s]+)")
_SPACES: Final = re.compile(r"[ \t]+")
_SIGNING_KEYS_MAX: Final = 1_024
_STATED_MAX: Final = 1_024


class UnreadableSignature(Exception):
    """A signature that lacks something. problem: what, in the words of AWS's error."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a request's signature says of itself.

    date: of the credential scope, as `20260102`. region: empty in an asymmetric one.
    timestamp: of the request, as `20260102T030405Z`; in a `Date` header it may have another form; empty without any.
    expires_seconds: how long after `timestamp` a presigned request may be used; None for one that is not presigned.
    """

    algorithm: str
    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    timestamp: str
    token: str
    expires_seconds: int | None = None

    @property
    def scope(self) -> str:
        """`date/region/service/aws4_request`."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read_signature(request: Request) -> Signature | None:
    """The Version 4 signature of a request; None when it has none. UnreadableSignature."""
    header = request.headers.get("authorization")
    if header.startswith("AWS4-"):
        return _of_header(request, header)
    if "X-Amz-Algorithm=" in request.query or "X-Amz-Credential=" in request.query:
        return _of_query(request)
    return None


class Verifier:
    """Tells whether signatures are right; keeps the keys that it derived, of which there is one per secret and day."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], bytes] = {}

    def signing_key(self, secret: str, scope: str) -> bytes:
        """The key that signatures of a scope are made with."""
        cached = self._keys.get((secret, scope))
        if cached is not None:
            return cached
        key = b"AWS4" + secret.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        if len(self._keys) >= _SIGNING_KEYS_MAX:
            self._keys = {}
        self._keys[(secret, scope)] = key
        return key

    def is_right(self, request: Request, signature: Signature, secret: str) -> bool:
        """Whether `signature` is what `secret` makes of `request`, its payload hash taken as it is stated.

        A client may write one path or query in several ways, of which it signs the one that it sends or the one that
        AWS's documentation prescribes; both are the same request, and either is right.
        """
        scope = signature.scope
        key = self.signing_key(secret, scope)
        head = f"{SYMMETRIC}\n{signature.timestamp}\n{scope}\n"
        wanted = signature.value.encode("utf-8", "replace")
        rest = _behind_query(request, signature)
        for path, query in _canonical_targets(request, signature):
            canonical = f"{request.method}\n{path}\n{query}\n{rest}".encode("latin-1", "replace")
            signed = (head + hashlib.sha256(canonical).hexdigest()).encode("latin-1", "replace")
            if hmac.compare_digest(hmac.digest(key, signed, "sha256").hex().encode(), wanted):
                return True
        return False


def payload_is_as_stated(request: Request) -> bool:
    """Whether the body has the hash that the header `x-amz-content-sha256` states, where it states one.

    The chunks of a payload in several ones (`STREAMING-…`) carry signatures of their own, which are not looked at.
    """
    stated = request.headers.get("x-amz-content-sha256")
    return not _HASH.fullmatch(stated) or stated == hashlib.sha256(request.body).hexdigest()


def _of_header(request: Request, header: str) -> Signature:
    before, _, value = header.rpartition("Signature=")
    timestamp = request.headers.get("x-amz-date") or request.headers.get("date")
    stated = _stated(before) if timestamp and _HASH.fullmatch(value) else None
    if stated is None:
        return _of_any_header(request, header)
    algorithm, access_key_id, date, region, service, signed_headers = stated
    return Signature(
        algorithm=algorithm,
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed_headers=signed_headers,
        value=value,
        timestamp=timestamp,
        token=request.headers.get("x-amz-security-token"),
    )


_Stated = tuple[str, str, str, str, str, tuple[str, ...]]


@functools.lru_cache(maxsize=_STATED_MAX)
def _stated(before: str) -> _Stated | None:
    """What stands before the signature itself, which all requests of one client have in common on one day.

    None where something is missing or wrong, of which `_of_any_header` tells.
    """
    algorithm, _, rest = before.partition(" ")
    parts = dict(_PART.findall(rest))
    if algorithm != SYMMETRIC or before[-1:] not in (",", " ") or not {"Credential", "SignedHeaders"} <= parts.keys():
        return None
    scope = parts["Credential"].rsplit("/", 4)
    if len(scope) != 5 or scope[-1] != "aws4_request" or not all(scope):
        return None
    return algorithm, scope[0], scope[1], scope[2], scope[3], tuple(parts["SignedHeaders"].lower().split(";"))


def _of_any_header(request: Request, header: str) -> Signature:
    algorithm, _, rest = header.partition(" ")
    parts = dict(_PART.findall(rest))
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in parts]
    problems = [f"Authorization header requires '{name}' parameter." for name in missing]
    timestamp = request.headers.get("x-amz-date") or request.headers.get("date")
    if not timestamp:
        problems.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if algorithm not in (SYMMETRIC, ASYMMETRIC):
        problems = [f"Unsupported AWS 'algorithm': '{algorithm}'."]
    if problems:
        raise UnreadableSignature(f"{' '.join(problems)} Authorization={algorithm}")
    return _signature(
        algorithm,
        parts["Credential"],
        signed_headers=parts["SignedHeaders"],
        value=parts["Signature"],
        timestamp=timestamp,
        token=request.headers.get("x-amz-security-token"),
    )


def _of_query(request: Request) -> Signature:
    given = {unquote_plus(name): unquote_plus(value) for name, value in _pairs(request.query)}
    names = ("Algorithm", "Credential", "Date", "SignedHeaders", "Signature")
    missing = [f"X-Amz-{name}" for name in names if f"X-Amz-{name}" not in given]
    if missing:
        raise UnreadableSignature(" ".join(f"AWS query-string parameters must include '{name}'." for name in missing))
    algorithm = given["X-Amz-Algorithm"]
    if algorithm not in (SYMMETRIC, ASYMMETRIC):
        raise UnreadableSignature(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    expires = given.get("X-Amz-Expires", "")
    if expires and not re.fullmatch(r"[0-9]{1,12}", expires):
        raise UnreadableSignature("X-Amz-Expires should be a number")
    return _signature(
        algorithm,
        given["X-Amz-Credential"],
        signed_headers=given["X-Amz-SignedHeaders"],
        value=given["X-Amz-Signature"],
        timestamp=given["X-Amz-Date"],
        token=given.get("X-Amz-Security-Token") or request.headers.get("x-amz-security-token"),
        expires_seconds=int(expires) if expires else _DEFAULT_EXPIRES_SECONDS,
    )


# A presigned request of a service that does not ask for `X-Amz-Expires` lasts as long as a signature in a header.
_DEFAULT_EXPIRES_SECONDS: Final = 15 * 60


def _signature(
    algorithm: str,
    credential: str,
    *,
    signed_headers: str,
    value: str,
    timestamp: str,
    token: str,
    expires_seconds: int | None = None,
) -> Signature:
    scope = credential.rsplit("/", 3 if algorithm == ASYMMETRIC else 4)
    if len(scope) != (4 if algorithm == ASYMMETRIC else 5) or scope[-1] != "aws4_request" or not all(scope):
        raise UnreadableSignature(
            f"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
            f"'{credential}'"
        )
    return Signature(
        algorithm=algorithm,
        access_key_id=scope[0],
        date=scope[1],
        region="" if algorithm == ASYMMETRIC else scope[2],
        service=scope[-2],
        signed_headers=tuple(signed_headers.lower().split(";")),
        value=value,
        timestamp=timestamp,
        token=token,
        expires_seconds=expires_seconds,
    )


def _behind_query(request: Request, signature: Signature) -> str:
    """The canonical request from its headers on."""
    lines = [f"{name}:{_canonical_value(request.headers.all(name))}\n" for name in signature.signed_headers]
    return f"{''.join(lines)}\n{';'.join(signature.signed_headers)}\n{_payload_hash(request, signature)}"


def _canonical_value(values: Sequence[str]) -> str:
    joined = ",".join(values)
    return _SPACES.sub(" ", joined) if "  " in joined or "\t" in joined else joined


def _payload_hash(request: Request, signature: Signature) -> str:
    stated = request.headers.get("x-amz-content-sha256")
    if stated and (signature.expires_seconds is None or "x-amz-content-sha256" in signature.signed_headers):
        return stated
    if signature.expires_seconds is not None:
        in_query = re.search(r"(?i)(?:^|&)x-amz-content-sha256=([A-Za-z0-9-]+)", request.query)
        if in_query is not None:
            return in_query[1]
        # A presigned request of S3's says nothing of its body, which nobody knew when it was signed.
        if signature.service in S3_SIGNING_NAMES:
            return UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest() if request.body else _EMPTY_HASH


def _canonical_targets(request: Request, signature: Signature) -> Iterable[tuple[str, str]]:
    if request.target == "/":
        yield "/", ""
        return
    pairs = [pair for pair in _pairs(request.query) if pair[0] != "X-Amz-Signature"] if request.query else []
    is_s3 = signature.service in S3_SIGNING_NAMES
    sent = request.path if is_s3 else _encoded(_without_dots(request.path))
    first = (sent, _joined(pairs))
    yield first
    path = _encoded(unquote_to_bytes(request.path))
    if not is_s3:
        path = _encoded(_without_dots(path))
    second = (path, _joined([(_rewritten(name), _rewritten(value)) for name, value in pairs]))
    if second != first:
        yield second


def _pairs(query: str) -> list[tuple[str, str]]:
    split = (pair.partition("=") for pair in query.split("&") if pair)
    return [(name, value) for name, _, value in split]


def _joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(pairs)) if pairs else ""


def _rewritten(encoded: str) -> str:
    """A part of a query with everything percent-encoded that has to be, and nothing else."""
    return quote(unquote_to_bytes(encoded.replace("+", " ")), safe="-_.~")


def _encoded(path: str | bytes) -> str:
    return quote(path.encode("latin-1", "replace") if isinstance(path, str) else path, safe="/-_.~")


def _without_dots(path: str) -> str:
    """A path without dot segments and empty ones. Source: RFC 3986, 5.2.4."""
    if "/." not in path and "//" not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    end = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{end}"
