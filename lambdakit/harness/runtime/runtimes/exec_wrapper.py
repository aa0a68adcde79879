"""Wrapper scripts: what a managed runtime's own command is handed to, when the function names one.

Source: AWS Lambda Developer Guide, "Modifying the runtime environment"; the texts and statuses of a wrapper that cannot
run are those of the script `/var/runtime/bootstrap` in AWS's base images.
"""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

_VARIABLE = "AWS_LAMBDA_EXEC_WRAPPER"
_SCRIPT = """\
wrapper=$1
shift
if [ ! -f "$wrapper" ]; then echo "$wrapper: does not exist"; exit 127; fi
if [ ! -x "$wrapper" ]; then echo "$wrapper: is not an executable"; exit 126; fi
exec "$wrapper" "$@"
"""


def names_wrapper(configuration: FunctionConfiguration) -> bool:
    """Whether a wrapper script is to start the runtime."""
    return bool(configuration.environment.get(_VARIABLE))


def wrapped(
    command: tuple[str, ...], configuration: FunctionConfiguration, located: Callable[[str], str] = str
) -> tuple[str, ...]:
    """`command`, or the wrapper with it as its arguments.

    located: where a path that the function names is found, outside a sandbox.
    """
    wrapper = configuration.environment.get(_VARIABLE)
    if not wrapper:
        return command
    return ("/bin/sh", "-c", _SCRIPT, "bootstrap", located(wrapper), *command)


def located_on_host(configuration: FunctionConfiguration) -> Callable[[str], str]:
    """Where paths below `/var/task` and `/opt` are without a sandbox; any other is what it is."""

    def located(path: str) -> str:
        if path.startswith("/var/task/"):
            return str(configuration.code / path.removeprefix("/var/task/"))
        if path.startswith("/opt/"):
            candidates = [layer / path.removeprefix("/opt/") for layer in reversed(configuration.layers)]
            return str(next((candidate for candidate in candidates if candidate.exists()), path))
        return path

    return located
