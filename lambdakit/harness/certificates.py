"""The certificate with which the harness answers HTTPS inside a sandbox, and the authority that a function is to trust.

Both are made when they are first needed, live as long as the process, and are good for loopback only.
Source: RFC 5280, 4.2.1 (what each must say of keys and their use), which clients of Python 3.13 and later insist on.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import tempfile
import threading
from pathlib import Path
from typing import Any

_NAMES = ("localhost",)
_LIFETIME = datetime.timedelta(days=30)


class Certificates:
    """An authority of one harness's own, and the certificate that it signed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._authority = b""
        self._context: ssl.SSLContext | None = None

    def authority(self) -> str:
        """The authority's certificate, PEM: what a client has to trust."""
        self.context()
        return self._authority.decode()

    def context(self) -> ssl.SSLContext:
        """For the server's side of a connection."""
        with self._lock:
            if self._context is None:
                self._context = self._make()
            return self._context

    def _make(self) -> ssl.SSLContext:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        def begun(subject: str, key: Any) -> x509.CertificateBuilder:
            now = datetime.datetime.now(datetime.UTC)
            return (
                x509.CertificateBuilder()
                .subject_name(named(subject))
                .issuer_name(named("lambdakit"))
                .public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(minutes=5))
                .not_valid_after(now + _LIFETIME)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            )

        authority_key = ec.generate_private_key(ec.SECP256R1())
        server_key = ec.generate_private_key(ec.SECP256R1())
        authority = (
            begun("lambdakit", authority_key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(authority_key, _sha256())
        )
        names = [*(x509.DNSName(name) for name in _NAMES), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        server = (
            begun("localhost", server_key)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, _sha256())
        )
        pem = serialization.Encoding.PEM
        self._authority = authority.public_bytes(pem)
        key = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The module loads keys from files only.
        with tempfile.TemporaryDirectory(prefix="lambdakit-tls-") as directory:
            chain = Path(directory) / "server.pem"
            chain.write_bytes(key + server.public_bytes(pem))
            context.load_cert_chain(chain)
        return context


def _usage(*, signs_certificates: bool) -> Any:
    """Of a key: the authority's, or the server's."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _sha256() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()
