"""Reports as text: one finding a line, so that it can be read, searched and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from lambdakit.session.minimal_policy import widened

if TYPE_CHECKING:
    from lambdakit.session.permissions import Denial, Grant, Permissions, RolePermissions, Use
    from lambdakit.session.reachability import Reach, Reachability

_SHOWN_ACTIONS: Final = 4


def permissions_text(permissions: Permissions) -> str:
    """What each role used, was granted in vain and was refused, and a line that sums up."""
    roles = [line for role in permissions.roles.values() for line in (*_role(role), "")]
    counted = [
        f"permissions used: {len(permissions.used)}",
        f"grants never used: {len(permissions.unused)}",
        f"actions never used: {len(permissions.unused_actions)}",
        f"denied: {len(permissions.denied)}",
    ]
    return "\n".join([*roles, ", ".join(counted)])


def reachability_text(reachability: Reachability) -> str:
    """One line for each function and service."""
    rows = [
        (
            row.function,
            row.service,
            "yes" if row.reachable else "no",
            row.path if row.reachable else row.reason,
            row.fix,
        )
        for row in reachability
    ]
    if not rows:
        return "the deployment has no functions"
    table = _columns([("FUNCTION", "SERVICE", "REACHED", "THROUGH, OR WHAT IS MISSING", "WHAT WOULD OPEN IT"), *rows])
    missing = len(reachability.unreachable)
    summary = f"ways looked at: {len(rows)}, closed: {missing}; held to the network here: {reachability.coverage}"
    return "\n".join([*table, "", summary])


def _reached(row: Reach) -> str:
    if not row.reachable:
        return "no"
    return "yes" if row.judged else "not known"


def _role(role: RolePermissions) -> Iterator[str]:
    yield f"{role.holder}{'  (made by the CDK for itself)' if role.of_the_cdk else ''}"
    yield f"  {role.place or role.arn}"
    for line in _used(role.used):
        yield f"  used     {line}"
    for grant in role.grants:
        if not grant.is_used:
            yield f"  unused   {_granted(grant)}"
        elif grant.unused_actions:
            total = len(grant.used_actions) + len(grant.unused_actions)
            yield f"  too wide {len(grant.unused_actions)} of {total} actions never used: {_granted(grant)}"
    for denial in sorted(role.denied, key=str):
        yield from _denied(denial)
    if not (role.used or role.grants or role.denied):
        yield "  nothing is granted, used or denied"


def _used(uses: Iterable[Use]) -> Iterator[str]:
    """One line a resource. What is in its name by chance is left out, as a policy would."""
    actions: dict[tuple[str, str], set[str]] = {}
    resources: dict[tuple[str, str], set[str]] = {}
    for use in uses:
        by = "  (by Lambda itself)" if use.by_platform else ""
        by = "  (by the resource's policy)" if use.by_resource_policy else by
        key = (widened(use.resource), by)
        actions.setdefault(key, set()).add(use.action)
        resources.setdefault(key, set()).add(use.resource)
    for key in sorted(actions):
        resource, by = key
        several = f"  ({len(resources[key])} resources)" if len(resources[key]) > 1 else ""
        yield f"{', '.join(sorted(actions[key]))} on {resource}{several}{by}"


def _granted(grant: Grant) -> str:
    names = grant.unused_actions or grant.actions
    more = f" and {len(names) - _SHOWN_ACTIONS} more" if len(names) > _SHOWN_ACTIONS else ""
    resources = f"{'all but ' if grant.all_but_resources else ''}{', '.join(grant.resources)}"
    sid = f" ({grant.sid})" if grant.sid else ""
    where = f"statement {grant.statement}{sid} of {grant.policy}"
    condition = ", under conditions" if grant.conditional else ""
    return f"{', '.join(names[:_SHOWN_ACTIONS])}{more} on {resources}{condition}; {where}"


def _denied(denial: Denial) -> Iterator[str]:
    yield f"  denied   {denial.action} on {denial.resource} {denial.reason}"
    if denial.statement:
        yield f"           {denial.statement}"
        yield f"           to {denial.place or 'the policy of the role'}"


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
