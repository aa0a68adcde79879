"""Whether a Python function imports AWS's durable execution SDK and does not bring it: the runtime provides it then.

Source: AWS Lambda Developer Guide, "Supported runtimes for durable functions", "Lambda managed runtimes" (Note).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lambdakit.harness.runtime.distributions import distributions_in

DURABLE_SDK = "aws_durable_execution_sdk_python"
_IMPORT = re.compile(rf"^\s*(?:from|import)\s+{DURABLE_SDK}\b".encode(), re.MULTILINE)


def needs_durable_sdk(roots: Iterable[Path]) -> bool:
    """Whether code below `roots`, a package and its layers' folders, imports the SDK, and none of them has it.

    What was installed there is not read: a distribution that needs the SDK brings it.
    """
    found = [root for root in roots if root.is_dir()]
    if any((root / DURABLE_SDK).is_dir() for root in found):
        return False
    return any(_imports(path) for root in found for path in _own_files(root))


def _own_files(root: Path) -> Iterator[Path]:
    installed = {file.partition("/")[0] for each in distributions_in(root) for file in each.files}
    for entry in root.iterdir():
        if entry.name not in installed:
            yield from entry.rglob("*.py") if entry.is_dir() else (entry,) if entry.suffix == ".py" else ()


def _imports(path: Path) -> bool:
    try:
        return _IMPORT.search(path.read_bytes()) is not None
    except OSError:  # a folder of that name, or a link that leads nowhere
        return False
