"""The parent that `bare_floor` forks: an interpreter with AWS's runtime client imported. Run as a script.

Each line of standard input is the Runtime API's address for a new child; each line of output is that child's pid.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Forks on order until standard input ends."""
    task, image = sys.argv[1:]
    sys.path[:] = [task, *(entry for entry in sys.path if entry), image]
    # The C++ part fixes the Runtime API's address when it is loaded, so that only the child may load it.
    sys.modules["runtime_client"] = None  # type: ignore[assignment]  # how an import is made to fail
    from awslambdaric import bootstrap, lambda_runtime_client

    orders, pids = os.fdopen(0, "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    while order := orders.readline():
        pid = os.fork()
        if pid == 0:
            address = order.decode().strip()
            os.environ["AWS_LAMBDA_RUNTIME_API"] = address
            del sys.modules["runtime_client"]
            import runtime_client  # type: ignore[import-not-found]  # the client's compiled part

            runtime_client.initialize_client("bare")
            lambda_runtime_client.runtime_client = runtime_client
            bootstrap.run("app.handler", lambda_runtime_client.LambdaRuntimeClient(address, False))
        pids.write(f"{pid}\n".encode())


if __name__ == "__main__":
    main()
