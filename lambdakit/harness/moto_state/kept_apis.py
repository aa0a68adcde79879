"""APIs of moto's API Gateway as they were before a change of several steps, when one of the steps fails.

Private surface used: `moto.apigateway.models.apigateway_backends` and `moto.apigatewayv2.models.apigatewayv2_backends`,
`[account][region].apis[id]`, whose attributes are all there is to an API; its `deployments` and `stages`, which no
import touches. Canary: tests/behaviour/test_behaviour_api_imports.py.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

from lambdakit.harness.moto_state.loaded import loaded


@contextlib.contextmanager
def unchanged_on_failure(service: str, account_id: str, region: str, api_id: str) -> Iterator[None]:
    """Within the block an API may change; when it raises, the API is what it was. service: as moto's package is."""
    backends: Any = getattr(loaded(f"moto.{service}.models"), f"{service}_backends", None)
    backend: Any = None if backends is None else backends[account_id][region]
    api: Any = None if backend is None else backend.apis.get(api_id)
    if api is None:
        yield
        return
    kept = [api, backend, *(held for name in ("deployments", "stages") if (held := getattr(api, name, None)))]
    before = copy.deepcopy(vars(api), {id(held): held for held in kept})
    try:
        yield
    except BaseException:
        vars(api).clear()
        vars(api).update(before)
        raise
