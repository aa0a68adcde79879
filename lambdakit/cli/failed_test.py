"""What a failed test shows of the trace: the last of what happened in it, as `lambdakit run` writes it."""

from __future__ import annotations

import io
from typing import Final

from rich.console import Console

from lambdakit.cli.timeline import Timeline
from lambdakit.errors import LambdakitError
from lambdakit.session.harness import Harness
from lambdakit.trace import RuntimeNote

# No line is broken: what shows it knows how wide it is.
_WIDTH: Final = 10_000


def trace_text(harness: Harness, *, lines: int) -> str:
    """The last `lines` lines of the timeline since the test began; says how many it leaves out. Empty for no events.

    Times are counted from the first event.
    """
    try:
        events = harness.trace.events
    except LambdakitError as error:
        return str(error)
    if not events:
        return ""
    screen = io.StringIO()
    timeline = Timeline(
        Console(file=screen, width=_WIDTH, color_system=None), start=events[0].at, hidden=(RuntimeNote,)
    )
    for deployment in harness.deployments:
        timeline.name_resources(deployment)
    for event in events:
        timeline.write(event)
    written = screen.getvalue().splitlines()
    left_out = len(written) - lines
    shown = written[max(left_out, 0) :]
    if left_out > 0:
        shown.insert(0, f"({left_out} lines before: --lambdakit-trace={len(written)} shows them)")
    return "\n".join(shown)
