"""A hint to the harness: which runtimes a document names, so that their images are built while it is compiled."""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from lambdakit.errors import LambdakitError
from lambdakit.session.control_api import ControlApi

_RUNTIME: Final = re.compile(r"\b(?:python3\.\d{1,2}|nodejs\d{2}\.x)\b")
_READ_CHARACTERS: Final = 1024 * 1024


def prepare_runtimes(source: object, control: ControlApi) -> None:
    """Tells the harness, in the background, of the runtimes in a document's text; of other sources nothing is known.

    Nothing depends on it: what was not prepared is prepared when it is first needed.
    """
    if not isinstance(source, str | os.PathLike):
        return
    path = Path(os.fspath(source))
    try:
        with path.open(encoding="utf-8") as file:
            names = sorted(set(_RUNTIME.findall(file.read(_READ_CHARACTERS))))
    except (OSError, ValueError):
        return
    if names:
        threading.Thread(target=_tell, args=(control, names), name="lambdakit-runtimes", daemon=True).start()


def _tell(control: ControlApi, names: list[str]) -> None:
    with suppress(LambdakitError, OSError):
        control.post("/_lambdakit/runtimes", {"runtimes": names})
