"""`deployment.reachability`: which services each function reaches through its network, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from lambdakit.records import dataclass
from lambdakit.session.functions import DeployedFunction
from lambdakit.session.lookup import find_one, shortest_name

Ask = Callable[[str], Mapping[str, Any]]

_HTTPS: Final = 443


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reach:
    """Whether one function reaches one service or host.

    function: its shortest name. path: what the connection goes through, in words; empty when there is no way.
    reason, fix: what is missing, and one change that opens the way; empty when it is reached.
    judged: false where a part of the network is not known here, which `path` names; it then counts as reachable.
    endpoint_id: of the VPC endpoint that it goes through; empty for none.
    """

    function: str
    service: str
    reachable: bool
    path: str = ""
    reason: str = ""
    fix: str = ""
    judged: bool = True
    endpoint_id: str = ""

    def __bool__(self) -> bool:
        return self.reachable

    def __str__(self) -> str:
        if self.reachable:
            return f"{self.function} reaches {self.service}: {self.path}"
        return f"{self.function} does not reach {self.service}: {self.reason}; {self.fix}"

    def __repr__(self) -> str:
        return f"<{self}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reachability:
    """What every function of a deployment reaches.

    rows: each function with each service that its role may call, and each host that was bound or allowed, in the order
    of the deployment. coverage: what of a function is held to its network here, in words.
    """

    rows: tuple[Reach, ...]
    coverage: str
    _functions: Sequence[DeployedFunction]
    _ask: Ask

    def __str__(self) -> str:
        return "\n".join(["reachability:", *(f"  {row}" for row in self.rows)])

    def __repr__(self) -> str:
        return str(self)

    def __iter__(self) -> Iterator[Reach]:
        return iter(self.rows)

    def __getitem__(self, function: str) -> FunctionReachability:
        """What the function reaches; found as `deployment.function` finds it."""
        name = shortest_name(find_one("function", function, self._functions), self._functions)
        own = {row.service: row for row in self.rows if row.function == name}
        return FunctionReachability(function=name, services=own, _functions=self._functions, _ask=self._ask)

    @property
    def unreachable(self) -> frozenset[Reach]:
        """What is not reached."""
        return frozenset(row for row in self.rows if not row.reachable)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionReachability:
    """What one function reaches. services: by name, such as `dynamodb`, and hosts by `name:port`."""

    function: str
    services: Mapping[str, Reach]
    _functions: Sequence[DeployedFunction] = field(repr=False)
    _ask: Ask = field(repr=False)

    def __getitem__(self, service: str) -> Reach:
        """Whether the function reaches a service, as requests to it are signed, or a host, `name` or `name:port`.

        The harness is asked for one that the report does not speak of. HarnessError for what is neither.
        """
        if service in self.services:
            return self.services[service]
        host = service if ":" in service else f"{service}:{_HTTPS}"
        rows = _rows(self._ask(service), self._functions)
        return next(row for row in rows if row.function == self.function and row.service in (service, host))


def read_wire(wire: Mapping[str, Any], functions: Sequence[DeployedFunction], ask: Ask) -> Reachability:
    """What the harness told. functions: of the same deployment. ask: what it tells of one service or host besides."""
    functions = tuple(functions)
    rows = _rows(wire, functions)
    return Reachability(rows=rows, coverage=wire["coverage"], _functions=functions, _ask=ask)


def _rows(wire: Mapping[str, Any], functions: Sequence[DeployedFunction]) -> tuple[Reach, ...]:
    short = {function.name: shortest_name(function, functions) for function in functions}
    return tuple(Reach(**{**row, "function": short.get(row["function"], row["function"])}) for row in wire["rows"])
