"""Permissions as JSON: as the harness tells them, and as a file that outlives a test run.

The file: `{"report": "permissions", "version": 1, "roles": […]}`. A role has its `arn`, `name`, `holder`, `place`,
`functions`, `grants`, `used`, `denied` and `minimal_policy`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lambdakit.errors import Diagnostic, SourceError
from lambdakit.session.functions import DeployedFunction
from lambdakit.session.lookup import shortest_name
from lambdakit.session.permissions import Denial, Grant, Permissions, RolePermissions, Use

_REPORT: Final = "permissions"
_VERSION: Final = 1
_OWN_RESOURCE: Final = "/Resource"


def read_wire(wire: Mapping[str, Any], functions: Sequence[DeployedFunction]) -> Permissions:
    """What the harness told. functions: of the same deployment, for their short names."""
    short = {function.name: shortest_name(function, functions) for function in functions}
    return Permissions(roles={role["arn"]: _role(role, _holder(role, short), short) for role in wire["roles"]})


def to_file(permissions: Permissions) -> dict[str, Any]:
    """The report as it is kept in a file."""
    roles = [_role_to_file(role) for role in permissions.roles.values()]
    return {"report": _REPORT, "version": _VERSION, "roles": roles}


def from_file(report: Mapping[str, Any]) -> Permissions:
    """The report that `to_file` wrote. KeyError, TypeError or ValueError when it is none."""
    if (report["report"], report["version"]) != (_REPORT, _VERSION):
        raise ValueError(f"version {report['version']} of a report of {report['report']}")
    return Permissions(roles={role["arn"]: _role(role, role["holder"], {}) for role in report["roles"]})


def read_report(path: Path) -> Permissions:
    """The report in a file. SourceError when there is none."""
    try:
        return from_file(json.loads(path.read_bytes()))
    except OSError as error:
        problem = f"the report cannot be read: {error.strerror or error}"
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"the file is no report of permissions: {type(error).__name__}: {error}"
    hint = "write one with pytest --lambdakit-permissions=FILE, or with lambdakit report permissions --format json"
    raise SourceError(Diagnostic(path=str(path), problem=problem, code="LK561", hint=hint))


def _role(wire: Mapping[str, Any], holder: str, short: Mapping[str, str]) -> RolePermissions:
    functions = wire["functions"]
    names = [name for function in functions for name in (short.get(function["name"], ""), *_names(function)) if name]
    return RolePermissions(
        arn=wire["arn"],
        name=wire["name"],
        holder=holder,
        logical_id=wire["logical_id"],
        path=wire["path"],
        stack=wire["stack"],
        place=wire["place"],
        functions=tuple(function["name"] for function in functions),
        of_the_cdk=wire["of_the_cdk"],
        also_called=tuple(dict.fromkeys([wire["arn"], holder, *names])),
        grants=tuple(Grant(holder=holder, **_tuples(grant)) for grant in wire["grants"]),
        used=frozenset(Use(holder=holder, **use) for use in wire["used"]),
        denied=frozenset(Denial(holder=holder, **denial) for denial in wire["denied"]),
    )


def _names(function: Mapping[str, str]) -> tuple[str, ...]:
    path = function.get("path", "")
    return function["name"], function.get("logical_id", ""), path, path.removesuffix(_OWN_RESOURCE)


def _holder(wire: Mapping[str, Any], short: Mapping[str, str]) -> str:
    functions = wire["functions"]
    if len(functions) == 1:
        name: str = functions[0]["name"]
        return short.get(name, name)
    return str(wire["path"]).removesuffix(_OWN_RESOURCE) or str(wire["name"])


def _tuples(grant: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in grant.items()}


def _role_to_file(role: RolePermissions) -> dict[str, Any]:
    own = ("arn", "name", "holder", "logical_id", "path", "stack", "place", "of_the_cdk")
    return {
        **{name: getattr(role, name) for name in own},
        "functions": [{"name": name} for name in role.functions],
        "grants": [_without_holder(grant) for grant in role.grants],
        "used": [_without_holder(use) for use in sorted(role.used, key=str)],
        "denied": [_without_holder(denial) for denial in sorted(role.denied, key=str)],
        "minimal_policy": role.minimal_policy(),
    }


def _without_holder(value: Grant | Use | Denial) -> dict[str, Any]:
    fields = dataclasses.asdict(value)
    del fields["holder"]
    return fields
