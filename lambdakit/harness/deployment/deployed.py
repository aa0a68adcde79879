"""What is deployed: stacks with their resources, by account, region and name."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any

from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.deployment.stack_ids import stack_id
from lambdakit.harness.deployment.stack_record import StackEvent, StackRecord
from lambdakit.records import dataclass

NESTED_STACK = "AWS::CloudFormation::Stack"
USER_INITIATED = "User Initiated"
# CloudFormation tells of them for 90 days; a test run deletes more than anybody asks for.
_DELETED_MAX = 500


@dataclass(slots=True, kw_only=True, eq=False)
class DeployedStack:
    """A stack in the account.

    resources: by logical id, in the order of creation. status: as CloudFormation calls it.
    parent: the stack that this one is nested in; None for one that stands by itself.
    imports: the exports of other stacks that it uses. export_names: name of an output -> what it is exported as.
    unwanted: what an update that was stopped half-way has not deleted yet.
    tell: told of each event; None as long as the stack is not in the account. untold: what it is still to be told.
    """

    name: str
    stack_id: str
    account_id: str
    region: str
    resources: dict[str, Created] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)
    export_names: dict[str, str] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    parent: DeployedStack | None = None
    status: str = "CREATE_COMPLETE"
    record: StackRecord = field(default_factory=StackRecord)
    unwanted: list[tuple[DeployedStack, Created]] = field(default_factory=list)
    tell: Callable[[DeployedStack, StackEvent], None] | None = None
    untold: list[StackEvent] = field(default_factory=list)

    def begin(self, at: datetime, status: str, reason: str = "") -> None:
        """The same as `move`, but nobody is told before something else has happened."""
        self.status, self.record.reason = status, ""
        self.happened(at, status, reason=reason, told=False)

    def settle(self, at: datetime, status: str) -> None:
        """The same as `move`, but nobody is told when nothing has happened since `begin`."""
        is_told = not self.untold
        self.status, self.record.reason = status, ""
        self.happened(at, status, told=is_told)
        self.untold = []

    def move(self, at: datetime, status: str, reason: str = "") -> None:
        """Gives the stack another status, and adds the event. reason: why, where it is no success."""
        self.status = status
        self.record.reason = "" if reason == USER_INITIATED else reason
        self.happened(at, status, reason=reason)

    def happened(
        self,
        at: datetime,
        status: str,
        *,
        logical_id: str = "",
        type_name: str = "",
        physical_id: str = "",
        reason: str = "",
        told: bool = True,
    ) -> None:
        """Adds an event; of the stack itself when no resource is named. told: now, and not with the next one."""
        event = StackEvent(
            number=len(self.record.events),
            at=at,
            logical_id=logical_id or self.name,
            type=type_name or NESTED_STACK,
            physical_id=physical_id or ("" if logical_id else self.stack_id),
            status=status,
            reason=reason,
            token=self.root.record.token,
        )
        self.record.events.append(event)
        self.untold.append(event)
        if told and self.tell is not None:
            self.listen(self.tell)

    def listen(self, tell: Callable[[DeployedStack, StackEvent], None]) -> None:
        """From now on, each event is told; first those that nobody has been told of."""
        self.tell = tell
        untold, self.untold = self.untold, []
        for event in untold:
            tell(self, event)

    def event_id(self, event: StackEvent) -> str:
        """The id of one of its events."""
        return f"{event.logical_id}-{event.status}-{self.stack_id[-36:]}-{event.number}"

    @property
    def root(self) -> DeployedStack:
        """The stack that holds all the others that this one is nested in; itself when it stands by itself."""
        return self if self.parent is None else self.parent.root


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a deployment was asked to become. stacks: names; None for all of the assembly's."""

    directory: Path
    stacks: Sequence[str] | None
    parameters: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Deployment:
    """The stacks that one call deployed, in order, nested ones behind those that hold them.

    asked: the assemblies, stacks and parameters that brought it to what it is, one after the other.
    calls_seen: how many calls had changed a configuration when it was last what was asked for. versions: how often
    each of its stacks, by its id, had been changed then.
    """

    id: str
    asked: list[Asked] = field(default_factory=list)
    calls_seen: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    stacks: list[DeployedStack] = field(default_factory=list)
    duration_ms: float = 0.0

    @property
    def resources(self) -> list[Created]:
        """Every resource, in the order of creation."""
        return [created for stack in self.stacks for created in stack.resources.values()]


class Stacks:
    """All stacks of the harness, nested ones included."""

    def __init__(self) -> None:
        self._stacks: dict[str, DeployedStack] = {}
        self._deleted: deque[DeployedStack] = deque(maxlen=_DELETED_MAX)
        self._generations: dict[tuple[str, str, str], int] = {}
        self._numbers: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.RLock()
        self._is_unheard = False
        self._tell: Callable[[DeployedStack, StackEvent], None] = lambda stack, event: None

    def listen(self, tell: Callable[[DeployedStack, StackEvent], None]) -> None:
        """From now on, each event of a stack that is added is told. Absence: to nobody."""
        self._tell = tell

    @contextlib.contextmanager
    def unheard(self) -> Iterator[None]:
        """In here, nobody is told of any event."""
        self._is_unheard = True
        try:
            yield
        finally:
            self._is_unheard = False

    def add(self, stack: DeployedStack) -> None:
        """From now on it is there."""
        with self._lock:
            self._stacks[stack.stack_id] = stack
        stack.listen(self._told)

    def remove(self, stack: DeployedStack) -> None:
        """It is not there any more; nothing happens when it is not."""
        with self._lock:
            if self._stacks.pop(stack.stack_id, None) is not None:
                self._numbers[stack.account_id, stack.region, stack.name] += 1
                if stack.status == "DELETE_COMPLETE":
                    self._deleted.append(stack)

    def deleted(self) -> Sequence[DeployedStack]:
        """Those that were deleted, the last ones at least, the oldest first."""
        with self._lock:
            return list(self._deleted)

    def new_id(self, account_id: str, region: str, name: str) -> str:
        """The id of the next stack with this name."""
        return stack_id(account_id, region, name, number=self._numbers[account_id, region, name])

    def all(self) -> Sequence[DeployedStack]:
        """Every stack, the oldest first."""
        with self._lock:
            return list(self._stacks.values())

    def find(self, account_id: str, region: str, name: str) -> DeployedStack | None:
        """The stack with this name or id; None when there is none."""
        for stack in self.all():
            if name == stack.stack_id or (name, account_id, region) == (stack.name, stack.account_id, stack.region):
                return stack
        return None

    def nested_in(self, stack: DeployedStack) -> Sequence[DeployedStack]:
        """Those that a stack holds directly."""
        return [other for other in self.all() if other.parent is stack]

    def keep(self, created: Created) -> None:
        """A resource stays in the account that its stack does not have any more.

        What is made for a stack of that name later must get another name: the kept one's, or one that follows from
        another resource's name as `/aws/lambda/` with a function's does, would be taken. On AWS every name is random.
        """
        resource = created.resource
        place = (resource.account_id, resource.region, resource.stack)
        with self._lock:
            self._generations[place] = max(self._generations.get(place, 0), created.resource.generation + 1)

    def generation(self, stack: DeployedStack) -> int:
        """The first generation of resources whose names none has that was kept."""
        return self._generations.get((stack.account_id, stack.region, stack.name), 0)

    def exporter(self, account_id: str, region: str, name: str) -> DeployedStack | None:
        """The stack that exports a name. Exports are shared by one account and region.

        CloudFormation User Guide, "Get exported outputs from a deployed CloudFormation stack".
        """
        for stack in self.all():
            if (stack.account_id, stack.region) == (account_id, region) and name in stack.exports:
                return stack
        return None

    def importers(self, exporter: DeployedStack, name: str) -> Iterator[DeployedStack]:
        """The stacks that use an export."""
        for stack in self.all():
            if (stack.account_id, stack.region) == (exporter.account_id, exporter.region) and name in stack.imports:
                yield stack

    def _told(self, stack: DeployedStack, event: StackEvent) -> None:
        if not self._is_unheard:
            self._tell(stack, event)
