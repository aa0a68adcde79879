"""Stacks created, updated and deleted in the background, as CloudFormation does it: who asks gets an answer at once.

Source: CloudFormation User Guide, "Stack status codes" and "Stack failure options".
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from lambdakit.assembly.parameters import resolve_parameters
from lambdakit.errors import DeploymentError, Diagnostic, LambdakitError, UnsupportedError
from lambdakit.harness.activity import Activity
from lambdakit.harness.deployment.cloudformation.refusal import told
from lambdakit.harness.deployment.deployed import USER_INITIATED, DeployedStack
from lambdakit.harness.deployment.engine import Engine
from lambdakit.harness.deployment.removal import capture, delete_resource, delete_stack
from lambdakit.harness.deployment.resource_steps import Unwanted
from lambdakit.harness.deployment.scope import StackScope
from lambdakit.harness.deployment.stack_change import StackChange
from lambdakit.harness.deployment.stack_source import StackSource, note_source
from lambdakit.harness.deployment.support import Support
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.harness.deployment.values import AccountValues

logger = logging.getLogger(__name__)

_DELETING: Final = "DELETE_IN_PROGRESS"
_ROLLING_BACK: Final[Mapping[str, str]] = {
    "CREATE": "ROLLBACK_IN_PROGRESS",
    "UPDATE": "UPDATE_ROLLBACK_IN_PROGRESS",
}
# Not confirmed by a page.
_TOO_LATE: Final = "Stack creation time exceeded the specified timeout."

STACK_CHANGE = "change of the stack "
"""What an activity's text begins with that is such a change."""


class StackWork:
    """Changes stacks one after another, each in a thread of its own.

    on_gone: told of each stack that was deleted.
    """

    def __init__(self, engine: Engine, activity: Activity, on_gone: Callable[[DeployedStack], None]) -> None:
        self._engine = engine
        self._activity = activity
        self._on_gone = on_gone
        self._halted: dict[str, tuple[str, UndoLog]] = {}
        self._stuck: dict[str, UndoLog] = {}
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    def create(self, stack: DeployedStack, source: StackSource, *, on_failure: str, keeps_retained: bool) -> None:
        """Begins to create a stack. on_failure: ROLLBACK, DELETE or DO_NOTHING. keeps_retained: see `StackChange`."""
        self._begin_change(stack, source, "CREATE", on_failure=on_failure, keeps_retained=keeps_retained)

    def update(self, stack: DeployedStack, source: StackSource, *, on_failure: str, keeps_retained: bool) -> None:
        """Begins to update a stack. on_failure: ROLLBACK or DO_NOTHING. keeps_retained: see `StackChange`."""
        self._begin_change(stack, source, "UPDATE", on_failure=on_failure, keeps_retained=keeps_retained)

    def delete(self, stack: DeployedStack, *, kept: frozenset[str] = frozenset(), forced: bool = False) -> None:
        """Begins to delete a stack. A creation under way goes no further.

        kept: logical ids of what stays in the account. forced: what refuses to go stays too.
        """
        self._move(stack, _DELETING, USER_INITIATED)
        self._run(stack, lambda: self._delete(stack, kept, forced=forced))

    def can_roll_back(self, stack: DeployedStack) -> bool:
        """Whether a change of the stack failed and was left as it was."""
        return stack.stack_id in self._halted

    def roll_back(self, stack: DeployedStack) -> None:
        """Begins to take back a change that failed and was left as it was."""
        kind, undo = self._halted.pop(stack.stack_id)
        self._move(stack, _ROLLING_BACK[kind], USER_INITIATED)
        self._run(stack, lambda: self._roll_back(stack, kind, undo, ""))

    def stuck(self, stack: DeployedStack) -> Mapping[str, Diagnostic]:
        """What an update's rollback could not take back: `Resource`, or `NestedStack.Resource`, and what went wrong.

        Empty for a stack whose update was not taken back in part only.
        """
        undo = self._stuck.get(stack.stack_id, UndoLog())
        found = {}
        for problem in undo.stuck:
            place, _, name = (problem.pointer or "").partition(": Resources.")
            found[name if place == stack.name else f"{place}.{name}"] = problem
        return found

    def continue_rollback(self, stack: DeployedStack, skipped: Collection[str]) -> None:
        """Begins to take back what an update's rollback could not. skipped: names of what counts as taken back."""
        stuck, undo = self.stuck(stack), self._stuck.pop(stack.stack_id)
        self._move(stack, _ROLLING_BACK["UPDATE"], USER_INITIATED)
        left_alone = [stuck[name] for name in skipped]
        self._run(stack, lambda: self._rolled_back(stack, "UPDATE", undo, undo.run_stuck(left_alone), ""))

    def close(self) -> None:
        """Lets the changes under way end, which go no further. Idempotent."""
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def _begin_change(
        self, stack: DeployedStack, source: StackSource, kind: str, *, on_failure: str, keeps_retained: bool
    ) -> None:
        """What failed before and was left as it was is taken back together with this change, should it fail too.

        AWS CloudFormation API Reference, "RollbackStack": back to "the last known stable state", which is a
        `*_COMPLETE`; without one, what the stack has is deleted.
        """
        since, undo = self._halted.pop(stack.stack_id, (kind, UndoLog()))
        back = note_source(stack, source, self._engine.context.clock.now())
        if kind == "UPDATE":
            undo.add(back)
        self._move(stack, f"{kind}_IN_PROGRESS", USER_INITIATED)
        if kind == "CREATE":
            self._engine.stacks.add(stack)
        change = functools.partial(self._change, stack, source, kind, undo, since=since)
        self._run(stack, functools.partial(change, on_failure=on_failure, keeps_retained=keeps_retained))

    def _run(self, stack: DeployedStack, work: Callable[[], None]) -> None:
        what = f"{STACK_CHANGE}{stack.name}"
        self._activity.begin(what)

        def run() -> None:
            try:
                with self._engine.lock:
                    work()
            except Exception as error:  # the boundary of a thread: a stack must not stay in progress for ever
                logger.exception("%s", what)
                failed = stack.status.replace("IN_PROGRESS", "FAILED")
                self._move(stack, failed, f"the harness failed: {type(error).__name__}: {error}")
            finally:
                self._activity.end(what)

        thread = threading.Thread(target=run, name=f"stack-{stack.name}", daemon=True)
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()

    def _change(
        self,
        stack: DeployedStack,
        source: StackSource,
        kind: str,
        undo: UndoLog,
        *,
        since: str,
        on_failure: str,
        keeps_retained: bool,
    ) -> None:
        """Changes a stack. since: CREATE or UPDATE, the kind of the first change that `undo` takes back."""
        obsolete: list[Unwanted] = []
        events = len(stack.record.events)
        due = _due(stack) if kind == "CREATE" else None
        try:
            self._bring(stack, source, undo, obsolete, keeps_retained=keeps_retained, due=due)
        except LambdakitError as error:
            if stack.status == _DELETING:
                undo.run()  # what refuses to go stays in the stack, whose deletion tries again
                stack.unwanted = []
            elif on_failure == "DO_NOTHING":
                stack.unwanted += obsolete
                self._halted[stack.stack_id] = (since, undo)
                self._move(stack, f"{kind}_FAILED", _reason(stack, events, error))
            else:
                self._failed(stack, since, _reason(stack, events, error), undo, on_failure)
            return
        if stack.status == _DELETING:
            return
        obsolete = [*stack.unwanted, *obsolete]
        stack.unwanted = []
        if obsolete:
            self._move(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            for owner, created in reversed(obsolete):
                delete_resource(self._engine, owner, created)
        capture(self._engine, [stack])
        self._move(stack, f"{kind}_COMPLETE")

    def _bring(
        self,
        stack: DeployedStack,
        source: StackSource,
        undo: UndoLog,
        obsolete: list[Unwanted],
        *,
        keeps_retained: bool,
        due: datetime | None,
    ) -> None:
        """Brings a stack to its template. due: when that takes too long; None for never."""

        def stopped() -> bool:
            if stack.status == _DELETING:
                return True
            if due is not None and self._engine.context.clock.now() >= due:
                raise DeploymentError(Diagnostic(problem=_TOO_LATE, code="LK320"))
            return self._closing.is_set()

        values = AccountValues(self._engine.context.account, account_id=stack.account_id, region=stack.region)
        parameters = resolve_parameters(source.template, source.given, ssm=values.parameter)
        empty = dataclasses.replace(stack, resources={}, imports=set())
        resolver = StackScope(self._engine.stacks, empty, self._engine.context.account).resolver(source, parameters)
        found = list(Support(self._engine.provisioner_of).unsupported(source, resolver))
        if found and not self._engine.lenient:
            raise UnsupportedError(*(item.diagnostic(source.template.path, source.source_map) for item in found))
        StackChange(
            self._engine,
            source,
            stack,
            parameters=parameters,
            undo=undo,
            obsolete=obsolete,
            left_out=frozenset(item.logical_id for item in found if item.unknown_type),
            stopped=stopped,
            keeps_retained=keeps_retained,
        ).run()
        stopped()

    def _failed(self, stack: DeployedStack, kind: str, reason: str, undo: UndoLog, on_failure: str) -> None:
        if kind == "CREATE" and on_failure == "DELETE":
            self._move(stack, "CREATE_FAILED", reason)
            self._move(stack, _DELETING)
            self._delete(stack)
        else:
            requested = f"{reason} Rollback requested by user." if kind == "CREATE" else reason
            self._move(stack, _ROLLING_BACK[kind], requested)
            self._roll_back(stack, kind, undo, reason)

    def _roll_back(self, stack: DeployedStack, kind: str, undo: UndoLog, reason: str) -> None:
        left = undo.run()
        stack.unwanted = []
        self._rolled_back(stack, kind, undo, left, reason)

    def _rolled_back(
        self, stack: DeployedStack, kind: str, undo: UndoLog, left: Sequence[Diagnostic], reason: str
    ) -> None:
        rollback = _ROLLING_BACK[kind].removesuffix("_IN_PROGRESS")
        if left:
            if kind == "UPDATE":
                self._stuck[stack.stack_id] = undo
            self._move(stack, f"{rollback}_FAILED", "; ".join(diagnostic.problem for diagnostic in left))
            return
        self._move(stack, f"{rollback}_COMPLETE")
        stack.record.reason = reason

    def _delete(self, stack: DeployedStack, kept: frozenset[str] = frozenset(), *, forced: bool = False) -> None:
        self._keep(stack, kept)
        problems = delete_stack(self._engine, stack, is_final=not forced)
        if problems and forced:
            self._keep(stack, frozenset(stack.resources))
            problems = delete_stack(self._engine, stack)
        if problems:
            return
        self._halted.pop(stack.stack_id, None)
        self._stuck.pop(stack.stack_id, None)
        self._on_gone(stack)

    @staticmethod
    def _keep(stack: DeployedStack, kept: frozenset[str]) -> None:
        for name in kept:
            created = stack.resources[name]
            resource = dataclasses.replace(created.resource, keep_when_deleted=True)
            stack.resources[name] = dataclasses.replace(created, resource=resource)

    def _move(self, stack: DeployedStack, status: str, reason: str = "") -> None:
        stack.move(self._engine.context.clock.now(), status, reason)


def _due(stack: DeployedStack) -> datetime | None:
    """When the creation of a stack takes too long, by `TimeoutInMinutes`; None for never.

    Looked at before each resource and after the last: what is under way is not broken off, as CloudFormation would.
    """
    minutes, begun = stack.record.timeout_minutes, stack.record.created_at
    return None if minutes is None or begun is None else begun + timedelta(minutes=minutes)


def _reason(stack: DeployedStack, since: int, error: LambdakitError) -> str:
    """Which resources failed, as CloudFormation says it; what is wrong when it is none of them."""
    for status, what in (("CREATE_FAILED", "create"), ("UPDATE_FAILED", "update")):
        failed = [event.logical_id for event in stack.record.events[since:] if event.status == status]
        if failed:
            return f"The following resource(s) failed to {what}: [{', '.join(failed)}]."
    return told(error)
