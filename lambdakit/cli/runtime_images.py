"""The runtime images of this machine: what runs each managed runtime, and what is installed for it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lambdakit.records import dataclass

if TYPE_CHECKING:
    from lambdakit.harness.runtime.interpreters import Interpreter

_NODE_MAJORS: Final = (10, 12, 14, 16, 18, 20, 22, 24)
_FIRST_WITH_SDK_V3: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeImage:
    """A managed runtime on this machine.

    runs_on: the program, for the user. existing: its image, None while there is none. build: makes it and returns it.
    Both may raise PackagesUnavailable or OSError.
    """

    runs_on: str
    existing: Callable[[], Path | None]
    build: Callable[[], Path]


def runtime_images() -> Mapping[str, RuntimeImage]:
    """Every runtime that has an image, by its identifier."""
    return {**_python_runtimes(), **_node_runtimes()}


def missing_images(runtimes: Collection[str]) -> list[str]:
    """Those of some Python runtimes whose image is still to be installed.

    That of Node.js is the AWS SDK, which is installed when a function imports it, if one does.
    """
    from lambdakit.harness.runtime.package_cache import PackagesUnavailable

    missing = []
    asked = {identifier for identifier in runtimes if identifier.startswith("python")}
    for identifier, image in _python_runtimes().items() if asked else ():
        with contextlib.suppress(PackagesUnavailable, OSError):
            if identifier in asked and image.existing() is None:
                missing.append(identifier)
    return missing


def _python_runtimes() -> Mapping[str, RuntimeImage]:
    from lambdakit.harness.runtime.interpreters import MINORS, Interpreters, usual_places
    from lambdakit.harness.runtime.runtime_image import RuntimeImages, cache_directory

    cache = cache_directory()
    interpreters = Interpreters(usual_places(os.environ, Path.home()), cache=cache)
    images = RuntimeImages(cache, fallback=cache)  # an image that does not outlast this command would be of no use

    def runtime(minor: int) -> RuntimeImage:
        interpreter = interpreters.choose(minor)
        return RuntimeImage(
            runs_on=_described(interpreter, minor),
            existing=lambda: images.existing(interpreter),
            build=lambda: images.of(interpreter),
        )

    return {f"python3.{minor}": runtime(minor) for minor in MINORS}


def _node_runtimes() -> Mapping[str, RuntimeImage]:
    """Their image is the AWS SDK; without the package that brings Node.js there are none."""
    from lambdakit.harness.runtime.bundled_node import bundled_node
    from lambdakit.harness.runtime.node_sdk import LOCK_V2, NodeSdk
    from lambdakit.harness.runtime.runtime_image import cache_directory
    from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable

    try:
        node = bundled_node()
    except RuntimeUnavailable:
        return {}
    sdk_v3 = NodeSdk(cache_directory(), fallback=cache_directory())
    sdk_v2 = NodeSdk(cache_directory(), fallback=cache_directory(), lock=LOCK_V2)

    def runtime(major: int) -> RuntimeImage:
        sdk = sdk_v3 if major >= _FIRST_WITH_SDK_V3 else sdk_v2
        nearest = "" if major == node.major else ", the nearest"
        return RuntimeImage(
            runs_on=f"{node.executable} ({node.version}{nearest})",
            existing=lambda: sdk.installed,
            build=lambda: sdk.install(node),
        )

    return {f"nodejs{major}.x": runtime(major) for major in _NODE_MAJORS}


def _described(interpreter: Interpreter, minor: int) -> str:
    notes = [".".join(map(str, interpreter.version))]
    if interpreter.is_own:
        notes.append("the harness's own")
    if interpreter.minor != minor:
        notes.append("the nearest")
    return f"{interpreter.executable} ({', '.join(notes)})"
