"""A name of one's own in front of an API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_certificatemanager as acm

from lambdakit.constructs.unresolved import is_unresolved
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from constructs import Construct

# Source: RFC 1035, section 2.3.1; API apigatewayv2 CreateDomainName: a wildcard may stand for the first label
_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_CERTIFICATE = re.compile(r"arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDomain:
    """The name; its DNS record, an alias to the output `<Id>DomainTarget`, is yours to make.

    domain_name: in lower case, `api.example.com`.
    certificate: of AWS Certificate Manager in the API's region: the certificate or its ARN.
    """

    domain_name: str
    certificate: acm.ICertificate | str


def certificate_of(scope: Construct, certificate: acm.ICertificate | str) -> acm.ICertificate:
    """The certificate; one that is named by its ARN becomes the construct `Certificate`."""
    if isinstance(certificate, str):
        return acm.Certificate.from_certificate_arn(scope, "Certificate", certificate)
    return certificate


def domain_problems(pointer: str, domain: CustomDomain) -> Iterator[Diagnostic]:
    """What API Gateway would refuse of `domain`."""
    if _NAME.fullmatch(domain.domain_name) is None and not is_unresolved(domain.domain_name):
        yield Diagnostic(
            pointer=f"{pointer}.domain_name",
            problem=f"{domain.domain_name!r} is no name of a domain in lower case",
            code="LK418",
            hint="domain_name: api.example.com",
        )
    yield from certificate_problems(f"{pointer}.certificate", domain.certificate)


def certificate_problems(pointer: str, certificate: acm.ICertificate | str) -> Iterator[Diagnostic]:
    """The refusal of text that is no ARN of a certificate."""
    if isinstance(certificate, str) and _CERTIFICATE.fullmatch(certificate) is None and not is_unresolved(certificate):
        yield Diagnostic(
            pointer=pointer,
            problem=f"{certificate!r} is no ARN of a certificate",
            code="LK418",
            hint="write it like arn:aws:acm:eu-west-1:123456789012:certificate/…",
        )
