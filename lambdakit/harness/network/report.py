"""What each function reaches: a table of functions and services, with the way or the missing piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lambdakit.harness.network.verdict import Destination, Judge, Placement
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachabilityRow:
    """One function and one destination. path where it is reachable, reason and fix where not; as in `Verdict`."""

    function: str
    destination: str
    reachable: bool
    judged: bool
    path: str
    reason: str
    fix: str
    endpoint_id: str


def reachability_table(
    judge: Judge,
    placements: Mapping[str, Placement],
    services: Sequence[str],
    hosts: Sequence[tuple[str, int]] = (),
) -> list[ReachabilityRow]:
    """A row for each function and destination, in this order.

    services: by their signing names, in the function's own region. hosts: names or addresses, with their ports.
    """
    wanted = [(service, Destination(service=service)) for service in services]
    wanted += [(f"{host}:{port}", Destination(host=host, port=port)) for host, port in hosts]
    return [
        _row(function, name, judge, placement, to) for function, placement in placements.items() for name, to in wanted
    ]


def render(rows: Sequence[ReachabilityRow]) -> str:
    """The table as text: a column for each destination, and below it what is missing and what would help."""
    destinations = list(dict.fromkeys(row.destination for row in rows))
    marks = {(row.function, row.destination): _mark(row) for row in rows}
    lines = [["function", *destinations]]
    for function in dict.fromkeys(row.function for row in rows):
        lines.append([function, *(marks.get((function, each), "") for each in destinations)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    for row in rows:
        if not row.reachable:
            text += ["", f"{row.function} -> {row.destination}: {row.reason}", f"  fix: {row.fix}"]
        elif not row.judged:
            text += ["", f"{row.function} -> {row.destination}: {row.path}"]
    return "\n".join(text)


def _row(function: str, name: str, judge: Judge, placement: Placement, to: Destination) -> ReachabilityRow:
    verdict = judge(placement, to)
    return ReachabilityRow(
        function=function,
        destination=name,
        reachable=verdict.reachable,
        judged=verdict.judged,
        path=verdict.path,
        reason=verdict.reason,
        fix=verdict.fix,
        endpoint_id=verdict.endpoint_id,
    )


def _mark(row: ReachabilityRow) -> str:
    if not row.reachable:
        return "no"
    if not row.judged:
        return "yes?"
    return f"yes ({row.endpoint_id})" if row.endpoint_id else "yes"
