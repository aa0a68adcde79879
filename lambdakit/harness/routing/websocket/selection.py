"""Selection expressions: which route, template or answer a value in a message or a status code chooses.

Source: API Gateway Developer Guide, "Data transformations for WebSocket APIs in API Gateway" (the expressions),
"Develop WebSocket APIs", on routes (a message that is no JSON, or that has no such value, goes to `$default`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.moto_state.websocket_apis import SocketRoute
from lambdakit.harness.routing.context_variables import as_text
from lambdakit.harness.routing.exchange import DEFAULT

CONNECT: Final = "$connect"
DISCONNECT: Final = "$disconnect"

_NAME: Final = r"(?:request|integration|context|stageVariables)\.[^\s{}$]+"
# With a backslash before it, a dollar sign is one: `\$default` is a name.
_PART: Final = re.compile(rf"\\(\$)|\$\{{({_NAME})\}}|\$({_NAME})")
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")
# Who connects and who leaves is no message's to say.
_NOT_OF_MESSAGES: Final = frozenset({CONNECT, DISCONNECT})

Read = Callable[[str], str | None]


def selected(expression: str, read: Read) -> str | None:
    """What an expression comes to; None when a part of it has no value.

    read: the value of a name such as `request.body.action`; None for none.
    """
    text, at = [], 0
    for part in _PART.finditer(expression):
        value = "$" if part[1] else read(part[2] or part[3])
        if value is None:
            return None
        text += [expression[at : part.start()], value]
        at = part.end()
    return "".join([*text, expression[at:]])


def choose_route(routes: Mapping[str, SocketRoute], expression: str, body: str) -> SocketRoute | None:
    """The route of a message: the one that its value names, else `$default`; None without either."""
    key = selected(expression, body_reader(body)) if expression else None
    if key is not None and key not in _NOT_OF_MESSAGES and key in routes:
        return routes[key]
    return routes.get(DEFAULT)


def body_reader(body: str) -> Read:
    """The values of `request.body…` in a message; None for those of anything else."""

    def read(name: str) -> str | None:
        source, path = name[: len("request.body")], name[len("request.body") :]
        if source != "request.body":
            return None
        return as_text(value_at(body, path)) if path else body

    return read


def value_at(body: str | bytes, path: str) -> Any:
    """What a path such as `.a.b[0]` leads to in a JSON document; None where it leads to nothing."""
    if "".join(step[0] for step in _STEP.finditer(path)) != path:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for step in _STEP.finditer(path):
        key = step[3] if step[1] is None else step[1]
        if step[2] is not None:
            found = found[int(step[2])] if isinstance(found, list) and int(step[2]) < len(found) else None
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return found
