"""What an interpreter says of itself. It is started for that once; the answer is kept while its file stays the same."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lambdakit.records import dataclass

_SECONDS = 20
# Runs on any Python 3; `-S` keeps installed packages, and what they do at start, out of the answer.
_QUESTION = """
import json, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "prefix": sys.base_prefix,
    "path": sys.path,
    "tag": sysconfig.get_config_var("SOABI") or "",
    "is_plain_cpython": sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"),
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an interpreter told. is_plain_cpython: not PyPy, and not a build without the global lock.

    path: its search path without installed packages. library_path: see `interpreters.Interpreter`.
    """

    version: tuple[int, int, int]
    prefix: str
    path: tuple[str, ...]
    tag: str
    is_plain_cpython: bool
    library_path: str = ""


def ask(program: Path, cache: Path) -> Answer | None:
    """The answer of `program`; None when it does not start.

    cache: a folder; answers are kept there where it can be written.
    """
    try:
        status = program.stat()
    except OSError:
        return None
    kept = cache / "interpreters" / f"{hashlib.sha256(os.fsencode(program)).hexdigest()[:32]}.json"
    identity = {"program": str(program), "modified_ns": status.st_mtime_ns, "bytes": status.st_size}
    answer = _read(kept, identity)
    if answer is None:
        answer = _started(program, {}) or _started_with_libraries(program)
        if answer is not None:
            with contextlib.suppress(OSError):
                _keep(kept, {**identity, "answer": asdict(answer)})
    return answer


def _started_with_libraries(program: Path) -> Answer | None:
    """Again, told where its shared library is: some builds were moved after they were made."""
    folder = program.parent.parent / "lib"
    return _started(program, {"LD_LIBRARY_PATH": str(folder)}) if folder.is_dir() else None


def _started(program: Path, variables: Mapping[str, str]) -> Answer | None:
    try:
        done = subprocess.run(
            [program, "-I", "-S", "-c", _QUESTION],
            env=variables,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )
        told = json.loads(done.stdout)
        return _answer({**told, "library_path": variables.get("LD_LIBRARY_PATH", "")})
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None


def _answer(told: Mapping[str, Any]) -> Answer:
    major, minor, micro = told["version"]
    return Answer(
        version=(int(major), int(minor), int(micro)),
        prefix=str(told["prefix"]),
        path=tuple(map(str, told["path"])),
        tag=str(told["tag"]),
        is_plain_cpython=bool(told["is_plain_cpython"]),
        library_path=str(told["library_path"]),
    )


def _read(kept: Path, identity: Mapping[str, object]) -> Answer | None:
    try:
        found = json.loads(kept.read_bytes())
        if {name: found[name] for name in identity} != identity:
            return None
        return _answer(found["answer"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(kept: Path, content: Mapping[str, object]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=kept.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    Path(draft).replace(kept)
