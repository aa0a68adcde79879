"""A function's own address: who may call it, from which pages, and how it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.cdk_words import method
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from lambdakit.constructs.http_api import Cors


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionUrl:
    """The URL of a function's alias.

    auth_type: absent, AWS_IAM: only signed requests of principals that are allowed.
    cors: absent, pages of other origins cannot call it.
    invoke_mode: BUFFERED or RESPONSE_STREAM; absent, BUFFERED.
    """

    auth_type: lambda_.FunctionUrlAuthType = lambda_.FunctionUrlAuthType.AWS_IAM
    cors: Cors | None = None
    invoke_mode: lambda_.InvokeMode = lambda_.InvokeMode.BUFFERED


def make_function_url(alias: lambda_.IFunction, url: FunctionUrl) -> lambda_.FunctionUrl:
    """The URL, as a child of the alias."""
    return alias.add_function_url(
        auth_type=url.auth_type,
        invoke_mode=url.invoke_mode,
        cors=None if url.cors is None else _cors(url.cors),
    )


def function_url_problems(pointer: str, url: FunctionUrl) -> Iterator[Diagnostic]:
    """What Lambda would refuse of `url`. Source: API CreateFunctionUrlConfig, Cors."""
    if url.cors is None:
        return
    from lambdakit.constructs.http_api import cors_problems  # which stands on what stands on this

    yield from cors_problems(f"{pointer}.cors", url.cors)


def _cors(cors: Cors) -> lambda_.FunctionUrlCorsOptions:
    methods = ["*"] if cors.allow_methods is None else [method(each) for each in cors.allow_methods]
    return lambda_.FunctionUrlCorsOptions(
        allowed_origins=list(cors.allow_origins),
        allowed_methods=[lambda_.HttpMethod["ALL" if each in ("*", "ANY") else each] for each in methods],
        allowed_headers=["content-type", "authorization"] if cors.allow_headers is None else list(cors.allow_headers),
        exposed_headers=list(cors.expose_headers) or None,
        allow_credentials=cors.allow_credentials or None,
        max_age=Duration.seconds(cors.max_age) if isinstance(cors.max_age, int) else cors.max_age,
    )
