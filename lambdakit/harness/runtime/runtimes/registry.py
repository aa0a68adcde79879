"""Which family runs a function: the literal list of what is built."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.foreign_binaries import ForeignBinaries
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.interpreters import Interpreters, usual_places
from lambdakit.harness.runtime.node_sdk import LOCK_V2, NodeSdk
from lambdakit.harness.runtime.runtime_image import RuntimeImages
from lambdakit.harness.runtime.runtimes.family import PythonInterpreter, RuntimeFamily, RuntimeUnavailable
from lambdakit.harness.runtime.runtimes.image import ImageRuntime
from lambdakit.harness.runtime.runtimes.node import NodeRuntime
from lambdakit.harness.runtime.runtimes.provided import ProvidedRuntime
from lambdakit.harness.runtime.runtimes.python import PythonRuntime
from lambdakit.harness.runtime.runtimes.refused import RefusedRuntime


class Runtimes:
    """All families of one harness.

    cache: where what takes long is kept for all harnesses; `fallback` is used when nothing can be written there.
    code: the unpacked packages of this one.
    """

    def __init__(self, cache: Path, *, fallback: Path, code: CodeStore) -> None:
        interpreters = Interpreters(usual_places(os.environ, Path.home()), cache=cache)
        images = RuntimeImages(cache, fallback=fallback)
        foreign = ForeignBinaries(code, cache=cache, fallback=fallback)
        self._python = PythonRuntime(interpreters, images, foreign)
        own = self._python.own_interpreter
        sdk, sdk_v2 = NodeSdk(cache, fallback=fallback), NodeSdk(cache, fallback=fallback, lock=LOCK_V2)
        self._families: Sequence[RuntimeFamily] = (
            self._python,
            NodeRuntime(sdk, sdk_v2=sdk_v2, cache=cache, fallback=fallback, parent=own),
            ProvidedRuntime(parent=own),
            RefusedRuntime(),
        )
        self._image = ImageRuntime(self.family)

    @property
    def own_interpreter(self) -> PythonInterpreter:
        """The harness's own, which needs nothing from the package index; building its image may take seconds."""
        return self._python.own_interpreter()

    def family(self, configuration: FunctionConfiguration) -> RuntimeFamily:
        """The family that runs a function. RuntimeUnavailable when none does."""
        name = configuration.name
        if self._image.runs(configuration):
            return self._image
        if configuration.package_type != "Zip":
            hint = configuration.image_hint or "`lambdakit explain LK314` tells how to say what runs in its place"
            raise RuntimeUnavailable(f"{name} is a container image, and the harness runs no containers: {hint} [LK314]")
        for family in self._families:
            if family.runs(configuration):
                return family
        raise RuntimeUnavailable(f"{name} uses runtime {configuration.runtime}, which the harness does not run so far")
