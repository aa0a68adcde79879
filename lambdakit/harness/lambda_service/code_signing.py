"""Code signing configurations, which are kept and returned; nothing here is signed, so nothing is checked.

Source: AWS Lambda API Reference, "CreateCodeSigningConfig".
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lambdakit.arn import partition_of
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_table import FunctionTable
from lambdakit.records import dataclass

_ID_LENGTH = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSigningConfig:
    """A configuration. policies: as the API has them, with the default filled in."""

    arn: str
    publishers: Sequence[str]
    policies: Mapping[str, str]
    last_modified: datetime
    description: str = ""
    tags: Mapping[str, str]

    @property
    def config_id(self) -> str:
        """The id, which the ARN ends with."""
        return self.arn.rpartition(":")[2]


class CodeSigningConfigs:
    """All configurations of an account, by ARN."""

    def __init__(self, table: FunctionTable) -> None:
        self._table = table
        self._configs: dict[str, CodeSigningConfig] = {}

    def create(self, region: str, **values: Any) -> CodeSigningConfig:
        """Adds a configuration. values: the fields of `CodeSigningConfig` beside its ARN and time."""
        random_id = base64.b32encode(secrets.token_bytes(20)).decode().lower()[:_ID_LENGTH]
        arn = f"arn:{partition_of(region)}:lambda:{region}:{self._table.account_id}:code-signing-config:csc-{random_id}"
        config = CodeSigningConfig(arn=arn, last_modified=self._table.now(), **values)
        with self._table.lock:
            self._configs[arn] = config
        return config

    def get(self, arn: str, *, code: str = "ResourceNotFoundException") -> CodeSigningConfig:
        """A configuration. code: the exception when there is none."""
        found = self._configs.get(arn)
        if found is None:
            raise ServiceFault(
                code, f"The code signing configuration cannot be found. Check that the provided ARN is valid: {arn}"
            )
        return found

    def update(self, arn: str, **values: Any) -> CodeSigningConfig:
        """Changes a configuration. ResourceNotFoundException when there is none."""
        with self._table.lock:
            changed = replace(self.get(arn), last_modified=self._table.now(), **values)
            self._configs[arn] = changed
        return changed

    def put(self, config: CodeSigningConfig) -> None:
        """Replaces a configuration as it is, its time included."""
        with self._table.lock:
            self._configs[config.arn] = config

    def delete(self, arn: str) -> None:
        """Removes a configuration. ResourceConflictException while a function uses it."""
        with self._table.lock:
            self.get(arn)
            if any(function.code_signing_config == arn for function in self._table.functions.values()):
                raise ServiceFault(
                    "ResourceConflictException",
                    "Cannot delete the CodeSigningConfig because it is used by functions; detach it from them first",
                )
            del self._configs[arn]

    def in_region(self, region: str) -> Sequence[CodeSigningConfig]:
        """All configurations of a region."""
        with self._table.lock:
            return [config for arn, config in self._configs.items() if arn.split(":")[3] == region]

    def functions_of(self, arn: str) -> Sequence[str]:
        """The ARNs of the functions that use a configuration."""
        with self._table.lock:
            self.get(arn)
            functions = self._table.functions.values()
            return sorted(function.arn for function in functions if function.code_signing_config == arn)
