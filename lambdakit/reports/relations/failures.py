"""Where goes what nobody could handle, and where goes what was handled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Relation, Verb
from lambdakit.reports.world import Resource, World


def failures(world: World) -> Iterator[Relation]:
    """Function or queue -> queue, topic, bucket, bus or function."""
    for function in world.of_type("AWS::Lambda::Function"):
        own = End(kind=Kind.FUNCTION, resource=function.key)
        yield from _to(world, function, own, _at(function.properties, "DeadLetterConfig", "TargetArn"))
    for queue in world.of_type("AWS::SQS::Queue"):
        own = End(kind=Kind.QUEUE, resource=queue.key)
        yield from _to(world, queue, own, _at(queue.properties, "RedrivePolicy", "deadLetterTargetArn"))
    for settings in world.of_type("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"):
        destinations = _at(settings.properties, "DestinationConfig")
        for function_end in world.ends(settings, settings.properties.get("FunctionName"), kind=Kind.FUNCTION):
            yield from _to(world, settings, function_end, _at(destinations, "OnFailure", "Destination"))
            for end in world.ends(settings, _at(destinations, "OnSuccess", "Destination")):
                yield Relation(start=function_end, verb=Verb.SENDS, end=end, label="successes")


def _to(world: World, resource: Resource, start: End, value: object) -> Iterator[Relation]:
    for end in world.ends(resource, value):
        yield Relation(start=start, verb=Verb.FAILS_TO, end=end)


def _at(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
