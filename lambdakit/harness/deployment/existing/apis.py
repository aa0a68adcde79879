"""Makes the APIs of API Gateway that a template adds to, before the template's own resources.

A REST API has the resources that the template names and no methods; an HTTP or WebSocket API has no routes. They stay
when the stack goes, as what was there before does; they go when the change fails that made them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.assembly.look_ups import ApiLookUp, LookUps
from lambdakit.errors import Diagnostic
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.existing.named_apis import NamedApi, Protocol
from lambdakit.harness.deployment.existing.networks import Tell
from lambdakit.harness.deployment.presence import is_there
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.harness.moto_state.wanted_apis import rename_api, rename_rest_api, rename_rest_resource

_REST_TYPE: Final = "AWS::ApiGateway::RestApi"
_TYPE: Final = "AWS::ApiGatewayV2::Api"
# API Gateway Developer Guide, "Working with stages for HTTP APIs": the default stage deploys every change.
_DEFAULT_STAGE: Final = "$default"
_STANDS_FOR: Final = "stands-for-"
_UNKNOWN: Final = "NotFoundException"
_BY_REQUEST: Final = "$request.body.action"


class ExistingApis:
    """Makes APIs in one account and region.

    opened: serves an API, given its protocol and id. closed: ends that. undo, tell: as for networks.
    """

    def __init__(
        self,
        account: Account,
        *,
        account_id: str,
        region: str,
        opened: Callable[[Protocol, str], None],
        closed: Callable[[str], None],
        undo: UndoLog,
        tell: Tell,
    ) -> None:
        self._account = account
        self._place = {"account_id": account_id, "region": region}
        self._opened = opened
        self._closed = closed
        self._undo = undo
        self._tell = tell

    def make(self, named: Sequence[NamedApi], look_ups: LookUps) -> None:
        """Makes what is named and not there."""
        for each in named:
            told = look_ups.apis.get(each.id)
            if each.protocol == "REST":
                self._rest_api(each, told)
            else:
                self._api(each)

    def _client(self, service: str) -> Any:
        return self._account.client(service, self._place["region"], self._place["account_id"])

    def _rest_api(self, named: NamedApi, told: ApiLookUp | None) -> None:
        client = self._client("apigateway")
        if is_there(lambda: client.get_rest_api(restApiId=named.id), _UNKNOWN):
            self._further_resources(client, named, told)
            return
        made = client.create_rest_api(name=f"{_STANDS_FOR}{named.id}")
        rename_rest_api(made["id"], named.id, **self._place)
        self._takes_back(named.id, functools.partial(client.delete_rest_api, restApiId=named.id))
        paths = _paths(named, told, {})
        self._resources(client, named.id, paths)
        self._opened("REST", named.id)
        shown = ", ".join(f"{path} is {identity}" for identity, path in paths.items())
        how = "as assumed" if told is None else f"as {told.told_by} tells"
        self._tell(
            _REST_TYPE,
            named.id,
            told is None,
            f"{how}: a REST API without methods{f'; of its resources {shown}' if shown else ''}",
        )

    def _further_resources(self, client: Any, named: NamedApi, told: ApiLookUp | None) -> None:
        """Makes what a template names of an API that stands in for one since an earlier template."""
        if not str(client.get_rest_api(restApiId=named.id).get("name", "")).startswith(_STANDS_FOR):
            return
        there = {item["id"]: item["path"] for item in client.get_resources(restApiId=named.id, limit=500)["items"]}
        paths = {each: path for each, path in _paths(named, told, there).items() if each not in there}
        if not paths:
            return
        self._resources(client, named.id, paths)
        for identity in paths:
            delete = functools.partial(client.delete_resource, restApiId=named.id, resourceId=identity)
            self._undo.add(functools.partial(_tried, delete))
        shown = ", ".join(f"{path} is {identity}" for identity, path in paths.items())
        self._tell(_REST_TYPE, named.id, told is None, f"as assumed: of its resources {shown}")

    def _resources(self, client: Any, api_id: str, paths: Mapping[str, str]) -> None:
        """Makes an API's resources. paths: id -> path of those that have a given one."""
        ids = {path: identity for identity, path in paths.items()}
        there = {item["path"]: str(item["id"]) for item in client.get_resources(restApiId=api_id, limit=500)["items"]}
        wanted = {above for path in ids for above in _down_to(path)}
        for path in sorted(wanted, key=lambda each: each.count("/") * (each != "/")):
            if path not in there:
                parent, _, part = path.rpartition("/")
                made = client.create_resource(restApiId=api_id, parentId=there[parent or "/"], pathPart=part)
                there[path] = made["id"]
            if path in ids:
                rename_rest_resource(api_id, there[path], ids[path], **self._place)
                there[path] = ids[path]

    def _api(self, named: NamedApi) -> None:
        client = self._client("apigatewayv2")
        if is_there(lambda: client.get_api(ApiId=named.id), _UNKNOWN):
            return
        is_http = named.protocol == "HTTP"
        selection = {} if is_http else {"RouteSelectionExpression": _BY_REQUEST}
        made = client.create_api(Name=f"{_STANDS_FOR}{named.id}", ProtocolType=named.protocol, **selection)
        rename_api(made["ApiId"], named.id, **self._place)
        self._takes_back(named.id, functools.partial(client.delete_api, ApiId=named.id))
        stage = ""
        if is_http and not named.has_stage:
            client.create_stage(ApiId=named.id, StageName=_DEFAULT_STAGE, AutoDeploy=True)
            stage = f", with the stage {_DEFAULT_STAGE} that deploys every change"
        self._opened(named.protocol, named.id)
        kind = "an HTTP API" if is_http else "a WebSocket API, whose messages are routed by their action"
        self._tell(_TYPE, named.id, True, f"as assumed: {kind} without routes{stage}")

    def _takes_back(self, api_id: str, delete: Callable[[], object]) -> None:
        def back() -> Diagnostic | None:
            self._closed(api_id)
            return _tried(delete)

        self._undo.add(back)


def _tried(delete: Callable[[], object]) -> Diagnostic | None:
    try:
        delete()
    except ClientError as error:
        problem = f"what stood for something existing could not be deleted: {error}"
        return Diagnostic(problem=problem, code="LK321")
    return None


def _paths(named: NamedApi, told: ApiLookUp | None, there: Mapping[str, str]) -> dict[str, str]:
    """Id -> path: as they are, and as told; the first that is not is the root where nobody said which is, others are
    below it.
    """
    paths = {**({} if told is None else told.resources), **there}
    for identity in named.resources:
        if identity not in paths:
            paths[identity] = f"/{identity}" if "/" in paths.values() else "/"
    return paths


def _down_to(path: str) -> list[str]:
    """`/`, `/a` and `/a/b` of `/a/b`."""
    parts = [part for part in path.split("/") if part]
    return ["/", *(f"/{'/'.join(parts[: count + 1])}" for count in range(len(parts)))]
