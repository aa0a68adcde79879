"""Signed URLs and signed cookies: policies, canned or custom, signed with the key of a trusted key group.

    signature in the query, else in cookies -> the key group's public key -> policy: resource, times, address

Times are those of the harness's clock. Keys of AWS accounts (`TrustedSigners`) are nowhere here: what they signed is
refused, and the trace says so.
Source: Amazon CloudFront Developer Guide, "Serve private content with signed URLs and signed cookies": "Create a signed
URL using a canned policy", "… a custom policy", "Set signed cookies using a canned policy", "… a custom policy",
"Decide to use signed URLs or signed cookies" (which goes before).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from lambdakit.harness.routing.distribution.configuration import Behavior
from lambdakit.harness.routing.distribution.messages import EdgeFailed, EdgeRequest
from lambdakit.harness.routing.distribution.pages import failure
from lambdakit.harness.routing.distribution.parts import Parts

_NAMES: Final = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
_HASHES: Final = {"": SHA1, "SHA1": SHA1, "SHA256": SHA256}
_POLICY_BYTES_MAX: Final = 8_192
_DENIED: Final = "Access denied"
_MISSING: Final = "Missing Key-Pair-Id query parameter or cookie value"


class TrustedKeys:
    """Lets in who was given a signature. now: the harness's time."""

    def __init__(self, parts: Parts, now: Callable[[], datetime]) -> None:
        self._parts = parts
        self._now = now

    def admitted(self, behavior: Behavior, request: EdgeRequest, hosts: tuple[str, ...]) -> EdgeRequest:
        """The request without the signature. EdgeFailed for one that is not let in.

        hosts: of the distribution, each of which may stand in the URL that was signed.
        """
        if not behavior.key_groups and not behavior.trusts_accounts:
            return request
        in_query = {name: value for name, value in parse_qsl(request.query) if name in _NAMES}
        is_signed_url = "Signature" in in_query
        given = in_query if is_signed_url else _cookies(request)
        if not given.get("Key-Pair-Id"):
            raise _denied(_MISSING, "nothing is signed, or by no key that is named")
        query = "&".join(part for part in request.query.split("&") if part and part.partition("=")[0] not in _NAMES)
        plain = dataclasses.replace(request, query=query)
        policies = _policies(given, plain, hosts)
        signed = self._signed(behavior, given, policies)
        self._check_policy(_statement(signed), plain, hosts)
        return plain if is_signed_url else request

    def _signed(self, behavior: Behavior, given: Mapping[str, str], policies: list[bytes]) -> bytes:
        """The policy that was signed. EdgeFailed where none was, or by nobody who is trusted."""
        key_id, signature = given["Key-Pair-Id"], _decoded(given.get("Signature", ""), "the signature")
        trusted = {
            str(key)
            for group in behavior.key_groups
            if (part := self._parts.find("KeyGroup", group)) is not None
            for key in (part.properties.get("KeyGroupConfig") or {}).get("Items") or ()
        }
        if key_id not in trusted:
            raise _denied("Unknown Key-Pair-Id", f"{key_id} is in no key group that the behavior trusts")
        algorithm = _HASHES.get(given.get("Hash-Algorithm", ""))
        if algorithm is None:
            raise _denied(_DENIED, "the hash algorithm is neither SHA1 nor SHA256")
        part = self._parts.find("PublicKey", key_id)
        config = {} if part is None else part.properties.get("PublicKeyConfig") or {}
        try:
            key = load_pem_public_key(str(config.get("EncodedKey", "")).encode())
        except ValueError:
            raise _denied(_DENIED, f"the public key {key_id} cannot be read") from None
        signed = next((policy for policy in policies if _is_signed(key, signature, policy, algorithm)), None)
        if signed is None:
            raise _denied(_DENIED, f"the signature is not that of key {key_id}, or of another URL")
        return signed

    def _check_policy(self, statement: Mapping[str, Any], plain: EdgeRequest, hosts: tuple[str, ...]) -> None:
        resource = str(statement.get("Resource", "*"))
        condition = statement.get("Condition")
        conditions: Mapping[str, Any] = condition if isinstance(condition, Mapping) else {}
        urls = [f"{scheme}://{host}{plain.target}" for host in hosts for scheme in ("https", "http")]
        if not any(_matches(resource, url) for url in urls):
            raise _denied(_DENIED, f"the policy is for {resource}")
        now = self._now().timestamp()
        ends = _number(conditions.get("DateLessThan"))
        if ends is None or now >= ends:
            raise _denied(_DENIED, "the policy has expired")
        begins = _number(conditions.get("DateGreaterThan"))
        if begins is not None and now < begins:
            raise _denied(_DENIED, "the policy is not valid yet")
        address = conditions.get("IpAddress")
        if address is not None and not _is_within(plain.peer[0], address):
            raise _denied(_DENIED, f"the policy is not for the address {plain.peer[0]}")


def _cookies(request: EdgeRequest) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in request.headers:
        if name.lower() == "cookie":
            for cookie in value.split(";"):
                key, _, content = cookie.strip().partition("=")
                if key.startswith("CloudFront-"):
                    found[key.removeprefix("CloudFront-")] = content
    return found


def _policies(given: Mapping[str, str], plain: EdgeRequest, hosts: tuple[str, ...]) -> list[bytes]:
    """The policy that was signed; of a canned one every form that it may have had."""
    if "Policy" in given:
        return [_decoded(given["Policy"], "the policy")]
    expires = given.get("Expires", "")
    if not re.fullmatch(r"[0-9]{1,12}", expires):
        raise _denied(_DENIED, "neither a policy nor a time at which it expires")
    return [_canned(f"{scheme}://{host}{plain.target}", expires) for host in hosts for scheme in ("https", "http")]


def _canned(url: str, expires: str) -> bytes:
    """The one form of a canned policy, without any white space."""
    condition = f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}'
    return f'{{"Statement":[{{"Resource":"{url}","Condition":{condition}}}]}}'.encode()


def _decoded(text: str, what: str) -> bytes:
    """Base64 whose three letters that mean something in a URL are others."""
    if len(text) > _POLICY_BYTES_MAX:
        raise _denied(_DENIED, f"{what} is too long")
    plain = text.replace("-", "+").replace("_", "=").replace("~", "/")
    try:
        return base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        raise _denied(_DENIED, f"{what} is no base64") from None


def _statement(policy: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(policy)
        statement = document["Statement"][0]
    except (ValueError, RecursionError, LookupError, TypeError):
        raise _denied("Malformed Policy", "the policy is no JSON with a statement") from None
    if not isinstance(statement, Mapping):
        raise _denied("Malformed Policy", "the policy's statement is no object")
    return statement


def _is_signed(key: object, signature: bytes, content: bytes, algorithm: Any) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), algorithm())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(algorithm()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _matches(pattern: str, url: str) -> bool:
    """A star is any number of characters, a question mark one, which may be itself."""
    pieces = re.sub(r"\*+", "*", pattern).split("*")
    parts = [re.escape(piece).replace(r"\?", "[\\s\\S]") for piece in pieces]
    if len(parts) == 1:
        return re.fullmatch(parts[0], url) is not None
    between = "".join(f"(?>[\\s\\S]*?{part})" for part in parts[1:-1])
    return re.fullmatch(f"{parts[0]}{between}[\\s\\S]*{parts[-1]}", url) is not None


def _number(condition: object) -> float | None:
    value = condition.get("AWS:EpochTime") if isinstance(condition, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_within(address: str, condition: object) -> bool:
    given = condition.get("AWS:SourceIp") if isinstance(condition, Mapping) else None
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(str(given), strict=False)
    except ValueError:
        return False


def _denied(text: str, problem: str) -> EdgeFailed:
    return failure(403, text, problem=problem)
