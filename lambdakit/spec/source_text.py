"""The text of a document's file."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Final

from lambdakit.limits import MIB
from lambdakit.spec.finding import Finding, Mark

DOCUMENT_BYTES_MAX: Final = MIB

# What a file of each kind is mostly called.
_USUAL_NAMES: Final = {
    "document": ("lambdakit.yaml",),
    "template": ("template.yaml", "template.yml", "template.json", "serverless.yml", "serverless.yaml"),
}
# YAML 1.2.2, section 5.1: all but the characters that may stand in a document
_UNPRINTABLE: Final = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# The same of ASCII, compiled in a fiftieth of the time.
_UNPRINTABLE_ASCII: Final = "[^\t\n\r\x20-\x7e]"


def read_text(path: Path, kind: str = "document") -> str | Finding:
    """The document's text without a byte order mark, or why there is none. kind: what messages call it."""
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            # Of these some never end, and some never begin.
            problem = f"this is a pipe, a socket or a device, a {kind} is a file"
            return Finding(code="LK100", problem=problem, hint=f"write the {kind} to a file of its project")
        with path.open("rb") as file:
            content = file.read(DOCUMENT_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        return _unreadable(path, error, kind)
    if len(content) > DOCUMENT_BYTES_MAX:
        return Finding(
            code="LK101",
            problem=f"the {kind} is larger than {DOCUMENT_BYTES_MAX // MIB} MiB, the most that is read",
            hint=f"check that this is the {kind}; split a large application into several",
        )
    return decode(content)


def decode(content: bytes) -> str | Finding:
    """The bytes as UTF-8 text of printable characters, or why they are not."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        byte = content[error.start]
        problem = f"the byte 0x{byte:02x} is not UTF-8"
        return Finding(code="LK102", problem=problem, hint="save the document as UTF-8", mark=_end_of(before))
    found = re.search(_UNPRINTABLE_ASCII if text.isascii() else _UNPRINTABLE, text)
    if found is not None:
        problem = f"the character U+{ord(found[0]):04X} is not printable"
        return Finding(code="LK102", problem=problem, hint="remove the character", mark=_end_of(text[: found.start()]))
    return text


def _end_of(before: str) -> Mark:
    """The place of the character after `before`."""
    lines = re.split("\r\n|[\n\r]", before)
    return Mark(len(lines), len(lines[-1]) + 1)


def _unreadable(path: Path, error: OSError | ValueError, kind: str) -> Finding:
    if isinstance(error, FileNotFoundError):
        candidates = sorted(path.parent.glob("*.y*ml"))[:3] if path.parent.is_dir() else []
        names = ", ".join(str(candidate) for candidate in candidates)
        begin = ", or begin one with `lambdakit init`" if kind == "document" else ""
        hint = f"this directory holds {names}" if names else f"name the {kind}{begin}"
        return Finding(code="LK100", problem="there is no such file", hint=hint)
    if isinstance(error, IsADirectoryError):
        usual = (path / name for name in _USUAL_NAMES.get(kind, ()))
        hint = next((f"name {each}" for each in usual if each.is_file()), "name a file in it")
        return Finding(code="LK100", problem=f"this is a directory, a {kind} is a file", hint=hint)
    reason = (error.strerror or "") if isinstance(error, OSError) else str(error)
    return Finding(code="LK100", problem=f"the file cannot be read: {reason.lower()}")
