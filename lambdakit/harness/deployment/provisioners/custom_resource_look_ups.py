"""What handlers of custom resources would look up outside, where nothing is reached: the answer is handed to them.

In come the properties of a custom resource, out goes what its function is asked with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

# The CDK's `OpenIdConnectProvider`, without `thumbprints`: its handler connects to the issuer for the one of its
# certificate authority. Source: aws-cdk, custom-resource-handlers/lib/aws-iam/oidc-handler.
_IDENTITY_PROVIDER: Final = "Custom::AWSCDKOpenIdConnectProvider"


def with_look_ups(type_: str, properties: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The properties with what would be looked up, and what to say about it; empty when there is nothing.

    A thumbprint is the SHA-1 of a certificate in 40 hexadecimal digits. This one is of the issuer's URL, so that it
    stays the same; IAM compares none for issuers whose certificate a trusted authority signed.
    Source: IAM API Reference, "CreateOpenIDConnectProvider" (ThumbprintList); IAM User Guide, "Obtain the thumbprint
    for an OpenID Connect identity provider".
    """
    if type_ != _IDENTITY_PROVIDER or properties.get("ThumbprintList"):
        return properties, ""
    url = str(properties.get("Url", ""))
    thumbprint = hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
    note = f"is told the thumbprint {thumbprint} for {url}, since the issuer's certificate is not looked up here"
    return {**properties, "ThumbprintList": [thumbprint]}, note
