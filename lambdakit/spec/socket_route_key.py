"""Route keys of a WebSocket API: `$connect`, `$disconnect`, `$default`, or the word by which messages are told apart.

Source: API Gateway Developer Guide, "Create routes for WebSocket APIs in API Gateway".
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from lambdakit.spec.nearest import nearest
from lambdakit.spec.refusal import Checked, refusal, wrong_type
from lambdakit.spec.wording import one_of, quoted

OWN_ROUTES: Final = ("$connect", "$disconnect", "$default")
_LENGTH_MAX: Final = 128
SOCKET_ROUTE_KEY_PATTERN: Final = r"^(\$connect|\$disconnect|\$default|[A-Za-z0-9][A-Za-z0-9_.-]{0,127})$"
_ROUTE_KEY = re.compile(SOCKET_ROUTE_KEY_PATTERN.removesuffix("$"))


def _read(value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(value, "a route key such as $connect or send_message")
    if len(value) > _LENGTH_MAX:
        raise refusal("LK119", f"{quoted(value)} has {len(value)} characters, {_LENGTH_MAX} are allowed")
    if _ROUTE_KEY.fullmatch(value):
        return value
    if value.startswith("$"):
        close = nearest(value, OWN_ROUTES)
        problem = f"{quoted(value)} is not a route key, those that begin with $ are {one_of(OWN_ROUTES)}"
        raise refusal("LK119", problem, f"write {close}" if close else "")
    raise refusal(
        "LK119",
        f"{quoted(value)} is not a route key of a WebSocket API: a word of letters, digits and _ . -",
        "write the word that messages have in the part that route_selection_expression names",
    )


SocketRouteKey = Annotated[
    str, Checked(_read, {"type": "string", "pattern": SOCKET_ROUTE_KEY_PATTERN, "maxLength": _LENGTH_MAX})
]
