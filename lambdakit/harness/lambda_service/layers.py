"""The layers of an account. A layer version is an unpacked directory under an ARN that ends in its number."""

from __future__ import annotations

import threading
from pathlib import Path

from lambdakit.harness.lambda_service.faults import ServiceFault


class LayerStore:
    """All layer versions."""

    def __init__(self) -> None:
        self._directories: dict[str, Path] = {}
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()

    def publish(self, layer_arn: str, directory: Path) -> str:
        """Adds the next version of a layer and returns its ARN; numbers are never used again."""
        with self._lock:
            number = self._last.get(layer_arn, 0) + 1
            self._last[layer_arn] = number
            arn = f"{layer_arn}:{number}"
            self._directories[arn] = directory
        return arn

    def directory(self, arn: str) -> Path:
        """Where a layer version is unpacked. InvalidParameterValueException when it is not in the account."""
        found = self._directories.get(arn)
        if found is None:
            raise ServiceFault("InvalidParameterValueException", f"Layer version {arn} does not exist.")
        return found

    def delete(self, arn: str) -> None:
        """Removes a layer version; nothing happens when it is not there."""
        with self._lock:
            self._directories.pop(arn, None)
