"""A SAM template as a document: one pattern for each API, and one for each function that something else starts.

A function that nothing starts, as far as a document can say, is one of no pattern.

template -> parameters, globals -> functions with their settings -> patterns -> what the document's own rules refuse
goes (`settled`) -> the document's text and the gaps
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, SourceError
from lambdakit.records import dataclass
from lambdakit.sam.api_settings import http_api, rest_api
from lambdakit.sam.event_sources import Owned, event_source
from lambdakit.sam.function_settings import (
    SAM_DEFAULTS,
    Settings,
    environment,
    function_code,
    general_settings,
    local_directory,
    property_hint,
)
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.grants import VARIABLES, Grants, function_name
from lambdakit.sam.policies import Access, accesses, referred
from lambdakit.sam.properties import Parameters, Properties, merged
from lambdakit.sam.serverless_file import as_sam, is_serverless
from lambdakit.sam.settled import Settled, settled
from lambdakit.sam.stream_sources import STREAM_EVENTS, stream_source
from lambdakit.sam.template_file import TemplateFile
from lambdakit.spec.names import snake_case
from lambdakit.spec.pointer import Pointer

FUNCTION: Final = "AWS::Serverless::Function"
TRANSFORM: Final = "AWS::Serverless-2016-10-31"
_LAYER: Final = "AWS::Serverless::LayerVersion"
# Event -> the type of the API that it belongs to, the property that names it, and what the document calls it.
_API_EVENTS: Final = {
    "HttpApi": ("AWS::Serverless::HttpApi", "ApiId", "http"),
    "Api": ("AWS::Serverless::Api", "RestApiId", "rest"),
}
_NO_LETTERS: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """document: the value of a valid document. gaps: what could not be carried over, by place."""

    document: Mapping[str, object]
    gaps: tuple[Diagnostic, ...]


def convert(template: TemplateFile, document_path: Path) -> Conversion:
    """The document that a template, or a serverless.yml, begins.

    document_path: where it will stand; paths in it are relative to that.
    SourceError when it is neither, or nothing of it can be said in a document.
    """
    if is_serverless(template.content):
        template = as_sam(template)
    resources = _check(template)
    reading = _Reading(template, resources, document_path.absolute().parent)
    document = reading.document()
    result: Settled = settled(document, document_path.absolute().parent, reading.origins)
    for pointer, problem in result.removed:
        reading.gaps.add(pointer, problem)
    gaps = reading.gaps.diagnostics()
    if not result.document:
        problem = "nothing of the template can be said in a document"
        raise SourceError(*gaps, Diagnostic(path=str(template.path), problem=problem, code="LK253"))
    return Conversion(document=result.document, gaps=gaps)


def _check(template: TemplateFile) -> Mapping[str, Mapping[str, object]]:
    """The resources of a SAM template. SourceError for anything else."""
    content, path = template.content, str(template.path)
    resources = content.get("Resources")
    found = {
        name: resource
        for name, resource in (resources.items() if isinstance(resources, Mapping) else ())
        if isinstance(resource, Mapping)
    }
    transforms = content.get("Transform")
    if TRANSFORM not in (transforms if isinstance(transforms, list) else [transforms]):
        line, column = template.place(("Transform",))
        problem = f"this is no SAM template: it does not ask for the transform {TRANSFORM}"
        hint = "a template of the CDK's is deployed as it is: pass its assembly or project to `lambdakit run`"
        raise SourceError(Diagnostic(path=path, line=line, column=column, problem=problem, code="LK252", hint=hint))
    return found


class _Reading:
    """One template while it is read. origins: pointer in the document -> the pointer in the template it comes from."""

    def __init__(
        self, template: TemplateFile, resources: Mapping[str, Mapping[str, object]], document_directory: Path
    ) -> None:
        self.gaps = Gaps(template)
        self.origins: dict[Pointer, Pointer] = {}
        self._template = template
        self._resources = resources
        self._template_directory = template.path.absolute().parent
        self._document_directory = document_directory
        self._parameters = Parameters(template)
        self._globals = template.content.get("Globals")
        self._owned: set[str] = set()
        self._grants = Grants(resources, self._owned, self._properties, self.gaps, self.origins)
        self._patterns: dict[str, Settings] = {}
        self._functions: dict[str, Settings] = {}
        self._apis: dict[str, str] = {}
        self._general_layers: list[str] = []
        self._layers: dict[str, Settings] = {}

    def document(self) -> Settings:
        """The document, which its own rules may still refuse."""
        defaults = self._defaults()
        self._read_layers()
        for logical_id, resource in self._resources.items():
            if resource.get("Type") == FUNCTION:
                self._function(logical_id)
        self._rest()
        document: Settings = {"application": self._name(), "defaults": defaults}
        if self._layers:
            document["layers"] = self._layers
        if self._functions:
            document["functions"] = self._functions
        document["patterns"] = self._patterns
        return document

    def _name(self) -> str:
        words = _NO_LETTERS.sub("-", self._template.name or self._document_directory.name).strip("-")
        return words[:100] if words[:1].isalpha() else "application"

    def _properties(self, logical_id: str) -> Properties:
        return self._below(self._resources[logical_id].get("Properties"), ("Resources", logical_id, "Properties"))

    def _below(self, value: object, pointer: Pointer) -> Properties:
        return Properties(value, pointer, gaps=self.gaps, parameters=self._parameters)

    def _general(self, name: str) -> Mapping[str, object]:
        found = self._globals.get(name) if isinstance(self._globals, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _defaults(self) -> Settings:
        general = self._below(self._general("Function"), ("Globals", "Function"))
        settings = {**SAM_DEFAULTS, **general_settings(general)}
        if variables := environment(general, {}):
            settings["environment"] = variables
        self._general_layers = self._layer_names(general)
        if self._general_layers:
            settings["layers"] = self._general_layers
        general.leave("CodeUri", "Handler")
        general.finish(property_hint)
        return settings

    def _layer_names(self, properties: Properties) -> list[str]:
        written = properties.raw("Layers")
        names = []
        for place, item in enumerate(written if isinstance(written, list) else ()):
            logical_id = referred(item)
            if logical_id in self._resources and self._resources[str(logical_id)].get("Type") == _LAYER:
                names.append(snake_case(str(logical_id)))
            else:
                pointer = (*properties.pointer, "Layers", place)
                self.gaps.add(pointer, "it is no layer of the template", "copy its content, and name it under layers")
        return names

    def _read_layers(self) -> None:
        for logical_id, resource in self._resources.items():
            if resource.get("Type") != _LAYER:
                continue
            self._owned.add(logical_id)
            properties = self._properties(logical_id)
            content = properties.text("ContentUri")
            properties.leave("LayerName", "CompatibleRuntimes", "CompatibleArchitectures", "Description", "LicenseInfo")
            properties.leave("RetentionPolicy")
            properties.finish()
            if content is not None:
                name = snake_case(logical_id)
                code = local_directory(content, self._template_directory, self._document_directory)
                self._layers[name] = {"code": code}
                self.origins["layers", name] = ("Resources", logical_id)

    def _function(self, logical_id: str) -> None:
        here: Pointer = ("Resources", logical_id)
        self._owned.add(logical_id)
        for attribute in self._resources[logical_id]:
            if attribute in ("Condition", "DependsOn", "DeletionPolicy", "Connectors"):
                self.gaps.add((*here, attribute), "not carried over")
        written = self._resources[logical_id].get("Properties")
        general = {
            name: self._general("Function")[name]
            for name in ("CodeUri", "Handler")
            if name in self._general("Function")
        }
        own = written if isinstance(written, Mapping) else {}
        properties = self._below({**general, **own}, (*here, "Properties"))
        events = properties.raw("Events")
        code = function_code(properties, self._template_directory, self._document_directory)
        if code is None:
            properties.leave(*own, "Handler")
            self.gaps.add(
                here, "the function is not carried over: its code is no directory", property_hint("InlineCode")
            )
            return
        settings: Settings = {"code": code, "handler": properties.text("Handler") or "app.handler"}
        settings |= general_settings(properties)
        granted = list(accesses(properties))
        variables = environment(properties, {item.logical_id: VARIABLES[item.kind] for item in granted})
        if variables:
            settings["environment"] = variables
        if layers := self._layer_names(properties):
            settings["layers"] = [*self._general_layers, *layers]
        if (text := properties.text("Description")) is not None:
            settings["description"] = text
        if (name := properties.text("FunctionName")) is not None:
            settings["function_name"] = name
        _url(properties, settings)
        properties.finish(property_hint)
        self._started(logical_id, settings, events if isinstance(events, Mapping) else {}, granted)

    def _started(
        self, logical_id: str, settings: Settings, events: Mapping[str, object], granted: list[Access]
    ) -> None:
        """Puts the function where what starts it says: in one pattern."""
        home: str | None = None
        for name, event in events.items():
            pointer: Pointer = ("Resources", logical_id, "Properties", "Events", name)
            kind = event.get("Type") if isinstance(event, Mapping) else None
            if not isinstance(event, Mapping) or not isinstance(kind, str):
                self.gaps.add(pointer, "it is no event with a Type")
                continue
            properties = self._below(event.get("Properties"), (*pointer, "Properties"))
            if kind in _API_EVENTS:
                home = self._route(logical_id, settings, kind, properties, home)
            elif home is not None:
                hint = "let the other send to a queue or bus that starts the function, or write a second function"
                self.gaps.add(pointer, f"a document's function has one pattern, and this one has {home}", hint)
            else:
                home = self._processing(logical_id, settings, kind, properties)
        if home is None:
            self._lone(logical_id, settings, events, granted)
            return
        self._grants.give(home, self._patterns[home], logical_id, granted)

    def _lone(self, logical_id: str, settings: Settings, events: Mapping[str, object], granted: list[Access]) -> None:
        """Puts the function among those of no pattern."""
        here: Pointer = ("Resources", logical_id)
        name = self._free(function_name(logical_id))
        self._functions[name] = settings
        self.origins["functions", name] = here
        if events:
            self.gaps.add(here, "nothing starts the function that a document could say: it is one of no pattern")
        for access in granted:
            pointer = (*here, "Properties", "Policies", access.place)
            hint = f"write {access.logical_id} below resources, and name it in the function's grants"
            self.gaps.add(pointer, f"access to {access.logical_id} is not carried over", hint)

    def _route(self, logical_id: str, settings: Settings, kind: str, event: Properties, home: str | None) -> str | None:
        path, method = event.text("Path"), event.text("Method")
        if path is None and ("Path" in event or kind == "Api"):
            # Without one, a route would be that of every path.
            self.gaps.add(event.pointer[:-1], "the route is left out, as its path is not known")
            return home
        key, api = self._api(kind, event)
        if home is not None and home != key:
            self.gaps.add(event.pointer[:-1], f"a document's function has one pattern, and this one has {home}")
            # Nobody else may have a route of it.
            if not self._patterns[key]["routes"]:
                del self._patterns[key]
                self._apis = {api: other for api, other in self._apis.items() if other != key}
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
            self.gaps.add(event.pointer[:-1], f"{route} is there already")
            return key
        answer: Settings = {"function": name} if shared else {"name": name, **settings}
        routes[route] = {**answer, "authorizer": "none"} if open_to_all else answer
        self.origins["patterns", key, "routes", route] = event.pointer[:-1] if shared else ("Resources", logical_id)
        return key

    def _is_open(self, event: Properties, api: Settings) -> bool:
        """Whether a route lets everybody in though its API does not. What cannot be said closes the API."""
        auth = event.below("Auth")
        authorizer = auth.text("Authorizer")
        auth.leave("OverrideApiAuth")
        auth.finish()
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
        type_name, name, word = _API_EVENTS[kind]
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
            self.origins["patterns", key] = pointer[:2]
        key = self._apis[identity]
        found = self._patterns[key]["api"]
        assert isinstance(found, dict)
        return key, found

    def _processing(self, logical_id: str, settings: Settings, kind: str, event: Properties) -> str | None:
        is_stream = kind in STREAM_EVENTS
        source = (stream_source if is_stream else event_source)(kind, event, self._owner)
        if source is None:
            return None
        key = self._free(function_name(logical_id))
        pattern = "stream_processing" if is_stream else "event_processing"
        self._patterns[key] = {"kind": pattern, "source": source, "function": settings}
        self.origins["patterns", key] = ("Resources", logical_id)
        self.origins["patterns", key, "source"] = event.pointer[:-1]
        return key

    def _owner(self, value: object, type_name: str) -> Owned | None:
        logical_id = referred(value)
        if logical_id is None or logical_id not in self._resources:
            return None
        if self._resources[logical_id].get("Type") != type_name or logical_id in self._owned:
            return None
        self._owned.add(logical_id)
        written = self._resources[logical_id].get("Properties")
        redrive = written.get("RedrivePolicy") if isinstance(written, Mapping) else None
        # The pattern's failure queue stands for it.
        if isinstance(redrive, Mapping) and (letters := referred(redrive.get("deadLetterTargetArn"))):
            self._owned.add(letters)
        return Owned(logical_id=logical_id, properties=self._properties(logical_id))

    def _rest(self) -> None:
        """Notes what no function led to."""
        for logical_id, resource in self._resources.items():
            if logical_id not in self._owned:
                kind = resource.get("Type")
                self.gaps.add(("Resources", logical_id), f"a resource of the type {kind} is not carried over")
        if "Outputs" in self._template.content:
            hint = "a document's outputs are called after its patterns; others are written below outputs"
            self.gaps.add(("Outputs",), "not carried over", hint)
        if "Conditions" in self._template.content:
            hint = "write them below conditions, and what is under them below cloudformation"
            self.gaps.add(("Conditions",), "not carried over", hint)

    def _free(self, key: str) -> str:
        name, number = key, 2
        while name in self._patterns or name in self._functions:
            name, number = f"{key}_{number}", number + 1
        return name


def _method(method: str | None) -> str:
    text = (method or "ANY").upper()
    return "ANY" if text in ("X-AMAZON-APIGATEWAY-ANY-METHOD", "*") else text


def _url(properties: Properties, settings: Settings) -> None:
    url = properties.below("FunctionUrlConfig")
    kind = url.text("AuthType")
    if kind is None:
        return
    found: Settings = {"auth_type": kind.lower()}
    if (mode := url.text("InvokeMode")) is not None:
        found["invoke_mode"] = mode.lower()
    url.finish()
    settings["function_url"] = found
