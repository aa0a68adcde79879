"""One thing that does something to another, as a template says it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from lambdakit.records import dataclass
from lambdakit.reports.node_kinds import Kind

Key = tuple[str, str]
"""A resource: the name of its stack's template, and its logical id."""

_NO_ID: Final = re.compile(r"[^A-Za-z0-9]+")


class Verb(StrEnum):
    """What is done. label: as the arrow says it."""

    TRIGGERS = "triggers"
    READS = "reads"
    WRITES = "writes"
    SENDS = "sends"
    INVOKES = "invokes"
    FAILS_TO = "failures"
    ASKS = "authorizes"

    @property
    def label(self) -> str:
        """Empty for what an arrow alone says."""
        return "" if self is Verb.TRIGGERS else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A thing. resource: None for what no template holds. name: of what is outside, and of a route; else empty."""

    kind: Kind
    resource: Key | None = None
    name: str = ""

    @property
    def id(self) -> str:
        """Letters, digits and underscores; the same for the same thing."""
        if self.resource is None:
            parts = ["outside", self.kind, self.name]
        else:
            parts = [*self.resource, *([self.name] if self.name else [])]
        return "_".join(_NO_ID.sub("_", part).strip("_") for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """start does verb to end.

    label: what the arrow says instead of the verb. via: who really sends, where `start` stands for it.
    is_granted: a policy allows it, and nothing else says that it happens.
    """

    start: End
    verb: Verb
    end: End
    label: str = ""
    via: End | None = None
    is_granted: bool = False
