"""The resources of a template while functions of CloudFormation's become SAM's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lambdakit.sam.policies import referred
from lambdakit.sam.references import mentions
from lambdakit.sam.uses import FUNCTION
from lambdakit.spec.pointer import Pointer

_PERMISSION: Final = "AWS::Lambda::Permission"
_OF_PERMISSIONS: Final = frozenset({"Action", "FunctionName", "Principal", "SourceArn", "SourceAccount"})


class PlainParts:
    """One template's. written: pointer in what it becomes -> pointer in the file. noted: what is to be told."""

    def __init__(self, content: Mapping[str, object]) -> None:
        written = content.get("Resources")
        self.written: dict[Pointer, Pointer] = {}
        self.noted: list[tuple[Pointer, str, str]] = []
        self._content = content
        self._resources: dict[str, dict[str, Any]] = {
            name: dict(part) for name, part in (written.items() if isinstance(written, Mapping) else ()) if _is(part)
        }
        self._renamed: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self._names = frozenset(self._resources)
        # Of a function, and a service whose call of it is said by events: what these name.
        self._called: dict[tuple[str, str], list[tuple[object, frozenset[str]]]] = {}

    def of_type(self, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical id and properties of each."""
        for name, part in self._resources.items():
            if part.get("Type") in types:
                properties = part.get("Properties")
                yield name, properties if isinstance(properties, Mapping) else {}

    def type_of(self, logical_id: str | None) -> str:
        """The type of a resource; empty for none."""
        return str(self._resources.get(logical_id or "", {}).get("Type", ""))

    def is_bound(self, logical_id: str) -> bool:
        """Whether attributes of it say when it is there, or how long, which an event or a route could not say."""
        part = self._resources[logical_id]
        is_kept = any(part.get(key, "Delete") != "Delete" for key in ("DeletionPolicy", "UpdateReplacePolicy"))
        return is_kept or not part.keys().isdisjoint(("Condition", "CreationPolicy", "UpdatePolicy"))

    def is_conditional(self, logical_id: str) -> bool:
        """Whether it is there only on a condition."""
        return "Condition" in self._resources[logical_id]

    def function(self, value: object) -> str | None:
        """The function that a value names, or its alias, which is one of SAM's now; None for anything else."""
        name = referred(value)
        name = self._aliases.get(name or "", name)
        return name if name is not None and self.type_of(name) == FUNCTION else None

    def settings(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties, to be changed."""
        part = self._resources[logical_id]
        part["Properties"] = dict(part.get("Properties") or {})
        found: dict[str, Any] = part["Properties"]
        return found

    def replace(self, logical_id: str, type_name: str, properties: Mapping[str, Any]) -> None:
        """Makes it a resource of another type; of its attributes the metadata goes."""
        part = {key: value for key, value in self._resources[logical_id].items() if key != "Metadata"}
        self._resources[logical_id] = {**part, "Type": type_name, "Properties": dict(properties)}

    def add_event(
        self, function: str, name: str, kind: str, properties: Mapping[str, Any], origin: Pointer, service: str = ""
    ) -> None:
        """Adds an event to a function. origin: what says it. service: the principal that calls the function for it."""
        events: dict[str, Any] = self._resources[function]["Properties"]["Events"]
        label, number = name, 2
        while label in events:
            label, number = f"{name}{number}", number + 1
        events[label] = {"Type": kind, "Properties": dict(properties)}
        place: Pointer = ("Resources", function, "Properties", "Events", label)
        self.written[place] = origin
        self.written[(*place, "Properties")] = (*origin, "Properties") if len(origin) == 2 else origin
        if service:
            named = frozenset({str(origin[1]), *(each for each, _ in mentions(list(properties.values())))})
            said = self._called.setdefault((function, service), [])
            said += [(value, named) for value in properties.values()]

    def consume(self, *logical_ids: str) -> None:
        """Takes resources out that something else says now."""
        for logical_id in logical_ids:
            self._resources.pop(logical_id, None)

    def rename(self, logical_id: str, name: str) -> None:
        """Has references to a resource name another."""
        self._renamed[logical_id] = name

    def alias(self, logical_id: str, function: str) -> None:
        """Has a function publish its versions for an alias, which is no resource of its own any more."""
        self._aliases[logical_id] = function
        self.rename(logical_id, f"{function}.Alias")
        self.consume(logical_id)

    def note(self, pointer: Pointer, problem: str, hint: str = "") -> None:
        """Notes what the report tells."""
        self.noted.append((pointer, problem, hint))

    def users(self, logical_id: str) -> Iterator[Pointer]:
        """Where a resource is named by others."""
        for section in (self._resources, self._content.get("Outputs")):
            for name, place in mentions(section):
                if name == logical_id and place[:1] != (logical_id,):
                    yield place

    def drop_permissions(self) -> None:
        """Takes those out that events give: of the same function to the same service, for what an event names."""
        for logical_id, properties in list(self.of_type(_PERMISSION)):
            function = self.function(properties.get("FunctionName"))
            principal = str(properties.get("Principal")).partition(".")[0]
            said = self._called.get((function or "", principal), [])
            is_plain = properties.keys() <= _OF_PERMISSIONS and properties.get("Action") == "lambda:InvokeFunction"
            source = properties.get("SourceArn")
            named = {name for name, _ in mentions(source)} & self._names
            is_said = any((named and named <= names) or source == value for value, names in said)
            if source is not None and is_said and is_plain and not self.is_conditional(logical_id):
                self.consume(logical_id)

    def resources(self) -> dict[str, dict[str, Any]]:
        """All of them, whose references name what there is."""
        for part in self._resources.values():
            needed = part.get("DependsOn")
            names = needed if isinstance(needed, list) else [] if needed is None else [needed]
            kept = [name for name in names if isinstance(name, str) and name in self._resources]
            part.pop("DependsOn", None)
            if kept and part.get("Type") != FUNCTION:
                part["DependsOn"] = kept
        return {name: _renamed(part, self._renamed) for name, part in self._resources.items()}

    def outputs(self) -> Any:
        """The outputs, likewise."""
        return _renamed(self._content.get("Outputs"), self._renamed)


def _is(value: object) -> bool:
    return isinstance(value, Mapping)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if not names:
        return value
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    match value:
        case {"Ref": str() as name} if len(value) == 1:
            return {"Ref": names.get(name, name)}
        case {"Fn::GetAtt": [str() as name, *rest]} if len(value) == 1:
            return {"Fn::GetAtt": [names.get(name, name), *rest]}
        case {"Fn::Sub": str() as text} if len(value) == 1:
            for old, new in names.items():
                text = text.replace(f"${{{old}}}", f"${{{new}}}").replace(f"${{{old}.", f"${{{new}.")
            return {"Fn::Sub": text}
    return {key: _renamed(item, names) for key, item in value.items()}
