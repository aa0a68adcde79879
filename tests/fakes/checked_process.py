"""`tests.fakes.checked` in its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lambdakit.compiler.child_environment import child_variables

_ROOT: Final = Path(__file__).parents[2]


def run_checks(directory: Path) -> Mapping[str, Any]:
    """What every check found, by stack or document. directory: gets the assemblies below `assemblies`."""
    temporary = directory / "tmp"
    temporary.mkdir()
    child = subprocess.run(
        [sys.executable, "-m", "tests.fakes.checked", str(directory / "assemblies")],
        cwd=_ROOT,
        env=child_variables(os.environ, temporary_directory=temporary),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if child.returncode:
        raise AssertionError(f"the checks did not run:\n{child.stderr}")
    found: Mapping[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found
