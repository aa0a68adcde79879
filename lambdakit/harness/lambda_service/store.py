"""The functions of an account with their versions, aliases, policies and settings: the one state of the service.

The CloudFormation provisioners and the Lambda API share it.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence

from lambdakit.clock import Clock, HarnessClock
from lambdakit.harness.lambda_service.capacity_providers import CapacityProviders
from lambdakit.harness.lambda_service.code_signing import CodeSigningConfigs
from lambdakit.harness.lambda_service.concurrency_settings import ConcurrencySettings
from lambdakit.harness.lambda_service.event_invoke_configs import EventInvokeConfigs
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMappings
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import FunctionName, parse_function_name
from lambdakit.harness.lambda_service.function_record import LATEST, Alias, FunctionRecord, StoredFunction
from lambdakit.harness.lambda_service.function_table import FunctionTable, check_revision, missing, new_revision
from lambdakit.harness.lambda_service.function_urls import FunctionUrls
from lambdakit.harness.lambda_service.resource_policies import ResourcePolicies
from lambdakit.harness.lambda_service.validation import check_configuration
from lambdakit.harness.lambda_service.versions import Versions
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.records import dataclass

__all__ = ["LATEST", "Alias", "FunctionStore", "Target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a name and a qualifier stand for. qualifier: as the caller named it; empty for an unqualified name."""

    configuration: FunctionConfiguration
    qualifier: str


class FunctionStore:
    """All functions, by region and name.

    on_changed: told the unqualified ARN of a function whose environments are no longer what they should be.
    event_invoke_configs: those of its functions go when the function does; a set of its own when none is given.
    seed: of the draws by which an alias with weights chooses a version.
    """

    def __init__(
        self,
        *,
        account_id: str,
        region: str,
        on_changed: Callable[[str], None],
        clock: Clock | None = None,
        event_invoke_configs: EventInvokeConfigs | None = None,
        seed: int = 0,
    ) -> None:
        self._table = FunctionTable(
            account_id=account_id, region=region, clock=clock or HarnessClock(), on_changed=on_changed
        )
        self._draws = random.Random(seed)
        self._versions = Versions(self._table)
        self.policies = ResourcePolicies(self._table)
        self.concurrency = ConcurrencySettings(self._table)
        self.event_invoke_configs = event_invoke_configs or EventInvokeConfigs()
        self.event_source_mappings = EventSourceMappings(self._table)
        self.urls = FunctionUrls(self._table)
        self.code_signing = CodeSigningConfigs(self._table)
        self.capacity_providers = CapacityProviders(self._table)

    @property
    def account_id(self) -> str:
        """Whose functions these are."""
        return self._table.account_id

    def create(self, configuration: FunctionConfiguration) -> FunctionConfiguration:
        """Adds a function. ResourceConflictException when the name is taken; see `check_configuration` for the rest."""
        return self.add(FunctionRecord(configuration=configuration)).configuration

    def add(self, record: FunctionRecord, *, tags: Mapping[str, str] | None = None) -> FunctionRecord:
        """Adds a function as its `$LATEST` is recorded, and returns it as stored; refuses what `create` does."""
        configuration = record.configuration
        check_configuration(configuration)
        key = (configuration.region, configuration.name)
        with self._table.lock:
            if key in self._table.functions:
                raise ServiceFault("ResourceConflictException", f"Function already exist: {configuration.name}")
            stored = self._stamped(record)
            self._table.functions[key] = StoredFunction(latest=stored, tags=dict(tags or {}))
        return stored

    def update(
        self,
        name: str,
        region: str,
        change: Callable[[FunctionRecord], FunctionRecord],
        *,
        revision_id: str | None = None,
        dry_run: bool = False,
    ) -> FunctionRecord:
        """Replaces `$LATEST` by what `change` makes of it; published versions stay as they are.

        revision_id: the caller's; PreconditionFailedException when it is not the stored one. dry_run: nothing is kept.
        """
        with self._table.lock:
            function = self._table.get(name, region)
            check_revision(revision_id, function.latest.revision_id)
            changed = change(function.latest)
            check_configuration(changed.configuration)
            if dry_run:
                return changed
            stored = self._stamped(changed)
            function.latest = stored
        self._table.on_changed(stored.configuration.arn)
        return stored

    def delete(self, name: str, region: str) -> None:
        """Removes a function with all its versions and aliases. ResourceNotFoundException when there is none."""
        with self._table.lock:
            function = self._table.functions.pop((region, name), None)
        if function is None:
            raise self._table.not_found(name, region)
        self.event_invoke_configs.forget_function(function.arn)
        self.urls.forget_function(function.arn)
        self._table.on_changed(function.arn)
        self.concurrency.tell(function.arn)

    def publish(
        self,
        name: str,
        region: str,
        *,
        description: str = "",
        code_sha256: str | None = None,
        revision_id: str | None = None,
    ) -> FunctionConfiguration:
        """A version made from `$LATEST`; the newest one when nothing changed since. See `Versions.publish`."""
        return self._versions.publish(
            name, region, description=description, code_sha256=code_sha256, revision_id=revision_id
        ).configuration

    def delete_version(self, name: str, region: str, version: str) -> None:
        """Removes a published version.

        ResourceNotFoundException when there is none, ResourceConflictException while an alias leads to it.
        """
        arn = self._versions.delete(name, region, version)
        self._table.on_changed(arn)
        self.concurrency.tell(arn)

    def put_alias(self, name: str, region: str, alias: Alias) -> str:
        """Creates or moves an alias, and returns its ARN. See `Versions.put_alias` for what is refused."""
        arn = self._versions.put_alias(name, region, alias)
        self.concurrency.tell(arn.rpartition(":")[0])
        return arn

    def create_alias(self, name: str, region: str, alias: Alias) -> Alias:
        """Adds an alias. ResourceConflictException when there is one of that name."""
        with self._table.lock:
            self._versions.refuse_taken_alias(name, region, alias.name)
            arn = self._versions.put_alias(name, region, alias)
            created = self.alias(name, region, alias.name)
        self.concurrency.tell(arn.rpartition(":")[0])
        return created

    def update_alias(
        self, name: str, region: str, alias: str, change: Callable[[Alias], Alias], *, revision_id: str | None
    ) -> Alias:
        """Replaces an alias by what `change` makes of it, unless somebody else changed it since `revision_id`."""
        with self._table.lock:
            current = self.alias(name, region, alias)
            check_revision(revision_id, current.revision_id)
            self._versions.put_alias(name, region, change(current))
            changed = self.alias(name, region, alias)
            arn = self._table.get(name, region).arn
        self.concurrency.tell(arn)
        return changed

    def alias(self, name: str, region: str, alias: str) -> Alias:
        """An alias. ResourceNotFoundException when there is none."""
        return self._versions.alias(name, region, alias)

    def aliases(self, name: str, region: str) -> Sequence[Alias]:
        """The aliases of a function, in the order of their names."""
        with self._table.lock:
            return sorted(self._table.get(name, region).aliases.values(), key=lambda alias: alias.name)

    def delete_alias(self, name: str, region: str, alias: str) -> None:
        """Removes an alias; one that is not there is removed already (API DeleteAlias)."""
        with self._table.lock:
            function = self._table.get(name, region)
            function.aliases.pop(alias, None)
            function.policies.pop(alias, None)
            function.provisioned.pop(alias, None)
            arn = function.arn
        self.urls.forget(arn, alias)
        self.concurrency.tell(arn)

    def add_permission(
        self, name: str, region: str, *, qualifier: str, statement_id: str, statement: Mapping[str, object]
    ) -> None:
        """Adds a statement to the policy of a function, version or alias; ResourceConflictException if it is there."""
        self.policies.add(name, region, qualifier=qualifier, statement_id=statement_id, statement=statement)

    def remove_permission(self, name: str, region: str, *, qualifier: str, statement_id: str) -> None:
        """Removes a statement; nothing happens when it is not there."""
        with self._table.lock:
            function = self._table.functions.get((region, name))
            if function is not None and qualifier in function.policies:
                function.policies[qualifier].statements.pop(statement_id, None)

    def permissions(self, name: str, region: str, *, qualifier: str) -> Sequence[Mapping[str, object]]:
        """The statements of a function's, version's or alias's policy."""
        return self.policies.statements(name, region, qualifier=qualifier)

    def resolve(self, text: str, qualifier: str = "", *, region: str = "") -> Target:
        """The version that a caller means by a name, partial ARN or ARN, with the qualifier inside or beside it.

        An alias with weights chooses one of its two versions anew each time. Absence of `region`: the account's.
        ResourceNotFoundException when there is no such function, version or alias; InvalidParameterValueException
        when it is no name, or names two qualifiers.
        """
        table = self._table
        return self.target(
            parse_function_name(text, qualifier, account_id=table.account_id, region=region or table.region)
        )

    def target(self, named: FunctionName) -> Target:
        """The version that a name in full means. ResourceNotFoundException as in `resolve`."""
        table = self._table
        # Every invocation comes this way, so that it calls nothing it need not.
        with table.lock:
            function = table.functions.get((named.region, named.name))
            if function is None or named.account_id != table.account_id:
                raise missing(named)
            alias = function.aliases.get(named.qualifier)
            version = named.qualifier if alias is None else self._routed(alias)
            found = function.latest if version in ("", LATEST) else function.versions.get(version)
        if found is None:
            raise missing(named)
        return Target(configuration=found.configuration, qualifier=named.qualifier)

    def parse(self, text: str, qualifier: str = "", *, region: str = "") -> FunctionName:
        """The name in full that a caller means, whether or not the function is there."""
        return self._table.parse(text, qualifier, region)

    def record(self, named: FunctionName) -> FunctionRecord:
        """A version as it is stored, an alias standing for its first version. ResourceNotFoundException without one."""
        with self._table.lock:
            return self._table.version(named)

    def versions(self, name: str, region: str) -> Sequence[FunctionRecord]:
        """`$LATEST` and every published version, in order."""
        with self._table.lock:
            function = self._table.get(name, region)
            return [function.latest, *(function.versions[number] for number in sorted(function.versions, key=int))]

    def functions(self, region: str) -> Sequence[FunctionConfiguration]:
        """The `$LATEST` of every function of a region."""
        with self._table.lock:
            return [function.latest.configuration for function in self._table.in_region(region)]

    def change(self, named: FunctionName, change: Callable[[StoredFunction], None]) -> None:
        """Changes what is kept of a function beside its versions, such as its tags, while nobody else reads it."""
        with self._table.lock:
            change(self._table.named(named))

    def stored(self, named: FunctionName) -> StoredFunction:
        """A function as it is kept, to be read only. ResourceNotFoundException when there is none."""
        with self._table.lock:
            return self._table.named(named)

    def reserved_concurrency(self, arn: str) -> int | None:
        """What is reserved for the function with this unqualified ARN; None when nothing is, or there is none."""
        return self.concurrency.reserved(arn)

    def provisioned(self, arn: str, qualifier: str) -> int | None:
        """How many environments a version or alias keeps initialised; None when none were asked for."""
        return self.concurrency.provisioned(arn, qualifier)

    def _routed(self, alias: Alias) -> str:
        """The version that an alias leads to this time.

        Source: AWS Lambda Developer Guide, "Implement Lambda canary deployments using a weighted alias".
        """
        if alias.routing:
            draw = self._draws.random()
            for version, weight in alias.routing.items():
                if draw < weight:
                    return version
        return alias.version

    def _stamped(self, record: FunctionRecord) -> FunctionRecord:
        revision = new_revision()
        configuration = dataclasses.replace(record.configuration, version=LATEST, revision=revision)
        return dataclasses.replace(
            record, configuration=configuration, revision_id=revision, last_modified=self._table.now()
        )
