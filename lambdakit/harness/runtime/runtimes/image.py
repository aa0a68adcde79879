"""What runs in place of a container image: a managed runtime with the image's handler, or a program that an override
names, which speaks the Runtime API.

`/var/task` holds the image's build context, or another directory that the override names; `/var/lang` and
`/var/runtime` are those of a managed runtime, as in AWS's base images. The image itself is never built.
Source: AWS Lambda Developer Guide, "Create a Lambda function using a container image"; the texts of a program or a
directory that is not there are those of Go's os/exec, which the emulator starts them with
(aws/aws-lambda-runtime-interface-emulator, `fatalerror/fatalerror.go`, for their types).
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration, ImageCommand
from lambdakit.harness.runtime.runtimes.exec_wrapper import located_on_host
from lambdakit.harness.runtime.runtimes.family import (
    HostStart,
    Prepared,
    RuntimeFamily,
    SandboxStart,
)
from lambdakit.harness.runtime.runtimes.program_file import start_problem
from lambdakit.harness.runtime.runtimes.provided import own_machine

_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
_PATH = "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin"
_NOTHING = ("/bin/sh", "-c", ":")
_SHARED = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/etc/")  # the machine's own, seen in the sandbox as well
_PLACES = ("/", "/tmp", "/opt", "/var", "/var/task", "/var/lang", "/var/runtime")


class ImageRuntime:
    """Functions whose image has an override.

    family: runs a function of a managed runtime.
    """

    def __init__(self, family: Callable[[FunctionConfiguration], RuntimeFamily]) -> None:
        self._family = family

    def runs(self, configuration: FunctionConfiguration) -> bool:
        """Whether something runs in place of an image."""
        return configuration.image is not None

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """The function, perhaps with binaries for this machine."""
        based = _based(configuration)
        prepared = self._family(based).prepare(based)
        return Prepared(
            configuration=dataclasses.replace(configuration, code=prepared.configuration.code), notes=prepared.notes
        )

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter that stands in `/var/lang`, and that this is no container."""
        based = _based(configuration)
        interpreter, difference = self._family(based).describe(based)
        runs = shlex.join(_image(configuration).command) or f"{configuration.handler} on {based.runtime}"
        note = f"runs {runs} in place of its container image, as its override says"
        return interpreter, f"{note}; {difference}" if difference else note

    def on_host(self, configuration: FunctionConfiguration) -> HostStart:
        """The program with paths of the host's in place of the image's."""
        based, image = _based(configuration), _image(configuration)
        start = self._family(based).on_host(based)
        located = located_on_host(configuration)
        variables = _variables(start.variables, image, based, located)
        if not image.command:
            return dataclasses.replace(start, variables=variables)
        problem = _directory_problem(configuration) or _problem(image.command[0], image, based)
        if problem:
            return HostStart(command=_NOTHING, runtime_directory=start.runtime_directory, problem=problem)
        program = start.command[0] if _same_language(image.command[0], based) else located(image.command[0])
        command = (program, *map(located, image.command[1:]))
        directory = Path(located(f"{image.working_directory.rstrip('/')}/"))
        return dataclasses.replace(start, command=command, directory=directory, variables=variables)

    def in_sandbox(self, configuration: FunctionConfiguration) -> SandboxStart:
        """The program, executed by a fork that had nothing to warm up for it."""
        based, image = _based(configuration), _image(configuration)
        start = self._family(based).in_sandbox(based)
        variables = _variables({"PATH": _PATH, **start.variables}, image, based, str)
        if not image.command:
            return dataclasses.replace(start, variables=variables)
        program = image.command[0]
        if _same_language(program, based):
            program = "/var/lang/bin/node" if program == "node" else f"/var/lang/{start.parent.program}"
        problem = _directory_problem(configuration) or _problem(program, image, based)
        return dataclasses.replace(
            start,
            preload="nothing",
            path=None,
            command=_NOTHING if problem else (program, *image.command[1:]),
            directory="/var/task" if problem else image.working_directory,
            variables=variables,
            problem=problem,
        )


def _image(configuration: FunctionConfiguration) -> ImageCommand:
    assert configuration.image is not None
    return configuration.image


def _based(configuration: FunctionConfiguration) -> FunctionConfiguration:
    """The function as a zip package on the managed runtime that stands in the image's place."""
    image = _image(configuration)
    environment = dict(configuration.environment)
    if image.command:
        environment.pop("AWS_LAMBDA_EXEC_WRAPPER", None)  # a managed runtime's start script looks for it
    return dataclasses.replace(
        configuration,
        runtime=image.runtime or f"python3.{sys.version_info.minor}",
        package_type="Zip",
        image=None,
        environment=environment,
        handler=configuration.handler or "none",
    )


def _same_language(program: str, based: FunctionConfiguration) -> bool:
    """Whether a command's first word means the interpreter that stands in `/var/lang`."""
    if based.runtime.startswith("nodejs"):
        return program == "node"
    return _PYTHON.fullmatch(program) is not None


def _variables(
    defaults: Mapping[str, str], image: ImageCommand, based: FunctionConfiguration, located: Callable[[str], str]
) -> Mapping[str, str]:
    """The runtime's own, and over them the image's; what the image adds to the search path stands before it."""
    variables = {**defaults, **image.variables}
    added = image.variables.get("PYTHONPATH", "").split(":")
    if "PYTHONPATH" in defaults and added != [""]:
        variables["PYTHONPATH"] = ":".join([*map(located, added), defaults["PYTHONPATH"]])
    if image.runtime:
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{based.runtime}"
    return variables


def _directory_problem(configuration: FunctionConfiguration) -> str:
    shown = PurePosixPath(_image(configuration).working_directory)
    if str(shown) in _PLACES:
        return ""
    if shown.is_relative_to("/var/task"):
        found = (configuration.code / shown.relative_to("/var/task")).is_dir()
    else:
        found = f"{shown}/".startswith(_SHARED) and Path(shown).is_dir()
    return "" if found else f"chdir {shown}: no such file or directory"


def _problem(program: str, image: ImageCommand, based: FunctionConfiguration) -> str:
    """Why there is no such program, in the words of what starts it; empty when there is one."""
    if _same_language(program, based):
        return ""
    if "/" not in program:
        path = image.variables.get("PATH", _PATH)
        places = ":".join(place for place in path.split(":") if f"{place}/".startswith(_SHARED))
        found = shutil.which(program, path=places)
        return "" if found else f'exec: "{program}": executable file not found in $PATH'
    shown = PurePosixPath(image.working_directory, program)
    if not shown.is_relative_to("/var/task"):
        inside = str(shown).startswith(("/var/lang/", "/var/runtime/", "/opt/"))
        return "" if inside or Path(shown).is_file() else f"fork/exec {program}: no such file or directory"
    file = based.code / shown.relative_to("/var/task")
    if not file.is_file():
        return f"fork/exec {program}: no such file or directory"
    return start_problem(file, program, based, machine=own_machine())
