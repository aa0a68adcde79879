"""Requests as boto3 sends them, without anybody to answer: what a client would send, caught before it goes out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from lambdakit.harness.wire import Headers, Request

REGION = "eu-west-1"
ACCOUNT_ID = "123456789012"

# A shape of botocore's models, which have no types.
Shape = Any


def request_of(service: str, operation: str, parameters: Mapping[str, Any]) -> Request:
    """The request of `client.operation(**parameters)`. operation: as the API names it, such as `PutItem`."""
    client, caught = _client(service)
    caught.clear()
    client._make_api_call(operation, dict(parameters))
    return caught[-1]


def operations(service: str) -> list[str]:
    """Every operation of an API."""
    client, _ = _client(service)
    return [str(name) for name in client.meta.service_model.operation_names]


def made_up_parameters(service: str, operation: str, arn: str) -> dict[str, Any]:
    """A value for every member of the operation's input. arn: what members that hold an ARN get."""
    client, _ = _client(service)
    shape = client.meta.service_model.operation_model(operation).input_shape
    value = {} if shape is None else _made_up(shape, "", arn, ())
    made = dict(value)
    made.pop("EndpointId", None)  # would be signed with SigV4A, which takes the CRT
    return made


def signing_name(service: str) -> str:
    """What the API's requests are signed for."""
    client, _ = _client(service)
    return str(client.meta.service_model.signing_name)


@functools.cache
def _client(service: str) -> tuple[Any, list[Request]]:
    caught: list[Request] = []
    client: Any = boto3.client(
        service,
        region_name=REGION,
        endpoint_url="http://127.0.0.1:4566",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(parameter_validation=False, inject_host_prefix=False, s3={"addressing_style": "path"}),
    )

    def catch(request: Any, **_: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = [(name, _text(value)) for name, value in request.headers.items()]
        caught.append(
            Request(
                method=request.method,
                target=target,
                headers=Headers([*headers, ("Host", parts.netloc)]),
                body=_bytes(request.body),
            )
        )
        return AWSResponse(request.url, 200, {}, _NoBody())

    client.meta.events.register("before-send", catch)
    client.meta.events.register("before-parameter-build", _no_response)
    # The empty answer cannot be parsed by every protocol, and nobody reads it.
    client._endpoint._response_parser_factory = _NothingParsed()
    return client, caught


class _NoBody:
    def stream(self, **_: Any) -> Any:
        return iter((b"<nothing/>",))

    def read(self, *_: Any, **__: Any) -> bytes:
        return b"<nothing/>"


class _NothingParsed:
    def create_parser(self, *_: Any) -> _NothingParsed:
        return self

    def parse(self, *_: Any) -> dict[str, Any]:
        return {"ResponseMetadata": {}}


def _no_response(**_: Any) -> None:
    return None


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else bytes(body.read())


_PLAIN: Mapping[str, Any] = {
    "blob": b"{}",
    "boolean": True,
    "double": 1.0,
    "float": 1.0,
    "integer": 1,
    "long": 1,
    "timestamp": 1_700_000_000,
}


def _made_up(shape: Shape, name: str, arn: str, above: tuple[str, ...]) -> Any:
    if above.count(shape.name) > 1:
        return {} if shape.type_name in ("structure", "map") else [] if shape.type_name == "list" else None
    above = (*above, shape.name)
    match shape.type_name:
        case "structure":
            members = shape.members.items()
            if getattr(shape, "is_tagged_union", False):
                members = list(members)[:1]
            made = {key: _made_up(member, key, arn, above) for key, member in members}
            return {key: value for key, value in made.items() if value is not None}
        case "list":
            return [_made_up(shape.member, name, arn, above)]
        case "map":
            return {"key": _made_up(shape.value, name, arn, above)}
        case "string":
            return _made_up_text(shape, name, arn)
        case kind:
            return _PLAIN[kind]


def _made_up_text(shape: Shape, name: str, arn: str) -> str:
    if shape.enum:
        return str(shape.enum[0])
    lower = f"{name}|{shape.name}".lower()
    if "rolearn" in lower or lower.startswith(("role|", "executionrole|")):
        return f"arn:aws:iam::{ACCOUNT_ID}:role/service"
    if name == "Resource":
        return arn
    if "arn" in lower and "learn" not in lower and "warn" not in lower:
        return arn
    if name == "QueueUrl" or name == "sourceQueue":
        return f"http://127.0.0.1:4566/{ACCOUNT_ID}/queue1"
    if name == "AccountId":
        return ACCOUNT_ID
    return f"{name[:1].lower()}{name[1:]}1"
