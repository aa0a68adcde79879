"""Where in what was given a problem lies, as the text that a diagnostic's pointer is."""

from __future__ import annotations

import json
import re
from typing import Final

Steps = tuple[str | int, ...]

_PLAIN: Final = re.compile(r"[A-Za-z0-9_/:{}$-]([A-Za-z0-9_/:{}$ -]*[A-Za-z0-9_/:{}$-])?")


def pointer_text(construct_path: str, steps: Steps) -> str:
    """`shop/orders.overrides.Table.Tags[0]`: a construct's path, and the keys and places below it."""
    text = construct_path
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step if _PLAIN.fullmatch(step) else json.dumps(step, ensure_ascii=False)}"
    return text
