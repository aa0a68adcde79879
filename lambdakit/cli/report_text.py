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
    own_first = sorted(permissions.roles.values(), key=lambda role: role.of_the_cdk)
    roles = [line for role in own_first for line in (*_role(role), "")]
    counted = [
        f"permissions used: {len(permissions.used)}",
        f"grants never used: {len(permissions.unused)}",
        f"actions never used: {len(permissions.unused_actions)}",
        f"denied: {len(permissions.denied)}",
    ]
    wide = next((role.holder for role in permissions.roles.values() if role.counts and role.unused_actions), "")
    narrower = [f"what {wide} used, as a policy: --minimal-policy {wide}"] if wide else []
    return "\n".join([*roles, ", ".join(counted), *narrower])


def reachability_text(reachability: Reachability) -> str:
    """One line for each function and service that it may call, and below one that is closed what would open it."""
    rows = [
        (
            row.function,
            row.service,
            _reached(row),
            row.path if row.reachable else row.reason,
        )
        for row in reachability
    ]
    if not rows:
        return "no function of the deployment may call a service"
    heading, *table = _columns([("FUNCTION", "SERVICE", "REACHED", "THROUGH, OR WHAT IS MISSING"), *rows])
    lines = [heading]
    for row, line in zip(reachability, table, strict=True):
        lines.append(line)
        if row.fix:
            lines.append(f"  would open it: {row.fix}")
    missing = len(reachability.unreachable)
    summary = f"ways looked at: {len(rows)}, closed: {missing}; enforced in this run: {reachability.coverage}"
    return "\n".join([*lines, "", summary])


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
    # What the function did itself comes first.
    for key in sorted(actions, key=lambda key: (bool(key[1]), key)):
        resource, by = key
        several = f"  ({len(resources[key])} resources)" if len(resources[key]) > 1 and not by else ""
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
    elif denial.place:
        yield f"           see {denial.place}"


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows with all columns but the last, which is prose, as wide as their widest cell."""
    widths = [*(max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)), 0]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
