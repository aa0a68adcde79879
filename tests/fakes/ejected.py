"""An ejected application, run as the CDK CLI runs it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from lambdakit.compiler.child_environment import child_variables


def synthesized(project: Path, output: Path, *, temporary: Path) -> dict[str, Any]:
    """The templates that the project's command writes to `output`, by file name."""
    settings: dict[str, Any] = json.loads((project / "cdk.json").read_text(encoding="utf-8"))
    context = {
        **settings["context"],
        "aws:cdk:enable-path-metadata": settings["pathMetadata"],
        "aws:cdk:enable-asset-metadata": settings["assetMetadata"],
        "aws:cdk:version-reporting": settings["versionReporting"],
        "aws:cdk:disable-asset-staging": False,
    }
    temporary.mkdir(exist_ok=True)
    variables = child_variables(os.environ, temporary_directory=temporary)
    done = subprocess.run(
        shlex.split(settings["app"]),
        cwd=project,
        env={
            **variables,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]]),
            "CDK_OUTDIR": str(output),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_VALIDATION": "false",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return templates(output)


def templates(assembly: Path) -> dict[str, Any]:
    """Every template of an assembly, by its path there."""
    return {
        path.relative_to(assembly).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(assembly.rglob("*.template.json"))
    }
