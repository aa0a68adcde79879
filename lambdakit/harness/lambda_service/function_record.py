"""What the Lambda service keeps of a function: its versions as configured, aliases, policies, settings.

`FunctionConfiguration` is what environments are made from; a record is that and whatever else the API returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.records import dataclass

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerReference:
    """A layer version that a function uses. code_size: of its zip file."""

    arn: str
    code_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRecord:
    """One version of a function.

    revision_id: changes with every update, as the API's `RevisionId`.
    settings: members of the API's `FunctionConfiguration` that nothing in a process depends on, such as `KMSKeyArn`,
    `SnapStart`, `ImageConfig` or `VpcConfig`, in the API's own form.
    code_location: of a container image, or how else the code's place is told; in the API's own form.
    """

    configuration: FunctionConfiguration
    revision_id: str = ""
    last_modified: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    layers: tuple[LayerReference, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    code_location: Mapping[str, Any] = field(default_factory=dict)

    def same_content(self, other: FunctionRecord) -> bool:
        """Whether publishing one after the other would give no new version."""
        return self._content() == other._content()

    def _content(self) -> tuple[object, ...]:
        configuration = self.configuration
        told = {name: getattr(configuration, name) for name in _TOLD}
        return told, self.layers, dict(self.settings), dict(self.code_location)


# What of a configuration is not its content: which version it is.
_TOLD = tuple(name for name in FunctionConfiguration.__dataclass_fields__ if name not in ("version", "revision"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for a version. description: empty when there is none.

    routing: additional version -> its share of the invocations, 0.0 to 1.0; at most one.
    """

    name: str
    version: str
    description: str = ""
    routing: Mapping[str, float] = field(default_factory=dict)
    revision_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedConcurrency:
    """Environments that are kept initialised for a version or alias.

    requested: how many were asked for. allocated: how many count for it. available: how many are initialised.
    status: `IN_PROGRESS`, `READY` or `FAILED`; reason: empty unless it failed.
    """

    requested: int
    last_modified: datetime
    allocated: int = 0
    available: int = 0
    status: str = "IN_PROGRESS"
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class ResourcePolicy:
    """The statements of a function, version or alias, by id, and the policy's revision."""

    statements: dict[str, Mapping[str, object]] = field(default_factory=dict)
    revision_id: str = ""


@dataclass(slots=True, kw_only=True)
class StoredFunction:
    """Everything that is kept of a function. Whoever reads or changes it holds the table's lock.

    published_from: `$LATEST` as it was when the newest version was made from it; None before.
    policies, runtime_management, scaling: by qualifier, empty or `$LATEST` for the function itself.
    reserved_concurrency: None when nothing is reserved.
    """

    latest: FunctionRecord
    versions: dict[str, FunctionRecord] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    policies: dict[str, ResourcePolicy] = field(default_factory=dict)
    last_version: int = 0
    published_from: FunctionRecord | None = None
    tags: dict[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    provisioned: dict[str, ProvisionedConcurrency] = field(default_factory=dict)
    recursive_loop: str = "Terminate"
    runtime_management: dict[str, Mapping[str, str]] = field(default_factory=dict)
    code_signing_config: str = ""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.latest.configuration.name

    @property
    def arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return self.latest.configuration.arn

    def version(self, qualifier: str) -> FunctionRecord | None:
        """The version that a qualifier names, an alias standing for its first version; None when there is none."""
        alias = self.aliases.get(qualifier)
        number = alias.version if alias is not None else qualifier
        return self.latest if number in ("", LATEST) else self.versions.get(number)
