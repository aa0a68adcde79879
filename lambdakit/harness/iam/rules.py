"""How the tables of one API are written, where its requests differ from what the generic rule makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One action with the ARNs it has to be allowed on, before the keys that every request has are added.

    keys: further condition keys, in lower case. one_of: as an `Authorization` has it.
    """

    action: str
    resources: tuple[str, ...] = ("*",)
    one_of: bool = False
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Reader = Callable[[ApiCall], Sequence[Need] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One API's exceptions; what is not in them goes by the generic rule.

    actions: operation -> the names of the actions it needs; none: it needs no permission.
    members: variable of an ARN, or `TYPE.VARIABLE` -> the paths of the members that hold its value, the first that is
    there. defaults: variable -> its value where none is there.
    resources: type of resource -> what makes its ARNs, for those that take more than filling in variables.
    any_of: operations that are about one of the types that the reference calls required.
    opaque: operations that name what they are about by something that only the service understands (a token, an id of
    another kind): they are about something that is not known, and any grant of the action may be the one for it.
    readers: operation -> what takes all of the above into its own hands. every: the same for every operation.
    keys: condition key, in lower case -> the path of the member with its values.
    more_keys: further condition keys of a request, whatever its operation; an action gets those that it has.
    pass_role: further operations that pass the roles named in them.
    """

    actions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Callable[[ApiCall], Sequence[str]]] = field(default_factory=dict)
    any_of: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    readers: Mapping[str, Reader] = field(default_factory=dict)
    every: Reader | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    more_keys: Callable[[ApiCall], Mapping[str, tuple[str, ...]]] | None = None
    pass_role: frozenset[str] = frozenset()


NO_RULES = Rules()
