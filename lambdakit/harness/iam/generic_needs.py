"""The rule for every operation that no table speaks of.

The action is the one with the operation's name. For each type of resource that the reference gives it, the request is
searched

1. for the members that the API's table names for the variables in the type's ARN;
2. for members that are ARNs of this type, which are taken as they are;
3. for a value of each variable: the member of that name (without case, and whatever stands for its ending: `Name`,
   `Id`, `Identifier`, `Arn` and their plurals), or of the type's name. Where the operation is about nothing else, also
   `name` or `id`. Partition, region and account are the request's.

Where only some of the variables are known, the others are `*`: a stack's ARN ends with an id that requests do not name,
and the policy for `stack/NAME/*` is meant to match. A type that the action requires and that the request makes has no
name yet, and a list is about all there are: these are `*` as well, as EC2 writes `instance/*`. When a required type
cannot be found in any other request, which says by an id of another kind what it is about, any grant of the action on
something of that type may be the one for it. An action with optional types only, none of which the request names, is
about `*`; one on tags or on a resource's policy is about that one of its types whose ARN is named, and not mapped
without one.
Source: Service Authorization Reference, "Actions table": required resources have an asterisk.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall, member_at
from lambdakit.harness.iam.rules import Need, Rules
from lambdakit.harness.iam.service_authorization import Action, ResourceType, ServiceAuthorization

_ENDING: Final = re.compile(r"(name|id|identifier|arn)$")
_ENDINGS: Final = ("", "name", "id", "identifier", "arn", "s", "names", "ids", "identifiers", "arns")
_MAKES: Final = re.compile(
    r"(?:Batch|Admin)?(?:Create|Register|Allocate|Run|Request|Import|Copy|Restore|Purchase|Put|Start|Issue|Provision|Clone)"
)
_LISTS: Final = re.compile(r"List|Describe|Search")
_ANY_RESOURCE: Final = ("resourceArn", "ResourceArn", "ResourceARN", "ARN", "arn", "Arn")
_ON_ANY: Final = re.compile(r"\w*(?:[Tt]ags?(?:\Z|For|From|To|Of|On|Resource)|ResourcePolic)")
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_VALUES_MAX: Final = 1000


def generic_needs(
    call: ApiCall, actions: Sequence[str], service: ServiceAuthorization, rules: Rules
) -> Sequence[Need] | None:
    """What `actions` of the call's own service need; None where that cannot be said."""
    needs = []
    for name in actions:
        action = service.actions.get(name)
        if action is None:
            return None
        found = _needs_of(call, action, rules)
        if found is None:
            return None
        needs += found
    return needs


def _needs_of(call: ApiCall, action: Action, rules: Rules) -> list[Need] | None:
    """What an action is about; None for one on tags or a policy that names nothing of the service."""
    if call.operation in rules.opaque:
        return [Need(action=action.name, one_of=True)]
    if not (action.required or action.optional):
        return [Need(action=action.name)]
    only = len(action.required) + len(action.optional) == 1
    found: list[str] = []
    missing: list[ResourceType] = []
    for kind in action.required:
        loosely = only or _plain(kind.name) in _plain(call.operation)
        arns = arns_of(call, kind, rules, loosely=loosely)
        found += arns
        if not arns:
            missing.append(kind)
    unknown: list[str] = []
    if missing and not (found and (call.operation in rules.any_of or _ON_ANY.match(call.operation))):
        named = [_filled(call, kind, {}) for kind in missing]
        if _MAKES.match(call.operation) is not None or (not found and _LISTS.match(call.operation) is not None):
            found += named
        elif _ON_ANY.match(call.operation) is not None:
            return None
        else:
            unknown = named
    for kind in action.optional:
        found += arns_of(call, kind, rules, loosely=only)
    needs = [Need(action=action.name, resources=(arn,), one_of=True) for arn in dict.fromkeys(unknown)]
    if found or not unknown:
        needs.append(Need(action=action.name, resources=tuple(dict.fromkeys(found)) or ("*",)))
    return needs


def arns_of(call: ApiCall, kind: ResourceType, rules: Rules, *, loosely: bool) -> Sequence[str]:
    """The ARNs of one type that a request names; none when it does not say all of one."""
    make = rules.resources.get(kind.name)
    if make is not None:
        return make(call)
    given = [arn for arn in _arns(_named_members(call, kind, rules)) if kind.covers(arn)]
    if given:
        return given
    known = _known(call, kind, rules, loosely)
    if not known and kind.variables:
        return ()
    if len(kind.variables) == 1:
        (variable,) = kind.variables
        return [_filled(call, kind, {variable: one}) for one in known[variable].split("\0")]
    several = next((name for name, value in known.items() if "\0" in value), "")
    if not several:
        return [_filled(call, kind, known)]
    return [_filled(call, kind, {**known, several: one}) for one in known[several].split("\0")]


def _named_members(call: ApiCall, kind: ResourceType, rules: Rules) -> Mapping[str, Any]:
    """The members that the table names for this type, and those that hold any resource; all when it names none."""
    named = [name for variable in kind.variables for name in _table_names(kind, variable, rules)]
    if not named:
        return call.members
    return {name: member_at(call.members, name) for name in (*named, *_ANY_RESOURCE)}


def _table_names(kind: ResourceType, variable: str, rules: Rules) -> Sequence[str]:
    return rules.members.get(f"{kind.name}.{variable}") or rules.members.get(variable) or ()


def _arns(members: Mapping[str, Any]) -> Iterator[str]:
    for value in members.values():
        if isinstance(value, str):
            if value.startswith("arn:"):
                yield value
        elif isinstance(value, list):
            yield from (one for one in value[:_VALUES_MAX] if isinstance(one, str) and one.startswith("arn:"))


def _known(call: ApiCall, kind: ResourceType, rules: Rules, loosely: bool) -> dict[str, str]:
    """Variables and values; several values of one are parted by NUL. No member stands for two variables."""
    members = {_plain(name): value for name, value in reversed(list(call.members.items()))}
    loosely = loosely and len(kind.variables) == 1
    known: dict[str, str] = {}
    guessed: list[str] = []
    for variable in kind.variables:
        named = _table_names(kind, variable, rules)
        exact = (member_at(call.members, name) for name in named) if named else (members.pop(_plain(variable), None),)
        part_of_arn = bool(named) and len(kind.variables) > 1
        value = next((text for text in (_text(one, part_of_arn=part_of_arn) for one in exact) if text), "")
        if value:
            known[variable] = value
        elif not named:
            guessed.append(variable)
    for variable in guessed:
        for name in _names(kind.name, variable, loosely=loosely):
            value = _text(members.get(name), part_of_arn=False)
            if value:
                known[variable] = value
                del members[name]
                break
    return _defaults(call, kind, rules, known) | known


def _defaults(call: ApiCall, kind: ResourceType, rules: Rules, known: Mapping[str, str]) -> dict[str, str]:
    """What stands for the variables that are not named; nothing when no variable is known and one has no default."""
    defaults = {name: rules.defaults[name] for name in kind.variables if name in rules.defaults}
    if not known and (len(defaults) < len(kind.variables) or _ON_ANY.match(call.operation)):
        return {}
    return defaults


def _text(value: Any, *, part_of_arn: bool) -> str:
    """A value, or several parted by NUL. part_of_arn: whether an ARN of another kind gives its last part."""
    if isinstance(value, str):
        return _name(value, part_of_arn=part_of_arn)
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if -(10**18) < value < 10**18 else ""
    if isinstance(value, list):
        names = (_name(one, part_of_arn=part_of_arn) for one in value[:_VALUES_MAX] if isinstance(one, str))
        return "\0".join(name for name in names if name)
    return ""


def _name(text: str, *, part_of_arn: bool) -> str:
    if text.startswith("arn:"):
        return re.split(r"[:/]", text)[-1] if part_of_arn else ""
    return text.replace("\0", "")


@functools.lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.lru_cache(maxsize=4096)
def _names(kind: str, variable: str, *, loosely: bool) -> tuple[str, ...]:
    """Where the value of a variable may stand, the likeliest first."""
    own = _plain(variable)
    stem = _ENDING.sub("", own)
    names = [own, *(stem + ending for ending in _ENDINGS if stem)]
    if loosely:
        names += [*(_plain(kind) + ending for ending in _ENDINGS), "name", "id", "identifier", "names", "ids"]
    return tuple(dict.fromkeys(name for name in names if name))


def _filled(call: ApiCall, kind: ResourceType, values: Mapping[str, str]) -> str:
    place = {"Partition": call.partition, "Region": call.region, "Account": call.account_id}
    return _VARIABLE.sub(lambda match: place.get(match[1]) or values.get(match[1], "*"), kind.arn)
