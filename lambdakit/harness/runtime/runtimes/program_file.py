"""Whether the kernel would execute a file that a function brings as its runtime, and what AWS says if not."""

from __future__ import annotations

import os
from pathlib import Path

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

# ELF specification, `e_machine`: what each of Lambda's architectures has.
_MACHINES = {62: "x86_64", 183: "arm64"}
_HEAD_BYTES = 512


def start_problem(path: Path, shown: str, configuration: FunctionConfiguration, *, machine: str) -> str:
    """Why the file cannot be started, in AWS's words; empty when it can.

    shown: where the function sees it. machine: the architecture that it must be for.
    """
    head = _head(path)
    if not path.stat().st_mode & 0o111:
        reason = "permission denied"
    elif head.startswith(b"#!"):
        reason = "" if _interpreter_exists(head, configuration) else "no such file or directory"
    else:
        reason = "" if machine_of(path) == machine else "exec format error"
    return f"fork/exec {shown}: {reason}" if reason else ""


def machine_of(path: Path) -> str | None:
    """The architecture that an ELF file is for; None for any other file, and for one of a machine Lambda does not have.

    Source: ELF specification, "ELF header": byte 5 is the byte order, bytes 18 and 19 are the machine.
    """
    head = _head(path)
    if len(head) < 20 or not head.startswith(b"\x7fELF"):
        return None
    return _MACHINES.get(int.from_bytes(head[18:20], "little" if head[5] == 1 else "big"))


def _interpreter_exists(head: bytes, configuration: FunctionConfiguration) -> bool:
    """Whether there is what a script's first line names; a carriage return at its end belongs to the name."""
    line = head[2:].partition(b"\n")[0].strip(b" \t")
    name = os.fsdecode(line.split(b" ", 1)[0].split(b"\t", 1)[0])
    for shown, roots in (("/var/task/", [configuration.code]), ("/opt/", configuration.layers)):
        if name.startswith(shown):
            return any((root / name.removeprefix(shown)).is_file() for root in roots)
    return Path(name).is_file()


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)
