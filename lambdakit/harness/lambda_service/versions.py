"""Published versions and aliases.

Source: AWS Lambda Developer Guide, "Manage Lambda function versions", "Create an alias for a Lambda function" and
"Implement Lambda canary deployments using a weighted alias".
"""

from __future__ import annotations

import dataclasses

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import LATEST, Alias, FunctionRecord, StoredFunction
from lambdakit.harness.lambda_service.function_table import FunctionTable, check_revision, new_revision
from lambdakit.harness.lambda_service.validation import check_alias_name, refuse, unsatisfied


class Versions:
    """What is published of the functions of a table."""

    def __init__(self, table: FunctionTable) -> None:
        self._table = table

    def publish(
        self, name: str, region: str, *, description: str, code_sha256: str | None, revision_id: str | None
    ) -> FunctionRecord:
        """A version made from `$LATEST`; the newest one when nothing changed since. Numbers are never used again.

        code_sha256: InvalidParameterValueException when `$LATEST` has other code.
        revision_id: PreconditionFailedException when `$LATEST` was changed since.
        """
        with self._table.lock:
            function = self._table.get(name, region)
            check_revision(revision_id, function.latest.revision_id)
            _check_code(code_sha256, function.latest.configuration.code_sha256)
            newest = function.versions.get(str(function.last_version))
            if newest is not None and function.published_from is not None:
                if function.published_from.same_content(function.latest):
                    return newest
            function.last_version += 1
            function.published_from = function.latest
            number = str(function.last_version)
            latest = function.latest.configuration
            published = dataclasses.replace(
                function.latest,
                configuration=dataclasses.replace(
                    latest, version=number, description=description or latest.description
                ),
                revision_id=new_revision(),
                last_modified=self._table.now(),
            )
            function.versions[number] = published
        return published

    def delete(self, name: str, region: str, version: str) -> str:
        """Removes a published version and returns the function's ARN.

        ResourceNotFoundException when there is none, ResourceConflictException while an alias leads to it.
        """
        with self._table.lock:
            function = self._table.get(name, region)
            if version not in function.versions:
                raise self._table.not_found(f"{name}:{version}", region)
            leading = sorted(
                alias.name
                for alias in function.aliases.values()
                if version == alias.version or version in alias.routing
            )
            if leading:
                raise ServiceFault(
                    "ResourceConflictException",
                    f"Unable to delete version because the following aliases reference it: [{', '.join(leading)}]",
                )
            del function.versions[version]
            function.policies.pop(version, None)
            function.provisioned.pop(version, None)
            return function.arn

    def put_alias(self, name: str, region: str, alias: Alias) -> str:
        """Creates or moves an alias, and returns its ARN.

        ResourceNotFoundException when a version is missing; InvalidParameterValueException for weights that cannot be.
        """
        check_alias_name(alias.name)
        with self._table.lock:
            function = self._table.get(name, region)
            for version in (alias.version, *alias.routing):
                if version != LATEST and version not in function.versions:
                    raise self._table.not_found(f"{name}:{version}", region)
            _check_routing(function, alias)
            function.aliases[alias.name] = dataclasses.replace(alias, revision_id=new_revision())
            return f"{function.arn}:{alias.name}"

    def refuse_taken_alias(self, name: str, region: str, alias: str) -> None:
        """ResourceConflictException when a function has an alias of that name."""
        with self._table.lock:
            function = self._table.get(name, region)
            if alias in function.aliases:
                raise ServiceFault("ResourceConflictException", f"Alias already exists: {function.arn}:{alias}")

    def alias(self, name: str, region: str, alias: str) -> Alias:
        """An alias. ResourceNotFoundException when there is none."""
        with self._table.lock:
            function = self._table.get(name, region)
            found = function.aliases.get(alias)
            if found is None:
                raise ServiceFault("ResourceNotFoundException", f"Cannot find alias arn: {function.arn}:{alias}")
            return found


def _check_code(expected: str | None, current: str) -> None:
    if expected and expected != current:
        raise ServiceFault(
            "InvalidParameterValueException",
            f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({current}). "
            "Please try again with the CodeSHA256 in $LATEST.",
        )


def _check_routing(function: StoredFunction, alias: Alias) -> None:
    """Guide: at most one additional version, both published, with the same execution role and dead-letter queue."""
    if not alias.routing:
        return
    refuse(
        [
            unsatisfied(
                "routingConfig.additionalVersionWeights",
                f"{{{version}={weight}}}",
                "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
                "Member must have value greater than or equal to 0.0, Member must not be null]",
            )
            for version, weight in alias.routing.items()
            if not 0.0 <= weight <= 1.0
        ]
    )
    if len(alias.routing) > 1:
        raise _invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if LATEST in (alias.version, *alias.routing):
        raise _invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    (additional,) = alias.routing
    if additional == alias.version:
        raise _invalid(
            f"Invalid function version {additional}. "
            f"Function version {additional} is already included in routing configuration."
        )
    one, other = (function.versions[version].configuration for version in (alias.version, additional))
    if one.role != other.role:
        raise _invalid(f"Function versions {alias.version} and {additional} must have the same execution role")
    if one.dead_letter_target != other.dead_letter_target:
        raise _invalid(f"Function versions {alias.version} and {additional} must have the same dead-letter queue")


def _invalid(problem: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValueException", problem)
