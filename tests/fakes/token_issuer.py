"""Somebody who issues JSON Web Tokens, and tells their keys over HTTP on loopback."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class Issuer:
    """Signs tokens. url: as the tokens name it."""

    def __init__(self, url: str = "https://issuer.example", key_id: str = "one") -> None:
        self.url = url
        self.key_id = key_id
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def keys(self) -> list[dict[str, str]]:
        """The public key, as a key set has it."""
        numbers = self._key.public_key().public_numbers()
        return [
            {
                "kty": "RSA",
                "kid": self.key_id,
                "use": "sig",
                "alg": "RS256",
                "n": _encoded(numbers.n.to_bytes(256, "big")),
                "e": _encoded(numbers.e.to_bytes(3, "big")),
            }
        ]

    def token(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A token for the audience `shop`, good for an hour.

        claims: changes; None leaves one out, a `timedelta` is a moment that far from the signing.
        """
        now = int(time.time())
        whole = {"iss": self.url, "aud": "shop", "sub": "somebody", "iat": now, "nbf": now, "exp": now + 3600, **claims}
        kept = {
            name: now + value.total_seconds() if isinstance(value, timedelta) else value
            for name, value in whole.items()
            if value is not None
        }
        head = {"alg": "RS256", "kid": self.key_id, "typ": "JWT", **(header or {})}
        signed = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(kept).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"


@contextmanager
def served_issuer() -> Iterator[Issuer]:
    """An issuer whose key set is served on loopback."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the base class looks for
            documents = {
                "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"},
                "/keys": {"keys": issuer.keys},
            }
            body = json.dumps(documents.get(self.path, {})).encode()
            self.send_response(200 if self.path in documents else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, name="issuer", daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
