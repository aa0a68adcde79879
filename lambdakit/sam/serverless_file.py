"""A serverless.yml of the Serverless Framework as the SAM template that says the same, and where each part stands.

In comes what `template_file` has read, out comes a `TemplateFile` whose places are those of the serverless.yml.
Source: Serverless Framework documentation, "Serverless.yml Reference" (AWS; keys and defaults) and "AWS Lambda events".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from lambdakit.sam.serverless_events import Translated, listed, translated_event
from lambdakit.sam.serverless_variables import UNKNOWN, Variables
from lambdakit.sam.template_file import TemplateFile
from lambdakit.spec.pointer import Pointer

_FUNCTION: Final = "AWS::Serverless::Function"
_MEMORY_MIB: Final = 1024
_TIMEOUT_SECONDS: Final = 6
# Key of a function, or of `provider` for all of them -> property of SAM's function.
_RENAMED: Final = {
    "runtime": "Runtime",
    "memorySize": "MemorySize",
    "timeout": "Timeout",
    "description": "Description",
    "name": "FunctionName",
    "reservedConcurrency": "ReservedConcurrentExecutions",
    "tags": "Tags",
    "handler": "Handler",
}
_WRAPPED: Final[Mapping[str, Callable[[Any], tuple[str, object]]]] = {
    "architecture": lambda value: ("Architectures", [value]),
    "environment": lambda value: ("Environment", {"Variables": value}),
    "ephemeralStorageSize": lambda value: ("EphemeralStorage", {"Size": value}),
    "provisionedConcurrency": lambda value: (
        "ProvisionedConcurrencyConfig",
        {"ProvisionedConcurrentExecutions": value},
    ),
    "snapStart": lambda value: ("SnapStart", {"ApplyOn": "PublishedVersions" if value else "None"}),
    "tracing": lambda value: ("Tracing", "Active" if value is True else "PassThrough" if value is False else value),
    "url": lambda value: ("FunctionUrlConfig", _url(value)),
}
_OF_ALL: Final = ("runtime", "memorySize", "timeout", "architecture", "environment", "tags")
_HINTS: Final = {
    "vpc": "a document's network is that of all its functions: see `network`",
    "role": "a document's functions get a role of their own: see `grants`",
    "iam": "a document's functions get a role of their own: see `grants`",
    "iamRoleStatements": "a document's functions get a role of their own: see `grants`",
    "onError": "a pattern's failure path is its on_failure",
    "destinations": "a pattern's failure path is its on_failure",
    "image": "give the function's code as a directory",
    "logRetentionInDays": "see `log_retention`",
    "package": "give each function a directory of its own",
    "plugins": "the framework's plug-ins do nothing here",
}
# What says how the framework works, or what a document decides by itself.
_SILENT: Final = (
    *("service", "frameworkVersion", "configValidationMode", "useDotenv", "custom", "params", "org", "app", "provider"),
    *("variablesResolutionMode", "deprecationNotificationMode", "disabledDeprecations", "functions", "resources"),
    *("layers", "build", "console", "licenseKey", "stages"),
)
_SILENT_OF_PROVIDER: Final = (
    *("name", "stage", "region", "profile", "stackName", "deploymentBucket", "deploymentPrefix", "deploymentMethod"),
    *(
        "versionFunctions",
        "httpApi",
        "tracing",
        "apiName",
        "endpointType",
        "apiGateway",
        "lambdaHashingVersion",
        "stackTags",
    ),
)


def is_serverless(content: Mapping[str, object]) -> bool:
    """Whether a file's content is that of a serverless.yml."""
    return "provider" in content and "functions" in content


def as_sam(template: TemplateFile) -> TemplateFile:
    """The SAM template that says the same."""
    return _Translation(template).template()


class _Translation:
    def __init__(self, template: TemplateFile) -> None:
        self._file = template
        variables = Variables(template.content)
        self._content = {
            key: value if key in ("custom", "params") else variables.resolved(value)
            for key, value in template.content.items()
        }
        self._provider = _mapping(self._content.get("provider"))
        self._resources: dict[str, object] = {}
        self._globals: dict[str, dict[str, object]] = {"Function": {}, "HttpApi": {}, "Api": {}}
        self._written: dict[Pointer, Pointer] = {("Globals",): ("provider",)}
        self._noted: list[tuple[Pointer, str, str]] = []
        self._asks_all = False  # whether one authorizer is that of all routes

    def template(self) -> TemplateFile:
        """The whole."""
        content: dict[str, object] = {"Transform": "AWS::Serverless-2016-10-31", "Globals": self._globals}
        self._general()
        self._layers()
        self._own_resources(content)
        self._unread()
        for key, (pointer, function) in self._functions().items():
            self._function(key, _mapping(function), pointer)
        for key in self._content:
            if key not in _SILENT:
                self._note((key,), _HINTS.get(key, ""))
        content["Resources"] = self._resources
        service = self._content.get("service")
        name = _mapping(service).get("name", service)
        return replace(
            self._file,
            content=content,
            name=name if isinstance(name, str) else "",
            written=self._written,
            noted=tuple(self._noted),
        )

    def _general(self) -> None:
        provider = self._provider
        settings = self._globals["Function"]
        settings |= {"MemorySize": _MEMORY_MIB, "Timeout": _TIMEOUT_SECONDS}
        self._settings({key: provider[key] for key in _OF_ALL if key in provider}, settings, ("Globals", "Function"))
        if (tracing := _mapping(provider.get("tracing")).get("lambda")) is not None:
            settings["Tracing"] = _WRAPPED["tracing"](tracing)[1]
        http = _mapping(provider.get("httpApi"))
        self._written["Globals", "HttpApi"] = ("provider", "httpApi")
        if (cors := http.get("cors")) is not None:
            self._globals["HttpApi"]["CorsConfiguration"] = _cors(cors)
        self._authorizer(_mapping(http.get("authorizers")))
        self._rest_api(provider)
        for key in provider:
            if key not in _OF_ALL and key not in _SILENT_OF_PROVIDER:
                self._note(("provider", key), _HINTS.get(key, ""))

    def _rest_api(self, provider: Mapping[str, Any]) -> None:
        """Who reaches the REST API at all."""
        settings = self._globals["Api"]
        if str(provider.get("endpointType", "")).upper() == "PRIVATE":
            settings["EndpointConfiguration"] = {"Type": "PRIVATE"}
        gateway = _mapping(provider.get("apiGateway"))
        if "resourcePolicy" in gateway:
            settings["Auth"] = {"ResourcePolicy": gateway["resourcePolicy"]}
        for key in gateway:
            if key != "resourcePolicy":
                self._note(("provider", "apiGateway", key), "")

    def _authorizer(self, authorizers: Mapping[str, Any]) -> None:
        """One JWT authorizer that all routes name is that of the API."""
        named = {_authorizer_of(event) for event in self._events("httpApi")}
        if len(named) != 1 or (name := named.pop()) is None:
            return
        self._asks_all = True
        if name == "aws_iam":
            self._globals["HttpApi"]["Auth"] = {"DefaultAuthorizer": "AWS_IAM"}
            return
        found = _mapping(authorizers.get(name))
        jwt = {"issuer": found.get("issuerUrl"), "audience": found.get("audience")}
        configured = {name: {"JwtConfiguration": jwt}} if None not in jwt.values() else {}
        self._globals["HttpApi"]["Auth"] = {"DefaultAuthorizer": name, "Authorizers": configured}

    def _events(self, kind: str) -> list[object]:
        functions = [function for _, function in self._functions().values()]
        events = [event for function in functions for event in listed(_mapping(function).get("events"))]
        return [event[kind] for event in events if isinstance(event, Mapping) and kind in event]

    def _functions(self) -> dict[str, tuple[Pointer, object]]:
        """The functions by name, each with its place; they may also be a list of mappings, as of several files."""
        written = self._content.get("functions")
        parts: dict[Pointer, object] = {("functions",): written}
        if isinstance(written, list):
            parts = {("functions", place): part for place, part in enumerate(written)}
        found: dict[str, tuple[Pointer, object]] = {}
        for pointer, part in parts.items():
            if isinstance(part, Mapping) and UNKNOWN not in part:
                found |= {str(name): ((*pointer, str(name)), function) for name, function in part.items()}
        return found

    def _unread(self) -> None:
        """Notes functions and resources that lie in files of their own."""
        for section in ("functions", "resources"):
            written = self._content.get(section)
            items = enumerate(written) if isinstance(written, list) else [(None, written)]
            for place, part in items:
                if isinstance(part, Mapping) and UNKNOWN in part:
                    pointer: Pointer = (section,) if place is None else (section, place)
                    hint = "write what the file says in its place, then import again"
                    self._noted.append((pointer, f"{part[UNKNOWN]} is not read", hint))

    def _layers(self) -> None:
        for name, layer in _mapping(self._content.get("layers")).items():
            logical_id = name[:1].upper() + name[1:] + "LambdaLayer"
            properties = {"ContentUri": _mapping(layer).get("path")}
            self._resources[logical_id] = {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}
            self._written["Resources", logical_id] = ("layers", name)

    def _own_resources(self, content: dict[str, object]) -> None:
        written = self._content.get("resources")
        parts: dict[Pointer, object] = {("resources",): written}
        if isinstance(written, list):
            parts = {("resources", place): part for place, part in enumerate(written)}
        for pointer, part in parts.items():
            sections = _mapping(part)
            for logical_id, resource in _mapping(sections.get("Resources")).items():
                self._resources[logical_id] = resource
                self._written["Resources", logical_id] = (*pointer, "Resources", logical_id)
            for section in ("Outputs", "Conditions"):
                if section in sections:
                    content[section] = sections[section]
                    self._written[section,] = (*pointer, section)

    def _function(self, name: str, function: Mapping[str, Any], place: Pointer) -> None:
        """place: where it is written."""
        logical_id = name
        here: Pointer = ("Resources", logical_id, "Properties")
        self._written["Resources", logical_id] = place
        settings: dict[str, object] = {"CodeUri": "."}
        self._settings(function, settings, here, of=place)
        if "image" in function:
            settings["PackageType"] = "Image"
        if layers := listed(function.get("layers") or self._provider.get("layers")):
            settings["Layers"] = layers
            self._written[(*here, "Layers")] = (*place, "layers")
        attempts = {
            "MaximumRetryAttempts": function.get("maximumRetryAttempts"),
            "MaximumEventAgeInSeconds": function.get("maximumEventAge"),
        }
        if given := {key: value for key, value in attempts.items() if value is not None}:
            settings["EventInvokeConfig"] = given
        events: dict[str, object] = {}
        for number, event in enumerate(listed(function.get("events"))):
            for turn, translated in enumerate(self._translated(event)):
                label = f"Event{number}" if turn == 0 else f"Event{number}-{turn}"
                events[label] = translated.event
                self._written[(*here, "Events", label)] = (*place, "events", number)
                if translated.resource is not None:
                    self._resources[translated.logical_id] = translated.resource
                    self._written["Resources", translated.logical_id] = (*place, "events", number)
                if translated.has_cors:
                    self._globals["Api"]["Cors"] = "'*'"
        settings["Events"] = events
        self._resources[logical_id] = {"Type": _FUNCTION, "Properties": settings}

    def _translated(self, event: object) -> list[Translated]:
        if isinstance(event, Mapping) and len(event) == 1:
            (kind, value) = next(iter(event.items()))
            if kind == "httpApi" and isinstance(value, Mapping) and self._asks_all:
                value = {key: item for key, item in value.items() if key != "authorizer"}
            return translated_event(kind, value)
        return [Translated(event={"Type": event if isinstance(event, str) else json.dumps(event, default=str)[:40]})]

    def _settings(
        self, written: Mapping[str, Any], settings: dict[str, object], pointer: Pointer, of: Pointer = ("provider",)
    ) -> None:
        """Puts what SAM has a property for into `settings`, and notes the rest."""
        for key, value in written.items():
            if key in _RENAMED:
                name = _RENAMED[key]
                settings[name] = value
            elif key in _WRAPPED:
                name, settings[name] = _WRAPPED[key](value)
            elif key in ("events", "layers", "maximumRetryAttempts", "maximumEventAge"):
                continue
            else:
                self._note((*of, key), _HINTS.get(key, ""))
                continue
            self._written[(*pointer, name)] = (*of, key)
            if key == "environment":
                self._written[(*pointer, name, "Variables")] = (*of, key)

    def _note(self, pointer: Pointer, hint: str) -> None:
        self._noted.append((pointer, "not carried over", hint))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _authorizer_of(event: object) -> str | None:
    written = event.get("authorizer") if isinstance(event, Mapping) else None
    if isinstance(written, Mapping):
        written = written.get("name") or written.get("type")
    return written if isinstance(written, str) else None


def _url(value: object) -> dict[str, object]:
    settings = _mapping(value)
    url: dict[str, object] = {"AuthType": "AWS_IAM" if settings.get("authorizer") == "aws_iam" else "NONE"}
    if "invokeMode" in settings:
        url["InvokeMode"] = settings["invokeMode"]
    return url | {key: item for key, item in settings.items() if key not in ("authorizer", "invokeMode")}


def _cors(value: object) -> dict[str, object]:
    """Source: Serverless Framework documentation, "HTTP (API Gateway v2)", CORS setup: what `cors: true` stands for."""
    if not isinstance(value, Mapping):
        headers = ["Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token"]
        headers += ["X-Amz-User-Agent", "X-Amzn-Trace-Id"]
        return {"AllowOrigins": ["*"], "AllowHeaders": headers, "AllowMethods": ["*"]} if value else {}
    names = {
        "allowedOrigins": "AllowOrigins",
        "allowedHeaders": "AllowHeaders",
        "allowedMethods": "AllowMethods",
        "allowCredentials": "AllowCredentials",
        "exposedResponseHeaders": "ExposeHeaders",
        "maxAge": "MaxAge",
    }
    return {names.get(str(key), str(key)): item for key, item in value.items()}
