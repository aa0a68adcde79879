"""Who may invoke a function, where nothing else says that it does: the last resort for sources of any kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Relation, Verb
from lambdakit.reports.rendered_value import rendered
from lambdakit.reports.world import World

# Told elsewhere in full, or nothing of its own: rules and schedules, targets, APIs with their routes, buckets, topics.
_TOLD: Final = frozenset(
    {
        "events.amazonaws.com",
        "scheduler.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "apigateway.amazonaws.com",
    }
)


def invoke_permissions(world: World, told: Sequence[Relation]) -> Iterator[Relation]:
    """Service's resource -> function, for functions that nothing told triggers from there."""
    pairs = {(relation.start, relation.end) for relation in told}
    for permission in world.of_type("AWS::Lambda::Permission"):
        principal = rendered(permission.properties.get("Principal"))
        if principal in _TOLD or not principal.endswith(".amazonaws.com"):
            continue
        sources = world.ends(permission, permission.properties.get("SourceArn"))
        service = principal.removesuffix(".amazonaws.com")
        for function in world.ends(permission, permission.properties.get("FunctionName"), kind=Kind.FUNCTION):
            if any(end == function and _is_of(world, start, service) for start, end in pairs):
                continue
            for source in sources or (End(kind=Kind.OUTSIDE, name=service),):
                yield Relation(start=source, verb=Verb.TRIGGERS, end=function)


def _is_of(world: World, end: End, service: str) -> bool:
    """Whether a thing belongs to a service, by its type's own name."""
    if end.resource is None:
        return end.kind is not Kind.OUTSIDE and service in ("sns", "s3", "logs", "sqs")
    kind = world.resources[end.resource].type.split("::")[1].lower()
    return service.split(".")[-1].replace("-", "").startswith(kind[:4])
