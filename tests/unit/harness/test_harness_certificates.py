"""HTTPS within a sandbox: a client that trusts the harness's authority speaks to it, any other refuses."""

from __future__ import annotations

import socket
import ssl
import threading
import urllib.error
import urllib.request

import pytest

from lambdakit.harness.certificates import Certificates
from lambdakit.harness.listener import LOOPBACK, Connections
from lambdakit.harness.wire import Request, Response


def _get(port: int, host: str, context: ssl.SSLContext) -> bytes:
    request = urllib.request.Request(f"https://{host}:{port}/path?query")
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        body: bytes = answer.read()
    return body


class Served:
    """A listener whose connections are TLS, and that takes as many of them as are asked for."""

    def __init__(self, certificates: Certificates) -> None:
        self.socket = socket.create_server((LOOPBACK, 0))
        self.port: int = self.socket.getsockname()[1]
        self.connections = Connections("tls", tls=certificates.context)

    def accept(self, times: int = 1) -> None:
        for _ in range(times):
            connection, peer = self.socket.accept()
            self.connections.serve(connection, peer, _answer)


def _answer(request: Request) -> Response:
    return Response(status=200, body=f"{request.method} {request.target}".encode())


def _trusting(certificates: Certificates) -> ssl.SSLContext:
    """As strict as clients are by default from Python 3.13 on, whatever runs this."""
    context = ssl.create_default_context(cadata=certificates.authority())
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_who_trusts_the_authority_is_answered(host: str) -> None:
    certificates = Certificates()
    served = Served(certificates)
    accepting = threading.Thread(target=served.accept)
    accepting.start()

    body = _get(served.port, host, _trusting(certificates))

    accepting.join()
    served.connections.close()
    served.socket.close()
    assert body == b"GET /path?query"


def test_who_does_not_trust_it_refuses_and_the_listener_lives_on() -> None:
    certificates = Certificates()
    served = Served(certificates)
    accepting = threading.Thread(target=served.accept, args=(2,))
    accepting.start()

    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        _get(served.port, "localhost", _trusting(Certificates()))
    body = _get(served.port, "localhost", _trusting(certificates))

    accepting.join()
    served.connections.close()
    served.socket.close()
    assert body == b"GET /path?query"


def test_it_is_made_once() -> None:
    certificates = Certificates()

    assert certificates.authority() == certificates.authority()
    assert certificates.context() is certificates.context()
    assert certificates.authority() != Certificates().authority()
