"""Links to the code of functions and layers: valid for ten minutes, and for nobody who only guesses them.

Source: AWS Lambda API Reference, "GetFunction" ("a link to download the deployment package that's valid for 10
minutes"), "LayerVersionContentOutput"; Amazon S3 User Guide, "Download and upload objects with presigned URLs" (what an
old link or a wrong one is answered).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode

from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.wire import Request, Response

PREFIX: Final = "/_lambdakit/code/"
_VALID_SECONDS: Final = 600
_AWS_NAMES: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_EXPIRES: Final = "Expires"
_SIGNATURE: Final = "Signature"


class CodeDownloads:
    """Makes links and answers them. now: seconds since 1970, of real time, as every other signature's expiry."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._key = secrets.token_bytes()

    def link(self, host: str, directory: Path) -> str:
        """Where the zip file is, of what is unpacked in a directory of the code store. host: of the endpoint."""
        expires = str(int(self._now()) + _VALID_SECONDS)
        query = urlencode({_EXPIRES: expires, _SIGNATURE: self._signature(directory.name, expires)})
        # What is called at a name of AWS's own, and at no port, was called with TLS: nothing else listens there.
        scheme = "https" if host.endswith(_AWS_NAMES) else "http"
        return f"{scheme}://{host}{PREFIX}{directory.name}?{query}"

    def serve(self, request: Request, code: CodeStore) -> Response:
        """The zip file; 403 for a link that is none of ours or too old, 404 for code that is gone."""
        name = request.path.removeprefix(PREFIX)
        asked = parse_qs(request.query)
        expires, signature = asked.get(_EXPIRES, [""])[0], asked.get(_SIGNATURE, [""])[0]
        if not hmac.compare_digest(signature.encode(), self._signature(name, expires).encode()):
            return _refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        if float(expires) < self._now():
            return _refusal(403, "AccessDenied", "Request has expired")
        archive = code.archive(name)
        if archive is None:
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        return Response(status=200, headers=[("Content-Type", "application/zip")], body=archive)

    def _signature(self, name: str, expires: str) -> str:
        return hmac.new(self._key, f"{name}\n{expires}".encode(), hashlib.sha256).hexdigest()


def _refusal(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status=status, headers=[("Content-Type", "application/xml")], body=body.encode())
