"""The report of a deployment's permissions: per role what was used, what was granted in vain and what was refused.

In come a deployment and what the guard noted of its roles; out goes JSON for the harness's client. Resource policies
are in no report: they say who may come, not what a function may do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.harness.deployment.deployed import DeployedStack, Deployment
from lambdakit.harness.deployment.places import FUNCTION, ROLE, Places, arn_of, place_of
from lambdakit.harness.deployment.provisioner import Created
from lambdakit.harness.iam.grants import EVERYTHING, AllActions, Grant, GrantUse, Origin, RolePolicy, granted, measured
from lambdakit.harness.iam.missing_statement import missing_statement
from lambdakit.harness.iam.usage import CREATE_LOG_GROUP, Refusal, Usage, Use
from lambdakit.harness.moto_state.identities import Identities

# The construct ids of what the CDK adds for itself: singleton functions, named after the hash of their purpose, and the
# framework behind custom resources. Nobody can change what their roles are granted.
# Source: aws-cdk-lib 2.275, `SingletonFunction`, `CustomResourceProvider`, `custom_resources.Provider`
_OF_THE_CDK: Final = re.compile(
    r"(?:^|/)(?:@aws-cdk--[^/]+|[A-Za-z:]+[0-9a-f]{32}|Custom::\w+CustomResourceProvider|framework-on\w+|framework-isComplete)(?:/|$)"
)
_AWS_MANAGED: Final = "arn:aws:iam::aws:policy/"


class PermissionReport:
    """Reads the report of a deployment.

    all_actions: every action of a service by its prefix. decided: whether requests are decided at all.
    complete: called before the notes are read or forgotten, to add what was not noted at once.
    """

    def __init__(
        self,
        *,
        usage: Usage,
        places: Places,
        identities: Identities,
        all_actions: AllActions,
        decided: bool = True,
        complete: Callable[[], None] = lambda: None,
    ) -> None:
        self._complete = complete
        self._usage = usage
        self._places = places
        self._identities = identities
        self._all_actions = all_actions
        self._decided = decided

    def of(self, deployment: Deployment) -> Mapping[str, Any]:
        """The report: `roles`, one object each, those of functions first. HarnessError when nothing is decided."""
        if not self._decided:
            problem = 'no permission is looked at under enforce_iam="off", so that there is nothing to tell'
            hint = 'leave enforce_iam out, or pass enforce_iam="on"'
            raise HarnessError(Diagnostic(pointer="permissions", problem=problem, code="LK549", hint=hint))
        self._complete()
        functions = _functions_by_role(deployment)
        made = {arn_of(created): (stack, created) for stack, created in _resources(deployment, ROLE)}
        arns = [*functions, *(arn for arn in made if arn not in functions)]
        groups = frozenset(_log_groups(deployment))
        return {"roles": [self._role(arn, made.get(arn), functions.get(arn, ()), groups) for arn in arns]}

    def services_of(self, deployment: Deployment) -> Mapping[str, frozenset[str]]:
        """The prefixes of what each function may call, by the function's physical name.

        Who may call everything is told with what the others may call.
        """
        by_role = {
            arn: frozenset(grant.service for grant in granted(self._policies(arn)))
            for arn in _functions_by_role(deployment)
        }
        every = frozenset[str]().union(*by_role.values()) - {EVERYTHING}
        return {
            created.provisioned.physical_id: every if EVERYTHING in by_role[arn] else by_role[arn]
            for arn, functions in _functions_by_role(deployment).items()
            for created in functions
        }

    def begin(self, deployment: Deployment) -> None:
        """What the roles did until now, for custom resources, belongs to the deployment: `reset` keeps it."""
        self._complete()
        self._usage.keep(_role_arns(deployment))

    def reset(self, deployment: Deployment) -> None:
        """Forgets what the roles did since `begin`."""
        self._complete()
        self._usage.clear(_role_arns(deployment))

    def roles_of(self, deployment: Deployment) -> Sequence[str]:
        """The ARNs of the roles that the report of a deployment speaks of."""
        return _role_arns(deployment)

    def forget(self, role_arns: Sequence[str]) -> None:
        """Forgets the roles of a deployment that is gone: the next one of its name has roles of the same ARNs."""
        self._usage.forget(role_arns)

    def _role(
        self,
        arn: str,
        made: tuple[DeployedStack, Created] | None,
        functions: Iterable[Created],
        log_groups: frozenset[str],
    ) -> dict[str, Any]:
        """log_groups: the names of those that the deployment has, which Lambda makes for no function."""
        usage = self._usage.of(arn)
        grants = granted(self._policies(arn))
        used = [use for use in usage.used if not _is_needless(use, grants, log_groups)]
        rows = measured(grants, used, self._all_actions)
        path = "" if made is None else made[1].resource.construct_path or ""
        return {
            "arn": arn,
            "name": arn.rpartition("/")[2],
            "stack": "" if made is None else made[0].name,
            "logical_id": "" if made is None else made[1].resource.logical_id,
            "path": path,
            "place": self._places.of_role(arn) if made is None else place_of(*made),
            "functions": [_function(created) for created in functions],
            "of_the_cdk": _OF_THE_CDK.search(path) is not None,
            "grants": [_grant(row) for row in rows],
            "used": sorted((_use(use) for use in _distinct(used)), key=_by_action),
            "denied": sorted((self._denial(arn, refusal) for refusal in usage.denied), key=_by_action),
        }

    def _denial(self, role_arn: str, refusal: Refusal) -> dict[str, Any]:
        """A statement allows nothing that another one denies explicitly."""
        # A grant helps neither against what is denied nor against what an endpoint lets nobody do.
        granted_by_role = not refusal.explicit and "VPC endpoint policy" not in refusal.reason
        return {
            "action": refusal.action,
            "resource": refusal.resource,
            "reason": refusal.reason,
            "statement": missing_statement(refusal.action, refusal.resource) if granted_by_role else "",
            "place": self._places.of_denial(role_arn, refusal.action if granted_by_role else "", refusal.resource),
        }

    def _policies(self, role_arn: str) -> list[RolePolicy]:
        """The role's identity policies; none when there is no such role."""
        attached = self._identities.role_policies(role_arn)
        known = () if attached is None else attached.policies
        return [policy for name, document in known if (policy := _policy(name, document)) is not None]


def _policy(name: str, text: str | None) -> RolePolicy | None:
    """The policy; None for one that is not known or cannot be read, which grants nothing."""
    try:
        document = json.loads(text or "")
    except ValueError:
        return None
    origin: Origin = "aws" if name.startswith(_AWS_MANAGED) else "managed" if name.startswith("arn:") else "inline"
    return RolePolicy(name=name, document=document, origin=origin) if isinstance(document, dict) else None


def _function(created: Created) -> dict[str, str]:
    resource = created.resource
    return {
        "name": created.provisioned.physical_id,
        "logical_id": resource.logical_id,
        "path": resource.construct_path or "",
        "stack": resource.stack,
    }


def _functions_by_role(deployment: Deployment) -> dict[str, list[Created]]:
    functions: dict[str, list[Created]] = {}
    for _, created in _resources(deployment, FUNCTION):
        functions.setdefault(str(created.resource.properties.get("Role") or ""), []).append(created)
    functions.pop("", None)
    return functions


def _role_arns(deployment: Deployment) -> list[str]:
    return [*_functions_by_role(deployment), *(arn_of(created) for _, created in _resources(deployment, ROLE))]


def _resources(deployment: Deployment, type_name: str) -> Iterator[tuple[DeployedStack, Created]]:
    for stack in deployment.stacks:
        for created in stack.resources.values():
            if created.resource.type == type_name:
                yield stack, created


def _log_groups(deployment: Deployment) -> Iterator[str]:
    """The names of the log groups that are there before a function runs: the CDK's log retention makes them too."""
    for _, created in _resources(deployment, "AWS::Logs::LogGroup"):
        yield created.provisioned.physical_id
    for _, created in _resources(deployment, "Custom::LogRetention"):
        yield str(created.resource.properties.get("LogGroupName", ""))


def _is_needless(use: Use, grants: Sequence[Grant], log_groups: frozenset[str]) -> bool:
    """Whether Lambda would not have made the log group: the deployment has it, or the role may not."""
    if not use.by_platform or use.action != CREATE_LOG_GROUP:
        return False
    name = use.resource.partition(":log-group:")[2].partition(":")[0]
    return name in log_groups or not any(grant.matches(use) for grant in grants)


def _grant(row: GrantUse) -> dict[str, Any]:
    grant = row.grant
    return {
        "service": grant.service,
        "actions": list(grant.actions),
        "all_but_actions": grant.all_but,
        "resources": list(grant.resources),
        "all_but_resources": grant.resources_all_but,
        "conditional": grant.conditional,
        "policy": grant.policy,
        "origin": grant.origin,
        "statement": grant.statement,
        "sid": grant.sid,
        "used_actions": list(row.used_actions),
        "unused_actions": list(row.unused_actions),
    }


def _distinct(uses: Iterable[Use]) -> Iterable[Use]:
    """One use for each action and resource; one of the function's own goes before one of Lambda's."""
    by_pair: dict[tuple[str, str], Use] = {}
    for use in sorted(uses, key=lambda use: (use.by_platform, use.by_resource_policy), reverse=True):
        by_pair[use.action, use.resource] = use
    return by_pair.values()


def _use(use: Use) -> dict[str, Any]:
    return {
        "action": use.action,
        "resource": use.resource,
        "by_platform": use.by_platform,
        "by_resource_policy": use.by_resource_policy,
    }


def _by_action(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["action"], row["resource"]
