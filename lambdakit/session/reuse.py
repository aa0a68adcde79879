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


class ReusedDeployments:
    """The deployments of one harness, one per source, stacks and parameters."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        # The source stays in the value, so that an object's identity is not given to another one.
        self._kept: dict[Hashable, tuple[object, Deployment]] = {}
        self._used: set[Hashable] = set()

    def deploy(
        self,
        source: object,
        *,
        base: Path,
        stacks: Sequence[str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Deployment:
        """The deployment of `source`; made only the first time.

        base: the directory in which a relative path is looked for first; the working directory is the second.
        """
        if isinstance(source, str | os.PathLike):
            beside = base / os.fspath(source)
            source = beside if beside.exists() else Path(os.fspath(source))
        key = _key(source, stacks, parameters)
        if key not in self._kept:
            self._kept[key] = (source, self._deployed(source, stacks, parameters))
        self._used.add(key)
        return self._kept[key][1]

    def restore(self) -> None:
        """Undoes what one test did: resets what it used, destroys what it updated or deployed by itself."""
        used, self._used = self._used, set()
        for key in used:
            _, deployment = self._kept[key]
            if deployment.status == "DEPLOYED":
                deployment.reset()
            else:
                del self._kept[key]
        kept = [deployment for _, deployment in self._kept.values()]
        for deployment in reversed(self._harness.deployments):
            if not any(deployment is other for other in kept):
                deployment.destroy()

    def _deployed(
        self, source: object, stacks: Sequence[str] | None, parameters: Mapping[str, str] | None
    ) -> Deployment:
        try:
            return self._harness.deploy(source, stacks=stacks, parameters=parameters)
        except DeploymentError as error:
            if {diagnostic.code for diagnostic in error.diagnostics} != {_NAME_TAKEN} or not self._destroy_idle():
                raise
        return self._harness.deploy(source, stacks=stacks, parameters=parameters)

    def _destroy_idle(self) -> bool:
        """Makes room for stacks of the same names: what other tests deployed goes. False when there is nothing."""
        idle = [key for key in self._kept if key not in self._used]
        for key in idle:
            self._kept.pop(key)[1].destroy()
        return bool(idle)


def _key(source: object, stacks: Sequence[str] | None, parameters: Mapping[str, str] | None) -> Hashable:
    return (
        str(source.resolve()) if isinstance(source, Path) else id(source),
        None if stacks is None else tuple(stacks),
        None if parameters is None else tuple(sorted(parameters.items())),
    )
