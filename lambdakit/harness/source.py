"""A source of events, and how much of it the harness has."""

from __future__ import annotations

from enum import StrEnum

from lambdakit.records import dataclass


class Arrival(StrEnum):
    """How an event reaches its function, and so whose errors are tried again by whom."""

    PULLED = "pulled"
    ASYNCHRONOUS = "pushed"
    SYNCHRONOUS = "asked, and waited for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source of events.

    supported: what happens here as it does on AWS. recorded: what only stands in the account. refused: what is an
    error, or is told in the trace instead of being done. pollers: by the services of ARNs in the registry of pollers;
    none for what is not pulled. code: modules of the harness that are its own, or what their names begin with; empty
    where nothing delivers it. samples: its sample events. shown: tests that show it, below the repository.
    """

    name: str
    arrival: Arrival
    supported: str
    recorded: str = ""
    refused: str = ""
    pollers: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    samples: tuple[str, ...]
    shown: tuple[str, ...] = ()
