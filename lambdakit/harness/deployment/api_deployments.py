"""Deployments of HTTP and WebSocket APIs, which moto does not have: kept, and asked for nothing.

Every stage shows an API as it is, as one with automatic deployments does on AWS.

Source: API Gateway Version 2 API Reference, "Apis apiId deployments", "Apis apiId deployments deploymentId".
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

from lambdakit.harness.wire import Request, Response

_PATH: Final = re.compile(r"/v2/apis/([^/]+)/deployments(?:/([^/]+))?/?")
_ID_CHARACTERS: Final = 6
_Deployment = dict[str, Any]


class ApiDeployments:
    """Answers those calls."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, str], dict[str, _Deployment]] = {}

    def answer(
        self, request: Request, account_id: str, region: str, check_api: Callable[[str], object]
    ) -> Response | None:
        """None for another call. check_api: raises for an API that is not there."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        api_id, deployment_id = unquote(match[1]), match[2]
        check_api(api_id)
        with self._lock:
            made = self._made.setdefault((account_id, region, api_id), {})
            if deployment_id is None:
                return self._of_all(request, made)
            return _of_one(request, made, unquote(deployment_id))

    def _of_all(self, request: Request, made: dict[str, _Deployment]) -> Response | None:
        if request.method == "GET":
            return _json(200, {"items": list(made.values())})
        if request.method != "POST":
            return None
        deployment: _Deployment = {
            "autoDeployed": False,
            "createdDate": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "deploymentId": uuid.uuid4().hex[:_ID_CHARACTERS],
            "deploymentStatus": "DEPLOYED",
            **_described(request),
        }
        made[str(deployment["deploymentId"])] = deployment
        return _json(201, deployment)


def _of_one(request: Request, made: dict[str, _Deployment], deployment_id: str) -> Response | None:
    if request.method not in ("GET", "PATCH", "DELETE"):
        return None
    if deployment_id not in made:
        headers = [("x-amzn-ErrorType", "NotFoundException")]
        return _json(404, {"message": f"Invalid Deployment identifier specified {deployment_id}"}, headers)
    if request.method == "DELETE":
        del made[deployment_id]
        return Response(status=204)
    if request.method == "PATCH":
        made[deployment_id] |= _described(request)
    return _json(200, made[deployment_id])


def _described(request: Request) -> dict[str, str]:
    try:
        given = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    description = given.get("description") if isinstance(given, dict) else None
    return {} if description is None else {"description": str(description)}


def _json(status: int, content: object, headers: list[tuple[str, str]] | None = None) -> Response:
    return Response(
        status=status,
        headers=[("Content-Type", "application/json"), *(headers or [])],
        body=json.dumps(content).encode(),
    )
