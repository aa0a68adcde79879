"""A template as a document: one pattern for each API, and one for each function that something else starts.

A function that nothing starts, as far as a pattern can say, is one of no pattern. What patterns cannot say of events,
policies and resources stands in the document in CloudFormation's words (`raw_parts`).

template -> parameters, globals -> functions with their settings -> patterns, resources, raw parts -> what the
document's own rules refuse goes (`settled`) -> the document's text and the gaps
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lambdakit.errors import Diagnostic, SourceError
from lambdakit.records import dataclass
from lambdakit.sam import plain_template
from lambdakit.sam.api_routes import API_EVENTS, ApiRoutes
from lambdakit.sam.connectors import hint_of_kind, prepared
from lambdakit.sam.event_sources import Owned, event_source
from lambdakit.sam.function_parts import OF_EACH, FunctionParts
from lambdakit.sam.function_settings import (
    SAM_DEFAULTS,
    Settings,
    function_code,
    function_url,
    general_settings,
    local_directory,
    property_hint,
)
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.grants import Grants, function_name
from lambdakit.sam.inline_code import InlineCode
from lambdakit.sam.layers import Layers
from lambdakit.sam.placed import Placed
from lambdakit.sam.plain_template import is_plain
from lambdakit.sam.policies import Access, accesses, referred
from lambdakit.sam.properties import Parameters, Properties, merged
from lambdakit.sam.raw_parts import RawParts
from lambdakit.sam.serverless_file import as_sam, is_serverless
from lambdakit.sam.settled import Settled, settled
from lambdakit.sam.shared_resources import KIND_WORDS, table_overrides
from lambdakit.sam.sharing import Sharing
from lambdakit.sam.state_machines import STATE_MACHINE, add_state_machine
from lambdakit.sam.stream_sources import STREAM_EVENTS, stream_source
from lambdakit.sam.template_file import TemplateFile
from lambdakit.sam.uses import FUNCTION, Uses
from lambdakit.spec.pointer import Pointer

TRANSFORM: Final = "AWS::Serverless-2016-10-31"
_SERVERLESS: Final = "AWS::Serverless::"
# What a pattern calls the resource that its function is started by.
_CONSTRUCTS: Final = {
    "AWS::SQS::Queue": "Queue",
    "AWS::SNS::Topic": "Topic",
    "AWS::S3::Bucket": "Bucket",
    "AWS::Kinesis::Stream": "Stream",
    "AWS::DynamoDB::Table": "Table",
}
# A document's sections as people read them.
_ORDER: Final = (
    *("application", "parameters", "conditions", "mappings", "defaults", "layers", "resources", "functions"),
    *("patterns", "cloudformation", "outputs"),
)
_NO_LETTERS: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """document: the value of a document, valid as `Settled` says. gaps: what was not carried over, by place."""

    document: Mapping[str, object]
    gaps: tuple[Diagnostic, ...]


def convert(template: TemplateFile, document_path: Path) -> Conversion:
    """The document that a template, or a serverless.yml, begins.

    document_path: where it will stand; paths in it are relative to that. Code that stands in the template is written
    to directories beside it.
    SourceError when it is neither, or nothing of it can be said in a document.
    """
    directory = document_path.absolute().parent
    inline = InlineCode(template.path.absolute().parent, directory)
    try:
        return _converted(template, directory, inline)
    except BaseException:
        inline.remove()
        raise


def _converted(template: TemplateFile, directory: Path, inline: InlineCode) -> Conversion:
    if is_plain(template.content):
        template = plain_template.as_sam(template, inline)
    elif is_serverless(template.content):
        template = as_sam(template)
    else:
        template = prepared(_checked(template), inline)
    reading = _Reading(template, _resources(template), directory)
    document = reading.document()
    result: Settled = settled(document, directory, reading.origins)
    for pointer, problem in result.told:
        reading.gaps.add(pointer, problem)
    gaps = reading.gaps.diagnostics()
    if not result.document:
        problem = "nothing of the template can be said in a document"
        raise SourceError(*gaps, Diagnostic(path=str(template.path), problem=problem, code="LK253"))
    return Conversion(document=result.document, gaps=gaps)


def _resources(template: TemplateFile) -> Mapping[str, Mapping[str, object]]:
    resources = template.content.get("Resources")
    written = resources.items() if isinstance(resources, Mapping) else ()
    return {name: resource for name, resource in written if isinstance(resource, Mapping)}


def _checked(template: TemplateFile) -> TemplateFile:
    """The template itself. SourceError for anything but one of SAM's."""
    content, path = template.content, str(template.path)
    transforms = content.get("Transform")
    if TRANSFORM not in (transforms if isinstance(transforms, list) else [transforms]):
        line, column = template.place(("Transform",))
        problem = f"this is no SAM template, as it does not ask for {TRANSFORM}, and has no AWS::Lambda::Function"
        hint = "a template of the CDK's is deployed as it is: pass its assembly or project to `lambdakit run`"
        raise SourceError(Diagnostic(path=path, line=line, column=column, problem=problem, code="LK252", hint=hint))
    return template


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
        self._taken: list[Owned] = []
        self._uses = Uses(template.content, resources)
        self._raw = RawParts(template.content, self.gaps)
        self._parts = FunctionParts(self._raw, self.gaps)
        self._patterns: dict[str, Settings] = {}
        self._functions: dict[str, Settings] = {}
        self._sharing = Sharing(resources, self._uses, self._owned, self._raw, self.gaps)
        self._general_layers: list[str] = []
        self._layers = Layers(resources, self._owned, self.gaps)
        self._defaults: Settings = {}
        self._routes = ApiRoutes(
            patterns=self._patterns,
            resources=resources,
            general=self._general,
            below=self._below,
            free=self._free,
            owned=self._owned,
            gaps=self.gaps,
            origins=self.origins,
            names=self._raw.names,
        )
        self._grants = Grants(
            resources, self._owned, self._properties, self.gaps, self.origins, self._sharing.names, self._raw.lay
        )

    def document(self) -> Settings:
        """The document, which its own rules may still refuse."""
        self._read_defaults()
        self._layers.read(self._properties, self._local, self.origins)
        self._sharing.read(self._properties, self.origins)
        for logical_id, resource in self._resources.items():
            if resource.get("Type") == FUNCTION:
                self._function(logical_id)
        self._rest()
        document: Settings = {"application": self._name(), "defaults": self._defaults}
        sections = (("layers", self._layers.found), ("resources", self._sharing.found), ("functions", self._functions))
        document |= {key: section for key, section in sections if section}
        document["patterns"] = self._patterns
        self._raw.write(document, self.origins)
        document = {key: document[key] for key in _ORDER if key in document}
        for name in sorted(self._parameters.used):
            problem = "its default stands in the document wherever no text or override can name the parameter"
            self.gaps.add(("Parameters", name), problem, "see `environments` for values that differ")
        return document

    def _name(self) -> str:
        words = _NO_LETTERS.sub("-", self._template.name or self._document_directory.name).strip("-")
        return words[:100] if words[:1].isalpha() else "application"

    def _properties(self, logical_id: str) -> Properties:
        return self._below(self._resources[logical_id].get("Properties"), ("Resources", logical_id, "Properties"))

    def _below(self, value: object, pointer: Pointer, gaps: Gaps | None = None) -> Properties:
        return Properties(value, pointer, gaps=gaps or self.gaps, parameters=self._parameters)

    def _general(self, name: str) -> Mapping[str, object]:
        found = self._globals.get(name) if isinstance(self._globals, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _local(self, path: str) -> str:
        return local_directory(path, self._template_directory, self._document_directory)

    def _type(self, logical_id: object) -> str:
        return str(self._resources.get(str(logical_id), {}).get("Type"))

    def _read_defaults(self) -> None:
        general = self._below(self._general("Function"), ("Globals", "Function"))
        self._defaults = {**SAM_DEFAULTS, **general_settings(general)}
        if variables := self._parts.general_environment(general):
            self._defaults["environment"] = variables
        self._general_layers = self._layers.names(general)
        if self._general_layers:
            self._defaults["layers"] = self._general_layers
        general.leave(*OF_EACH)
        general.finish(property_hint)

    def _function(self, logical_id: str) -> None:
        here: Pointer = ("Resources", logical_id)
        self._owned.add(logical_id)
        for attribute in self._resources[logical_id]:
            if attribute in ("Condition", "DependsOn", "DeletionPolicy", "Connectors"):
                self.gaps.add((*here, attribute), "not carried over")
        written = self._resources[logical_id].get("Properties")
        general = {key: value for key, value in self._general("Function").items() if key in OF_EACH}
        own = written if isinstance(written, Mapping) else {}
        properties = self._below(merged(general, own), (*here, "Properties"))
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
        granted = list(accesses(properties, events if isinstance(events, Mapping) else {}))
        variables, laid = self._parts.environment(properties)
        if variables:
            settings["environment"] = variables
        if layers := self._layers.names(properties):
            settings["layers"] = [*self._general_layers, *layers]
        if (text := properties.text("Description")) is not None:
            settings["description"] = text
        if (name := properties.text("FunctionName")) is not None:
            settings["function_name"] = name
        function_url(properties, settings)
        placed = self._started(logical_id, settings, events if isinstance(events, Mapping) else {}, granted)
        # The last is what the Serverless Framework calls it.
        framework = f"{logical_id[:1].upper()}{logical_id[1:]}LambdaFunction"
        self._raw.names |= {logical_id: placed.name, f"{logical_id}Role": placed.role, framework: placed.name}
        if "AutoPublishAlias" in properties:
            self._raw.names[f"{logical_id}.Alias"] = str(placed.alias(self._defaults)["Ref"])
        self._parts.lay_environment(placed, laid, self._grants.table_of(placed.pattern))
        has_layers = bool(layers or self._general_layers)
        for layer, place in self._layers.apart((*here, "Properties"), has_named=has_layers):
            self._raw.append(placed.owner, placed.override_path(), "Layers", layer, place)
        self._parts.lay_rest(placed, properties)
        properties.finish(property_hint)

    def _started(
        self, logical_id: str, settings: Settings, events: Mapping[str, object], granted: list[Access]
    ) -> Placed:
        """Puts the function where what starts it says: in one pattern, with all other events in raw parts."""
        home: str | None = None
        left: list[tuple[str, str, Pointer, Mapping[str, object]]] = []
        for name, event in events.items():
            pointer: Pointer = ("Resources", logical_id, "Properties", "Events", name)
            kind = event.get("Type") if isinstance(event, Mapping) else None
            if not isinstance(event, Mapping) or not isinstance(kind, str):
                self.gaps.add(pointer, "it is no event with a Type")
                continue
            written = event.get("Properties")
            place = (*pointer, "Properties")
            if kind in API_EVENTS:
                if home is None or self._patterns[home]["kind"] == "api_backend":
                    home = self._routes.add(logical_id, settings, kind, self._below(written, place), home)
                else:
                    hint = "write the API's events before the others, so that it is the function's pattern"
                    self.gaps.add(pointer, f"a document's function has one pattern, and this one has {home}", hint)
            elif home is not None or (key := self._processing(logical_id, settings, kind, written, place)) is None:
                left.append((name, kind, pointer, written if isinstance(written, Mapping) else {}))
            else:
                home = key
        placed = self._placed(logical_id, settings, home)
        for name, kind, pointer, properties in left:
            self._parts.add_event(placed, self._defaults, name, kind, properties, pointer)
        for access in self._grants.give(home, placed, granted):
            self._parts.allow(placed, access, ("Resources", logical_id, "Properties", "Policies", *access.place))
        return placed

    def _placed(self, logical_id: str, settings: Settings, home: str | None) -> Placed:
        if home is not None:
            kind = str(self._patterns[home]["kind"])
            name = function_name(logical_id) if kind == "api_backend" else home
            return Placed(
                logical_id=logical_id,
                name=name,
                owner=self._patterns[home],
                settings=self._settings_at(home, name, settings),
                pattern=home,
                kind=kind,
            )
        name = self._free(function_name(logical_id))
        self._functions[name] = settings
        self.origins["functions", name] = ("Resources", logical_id)
        return Placed(logical_id=logical_id, name=name, owner=settings, settings=settings)

    def _settings_at(self, home: str, name: str, settings: Settings) -> Settings:
        """The function's settings as the pattern holds them, which a route has copied."""
        routes = self._patterns[home].get("routes")
        for route in routes.values() if isinstance(routes, dict) else ():
            if route.get("name") == name:
                found: Settings = route
                return found
        return settings

    def _processing(
        self, logical_id: str, settings: Settings, kind: str, written: object, place: Pointer
    ) -> str | None:
        """The key of a new pattern; None where it could not say all of the event, and raw parts can."""
        trial, owned = Gaps(self._template), set(self._owned)
        self._taken = []
        is_stream = kind in STREAM_EVENTS
        reader = stream_source if is_stream else event_source
        source = reader(kind, self._below(written, place, trial), self._owner)
        if source is None or (not trial.is_empty and self._parts.can_say(kind, written)):
            self._owned.clear()
            self._owned |= owned
            return None
        self.gaps.take(trial)
        key = self._free(function_name(logical_id))
        pattern: Settings = {
            "kind": "stream_processing" if is_stream else "event_processing",
            "source": source,
            "function": settings,
        }
        self._patterns[key] = pattern
        self.origins["patterns", key] = ("Resources", logical_id)
        self.origins["patterns", key, "source"] = place[:-1]
        for one in self._taken:
            if not one.name:
                self._lay_own(pattern, one)
        return key

    def _lay_own(self, pattern: Settings, one: Owned) -> None:
        type_name = self._type(one.logical_id)
        is_table = KIND_WORDS[type_name] == "table"
        for key, value in (table_overrides(one.properties) if is_table else one.properties.rest()).items():
            place: Pointer = ("Resources", one.logical_id, "Properties", key)
            self._raw.lay(pattern, _CONSTRUCTS[type_name], [key], value, place)

    def _owner(self, value: object, type_name: str) -> Owned | None:
        logical_id = referred(value)
        if logical_id is None or self._type(logical_id) != type_name:
            return None
        if logical_id in self._sharing.names:
            found = Owned(
                logical_id=logical_id, properties=self._properties(logical_id), name=self._sharing.names[logical_id]
            )
        elif logical_id in self._owned or not self._uses.is_own(logical_id):
            return None
        else:
            self._owned.add(logical_id)
            written = self._resources[logical_id].get("Properties")
            redrive = written.get("RedrivePolicy") if isinstance(written, Mapping) else None
            # The pattern's failure queue stands for it.
            letters = referred(redrive.get("deadLetterTargetArn")) if isinstance(redrive, Mapping) else None
            if letters is not None and self._uses.is_letters_only(letters):
                self._owned.add(letters)
            found = Owned(logical_id=logical_id, properties=self._properties(logical_id))
        self._taken.append(found)
        return found

    def _rest(self) -> None:
        """Carries over what no function led to as it is, and notes what SAM alone has a word for."""
        for logical_id, resource in self._resources.items():
            if logical_id in self._owned:
                continue
            kind = str(resource.get("Type"))
            written = resource.get("Properties")
            if kind == STATE_MACHINE and isinstance(written, Mapping):
                add_state_machine(logical_id, written, self._template_directory, raw=self._raw, gaps=self.gaps)
            elif kind.startswith(_SERVERLESS) or "Type" not in resource:
                problem = f"a resource of the type {kind} is not carried over"
                self.gaps.add(("Resources", logical_id), problem, hint_of_kind(kind))
            else:
                self._raw.add(logical_id, resource, ("Resources", logical_id))
        self._parts.join_events()

    def _free(self, key: str) -> str:
        name, number = key, 2
        while name in self._patterns or name in self._functions:
            name, number = f"{key}_{number}", number + 1
        return name
