"""The document's cross-origin settings as the construct's."""

from __future__ import annotations

from lambdakit.constructs.http_api import Cors
from lambdakit.spec.cors import Cors as CorsSettings


def cors(settings: CorsSettings) -> Cors:
    """What the document leaves out, the construct chooses."""
    return Cors(
        allow_origins=settings.allow_origins,
        allow_methods=settings.allow_methods or None,
        allow_headers=settings.allow_headers or None,
        expose_headers=settings.expose_headers,
        allow_credentials=settings.allow_credentials,
        max_age=settings.max_age,
    )
