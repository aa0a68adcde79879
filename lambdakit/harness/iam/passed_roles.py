"""The roles that a request hands to a service, which need `iam:PassRole`.

Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; the dependent actions of the
Service Authorization Reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules
from lambdakit.harness.iam.service_authorization import service_authorization

_ROLE: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")
_PASS_ROLE: Final = "iam:PassRole"
_DEPTH_MAX: Final = 8
_ROLES_MAX: Final = 100
# To whom each service's requests pass a role, where it is not `PREFIX.amazonaws.com`.
# Source: the services' guides on their roles' trust policies.
_SERVICE: Final[Mapping[str, str]] = {
    "ecs": "ecs-tasks.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
}


def passed_roles(call: ApiCall, needs: Sequence[Need], rules: Rules) -> Sequence[Need]:
    """`iam:PassRole` on each role in a request that passes roles, with `iam:PassedToService`."""
    if not needs or any(need.action == _PASS_ROLE for need in needs) or not _passes(call, needs[0].action, rules):
        return ()
    roles = list(dict.fromkeys(_roles(call.members, 0)))[:_ROLES_MAX]
    if not roles:
        return ()
    service = _SERVICE.get(call.api.prefix, f"{call.api.prefix}.amazonaws.com")
    keys: dict[str, tuple[str, ...]] = {"iam:passedtoservice": (service,)}
    associated = needs[0].resources[0]
    if associated.startswith("arn:"):
        keys["iam:associatedresourcearn"] = (associated,)
    return [Need(action=_PASS_ROLE, resources=tuple(roles), keys=keys)]


def _passes(call: ApiCall, action: str, rules: Rules) -> bool:
    if call.operation in rules.pass_role:
        return True
    prefix, _, name = action.partition(":")
    service = service_authorization(prefix)
    found = service.actions.get(name) if service is not None else None
    return found is not None and _PASS_ROLE in found.dependent


def _roles(value: Any, depth: int) -> Iterator[str]:
    """ARNs of roles, in members that say so."""
    if depth > _DEPTH_MAX:
        return
    if isinstance(value, dict):
        for name, below in value.items():
            if isinstance(below, str):
                if "role" in str(name).lower() and _ROLE.fullmatch(below):
                    yield below
            else:
                yield from _roles(below, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _roles(one, depth + 1)
