"""The harness's process with the judge of `judged_harness`: options on standard input, the port on standard output.

Argument: the file with the rules.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from lambdakit.harness.options import read_options
from lambdakit.harness.server import Server
from tests.fakes.judged_harness import NetworkRules


def main() -> None:
    """Runs until standard input ends."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    rules = NetworkRules(Path(sys.argv[1]))
    server = Server(read_options(json.loads(sys.stdin.readline())), judge=rules.judge)
    print(json.dumps({"ready": True, "port": server.port}), flush=True)
    sys.stdin.read()
    server.close()
    os._exit(0)


if __name__ == "__main__":
    main()
