"""What an import takes for a mistake of the document's, and what for a fault of its own."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.deployment.api_calls import ApiCalls
from lambdakit.harness.deployment.api_deployments import ApiDeployments
from lambdakit.harness.header_fields import NO_HEADERS
from lambdakit.harness.wire import Request, Response


class _BrokenClient:
    """Does nothing but fail as a mistake of ours would."""

    def __init__(self, broken: str) -> None:
        self._broken = broken

    def client(self, service: str, region: str, account_id: str) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        def call(**given: Any) -> dict[str, Any]:
            if name == self._broken:
                raise KeyError("ours")
            return {"id": "abc", "items": [{"id": "root", "path": "/"}] if name == "get_resources" else []}

        return call


def _put(broken: str, document: object) -> Response | None:
    calls = ApiCalls(cast("Account", _BrokenClient(broken)), ApiDeployments(), region="us-east-1")
    request = Request(method="PUT", target="/restapis/abc", headers=NO_HEADERS, body=json.dumps(document).encode())
    return calls.answer(request, "123456789012", lambda read: Response(status=200))


@pytest.mark.parametrize(
    "paths",
    [[1], {"/a": [1]}, {"/a": {"get": 1}}, {"/a": {"get": {"parameters": [1]}}}, {"/a": {"get": {"responses": 1}}}],
)
def test_parts_of_another_kind_are_the_documents_mistake(paths: object) -> None:
    answer = _put("none", {"openapi": "3.0.1", "paths": paths})

    assert answer is not None
    assert (answer.status, json.loads(answer.body)) == (400, {"message": "Invalid OpenAPI input."})


@pytest.mark.parametrize("broken", ["get_rest_api", "get_resources", "create_resource"])
def test_what_fails_behind_the_import_is_no_mistake_of_the_documents(broken: str) -> None:
    with pytest.raises(KeyError, match="ours"):
        _put(broken, {"openapi": "3.0.1", "paths": {"/a": {"get": {}}}})
