"""Which operation of which API a request means, and the members of its input, whatever the protocol.

In: a request and the name that it is signed for. Out: an `ApiCall`. Read is what authorisation may need: values keep
the form that they have on the wire, and blobs are left alone. Nothing here fails on any input: what cannot be read has
no members.
Source: Smithy specification, "AWS protocols" (awsJson, awsQuery, ec2Query, restJson1, restXml) and "Smithy RPC v2
CBOR".
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from lambdakit.arn import partition_of
from lambdakit.harness.iam.api_services import ApiService, api_of_target, apis_signed_for
from lambdakit.harness.iam.cbor_members import read_cbor
from lambdakit.harness.iam.form_members import read_form
from lambdakit.harness.iam.lookups import ResourceLookups
from lambdakit.harness.iam.posted_form import as_upload, is_form
from lambdakit.harness.iam.rest_routes import Route, find_route, read_query
from lambdakit.harness.iam.s3_address import s3_path
from lambdakit.harness.iam.xml_members import read_xml
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

_RPC: Final = re.compile(r"/service/([^/]+)/operation/([^/]+)")
_FORM: Final = "application/x-www-form-urlencoded"
# Source: API Gateway Developer Guide, "Use @connections commands in your backend service".
_ON_CONNECTION: Final = {"POST": "PostToConnection", "GET": "GetConnection", "DELETE": "DeleteConnection"}
_UNPACKED_BYTES_MAX: Final = 8 * 1024 * 1024
# Source: STS API Reference: the two that are called without credentials.
_UNSIGNED_STS: Final = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A request that names an operation, and where it acts.

    members: the input by its members' names; empty where it cannot be read. query: of the target, by name.
    """

    api: ApiService
    operation: str
    members: Mapping[str, Any]
    query: Mapping[str, str]
    request: Request
    account_id: str
    region: str
    partition: str
    lookups: ResourceLookups

    def text(self, *names: str) -> str:
        """The first of these members that is a text and not empty; empty without one."""
        for name in names:
            value = self.members.get(name)
            if value and isinstance(value, str):
                return value
        return ""

    def entries(self, name: str) -> list[Mapping[str, Any]]:
        """The structures of a list; empty when there is none."""
        return [entry for entry in listed(self.members.get(name)) if isinstance(entry, dict)]

    def arn(self, service: str, resource: str, *, region: str | None = None, account_id: str | None = None) -> str:
        """An ARN of this account and region, or of those given."""
        region = self.region if region is None else region
        account_id = self.account_id if account_id is None else account_id
        return f"arn:{self.partition}:{service}:{region}:{account_id}:{resource}"


def listed(value: Any) -> list[Any]:
    """A list as it is; a single value as a list of it, which is how XML has it; nothing as an empty one."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def member_at(members: Mapping[str, Any], path: str) -> Any:
    """What stands at `VpcConfig.SubnetIds`; None when nothing does."""
    if "." not in path:
        return members.get(path)
    value: Any = members
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def read_api_call(
    request: Request, signing_name: str, *, account_id: str, region: str, lookups: ResourceLookups
) -> ApiCall | None:
    """What `request` calls; None when no API has such an operation.

    signing_name: empty for a request that is not signed. Such a one is known by what it says of itself, and is S3's
    when it says nothing: nobody else has resources that are open to the public.
    """
    if is_form(request) and signing_name in ("", "s3"):
        signing_name, request = "s3", as_upload(request, s3_path(request))
    read = (
        _by_target(request, signing_name)
        or _by_rpc_path(request, signing_name)
        or _by_action(request, signing_name)
        or _by_route(request, signing_name or "s3")
    )
    if read is None:
        return None
    api, operation, members, query = read
    return ApiCall(
        api=api,
        operation=operation,
        members=members,
        query=query,
        request=request,
        account_id=account_id,
        region=region,
        partition=partition_of(region),
        lookups=lookups,
    )


_Read = tuple[ApiService, str, Mapping[str, Any], Mapping[str, str]]


def _by_target(request: Request, signing_name: str) -> _Read | None:
    target, _, operation = request.headers.get("x-amz-target").rpartition(".")
    if not operation:
        return None
    api = api_of_target(target) or _only_one(signing_name, has_target=True)
    if api is None:
        return None
    if "cbor" in request.headers.get("content-type"):
        return api, operation, read_cbor(_unpacked(request)), {}
    return api, operation, _read_json(_unpacked(request)), {}


def _by_rpc_path(request: Request, signing_name: str) -> _Read | None:
    if not request.target.startswith("/service/"):
        return None
    match = _RPC.fullmatch(request.path)
    if match is None:
        return None
    api = api_of_target(match[1]) or _only_one(signing_name, has_target=True) or _only_one(signing_name)
    return None if api is None else (api, match[2], read_cbor(_unpacked(request)), {})


def _by_action(request: Request, signing_name: str) -> _Read | None:
    form: Mapping[str, Any] = {}
    if request.headers.get("content-type").startswith(_FORM) and b"Action=" in request.body:
        form = read_form(_unpacked(request).decode("utf-8", "replace"))
    elif "Action=" in request.query:
        form = read_form(request.query)
    operation = form.get("Action")
    if not isinstance(operation, str):
        return None
    if not signing_name and operation in _UNSIGNED_STS:
        signing_name = "sts"
    api = _only_one(signing_name)
    return None if api is None else (api, operation, form, {})


def _by_route(request: Request, signing_name: str) -> _Read | None:
    query = read_query(request.query)
    if signing_name == "execute-api":
        return _by_api(request, query)
    path = s3_path(request) if signing_name.startswith("s3") else request.path
    found = find_route(signing_name, request.method, path, query, request.headers)
    if found is None:
        return None
    route, placed = found
    members: dict[str, Any] = _body_members(route, request)
    members.update((name, query[key]) for key, name in route.query.items() if key in query)
    members.update((name, request.headers.get(key)) for key, name in route.headers.items() if key in request.headers)
    members.update(placed)
    return route.api, route.operation, members, query


def _by_api(request: Request, query: Mapping[str, str]) -> _Read | None:
    """A request to somebody's API: to its WebSocket connections, or one that it takes with IAM authorization."""
    connection = request.path.partition("/@connections/")[2]
    operation = _ON_CONNECTION.get(request.method, "") if connection else "Invoke"
    api = next((api for api in apis_signed_for("execute-api") if api.name == "apigatewaymanagementapi"), None)
    if api is None or not operation:
        return None
    return api, operation, {"ConnectionId": unquote(connection)} if connection else {}, query


def _body_members(route: Route, request: Request) -> dict[str, Any]:
    if not request.body or route.opaque:
        return {}
    body = read_xml(request.body) if route.xml else _read_json(_unpacked(request))
    members = {route.renamed.get(name, name): value for name, value in body.items()}
    if route.payload:
        members[route.payload] = body
    return members


def _only_one(signing_name: str, *, has_target: bool = False) -> ApiService | None:
    """The API of that name which is called so: the one with the same name, else the first."""
    apis = [api for api in apis_signed_for(signing_name) if api.target or not has_target]
    return next((api for api in apis if api.name == signing_name), apis[0] if apis else None)


def _read_json(body: bytes) -> Mapping[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _unpacked(request: Request) -> bytes:
    """The body, which botocore compresses from 10 KiB on where the service takes it (CloudWatch does)."""
    if request.headers.get("content-encoding") != "gzip":
        return request.body
    try:
        return zlib.decompressobj(wbits=31).decompress(request.body, _UNPACKED_BYTES_MAX)
    except zlib.error:
        return b""
