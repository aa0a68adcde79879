"""Starts the Python runtime inside a function's own process. Run as a script, never imported by the harness.

Arguments: the directory of the deployment package, then the search path behind it, in order. The interpreter runs
isolated (`-I -S`), so that nothing of the environment lambdakit lives in can be imported; what the function may see is
exactly the path given here.

Without arguments it was a wrapper script that started it, perhaps with options of its own for the interpreter and
another PYTHONPATH: the same path then comes from a variable, and what the wrapper added stands behind it.
Source: AWS Lambda Developer Guide, "Working with .zip file archives for Python Lambda functions" (search path) and
"Modifying the runtime environment" (the runtime's script is the last of a wrapper's arguments).
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import resource
import site
import sys

_PATH = "_LAMBDAKIT_SEARCH_PATH"  # JSON: a list, as the arguments
_INSTALLED = ("/site-packages", "/dist-packages")  # of the interpreter: nothing in there is the function's


def main() -> None:
    """Narrows the search path and hands over to the runtime client, which never returns."""
    task_root, *behind = sys.argv[1:] or json.loads(os.environ.pop(_PATH))
    *layers, image = behind
    library = [entry for entry in sys.path if entry] if sys.argv[1:] else _wrapped_path(image)
    sys.path[:] = [*library, image]
    sys.argv[:] = ["/var/runtime/bootstrap.py"]
    # The client comes before the function's code can be seen: a module of the function's may have the same name.
    with contextlib.suppress(ValueError, OSError):  # the host's own limit may be lower
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))  # AWS Lambda quotas: file descriptors
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    log = _LogChannel(os.dup(1))
    bootstrap.StandardLogSink.log = log.write
    bootstrap.StandardLogSink.log_error = log.write_error
    _lead_api_hosts()
    sys.path[:] = [task_root, *layers, *library, image]
    client = LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], _polls_in_a_thread())
    bootstrap.run(os.environ["_HANDLER"], client)


def _lead_api_hosts() -> None:
    """Has boto3 reach APIs by their hosts on AWS: by the module beside this script, or where the script comes from."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # pathlib is slow to import
    beside, source = f"{here}/api_hosts.py", f"{here}/inside/api_hosts.py"
    path = beside if os.path.isfile(beside) else source  # noqa: PTH113
    spec = importlib.util.spec_from_file_location("api_hosts", path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.lead()


class _LogChannel:
    """Takes what the function logs, as `inside/python_runtime.py` has it, which says why."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._mark = "\x1e\x00" if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON" else ""

    def write(self, message: str, frame_type: bytes | None = None) -> None:
        left = (self._mark + message.rstrip("\n").replace("\n", "\r") + "\n").encode("utf-8")
        while left:
            left = left[os.write(self._descriptor, left) :]

    def write_error(self, lines: list[str]) -> None:
        self.write("\n".join(lines))


def _polls_in_a_thread() -> bool:
    """Whether the function's own signal handlers run while it waits for an event, which its C++ part keeps from them.

    Source: `lambda_config.py` of aws/aws-lambda-python-runtime-interface-client: from python3.12 on.
    """
    minor = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("AWS_Lambda_python3.")[2]
    return minor.isdigit() and int(minor) >= 12


def _wrapped_path(image: str) -> list[str]:
    """The interpreter's own search path, with what the wrapper put on PYTHONPATH, without this script's directory."""
    if sys.flags.no_site:
        # The harness's doing, outside a sandbox: a tool that is started by a sitecustomize of its own expects that.
        site.execsitecustomize()
    chosen = [os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(":") if entry]  # noqa: PTH100
    own = {os.path.dirname(os.path.abspath(__file__)), image, ""}  # noqa: PTH100, PTH120  # pathlib is slow to import
    library = [os.path.abspath(entry) for entry in sys.path if entry not in own]  # noqa: PTH100
    return [entry for entry in library if entry in chosen or not entry.endswith(_INSTALLED)]


if __name__ == "__main__":
    main()
