"""A function of the template where the document has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.records import dataclass
from lambdakit.sam.function_settings import Settings

_ALIAS: Final = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """logical_id: the template's. name: the document's. owner: the function of no pattern, or the function's pattern.

    pattern: the pattern's key; empty without one. kind: the pattern's. settings: of the function.
    """

    logical_id: str
    name: str
    owner: Settings
    settings: Settings
    pattern: str = ""
    kind: str = ""

    @property
    def base(self) -> str:
        """The path of the function's own construct."""
        return self.name if self.kind in ("", "api_backend") else f"{self.pattern}/Function"

    @property
    def role(self) -> str:
        """The path of its execution role."""
        return f"{self.base}/Role"

    def alias(self, defaults: Settings) -> dict[str, Any]:
        """The reference to its alias, which everything that starts it invokes."""
        for settings in (self.settings, defaults):
            alias = settings.get("alias")
            if isinstance(alias, Mapping) and "name" in alias:
                return {"Ref": f"{self.base}/Function/Alias{alias['name']}"}
        return {"Ref": f"{self.base}/Function/Alias{_ALIAS}"}

    def override_path(self, end: str = "") -> str:
        """The path of the function, or of a part of it, among its owner's overrides."""
        if not self.kind:
            return end or "."
        return "/".join(part for part in (self.name if self.kind == "api_backend" else "Function", end) if part)
