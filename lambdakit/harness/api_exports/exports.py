"""`GetExport` and `ExportApi`: an API that is deployed, as an OpenAPI document.

Stands before moto's service, whose export of REST APIs is a list of paths in no valid form, and which has none of HTTP
APIs.

Source: API Gateway API Reference, "GetExport"; API Gateway Version 2 API Reference, "Apis apiId exports specification";
API Gateway Developer Guide, "Export a REST API from API Gateway", "Export HTTP APIs from API Gateway". The texts of the
refusals are as users report them; no page has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from lambdakit.harness.api_exports.http_document import http_document
from lambdakit.harness.api_exports.rest_document import EVERYTHING, rest_document
from lambdakit.harness.api_exports.schemas import NoSchema
from lambdakit.harness.api_exports.swagger_document import swagger_document
from lambdakit.harness.moto_state.http_apis import HttpApiDefinition, read_http_api
from lambdakit.harness.moto_state.rest_apis import DeployedRestApi, read_rest_api
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.unserved_request import not_served
from lambdakit.harness.wire import Request, Response

SERVICE: Final = "apigateway"

_REST: Final = re.compile(r"/restapis/([^/]+)/stages/([^/]+)/exports/([^/]+)/?")
_HTTP: Final = re.compile(r"/v2/apis/([^/]+)/exports/([^/]+)/?")
_JSON: Final = "application/json"
_YAML: Final = "application/yaml"
_EXTENSIONS: Final = frozenset({"integrations", "authorizers", EVERYTHING})
_BAD: Final = "BadRequestException"
_UNKNOWN: Final = "NotFoundException"


class ApiExports:
    """Answers both operations; every other request is passed on. region: of requests that name none."""

    def __init__(self, *, region: str) -> None:
        self._region = region

    def serve(self, request: Request, account_id: str, pass_on: Callable[[Request], Response]) -> Response:
        """The answer. pass_on: gives moto's own."""
        if request.method != "GET":
            return pass_on(request)
        rest, http = _REST.fullmatch(request.path), _HTTP.fullmatch(request.path)
        if rest is None and http is None:
            return pass_on(request)
        region = read_service_request(request).region or self._region
        asked = dict(parse_qsl(request.query))
        try:
            if rest is not None:
                api_id, stage, kind = (unquote(part) for part in rest.groups())
                rest_api = read_rest_api(account_id, region, api_id)
                return _rest_export(request, asked, rest_api, f"{account_id}:{api_id}", region, stage, kind)
            assert http is not None
            api_id, specification = (unquote(part) for part in http.groups())
            http_api = read_http_api(account_id, region, api_id)
            return _http_export(asked, http_api, api_id, region, specification)
        except _Refused as refused:
            return refused.response()
        except NoSchema as problem:
            return _Refused(400, _BAD, str(problem)).response()


class _Refused(Exception):
    """What the service says instead of a document."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self._status = status
        self._code = code

    def response(self) -> Response:
        body = json.dumps({"message": str(self)}).encode()
        return Response(
            status=self._status, headers=[("Content-Type", _JSON), ("x-amzn-ErrorType", self._code)], body=body
        )


def _rest_export(
    request: Request,
    asked: Mapping[str, str],
    api: DeployedRestApi | None,
    named: str,
    region: str,
    stage_name: str,
    kind: str,
) -> Response:
    if "postman" in asked or asked.get("extensions") == "postman":
        return not_served(request, "GetExport: Postman's extensions are not written by the harness")
    extensions = frozenset(each.strip() for each in asked.get("extensions", "").split(",") if each.strip())
    if not extensions <= _EXTENSIONS:
        unknown = ", ".join(sorted(extensions - _EXTENSIONS))
        raise _Refused(400, _BAD, f"Unsupported value for the extensions parameter: {unknown}")
    if api is None:
        raise _Refused(404, _UNKNOWN, f"Invalid API identifier specified {named}")
    stage = api.stages.get(stage_name)
    definition = None if stage is None else api.deployments.get(stage.deployment_id)
    if definition is None:
        raise _Refused(404, _UNKNOWN, "Invalid stage identifier specified")
    if kind not in ("oas30", "swagger"):
        raise _Refused(400, _BAD, f"No API exporter for type '{kind}'")
    document = rest_document(definition, host=_host(api.api_id, region), stage=stage_name, extensions=extensions)
    content_type = _content_type(request.headers.get("accept"))
    shown = swagger_document(document) if kind == "swagger" else document
    ending = "yaml" if content_type == _YAML else "json"
    # Exports are offered under such a name; no page says which.
    name = f"{api.name}-{stage_name}-{kind}.{ending}".encode("ascii", "replace").decode().replace('"', "_")
    headers = [("Content-Type", content_type), ("Content-Disposition", f'attachment; filename="{name}"')]
    return Response(status=200, headers=headers, body=_written(shown, content_type))


def _http_export(
    asked: Mapping[str, str], api: HttpApiDefinition | None, api_id: str, region: str, specification: str
) -> Response:
    if api is None:
        raise _Refused(404, _UNKNOWN, f"Invalid API identifier specified {api_id}")
    if specification != "OAS30":
        raise _Refused(400, _BAD, f"Unsupported specification {specification}: OAS30 is the only one")
    if asked.get("exportVersion", "1.0") != "1.0":
        raise _Refused(400, _BAD, "Unsupported exportVersion: 1.0 is the only one")
    output_type = asked.get("outputType", "JSON")
    if output_type not in ("JSON", "YAML"):
        raise _Refused(400, _BAD, f"Unsupported outputType {output_type}: JSON and YAML are the only ones")
    stage = asked.get("stageName", "")
    if stage and stage not in api.stages:
        raise _Refused(404, _UNKNOWN, f"Unable to find Stage by name {stage} within the provided {api_id}")
    document = http_document(
        api,
        host=_host(api_id, region),
        stage=stage,
        version=api.version or "1.0",
        extensions=asked.get("includeExtensions", "true").lower() != "false",
    )
    content_type = _YAML if output_type == "YAML" else _JSON
    return Response(status=200, headers=[("Content-Type", content_type)], body=_written(document, content_type))


def _host(api_id: str, region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{api_id}.execute-api.{region}.{suffix}"


def _content_type(accepted: str) -> str:
    """What the request wants; JSON where it says nothing of the two."""
    kinds = [each.partition(";")[0].strip().lower() for each in accepted.split(",")]
    known = [kind for kind in kinds if kind in (_JSON, _YAML)]
    if known or not accepted or {"*/*", "application/*"} & set(kinds):
        return known[0] if known else _JSON
    raise _Refused(400, _BAD, f"Unsupported content type {accepted}: {_JSON} and {_YAML} are supported")


def _written(document: Mapping[str, Any], content_type: str) -> bytes:
    if content_type == _YAML:
        import yaml

        return yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, explicit_start=True).encode()
    return json.dumps(document, indent=2).encode()
