"""YAML as data that JSON has too: what templates, API documents and state machines are written in.

Source: CloudFormation User Guide, "Template format" (dates are texts, no aliases).
"""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from lambdakit.assembly.scalars import as_text

_DEPTH_MAX: Final = 200


class PlainLoader(yaml.SafeLoader):
    """Dates stay texts and keys are texts; no aliases, of which a few lines stand for more than there is memory for."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def refused(self, problem: str) -> Exception:
        """What is raised for what is YAML and not read."""
        return yaml.YAMLError(problem)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Counts how deep it is."""
        if self.check_event(yaml.AliasEvent):
            raise self.refused("YAML aliases are not allowed")
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise RecursionError
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """With texts as keys."""
        found = {}
        for key, value in super().construct_mapping(node, deep=deep).items():
            text = as_text(key)
            if text is None:
                raise self.refused(f"YAML not well-formed. {key!r} is no key")
            found[text] = value
        return found


def _mapping(loader: PlainLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


PlainLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
# "2012-10-17" and "2010-09-09" are versions, not dates; and a mapping is merged with no other.
PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in ("timestamp", "merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def json_or_yaml(text: str) -> object:
    """The data that a text in one of the two stands for. ValueError with the problem for any other."""
    try:
        return json.loads(text) if text.lstrip().startswith(("{", "[")) else yaml.load(text, Loader=PlainLoader)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
