"""Calls of API Gateway that make several things at once: APIs from OpenAPI documents, and HTTP APIs from a target.

moto reads no Swagger 2.0, drops what is not a plain path of a document, and makes nothing of a target. What a
template's `Body` and `Target` make is made here by the same code.

Source: API Gateway API Reference, "ImportRestApi", "PutRestApi"; API Gateway Version 2 API Reference, "Apis" (POST,
`target`; PUT), "Apis apiId" (PUT); API Gateway Developer Guide, "Develop REST APIs using OpenAPI", "Set the OpenAPI
basePath property".
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.deployment import request_shapes, service_call
from lambdakit.harness.deployment.api_deployments import ApiDeployments
from lambdakit.harness.deployment.provisioner import ResourceRefused
from lambdakit.harness.deployment.provisioners import api_gateway_document, api_gateway_methods
from lambdakit.harness.deployment.provisioners import api_gateway_openapi as rest_documents
from lambdakit.harness.deployment.provisioners import api_gateway_v2_openapi as http_documents
from lambdakit.harness.deployment.provisioners.api_gateway_document import parsed_document
from lambdakit.harness.deployment.provisioners.api_gateway_v2 import quick_create
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.moto_state.kept_apis import unchanged_on_failure
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Request, Response

_REST_API: Final = re.compile(r"/restapis/([^/]+)/?")
_HTTP_API: Final = re.compile(r"/v2/apis/([^/]+)/?")
_JSON: Final = "application/json"
# Members of a quick create as `quick_create` names them.
_TARGET: Final = {"target": "Target", "routeKey": "RouteKey", "credentialsArn": "CredentialsArn"}
_MODES: Final = ("merge", "overwrite")
# What reading a document raises whose parts are not of the kind that OpenAPI gives them, and where it is read: what any
# other place raises so is a fault of the harness.
_MALFORMED: Final = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
_READERS: Final = frozenset(
    {
        __name__,
        rest_documents.__name__,
        http_documents.__name__,
        api_gateway_document.__name__,
        api_gateway_methods.__name__,
        request_shapes.__name__,
        service_call.__name__,
    }
)
_Query = Mapping[str, str]
_PassOn = Callable[[Request], Response]


class ApiCalls:
    """Answers those calls, and those that concern deployments. region: of requests that name none."""

    def __init__(self, account: Account, deployments: ApiDeployments, *, region: str) -> None:
        self._account = account
        self._deployments = deployments
        self._region = region

    def answer(self, request: Request, account_id: str, further: _PassOn) -> Response | None:
        """The answer; None for a call that is not one of them. further: what moto answers."""
        try:
            return self._made(request, account_id, further)
        except ClientError as error:
            told = error.response["Error"]
            status = int(error.response["ResponseMetadata"].get("HTTPStatusCode", 400))
            return _refusal(told.get("Code", "BadRequestException"), told.get("Message", ""), status)
        except ResourceRefused as refused:
            return _refusal("BadRequestException", refused.problem)
        except _MALFORMED as error:
            if not _imports(request) or not _is_of_the_document(error):
                raise
            return _refusal("BadRequestException", "Invalid OpenAPI input.")

    def _made(self, request: Request, account_id: str, further: _PassOn) -> Response | None:
        asked = dict(parse_qsl(request.query))
        path = request.path.rstrip("/")
        rest, http = _REST_API.fullmatch(request.path), _HTTP_API.fullmatch(request.path)
        if request.method == "POST" and path == "/restapis" and asked.get("mode") == "import":
            return self._import_rest(request, account_id, asked, further)
        if request.method == "PUT" and rest is not None:
            return self._put_rest(request, account_id, unquote(rest[1]), asked, further)
        if request.method == "PUT" and path == "/v2/apis":
            return self._import_http(request, account_id, asked, further)
        if request.method == "PUT" and http is not None:
            return self._reimport_http(request, account_id, unquote(http[1]), asked, further)
        if request.method == "POST" and path == "/v2/apis":
            return self._quick_create(request, account_id, further)
        return self._deployments.answer(
            request,
            account_id,
            self._region_of(request),
            lambda api_id: self._client("apigatewayv2", request, account_id).get_api(ApiId=api_id),
        )

    def _client(self, service: str, request: Request, account_id: str) -> Any:
        return self._account.client(service, self._region_of(request), account_id)

    def _region_of(self, request: Request) -> str:
        return read_service_request(request).region or self._region

    def _import_rest(self, request: Request, account_id: str, asked: _Query, further: _PassOn) -> Response:
        document = _based(_document(request.body.decode()), asked.get("basepath", "ignore"))
        client = self._client("apigateway", request, account_id)
        info = document.get("info") or {}
        kinds = asked.get("endpointConfigurationTypes")
        api_id = client.create_rest_api(
            name=str(info.get("title") or "Imported API"),
            **({"description": str(info["description"])} if info.get("description") else {}),
            **({"version": str(info["version"])} if info.get("version") else {}),
            **({"endpointConfiguration": {"types": kinds.split(",")}} if kinds else {}),
        )["id"]
        try:
            rest_documents.import_document(client, api_id, document, self._region_of(request))
        except Exception:
            with contextlib.suppress(ClientError):
                client.delete_rest_api(restApiId=api_id)
            raise
        return _shown(request, f"/restapis/{api_id}", further, status=201)

    def _put_rest(self, request: Request, account_id: str, api_id: str, asked: _Query, further: _PassOn) -> Response:
        mode = asked.get("mode", "merge")
        if mode not in _MODES:
            raise ResourceRefused(f"Unsupported mode {mode}: merge and overwrite are the ones")
        document = _based(_document(request.body.decode()), asked.get("basepath", "ignore"))
        client = self._client("apigateway", request, account_id)
        client.get_rest_api(restApiId=api_id)
        region = self._region_of(request)
        with unchanged_on_failure("apigateway", account_id, region, api_id):
            if mode == "overwrite":
                rest_documents.clear(client, api_id)
            else:
                rest_documents.make_room(client, api_id, document)
            rest_documents.import_document(client, api_id, document, region)
            info = document.get("info") or {}
            if mode == "overwrite" and info.get("title"):
                renamed = {"op": "replace", "path": "/name", "value": str(info["title"])}
                client.update_rest_api(restApiId=api_id, patchOperations=[renamed])
        return _shown(request, f"/restapis/{api_id}", further, status=200)

    def _import_http(self, request: Request, account_id: str, asked: _Query, further: _PassOn) -> Response:
        document = _based(_body_document(request), asked.get("basepath", "ignore"))
        client = self._client("apigatewayv2", request, account_id)
        api_id = call(client, "create_api", _http_settings(document), ProtocolType="HTTP")["ApiId"]
        try:
            http_documents.import_document(client, api_id, document)
        except Exception:
            with contextlib.suppress(ClientError):
                client.delete_api(ApiId=api_id)
            raise
        return _shown(request, f"/v2/apis/{api_id}", further, status=201)

    def _reimport_http(
        self, request: Request, account_id: str, api_id: str, asked: _Query, further: _PassOn
    ) -> Response:
        document = _based(_body_document(request), asked.get("basepath", "ignore"))
        client = self._client("apigatewayv2", request, account_id)
        client.get_api(ApiId=api_id)
        with unchanged_on_failure("apigatewayv2", account_id, self._region_of(request), api_id):
            http_documents.clear(client, api_id)
            call(client, "update_api", _http_settings(document), ApiId=api_id)
            http_documents.import_document(client, api_id, document)
        return _shown(request, f"/v2/apis/{api_id}", further, status=201)

    def _quick_create(self, request: Request, account_id: str, further: _PassOn) -> Response | None:
        try:
            given = json.loads(request.body)
        except ValueError:
            return None
        if not isinstance(given, dict) or not given.get("target"):
            return None
        client = self._client("apigatewayv2", request, account_id)
        made = further(request)
        if made.status < 300:
            api_id = json.loads(made.body)["apiId"]
            try:
                quick_create(client, api_id, {name: given.get(member) for member, name in _TARGET.items()})
            except Exception:
                with contextlib.suppress(ClientError):
                    client.delete_api(ApiId=api_id)
                raise
        return made


def _is_of_the_document(error: BaseException) -> bool:
    """Whether an error was raised where a document is read, rather than by what was asked with what it says."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__") in _READERS


def _imports(request: Request) -> bool:
    return request.method == "PUT" or "mode=import" in request.query


def _shown(request: Request, path: str, further: _PassOn, *, status: int) -> Response:
    """The API as it is read, with another status."""
    read = further(dataclasses.replace(request, method="GET", target=path, body=b""))
    return dataclasses.replace(read, status=status) if read.status == 200 else read


def _refusal(code: str, message: str, status: int = 400) -> Response:
    body = json.dumps({"message": message}).encode()
    return Response(status=status, headers=[("Content-Type", _JSON), ("x-amzn-ErrorType", code)], body=body)


def _body_document(request: Request) -> Mapping[str, Any]:
    try:
        given = json.loads(request.body)
    except ValueError:
        given = None
    body = given.get("body") if isinstance(given, dict) else None
    if not isinstance(body, str) or not body:
        raise ResourceRefused("Invalid OpenAPI input: the body is missing")
    return _document(body)


def _document(text: str) -> Mapping[str, Any]:
    document = parsed_document(text, "Body")
    if "swagger" not in document and "openapi" not in document:
        raise ResourceRefused("Invalid specification document (does not contain a valid definition)")
    return document


def _based(document: Mapping[str, Any], use: str) -> Mapping[str, Any]:
    """With the base path in front of the paths, as `basepath` asks: `ignore`, `prepend` or `split`.

    Source: API Gateway Developer Guide, "Set the OpenAPI basePath property": `split` leaves its first part out.
    """
    base = str(document.get("basePath") or _server_path(document)).strip("/")
    if use == "split":
        base = base.partition("/")[2]
    if use == "ignore" or not base:
        return document
    paths = document.get("paths") or {}
    return {**document, "paths": {f"/{base}{path}".rstrip("/"): item for path, item in paths.items()}}


def _server_path(document: Mapping[str, Any]) -> str:
    """Of OpenAPI 3: the variable `basePath` of the first server, or the path of its URL."""
    servers = document.get("servers") or [{}]
    variables = servers[0].get("variables") or {}
    if "basePath" in variables:
        return str(variables["basePath"].get("default") or "")
    return urlsplit(str(servers[0].get("url") or "")).path


def _http_settings(document: Mapping[str, Any]) -> dict[str, Any]:
    info = document.get("info") or {}
    said = {
        "Name": info.get("title") or "Imported API",
        "Description": info.get("description"),
        "Version": info.get("version"),
        "CorsConfiguration": http_documents.cors_of(document),
    }
    return {name: value for name, value in said.items() if value is not None}
