"""What only the first environment of a package waits for here, and AWS has done before anybody calls."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launcher
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable

_Package = tuple[str, str, Path, tuple[Path, ...]]


class Readiness:
    """Waits for a runtime's image to be built and its parent to be warm, which is in no time limit of a caller."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher: Final = launcher
        self._met: set[_Package] = set()

    def wait(self, configuration: FunctionConfiguration) -> None:
        """Returns once an environment of the function can be started. Once it could be, it does not wait again.

        What goes wrong here goes wrong again in the invocation, which tells it.
        """
        package = (configuration.runtime, configuration.architecture, configuration.code, configuration.layers)
        if package not in self._met:
            with contextlib.suppress(RuntimeUnavailable):
                self._launcher.prepare(configuration)
                self._met.add(package)
