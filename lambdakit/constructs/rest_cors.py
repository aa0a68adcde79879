"""Cross-origin settings of a REST API: preflight methods, and headers on the answers that API Gateway gives itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway

from lambdakit.constructs.cdk_words import method
from lambdakit.constructs.http_api import CORS_HEADERS
from lambdakit.constructs.routes import METHODS

if TYPE_CHECKING:
    from lambdakit.constructs.http_api import Cors

_ALL: Final = [method for method in METHODS if method != "ANY"]


def preflight(cors: Cors, methods: Sequence[str]) -> apigateway.CorsOptions:
    """The settings of the OPTIONS method that every resource gets. methods: of the API's routes."""
    allowed = list(methods) if cors.allow_methods is None else [method(each) for each in cors.allow_methods]
    if {"*", "ANY"} & set(allowed):
        allowed = _ALL
    return apigateway.CorsOptions(
        allow_origins=list(cors.allow_origins),
        allow_methods=allowed,
        allow_headers=list(CORS_HEADERS if cors.allow_headers is None else cors.allow_headers),
        expose_headers=list(cors.expose_headers) or None,
        allow_credentials=cors.allow_credentials or None,
        max_age=Duration.seconds(cors.max_age) if isinstance(cors.max_age, int) else cors.max_age,
    )


def add_gateway_responses(api: apigateway.RestApi, cors: Cors) -> None:
    """Lets a page read the refusals of API Gateway itself, where one origin may call or all may.

    With several origins an answer would have to name the one that asks, which a fixed header cannot. The answers of
    functions carry the headers that the functions give them.
    Source: API Gateway Developer Guide, "CORS for REST APIs in API Gateway".
    """
    if len(cors.allow_origins) != 1:
        return
    for name, kind in (
        ("Refused", apigateway.ResponseType.DEFAULT_4_XX),
        ("Failed", apigateway.ResponseType.DEFAULT_5_XX),
    ):
        api.add_gateway_response(
            name, type=kind, response_headers={"Access-Control-Allow-Origin": f"'{cors.allow_origins[0]}'"}
        )
