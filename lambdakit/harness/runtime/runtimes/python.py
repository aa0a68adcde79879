"""The Python runtimes: AWS's runtime client on an interpreter of this machine.

Source: AWS Lambda Developer Guide, "Working with .zip file archives for Python Lambda functions" (search path).
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
import threading
from collections import defaultdict
from pathlib import Path, PurePosixPath

from lambdakit.harness.runtime.foreign_binaries import ForeignBinaries
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.interpreters import Interpreter, Interpreters
from lambdakit.harness.runtime.package_cache import PackagesUnavailable
from lambdakit.harness.runtime.python_imports import needs_durable_sdk
from lambdakit.harness.runtime.runtime_image import IMAGE_FOLDER, RuntimeImages
from lambdakit.harness.runtime.runtimes.exec_wrapper import located_on_host, names_wrapper, wrapped
from lambdakit.harness.runtime.runtimes.family import (
    HostStart,
    Prepared,
    PythonInterpreter,
    RuntimeUnavailable,
    SandboxStart,
)
from lambdakit.records import dataclass

_IDENTIFIER = re.compile(r"python3\.(\d+)")
_BOOTSTRAP = Path(__file__).parents[1] / "python_bootstrap.py"
# DG "Supported runtimes for durable functions", "Lambda managed runtimes"
_FIRST_WITH_DURABLE_SDK = 13
_NO_DURABLE_SDK = (
    "runs without the durable execution SDK that AWS's runtime carries: it could not be installed ({}); "
    "a package that brings aws-durable-execution-sdk-python does not need it"
)
_PATH = "_LAMBDAKIT_SEARCH_PATH"  # what the bootstrap takes it from when a wrapper starts it
# What the user's variables say to the interpreter and to the loader of its libraries, both of which read them once.
# Source: Python documentation, "Command line and environment"; ld.so(8).
_READ_AT_START = frozenset(
    {"LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONDEVMODE", "PYTHONFAULTHANDLER", "PYTHONHASHSEED", "PYTHONMALLOC"}
    | {"PYTHONOPTIMIZE", "PYTHONPYCACHEPREFIX", "PYTHONTRACEMALLOC", "PYTHONVERBOSE", "PYTHONWARNINGS"}
)
# An interpreter of this machine may need libraries of its own, which the function's path does not lead to.
_WITH_OWN_LIBRARIES = ("/bin/sh", "-c", 'LD_LIBRARY_PATH="$LD_LIBRARY_PATH:/var/lang/lib" exec "$@"', "bootstrap")
_SDK_FILES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")
_PRELOADED = ({name.removesuffix(".py") for name in _SDK_FILES} | sys.stdlib_module_names) - {"test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonChoice:
    """What runs the functions of one Python version. note: how that differs from AWS; empty when it does not."""

    interpreter: Interpreter
    image: Path
    note: str


class PythonRuntime:
    """`python3.x`, on the interpreter of that version if the machine has one, else on the nearest."""

    def __init__(self, interpreters: Interpreters, images: RuntimeImages, foreign: ForeignBinaries) -> None:
        self._interpreters = interpreters
        self._images = images
        self._foreign = foreign
        self._choices: dict[int, PythonChoice] = {}
        self._locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)
        self._durable: dict[int, PythonChoice | str] = {}  # by version: with the SDK, or why there is none
        self._takes_durable_sdk: dict[tuple[Path, ...], bool] = {}

    def runs(self, configuration: FunctionConfiguration) -> bool:
        """Whether the function names a Python runtime."""
        return _IDENTIFIER.fullmatch(configuration.runtime) is not None

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """What the function is started from: its own directories, or others with binaries for this machine."""
        minor = _minor(configuration)
        interpreter = self.choice(minor).interpreter
        folders = _layer_folders(configuration)
        prepared = self._foreign.replaced(configuration, interpreter, minor=minor, layer_folders=folders)
        durable = self._durable_choice(prepared.configuration)
        if not isinstance(durable, str):
            return prepared
        return dataclasses.replace(prepared, notes=(*prepared.notes, _NO_DURABLE_SDK.format(durable)))

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter, and how it differs from AWS."""
        choice = self.choice(_minor(configuration))
        return choice.interpreter.name, choice.note

    def on_host(self, configuration: FunctionConfiguration) -> HostStart:
        """A new interpreter, isolated from the environment that the harness is installed in."""
        choice = self._choice_of(configuration)
        image, interpreter = str(choice.image), choice.interpreter
        layers = [path for root in reversed(configuration.layers) for path in _in_layer(configuration, str(root))]
        path = (str(configuration.code), *layers, *map(located_on_host(configuration), _users_path(configuration)))
        variables = {"PYTHONPATH": image}
        if interpreter.library_path:
            variables["LD_LIBRARY_PATH"] = interpreter.library_path
        program = str(interpreter.executable)
        command: tuple[str, ...] = (program, "-I", "-S", "-X", "utf8", str(_BOOTSTRAP), *path, image)
        if names_wrapper(configuration):
            # Without `-S`, which AWS does not have, what is installed for the interpreter could be imported.
            command = wrapped((program, "-S", str(_BOOTSTRAP)), configuration, located_on_host(configuration))
            variables[_PATH] = json.dumps([*path, image])
        return HostStart(command=command, runtime_directory=image, variables=variables)

    def in_sandbox(self, configuration: FunctionConfiguration) -> SandboxStart:
        """A fork of a warmed parent; of one without boto3 when the function brings a version of its own.

        A function with a wrapper script, or with a variable that only a new process heeds, is started as AWS starts it,
        by the interpreter's own program.
        """
        choice = self._choice_of(configuration)
        prefix = choice.interpreter.prefix
        standard = tuple(f"/var/lang/{entry.relative_to(prefix)}" for entry in choice.interpreter.library)
        layers = tuple(_in_layer(configuration, "/opt")) if configuration.layers else ()
        if names_wrapper(configuration) or not _READ_AT_START.isdisjoint(configuration.environment):
            return self._wrapped_in_sandbox(configuration, choice, ("/var/task", *layers))
        return SandboxStart(
            parent=_parent(choice),
            preload="nothing" if _brings_sdk(configuration) else "sdk",
            path=("/var/task", *layers, *_users_path(configuration), *standard, "/var/runtime"),
            variables={"PYTHONPATH": "/var/runtime"},
        )

    def _wrapped_in_sandbox(
        self, configuration: FunctionConfiguration, choice: PythonChoice, path: tuple[str, ...]
    ) -> SandboxStart:
        parent = _parent(choice)
        path = (*path, *_users_path(configuration), "/var/runtime")
        keep = _WITH_OWN_LIBRARIES if "LD_LIBRARY_PATH" in configuration.environment else ()
        return SandboxStart(
            parent=parent,
            preload="nothing",
            command=wrapped((*keep, f"/var/lang/{parent.program}", "/var/runtime/bootstrap.py"), configuration),
            binds=(
                (self._images.with_start_script(choice.image), "/var/runtime"),
                (choice.image, f"/var/runtime/{IMAGE_FOLDER}"),
            ),
            variables={"PYTHONPATH": "/var/runtime", _PATH: json.dumps(path)},
        )

    def own_interpreter(self) -> PythonInterpreter:
        """The harness's own. RuntimeUnavailable when its image cannot be built."""
        return _parent(self.choice(self._interpreters.own.minor))

    def choice(self, minor: int) -> PythonChoice:
        """What runs Python 3.`minor`; its image is built when it is missing. RuntimeUnavailable when nothing can."""
        with self._locks[minor]:
            if minor not in self._choices:
                self._choices[minor] = self._choose(minor)
            return self._choices[minor]

    def _choice_of(self, configuration: FunctionConfiguration) -> PythonChoice:
        durable = self._durable_choice(configuration)
        return durable if isinstance(durable, PythonChoice) else self.choice(_minor(configuration))

    def _durable_choice(self, configuration: FunctionConfiguration) -> PythonChoice | str | None:
        """What runs a function that takes the durable execution SDK from its runtime, or why that is not there.

        None for every other function.
        """
        minor = _minor(configuration)
        if minor < _FIRST_WITH_DURABLE_SDK or not self._needs_durable_sdk(configuration):
            return None
        choice = self.choice(minor)
        with self._locks[minor]:
            if minor not in self._durable:
                try:
                    image = self._images.with_durable_sdk(choice.image, choice.interpreter)
                    self._durable[minor] = dataclasses.replace(choice, image=image)
                except (PackagesUnavailable, OSError) as unavailable:
                    self._durable[minor] = str(unavailable)
            return self._durable[minor]

    def _needs_durable_sdk(self, configuration: FunctionConfiguration) -> bool:
        """Packages do not change, and reading a large one takes a while."""
        layers = [Path(folder) for root in configuration.layers for folder in _in_layer(configuration, str(root))]
        roots = (configuration.code, *layers)
        if roots not in self._takes_durable_sdk:
            self._takes_durable_sdk[roots] = needs_durable_sdk(roots)
        return self._takes_durable_sdk[roots]

    def _choose(self, minor: int) -> PythonChoice:
        interpreter = self._interpreters.choose(minor)
        if interpreter.is_own:
            return self._own(minor)
        try:
            image = self._images.of(interpreter)
        except (PackagesUnavailable, OSError) as unavailable:
            return self._own(
                minor,
                f": the runtime image for {interpreter.executable} could not be installed ({unavailable}); "
                f"`lambdakit runtimes install python3.{minor}` tries again",
            )
        return PythonChoice(interpreter=interpreter, image=image, note=_note(interpreter.name, interpreter, minor))

    def _own(self, minor: int, reason: str = "") -> PythonChoice:
        own = self._interpreters.own
        try:
            image = self._images.of(own)
        except PackagesUnavailable as unavailable:
            raise RuntimeUnavailable(str(unavailable)) from None
        note = _note(f"{own.name}, the harness's own interpreter", own, minor)
        return PythonChoice(interpreter=own, image=image, note=note + reason if note else "")


def _note(name: str, interpreter: Interpreter, minor: int) -> str:
    return "" if interpreter.minor == minor else f"runs on {name}, not on Python 3.{minor} as on AWS"


def _parent(choice: PythonChoice) -> PythonInterpreter:
    interpreter = choice.interpreter
    program = interpreter.executable
    if not program.is_relative_to(interpreter.prefix):
        program = interpreter.prefix / "bin" / f"python3.{interpreter.minor}"
    return PythonInterpreter(
        executable=interpreter.executable,
        prefix=interpreter.prefix,
        program=str(program.relative_to(interpreter.prefix)),
        packages=tuple(
            str(folder.relative_to(interpreter.prefix))
            for folder in interpreter.packages
            if folder.is_relative_to(interpreter.prefix)
        ),
        version=interpreter.version[:2],
        image=choice.image,
    )


def _minor(configuration: FunctionConfiguration) -> int:
    match = _IDENTIFIER.fullmatch(configuration.runtime)
    assert match is not None
    return int(match[1])


def _in_layer(configuration: FunctionConfiguration, root: str) -> list[str]:
    return [f"{root}/{folder}" for folder in _layer_folders(configuration)]


def _users_path(configuration: FunctionConfiguration) -> list[str]:
    """What the user's own `PYTHONPATH` adds, as absolute paths; the runtime starts in `/var/task`.

    The default, which children that the function starts inherit, is the runtime's directory. Source: DG "Working with
    Lambda environment variables", "Defined runtime environment variables".
    """
    entries = configuration.environment.get("PYTHONPATH", "").split(":")
    return [str(PurePosixPath("/var/task", entry)) for entry in entries if entry]


def _layer_folders(configuration: FunctionConfiguration) -> tuple[str, str]:
    return f"python/lib/{configuration.runtime}/site-packages", "python"


def _brings_sdk(configuration: FunctionConfiguration) -> bool:
    """Whether the package or a layer has its own version of what the warmed parent has imported with boto3.

    That is the SDK, and modules of the standard library, before which the package stands in the search path. A folder
    of the package with an SDK in it counts as well, since its code may put that folder before all others.
    """
    located = located_on_host(configuration)
    roots = [str(configuration.code), *map(located, _users_path(configuration))]
    for layer in configuration.layers:
        roots += _in_layer(configuration, str(layer))
    folders: list[str] = []
    for root in filter(os.path.isdir, roots):
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.name.removesuffix(".py") in _PRELOADED:
                    return True
                if entry.is_dir():
                    folders.append(entry.path)
    return any(os.path.exists(f"{folder}/{name}") for folder in folders for name in _SDK_FILES)  # noqa: PTH110  # many
