"""The public keys of those who issue tokens: found by the issuer's URL, and kept for a while.

A user pool's keys are read in process. Other issuers are asked over HTTP, on loopback only: the harness never leaves
the machine.
Source: OpenID Connect Discovery 1.0, section 4; API Gateway Developer Guide, "Control access to HTTP APIs with JWT
authorizers in API Gateway" (the keys are cached for two hours); "Quotas for HTTP APIs" (1,500 ms for each request).
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from lambdakit.harness.moto_state.user_pool_keys import user_pool_keys

_USER_POOL: Final = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([\w-]+)/?")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_KEPT_SECONDS: Final = 2 * 60 * 60
_ANSWER_SECONDS: Final = 1.5
_DOCUMENT_BYTES_MAX: Final = 1024 * 1024

Keys = Sequence[Mapping[str, Any]]


class KeysNotFound(Exception):
    """The issuer's keys could not be had; the text says why."""


class KeySets:
    """The key sets of all issuers. seconds: real time that nobody moves."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._kept: dict[str, tuple[float, Keys]] = {}
        self._lock = threading.Lock()

    def key(self, issuer: str, key_id: str) -> Mapping[str, Any] | None:
        """The issuer's key with an id; None when it has none such. KeysNotFound."""
        pool = _USER_POOL.fullmatch(issuer)
        if pool is not None:
            keys = user_pool_keys(pool[1], pool[2])
            if keys is None:
                raise KeysNotFound(f"there is no user pool {pool[2]}")
            return _of_id(keys, key_id)
        found = _of_id(self._cached(issuer), key_id)
        return found or _of_id(self._asked(issuer), key_id)  # keys may have been added since

    def _cached(self, issuer: str) -> Keys:
        with self._lock:
            kept = self._kept.get(issuer)
        if kept is not None and self._seconds() - kept[0] < _KEPT_SECONDS:
            return kept[1]
        return ()

    def _asked(self, issuer: str) -> Keys:
        configuration = _get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        keys = _get(str(configuration.get("jwks_uri"))).get("keys")
        if not isinstance(keys, list):
            raise KeysNotFound(f"the key set of {issuer} has no keys")
        known = [key for key in keys if isinstance(key, dict)]
        with self._lock:
            self._kept[issuer] = (self._seconds(), known)
        return known


def _of_id(keys: Keys, key_id: str) -> Mapping[str, Any] | None:
    return next((key for key in keys if key.get("kid") == key_id), None)


def _get(url: str) -> Mapping[str, Any]:
    """The JSON document at a URL on loopback."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        raise KeysNotFound(f"the harness asks for keys on loopback only (http://127.0.0.1:PORT), not at {url}")
    try:
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", parts.path or "/", headers={"Accept": "application/json"})
            answer = connection.getresponse()
            body = answer.read(_DOCUMENT_BYTES_MAX)
        finally:
            connection.close()
        document = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise KeysNotFound(f"{url}: {error}") from None
    if answer.status != 200 or not isinstance(document, dict):
        raise KeysNotFound(f"{url} answered {answer.status} and no JSON object")
    return document
