"""What of a function a document says in CloudFormation's words: variables, properties, rights and further events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.gaps import Gaps
from lambdakit.sam.placed import Placed
from lambdakit.sam.policies import Access, referred
from lambdakit.sam.properties import Properties, is_call
from lambdakit.sam.raw_events import raw_event, with_logical_ids
from lambdakit.sam.raw_parts import RawParts
from lambdakit.sam.statements import managed_policy, statements
from lambdakit.spec.parameter_texts import PSEUDO_PARAMETERS
from lambdakit.spec.pointer import Pointer

_IN_TEXT: Final = re.compile(r"\$\{([^}]*)\}")
_NO_LETTERS: Final = re.compile(r"[^A-Za-z0-9]+")
# Properties of a SAM function that are CloudFormation's own, and that a document has no word for, or another one.
_PLAIN: Final = frozenset({"KmsKeyArn", "FileSystemConfigs", "CodeSigningConfigArn", "RuntimeManagementConfig"})
# What Globals say of all functions, and a document of each.
OF_EACH: Final = ("CodeUri", "Handler", "VpcConfig", *sorted(_PLAIN))
_IN_A_VPC: Final = "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
_UNKNOWN: Final = "Fn::Variable"


class FunctionParts:
    """The raw parts that functions of one template need."""

    def __init__(self, raw: RawParts, gaps: Gaps) -> None:
        self._raw = raw
        self._gaps = gaps
        self._general: list[tuple[str, object, Pointer]] = []
        self._joined: list[tuple[str, str, object, Pointer, tuple[str, ...], object]] = []

    def general_environment(self, properties: Properties) -> dict[str, str]:
        """The variables of all functions; those that no text can hold are laid over each function."""
        texts, laid = self.environment(properties)
        for name, value in laid.items():
            self._general.append((name, value, (*properties.pointer, "Environment", "Variables", name)))
        return texts

    def environment(self, properties: Properties) -> tuple[dict[str, str], dict[str, object]]:
        """The variables that are texts, and those that are not, as they are written."""
        written = properties.raw("Environment")
        names = written.get("Variables") if isinstance(written, Mapping) else None
        if is_call(names):
            names = None
        if written is not None and not isinstance(names, Mapping):
            properties.gap("Environment", "its value is known only when the template is deployed")
        texts: dict[str, str] = {}
        laid: dict[str, object] = {}
        for name, value in names.items() if isinstance(names, Mapping) else ():
            text = self._text(value)
            if text is not None:
                texts[str(name)] = text
            elif isinstance(value, Mapping) and len(value) == 1 and _UNKNOWN not in value:
                laid[str(name)] = value
            else:
                place = (*properties.pointer, "Environment", "Variables", str(name))
                self._gaps.add(place, "its value is known only when the template is deployed")
        return texts, laid

    def lay_environment(self, placed: Placed, laid: Mapping[str, object], table: str | None) -> None:
        """Lays variables over the function. table: the pattern's, whose name the function has as TABLE_NAME anyway."""
        place: Pointer = ("Resources", placed.logical_id, "Properties", "Environment", "Variables")
        own = {name: (value, (*place, name)) for name, value in laid.items()}
        for name, (value, origin) in {**{name: (value, at) for name, value, at in self._general}, **own}.items():
            if name == "TABLE_NAME" and table is not None and value == {"Ref": table}:
                continue
            if name in (placed.settings.get("environment") or {}):  # type: ignore[operator]  # a mapping
                continue
            self._raw.lay(placed.owner, placed.override_path(), ["Environment", "Variables", name], value, origin)

    def lay_rest(self, placed: Placed, properties: Properties) -> None:
        """Lays properties over the function that are CloudFormation's own."""
        for name in sorted(_PLAIN):
            if name in properties:
                self._raw.lay(
                    placed.owner, placed.override_path(), [name], properties.raw(name), (*properties.pointer, name)
                )
        role = properties.raw("Role") if "Role" in properties else None
        if referred(role) is not None and role != {"Ref": referred(role)}:
            pointer = (*properties.pointer, "Role")
            self._raw.lay(placed.owner, placed.override_path(), ["Role"], role, pointer)
            hint = "let it also send to the pattern's failure queue, if it has one"
            properties.gap("Role", "the role stays as it is, without what a document's own would have besides", hint)
        network = properties.raw("VpcConfig") if "VpcConfig" in properties else None
        if isinstance(network, Mapping) and {"SubnetIds", "SecurityGroupIds"} <= set(network):
            pointer = (*properties.pointer, "VpcConfig")
            self._raw.lay(placed.owner, placed.override_path(), ["VpcConfig"], network, pointer)
            self._attach(placed, {"Fn::Sub": _IN_A_VPC}, pointer)
        elif network is not None:
            properties.gap("VpcConfig", "not carried over", "a document's network is that of all its functions")

    def allow(self, placed: Placed, access: Access, origin: Pointer) -> None:
        """Gives the function what a policy of it says, in the policy's own words."""
        found = statements(access.policy)
        for statement in found or ():
            self._raw.allow(placed.logical_id, placed.role, statement, origin)
        if found is not None:
            return
        if (arn := managed_policy(access.policy)) is not None:
            self._attach(placed, arn, origin)
            return
        policy = access.policy
        name = ", ".join(map(str, policy)) if isinstance(policy, Mapping) else policy
        self._gaps.add(origin, f"the policy {name} is not carried over", "a document grants by table_access and grants")

    def can_say(self, kind: str, written: object) -> bool:
        """Whether raw parts hold all of an event."""
        found, left = raw_event(kind, written if isinstance(written, Mapping) else {}, {})
        return bool(found.resources) and not left and found.notification is None

    def add_event(
        self,
        placed: Placed,
        defaults: Settings,
        name: str,
        kind: str,
        written: Mapping[str, object],
        pointer: Pointer,
    ) -> None:
        """Has the event start the function, beside the pattern's own."""
        handler = placed.alias(defaults)
        found, left = raw_event(kind, written, handler)
        if not found.resources:
            self._gaps.add(pointer, f"an event of the type {kind} is not carried over")
            return
        for key in left:
            self._gaps.add((*pointer, "Properties", key), "not carried over")
        logical_id = placed.logical_id + _NO_LETTERS.sub("", name)
        for end, resource in found.resources.items():
            self._raw.add(f"{logical_id}{end}", with_logical_ids(resource, logical_id), pointer)
        for statement in found.statements:
            policy = self._raw.allow(placed.logical_id, placed.role, statement, pointer)
            self._raw.depend(logical_id, policy)
        for target, path in ((found.trigger, ("LambdaConfig",)), (found.notification, ("NotificationConfiguration",))):
            if target is not None:
                owner = referred(target[0]) or ""
                self._joined.append((owner, logical_id, handler, pointer, path, target[1]))

    def join_events(self) -> None:
        """Tells the resources that tell of events whom to invoke, once all of them are there."""
        for owner, logical_id, handler, pointer, path, told in self._joined:
            if not self._raw.holds(owner):
                problem = (
                    "it is started by a resource that the document has in another way, or that is not the template's"
                )
                self._gaps.add(pointer, problem, "write a pattern of its own, or one function for each event")
                continue
            if path == ("LambdaConfig",):
                for trigger in told if isinstance(told, tuple) else ():
                    self._raw.change(owner, (*path, str(trigger)), handler)
            else:
                self._raw.change(owner, (*path, "LambdaConfigurations"), list(told) if isinstance(told, tuple) else [])
                self._raw.depend(owner, logical_id)

    def _attach(self, placed: Placed, arn: Any, origin: Pointer) -> None:
        path = placed.override_path("Role")
        self._raw.append(placed.owner, path, "ManagedPolicyArns", arn, origin)

    def _text(self, value: object) -> str | None:
        """The value as a text of a document; None where no text can say it."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return self._raw.escaped(str(value))
        match value:
            case {"Ref": str() as name} if self._can_stand(name):
                return f"${{{name}}}"
            case {"Fn::Sub": str() as text} if all(self._can_stand(name) for name in _IN_TEXT.findall(text)):
                return text
        return None

    def _can_stand(self, name: str) -> bool:
        return name in PSEUDO_PARAMETERS or self._raw.parameter_text(name)
