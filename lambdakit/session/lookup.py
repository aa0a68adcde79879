"""Finding one of a deployment's functions or APIs by what a user calls it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

from lambdakit.errors import Diagnostic, HarnessError

_NEAREST: Final = 3
_LIKE_ENOUGH: Final = 0.6
# The construct id under which a CDK construct keeps its own CloudFormation resource.
_OWN_RESOURCE: Final = "Resource"
# The id of the function within a construct of lambdakit's that a user gave a name to.
_OWN_FUNCTION: Final = "Function"


class Named(Protocol):
    """Something that was deployed. path: its construct path, empty where the assembly does not tell."""

    @property
    def name(self) -> str:
        """The physical name."""

    @property
    def logical_id(self) -> str:
        """The logical id in the template."""

    @property
    def path(self) -> str:
        """`stack/pattern/…/Resource`."""

    @property
    def stack(self) -> str:
        """The stack's name."""

    @property
    def also_called(self) -> tuple[str, ...]:
        """Further whole names: an ARN, an id."""


NamedT = TypeVar("NamedT", bound=Named)


def find_one(kind: str, wanted: str, candidates: Sequence[NamedT]) -> NamedT:
    """The one candidate that `wanted` means.

    Looked for, in this order, until something is found: a whole physical name, logical id, construct path, ARN or id;
    the construct's own id; any one id in its path; a part of physical name, logical id or path.
    HarnessError naming the candidates when several are found, and the nearest names when none is.
    """
    for meaning in (_is_whole_name, _is_own_id, _is_in_path, _is_part):
        found = [candidate for candidate in candidates if wanted and meaning(candidate, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            raise _ambiguous(kind, wanted, found)
    raise _missing(kind, wanted, candidates)


def described(candidate: Named) -> str:
    """How a message names a candidate: by its path where it has one."""
    return f"{candidate.path or candidate.logical_id} ({candidate.name})"


def shortest_name(candidate: Named, candidates: Sequence[Named]) -> str:
    """The innermost construct id that no other candidate's path has; else the physical name.

    `shop/orders/create_order/Function` is `create_order` also where it is the only function.
    """
    ids = _path_ids(candidate)
    if len(ids) > 2 and ids[-1] == _OWN_FUNCTION:
        ids.pop()
    for own in reversed(ids):
        if sum(_is_in_path(other, own) for other in candidates) == 1:
            return own
    return candidate.name


def _is_whole_name(candidate: Named, wanted: str) -> bool:
    path = candidate.path
    whole = {candidate.name, candidate.logical_id, path, path.removesuffix(f"/{_OWN_RESOURCE}")}
    return wanted in whole or wanted in candidate.also_called


def _is_own_id(candidate: Named, wanted: str) -> bool:
    ids = _path_ids(candidate)
    return bool(ids) and ids[-1] == wanted


def _is_in_path(candidate: Named, wanted: str) -> bool:
    return wanted in _path_ids(candidate)


def _is_part(candidate: Named, wanted: str) -> bool:
    return any(wanted in name for name in (candidate.name, candidate.logical_id, candidate.path))


def _path_ids(candidate: Named) -> list[str]:
    return [part for part in candidate.path.split("/") if part and part != _OWN_RESOURCE]


def _ambiguous(kind: str, wanted: str, found: Sequence[Named]) -> HarnessError:
    return HarnessError(
        Diagnostic(
            pointer=kind,
            problem=f"{wanted!r} means {len(found)} of them: {'; '.join(described(item) for item in found)}",
            code="LK544",
            hint=f'pass the whole name, {kind}("{_distinct_name(found[0], found)}")',
        )
    )


def _distinct_name(candidate: Named, candidates: Sequence[Named]) -> str:
    """The physical name, or the path where others are called the same."""
    is_shared = sum(other.name == candidate.name for other in candidates) > 1
    return candidate.path.removesuffix(f"/{_OWN_RESOURCE}") or candidate.name if is_shared else candidate.name


def _missing(kind: str, wanted: str, candidates: Sequence[Named]) -> HarnessError:
    if not candidates:
        return HarnessError(Diagnostic(pointer=kind, problem=f"the deployment has no {kind}s", code="LK545"))
    nearest = _nearest(wanted, candidates)
    listed = nearest or candidates
    return HarnessError(
        Diagnostic(
            pointer=kind,
            problem=f"there is no {kind} {wanted!r}; {'nearest are' if nearest else 'there are'} "
            + "; ".join(described(item) for item in listed),
            code="LK545",
            hint=f'pass {kind}("{shortest_name(listed[0], candidates)}")',
        )
    )


def _nearest(wanted: str, candidates: Sequence[NamedT]) -> list[NamedT]:
    ranked = sorted(((_likeness(wanted, candidate), candidate) for candidate in candidates), key=lambda pair: -pair[0])
    return [candidate for ratio, candidate in ranked[:_NEAREST] if ratio >= _LIKE_ENOUGH]


def _likeness(wanted: str, candidate: Named) -> float:
    names = (candidate.name, candidate.logical_id, *_path_ids(candidate))
    return max(difflib.SequenceMatcher(a=wanted.lower(), b=name.lower()).ratio() for name in names)
