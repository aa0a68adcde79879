"""API Gateway: what is done with its resources, and who calls the APIs themselves.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon API Gateway Management" and
"... Management V2" (an action per HTTP verb, the path as the resource), "... for Amazon API Gateway" (`execute-api`);
API Gateway Developer Guide, "Control access to an API with IAM permissions" and "Use @connections commands".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules
from lambdakit.harness.wire import Request

_API_HOST: Final = re.compile(r"([a-z0-9]+)\.execute-api\..*")
_API_PATH: Final = re.compile(r"/_lambdakit/apis/([a-z0-9]+)(/.*)?")


def _managed(call: ApiCall) -> Sequence[Need]:
    path = call.request.path.removeprefix("/v2")
    if not path.startswith("/tags/"):
        path = unquote(path)
    arn = call.arn("apigateway", path.rstrip("/"), account_id="")
    return [Need(action=f"apigateway:{call.request.method}", resources=(arn,))]


def invoked_api(request: Request) -> tuple[str, str, str]:
    """API, stage and the path behind the stage that a request to an API names; empty without one."""
    by_path = _API_PATH.fullmatch(request.path)
    by_host = _API_HOST.fullmatch(request.headers.get("host"))
    api = by_path[1] if by_path is not None else by_host[1] if by_host is not None else ""
    path = (by_path[2] or "/") if by_path is not None else request.path
    stage, _, rest = path.removeprefix("/").partition("/")
    return api, stage, rest


def _connection(call: ApiCall) -> Sequence[Need]:
    api, stage, rest = invoked_api(call.request)
    arn = call.arn("execute-api", f"{api or '*'}/{stage or '*'}/{call.request.method}/{unquote(rest)}")
    return [Need(action="execute-api:ManageConnections", resources=(arn,))]


def _invoke(call: ApiCall) -> Sequence[Need] | None:
    api, stage, rest = invoked_api(call.request)
    if not api:
        return None
    arn = call.arn("execute-api", f"{api}/{stage}/{call.request.method}/{rest}")
    return [Need(action="execute-api:Invoke", resources=(arn,))]


API_GATEWAY: Final = Rules(every=_managed)
API_GATEWAY_CALLS: Final = Rules(every=_connection, readers={"Invoke": _invoke})
