"""The difference between two states of an application, as data."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from lambdakit.assembly.source_map import SourcePlace
from lambdakit.records import dataclass


class Action(StrEnum):
    """What a deployment does to a resource."""

    ADD = "add"
    REMOVE = "remove"
    UPDATE = "update"
    REPLACE = "replace"
    MAY_REPLACE = "may replace"


class Replaces(StrEnum):
    """Whether a property's change takes a new resource."""

    NO = "no"
    MAY = "may"
    YES = "yes"


class Aspect(StrEnum):
    """What of security a change is about."""

    IAM = "IAM"
    RESOURCE_POLICY = "resource policy"
    SECURITY_GROUP = "security group"
    PUBLIC_ACCESS = "public access"
    AUTHORIZATION = "authorization"
    ENCRYPTION = "encryption"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """Files of an asset that differ, relative to it, sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """One value.

    path: `Environment.Variables.LEVEL`, `Tags[team]`. before, after: as in the template; None when there is none.
    is_asset: only the content of a file or directory changed, not where it is used.
    files: which files of it; None when they cannot be compared.
    follows: the logical id of a replaced resource whose new id or attribute the value takes; empty otherwise, and then
    `before` and `after` differ.
    """

    path: str
    before: object
    after: object
    replaces: Replaces = Replaces.NO
    is_asset: bool = False
    files: FileChanges | None = None
    follows: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One resource.

    name: its construct path without the stack. properties: values below `Properties`; attributes: those beside.
    notes: what follows from the change of resources that stand for this one's state, such as versions.
    is_stateful: whether it holds data. is_kept: whether what is deleted or replaced stays in the account.
    moved: the logical id of the resource of equal properties that this one was, or becomes; empty otherwise.
    place: where the document asks for it; None when that is not known.
    """

    stack: str
    logical_id: str
    type: str
    name: str
    action: Action
    properties: tuple[PropertyChange, ...] = ()
    attributes: tuple[PropertyChange, ...] = ()
    notes: tuple[str, ...] = ()
    is_stateful: bool = False
    is_kept: bool = False
    moved: str = ""
    place: SourcePlace | None = None

    @property
    def ends_the_old(self) -> bool:
        """Whether what is there now goes, or may go."""
        return self.action in (Action.REMOVE, Action.REPLACE, Action.MAY_REPLACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityChange:
    """One thing that becomes allowed, or stops being so. added: False for what goes."""

    stack: str
    logical_id: str
    name: str
    aspect: Aspect
    added: bool
    text: str
    place: SourcePlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDifference:
    """One stack. is_new, is_gone: whether only the later, or only the earlier state has it.

    parameters, outputs, others: path within the template's section, `Default` and the like below it.
    """

    name: str
    is_new: bool = False
    is_gone: bool = False
    resources: tuple[ResourceChange, ...] = ()
    parameters: tuple[PropertyChange, ...] = ()
    outputs: tuple[PropertyChange, ...] = ()
    others: tuple[PropertyChange, ...] = ()
    security: tuple[SecurityChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.is_new or self.is_gone or self.resources or self.parameters or self.outputs or self.others
        )  # what is about security is among the resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All that changes; empty, and so false, when nothing does. stacks: those that differ."""

    stacks: tuple[StackDifference, ...]

    def __bool__(self) -> bool:
        return bool(self.stacks)

    @property
    def endangered(self) -> tuple[ResourceChange, ...]:
        """What holds data and is deleted or replaced, or may be."""
        return tuple(change for change in self._resources() if change.is_stateful and change.ends_the_old)

    def _resources(self) -> Iterator[ResourceChange]:
        for stack in self.stacks:
            yield from stack.resources
