"""Whether a parameter's value matches the regular expression that the template gives for it.

The expression comes from outside. One whose search could take exponential time runs in a process of its own,
which is stopped after a second.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Final

from lambdakit.assembly.codes import UNSUPPORTED_PATTERN
from lambdakit.assembly.place import Place, shown

_SECONDS_MAX: Final = 1
_HARMLESS_LENGTH: Final = 16
_PATTERN_LENGTH_MAX: Final = 4096
# A group with a choice inside that is itself repeated, or a reference back: the shapes that can run away.
_RISKY: Final = re.compile(r"[+*}?|][^()]*\)+[+*{]|\\[1-9]|\(\?P=")
# So can one unbounded repetition after the other.
_UNBOUNDED: Final = re.compile(r"[+*]|\{\d*,\d*\}")
# After a set such as `\w`, Java takes a hyphen as itself, where Python sees a range that begins with the set. No page
# says so; AWS's published templates have patterns of that form, for addresses of e-mail.
_SET_AND_HYPHEN: Final = re.compile(r"(\\[wWdDsS])-|\\.", re.DOTALL)
_MATCH: Final = "import json,re,sys; p,v=json.load(sys.stdin); print(re.fullmatch(p,v) is not None)"


def matches(pattern: str, value: str, place: Place) -> bool:
    """Whether the whole of `value` matches. AssemblyError when the pattern cannot be used here.

    Source: CloudFormation User Guide, "Parameters": AllowedPattern is a Java regular expression for the whole value.
    """
    if len(pattern) > _PATTERN_LENGTH_MAX:
        raise place.error(f"the pattern is longer than {_PATTERN_LENGTH_MAX} characters", UNSUPPORTED_PATTERN)
    translated = _SET_AND_HYPHEN.sub(lambda found: f"{found[1]}\\-" if found[1] else found[0], pattern)
    try:
        compiled = re.compile(translated)
    except (re.error, OverflowError, RecursionError) as error:
        raise place.error(
            f"{shown(pattern)} is not a regular expression that can be checked here: {error}", UNSUPPORTED_PATTERN
        ) from None
    if len(value) <= _HARMLESS_LENGTH or not _can_run_away(pattern):
        return compiled.fullmatch(value) is not None
    return _matches_in_time(translated, value, place)


def _can_run_away(pattern: str) -> bool:
    return _RISKY.search(pattern) is not None or len(_UNBOUNDED.findall(pattern)) > 2


def _matches_in_time(pattern: str, value: str, place: Place) -> bool:
    try:
        answer = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _MATCH],
            input=json.dumps([pattern, value]),
            capture_output=True,
            text=True,
            timeout=_SECONDS_MAX,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        raise place.error(
            f"{shown(pattern)} takes more than {_SECONDS_MAX} s on this parameter's value",
            UNSUPPORTED_PATTERN,
            hint="write it without a repetition inside a repetition",
        ) from None
    return answer.stdout.strip() == "True"
