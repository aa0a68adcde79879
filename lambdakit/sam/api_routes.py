"""Routes of SAM's APIs as patterns: one for each API that the template declares, and one for each that SAM implies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.sam.api_settings import http_api, rest_api
from lambdakit.sam.function_settings import Settings
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.grants import function_name
from lambdakit.sam.policies import referred
from lambdakit.sam.properties import Properties, merged
from lambdakit.spec.names import snake_case
from lambdakit.spec.pointer import Pointer

# Event -> the type of the API that it belongs to, the property that names it, what the document calls it, and what the
# template calls the one that nobody declares.
API_EVENTS: Final = {
    "HttpApi": ("AWS::Serverless::HttpApi", "ApiId", "http", "ServerlessHttpApi"),
    "Api": ("AWS::Serverless::Api", "RestApiId", "rest", "ServerlessRestApi"),
}


class ApiRoutes:
    """The patterns of APIs, which grow with each route. names: of HTTP APIs, whose address is that of the template."""

    def __init__(
        self,
        *,
        patterns: dict[str, Settings],
        resources: Mapping[str, Mapping[str, object]],
        general: Callable[[str], Mapping[str, object]],
        below: Callable[[object, Pointer], Properties],
        free: Callable[[str], str],
        owned: set[str],
        gaps: Gaps,
        origins: dict[Pointer, Pointer],
        names: dict[str, str],
    ) -> None:
        self._patterns = patterns
        self._resources = resources
        self._general = general
        self._below = below
        self._free = free
        self._owned = owned
        self._gaps = gaps
        self._origins = origins
        self._names = names
        self._apis: dict[str, str] = {}

    def add(self, logical_id: str, settings: Settings, kind: str, event: Properties, home: str | None) -> str | None:
        """The key of the pattern that now has the route; `home` where it could not be added."""
        path, method = event.text("Path"), event.text("Method")
        if path is None and ("Path" in event or kind == "Api"):
            # Without one, a route would be that of every path.
            self._gaps.add(event.pointer[:-1], "the route is left out, as its path is not known")
            return home
        key, api = self._api(kind, event)
        if home is not None and home != key:
            self._gaps.add(event.pointer[:-1], f"a document's function has one API, and this one has {home}")
            # Nobody else may have a route of it.
            if not self._patterns[key]["routes"]:
                del self._patterns[key]
                self._apis = {name: other for name, other in self._apis.items() if other != key}
            return home
        route = "$default" if path is None else f"{_method(method)} {path.rstrip('/') or '/'}"
        open_to_all = self._is_open(event, api)
        if event.text("PayloadFormatVersion") == "1.0":
            event.gap("PayloadFormatVersion", "documents use the payload format 2.0")
        event.finish()
        routes = self._patterns[key]["routes"]
        assert isinstance(routes, dict)
        name = function_name(logical_id)
        shared = any(isinstance(item, dict) and item.get("name") == name for item in routes.values())
        if route in routes:
            self._gaps.add(event.pointer[:-1], f"{route} is there already")
            return key
        # A route that shares another's function has what the first one says.
        answer: Settings = {"function": name} if shared else {"name": name, **settings}
        if open_to_all:
            answer["authorizer"] = "none"
        routes[route] = answer
        self._origins["patterns", key, "routes", route] = event.pointer[:-1] if shared else ("Resources", logical_id)
        return key

    def _is_open(self, event: Properties, api: Settings) -> bool:
        """Whether a route lets everybody in though its API does not. What cannot be said closes the API."""
        auth = event.below("Auth")
        authorizer = auth.text("Authorizer")
        auth.leave("OverrideApiAuth", "InvokeRole")
        closing = [name for name in auth.rest() if (name, auth.raw(name)) != ("ApiKeyRequired", False)]
        for name in closing:
            hint = "until it is written in the document, the whole API lets in signed requests only"
            auth.gap(name, "not carried over", hint)
        if closing:
            # Without it, the route would let in more than it did.
            api["authorizer"] = {"kind": "iam"}
            return False
        if authorizer is None or authorizer == "NONE":
            return authorizer is not None and "authorizer" in api
        if "authorizer" not in api:
            hint = "until it is written in the document, the whole API lets in signed requests only"
            auth.gap("Authorizer", "an authorizer of a single route is not carried over", hint)
            api["authorizer"] = {"kind": "iam"}
        elif not (authorizer == "AWS_IAM" and api["authorizer"] == {"kind": "iam"}):
            auth.gap("Authorizer", "the authorizer of the whole API is asked")
        return False

    def _api(self, kind: str, event: Properties) -> tuple[str, Settings]:
        """The key of the pattern of an event's API, and the API's settings; the pattern is made when it is new."""
        type_name, name, word, implied = API_EVENTS[kind]
        logical_id = referred(event.raw(name)) or ""
        is_own = logical_id in self._resources and self._resources[logical_id].get("Type") == type_name
        identity = logical_id if is_own else f"implicit {word}"
        if identity not in self._apis:
            key = self._free(snake_case(logical_id) if is_own else "api" if word == "http" else "rest_api")
            general = self._general("HttpApi" if word == "http" else "Api")
            pointer: Pointer = ("Resources", logical_id, "Properties") if is_own else ("Globals", kind)
            written = self._resources[logical_id].get("Properties") if is_own else None
            own = written if isinstance(written, Mapping) else {}
            properties = self._below(merged(general, own), pointer)
            api = http_api(properties) if word == "http" else rest_api(properties)
            self._owned.add(logical_id)
            self._apis[identity] = key
            self._patterns[key] = {"kind": "api_backend", "api": api, "routes": {}}
            self._origins["patterns", key] = pointer[:2]
            # The stage of a document's REST API has another name, so that addresses made of the template's would fail.
            if word == "http":
                self._names[logical_id if is_own else implied] = f"{key}/Api"
        key = self._apis[identity]
        found = self._patterns[key]["api"]
        assert isinstance(found, dict)
        return key, found


def _method(method: str | None) -> str:
    text = (method or "ANY").upper()
    return "ANY" if text in ("X-AMAZON-APIGATEWAY-ANY-METHOD", "*") else text
