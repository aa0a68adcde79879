"""The Lambda API as botocore's service model describes it: which operation a request means.

The model is loaded with the first control call; `Invoke` never needs it.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

# botocore has no types: an operation and a shape of its model.
Operation = Any
Shape = Any

_PLACEHOLDER = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that names an operation. path: what stands in the path's placeholders. query: in the order sent."""

    operation: Operation
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]

    @property
    def name(self) -> str:
        """The operation's name."""
        return str(self.operation.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    operation: str


class ApiModel:
    """Every operation of the Lambda API, by method and path; of another API in JSON, where it is named."""

    def __init__(self, service: str = "lambda") -> None:
        self._name = service
        self._service: Any = None
        self._routes: dict[str, list[_Route]] = {}
        self._lock = threading.Lock()

    def find(self, request: Request) -> Call | None:
        """The operation that `request` calls; None when the API has none there."""
        service = self._load()
        query = parse_qsl(request.query, keep_blank_values=True)
        path = request.path.rstrip("/")
        for route in self._routes.get(request.method, ()):
            match = route.pattern.fullmatch(path)
            if match is not None and set(route.query) <= set(query):
                values = {name: unquote(value) for name, value in zip(route.names, match.groups(), strict=True)}
                return Call(operation=service.operation_model(route.operation), path=values, query=query)
        return None

    def operation(self, name: str) -> Operation:
        """The operation called `name`."""
        return self._load().operation_model(name)

    def operation_names(self) -> Sequence[str]:
        """Every operation of the API."""
        return [str(name) for name in self._load().operation_names]

    def error_shapes(self) -> Sequence[Shape]:
        """Every exception of the API."""
        return list(self._load().error_shapes)

    def _load(self) -> Any:
        with self._lock:
            if self._service is None:
                from botocore.loaders import Loader
                from botocore.model import ServiceModel

                service = ServiceModel(Loader().load_service_model(self._name, "service-2"), self._name)
                self._routes = _routes(service)
                self._service = service
        return self._service


@functools.cache
def shared_model() -> ApiModel:
    """The one model of the process; nothing ever changes it."""
    return ApiModel()


def _routes(service: Any) -> dict[str, list[_Route]]:
    routes: dict[str, list[_Route]] = {}
    for name in service.operation_names:
        http = service.operation_model(name).http
        path, _, query = str(http["requestUri"]).partition("?")
        names = tuple(_PLACEHOLDER.findall(path))
        pattern = re.compile("([^/]+)".join(re.escape(part) for part in _PLACEHOLDER.split(path)[::2]).rstrip("/"))
        route = _Route(pattern=pattern, names=names, query=tuple(parse_qsl(query)), operation=str(name))
        routes.setdefault(str(http["method"]), []).append(route)
    for found in routes.values():
        found.sort(key=lambda route: -len(route.query))  # `?List=ALL` before the same path without it
    return routes
