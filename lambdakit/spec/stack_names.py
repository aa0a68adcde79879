"""The names of all stacks of a document and of its environments: what CloudFormation takes, each told from the others.

No rule of one application sees them all: an overlay can put a part into a stack that the document does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdakit.records import dataclass
from lambdakit.spec.finding import Finding
from lambdakit.spec.names import STACK_NAME_LENGTH_MAX
from lambdakit.spec.stacks import OWN_STACK, full_name, stacked_parts, stacks_of

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.overlays import Overlaid
    from lambdakit.spec.pointer import Pointer

_CODE = "LK159"


@dataclass(frozen=True, slots=True, kw_only=True)
class _NamedStack:
    """name: in full. stack, environment: whose. place: of what gives it this name."""

    name: str
    stack: str
    environment: str = ""
    place: Finding

    @property
    def said(self) -> str:
        """What it is, for messages."""
        words = [f"stack: {self.stack}"] if self.stack else []
        words += [f"the environment {self.environment}"] if self.environment else []
        return " in ".join(words) or "the application's own stack"


def stack_name_findings(
    document: Application, environments: Mapping[str, tuple[Application | None, Overlaid]]
) -> Iterator[Finding]:
    """A finding for each name that is too long, or that two stacks have, as far as file systems can tell.

    At one place only the first is told.
    environments: those that are looked at, by name; of the others, the stacks that the document itself has.
    """
    seen: dict[str, _NamedStack] = {}
    wrong: set[str] = set()
    said: set[Pointer] = set()
    for stack in _stacks(document, environments):
        # What is wrong with a stack is wrong with those that an environment makes of it.
        if stack.stack in wrong and stack.environment:
            continue
        first = seen.setdefault(stack.name.casefold(), stack)
        finding = _too_long(stack) if len(stack.name) > STACK_NAME_LENGTH_MAX else _taken(stack, first)
        if finding is not None and finding.pointer not in said:
            said.add(finding.pointer)
            wrong |= {stack.stack} if not stack.environment else set()
            yield finding


def _stacks(
    document: Application, environments: Mapping[str, tuple[Application | None, Overlaid]]
) -> Iterator[_NamedStack]:
    name = document.application
    known = {stack: _place(document, stack) for stack in (OWN_STACK, *stacks_of(document))}
    for stack, pointer in known.items():
        place = Finding(code=_CODE, problem="", pointer=pointer)
        yield _NamedStack(name=full_name(name, stack), stack=stack, place=place)
    for environment in document.environments:
        application, overlaid = environments.get(environment, (document, None))
        of_environment = Finding(code=_CODE, problem="", pointer=("environments", environment), at_key=True)
        for stack in dict.fromkeys((OWN_STACK, *stacks_of(application or document))):
            place = of_environment
            if stack not in known and application is not None and overlaid is not None:
                pointer = _place(application, stack)
                written = overlaid.written_at(pointer)
                place = Finding(code=_CODE, problem="", pointer=written, mark=overlaid.place(pointer)[0])
            yield _NamedStack(
                name=full_name(name, stack, environment), stack=stack, environment=environment, place=place
            )


def _place(application: Application, stack: str) -> Pointer:
    """Where the stack is written first."""
    if stack == OWN_STACK:
        return ("application",)
    return next((*pointer, "stack") for pointer, each in stacked_parts(application) if each == stack)


def _too_long(stack: _NamedStack) -> Finding:
    problem = f"its stack's name has {len(stack.name)} characters, {STACK_NAME_LENGTH_MAX} are allowed"
    return _finding(stack, problem, "give the application, the stack or the environment a shorter name")


def _taken(stack: _NamedStack, first: _NamedStack) -> Finding | None:
    if stack is first:
        return None
    if stack.name == first.name:
        problem = f"{stack.said} and {first.said} would both be called {stack.name}"
    else:
        problem = (
            f"{stack.name} ({stack.said}) and {first.name} ({first.said}) differ in case alone, "
            "and file systems do not tell their templates apart"
        )
    return _finding(stack, problem, "rename one of the two")


def _finding(stack: _NamedStack, problem: str, hint: str) -> Finding:
    place = stack.place
    return Finding(
        code=place.code, problem=problem, hint=hint, pointer=place.pointer, at_key=place.at_key, mark=place.mark
    )
