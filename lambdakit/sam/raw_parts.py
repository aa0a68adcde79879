"""What of a template a document says in CloudFormation's own words: resources, overrides, conditions and outputs.

Parts are gathered with the template's names, and get the document's when all of it is known. What then names something
that the document does not have is a gap, and so is what names that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.references import UnsaidError, mentions, rewritten
from lambdakit.spec.names import pascal_case, snake_case
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.output_names import RESOURCE_OUTPUTS

# Of a resource, what a document's raw resource has besides its type.
_ATTRIBUTES: Final = (
    *("Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy"),
    *("UpdatePolicy",),
)
_OF_PARAMETERS: Final = (
    *("Type", "Default", "Description", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength", "MinValue"),
    *("MaxValue", "NoEcho", "ConstraintDescription"),
)
_OUTPUT_ENDS: Final = (
    *("Url", "ApiKeyId", "ConnectionsUrl", "DomainTarget", "TableName", "UserPoolId", "UserPoolClientId"),
    *("DashboardName", "FailureQueueUrl", "FunctionUrl", *RESOURCE_OUTPUTS.values()),
)
_VERSION: Final = "2012-10-17"
_REFERENCE: Final = re.compile(r"\$\{(?=(AWS::)?[A-Za-z0-9_]+\})")


class RawParts:
    """Gathered from one template.

    names: what the template calls a thing -> what the document does; filled by others meanwhile.
    """

    def __init__(self, content: Mapping[str, object], gaps: Gaps) -> None:
        self.names: dict[str, str] = {}
        self._content = content
        self._gaps = gaps
        self._resources: dict[str, tuple[Mapping[str, Any], Pointer]] = {}
        self._overrides: list[tuple[Settings, str, list[str], object, Pointer]] = []
        self._appended: list[tuple[Settings, str, str, object, Pointer]] = []
        self._is_escaped = False
        self._statements: dict[str, tuple[str, list[tuple[object, Pointer]]]] = {}
        self._required: dict[str, list[str]] = {}

    def add(self, logical_id: str, resource: Mapping[str, Any], origin: Pointer) -> None:
        """A resource as it is."""
        self._resources[logical_id] = ({"Type": resource.get("Type"), **_kept(resource)}, origin)

    def holds(self, logical_id: str) -> bool:
        """Whether there is such a resource."""
        return logical_id in self._resources

    def change(self, logical_id: str, path: tuple[str, ...], value: object) -> None:
        """Writes a value into a resource's properties; a list is added to what is there."""
        resource, origin = self._resources[logical_id]
        properties = _copied(resource.get("Properties") or {})
        owner = properties
        for key in path[:-1]:
            inner = owner.get(key)
            owner[key] = inner if isinstance(inner, dict) else {}
            owner = owner[key]
        before = owner.get(path[-1])
        owner[path[-1]] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
        self._resources[logical_id] = ({**resource, "Properties": properties}, origin)

    def depend(self, logical_id: str, on: str) -> None:
        """Has a resource made after another."""
        self._required.setdefault(logical_id, []).append(on)

    def allow(self, logical_id: str, role: str, statement: object, origin: Pointer) -> str:
        """Lets a function do something. logical_id: the function's; role: its role's path. The policy's logical id."""
        self._statements.setdefault(f"{logical_id}Policy", (role, []))[1].append((statement, origin))
        return f"{logical_id}Policy"

    def lay(self, owner: Settings, path: str, steps: list[str], value: object, origin: Pointer) -> None:
        """Lays a property over what a part of the document writes. owner: the part; steps: to the property."""
        self._overrides.append((owner, path, steps, value, origin))

    def append(self, owner: Settings, path: str, name: str, item: object, origin: Pointer) -> None:
        """Adds an item to a list that is laid over what a part of the document writes."""
        self._appended.append((owner, path, name, item, origin))

    @property
    def has_parameters(self) -> bool:
        """Whether `${Name}` in a text may be a parameter."""
        return bool(self._parameters())

    def escaped(self, text: str) -> str:
        """A text that stands for itself."""
        if not self.has_parameters:
            return text.replace("${AWS::", "${!AWS::")
        found = _REFERENCE.sub("${!", text)
        self._is_escaped |= found != text
        return found

    def write(self, document: Settings, origins: dict[Pointer, Pointer]) -> None:
        """Puts all of it into the document."""
        known = {**self.names, **{name: name for name in self._parameters()}}
        resources = self._resolved({**known, **{name: name for name in self._resources}})
        known |= {name: name for name in resources}
        for name, (policy, origin) in list(self._policies(known)):
            resources[name] = policy
            self._resources[name] = ({}, origin)
            known[name] = name
        self._order(resources)
        self._write_overrides(known)
        outputs = self._outputs(known, _own_outputs(document))
        conditions, mappings = self._sections("Conditions"), self._sections("Mappings")
        said: list[object] = [resources, outputs, document]
        if conditions and any(_conditions_in(said)):
            document["conditions"] = {name: rewritten(each, known) for name, each in conditions.items()}
        if mappings and any("Fn::FindInMap" in str(each) for each in (*said, conditions)):
            document["mappings"] = mappings
        parameters = self._used_parameters([resources, outputs, document.get("conditions"), document])
        for section, written in (("parameters", parameters), ("cloudformation", resources), ("outputs", outputs)):
            if written:
                document[section] = written
        self._tell_places(origins)

    def _order(self, resources: dict[str, dict[str, Any]]) -> None:
        """Has resources made after those that they need without naming them."""
        for name in self._required.keys() & resources.keys():
            before = resources[name].get("DependsOn", [])
            needed = [each for each in dict.fromkeys(self._required[name]) if each in resources]
            if needed:
                resources[name] = {**resources[name], "DependsOn": [*before, *needed]}

    def _tell_places(self, origins: dict[Pointer, Pointer]) -> None:
        for name, (_, origin) in self._resources.items():
            origins["cloudformation", name] = origin
        for section in ("Outputs", "Conditions", "Parameters", "Mappings"):
            origins[section.lower(),] = (section,)
            for name in self._sections(section):
                origins[section.lower(), name] = (section, name)

    def parameter_text(self, name: str) -> bool:
        """Whether `${name}` in a text of the document is that parameter."""
        declared = self._parameters().get(name)
        return isinstance(declared, Mapping) and "List" not in str(declared.get("Type", "String"))

    def _sections(self, name: str) -> Mapping[str, Any]:
        found = self._content.get(name)
        return found if isinstance(found, Mapping) else {}

    def _parameters(self) -> Mapping[str, Any]:
        return self._sections("Parameters")

    def _resolved(self, names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """The resources with the document's names, without those that cannot have them, until none is left so."""
        left = dict(self._resources)
        while True:
            known = {**names, **{name: name for name in left}}
            known = {name: meant for name, meant in known.items() if name not in self._resources or name in left}
            found: dict[str, dict[str, Any]] = {}
            lost = []
            for name, (resource, origin) in left.items():
                try:
                    found[name] = _resolved(resource, known)
                except UnsaidError as error:
                    kind = resource.get("Type")
                    problem = f"a resource of the type {kind} is not carried over: it names {error.name}"
                    self._gaps.add(origin, f"{problem}, which the document does not have in this way")
                    lost.append(name)
            if not lost:
                return found
            for name in lost:
                del left[name]

    def _policies(self, known: Mapping[str, str]) -> Iterator[tuple[str, tuple[dict[str, Any], Pointer]]]:
        for name, (role, statements) in self._statements.items():
            kept, place = [], statements[0][1]
            for statement, origin in statements:
                try:
                    kept.append(rewritten(statement, known))
                except UnsaidError as error:
                    self._gaps.add(origin, f"not carried over: it names {error.name}, which the document does not have")
            if kept:
                policy = {"Version": _VERSION, "Statement": kept}
                properties = {"RoleName": {"Ref": role}, "PolicyName": "Template", "PolicyDocument": policy}
                yield name, ({"Type": "AWS::IAM::RolePolicy", "Properties": properties}, place)

    def _write_overrides(self, known: Mapping[str, str]) -> None:
        for owner, path, steps, value, origin in self._overrides:
            try:
                laid = rewritten(value, known)
            except UnsaidError as error:
                self._gaps.add(origin, f"not carried over: it names {error.name}, which the document does not have")
                continue
            place = owner.setdefault("overrides", {})
            for step in (path, *steps[:-1]):
                place = place.setdefault(step, {})  # type: ignore[attr-defined]  # mappings all the way down
            place[steps[-1]] = laid  # type: ignore[index]  # likewise
        for owner, path, name, item, origin in self._appended:
            try:
                added = rewritten(item, known)
            except UnsaidError as error:
                self._gaps.add(origin, f"not carried over: it names {error.name}, which the document does not have")
                continue
            overrides: Any = owner.setdefault("overrides", {})
            listed = overrides.setdefault(path, {}).setdefault(name, [])
            if added not in listed:
                listed.append(added)

    def _outputs(self, known: Mapping[str, str], taken: Set[str]) -> dict[str, object]:
        """taken: the names of the document's own."""
        found: dict[str, object] = {}
        for name, output in self._sections("Outputs").items():
            if not isinstance(output, Mapping) or "Value" not in output:
                self._gaps.add(("Outputs", name), "it is no output with a Value")
                continue
            try:
                settings: Settings = {"value": rewritten(output["Value"], known)}
                export = output.get("Export")
                if isinstance(export, Mapping) and "Name" in export:
                    settings["export_name"] = rewritten(export["Name"], known)
            except UnsaidError as error:
                problem = f"not carried over: it names {error.name}"
                hint = "a document's APIs, tables and the like have outputs of their own, called after their patterns"
                self._gaps.add(("Outputs", name), problem, hint)
                continue
            for key, word in (("Description", "description"), ("Condition", "condition")):
                if isinstance(output.get(key), str):
                    settings[word] = " ".join(output[key].split())
            called = name
            if name in taken:
                called = f"Template{name}"
                self._gaps.add(("Outputs", name), f"it is called {called}, as the document has a {name} of its own")
            found[called] = settings
        return found

    def _used_parameters(self, values: list[object]) -> dict[str, object]:
        used = {name for value in values for name, _ in mentions(value)}
        texts = str(values[-1])
        found: dict[str, object] = {}
        for name, declared in self._parameters().items():
            if (self._is_escaped or name in used or f"${{{name}}}" in texts) and isinstance(declared, Mapping):
                found[name] = {snake_case(key): declared[key] for key in _OF_PARAMETERS if key in declared}
        return found


def _kept(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: resource[key] for key in _ATTRIBUTES if key in resource}


def _copied(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(item) if isinstance(item, Mapping) else item for key, item in value.items()}


def _resolved(resource: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in resource.items():
        if key == "DependsOn":
            names = value if isinstance(value, list) else [value]
            for name in names:
                if name not in known:
                    raise UnsaidError(str(name))
            found[key] = [known[name] for name in names]
        else:
            found[key] = rewritten(value, known) if key != "Type" else value
    return found


def _own_outputs(document: Settings) -> set[str]:
    """Names that outputs of the document's patterns and resources may have."""
    sections = [document.get(name) for name in ("patterns", "resources", "functions")]
    names = [str(name) for section in sections if isinstance(section, Mapping) for name in section]
    return {f"{pascal_case(name)}{end}" for name in names for end in _OUTPUT_ENDS}


def _conditions_in(values: list[Any]) -> Iterator[str]:
    """Where a condition is named."""
    for value in values:
        if isinstance(value, list):
            yield from _conditions_in(value)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                if key in ("Condition", "condition", "Fn::If"):
                    yield str(item)
                yield from _conditions_in([item])
