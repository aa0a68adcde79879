"""The functions of an account, with their versions, aliases and resource policies: the one state of the Lambda service.

The CloudFormation provisioners and the Lambda API share it.
"""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName, parse_function_name
from lambdakit.harness.lambda_service.validation import check_alias_name, check_configuration
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for a version. description: empty when there is none."""

    name: str
    version: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a name and a qualifier stand for. qualifier: as the caller named it; empty for an unqualified name."""

    configuration: FunctionConfiguration
    qualifier: str


@dataclass(slots=True, kw_only=True)
class _Function:
    latest: FunctionConfiguration
    versions: dict[str, FunctionConfiguration] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    permissions: dict[str, dict[str, Mapping[str, object]]] = field(default_factory=dict)
    last_version: int = 0
    published_from: str = ""


class FunctionStore:
    """All functions, by region and name.

    on_changed: told the unqualified ARN of a function whose environments are no longer what they should be.
    """

    def __init__(self, *, account_id: str, region: str, on_changed: Callable[[str], None]) -> None:
        self._account_id = account_id
        self._region = region
        self._on_changed = on_changed
        self._functions: dict[tuple[str, str], _Function] = {}
        self._lock = threading.RLock()

    def create(self, configuration: FunctionConfiguration) -> FunctionConfiguration:
        """Adds a function. ResourceConflictException when the name is taken; see `check_configuration` for the rest."""
        check_configuration(configuration)
        key = (configuration.region, configuration.name)
        with self._lock:
            if key in self._functions:
                raise ServiceFault("ResourceConflictException", f"Function already exist: {configuration.name}")
            stored = dataclasses.replace(configuration, version=LATEST, revision=str(uuid.uuid4()))
            self._functions[key] = _Function(latest=stored)
        return stored

    def delete(self, name: str, region: str) -> None:
        """Removes a function with all its versions and aliases. ResourceNotFoundException when there is none."""
        with self._lock:
            function = self._functions.pop((region, name), None)
        if function is None:
            raise self._not_found(name)
        self._on_changed(function.latest.arn)

    def publish(self, name: str, region: str, *, description: str = "") -> FunctionConfiguration:
        """A version made from `$LATEST`; the newest one when nothing changed since.

        Source: AWS Lambda Developer Guide, "Manage Lambda function versions".
        """
        with self._lock:
            function = self._get(name, region)
            newest = function.versions.get(str(function.last_version))
            if newest is not None and function.published_from == function.latest.revision:
                return newest
            function.last_version += 1
            function.published_from = function.latest.revision
            number = str(function.last_version)
            published = dataclasses.replace(
                function.latest, version=number, description=description or function.latest.description
            )
            function.versions[number] = published
        return published

    def delete_version(self, name: str, region: str, version: str) -> None:
        """Removes a published version. ResourceNotFoundException when there is none."""
        with self._lock:
            function = self._get(name, region)
            if function.versions.pop(version, None) is None:
                raise self._not_found(f"{name}:{version}")
        self._on_changed(function.latest.arn)

    def put_alias(self, name: str, region: str, alias: Alias) -> str:
        """Creates or moves an alias, and returns its ARN. ResourceNotFoundException when the version is missing."""
        check_alias_name(alias.name)
        with self._lock:
            function = self._get(name, region)
            if alias.version != LATEST and alias.version not in function.versions:
                raise self._not_found(f"{name}:{alias.version}")
            function.aliases[alias.name] = alias
            return f"{function.latest.arn}:{alias.name}"

    def delete_alias(self, name: str, region: str, alias: str) -> None:
        """Removes an alias; one that is not there is removed already (API DeleteAlias)."""
        with self._lock:
            self._get(name, region).aliases.pop(alias, None)

    def add_permission(
        self, name: str, region: str, *, qualifier: str, statement_id: str, statement: Mapping[str, object]
    ) -> None:
        """Adds a statement to the policy of a function, version or alias; ResourceConflictException if it is there."""
        with self._lock:
            statements = self._get(name, region).permissions.setdefault(qualifier, {})
            if statement_id in statements:
                raise ServiceFault(
                    "ResourceConflictException",
                    f"The statement id ({statement_id}) provided already exists. "
                    "Please provide a new statement id, or remove the existing statement.",
                )
            statements[statement_id] = statement

    def remove_permission(self, name: str, region: str, *, qualifier: str, statement_id: str) -> None:
        """Removes a statement; nothing happens when it is not there."""
        with self._lock:
            function = self._functions.get((region, name))
            if function is not None:
                function.permissions.get(qualifier, {}).pop(statement_id, None)

    def permissions(self, name: str, region: str, *, qualifier: str) -> Sequence[Mapping[str, object]]:
        """The statements of a function's, version's or alias's policy."""
        with self._lock:
            return list(self._get(name, region).permissions.get(qualifier, {}).values())

    def resolve(self, text: str, qualifier: str = "") -> Target:
        """The version that a caller means by a name, partial ARN or ARN, with the qualifier inside or beside it.

        ResourceNotFoundException when there is no such function, version or alias; InvalidParameterValueException
        when it is no name, or names two qualifiers.
        """
        named = parse_function_name(text, qualifier, account_id=self._account_id, region=self._region)
        with self._lock:
            function = self._functions.get((named.region, named.name))
            if function is None or named.account_id != self._account_id:
                raise self._missing(named)
            return Target(configuration=self._version(function, named), qualifier=named.qualifier)

    def functions(self, region: str) -> Sequence[FunctionConfiguration]:
        """The `$LATEST` of every function of a region."""
        with self._lock:
            return [function.latest for (place, _), function in self._functions.items() if place == region]

    def _version(self, function: _Function, named: FunctionName) -> FunctionConfiguration:
        qualifier = named.qualifier
        alias = function.aliases.get(qualifier)
        version = alias.version if alias is not None else qualifier
        if version in ("", LATEST):
            return function.latest
        found = function.versions.get(version)
        if found is None:
            raise self._missing(named)
        return found

    def _get(self, name: str, region: str) -> _Function:
        function = self._functions.get((region, name))
        if function is None:
            raise self._not_found(name)
        return function

    def _not_found(self, name: str) -> ServiceFault:
        arn = f"arn:aws:lambda:{self._region}:{self._account_id}:function:{name}"
        return ServiceFault("ResourceNotFoundException", f"Function not found: {arn}")

    def _missing(self, named: FunctionName) -> ServiceFault:
        return ServiceFault("ResourceNotFoundException", f"Function not found: {named.arn}")
