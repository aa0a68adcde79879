"""What merging documents by their nodes has in common: which values come together, and which stand for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.finding import Mark
from lambdakit.spec.yaml_nodes import Entry, MappingNode, Node

_REFERENCE: Final = "Ref"
_INTRINSIC: Final = "Fn::"


def mapping(entries: Mapping[str, Entry], mark: Mark) -> MappingNode:
    """A mapping of the entries."""
    return MappingNode(entries, mark, 1 + sum(entry.node.weight for entry in entries.values()))


def are_merged(first: Node, second: Node) -> bool:
    """Whether two values of one key come together key by key: both are mappings, and none a call of CloudFormation's.

    `{Ref: Table}` over `{"Fn::Sub": …}` is the one or the other.
    """
    return all(isinstance(node, MappingNode) and not _is_call(node) for node in (first, second))


def _is_call(node: MappingNode) -> bool:
    if len(node.entries) != 1:
        return False
    (key,) = node.entries
    return key == _REFERENCE or key.startswith(_INTRINSIC)
