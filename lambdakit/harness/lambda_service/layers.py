"""The layers of all accounts. A layer version is an unpacked directory under an ARN that ends in its number."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import ResourcePolicy
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDetails:
    """What a layer version's publisher said of it, and what its zip file was. Empty: nothing was said."""

    description: str = ""
    license_info: str = ""
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    code_sha256: str = ""
    code_size: int = 0
    created: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersion:
    """A version of a layer. arn: with the number. policy: who else may use it; changed only by who holds its layer."""

    arn: str
    directory: Path
    unzipped_bytes: int
    details: LayerDetails
    policy: ResourcePolicy = field(default_factory=ResourcePolicy)

    @property
    def layer_arn(self) -> str:
        """The layer's ARN, without the number."""
        return self.arn.rpartition(":")[0]

    @property
    def number(self) -> int:
        """The version's number."""
        return int(self.arn.rpartition(":")[2])


class LayerStore:
    """All layer versions."""

    def __init__(self) -> None:
        self._versions: dict[str, LayerVersion] = {}
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()
        self.policies = threading.Lock()  # held by whoever reads or changes the policy of a version

    def publish(
        self, layer_arn: str, directory: Path, *, unzipped_bytes: int = 0, details: LayerDetails | None = None
    ) -> str:
        """Adds the next version of a layer and returns its ARN; numbers are never used again.

        unzipped_bytes: of its files, which count towards a function's limit.
        """
        with self._lock:
            number = self._last.get(layer_arn, 0) + 1
            self._last[layer_arn] = number
            arn = f"{layer_arn}:{number}"
            self._versions[arn] = LayerVersion(
                arn=arn, directory=directory, unzipped_bytes=unzipped_bytes, details=details or LayerDetails()
            )
        return arn

    def find(self, arn: str) -> LayerVersion | None:
        """A layer version; None when it is not there."""
        return self._versions.get(arn)

    def used(self, arn: str) -> LayerVersion:
        """The layer version that a function names. InvalidParameterValueException when it is not there."""
        found = self._versions.get(arn)
        if found is None:
            raise ServiceFault("InvalidParameterValueException", f"Layer version {arn} does not exist.")
        return found

    def directory(self, arn: str) -> Path:
        """Where a layer version is unpacked. InvalidParameterValueException when it is not there."""
        return self.used(arn).directory

    def unzipped_bytes(self, arn: str) -> int:
        """How many bytes the files of a layer version have. InvalidParameterValueException as in `directory`."""
        return self.used(arn).unzipped_bytes

    def versions(self, layer_arn: str) -> Sequence[LayerVersion]:
        """The versions of a layer, the newest first."""
        with self._lock:
            found = [version for version in self._versions.values() if version.layer_arn == layer_arn]
        return sorted(found, key=lambda version: -version.number)

    def layer_arns(self, account_id: str, region: str) -> Sequence[str]:
        """The layers of an account and region that have a version."""
        with self._lock:
            arns = {version.layer_arn for version in self._versions.values()}
        return sorted(arn for arn in arns if arn.split(":")[3:5] == [region, account_id])

    def delete(self, arn: str) -> None:
        """Removes a layer version; nothing happens when it is not there."""
        with self._lock:
            self._versions.pop(arn, None)
