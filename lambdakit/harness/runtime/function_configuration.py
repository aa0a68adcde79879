"""What an execution environment is made from: one version of a function, as configured.

Plain data, made by the Lambda service and read by the runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambdakit.limits import EPHEMERAL_STORAGE_MIB_DEFAULT, MEMORY_MIB_DEFAULT, TIMEOUT_SECONDS_DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionConfiguration:
    """One version of a function. `$LATEST` changes by being replaced: `revision` tells two of them apart.

    version: `$LATEST` or a number.
    code: the directory that holds the unpacked deployment package.
    layers: unpacked layers, in order; a later one wins.
    environment: the user's variables only.
    log_format: `Text` or `JSON`. application_log_level, system_log_level: INFO where None; only with JSON.
    tracing: `Active` or `PassThrough`.
    """

    name: str
    account_id: str
    region: str
    runtime: str
    handler: str
    code: Path
    role: str
    log_group: str
    version: str = "$LATEST"
    revision: str = ""
    memory_mib: int = MEMORY_MIB_DEFAULT
    timeout_seconds: int = TIMEOUT_SECONDS_DEFAULT
    ephemeral_storage_mib: int = EPHEMERAL_STORAGE_MIB_DEFAULT
    environment: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Path, ...] = ()
    architecture: str = "x86_64"
    package_type: str = "Zip"
    log_format: str = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None
    tracing: str = "PassThrough"
    description: str = ""
    code_sha256: str = ""
    code_size: int = 0

    @property
    def arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"
