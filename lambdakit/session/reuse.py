"""Deployments that several tests use one after the other, each finding the state right after deploy."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lambdakit.errors import DeploymentError
from lambdakit.session.deployment import Deployment

if TYPE_CHECKING:
    from lambdakit.session.harness import Harness

# The harness's code for "a stack of that name is deployed already".
_NAME_TAKEN: Final = "LK301"
# One of them is in every directory that can be deployed.
_PROJECT_FILES: Final = ("cdk.json", "manifest.json")


class ReusedDeployments:
    """The deployments that tests share in one harness, one per source, stacks and parameters."""

    def __init__(self) -> None:
        # The source stays in the value, so that an object's identity is not given to another one.
        self._kept: dict[Hashable, tuple[object, Deployment]] = {}
        self._used: set[Hashable] = set()

    def deploy(
        self,
        harness: Harness,
        source: object,
        *,
        bases: Sequence[Path],
        stacks: Sequence[str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Deployment:
        """The deployment of `source`; made only the first time.

        harness: whose these are. bases: the directories in which a relative path is looked for, one after the other.
        """
        if isinstance(source, str | os.PathLike):
            source = _located(Path(os.fspath(source)), bases)
        key = _key(source, stacks, parameters)
        if not self._is_usable(key):
            self._destroy(key)
            self._kept[key] = (source, harness.deploy(source, stacks=stacks, parameters=parameters))
        self._used.add(key)
        return self._kept[key][1]

    def restore(self) -> None:
        """Resets what one test used; what it updated is not given to another one."""
        used, self._used = self._used, set()
        for key in used:
            if self._is_usable(key):
                self._kept[key][1].reset()

    def __contains__(self, deployment: Deployment) -> bool:
        """Whether a later test may be given it."""
        return any(deployment is kept and self._is_usable(key) for key, (_, kept) in self._kept.items())

    def _is_usable(self, key: Hashable) -> bool:
        """Whether it is there, and as it was deployed; the test that updated it may go on with it."""
        status = self._kept[key][1].status if key in self._kept else "DESTROYED"
        return status == "DEPLOYED" or (status == "UPDATED" and key in self._used)

    def _destroy(self, key: Hashable) -> None:
        if key in self._kept:
            self._kept.pop(key)[1].destroy()

    def make_room(self, error: DeploymentError) -> bool:
        """Destroys what only other tests deployed, when a name that is taken is all that is wrong.

        False when there is nothing of the kind, or another error.
        """
        idle = [key for key in self._kept if key not in self._used]
        if {diagnostic.code for diagnostic in error.diagnostics} != {_NAME_TAKEN}:
            return False
        for key in idle:
            self._destroy(key)
        return bool(idle)


def _located(path: Path, bases: Sequence[Path]) -> Path:
    """The first that can be deployed, else the first that is there, else the path itself, for the error to name."""
    places = [base / path for base in bases]
    found = [place for place in places if place.is_file() or any((place / name).is_file() for name in _PROJECT_FILES)]
    place = next(iter([*found, *(place for place in places if place.exists())]), path)
    # As short as it can be: messages and traces name it.
    here = Path.cwd()
    return place.relative_to(here) if place != path and place.is_relative_to(here) else place


def _key(source: object, stacks: Sequence[str] | None, parameters: Mapping[str, str] | None) -> Hashable:
    return (
        str(source.resolve()) if isinstance(source, Path) else id(source),
        None if stacks is None else tuple(stacks),
        None if parameters is None else tuple(sorted(parameters.items())),
    )
