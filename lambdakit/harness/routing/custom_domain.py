"""A custom domain's front door: the beginning of the path says which stage of which API is meant.

Source: API Gateway Developer Guide, "Custom domain names for HTTP APIs in API Gateway", "Map API stages to a custom
domain name for HTTP APIs" (the longest matching path goes first).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from lambdakit.harness.moto_state.http_apis import ApiMapping
from lambdakit.harness.routing.exchange import told
from lambdakit.harness.routing.http_api import Mapped
from lambdakit.harness.wire import Request, Response


class MappedApi(Protocol):
    """An API that a custom domain leads to."""

    def __call__(self, request: Request, environment: str = "", *, mapped: Mapped | None = None) -> Response:
        """Its answer; see `HttpApi.serve`."""


class CustomDomain:
    """Serves one custom domain.

    mappings: as they are now, the longest key first. api: an API by its id; None for one that is not served here.
    """

    def __init__(
        self, name: str, mappings: Callable[[], Sequence[ApiMapping]], api: Callable[[str], MappedApi | None]
    ) -> None:
        self._name = name
        self._mappings = mappings
        self._api = api

    def serve(self, request: Request, environment: str = "") -> Response:
        """The answer of the API that the path leads to; 403 where it leads to none."""
        path = request.path
        for mapping in self._mappings():
            if not mapping.key or path == f"/{mapping.key}" or path.startswith(f"/{mapping.key}/"):
                api = self._api(mapping.api_id)
                if api is not None:
                    mapped = Mapped(domain_name=self._name, base_path=mapping.key, stage=mapping.stage)
                    return api(request, environment, mapped=mapped)
        return told(403, "Forbidden")
