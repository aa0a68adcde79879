"""`AWS::CertificateManager::Certificate`: issued as soon as it is asked for, without any validation.

Source: CloudFormation Template Reference, "AWS::CertificateManager::Certificate".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

CERTIFICATE: Final = MotoBacked(
    service="acm",
    properties=properties_of(
        read="CertificateAuthorityArn CertificateTransparencyLoggingPreference DomainName KeyAlgorithm"
        " SubjectAlternativeNames Tags ValidationMethod",
        recorded="CertificateExport DomainValidationOptions Id",
    ),
    defaults={"CertificateTransparencyLoggingPreference": "ENABLED"},
    made_by=Call(
        operation="request_certificate",
        arguments={
            "IdempotencyToken": "null",
            "Options": "{CertificateTransparencyLoggingPreference: p.CertificateTransparencyLoggingPreference}",
        },
        renamed={"DomainValidationOptions": ""},
    ),
    reference="made.CertificateArn",
    tagged_by=Tagging(tag="add_tags_to_certificate", untag="remove_tags_from_certificate", target="CertificateArn"),
    deleted_by=(call("delete_certificate", CertificateArn="ref"),),
    attributes={"CertificateArn": "ref"},
)
