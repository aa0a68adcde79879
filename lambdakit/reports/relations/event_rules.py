"""Events of a bus, and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Relation, Verb
from lambdakit.reports.rendered_value import rendered
from lambdakit.reports.world import Resource, World

_SHOWN = 40


def event_rules(world: World) -> Iterator[Relation]:
    """Bus, bucket or schedule -> function, queue, state machine and the like; what is not delivered goes on."""
    for rule in world.of_type("AWS::Events::Rule"):
        targets = rule.properties.get("Targets")
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, Mapping):
                for start, label in _origins(world, rule):
                    yield from _target(world, rule, start, target, label)
    for schedule in world.of_type("AWS::Scheduler::Schedule"):
        target = schedule.properties.get("Target")
        if isinstance(target, Mapping):
            label = rendered(schedule.properties.get("ScheduleExpression"))
            yield from _target(world, schedule, End(kind=Kind.SCHEDULE, resource=schedule.key), target, label)
    for pipe in world.of_type("AWS::Pipes::Pipe"):
        yield from _pipe(world, pipe)


def _origins(world: World, rule: Resource) -> Iterator[tuple[End, str]]:
    """Where a rule's events come from, and what the arrow says."""
    if "ScheduleExpression" in rule.properties:
        # The rule is the schedule; it has no node of a kind of its own.
        yield End(kind=Kind.SCHEDULE, resource=rule.key), rendered(rule.properties["ScheduleExpression"])
    pattern = rule.properties.get("EventPattern")
    if not isinstance(pattern, Mapping):
        return
    named = [end for end in world.ends(rule, pattern) if end.resource is not None]
    label = _pattern(pattern)
    buses = world.ends(rule, rule.properties.get("EventBusName"), kind=Kind.BUS)
    # Services send to the default bus: a bucket that the pattern names is where its events come from.
    for end in buses or named or (End(kind=Kind.BUS, name="default"),):
        yield end, label


def _pattern(pattern: Mapping[str, object]) -> str:
    """The events in a few words: their types, else their sources."""
    for name in ("detail-type", "source"):
        values = pattern.get(name)
        if isinstance(values, list) and values:
            text = " | ".join(rendered(value) for value in values)
            return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return ""


def _target(world: World, rule: Resource, start: End, target: Mapping[str, object], label: str) -> Iterator[Relation]:
    letters = target.get("DeadLetterConfig")
    lost = world.ends(rule, letters.get("Arn")) if isinstance(letters, Mapping) else ()
    for end in world.ends(rule, target.get("Arn")):
        if end.kind is Kind.LOG_GROUP:
            continue
        yield Relation(start=start, verb=Verb.TRIGGERS, end=end, label=label)
        for queue in lost:
            yield Relation(start=start, verb=Verb.FAILS_TO, end=queue, via=end)


def _pipe(world: World, pipe: Resource) -> Iterator[Relation]:
    sources = world.ends(pipe, pipe.properties.get("Source"))
    between = world.ends(pipe, pipe.properties.get("Enrichment"))
    ends = world.ends(pipe, pipe.properties.get("Target"))
    for source in sources:
        for end in between or ends:
            yield Relation(start=source, verb=Verb.TRIGGERS, end=end, label="pipe")
    for middle in between:
        for end in ends:
            yield Relation(start=middle, verb=Verb.TRIGGERS, end=end, label="pipe")
