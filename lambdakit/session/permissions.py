"""`deployment.permissions`: what each role did, what it may do and never did, and what it was refused.

A *grant* is what one line of code grants: the actions of one service, in one statement, on one resource with what lies
in it. It is unused when none of its actions was ever used: delete the line. Grant methods allow more actions than one
handler calls, so that `unused` is empty long before `unused_actions` is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from lambdakit.records import dataclass
from lambdakit.session.lookup import find_one
from lambdakit.session.minimal_policy import minimal_policy


class _Readable:
    """A value that shows itself as its text, as it is read in the message of a failed assertion."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{self}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Use(_Readable):
    """An action that was allowed on a resource.

    holder: who did it, the function's name, or its role's where several functions have it.
    by_platform: Lambda did it itself, with the role: logs, traces, polls. by_resource_policy: a policy of the resource
    allowed it.
    """

    holder: str
    action: str
    resource: str
    by_platform: bool = False
    by_resource_policy: bool = False

    def __str__(self) -> str:
        return f"{self.holder}: {self.action} on {self.resource}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Denial(_Readable):
    """An action that was refused on a resource.

    reason: in the words of AWS's error. statement: the JSON of the statement that would have allowed it; empty where a
    policy denies it. place: where to write it: the role's stack, logical id, construct path and document line.
    """

    holder: str
    action: str
    resource: str
    reason: str
    statement: str = ""
    place: str = ""

    def __str__(self) -> str:
        return f"{self.holder}: {self.action} on {self.resource} {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UnusedAction(_Readable):
    """An action of a grant that nobody ever did. resources: those of the grant."""

    holder: str
    action: str
    resources: tuple[str, ...]
    policy: str

    def __str__(self) -> str:
        return f"{self.holder}: {self.action} on {_first(self.resources)} ({_short_name(self.policy)})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Grant(_Readable):
    """The actions of one service on one resource with what lies in it, by one statement of a policy of a role.

    service: the actions' prefix; `*` for every service. actions, resources: as the policy writes them; `all_but_…`:
    they are what is not granted (`NotAction`, `NotResource`).
    policy: its name, or ARN for a managed one. statement: its place there, from 1. sid: empty where it has none.
    origin: `inline`, `managed`, or `aws` (managed by AWS).
    used_actions, unused_actions: with wildcards written out.
    """

    holder: str
    service: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    policy: str
    statement: int
    sid: str = ""
    origin: str = "inline"
    conditional: bool = False
    all_but_actions: bool = False
    all_but_resources: bool = False
    used_actions: tuple[str, ...] = field(default=(), compare=False)
    unused_actions: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        actions = f"{'all but ' if self.all_but_actions else ''}{_first(self.actions)}"
        resources = f"{'all but ' if self.all_but_resources else ''}{_first(self.resources)}"
        sid = f" {self.sid}" if self.sid else ""
        return (
            f"{self.holder}: {actions} on {resources} (statement {self.statement}{sid} of {_short_name(self.policy)})"
        )

    @property
    def is_used(self) -> bool:
        """Whether any of its actions was ever used."""
        return bool(self.used_actions)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RolePermissions(_Readable):
    """One role.

    holder: the name of the one function that has it, else the role's construct path or name.
    functions: the physical names of those that run with it; none for a role of something else.
    place: its stack, logical id, construct path and document line. of_the_cdk: the CDK made it for itself.
    """

    arn: str
    name: str
    holder: str
    logical_id: str = ""
    path: str = ""
    stack: str = ""
    place: str = ""
    functions: tuple[str, ...] = ()
    of_the_cdk: bool = False
    also_called: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    used: frozenset[Use] = frozenset()
    denied: frozenset[Denial] = frozenset()

    def __str__(self) -> str:
        counts = f"{len(self.used)} used, {len(self.unused)} unused grants, {len(self.denied)} denied"
        return f"{self.holder}: {counts}"

    @property
    def unused(self) -> frozenset[Grant]:
        """The grants of which no action was ever used."""
        return frozenset(grant for grant in self.grants if not grant.is_used)

    @property
    def unused_actions(self) -> frozenset[UnusedAction]:
        """The actions that were granted and never used, those of used grants too."""
        return frozenset(
            UnusedAction(holder=self.holder, action=action, resources=grant.resources, policy=grant.policy)
            for grant in self.grants
            for action in grant.unused_actions
        )

    @property
    def counts(self) -> bool:
        """Whether the deployment's `unused` speaks of it.

        Not of what the CDK made for itself, which nobody can change; nor of a role that something else than a function
        has, while nothing acts as it: not every service does so in the harness.
        """
        acted = bool(self.used or self.denied)
        return not self.of_the_cdk and (bool(self.functions) or acted)

    def minimal_policy(self) -> dict[str, Any]:
        """The smallest policy under which everything that the role did is still allowed, as a document."""
        return minimal_policy((use.action, use.resource) for use in self.used if not use.by_resource_policy)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Permissions(_Readable):
    """The permissions of a deployment at one moment. roles: by ARN, those of functions first."""

    roles: Mapping[str, RolePermissions]

    def __str__(self) -> str:
        return "\n".join(["permissions:", *(f"  {role}" for role in self.roles.values())])

    def role(self, name: str) -> RolePermissions:
        """The role called `name`: by the name of a function that has it, by its own, or by its ARN.

        Both are found as `deployment.function` finds functions. HarnessError when none or several are meant.
        """
        return find_one("role", name, tuple(_Called(role) for role in self.roles.values())).role

    def __getitem__(self, name: str) -> RolePermissions:
        """The same as `role(name)`."""
        return self.role(name)

    @property
    def used(self) -> frozenset[Use]:
        """What was done, and allowed."""
        return frozenset(use for role in self.roles.values() for use in role.used)

    @property
    def unused(self) -> frozenset[Grant]:
        """The grants that were never used, of every role of a function and every other that something acted as."""
        return frozenset(grant for role in self.roles.values() if role.counts for grant in role.unused)

    @property
    def unused_actions(self) -> frozenset[UnusedAction]:
        """The actions that were granted and never used, of the same roles."""
        return frozenset(action for role in self.roles.values() if role.counts for action in role.unused_actions)

    @property
    def denied(self) -> frozenset[Denial]:
        """What was refused."""
        return frozenset(denial for role in self.roles.values() for denial in role.denied)

    def minimal_policy(self, name: str) -> dict[str, Any]:
        """The smallest policy under which everything that a function, or role, did is still allowed, as a document."""
        return self.role(name).minimal_policy()


@dataclass(frozen=True, slots=True)
class _Called:
    """A role as it is looked for: by what a user calls its holder before anything else."""

    role: RolePermissions

    @property
    def name(self) -> str:
        return self.role.holder

    @property
    def logical_id(self) -> str:
        return self.role.logical_id

    @property
    def path(self) -> str:
        return self.role.path

    @property
    def stack(self) -> str:
        return self.role.stack

    @property
    def also_called(self) -> tuple[str, ...]:
        return (self.role.name, *self.role.also_called)


def merged(reports: Iterable[Permissions]) -> Permissions:
    """What several runs together used, left unused and were refused."""
    roles: dict[str, RolePermissions] = {}
    for report in reports:
        for arn, role in report.roles.items():
            roles[arn] = _both(roles[arn], role) if arn in roles else role
    return Permissions(roles=roles)


def _both(one: RolePermissions, other: RolePermissions) -> RolePermissions:
    grants = {grant: grant for grant in one.grants}
    for grant in other.grants:
        grants[grant] = _more_used(grants[grant], grant) if grant in grants else grant
    values = {name: getattr(other, name) for name in RolePermissions.__slots__}
    return RolePermissions(
        **{
            **values,
            "grants": tuple(grants.values()),
            "used": one.used | other.used,
            "denied": one.denied | other.denied,
        }
    )


def _more_used(one: Grant, other: Grant) -> Grant:
    values = {name: getattr(other, name) for name in Grant.__slots__}
    used = {*one.used_actions, *other.used_actions}
    unused = {*one.unused_actions} & {*other.unused_actions}
    return Grant(**{**values, "used_actions": tuple(sorted(used)), "unused_actions": tuple(sorted(unused))})


def _first(names: Sequence[str]) -> str:
    """The first of several, and how many more there are."""
    first = names[0] if names else "nothing"
    return first if len(names) < 2 else f"{first} and {len(names) - 1} more"


def _short_name(policy: str) -> str:
    """A managed policy's name instead of its ARN."""
    return policy.rpartition("/")[2]
