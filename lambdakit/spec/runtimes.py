"""The runtime identifiers that a function can be created with, and those that are out of support.

Source: AWS Lambda Developer Guide, "Lambda runtimes": the tables of supported and of deprecated runtimes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lambdakit.spec.nearest import nearest
from lambdakit.spec.refusal import Checked, refusal, wrong_type
from lambdakit.spec.wording import quoted

DEFAULT_RUNTIME: Final = "python3.13"

SUPPORTED: Final = (
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "nodejs24.x",
    "nodejs22.x",
    "java25",
    "java21",
    "java17.al2023",
    "java11.al2023",
    "java8.al2023",
    "java17",
    "java11",
    "java8.al2",
    "dotnet10",
    "dotnet8",
    "ruby4.0",
    "ruby3.4",
    "ruby3.3",
    "provided.al2023",
)

# Deprecated identifier -> the nearest supported one. Where the nearest one is close to its own end
# (python3.10, dotnet8, ruby3.3), the one after it.
DEPRECATED: Final[Mapping[str, str]] = {
    "python2.7": "python3.11",
    "python3.6": "python3.11",
    "python3.7": "python3.11",
    "python3.8": "python3.11",
    "python3.9": "python3.11",
    "nodejs": "nodejs22.x",
    "nodejs4.3": "nodejs22.x",
    "nodejs4.3-edge": "nodejs22.x",
    "nodejs6.10": "nodejs22.x",
    "nodejs8.10": "nodejs22.x",
    "nodejs10.x": "nodejs22.x",
    "nodejs12.x": "nodejs22.x",
    "nodejs14.x": "nodejs22.x",
    "nodejs16.x": "nodejs22.x",
    "nodejs18.x": "nodejs22.x",
    "nodejs20.x": "nodejs22.x",
    "java8": "java8.al2023",
    "dotnetcore1.0": "dotnet10",
    "dotnetcore2.0": "dotnet10",
    "dotnetcore2.1": "dotnet10",
    "dotnetcore3.1": "dotnet10",
    "dotnet6": "dotnet10",
    "ruby2.5": "ruby3.4",
    "ruby2.7": "ruby3.4",
    "ruby3.2": "ruby3.4",
    "go1.x": "provided.al2023",
    "provided": "provided.al2023",
    "provided.al2": "provided.al2023",
}


# Family -> its first version whose functions can start from a snapshot.
# Source: AWS Lambda Developer Guide, "Improving startup performance with Lambda SnapStart", "Supported features"
_SNAPSHOTS_SINCE: Final[Mapping[str, int]] = {"python3.": 12, "java": 11, "dotnet": 8}
_VERSION: Final = re.compile(r"(python3\.|java|dotnet)([0-9]+)")


def has_snapshots(runtime: str) -> bool:
    """Whether its functions can start from a snapshot."""
    found = _VERSION.match(runtime)
    return found is not None and int(found[2]) >= _SNAPSHOTS_SINCE[found[1]]


def is_python(runtime: str) -> bool:
    """Whether the runtime is one of Python's."""
    return runtime.startswith("python")


def _read(value: object) -> str:
    if isinstance(value, float):
        raise refusal(
            "LK112",
            f"must be a runtime identifier such as {DEFAULT_RUNTIME}, not the number {value}",
            f"write {nearest(f'python{value}', SUPPORTED) or DEFAULT_RUNTIME}",
        )
    if not isinstance(value, str):
        raise wrong_type(value, f"a runtime identifier such as {DEFAULT_RUNTIME}")
    if value in SUPPORTED:
        return value
    if value in DEPRECATED:
        raise refusal(
            "LK117", f"{value} is deprecated, Lambda no longer creates functions on it", f"write {DEPRECATED[value]}"
        )
    close = nearest(value, SUPPORTED)
    known = f"known runtimes are {', '.join(SUPPORTED)}"
    raise refusal("LK117", f"{quoted(value)} is not a runtime of Lambda", f"write {close}" if close else known)


RUNTIME_IDENTIFIER: Final = Checked(_read, {"type": "string", "enum": list(SUPPORTED)})
