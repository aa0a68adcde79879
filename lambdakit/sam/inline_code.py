"""Code that stands in a template, in files of its own, as a document names directories.

Source: AWS Lambda Developer Guide and CloudFormation Template Reference, "AWS::Lambda::Function Code": the file is
called index, and CloudFormation adds the module cfn-response to what imports it.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Final

from lambdakit.spec.names import snake_case

_ENDS: Final = {"python": ".py", "nodejs": ".js"}
_ADDED: Final = re.compile(r"\bcfn-?response\b")
_MODULE: Final = re.compile(r"^\s*(export\s|import\s)", re.MULTILINE)


class InlineCode:
    """Directories beside a document, made as they are asked for."""

    def __init__(self, template_directory: Path, document_directory: Path) -> None:
        self._from = template_directory
        self._directory = document_directory
        self.made: list[Path] = []

    def directory(self, logical_id: str, text: str, runtime: str) -> str | None:
        """A new directory with the code, as the template would name it; None for what only CloudFormation can run."""
        end = next((end for start, end in _ENDS.items() if runtime.startswith(start)), None)
        if end is None or _ADDED.search(text):
            return None
        if end == ".js" and _MODULE.search(text):
            end = ".mjs"
        name, number = snake_case(logical_id), 2
        place = self._directory / "functions" / name
        while place.exists():
            place = self._directory / "functions" / f"{name}_{number}"
            number += 1
        new = next((part for part in (place.parent, place) if not part.exists()), place)
        place.mkdir(parents=True)
        self.made.append(new)
        (place / f"index{end}").write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
        return os.path.relpath(place, self._from)

    def remove(self) -> None:
        """Takes away what was made."""
        for place in reversed(self.made):
            shutil.rmtree(place, ignore_errors=True)
        self.made.clear()
