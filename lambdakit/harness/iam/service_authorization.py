"""What the Service Authorization Reference says of each IAM action: what it is about, and which condition keys it has.

The file beside this one is made by `tests/documentation/service_authorization.py`; its first line states its source and
date. A service is read when it is first asked for.
Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lambdakit.records import dataclass

DATA: Final = Path(__file__).with_name("service_authorization.json.gz")

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_PLACE: Final = frozenset({"Partition", "Region", "Account"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of resource.

    arn: the form of its ARNs, with variables such as `${TableName}`. variables: their names without partition, region
    and account. keys: the condition keys of the resource, in lower case.
    """

    name: str
    arn: str
    variables: tuple[str, ...]
    keys: frozenset[str]

    def covers(self, arn: str) -> bool:
        """Whether `arn` is one of this kind."""
        return _pattern(self.arn).fullmatch(arn) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action.

    name: with its prefix. required, optional: the types of resource it is about; both empty when policies can name only
    `*`. keys: its condition keys, in lower case; one that ends with `/` or `:` begins a family, such as
    `aws:requesttag/`. dependent: other actions that the caller may need for it. tag_keys: what its keys for the tags of
    a resource begin with, such as `aws:resourcetag/`.
    """

    name: str
    required: tuple[ResourceType, ...]
    optional: tuple[ResourceType, ...]
    keys: frozenset[str]
    dependent: tuple[str, ...]
    tag_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAuthorization:
    """One service: its actions by name without prefix, its types of resource by name."""

    prefix: str
    actions: Mapping[str, Action]
    resource_types: Mapping[str, ResourceType]


@functools.cache
def service_authorization(prefix: str) -> ServiceAuthorization | None:
    """What the reference says of the service with this prefix, such as `dynamodb`; None for one that it lacks."""
    line = _lines().get(prefix)
    if line is None or not prefix:
        return None
    row = json.loads(line)
    start = f"arn:${{Partition}}:{prefix}:${{Region}}:${{Account}}:"
    types = {name: _resource_type(name, arn.replace("@", start, 1), keys) for name, (arn, *keys) in _rows(row)}
    actions: dict[str, Action] = {}
    for needed, keys, dependent, names in row["actions"]:
        kinds = needed.split("|") if needed else []
        required = tuple(types[kind[:-1]] for kind in kinds if kind.endswith("*") and kind[:-1] in types)
        optional = tuple(types[kind] for kind in kinds if kind in types)
        own = frozenset(row["keys"][place].lower() for place in keys)
        for name in names.split(" "):
            actions[name] = Action(
                name=f"{prefix}:{name}",
                required=required,
                optional=optional,
                keys=own,
                dependent=tuple(dependent.split()),
                tag_keys=_tag_keys(own.union(*(kind.keys for kind in (*required, *optional)))),
            )
    return ServiceAuthorization(prefix=prefix, actions=actions, resource_types=types)


def all_actions(prefix: str) -> frozenset[str]:
    """Every action of a service, such as `dynamodb:GetItem`; empty for one that the reference lacks."""
    service = service_authorization(prefix)
    return frozenset() if service is None else frozenset(action.name for action in service.actions.values())


def all_prefixes() -> frozenset[str]:
    """Every service's prefix."""
    return frozenset(prefix for prefix in _lines() if prefix)


def stated_source() -> Mapping[str, str]:
    """`source` and `made`: where the data is from, and on which day it was put together."""
    stated: dict[str, str] = json.loads(_lines()[""])
    return stated


def _rows(row: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return list(row["resources"].items())


def _resource_type(name: str, arn: str, keys: list[str]) -> ResourceType:
    return ResourceType(
        name=name,
        arn=arn,
        variables=tuple(variable for variable in _VARIABLE.findall(arn) if variable not in _PLACE),
        keys=frozenset(key.lower() for key in keys),
    )


def _tag_keys(keys: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted({key.partition("/")[0] + "/" for key in keys if ":resourcetag/" in key}))


@functools.cache
def _pattern(arn: str) -> re.Pattern[str]:
    """What matches the ARNs of that form. A name may hold what parts others: log groups and keys have slashes."""
    literals = _VARIABLE.split(arn)
    written = (
        ("[^:]*" if part in _PLACE else "(?:.+?)") if place % 2 else re.escape(part)
        for place, part in enumerate(literals)
    )
    return re.compile("".join(written), re.DOTALL)


@functools.cache
def _lines() -> Mapping[str, str]:
    """The JSON of each service: few of them are ever asked for."""
    lines = (
        line.rstrip(",").partition(":{")
        for line in gzip.decompress(DATA.read_bytes()).decode().splitlines()
        if line.startswith('"')
    )
    return {name.strip('"'): "{" + row for name, _, row in lines}
