"""What an execution environment is made from: one version of a function, as configured.

Plain data, made by the Lambda service and read by the runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from lambdakit.arn import partition_of
from lambdakit.limits import (
    DURABLE_RETENTION_DAYS_DEFAULT,
    EPHEMERAL_STORAGE_MIB_DEFAULT,
    MEMORY_MIB_DEFAULT,
    TIMEOUT_SECONDS_DEFAULT,
)
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCommand:
    """What runs in place of a function's container image.

    runtime: the identifier of what stands in `/var/lang` and `/var/runtime`; empty for the harness's own Python.
    command: a program that speaks the Runtime API; empty when the runtime runs the function's handler itself.
    working_directory: as the function sees it. variables: of the image's own; the function's go before them.
    """

    runtime: str = ""
    command: tuple[str, ...] = ()
    working_directory: str = "/var/task"
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableConfig:
    """How long a durable execution may take, and how long it is kept afterwards. kms_key_arn: empty for AWS's key."""

    execution_timeout_seconds: int
    retention_days: int = DURABLE_RETENTION_DAYS_DEFAULT
    kms_key_arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystemMount:
    """A file system of a function. arn: its access point's. path: where the function sees it, such as `/mnt/files`."""

    arn: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionConfiguration:
    """One version of a function. `$LATEST` changes by being replaced: `revision` tells two of them apart.

    version: `$LATEST` or a number.
    code: the directory that holds the unpacked deployment package.
    layers: unpacked layers, in order; a later one wins.
    environment: the user's variables only.
    log_format: `Text` or `JSON`. application_log_level, system_log_level: INFO where None; only with JSON.
    tracing: `Active` or `PassThrough`.
    dead_letter_target: ARN of a queue or topic for asynchronous events that failed; empty without one.
    vpc_subnet_ids: empty outside a VPC.
    image: None for a zip package, and for a container image that nobody said what to run in place of; image_hint then
    says what to write.
    code_unzipped_bytes, layers_unzipped_bytes: of the unpacked files, which Lambda limits together.
    durable: None for a function that is not durable.
    tenancy: `PER_TENANT`, or empty when tenants share environments. tenant_id: for whom an invocation of such a
    function runs, and whose environments it gets; empty as stored.
    capacity_provider: the ARN of what its environments run on; empty for Lambda's own instances.
    file_systems: at most one; empty without.
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
    dead_letter_target: str = ""
    vpc_subnet_ids: tuple[str, ...] = ()
    vpc_security_group_ids: tuple[str, ...] = ()
    description: str = ""
    code_sha256: str = ""
    code_size: int = 0
    image: ImageCommand | None = None
    image_hint: str = ""
    code_unzipped_bytes: int = 0
    layers_unzipped_bytes: int = 0
    durable: DurableConfig | None = None
    tenancy: str = ""
    tenant_id: str = ""
    capacity_provider: str = ""
    file_systems: tuple[FileSystemMount, ...] = ()

    @property
    def place(self) -> str:
        """Account and region, whose functions share one pool of concurrency."""
        return f"{self.account_id}/{self.region}"

    @property
    def arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return f"arn:{partition_of(self.region)}:lambda:{self.region}:{self.account_id}:function:{self.name}"
