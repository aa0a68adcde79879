"""An interpreter that has only what pyproject.toml declares, whatever else is installed beside it.

A development environment holds more than a user's `pip install lambdakit[harness]`. After `hide_the_rest`, importing a
package that does not follow from the declaration fails as it would for that user.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tomllib
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def hide_the_rest(pyproject: Path, *, extras: Iterable[str]) -> None:
    """Makes every installed package unimportable that neither `extras` nor the base installation brings."""
    declared = _with_what_they_need(_declared(pyproject, extras))
    hidden = {
        module
        for module, distributions in importlib.metadata.packages_distributions().items()
        if not declared & {canonicalize_name(name) for name in distributions}
    }
    sys.meta_path.insert(0, _Refusal(hidden - {"lambdakit"}))


def _declared(pyproject: Path, extras: Iterable[str]) -> list[str]:
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]


def _with_what_they_need(requirements: Iterable[str]) -> set[str]:
    """The canonical names of the distributions that `requirements` bring, directly or not."""
    names: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    open_ones = [(Requirement(line), frozenset[str]()) for line in requirements]
    while open_ones:
        requirement, asked_with = open_ones.pop()
        environments = [{"extra": extra} for extra in asked_with] or [{"extra": ""}]
        marker, key = requirement.marker, (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen or (marker is not None and not any(marker.evaluate(each) for each in environments)):
            continue
        seen.add(key)
        names.add(key[0])
        for line in _needs(requirement.name):
            open_ones.append((Requirement(line), key[1]))
    return names


def _needs(distribution: str) -> Sequence[str]:
    try:
        return importlib.metadata.requires(distribution) or ()
    except importlib.metadata.PackageNotFoundError:
        return ()


class _Refusal(MetaPathFinder):
    def __init__(self, modules: set[str]) -> None:
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Nothing, so that the next finder looks; ModuleNotFoundError for what is hidden."""
        if fullname.partition(".")[0] in self._modules:
            raise ModuleNotFoundError(f"No module named {fullname!r} (not declared)", name=fullname)
        return None
