"""What of one stack of an application uses what of another, which is then deployed before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lambdakit.records import dataclass
from lambdakit.spec.dependencies import named_parts
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.event_rule import EventRuleSource
from lambdakit.spec.event_sources.s3 import S3Source
from lambdakit.spec.failure import SqsFailure
from lambdakit.spec.patterns import ApiBackend
from lambdakit.spec.placed_functions import placed_functions, written_functions
from lambdakit.spec.references_across import references_across
from lambdakit.spec.resources.references import references
from lambdakit.spec.stacks import OWN_STACK, is_existing, stack_at

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.pointer import Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class StackUse:
    """A place in one stack that names something in another. user, used: the stacks. name: of what is used."""

    user: str
    used: str
    name: str
    pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Entanglement:
    """A pattern and a resource that name each other, whichever stacks they are in. pointer: where the pattern does."""

    pattern: str
    resource: str
    pointer: Pointer
    why: str


def stack_uses(application: Application, directory: Path) -> Iterator[StackUse]:
    """Every use across stacks, in the document's order of kinds. directory: the document's."""
    functions = {name: pointer for name, _, pointer in written_functions(application)}
    named = [*named_parts(application, directory), *((each.pointer, each.name) for each in references(application))]
    for pointer, name in named:
        target = ("resources", name) if name in application.resources else functions.get(name)
        if target is None or is_existing(application.resources.get(name)):
            continue
        used = stack_at(application, target)
        users = [stack_at(application, pointer)]
        if pointer[0] == "defaults":
            users = list(dict.fromkeys(stack_at(application, place) for place in functions.values()))
        for user in users:
            if user != used:
                yield StackUse(user=user, used=used, name=name, pointer=pointer)
    yield from _uses_of_network(application)
    for reference in references_across(application):
        if not is_existing(application.resources.get(str(reference.target[-1]))):
            yield StackUse(user=reference.user, used=reference.used, name=reference.name, pointer=reference.pointer)


def entanglements(application: Application) -> Iterator[Entanglement]:
    """Those of the application: a rule's queue has a policy that names the rule, a bucket its notifications.

    Source: EventBridge User Guide, "Using dead-letter queues to process undelivered events"; API S3
    PutBucketNotificationConfiguration
    """
    for key, pattern in application.patterns.items():
        if not isinstance(pattern, EventProcessing):
            continue
        source, failure = pattern.source, pattern.on_failure
        by_notification = isinstance(source, S3Source) and source.via == "notification"
        by_rule = isinstance(source, EventRuleSource) or (isinstance(source, S3Source) and not by_notification)
        if by_rule and isinstance(failure, SqsFailure) and failure.queue is not None:
            yield Entanglement(
                pattern=key,
                resource=failure.queue,
                pointer=("patterns", key, "on_failure", "queue"),
                why="its policy names the rule that sends there",
            )
        if by_notification and isinstance(source, S3Source) and source.bucket is not None:
            yield Entanglement(
                pattern=key,
                resource=source.bucket,
                pointer=("patterns", key, "source", "bucket"),
                why="its notifications name the function",
            )


def _uses_of_network(application: Application) -> Iterator[StackUse]:
    if application.network is None:
        return
    for function in placed_functions(application):
        user = stack_at(application, function.pointer)
        if user != OWN_STACK and function.settings.vpc != "none":
            yield StackUse(user=user, used=OWN_STACK, name="the network", pointer=function.pointer)
    for key, pattern in application.patterns.items():
        user = stack_at(application, ("patterns", key))
        if user != OWN_STACK and isinstance(pattern, ApiBackend):
            for setting in ("database", "cache"):
                if getattr(pattern, setting) is not None:
                    yield StackUse(user=user, used=OWN_STACK, name="the network", pointer=("patterns", key, setting))
