"""The architecture of an application, read from its synthesized templates: what there is, and who does what to whom.

What only serves others is left out: roles, policies, permissions, log groups, versions, functions of the CDK's own.
Aliases stand for their function, and streams of tables for their table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lambdakit.records import dataclass
from lambdakit.reports.node_kinds import DRAWN_ALONE, KINDS, Kind
from lambdakit.reports.relations.api_routes import api_routes
from lambdakit.reports.relations.data_streams import data_streams
from lambdakit.reports.relations.event_rules import event_rules
from lambdakit.reports.relations.event_source_mappings import event_source_mappings
from lambdakit.reports.relations.failures import failures
from lambdakit.reports.relations.gateway_apis import gateway_apis
from lambdakit.reports.relations.granted_access import granted_access
from lambdakit.reports.relations.invoke_permissions import invoke_permissions
from lambdakit.reports.relations.notifications import notifications
from lambdakit.reports.relations.relation import End, Relation, Verb
from lambdakit.reports.stack_templates import StackTemplate, resource_name
from lambdakit.reports.world import World

# Names that constructs give to what is inside them: they need the construct's own.
_SAYS_LITTLE: Final = frozenset(
    {
        *("Api", "Bucket", "Handler", "Table", "Queue", "Topic", "Stream", "Rule", "Schedule", "Url", "FunctionUrl"),
        *("FailureQueue", "FailureTopic", "DeadLetterQueue", "DeliveryBucket", "DeliveryStream", "StateMachine"),
    }
)
# A queue, topic or stream that a function is fed from is read by Lambda itself.
_FED_FROM: Final = frozenset({Kind.QUEUE, Kind.STREAM, Kind.TOPIC, Kind.CLUSTER, Kind.API, Kind.DELIVERY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One thing. id: letters, digits and underscores. is_outside: it belongs to no template of the application."""

    id: str
    kind: Kind
    label: str
    is_outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One arrow. label: empty where the arrow alone says it. is_failure: what nobody could handle goes that way.

    is_flow: events go that way; False for what is only allowed, such as reading.
    """

    start: str
    end: str
    label: str = ""
    is_failure: bool = False
    is_flow: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """nodes: in the order of the templates, what is outside last. edges: by the order of their nodes."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def architecture_of(stacks: Sequence[StackTemplate]) -> Architecture:
    """What the templates build. The same templates give the same, in the same order."""
    world = World(stacks)
    # Those that only repeat what an earlier one may have said come last.
    told = [
        *api_routes(world),
        *gateway_apis(world),
        *event_source_mappings(world),
        *event_rules(world),
        *notifications(world),
        *data_streams(world),
        *failures(world),
    ]
    fed = [relation for relation in told if relation.verb is Verb.TRIGGERS]
    told += invoke_permissions(world, fed)
    told += granted_access(world)
    relations = _without_repetitions(_drawn(told, world))
    shown = _shown(relations, world)
    ids = _ids(shown)
    labels = _labels(shown, world)
    nodes = tuple(Node(id=ids[end], kind=end.kind, label=labels[end], is_outside=end.resource is None) for end in shown)
    known = {node.id: place for place, node in enumerate(nodes)}
    edges = _edges(relations, ids)
    ordered = sorted(edges, key=lambda edge: (known[edge.start], known[edge.end], edge.is_failure, edge.label))
    return Architecture(nodes=nodes, edges=tuple(ordered))


def _drawn(relations: Iterable[Relation], world: World) -> list[Relation]:
    """Those between two things that are drawn."""
    return [
        relation
        for relation in relations
        if relation.start != relation.end and not {relation.start, relation.end} & world.noise
    ]


def _without_repetitions(relations: Sequence[Relation]) -> list[Relation]:
    triggered = {(item.start, item.end) for item in relations if item.verb is Verb.TRIGGERS}
    failing = {(item.start, item.end) for item in relations if item.verb is Verb.FAILS_TO}
    failing |= {(item.via, item.end) for item in relations if item.verb is Verb.FAILS_TO and item.via is not None}
    kept: dict[Relation, None] = {}
    for item in relations:
        pair, back = (item.start, item.end), (item.end, item.start)
        if item.is_granted and (pair in failing or pair in triggered):
            continue
        if item.is_granted and back in triggered and item.end.kind in _FED_FROM and item.verb is Verb.READS:
            continue
        kept[item] = None
    return list(kept)


def _shown(relations: Sequence[Relation], world: World) -> list[End]:
    ends = dict.fromkeys(end for item in relations for end in (item.start, item.end))
    inside = [
        End(kind=KINDS[resource.type], resource=resource.key)
        for resource in world.resources.values()
        if resource.type in KINDS
    ]
    shown = [
        end
        for end in inside
        if end not in world.noise and (end in ends or (end.kind in DRAWN_ALONE and end not in world.silent))
    ]
    # A route belongs to no resource of a kind; it stands beside its API.
    shown += [end for end in ends if end not in set(shown) and end.resource is not None]
    order = {key: place for place, key in enumerate(world.resources)}
    shown.sort(key=lambda end: order[end.resource] if end.resource is not None else 0)
    shown += sorted((end for end in ends if end.resource is None), key=lambda end: (end.kind, end.name))
    return shown


def _ids(ends: Sequence[End]) -> dict[End, str]:
    """An id for each; those of later ones that only punctuation tells apart get a number."""
    ids: dict[End, str] = {}
    used: dict[str, int] = {}
    for end in ends:
        used[end.id] = used.get(end.id, 0) + 1
        ids[end] = end.id if used[end.id] == 1 else f"{end.id}__{used[end.id]}"
    return ids


def _labels(ends: Sequence[End], world: World) -> dict[End, str]:
    """The shortest end of each construct path that no other of the same kind has."""
    names: dict[End, list[str]] = {}
    for end in ends:
        if end.name or end.resource is None:
            names[end] = [end.name]
        else:
            path = _path(resource_name(world.resources[end.resource].declared))
            # A document's own section stands before a colon: `resource:orders` is what it calls orders.
            names[end] = [part.partition(":")[2] or part for part in path]
    labels = {}
    for end, parts in names.items():
        shortest = 2 if parts[-1] in _SAYS_LITTLE and len(parts) > 1 else 1
        for length in range(shortest, len(parts) + 1):
            label = "/".join(parts[-length:])
            others = [other for other in ends if other != end and other.kind is end.kind]
            if not any("/".join(names[other][-length:]) == label for other in others):
                break
        labels[end] = label
    return labels


def _path(name: str) -> list[str]:
    """A construct path without endings that say again what the node's kind says."""
    parts = name.split("/")
    while len(parts) > 1 and parts[-1] == "Function":
        parts.pop()
    return parts


def _edges(relations: Sequence[Relation], ids: Mapping[End, str]) -> list[Edge]:
    """One arrow for each pair, its labels joined; failures apart."""
    joined: dict[tuple[str, str, bool], list[Relation]] = {}
    for item in relations:
        joined.setdefault((ids[item.start], ids[item.end], item.verb is Verb.FAILS_TO), []).append(item)
    for items in joined.values():
        items.sort(key=lambda item: list(Verb).index(item.verb))
    return [
        Edge(
            start=start,
            end=end,
            label=", ".join(dict.fromkeys(text for item in items if (text := item.label or item.verb.label))),
            is_failure=is_failure,
            is_flow=any(not item.is_granted for item in items) and not is_failure,
        )
        for (start, end, is_failure), items in joined.items()
    ]
