"""Starts the Python runtime inside a function's own process. Run as a script, never imported by the harness.

Arguments: the directory of the deployment package, then the search path behind it, in order. The interpreter runs
isolated (`-I -S`), so that nothing of the environment lambdakit lives in can be imported; what the function may see is
exactly the path given here.
Source: AWS Lambda Developer Guide, "Working with .zip file archives for Python Lambda functions" (search path).
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys


def main() -> None:
    """Narrows the search path and hands over to the runtime client, which never returns."""
    task_root, *behind = sys.argv[1:]
    *layers, image = behind
    library = [entry for entry in sys.path if entry]
    sys.path[:] = [*library, image]
    sys.argv[:] = ["/var/runtime/bootstrap.py"]
    # The client comes before the function's code can be seen: a module of the function's may have the same name.
    with contextlib.suppress(ValueError, OSError):  # the host's own limit may be lower
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))  # AWS Lambda quotas: file descriptors
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    sys.path[:] = [task_root, *layers, *library, image]
    bootstrap.run(os.environ["_HANDLER"], LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], False))


if __name__ == "__main__":
    main()
