"""Requests with credentials need origins by name.

Source: Fetch Standard, "CORS protocol and credentials"; aws-cdk-lib, aws-apigatewayv2/lib/http/api.js refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def cors_credentials(context: RuleContext) -> Iterator[Finding]:
    """A finding for each API that allows credentials from every origin."""
    for key, pattern in context.api_backends():
        cors = getattr(pattern.api, "cors", None)
        if cors is not None and cors.allow_credentials and "*" in cors.allow_origins:
            yield Finding(
                code="LK143",
                pointer=("patterns", key, "api", "cors", "allow_credentials"),
                problem="true is not allowed while allow_origins holds *",
                hint="name the origins, such as https://example.com, or leave allow_credentials out",
            )
