"""Which behaviour a path belongs to.

Source: Amazon CloudFront Developer Guide, "Values that you specify when you create or update a distribution" ("Path
pattern": the first match counts, a leading slash does not, case does; `*` and `?`).
"""

from __future__ import annotations

import functools
import re

from lambdakit.harness.routing.distribution.configuration import Behavior, DistributionConfiguration

_PATTERNS_MAX = 1_024


def behavior_of(configuration: DistributionConfiguration, path: str) -> Behavior:
    """The first behaviour whose pattern a path matches; the default one takes the rest."""
    plain = path.removeprefix("/")
    for behavior in configuration.behaviors:
        if not behavior.pattern or _expression(behavior.pattern.removeprefix("/")).fullmatch(plain):
            return behavior
    return configuration.behaviors[-1]


@functools.lru_cache(maxsize=_PATTERNS_MAX)
def _expression(pattern: str) -> re.Pattern[str]:
    """Each star goes as far as it has to and never back, so that no path takes long."""
    pieces = [_piece(piece) for piece in re.sub(r"\*+", "*", pattern).split("*")]
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    between = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1])
    return re.compile(f"{pieces[0]}{between}.*{pieces[-1]}", re.DOTALL)


def _piece(text: str) -> str:
    return "".join("." if letter == "?" else re.escape(letter) for letter in text)
