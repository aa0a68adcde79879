"""The stacks of an application, and what stands in which of them.

A stack is known by the end of its name, as patterns, functions and resources write it; the application's own by the
empty text. What several stacks use, as the network and the document's own CloudFormation, stands in the own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from lambdakit.spec.names import further_stack_name

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.pointer import Pointer

OWN_STACK: Final = ""
_SECTIONS: Final = ("resources", "functions", "patterns")
_OF_OWN_STACK: Final = ("cloudformation", "conditions", "mappings", "outputs")
# By which a resource is one that exists already.
_EXISTING: Final = (
    *("queue_arn", "topic_arn", "bucket_name", "stream_arn", "event_bus_name", "key_arn", "secret_arn"),
    *("state_machine_arn", "table_name"),
)


def stacks_of(application: Application) -> tuple[str, ...]:
    """Every stack that something stands in: the own first, the others in the document's order."""
    found = dict.fromkeys(stack for _, stack in stacked_parts(application))
    own = application.network is not None or bool(application.cloudformation)
    others = [stack for stack in found if stack != OWN_STACK]
    return (OWN_STACK, *others) if own or OWN_STACK in found or not others else tuple(others)


def stacked_parts(application: Application) -> Iterator[tuple[Pointer, str]]:
    """Every pattern, new resource and function of no pattern, by its place, with its stack."""
    for section in ("patterns", "functions", "resources"):
        for name, part in getattr(application, section).items():
            if not is_existing(part):
                yield (section, name), _stack_of(part)


def stack_at(application: Application, pointer: Pointer) -> str:
    """The stack of the part that the pointer leads to, or into; the own for all other places."""
    if len(pointer) > 1 and pointer[0] in _SECTIONS:
        return _stack_of(getattr(application, str(pointer[0])).get(pointer[1]))
    return OWN_STACK


def is_existing(part: object) -> bool:
    """Whether a part of the application is a resource that exists already, and so stands in no stack."""
    if getattr(part, "kind", "") == "parameter":
        return getattr(part, "string_value", None) is None
    return any(getattr(part, key, None) is not None for key in _EXISTING)


def parts_in(application: Application, stack: str) -> Application:
    """The application without what stands in other stacks; nothing is validated again."""
    changed: dict[str, Any] = {
        section: {name: part for name, part in getattr(application, section).items() if _stack_of(part) == stack}
        for section in _SECTIONS
    }
    if stack != OWN_STACK:
        changed |= {section: {} for section in _OF_OWN_STACK} | {"network": None}
    return application.model_copy(update=changed)


def full_name(application: str, stack: str, environment: str = "") -> str:
    """What CloudFormation calls the stack. environment: empty for that of the document itself."""
    return further_stack_name(application, *(part for part in (stack, environment) if part))


def _stack_of(part: object) -> str:
    # A table that exists already has no such key.
    return getattr(part, "stack", None) or OWN_STACK
