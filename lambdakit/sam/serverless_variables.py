"""Variables of a serverless.yml: `${self:custom.name}`, `${opt:stage, 'dev'}`, `${param:size}`, in bounded time.

Source: Serverless Framework documentation, "Variables" and "Parameters".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# A value that nobody knows before the deployment, in the form that a template's functions have.
UNKNOWN: Final = "Fn::Variable"
_INNERMOST: Final = re.compile(r"\$\{([^${}]*)\}")
_ROUNDS_MAX: Final = 30
_TEXT_MAX: Final = 20_000
_STAGE: Final = "dev"


class Variables:
    """What variables of one file stand for."""

    def __init__(self, content: Mapping[str, object]) -> None:
        self._content = content
        self._stage: str | None = None  # so that the stage's own value says nothing by itself
        own = self.resolved(self._at(("provider", "stage")))
        self._stage = own if isinstance(own, str) else _STAGE

    def resolved(self, value: object) -> object:
        """The value with its variables replaced; a mapping with `UNKNOWN` for a text with one that nobody knows."""
        if isinstance(value, Mapping):
            return {key: self.resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolved(item) for item in value]
        return self._text(value) if isinstance(value, str) and "${" in value else value

    def _text(self, text: str) -> object:
        written = text
        for _ in range(_ROUNDS_MAX):
            found = _INNERMOST.search(text)
            if found is None:
                return text
            value = self._value(found[1])
            if value is None:
                break
            if found[0] == text and not isinstance(value, str):
                return value if "${" not in str(value) else {UNKNOWN: written}
            if isinstance(value, Mapping | list) or len(text) > _TEXT_MAX:
                break
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            text = text[: found.start()] + shown + text[found.end() :]
        return {UNKNOWN: written}

    def _value(self, expression: str) -> object:
        """What the first known of the sources in `expression` says; None when none is known."""
        if expression.startswith("AWS::"):
            return None
        for part in _parts(expression):
            value = self._source(part)
            if value is not None:
                return value
        return None

    def _source(self, part: str) -> object:
        if len(part) > 1 and part[0] == part[-1] and part[0] in "'\"":
            return part[1:-1]
        kind, _, address = part.partition(":")
        match kind:
            case "self":
                return self._at(("service",) if address == "service.name" else tuple(address.split(".")))
            case "sls" | "opt" if address == "stage":
                return self._stage
            case "param":
                return self._at(("params", self._stage or "", address)) or self._at(("params", "default", address))
            case _ if not address and re.fullmatch(r"-?[0-9]+|true|false", part):
                return part
        return None

    def _at(self, steps: tuple[str, ...]) -> object:
        value: object = self._content
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value


def _parts(expression: str) -> list[str]:
    """The sources, apart at commas that stand in no quotes."""
    return [part.strip() for part in re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^,'\"])+", expression)]
