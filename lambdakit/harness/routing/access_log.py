"""Access logs: a line for each request, in the stage's format, in its log group.

Source: API Gateway Developer Guide, "Configure logging for HTTP APIs in API Gateway", "Customize HTTP API access logs".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from lambdakit.harness.moto_state.http_apis import Stage
from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.routing.context_variables import Outcome, context_value
from lambdakit.harness.routing.exchange import Exchange

_VARIABLE: Final = re.compile(r"\$context\.([A-Za-z0-9_]+(?:[.:-][A-Za-z0-9_]+)*)")
_GROUP: Final = re.compile(r"arn:[^:]+:logs:([^:]+):([^:]+):log-group:([^:]+)(?::\*)?")

WriteLine = Callable[[LogPlace, str, datetime], None]


def write_access_log(write: WriteLine, stage: Stage, exchange: Exchange, outcome: Outcome) -> None:
    """Writes the line of a request; nothing where the stage keeps no log, or keeps it elsewhere than in a group."""
    if stage.access_log is None:
        return
    destination, text_format = stage.access_log
    group = _GROUP.fullmatch(destination)
    if group is None:
        return
    place = LogPlace(account_id=group[2], region=group[1], group=group[3], stream=f"{exchange.api_id}/{stage.name}")
    write(place, access_line(text_format, exchange, outcome), exchange.at)


def access_line(text_format: str, exchange: Exchange, outcome: Outcome) -> str:
    """The format with every variable in place; one without a value is a hyphen."""

    def value(match: re.Match[str]) -> str:
        found = context_value(exchange, match[1], outcome)
        return "-" if found is None or found == "" else found

    return _VARIABLE.sub(value, text_format)
