"""Which family runs a function: the literal list of what is built."""

from __future__ import annotations

from collections.abc import Sequence

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtime_image import RuntimeImage
from lambdakit.harness.runtime.runtimes.family import PythonInterpreter, RuntimeFamily, RuntimeUnavailable
from lambdakit.harness.runtime.runtimes.python import PythonRuntime


class Runtimes:
    """All families of one harness."""

    def __init__(self, image: RuntimeImage) -> None:
        self._python = PythonRuntime(image)
        self._families: Sequence[RuntimeFamily] = (self._python,)

    @property
    def own_interpreter(self) -> PythonInterpreter:
        """The harness's own, which most functions run on; building its image may take seconds."""
        return self._python.interpreter()

    def family(self, configuration: FunctionConfiguration) -> RuntimeFamily:
        """The family that runs a function. RuntimeUnavailable when none does."""
        name = configuration.name
        if configuration.package_type != "Zip":
            raise RuntimeUnavailable(f"{name} is a container image, and the harness runs zip packages only so far")
        for family in self._families:
            if family.runs(configuration):
                return family
        raise RuntimeUnavailable(f"{name} uses runtime {configuration.runtime}, which the harness does not run so far")
